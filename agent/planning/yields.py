"""What becomes of the lessons that are ordered: how many are kept, and what they cost.

Funnel counts of earlier cycles go in, one `Yield` an arm comes out. Candidates of one order stand or fall together (no engine
suits, the teacher misread the format), so a row of the funnel counts as a few trials however many lessons it wanted. What a
strategy keeps elsewhere is the prior of what it keeps here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.planning.effects import FADE, Arm

PRIOR_KEPT, PRIOR_LOST = 2.0, 0.5  # four of five kept, on the evidence of half an order
TRIALS_A_ROW = 5.0  # at most; fewer where fewer lessons were wanted


@dataclass(frozen=True)
class Funnel:
    """One order of an earlier cycle."""

    cycle: int
    weakness: str
    strategy: str
    wanted: int
    asked: int
    kept: int
    usd: float = 0.0


@dataclass(frozen=True)
class Yield:
    """Belief on one arm's orders: the share kept is Beta(kept, lost)."""

    kept: float
    lost: float
    usd_per_order: float = 0.0
    """US dollars for each lesson ordered; 0 where nothing was paid yet."""
    asked_per_kept: float | None = None
    """Candidates read for each lesson kept, all weaknesses of the strategy; None before any, infinity where none was kept."""

    @property
    def mean(self) -> float:
        """Expected share of the lessons ordered that is kept."""
        return self.kept / (self.kept + self.lost)


def yields(funnels: Sequence[Funnel], arms: Sequence[Arm], cycle: int) -> list[Yield]:
    """One belief an arm, in the order given; evidence fades as that of effects does."""
    found = []
    by_strategy: dict[str, list[Funnel]] = {}
    for row in funnels:
        by_strategy.setdefault(row.strategy, []).append(row)
    everywhere = {strategy: _counted(rows, cycle) for strategy, rows in by_strategy.items()}
    for arm in arms:
        of_strategy = by_strategy.get(arm.strategy, [])
        here_kept, here_lost = _counted([row for row in of_strategy if row.weakness == arm.weakness], cycle)
        all_kept, all_lost = everywhere.get(arm.strategy, (0.0, 0.0))
        kept, lost = max(0.0, all_kept - here_kept), max(0.0, all_lost - here_lost)
        share = (PRIOR_KEPT + kept) / (PRIOR_KEPT + PRIOR_LOST + kept + lost)
        strength = min(TRIALS_A_ROW, PRIOR_KEPT + PRIOR_LOST + kept + lost)  # other weaknesses tell as much as one order here
        wanted, asked = sum(row.wanted for row in of_strategy), sum(row.asked for row in of_strategy)
        n_kept = sum(row.kept for row in of_strategy)
        found.append(Yield(max(0.05, share * strength + here_kept), max(0.05, (1 - share) * strength + here_lost),
                           sum(row.usd for row in of_strategy) / wanted if wanted else 0.0,
                           (asked / n_kept if n_kept else float("inf")) if asked else None))
    return found


def _counted(rows: Sequence[Funnel], cycle: int) -> tuple[float, float]:
    kept = lost = 0.0
    for row in rows:
        if row.wanted:
            weight = FADE ** max(0, cycle - 1 - row.cycle) * min(TRIALS_A_ROW, row.wanted)
            kept += weight * min(1.0, row.kept / row.wanted)
            lost += weight * max(0.0, 1 - row.kept / row.wanted)
    return kept, lost
