"""Intervals for one proportion, and control of the false discovery rate over many tests.

Counts go in, bounds between 0 and 1 come out. Everything is exact or a textbook step-up rule; scipy.special
alone is loaded (scipy.stats costs most of a second) and only when a number is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

Side = Literal["both", "lower", "upper"]


@dataclass(frozen=True)
class Interval:
    """A confidence interval; one-sided ones have 0 or 1 at the open end."""

    low: float
    high: float
    confidence: float


def clopper_pearson(k: int, n: int, confidence: float = 0.95, side: Side = "both") -> Interval:
    """Exact interval for a proportion of `k` in `n` (Clopper and Pearson 1934, by beta quantiles).

    `side`: `both` puts half of the error at each end; `lower` or `upper` puts all of it there and leaves the
    other end at 1 or 0. `n = 0` says nothing: 0 to 1.

    Raises:
        ValueError: not 0 <= k <= n, or a confidence outside (0, 1).
    """
    if not 0 <= k <= n:
        raise ValueError(f"need 0 <= k <= n, got k={k}, n={n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if n == 0:
        return Interval(0.0, 1.0, confidence)
    from scipy.special import betaincinv

    error = 1 - confidence
    tail = error / 2 if side == "both" else error
    low = 0.0 if k == 0 or side == "upper" else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n or side == "lower" else float(betaincinv(k + 1, n - k, 1 - tail))
    return Interval(low, high, confidence)


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval for a proportion of `k` in `n` (Wilson 1927): shorter than the exact one, right on average.

    For shares of many simulated runs, where the exact interval's guarantee buys nothing. `n = 0`: 0 to 1.

    Raises:
        ValueError: not 0 <= k <= n, or a confidence outside (0, 1).
    """
    if not 0 <= k <= n:
        raise ValueError(f"need 0 <= k <= n, got k={k}, n={n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if n == 0:
        return Interval(0.0, 1.0, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = k / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return Interval(0.0 if k == 0 else max(0.0, centre - half), 1.0 if k == n else min(1.0, centre + half), confidence)


def binomial_lower_tail(k: int, n: int, p: float) -> float:
    """P(X <= k) for X ~ Binomial(n, p): how surprising so few successes are if the rate were `p`."""
    if n == 0 or k >= n:
        return 1.0
    if k < 0:
        return 0.0
    from scipy.special import bdtr

    return float(bdtr(k, n, p))


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values (q-values), in the order given; calling those <= q holds the FDR at q.

    Benjamini and Hochberg 1995: valid for independent and for positively dependent tests. NaN counts as 1.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    values = [1.0 if value != value else float(value) for value in p]
    if any(not 0 <= value <= 1 for value in values):
        raise ValueError("p-values must lie between 0 and 1")
    order = sorted(range(len(values)), key=lambda i: values[i], reverse=True)
    adjusted = [1.0] * len(values)
    smallest = 1.0
    for rank_from_top, index in enumerate(order):
        smallest = min(smallest, values[index] * len(values) / (len(values) - rank_from_top))
        adjusted[index] = smallest
    return adjusted
