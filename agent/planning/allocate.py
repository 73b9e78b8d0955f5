"""Thompson sampling over weaknesses and strategies, a batch at a time.

A cycle has one batch of lessons and one look. Each weakness draws once from the belief (several times where there are fewer than `PARCELS`)
and gives its lessons to the strategy that is best in the draw (Thompson 1933; a batch of independent draws: Kandasamy et al. 2018). So the weaknesses of a cycle try different
strategies side by side, and the gate tells these apart. (Cutting every weakness's lessons by eight draws mixed the strategies
within each weakness, and of one look no credit could be divided: after 5 cycles the better strategy had .44 of the lessons
instead of .72, `bench/plan.py`, first world.) What the best strategy brings, averaged over `DRAWS`, is the weakness's promise in
`share_budget`. Better is what is worth more per lesson ordered: effect x share kept / price, so a strategy that keeps nothing
wins nothing whatever its lessons would do. Exploration comes off the top: an even part to every weakness, dealt in blocks so
that every strategy gets an even part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.planning.budget import Need, Share, share_budget, whole_numbers
from agent.planning.effects import Belief, prior_effect
from agent.planning.yields import PRIOR_KEPT, PRIOR_LOST, Yield

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 8  # over which a weakness's promise is averaged: fewer and its share jumps about, more and it no longer explores
PARCELS = 4  # a cycle is cut into at least so many: one weakness alone must not bet it on one draw
CHANCES = 400  # draws for the chance of being best, which is told, not used
PROMISED_BEFORE = PRIOR_KEPT / (PRIOR_KEPT + PRIOR_LOST)  # share of the prior effect that is left after the funnel, before any evidence
Z80 = 1.2816  # 80 % of a normal lie within
LEAST_PROMISE = 0.05  # a weakness believed to lose by lessons still weighs a little, and explores


@dataclass(frozen=True)
class Part:
    """Lessons ordered from one strategy for one weakness, and what decided it."""

    weakness: str
    strategy: str
    n_lessons: int
    n_explore: int
    """Of these, those that exploration gave it whatever is believed of it."""
    draws_won: int
    """Of `n_draws` for this weakness, those in which it was the best; none: it is here by exploration alone."""
    n_draws: int
    chance_best: float
    """That it is this weakness's best, as believed, 0 to 1."""
    learnability: float
    failed_tries: int
    promise: float
    """Of the weakness."""
    effect: float
    """Posterior mean: share of the room that enough lessons fill; `effect_low` and `effect_high` hold 80 %."""
    effect_low: float
    effect_high: float
    kept_share: float
    """Expected share of its orders that is kept."""


def allocate(needs: Sequence[Need], belief: Belief, kept: Sequence[Yield], total: int, explore_share: float, seed: int, *,
             allowance_usd: float | None = None, split: Callable[[Sequence[Need], int, float], list[Share]] = share_budget) -> list[Part]:
    """Order exactly `total` lessons; parts of zero are left out. The same input and seed give the same plan.

    `belief` and `kept` speak of the same arms: every need with every strategy. `allowance_usd` is what may be spent for a lesson
    ordered (budget left over lessons left); a strategy that costs just that counts half. None: money plays no part.
    """
    import numpy as np

    if not needs or not belief.arms:
        return []
    rng = np.random.default_rng(seed)
    strategies = list(dict.fromkeys(arm.strategy for arm in belief.arms))
    at = {(arm.weakness, arm.strategy): index for index, arm in enumerate(belief.arms)}
    price = np.array([1 + one.usd_per_order / allowance_usd if allowance_usd else 1.0 for one in kept])
    promised, wins, chances = [], [], []
    n_draws = max(1, -(-PARCELS // len(needs)))
    for need in needs:
        own = [at[need.weakness, strategy] for strategy in strategies]
        worth = _worth(belief, kept, price, DRAWS, rng)[:, own]
        wins.append(np.bincount(worth[:n_draws].argmax(axis=1), minlength=len(strategies)).tolist())
        promised.append(replace(need, promise=max(LEAST_PROMISE, float(worth.max(axis=1).mean()) / (PROMISED_BEFORE * prior_effect(need.kind)))))
    everything = _worth(belief, kept, price, CHANCES, np.random.default_rng(seed + 1))
    for need in needs:
        own = [at[need.weakness, strategy] for strategy in strategies]
        chances.append(np.bincount(everything[:, own].argmax(axis=1), minlength=len(strategies)) / CHANCES)
    split_up = split(promised, total, explore_share)
    explored = _explored([min(share.n_lessons, int(total * explore_share / len(needs))) for share in split_up], len(strategies), rng)
    parts = []
    for need, share, won, chance, floor in zip(promised, split_up, wins, chances, explored, strict=True):
        rest = share.n_lessons - sum(floor)
        bought = whole_numbers([rest * one / n_draws for one in won], rest)
        for number, strategy in enumerate(strategies):
            if n := floor[number] + bought[number]:
                arm = at[need.weakness, strategy]
                mean, spread = float(belief.mean[arm]), belief.spread(arm)
                parts.append(Part(need.weakness, strategy, n, floor[number], won[number], n_draws, float(chance[number]), share.learnability,
                                  need.failed_tries, need.promise, mean, mean - Z80 * spread, mean + Z80 * spread, kept[arm].mean))
    return parts


def _worth(belief: Belief, kept: Sequence[Yield], price: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """`n` draws of what a lesson ordered is worth, one a row, one arm a column. A harmful effect is not made better by losing lessons."""
    import numpy as np

    effects = belief.draws(n, rng)
    shares = rng.beta([one.kept for one in kept], [one.lost for one in kept], (n, len(kept)))
    return np.where(effects > 0, effects * shares / price, effects)


def _explored(floors: Sequence[int], n_strategies: int, rng: np.random.Generator) -> list[list[int]]:
    """Each weakness's floor by strategy: all floors in a row, cut into one block a strategy, in an order drawn anew each cycle.

    Blocks, not single lessons: a weakness then meets few strategies at once, which tells them apart at the gate.
    """
    import numpy as np

    whole = sum(floors)
    sizes = whole_numbers([whole / n_strategies] * n_strategies, whole)
    owners = np.repeat(rng.permutation(n_strategies), sizes)
    offset = int(rng.integers(whole)) if whole else 0  # where the first block begins moves too, so no weakness always meets two
    owners = np.roll(owners, offset)
    order = rng.permutation(len(floors))
    dealt = [[0] * n_strategies for _ in floors]
    begin = 0
    for weakness in order:
        for owner in owners[begin:begin + floors[weakness]]:
            dealt[weakness][owner] += 1
        begin += floors[weakness]
    return dealt
