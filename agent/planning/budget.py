"""The lesson budget is shared over weaknesses by failure mass times learnability times promise.

Naive targeting (largest failure mass first) measured worse than no targeting (docs/decisions/0002). What is learnable is
told by how near the wrong answers were (docs/decisions/0008), or by how often the weakness is solved, and a share is spread
evenly so that nothing starves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOPELESS = 0.15  # learnability of a weakness never yet solved: it gets lessons, but few
BACK_OFF = 0.5  # each cycle in which a weakness was taught and did not move halves its share


@dataclass(frozen=True)
class Need:
    """One weakness as the plan sees it."""

    weakness: str
    kind: str
    n_failures: int
    accuracy: float
    """Lenient share right among its members, 0 to 1."""
    failed_tries: int
    """Judged cycles in which it was taught and did not gain, since its accuracy last moved."""
    promise: float = 1.0
    """What lessons on it are believed to bring, in multiples of what is believed before any evidence."""
    nearness: float | None = None
    """Mean nearness of its failures, 0 to 1; None where it was not measured."""


@dataclass(frozen=True)
class Share:
    """One weakness's part of the budget."""

    weakness: str
    n_lessons: int
    learnability: float
    reason: str


def learnability(need: Need) -> float:
    """How much a lesson may bring, 0 to 1: by the nearness of its failures, else highest where the student is right half of the time."""
    if need.kind == "format":
        return 1.0
    hope = need.nearness if need.nearness is not None else max(HOPELESS, 4 * need.accuracy * (1 - need.accuracy))
    return hope * BACK_OFF**need.failed_tries


def share_budget(needs: Sequence[Need], total: int, explore_share: float) -> list[Share]:
    """Split `total` lessons; the shares add up to it exactly (largest remainders), in the order given."""
    if not needs:
        return []
    worth = [need.n_failures * learnability(need) * need.promise for need in needs]
    whole = sum(worth) or 1.0
    counts = whole_numbers([total * (explore_share / len(needs) + (1 - explore_share) * value / whole) for value in worth], total)
    return [Share(need.weakness, count, learnability(need),
                  f"{need.n_failures} failures, {need.accuracy:.0%} solved" + (f", {need.failed_tries} tries without gain" if need.failed_tries else ""))
            for need, count in zip(needs, counts, strict=True)]


def whole_numbers(exact: Sequence[float], total: int) -> list[int]:
    """Whole numbers that add up to `total` and lie within one of `exact`: largest remainders, of equals the first."""
    counts = [int(amount) for amount in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (counts[at] - exact[at], at))
    for at in by_remainder[: total - sum(counts)]:
        counts[at] += 1
    return counts
