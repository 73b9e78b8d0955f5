"""Verifiers on planted items: what must pass passes, what must not does not, and nothing is ever executed."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.lesson import Lesson, Verdict
from curricula.verifiers import contract
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate
from curricula.verifiers.contract import find_verifier, list_verifiers, verify
from curricula.verifiers.quantities import read_quantities
from probes.errors import WeakspotError

TRAYS = "Ann has 3 trays with 14 rolls each and sells 5 rolls. How many rolls are left?"


def numeric(
    answer: str, check: str, kind: str = "expression", prompt: str = TRAYS, completion: str | None = None
) -> Lesson:
    return Lesson(
        prompt, answer if completion is None else completion, answer, "test", 1, "numeric", check, kind
    )


def exact(answer: str, check: str, kind: str = "engine", completion: str | None = None) -> Lesson:
    return Lesson(
        "Which?", answer if completion is None else completion, answer, "test", 1, "exact", check, kind
    )


RIGHT_NUMERIC = [
    numeric("37", "3 * 14 - 5"),
    numeric("37", "3*14-5 = 37"),
    numeric("37", "(3 × 14) − 5"),
    numeric("37 rolls", "3 * 14 - 5"),
    numeric("$37", "3 * 14 - 5"),
    numeric("37.", "3 * 14 - 5"),
    numeric("37", "3 * 14 - 5", completion="3 × 14 = 42, and 42 - 5 = 37.\n#### 37"),
    numeric("37", "3 * 14 - 5", completion="There were 42 rolls, 5 were sold. The answer is 37."),
    numeric("37", "3 * 14 - 5", completion="Therefore 42 rolls were there. 42 - 5 leaves 37."),
    numeric("1,200", "4 * 300", prompt="4 halls seat 300 people each. How many is that?"),
    numeric("1200", "4 * 300", prompt="Four halls seat 300 people each. How many is that?"),
    numeric("30", "5 * 2 * 3", prompt="Bo has five boxes with twice three pens. How many pens?"),
    numeric("180", "3 * 60", prompt="How many minutes are 3 hours?"),
    numeric("3.33", "10 / 3", prompt="Share 10 dollars among 3 people."),
    numeric("3/4", "3 / 4", prompt="What fraction are 3 of 4 parts?"),
    numeric("25%", "1 / 4 * 100", prompt="1 of 4 is what percent?"),
    numeric("25%", "5 / 20", prompt="5 of 20 is what percent?"),
    numeric("10", "20% * 50", prompt="What is 20% of 50?"),
    numeric("-4", "3 - 7", prompt="What is 3 - 7?"),
    numeric("7", "22 / 3", prompt="Round 22 / 3 to the nearest whole number."),
    numeric("42", "42", "engine"),
    numeric("$42.", "42", "engine"),
    numeric("42", "The answer is 42.", "agreement"),
    numeric("5 km", "5000 m", "agreement"),
    numeric("90 minutes", "1.5 hours", "agreement"),
    numeric("1,000", "1000", "engine"),
    numeric("0.5", "1/2", "agreement"),
]  # fmt: skip
WRONG_NUMERIC = [
    (numeric("38", "3 * 14 - 5"), "differ"),
    (numeric("37.5", "3 * 14 - 5"), "differ"),
    (numeric("4", "10 / 3", prompt="Share 10 dollars among 3 people."), "differ"),
    (numeric("", "3 * 14 - 5"), "missing answer"),
    (numeric("many", "3 * 14 - 5"), "missing answer"),
    (numeric("37 or 38", "3 * 14 - 5"), "two answers"),
    (numeric("37, 38", "3 * 14 - 5"), "two answers"),
    (numeric("37", "3 * 14 - 5", completion="The answer is 38."), "does not end"),
    (numeric("37", "3 * 14 - 5", completion="The answer is 37. No, the answer is 38."), "does not end"),
    (numeric("37", "3 * 14 - 5", completion="37 rolls are left after 5"), "does not end"),
    (numeric("37", "3 * 14 - 5", completion="I do not know"), "does not end"),
    (numeric("37", "3 * 14 - 5", completion=""), "does not end"),
    (numeric("37", "74 / 2"), "not in the problem"),
    (numeric("37", "20 + 17"), "not in the problem"),
    (numeric("37", "37"), "calculates nothing"),
    (numeric("14", "14 + 0"), "disguise"),
    (numeric("14", "14 * 1"), "disguise"),
    (numeric("12", "3 + 9", prompt="What is the number of months in a year?"), "no number of the problem"),
    (numeric("37", "__import__('os').system('true')"), "refused"),
    (numeric("37", "9**9**9"), "refused"),
    (numeric("37", "rolls - 5"), "refused"),
    (numeric("37", "3 * 14 - 5 = 38"), "refused"),
    (numeric("42", "43", "engine"), "differ"),
    (numeric("5 km", "5 m", "agreement"), "differ"),
    (numeric("5 km", "5 kg", "agreement"), "units"),
    (numeric("42", "42 or 43", "agreement"), "not one number"),
    (numeric("42", "I think it is blue", "agreement"), "not one number"),
]  # fmt: skip
RIGHT_EXACT = [
    exact("Monday", "monday"),
    exact("yes", "Yes."),
    exact("fig, plum", "fig,plum"),
    exact("(B)", "(B)"),
    exact("crème brûlée", "Crème brûlée"),
    exact("10/12/1937", "10/12/1937"),
    exact("blue", "The answer is blue.", "agreement"),
    exact("blue", "blue", completion="The sky has one color.\nThe answer is blue."),
    exact("Monday", "Monday", completion="Tuesday comes after it.\n#### Monday"),
    exact("odd", "odd", completion="odd"),
]  # fmt: skip
WRONG_EXACT = [
    (exact("Monday", "Tuesday"), "differ"),
    (exact("", "Tuesday"), "missing"),
    (exact(" . ", "Tuesday"), "missing"),
    (exact("red or blue", "red or blue", "agreement"), "two answers"),
    (exact("yes / no", "yes / no", "agreement"), "two answers"),
    (exact("yes/no", "yes/no", "agreement"), "two answers"),
    (exact("both yes and no", "both yes and no", "agreement"), "two answers"),
    (exact("blue", "blue", completion="red"), "does not contain"),
    (exact("blue", "blue", completion="It looks blue. The answer is red."), "another answer"),
    (exact("blue", "blue", completion="blue\nred"), "another answer"),
    (exact("yes", "yes", completion="Yes. No."), "another answer"),
    (exact("one", "one", completion="none"), "does not contain"),
    (exact("blue", "3 + 4", "expression"), "expression"),
    (exact("(B)", "(C)"), "differ"),
]  # fmt: skip


@pytest.mark.parametrize(
    "lesson", RIGHT_NUMERIC + RIGHT_EXACT, ids=lambda lesson: f"{lesson.answer}|{lesson.check}"[:50]
)
def test_right_lessons_pass(lesson: Lesson) -> None:
    assert verify(lesson).outcome == "pass", verify(lesson)


@pytest.mark.parametrize(
    ("lesson", "reason"),
    WRONG_NUMERIC + WRONG_EXACT,
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_wrong_lessons_fail_for_their_reason(lesson: Lesson, reason: str) -> None:
    verdict = verify(lesson)
    assert verdict.outcome == "fail" and reason in verdict.reason, verdict


@pytest.mark.parametrize(
    "lesson",
    [numeric("37", ""), numeric("37", "  ", ""), exact("blue", "")],
    ids=["numeric", "blank", "exact"],
)
def test_no_check_is_unverifiable_never_pass(lesson: Lesson) -> None:
    verdict = verify(lesson)
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "no check")


def test_a_broken_answer_is_refused_even_without_a_check() -> None:
    assert verify(numeric("", "")).outcome == "fail"
    assert verify(exact("red or blue", "", "")).outcome == "fail"


def test_verdict_is_of_the_verifier_step_and_timed() -> None:
    verdict = verify(RIGHT_NUMERIC[0])
    assert verdict.step == "verifier" and verdict.seconds > 0 and "= 37" in verdict.evidence


@pytest.mark.parametrize(
    "text",
    ["9**9**9", "9**9**9**9", "10**1000000", "2**-99999999", "(" * 290, "-" * 290 + "1", "9" * 299, "1+" * 149 + "1", "1e999",
     "().__class__", "open('/etc/passwd')", "[i for i in range(9)]", "lambda: 1", "'a' * 99", "1 if 2 else 3", "True + 1",
     "x", "1 and 2", "3 < 4", "1j + 1", "1 @ 2", "1 << 99", "~1", "f'{1}'", "1; 2", "1 = 2 = 3", "", "   ", "1/0", "1 % 0", "0 ** -1",
     "1\n+1\nimport os"],
)  # fmt: skip
def test_anything_but_small_arithmetic_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ArithmeticRefused):
        evaluate(text)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize("text", ["2and 3", "4 in 3or 2", "7if", "3is 3"])
def test_a_word_right_behind_a_number_is_refused_without_a_word_on_stderr(text: str) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with pytest.raises(ArithmeticRefused):
            evaluate(text)
    assert not heard


@given(
    st.integers(-999, 999),
    st.integers(-999, 999),
    st.integers(1, 99),
    st.sampled_from("+-*"),
    st.sampled_from("+-*/"),
)
def test_arithmetic_agrees_with_fractions(a: int, b: int, c: int, first: str, second: str) -> None:
    text = f"({a} {first} {b}) {second} {c}"
    left = {"+": a + b, "-": a - b, "*": a * b}[first]
    want = {
        "+": Fraction(left + c),
        "-": Fraction(left - c),
        "*": Fraction(left * c),
        "/": Fraction(left, c),
    }[second]
    assert evaluate(text).value == want


@given(st.text(alphabet="0123456789+-*/%.()= ,$x^eE_'\"[]", max_size=60))
def test_evaluate_never_does_anything_but_return_or_refuse(text: str) -> None:
    try:
        evaluate(text)
    except ArithmeticRefused as error:
        assert str(error)


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_no_wrong_number_passes(answer: int, error: int) -> None:
    assert verify(numeric(str(answer), str(answer), "engine")).outcome == "pass"
    assert verify(numeric(str(answer + error), str(answer), "engine")).outcome == "fail"
    assert (
        verify(
            numeric(str(answer), f"{answer + error} - {error}", prompt=f"Take {error} from {answer + error}.")
        ).outcome
        == "pass"
    )
    assert (
        verify(
            numeric(
                str(answer + 1), f"{answer + error} - {error}", prompt=f"Take {error} from {answer + error}."
            )
        ).outcome
        == "fail"
    )


def test_quantities_as_people_write_them() -> None:
    def one(text: str) -> tuple[float, str]:
        (quantity,) = read_quantities(text)
        return float(quantity.value), quantity.unit

    assert one("$1,250.50") == (1250.5, "$")
    assert one("-3") == (-3.0, "")
    assert one("12 apples") == (12.0, "apple")
    assert one("3/4 cup") == (0.75, "cup")
    assert one("1 1/2 hours") == (1.5, "hour")
    assert one("20%") == (20.0, "%") == one("20 percent")
    assert one("seven") == (7.0, "")
    assert one("forty-two") == (42.0, "")
    assert [float(q.value) for q in read_quantities("from 3 to 5")] == [3.0, 5.0]


def test_built_in_verifiers_are_listed_and_unknown_ones_named() -> None:
    assert [row.name for row in list_verifiers() if row.origin == "built in"] == ["choice", "citation", "code", "exact", "judge", "math", "numeric", "passage", "proof", "vote"]
    with pytest.raises(WeakspotError) as caught:
        find_verifier("numerik")
    assert "did you mean 'numeric'?" in caught.value.hint


class AlwaysPass:
    name = "always"

    def verify(self, lesson: Lesson) -> Verdict:
        return contract.passed("plug-in")


def test_plug_ins_are_found_and_broken_ones_named(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("always", "tests.curricula.test_verifiers:AlwaysPass", contract.GROUP),
        EntryPoint("broken", "no_such_package_at_all:X", contract.GROUP),
        EntryPoint("hollow", "tests.curricula.test_verifiers:TRAYS", contract.GROUP),
    ]
    monkeypatch.setattr(contract, "entry_points", lambda group: [p for p in points if p.group == group])
    assert verify(replace(exact("a", "b"), verifier="always")).outcome == "pass"
    rows = {row.name: row for row in list_verifiers()}
    assert not rows["always"].error and "ModuleNotFoundError" in rows["broken"].error and rows["hollow"].error
    with pytest.raises(WeakspotError, match="'broken' does not load"):
        find_verifier("broken")
