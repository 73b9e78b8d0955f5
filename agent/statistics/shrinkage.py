"""Gains of many small groups, without being fooled by the luckiest one.

Fixed and broken counts per weakness go in; each raw gain comes out pulled towards the overall gain, the more so
the fewer items it has, with an exact test corrected for the number of weaknesses. For reading and planning: a
promotion is never decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from agent.statistics.intervals import benjamini_hochberg
from agent.statistics.paired import mcnemar_exact


@dataclass(frozen=True)
class GroupGain:
    """What happened to the gate items of one weakness."""

    name: str
    n: int
    fixed: int
    broken: int


@dataclass(frozen=True)
class ShrunkGain:
    """One weakness's gain with what the others tell about it."""

    name: str
    n: int
    fixed: int
    broken: int
    gain: float
    """Raw: (fixed - broken) / n."""
    shrunk: float
    """Posterior mean under a normal prior fitted to all groups."""
    ci_low: float
    ci_high: float
    """95 % posterior interval of `shrunk`."""
    p_value: float
    """One-sided exact McNemar within the group."""
    q_value: float
    """Benjamini-Hochberg over the groups."""


def shrink_gains(groups: Sequence[GroupGain], confidence: float = 0.95) -> list[ShrunkGain]:
    """Empirical-Bayes gains, in the order given.

    Normal-normal model; variance between groups by the method of moments (DerSimonian and Laird 1986), each
    group's own variance from its flips with half a flip added each way, so that "nothing changed in 3 items" is
    not certainty. Groups without items get the overall gain with a wide interval.

    Raises:
        ValueError: more flips than items, or negative counts.
    """
    for group in groups:
        if min(group.n, group.fixed, group.broken) < 0 or group.fixed + group.broken > group.n:
            raise ValueError(f"impossible counts for {group.name!r}: {group}")
    q_values = benjamini_hochberg([mcnemar_exact(group.fixed, group.broken) for group in groups])
    seen = [group for group in groups if group.n]
    gains = [_gain(group) for group in seen]
    variances = [_variance(group) for group in seen]
    between, centre = _prior(gains, variances)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    out = []
    for group, q_value in zip(groups, q_values, strict=True):
        variance = _variance(group)
        weight = between / (between + variance)
        shrunk = weight * _gain(group) + (1 - weight) * centre
        # the prior's own centre is estimated too: its variance carries over to what is pulled towards it
        centre_variance = 1 / sum(1 / (v + between) for v in variances) if variances else 1.0
        spread = (weight * variance + (1 - weight) ** 2 * centre_variance) ** 0.5
        out.append(
            ShrunkGain(
                group.name,
                group.n,
                group.fixed,
                group.broken,
                _gain(group),
                shrunk,
                max(-1.0, shrunk - z * spread),
                min(1.0, shrunk + z * spread),
                mcnemar_exact(group.fixed, group.broken),
                q_value,
            )
        )
    return out


def _gain(group: GroupGain) -> float:
    return (group.fixed - group.broken) / group.n if group.n else 0.0


def _variance(group: GroupGain) -> float:
    """Variance of the gain, with half a flip added each way (Agresti and Min 2005)."""
    n = group.n + 1
    share, difference = (group.fixed + group.broken + 1) / n, (group.fixed - group.broken) / n
    return max(share - difference**2, 1e-12) / n


def _prior(gains: list[float], variances: list[float]) -> tuple[float, float]:
    """(variance between groups, overall gain)."""
    if not gains:
        return 0.0, 0.0
    weights = [1 / v for v in variances]
    centre = sum(w * g for w, g in zip(weights, gains, strict=True)) / sum(weights)
    if len(gains) == 1:
        return 0.0, centre
    scatter = sum(w * (g - centre) ** 2 for w, g in zip(weights, gains, strict=True))
    scale = sum(weights) - sum(w * w for w in weights) / sum(weights)
    between = max(0.0, (scatter - (len(gains) - 1)) / scale)
    weights = [1 / (v + between) for v in variances]
    return between, sum(w * g for w, g in zip(weights, gains, strict=True)) / sum(weights)
