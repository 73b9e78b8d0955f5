"""What a gate of a given size can see, computed before it is spent.

Item counts and discordance (the share of items on which two models differ) go in; power, the smallest visible
gain, or the number of items a margin needs come out. Power of the exact test is summed exactly, not approximated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING

from agent.statistics.paired import tango_score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MANY_DIFFER = 300  # differing items from which the normal approximation is within 1 % of the exact number
MOST_ITEMS = 1_000_000  # beyond this the answer is "not with a suite"


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


def items_for_gain(gain: float, discordance: float, alpha: float, power: float = 0.8) -> int:
    """Items with which the exact McNemar test sees this true gain with this power; `MOST_ITEMS` where none suffice.

    As in `smallest_detectable_gain`, a gain above the discordance raises it to the gain itself. Power of an exact
    test rises in small saw-teeth, so a few items more or less are the same answer.

    Raises:
        ValueError: gain, discordance or power out of range.
    """
    if not 0 < gain <= 1 or not 0 <= discordance <= 1 or not 0 < power < 1:
        raise ValueError(f"need 0 < gain <= 1, 0 <= discordance <= 1 and 0 < power < 1, got {gain}, {discordance} and {power}")
    return _fewest(lambda n: mcnemar_power(n, gain, max(discordance, gain), alpha) >= power)


def margin_power(n: int, margin: float, discordance: float, alpha: float = 0.05, gain: float = 0.0) -> float:
    """Chance that a candidate with this true gain is shown to lose less than `margin` on `n` items (Tango's test).

    Summed exactly over fixed and broken counts; with `gain` 0 the chance that a harmless candidate passes.

    Raises:
        ValueError: margin, discordance or gain out of range.
    """
    if not 0 < margin < 1 or abs(gain) > discordance + 1e-12 or discordance > 1:
        raise ValueError(f"need 0 < margin < 1 and |gain| <= discordance <= 1, got {margin}, {gain} and {discordance}")
    if n == 0:
        return 0.0
    import numpy as np
    from scipy.special import bdtr

    def chances(most: NDArray[np.int_], trials: NDArray[np.int_] | int, share: float) -> NDArray[np.float64]:
        return np.asarray(bdtr(most, trials, share) - np.where(most > 0, bdtr(np.maximum(most - 1, 0), trials, share), 0.0))

    centre, spread = n * discordance, math.sqrt(n * discordance * (1 - discordance))
    differing = np.arange(max(0, math.floor(centre - 6 * spread)), min(n, math.ceil(centre + 6 * spread)) + 1)
    share = (discordance + gain) / (2 * discordance) if discordance else 0.5
    around = 6 * math.sqrt(differing[-1] * share * (1 - share))
    fixed = np.arange(max(0, math.floor(differing[0] * share - around)), min(differing[-1], math.ceil(differing[-1] * share + around)) + 1)
    possible = fixed[None, :] <= differing[:, None]
    both = np.where(possible, chances(np.minimum(fixed[None, :], differing[:, None]), differing[:, None], share), 0.0)
    weight = chances(differing, n, discordance) if discordance else np.ones(1)
    broken = np.maximum(differing[:, None] - fixed[None, :], 0)
    passed = tango_score(n, fixed[None, :], broken, -margin) > NormalDist().inv_cdf(1 - alpha)
    return float(np.clip((weight[:, None] * both * passed).sum(), 0.0, 1.0))


def smallest_margin(n: int, discordance: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest margin that `n` items can show to be held, with this power, by a candidate that changed nothing but
    noise; 1.0 where none can.

    Raises:
        ValueError: discordance or power out of range.
    """
    if not 0 <= discordance <= 1 or not 0 < power < 1:
        raise ValueError(f"need 0 <= discordance <= 1 and 0 < power < 1, got {discordance} and {power}")
    low, high = 0.0, 1.0
    for _ in range(16):  # bisection to 1.5e-5, far below one item
        middle = (low + high) / 2
        low, high = (low, middle) if margin_power(n, middle, discordance, alpha) >= power else (middle, high)
    return high


def items_for_margin(margin: float, discordance: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Items a protected suite needs to show "not worse by `margin`" when nothing changed but noise; `MOST_ITEMS` where
    none suffice. Where few items differ by the exact power of Tango's test: the normal approximation (Liu et al. 2002,
    formula 7) then names so few that 56 % power was left of 80. It serves where `MANY_DIFFER`.

    Raises:
        ValueError: margin, discordance or power out of range.
    """
    if not 0 < margin < 1 or not 0 <= discordance <= 1 or not 0 < power < 1:
        raise ValueError(f"need 0 < margin < 1, 0 <= discordance <= 1 and 0 < power < 1, got {margin}, {discordance} and {power}")
    spread = NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(power)
    roughly = math.ceil(discordance * (spread / margin) ** 2)
    if roughly * discordance >= MANY_DIFFER:
        return min(roughly, MOST_ITEMS)
    return _fewest(lambda n: margin_power(n, margin, discordance, alpha) >= power)


def _fewest(suffices: Callable[[int], bool]) -> int:
    """The smallest n that suffices, up to a saw-tooth; doubling, then bisection."""
    high = 8
    while not suffices(high):
        high *= 2
        if high >= MOST_ITEMS:
            return MOST_ITEMS
    low = high // 2 if high > 8 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high
