"""What a gate of a given size can see, computed before it is spent.

Item counts and discordance (the share of items on which two models differ) go in; power, the smallest visible
gain, or the number of items a margin needs come out. Power of the exact test is summed exactly, not approximated.
"""

from __future__ import annotations

import math
from statistics import NormalDist


def mcnemar_power(n: int, gain: float, discordance: float, alpha: float) -> float:
    """Chance that the one-sided exact McNemar test rejects at `alpha`.

    `gain` = P(fixed) - P(broken), `discordance` = P(fixed) + P(broken), both as shares of `n` items. Summed over
    the number of discordant items, which is Binomial(n, discordance) (as in Duffy 1984).

    Raises:
        ValueError: |gain| above the discordance, or a discordance above 1.
    """
    if abs(gain) > discordance + 1e-12 or discordance > 1 + 1e-12:
        raise ValueError(f"need |gain| <= discordance <= 1, got gain={gain}, discordance={discordance}")
    if n == 0 or discordance <= 0 or alpha <= 0:
        return 0.0
    import numpy as np
    from scipy.special import bdtr, bdtrc, bdtrik

    centre, spread = n * discordance, math.sqrt(n * discordance * (1 - discordance))
    first, last = max(1, math.floor(centre - 9 * spread)), min(n, math.ceil(centre + 9 * spread))
    differing = np.arange(first, last + 1)
    weight = bdtr(differing, n, min(1.0, discordance)) - bdtr(differing - 1, n, min(1.0, discordance))
    # smallest k with P(X >= k) <= alpha: start at the continuous quantile, step up while still above alpha
    needed = np.floor(np.nan_to_num(bdtrik(1 - alpha, differing.astype(float), 0.5)))
    for _ in range(4):
        tail = np.where(needed > 0, bdtrc(np.minimum(needed, differing) - 1, differing, 0.5), 1.0)
        needed = needed + ((needed <= differing) & (tail > alpha))
    share = min(1.0, (discordance + gain) / (2 * discordance))
    reached = np.where(needed > differing, 0.0, bdtrc(np.minimum(needed, differing) - 1, differing, share))
    return float(np.clip((weight * np.nan_to_num(reached)).sum(), 0.0, 1.0))


def smallest_detectable_gain(n: int, discordance: float, alpha: float, power: float = 0.8) -> float:
    """Smallest true gain that the gate sees with this power, as a share (0.03 is three points).

    `discordance` is what earlier looks showed (or a guess); a gain larger than it raises it to the gain itself
    (everything that differs is fixed). Returns 1.0 where even that is too little, as for n = 0 or alpha = 0.

    Raises:
        ValueError: a power outside (0, 1) or a discordance outside [0, 1].
    """
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, got {power}")
    if not 0 <= discordance <= 1:
        raise ValueError(f"discordance must lie between 0 and 1, got {discordance}")
    if n == 0 or alpha <= 0 or mcnemar_power(n, 1.0, 1.0, alpha) < power:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(30):  # bisection to 1e-9, far below one item
        middle = (low + high) / 2
        if mcnemar_power(n, middle, max(discordance, middle), alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def items_for_margin(margin: float, discordance: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Items a protected suite needs to show "not worse by `margin`" when nothing changed but noise.

    Normal approximation of Tango's test at a true gain of zero (Liu et al. 2002, formula 7), never below what a
    suite without any discordant item needs, z^2 (1 - margin) / margin.

    Raises:
        ValueError: margin or discordance out of range.
    """
    if not 0 < margin < 1 or not 0 <= discordance <= 1:
        raise ValueError(f"need 0 < margin < 1 and 0 <= discordance <= 1, got {margin} and {discordance}")
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha), NormalDist().inv_cdf(power)
    by_noise = discordance * ((z_alpha + z_power) / margin) ** 2
    return math.ceil(max(by_noise, z_alpha**2 * (1 - margin) / margin))
