"""Passes when answer and check are the same text up to case, space and punctuation.

Refused: an empty answer, alternatives (`red or blue`), a completion that does not contain its answer or
declares another one. For golds that are words, lists or option labels; numbers belong to `numeric`.
"""

from __future__ import annotations

import re

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.statements import OPPOSED, contains, declared_answers, last_line, names_two, normal


class ExactVerifier:
    """Normalised equality with an independent answer."""

    name = "exact"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without a check; never `pass` for two answers or none."""
        if not normal(lesson.answer):
            return failed("missing answer")
        if lesson.check_kind != "engine" and names_two(lesson.answer):
            return failed("two answers", lesson.answer)
        if not contains(lesson.completion, lesson.answer):
            return failed("the completion does not contain the answer", lesson.answer)
        if other := _contradiction(lesson.completion, lesson.answer):
            return failed("the completion gives another answer too", other)
        if not lesson.check.strip():
            return unverifiable("no check")
        if lesson.check_kind == "expression":
            return failed("an expression can't be compared with a word", lesson.check)
        check = declared_answers(lesson.check)[-1:] or [lesson.check]
        if normal(lesson.answer) != normal(check[0]):
            return failed("answer and check differ", f"{lesson.answer!r} against {check[0]!r}")
        return passed(lesson.check_kind)


def _contradiction(completion: str, answer: str) -> str:
    """Another answer that the completion ends on, or empty."""
    own = normal(answer)
    for said in declared_answers(completion):
        if normal(said) != own and not contains(said, answer):
            return said
    final = last_line(completion)
    words = set(re.findall(r"[a-z]+", normal(final)))
    for pair in OPPOSED:
        if own in pair and (others := (pair - {own}) & words):
            return next(iter(others))
    if not contains(final, answer):
        return final
    return ""


VERIFIER = ExactVerifier()
