"""The math verifier: one number in many spellings, formulas, and what must be refused at once."""

from __future__ import annotations

import threading
import time

import pytest

from bench.verifiers import DATA, alterations, gsm8k_golds, math_lesson, spellings
from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import find_verifier, verify
from curricula.verifiers.expressions import final_expression, read_value
from curricula.verifiers.symbolic import screen


def judged(answer: str, check: str, completion: str = "") -> Verdict:
    return verify(Lesson("?", completion or f"Work.\nThe answer is {answer}", answer, "s", 1, verifier="math", check=check, check_kind="engine"))


@pytest.mark.parametrize("n", [1234, 7, 1450000, -10, 0])
def test_twenty_spellings_pass_and_twenty_alterations_do_not(n: int) -> None:
    assert len(set(spellings(n))) == len(spellings(n)) if n > 999 else True
    assert [spelling for spelling in spellings(n) if verify(math_lesson(spelling, n)).outcome != "pass"] == []
    assert [altered for altered in alterations(n) if verify(math_lesson(altered, n)).outcome == "pass"] == []


@pytest.mark.skipif(DATA is None, reason="no ../shared/data")
def test_some_of_gsm8k() -> None:
    for gold in gsm8k_golds()[::200]:
        assert [spelling for spelling in spellings(gold) if verify(math_lesson(spelling, gold)).outcome != "pass"] == []
        assert [altered for altered in alterations(gold) if verify(math_lesson(altered, gold)).outcome == "pass"] == []


@pytest.mark.parametrize(
    ("answer", "check", "outcome"),
    [
        (r"\sqrt{2}", "sqrt(2)", "pass"), (r"2\sqrt{3}", r"\sqrt{12}", "pass"), (r"\frac{\pi}{2}", "pi/2", "pass"), ("x^2+2x+1", "(x+1)**2", "pass"),
        (r"\{1,2\}", r"\{2,1\}", "pass"), ("(1,2)", "(1,2)", "pass"), (r"\sqrt{4}", "2", "pass"), ("3 km", "3000 m", "pass"), ("50%", "0.5", "pass"),
        ("1 1/2", r"\frac{3}{2}", "pass"), (r"1\frac{1}{2}", "1.5", "pass"),
        (r"\text{Evelyn}", "evelyn", "pass"), ("Evelyn", "Anna", "fail"),
        ("x^2+2x+2", "(x+1)**2", "fail"), ("(1,2)", "(2,1)", "fail"), (r"\sqrt{2}", "1.414", "fail"), ("3 km", "3000 g", "fail"), ("50%", "50", "fail"),
        ("5 apples", "5 pears", "fail"), ("12,34", "1234", "fail"), ("1/3", "0.33", "fail"), ("", "3", "fail"), ("yes", "3", "fail"), ("3", "", "unverifiable"),
    ],
)  # fmt: skip
def test_numbers_units_and_formulas(answer: str, check: str, outcome: str) -> None:
    assert judged(answer, check).outcome == outcome


EXPENSIVE = r"\sum_{i=1}^{999} i^{999}"  # passes the screen, so the timer must end it
HOSTILE = ("9**9**9", "9^{9^9}", "(9**9)**9**9", "100000!", r"\binom{99999999}{4999999}", "factorial(99999)", "10**99999", r"\sum_{i=1}^{99999} i^{999}", EXPENSIVE, "x" * 5000, "(" * 300 + "1" + ")" * 300)


@pytest.mark.parametrize("text", [*(text for text in HOSTILE if text != EXPENSIVE), "__import__('os').system('true')", "open('x').read()", "(lambda: 1)()", "().__class__.__bases__", "print(1)"])
def test_code_and_explosions_are_refused(text: str) -> None:
    assert judged(text, "3").outcome == "fail"
    assert judged("3", text, "The answer is 3").outcome == "fail"


def test_they_are_refused_in_little_time_of_the_child_and_in_any_thread() -> None:
    judged("x^2", "x*x")  # started
    seconds: list[float] = []

    def ask() -> None:
        started = time.thread_time()
        assert [text for text in HOSTILE if judged(text, "3").outcome != "fail"] == []
        seconds.append(time.thread_time() - started)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seconds) == 2
    assert max(seconds) < 2.0  # CPU of this side; the child's own is limited to CPU_S by a timer that kills it
    assert judged("x^2", "x*x").outcome == "pass"  # it was started again


def test_the_child_ends_with_the_verifier() -> None:
    verifier = type(find_verifier("math"))()
    assert verifier.verify(Lesson("?", "The answer is x^2", "x^2", "s", 1, verifier="math", check="x*x", check_kind="engine")).outcome == "pass"
    child = verifier._comparer._child  # type: ignore[attr-defined]
    verifier._comparer.close()  # type: ignore[attr-defined]
    assert child.poll() is not None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("First \\boxed{1}, then \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"), ("She makes <<9*2=18>>18.\n#### 18", "18"), ("The answer is $1,234.00. It is large.", "$1,234.00"),
        ("so we get $x^2$ and finally $x^3$", "x^3"), ("It costs $5 and then $7 more.", "It costs $5 and then $7 more"), ("**Answer:** 7", "** 7".strip("* ")), ("", ""),
    ],
)  # fmt: skip
def test_the_cascade(text: str, answer: str) -> None:
    assert final_expression(text) == answer


def test_the_completion_must_end_on_the_answer() -> None:
    assert judged("18", "18", "She makes 18.").outcome == "pass"
    assert judged("18", "18", "She makes 18!").outcome == "pass"
    assert judged("18", "18", "She makes 19.").reason == "the completion does not end on the answer"
    assert judged("18", "18", "It is \\boxed{18}, no, \\boxed{19}.").reason == "the completion does not end on the answer"


def test_plain_numbers_are_exact_and_no_more_than_plain_numbers() -> None:
    assert read_value("1,234.50 dollars") is not None
    assert [read_value(text) for text in ("1,23", "x", "1 2", "", "3 or 4", "1" * 500)] == [None] * 6
    assert screen("\\frac{1}{2}") == ""
