"""What a planned cycle may be expected to gain, whether the gate could see it, and what it will cost: said before it is spent.

The plan's expected lessons and the belief on their effects go in, `Forecast` comes out: a distribution of the gain that the gate
will *measure*, from draws of the belief, the cycle's shock, the luck of the gate's items and what earlier looks of this run
left unexplained. The one thing to know: it is held against what came, cycle by cycle, in every report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.planning.effects import SHOCK, Belief, room, taught
from agent.statistics.power import mcnemar_power

DRAWS = 2000  # the interval's ends stand within a tenth of a point or two
POWER_POINTS = 20  # quantiles of the gain over which power is averaged: exact sums, milliseconds each
SPREAD_OFFSET = 0.03  # prior standard deviation of what the model leaves out: forgetting, gains where nothing was taught
COVERED = 0.8  # of the interval


@dataclass(frozen=True)
class Group:
    """One weakness in a forecast."""

    weakness: str
    kind: str
    accuracy: float
    """Of its diagnose probes, 0 to 1."""
    share: float
    """Its items as a share of all, 0 to 1."""
    lessons: Mapping[str, float]
    """Expected kept lessons by strategy that the candidate will know and the champion does not."""


@dataclass(frozen=True)
class Costs:
    """Figures of earlier cycles. None: there is none to go by."""

    usd_per_order: Mapping[str, float]
    """US dollars for each lesson ordered, by strategy; one that is missing was never paid for."""
    tokens_per_lesson: float | None = None
    """Training tokens."""
    n_carried: int = 0
    """Earlier lessons that will be trained on again."""
    real_share: float = 0.0
    """Of training tokens that are human-made."""
    max_tokens: int | None = None
    """Ceiling of one curriculum."""
    train_s_per_token: float | None = None
    teach_s_per_order: float | None = None
    other_s: float | None = None
    """Evaluation, diagnosis and gate of the last cycle."""
    has_price: bool = False
    """Whether lessons cost money at all."""


@dataclass(frozen=True)
class Forecast:
    """Of the gain that the gate will measure, and of the cost. Gains are shares."""

    gain: float
    gain_low: float
    """80 % of outcomes lie between `gain_low` and `gain_high`."""
    gain_high: float
    power: float | None
    """Chance that the gate sees it; None where the test has no scale in shares."""
    promotion: float | None
    """The same, times the chance that a harmless candidate passes every protected suite."""
    n_lessons: int
    """Ordered."""
    n_kept: float
    """Of these, expected to be kept."""
    n_tokens: int | None
    seconds: float | None
    usd: float | None
    """None: lessons cost money and no earlier cycle says how much."""
    n_looks: int
    """Earlier looks of this run that were learnt from."""


def forecast(groups: Sequence[Group], belief: Belief, orders: Mapping[str, int], costs: Costs, *, n_kept: float, n_gate: int, discordance: float, level: float,
             protected_pass: float = 1.0, smallest_gain: float | None = None, is_mcnemar: bool = True, unexplained: Sequence[float] = (), seed: int = 0) -> Forecast:
    """Look ahead. `groups` are the weaknesses whose gain moves the gate's score, `orders` lessons ordered by strategy, `n_kept` those
    expected to be kept.

    `discordance`: share of gate answers expected to differ. `unexplained`: what earlier looks measured beyond the gains of
    single weaknesses (forgetting elsewhere, gains where nothing was taught); their own gains are in the belief already. For a test other than McNemar `smallest_gain` stands in for its power: the share of outcomes beyond it (None: no power is given).
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    draws = belief.draws(DRAWS, rng)
    at = {(arm.weakness, arm.strategy): index for index, arm in enumerate(belief.arms)}
    true = np.zeros(DRAWS)
    for group in groups:
        lessons = sum(group.lessons.values())
        for strategy, kept in group.lessons.items():
            if kept and (group.weakness, strategy) in at:
                true += group.share * room(group.kind, group.accuracy) * taught(lessons) * kept / lessons * draws[:, at[group.weakness, strategy]]
    luck = discordance / max(1, n_gate)
    precision = 1 / SPREAD_OFFSET**2 + len(unexplained) / (SHOCK**2 + luck)
    offset = sum(unexplained) / (SHOCK**2 + luck) / precision
    true = np.clip(true + rng.normal(offset, (1 / precision + SHOCK**2) ** 0.5, DRAWS), -1, 1)
    seen = np.sort(true + rng.normal(0.0, luck**0.5, DRAWS))
    power = _power(np.sort(true).tolist(), n_gate, discordance, level, smallest_gain, is_mcnemar)
    n_orders = sum(orders.values())
    tokens = None
    if costs.tokens_per_lesson is not None:
        tokens = round((costs.n_carried + n_kept) * costs.tokens_per_lesson / max(0.1, 1 - costs.real_share))
        tokens = min(tokens, costs.max_tokens) if costs.max_tokens else tokens
    seconds = None
    if tokens is not None and costs.train_s_per_token is not None and costs.other_s is not None:
        seconds = tokens * costs.train_s_per_token + n_orders * (costs.teach_s_per_order or 0.0) + costs.other_s
    known = [costs.usd_per_order[strategy] * n for strategy, n in orders.items() if strategy in costs.usd_per_order]
    usd = float(sum(known)) if len(known) == len(orders) or not costs.has_price else None
    return Forecast(float(true.mean()), float(seen[round(DRAWS * (1 - COVERED) / 2)]), float(seen[round(DRAWS * (1 + COVERED) / 2) - 1]), power,
                    None if power is None else power * protected_pass, n_orders, n_kept, tokens, seconds, usd, len(unexplained))


def coverage(pairs: Sequence[tuple[float, float, float]]) -> tuple[int, int, float]:
    """Of (low, high, came): how many came within, of how many, and the chance of so few if 80 % should (exact binomial)."""
    from agent.statistics.intervals import binomial_lower_tail

    inside = sum(low <= came <= high for low, high, came in pairs)
    return inside, len(pairs), binomial_lower_tail(inside, len(pairs), COVERED) if pairs else 1.0


def _power(gains: Sequence[float], n_gate: int, discordance: float, level: float, smallest_gain: float | None, is_mcnemar: bool) -> float | None:
    if is_mcnemar:
        points = [gains[round((point + 0.5) / POWER_POINTS * len(gains))] for point in range(POWER_POINTS)]
        return sum(mcnemar_power(n_gate, max(gain, -discordance), min(1.0, max(discordance, gain)), level) for gain in points) / POWER_POINTS
    if smallest_gain is None:
        return None
    return sum(gain >= smallest_gain for gain in gains) / len(gains)

