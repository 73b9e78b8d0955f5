"""What several solutions of one problem agree on, and whether two answers are the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curricula.strategies.fit.surface import final_answer
from curricula.verifiers.quantities import read_quantities
from curricula.verifiers.statements import declared_answers, normal

MOST_WORDS = 12  # a longer statement is compared as text even if it holds one number


@dataclass(frozen=True)
class Vote:
    """The answer that most solutions give."""

    answer: str
    """As the first of them wrote it; empty where no solution gave one."""
    n_agree: int
    n: int
    """Solutions asked for, those without an answer included."""
    check: str
    """All answers as the verifier `vote` counts them: a JSON list, empty strings for none."""

    @property
    def is_majority(self) -> bool:
        """More than half of all agree."""
        return 2 * self.n_agree > self.n


def stated(text: str) -> str:
    """The last answer that a worked solution declares (`The answer is ...`, a box, `####`), or empty."""
    declared = declared_answers(text)
    return declared[-1] if declared else ""


def is_same(one: str, other: str) -> bool:
    """Equal as numbers with units, else as text up to case, spacing and punctuation; empty is never the same."""
    return bool(one.strip()) and _key(one) == _key(other)


def vote(answers: Sequence[str]) -> Vote:
    """Count the answers; a tie goes to the one that came first."""
    keys = [_key(answer) for answer in answers if answer.strip()]
    check = json.dumps([" ".join(answer.split()) for answer in answers], ensure_ascii=False)
    if not keys:
        return Vote("", 0, len(answers), check)
    best, n_agree = Counter(keys).most_common(1)[0]
    first = next(answer for answer in answers if answer.strip() and _key(answer) == best)
    return Vote(first, n_agree, len(answers), check)


def _key(answer: str) -> tuple[object, ...]:
    text = final_answer(answer)
    found = read_quantities(text) if len(text.split()) <= MOST_WORDS else []
    return (found[0].value, found[0].unit) if len(found) == 1 else (normal(text),)
