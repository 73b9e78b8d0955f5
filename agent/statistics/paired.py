"""Two models, the same items: exact tests and intervals for the paired difference.

0/1 scores of champion and candidate go in, in the same item order. Items both got right or both got wrong say
nothing about which is better; the `fixed` (0 to 1) and `broken` (1 to 0) ones say everything. Where items share
a group (near-duplicates, one passage), groups are flipped and resampled whole.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from agent.statistics.resampling import bootstrap_means, checked_groups, outward_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Scores = Sequence[float] | Sequence[int] | Sequence[bool]


@dataclass(frozen=True)
class PairedDifference:
    """Candidate minus champion on the same items."""

    n: int
    fixed: int
    """Items the champion had wrong and the candidate has right."""
    broken: int
    """The opposite."""
    gain: float
    """(fixed - broken) / n, in shares (0.01 is one point)."""
    ci_low: float
    ci_high: float
    confidence: float = 0.95
    method: str = "tango"
    """`tango`, or `tango+cluster-bootstrap` where items share groups (the wider of both at each end)."""


@dataclass(frozen=True)
class NonInferiority:
    """Is the candidate not worse than the champion by more than a margin?"""

    n: int
    gain: float
    lower: float
    """One-sided lower confidence bound of the gain."""
    margin: float
    is_met: bool
    """`lower > -margin`. False also means "not shown": look at `gain` and `upper` to tell a fall from a small n."""
    upper: float = 1.0
    """One-sided upper bound at the same alpha: below 0, the fall is established."""
    discordance: float = 0.0
    """Share of items that differ; what decides how many items the margin needs."""


def mcnemar_exact(fixed: int, broken: int) -> float:
    """One-sided exact conditional McNemar p-value that the candidate is better.

    P(X >= fixed), X ~ Binomial(fixed + broken, 1/2). No discordant item: 1.0 (McNemar 1947; exact form as in
    statsmodels and scipy.stats.binomtest with alternative="greater").

    Raises:
        ValueError: a negative count.
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"counts must not be negative, got fixed={fixed}, broken={broken}")
    if fixed == 0:
        return 1.0
    from scipy.special import bdtrc

    return float(bdtrc(fixed - 1, fixed + broken, 0.5))


def sign_flip_exact(net: Sequence[int]) -> float:
    """One-sided exact sign-flip p-value over groups; `net` holds fixed minus broken of each group.

    Under the null each group's net change is as likely to be negative: P(sum of +-net >= observed), counted
    exactly by convolution over the groups' sizes. With at most one discordant item a group this
    *is* `mcnemar_exact`. Few groups cannot reach a small p: g groups give at best 2 ** -g.
    """
    return sign_flip_tail([abs(int(value)) for value in net if value], int(sum(net)))


def sign_flip_tail(sizes: Sequence[int], total: int) -> float:
    """P(sum of +-sizes >= total) with fair signs: what `sign_flip_exact` counts. No sizes: 1.0."""
    import numpy as np
    from scipy.special import gammaln

    if not sizes:
        return 1.0
    most = sum(sizes)
    chance = np.ones(1)
    for size in sorted(set(sizes)):  # groups of one size together are a stretched binomial
        count = sum(one == size for one in sizes)
        up = np.arange(count + 1)
        part = np.zeros(2 * size * count + 1)
        part[:: 2 * size] = np.exp(gammaln(count + 1) - gammaln(up + 1) - gammaln(count - up + 1) - count * math.log(2))
        chance = np.convolve(chance, part)  # index most + s comes to hold P(sum = s)
    return float(min(1.0, chance[most + total :].sum()))


def group_p_value(champion: Scores, candidate: Scores, groups: Sequence[Hashable] | None) -> float:
    """The larger of McNemar's p and, where groups are given, the sign-flip p over whole groups."""
    difference = _differences(champion, candidate)
    p_value = mcnemar_exact(difference.count(1), difference.count(-1))
    if groups is None:
        return p_value
    net: dict[Hashable, int] = {}
    for group, step in zip(checked_groups(groups, len(difference)), difference, strict=True):
        net[group] = net.get(group, 0) + step
    return max(p_value, sign_flip_exact(list(net.values())))


