"""Passes when the answer is the number that the check comes to.

The check is an engine's number, a second independent answer, or plain arithmetic over the problem's own
numbers (`arithmetic.py`). Refused: no number or several, a completion that ends on another number, an
expression with numbers that the problem does not contain, one that is only the answer in disguise.
"""

from __future__ import annotations

import re
from fractions import Fraction

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.quantities import Quantity, convert, numbers_of, read_quantities
from curricula.verifiers.statements import declared_answers, last_line, names_two

CONSTANTS = frozenset(Fraction(n) for n in (*range(13), 24, 30, 31, 52, 60, 100, 360, 365, 1000, 3600)) | {
    Fraction(1, 2),
    Fraction(1, 4),
}
"""Numbers a calculation may use though the problem does not say them: small ones, and those of clock, calendar, units."""
TOLERANCE = Fraction(1, 10**6)  # relative; covers decimals of engines, not rounding
ROUNDED = re.compile(r"\b(round|rounded|nearest|about|approximately|estimate)\b", re.IGNORECASE)


class NumericVerifier:
    """Equality of numbers, with units and honest rounding."""

    name = "numeric"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without a check; never `pass` for two answers or none."""
        found = read_quantities(lesson.answer)
        if not found:
            return failed("missing answer", lesson.answer)
        if len(found) > 1 or names_two(lesson.answer):
            return failed("two answers", lesson.answer)
        answer = found[0]
        if (other := _ends_elsewhere(lesson.completion, answer)) is not None:
            return failed("the completion does not end on the answer", other)
        if not lesson.check.strip():
            return unverifiable("no check")
        if lesson.check_kind == "expression":
            return _against_expression(lesson, answer)
        return _against_number(lesson, answer)


def _against_number(lesson: Lesson, answer: Quantity) -> Verdict:
    said = declared_answers(lesson.check)[-1:] or [lesson.check]
    numbers = read_quantities(said[0])
    if len(numbers) != 1:
        return failed("the check is not one number", lesson.check)
    value = convert(answer, numbers[0].unit)
    if value is None:
        return failed("different units", f"{lesson.answer!r} against {said[0]!r}")
    if not _is_close(value, numbers[0].value, Fraction(0)):
        return failed("answer and check differ", f"{lesson.answer!r} against {said[0]!r}")
    return passed(lesson.check_kind)


def _against_expression(lesson: Lesson, answer: Quantity) -> Verdict:
    try:
        result = evaluate(lesson.check)
    except ArithmeticRefused as error:
        return failed(f"the check is refused: {error}", lesson.check[:200])
    if result.n_operators == 0:
        return failed("the check calculates nothing", lesson.check)
    mentioned = numbers_of(lesson.prompt)
    strangers = [number for number in result.numbers if number not in mentioned and number not in CONSTANTS]
    if strangers:
        return failed(
            "the check uses numbers that are not in the problem", ", ".join(_show(n) for n in strangers)
        )
    if not any(number in mentioned for number in result.numbers):
        return failed("the check uses no number of the problem", lesson.check)
    if result.has_identity and answer.value in result.numbers:
        return failed("the check is the answer in disguise", lesson.check)
    rounding = Fraction(1, 2 * 10**answer.decimals) if answer.decimals > 0 else Fraction(0)
    if ROUNDED.search(lesson.prompt):
        rounding = max(rounding, Fraction(1, 2))
    scale = (1, 100) if answer.unit == "%" else (1,)
    if not any(_is_close(answer.value, result.value * by, rounding) for by in scale):
        return failed("answer and check differ", f"{lesson.answer!r} against {_show(result.value)}")
    return passed(f"{lesson.check} = {_show(result.value)}")


def _is_close(a: Fraction, b: Fraction, rounding: Fraction) -> bool:
    if a.denominator == b.denominator == 1 and not rounding:
        return a == b  # whole numbers are never "nearly" equal
    return abs(a - b) <= max(rounding, TOLERANCE * max(abs(a), abs(b)))


def _ends_elsewhere(completion: str, answer: Quantity) -> str | None:
    """What the completion gives instead of the answer; None when it gives the answer.

    Every declared answer counts, else the last number of the last line that has one.
    """
    declared = declared_answers(completion)
    for said in declared:
        numbers = read_quantities(said)
        if numbers and not any(_is_close(n.value, answer.value, Fraction(0)) for n in numbers):
            return said
    if declared and any(read_quantities(said) for said in declared):
        return None
    lines = [line for line in completion.splitlines() if read_quantities(line)]
    if not lines:
        return last_line(completion) or "(empty)"
    final = read_quantities(lines[-1])[-1]
    return None if _is_close(final.value, answer.value, Fraction(0)) else lines[-1].strip()


def _show(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):g}"


VERIFIER = NumericVerifier()
