"""The desk: each lesson names the verifier that its answer calls for, whatever strategy wrote it."""

from __future__ import annotations

import json

import pytest

from curricula.lesson import Failure, Lesson
from curricula.strategies.desk import Desk, Draft, Told
from curricula.verifiers.contract import verify
from tests.curricula import test_strategies_alpaca as alpaca
from tests.curricula.teachers import Teacher, brief, lessons, write

LISTED = tuple(
    Failure(f"p{i}", "s", f"Which of these is a fruit?\n(A) stone {i}\n(B) pear {i}\nAnswer with the letter.", "A stone", "(B)", "wrong", choices=("(A)", "(B)")) for i in range(4)
)


def one(problem: str, answer: str, second: str = "", failures: tuple[Failure, ...] | None = None, **more: str) -> Lesson:
    """What the desk makes of one draft, answered a second time with `second`."""
    given = brief(n_lessons=1) if failures is None else brief(n_lessons=1, failures=failures)
    desk = Desk("explanation", given, Teacher(solve=second))
    [candidate] = desk.drafted([Draft(problem, answer, Told(answer, "", False, "h"), shown=(0,) if desk.brief.failures else (), **more)])  # type: ignore[arg-type]
    assert candidate.lesson is not None
    return candidate.lesson


@pytest.mark.parametrize(
    ("answer", "second", "verifier", "outcome"),
    [
        ("12", "12", "numeric", "pass"),
        ("12", "13", "numeric", "fail"),
        ("blue", "Blue.", "exact", "pass"),
        (r"\frac{1}{2}", "0.5", "math", "pass"),
        (r"\frac{1}{2}", r"\frac{2}{3}", "math", "fail"),
        (r"$2\sqrt{3}$", r"\sqrt{12}", "math", "pass"),
        ("$12", "12", "numeric", "pass"),
    ],
)
def test_numbers_words_and_formulas_each_have_their_verifier(answer: str, second: str, verifier: str, outcome: str) -> None:
    lesson = one("How much is it?", answer, second, failures=())
    assert (lesson.verifier, verify(lesson).outcome, lesson.check_kind) == (verifier, outcome, "agreement")


@pytest.mark.parametrize(("answer", "second", "outcome"), [("(B)", "(B)", "pass"), ("(B)", "wool", "pass"), ("(A)", "(B)", "fail"), ("(D)", "(D)", "fail")])
def test_listed_options_are_chosen_among(answer: str, second: str, outcome: str) -> None:
    lesson = one("Which of these is soft?\n(A) iron\n(B) wool", answer, second, failures=LISTED)
    assert (lesson.verifier, verify(lesson).outcome) == ("choice", outcome)


def test_votes_go_to_the_verifier_that_counts_them() -> None:
    lesson = one("How many?", "7", check=json.dumps(["7", "7", "7", "5"]), check_kind="vote")
    assert (lesson.verifier, verify(lesson).outcome, verify(lesson).evidence) == ("vote", "pass", "3 of 4")


def test_code_is_taught_bare_and_checked_by_its_tests() -> None:
    lesson = one("Write f.", "Sure:\n```python\ndef f(x):\n    return x\n```", check="assert f(2) == 2", check_kind="tests")
    assert (lesson.verifier, lesson.prompt, lesson.answer, lesson.completion) == ("code", "Write f.", "def f(x):\n    return x", "```python\ndef f(x):\n    return x\n```")


def test_no_more_than_three_times_what_is_wanted_is_offered() -> None:
    assert len(lessons(write("alpaca", brief(n_lessons=1), alpaca.teacher()))) == 3, "though one list holds seventeen"
