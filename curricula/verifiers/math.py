r"""Passes when the answer is mathematically the check: the same number, or the same formula.

The answer is read by a cascade (box, final-answer line, last formula, whole text). Numbers are compared by two
normalisers that must agree: our exact fractions (`expressions.py`) and math-verify on sympy (`symbolic.py`); formulas by
math-verify and by their values at fixed points. Refused within 2 s, in any thread: `9**9**9`, enormous factorials, code.
"""

from __future__ import annotations

import re
from fractions import Fraction

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.expressions import (
    MOST_CHARACTERS,
    Value,
    final_expression,
    read_value,
    unwrapped,
    without_unit,
)
from curricula.verifiers.quantities import UNITS
from curricula.verifiers.statements import names_two
from curricula.verifiers.symbolic import SymbolicComparer, screen


class MathVerifier:
    """Equality of numbers and formulas."""

    name = "math"

    def __init__(self) -> None:
        self._comparer = SymbolicComparer()

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without a check; never `pass` for two answers or none."""
        answer, check = lesson.answer.strip(), lesson.check.strip()
        if not answer:
            return failed("missing answer")
        if max(len(answer), len(check)) > MOST_CHARACTERS:
            return failed(f"longer than {MOST_CHARACTERS} characters")
        if names_two(answer):
            return failed("two answers", answer)
        said = final_expression(lesson.completion)
        if said != answer and not self._is_said(lesson.completion, said, answer):
            return failed("the completion does not end on the answer", said[:200])
        if not check:
            return unverifiable("no check")
        why = self._difference(answer, final_expression(check) or check)
        return failed(why, f"{answer!r} against {check!r}") if why else passed(lesson.check_kind)

    def _difference(self, answer: str, check: str) -> str:
        """Why the two are not the same; empty when they are."""
        words = unwrapped(answer), unwrapped(check)
        if all(re.fullmatch(r"[A-Za-z][A-Za-z ]*", word) for word in words):  # a name or a yes: text is all there is
            return "" if words[0].casefold() == words[1].casefold() else "answer and check differ"
        ours, theirs = read_value(answer), read_value(check)
        for text in (answer, check):
            if (text_is_refused := screen(_formula(text))) and read_value(text) is None:
                return text_is_refused
        if (ours is None) != (theirs is None):
            # one is a plain number, the other may be a formula with that value
            if _is_numberlike(answer if ours is None else check):
                return "not a readable number"
        elif ours is not None and theirs is not None:
            if _in_unit(ours, theirs.unit) != theirs.number:
                return "answer and check differ"
            ours_text, theirs_text = str(_in_unit(ours, theirs.unit)), str(theirs.number)
            if ours.number == theirs.number:
                ours_text, theirs_text = _formula(answer), _formula(check)
            found = self._comparer.compare(ours_text, theirs_text)
            return "" if found.is_equal else found.refused or "the two normalisers disagree"
        elif _is_numberlike(answer):
            return "not a readable number"
        found = self._comparer.compare(_formula(answer), _formula(check))
        return "" if found.is_equal else found.refused or "answer and check differ"

    def _is_said(self, completion: str, said: str, answer: str) -> bool:
        """Does the completion end on the answer, in whatever spelling?"""
        last = [line.strip() for line in completion.splitlines() if line.strip()][-1:]
        if last and said.rstrip(" .!;,") == last[0].rstrip(" .!;,") and answer in said:  # a sentence that holds the answer
            rest = said.replace(answer, " ", 1)
            return not any(character.isdigit() for character in rest)
        if said == f"{answer}!":  # joy, not a factorial
            return True
        return bool(said) and not self._difference(said, answer)


def _formula(text: str) -> str:
    bare, _ = without_unit(unwrapped(text))
    return bare if read_value(text) is None else _plain_thousands(bare)


def _plain_thousands(text: str) -> str:
    """Thousands without separators, and a mixed number as the sum that it is."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(?<![\d.])(\d{1,3})((?: \d{3})+)(?!\d)", lambda m: m[0].replace(" ", ""), text)
    text = re.sub(r"^(-?)(\d+)\s*(\\[dtc]?frac)", r"\1(\2 + \3", text) + (")" if re.match(r"^-?\d+\s*\\[dtc]?frac", text) else "")
    text = re.sub(r"^(-?)(\d+) (\d+)/(\d+)$", r"\1(\2 + \\frac{\3}{\4})", text)
    text = re.sub(r"^(.*\d\)?)\s*%$", r"(\1)/100", text)
    return re.sub(r"(?<=\d)[eE]([+-]?\d+)$", r" \\cdot 10^{\1}", text).lstrip("+")


def _is_numberlike(text: str) -> bool:
    """Digits and their punctuation only: what is no number then is no formula either."""
    bare, _ = without_unit(unwrapped(text))
    return not any(character.isalpha() or character in "\\^*/(!" for character in bare)


def _in_unit(value: Value, unit: str) -> Fraction | None:
    """Units convert where both are known, and must be the same word where neither is; no unit fits any."""
    if not value.unit or not unit or value.unit == unit:
        return value.number
    if value.unit in UNITS and unit in UNITS:
        (dimension, size), (other, other_size) = UNITS[value.unit], UNITS[unit]
        return value.number * size / other_size if dimension == other else None
    return None


VERIFIER = MathVerifier()
