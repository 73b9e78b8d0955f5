"""Passes when enough independent solutions come to the lesson's answer.

The check is a JSON list of solutions, or of bare answers, each made without sight of the others (SwS, Liang 2025: 4 of
8). The same text twice is one solution. Agreement is not truth: `agreement_error` says how often such a vote was wrong
where there is gold, and where `meta["gold"]` is given a vote against it fails.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.expressions import final_expression, read_value
from curricula.verifiers.quantities import UNITS
from curricula.verifiers.statements import contains, names_two, normal

LEAST_SOLUTIONS = 4
LEAST_SHARE = 0.5  # of all solutions, those that come to no answer included


class VoteVerifier:
    """Agreement of independent solutions."""

    name = "vote"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` with fewer than four different solutions; never `pass` on a tie."""
        if not lesson.answer.strip():
            return failed("missing answer")
        if names_two(lesson.answer):
            return failed("two answers", lesson.answer)
        if _key(final_expression(lesson.completion)) != _key(lesson.answer) and not contains(final_expression(lesson.completion), lesson.answer):
            return failed("the completion does not end on the answer", final_expression(lesson.completion)[:200])
        solutions = _solutions(lesson.check)
        if solutions is None:
            return unverifiable("the check is not a JSON list of solutions")
        if len(solutions) < LEAST_SOLUTIONS:
            return unverifiable(f"fewer than {LEAST_SOLUTIONS} different solutions")
        votes = Counter(key for key in (_key(final_expression(solution)) for solution in solutions) if key)
        own = votes[_key(lesson.answer)]
        tally = f"{own} of {len(solutions)}"
        if own < LEAST_SHARE * len(solutions):
            return failed("too few solutions agree", tally)
        if any(n >= own for key, n in votes.items() if key != _key(lesson.answer)):
            return failed("as many solutions come to another answer", tally)
        gold = str(lesson.meta.get("gold", ""))
        if gold and _key(gold) != _key(lesson.answer):
            return failed("the vote is against the gold", f"{tally} for {lesson.answer!r} against {gold!r}")
        return passed(tally)


def agreement_error(lessons: Iterable[Lesson]) -> tuple[int, int]:
    """(votes that are wrong, votes that carry) among lessons with `meta["gold"]`: the audit of the method itself."""
    n_wrong = n_carried = 0
    for lesson in lessons:
        if not lesson.meta.get("gold"):
            continue
        verdict = VERIFIER.verify(lesson)
        n_carried += verdict.outcome == "pass" or verdict.reason == "the vote is against the gold"
        n_wrong += verdict.reason == "the vote is against the gold"
    return n_wrong, n_carried


def _solutions(check: str) -> list[str] | None:
    """Different solutions; bare answers (one short line) are each their own."""
    try:
        found = json.loads(check)
    except ValueError:
        return None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        return None
    worked = list(dict.fromkeys(item.strip() for item in found if "\n" in item.strip()))
    return [item for item in found if "\n" not in item.strip()] + worked


def _key(answer: str) -> str:
    value = read_value(answer)
    if value is None:
        return normal(answer)
    # apples and dollars may go unsaid; 3 km and 3 m are two answers
    return f"{value.number} {value.unit}" if value.unit in UNITS and UNITS[value.unit][0] != "money" else str(value.number)


VERIFIER = VoteVerifier()