def paired_difference(
    champion: Scores,
    candidate: Scores,
    *,
    groups: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    one_sided: bool = False,
) -> PairedDifference:
    """Gain of the candidate with its score interval (Tango, Statistics in Medicine 17, 1998, 891-908).

    `one_sided` puts the whole error at the lower end and leaves `ci_high` at 1. With `groups` (parallel) of more
    than one item, whole groups are bootstrapped too, with a fixed seed, and the wider bound counts at each end: a
    bootstrap alone would call the difference of two identical score lists exactly zero. No items: -1 to 1.

    Raises:
        ValueError: lengths differ, a score other than 0 or 1, a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    difference = _differences(champion, candidate)
    n, fixed, broken = len(difference), difference.count(1), difference.count(-1)
    if n == 0:
        return PairedDifference(0, 0, 0, 0.0, -1.0, 1.0, confidence)
    tail = 1 - confidence if one_sided else (1 - confidence) / 2
    low, high = _tango_bound(n, fixed, broken, tail), -_tango_bound(n, broken, fixed, tail)
    method = "tango"
    if groups is not None and len(set(checked_groups(groups, n))) < n:  # groups of one are items: nothing to add
        draws = bootstrap_means(difference, groups)
        low, high = min(low, outward_quantile(draws, tail)), max(high, outward_quantile(draws, 1 - tail))
        method = "tango+cluster-bootstrap"
    return PairedDifference(
        n, fixed, broken, (fixed - broken) / n, low, 1.0 if one_sided else high, confidence, method
    )


def non_inferior(
    champion: Scores,
    candidate: Scores,
    margin: float,
    alpha: float = 0.05,
    groups: Sequence[Hashable] | None = None,
) -> NonInferiority:
    """One-sided score test that the candidate lost less than `margin` (Tango 1998; Liu et al. 2002).

    Raises:
        ValueError: a negative margin, or whatever `paired_difference` refuses.
    """
    if margin < 0:
        raise ValueError(f"margin must not be negative, got {margin}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5, got {alpha}")
    both = paired_difference(champion, candidate, groups=groups, confidence=1 - 2 * alpha)
    discordance = (both.fixed + both.broken) / both.n if both.n else 0.0
    is_met = both.n > 0 and both.ci_low > -margin
    return NonInferiority(both.n, both.gain, both.ci_low, margin, is_met, both.ci_high, discordance)


def _differences(champion: Scores, candidate: Scores) -> list[int]:
    """Candidate minus champion per item: -1, 0 or 1."""
    if len(champion) != len(candidate):
        raise ValueError(
            f"scores are not paired: {len(champion)} of the champion, {len(candidate)} of the candidate"
        )
    out = []
    for a, b in zip(champion, candidate, strict=True):
        if float(a) not in (0.0, 1.0) or float(b) not in (0.0, 1.0):
            raise ValueError(f"scores must be 0 or 1, got {a!r} and {b!r}")
        out.append(int(b) - int(a))
    return out


def _tango_bound(n: int, fixed: int, broken: int, tail: float) -> float:
    """Lower score bound of (fixed - broken) / n: the difference at which the score statistic equals z."""
    z = NormalDist().inv_cdf(1 - tail)
    low, high = -1.0, (fixed - broken) / n
    for _ in range(60):  # bisection to below 1e-16
        middle = (low + high) / 2
        if tango_score(n, fixed, broken, middle) > z:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def tango_score(n: ArrayLike, fixed: ArrayLike, broken: ArrayLike, delta: float) -> NDArray[np.float64]:
    """Tango's score statistic that the gain is above `delta`, with the nuisance P(broken) at its constrained maximum
    likelihood (Tango 1998, formulas 8 to 10). Counts may be arrays: simulations judge thousands of pairs at once."""
    import numpy as np

    n, f, b = np.asarray(n, dtype=float), np.asarray(fixed, dtype=float), np.asarray(broken, dtype=float)
    linear = -f - b + (2 * n - f + b) * delta
    constant = -b * delta * (1 - delta)
    nuisance = (np.sqrt(np.maximum(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * nuisance + delta * (1 - delta))
    distance = f - b - n * delta
    certain = np.where(distance > 0, np.inf, 0.0)  # no variance left: delta lies at the edge of what is possible
    return np.where(variance > 0, distance / np.sqrt(np.where(variance > 0, variance, 1.0)), certain)
