"""The primary test of the gate: is the candidate better, at the level that this look may spend.

One of three, chosen in the configuration before anything is measured: exact McNemar on right and wrong, a sign-flip
test on the gold answer's log-probability margin, or an e-value that may be watched while the answers come in.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from agent.statistics.continuous import MeanDifference, mean_difference
from agent.statistics.evalue import e_value, smallest_crossing_gain
from agent.statistics.paired import PairedDifference, Scores, group_p_value, mcnemar_exact
from agent.statistics.power import items_for_gain, smallest_detectable_gain
from agent.statistics.resampling import group_sums
from agent.statistics.rules import ALPHA_WORSE, Findings, Need, Rule, flips, points

Test = Literal["mcnemar", "margin", "e_value"]
POWER = 0.8  # of "could have seen it"


@dataclass(frozen=True)
class Primary:
    """What the primary test found."""

    test: Test
    n: int
    """Items judged; fewer than `n_planned` where watching ended it early."""
    n_planned: int
    p_value: float
    """For an e-value, 1 / its peak: valid at any stopping time."""
    level: float
    gain: float
    """As a share of items; in nats where the test is on margins."""
    smallest: float
    """Smallest true gain seen with 80 % power, in the unit of `gain`."""
    discordance: float
    e_value: float | None = None
    margin: MeanDifference | None = None


def group_flips(champion: Scores, candidate: Scores, groups: Sequence[Hashable] | None) -> tuple[int, int]:
    """Groups that rose and groups that fell in sum: independent signs, as an e-value needs them."""
    sums = group_sums([float(after) - float(before) for before, after in zip(champion, candidate, strict=True)], groups)[:, 0]
    return int((sums > 0).sum()), int((sums < 0).sum())


def primary_by_score(difference: PairedDifference, champion: Scores, candidate: Scores, groups: Sequence[Hashable] | None, level: float) -> Primary:
    """Exact McNemar, or the sign-flip p over whole groups where that is larger."""
    discordance = (difference.fixed + difference.broken) / difference.n if difference.n else 0.0
    smallest = smallest_detectable_gain(difference.n, discordance, level, POWER)
    return Primary("mcnemar", difference.n, difference.n, group_p_value(champion, candidate, groups), level, difference.gain, smallest, discordance)


def primary_by_margin(difference: PairedDifference, champion: Sequence[float], candidate: Sequence[float], groups: Sequence[Hashable] | None, level: float) -> Primary:
    """Sign-flip on mean margins.

    Raises:
        ValueError: margins are missing, unpaired or not finite.
    """
    if len(champion) != difference.n:
        raise ValueError(f"{len(champion)} margins for {difference.n} items")
    discordance = (difference.fixed + difference.broken) / difference.n if difference.n else 0.0
    if not difference.n:
        return Primary("margin", 0, 0, 1.0, level, 0.0, math.inf, 0.0)
    found = mean_difference(champion, candidate, groups)
    spread = (found.ci_high - found.ci_low) / (2 * NormalDist().inv_cdf(0.975))
    normal = NormalDist()
    smallest = (normal.inv_cdf(1 - level) + normal.inv_cdf(POWER)) * spread if level > 0 else math.inf
    return Primary("margin", found.n, found.n, found.p_value, level, found.mean, smallest, discordance, margin=found)


def primary_by_e_value(difference: PairedDifference, champion: Scores, candidate: Scores, groups: Sequence[Hashable] | None, level: float,
                       n_planned: int, peak: float) -> Primary:
    """The e-value of the groups' signs; `peak` is the largest seen while watching (0 before the first look)."""
    fixed, broken = group_flips(champion, candidate, groups)
    highest = max(peak, e_value(fixed, broken))
    discordance = (difference.fixed + difference.broken) / difference.n if difference.n else 0.0
    smallest = smallest_crossing_gain(n_planned, discordance, level, POWER) if level > 0 and n_planned else 1.0
    return Primary("e_value", difference.n, n_planned, min(1.0, 1 / highest) if highest > 0 else 1.0, level, difference.gain, smallest, discordance, highest)


def gate_rule(primary: Primary, difference: PairedDifference, min_effect: float, next_level: float, look: int, looks_planned: int | None, findings: Findings) -> Rule:
    """Better at this look's level; if not, whether that is evidence against it or only too few items."""
    passed = primary.n > 0 and primary.level > 0 and primary.p_value <= primary.level and primary.gain > 0
    shown = _shown(primary, difference)
    detail = f"{shown}, look {look}"
    if primary.test == "e_value":
        detail += f", e-value {primary.e_value or 0:.3g} of {1 / primary.level if primary.level else math.inf:.3g}, {primary.n} of {primary.n_planned} items answered"
    p_worse = mcnemar_exact(difference.broken, difference.fixed)
    if primary.n == 0:
        findings.open.append("the gate has no items")
    elif passed:
        pass
    elif p_worse <= ALPHA_WORSE:
        findings.against.append(f"worse on the gate: {flips(difference)}, p {p_worse:.2g}")
    elif primary.gain <= 0:
        findings.against.append(f"no gain on the gate: {shown}")
    elif primary.level <= 0:
        findings.open.append(f"look {look} is beyond the {looks_planned} planned: no error left to spend")
    elif primary.smallest > min_effect:
        seen, asked = _amount(primary, primary.smallest), _amount(primary, min_effect)
        sentence = (f"gain not shown ({shown}, p {primary.p_value:.2g} at level {primary.level:.2g}), but {primary.n_planned} items see only {seen} or more "
                    f"and {asked} was asked for: add gate items")
        findings.ask_for(sentence, Need("gate", primary.n_planned, _needed(primary, min_effect, next_level), f"a true gain of {asked} at the next look"))
    else:
        findings.against.append(f"gain not shown: {shown}, p {primary.p_value:.2g} at level {primary.level:.2g}, "
                                f"though {primary.n_planned} items see {_amount(primary, primary.smallest)}")
    return Rule("gate", primary.p_value, primary.level, passed, detail)


def _needed(primary: Primary, min_effect: float, level: float) -> int:
    """Items with which `min_effect` is seen in four of five cases at this level."""
    if primary.test == "margin":
        return max(primary.n + 1, math.ceil(primary.n * (primary.smallest / min_effect) ** 2))
    if primary.test == "mcnemar":
        return max(primary.n + 1, items_for_gain(min_effect, primary.discordance, level, POWER))
    high = max(1, primary.n_planned)
    while smallest_crossing_gain(high, primary.discordance, level, POWER) > min_effect and high < 1_000_000:
        high = math.ceil(high * 1.1)  # a tenth more items is the same answer
    return high


def _shown(primary: Primary, difference: PairedDifference) -> str:
    if primary.margin is None:
        return flips(difference)
    return f"margin of the gold {primary.margin.mean:+.3g} nats ({primary.margin.ci_low:+.3g} to {primary.margin.ci_high:+.3g}); {flips(difference)}"


def _amount(primary: Primary, amount: float) -> str:
    return f"{amount:.3g} nats" if primary.test == "margin" else points(amount)
