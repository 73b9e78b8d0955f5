"""Looking while the answers come in, without paying for it: e-values for discordant pairs.

Counts of fixed and broken items so far go in; an e-value comes out. Under "the candidate is not better" its
expectation never exceeds 1 at any stopping time, so it may be looked at after every slice and the chance that it
ever reaches 1 / level is at most the level (Ville 1939). The price of that freedom is power: 1.6 to 2.7 times the items
of a fixed-size McNemar test for the same chance (gains of 10 to 3 points, 20 % differing, levels of the first three
looks), saved again only where the effect is much larger than feared.
"""

from __future__ import annotations

import math

from agent.statistics.paired import mcnemar_exact

FUTILE = 0.05  # chance below which going on is not worth the answers


def e_value(fixed: int, broken: int) -> float:
    """Evidence that a discordant item is more often fixed than broken.

    The mean, over rates t uniform on (1/2, 1), of the likelihood ratio t^fixed (1 - t)^broken / (1/2)^(fixed + broken):
    a mixture martingale in the sense of Robbins (1970), see Ramdas, Grünwald, Vovk and Shafer (2023, section 3). It
    needs independent items: give the signs of whole groups where items share one. Capped at the largest float.

    Raises:
        ValueError: a negative count.
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"counts must not be negative, got fixed={fixed}, broken={broken}")
    from scipy.special import betainc, betaln

    # the integral of t^f (1 - t)^b over (1/2, 1) is B(f+1, b+1) times the upper half of that beta distribution,
    # which by symmetry is the lower half of the mirrored one: no cancellation
    upper = float(betainc(broken + 1, fixed + 1, 0.5))
    if upper <= 0:
        return 0.0
    log_e = (fixed + broken + 1) * math.log(2) + float(betaln(fixed + 1, broken + 1)) + math.log(upper)
    return math.exp(min(log_e, 709.0))


def chance_to_cross(fixed: int, broken: int, n_left: int, discordance: float, gain: float, level: float) -> float:
    """Chance that the e-value reaches 1 / level by the end, if `n_left` more items come with this true gain.

    `discordance` and `gain` are shares of items, as in `power.mcnemar_power`. For futility: stopping when it is
    small only ever lowers the chance of a false promotion.

    Raises:
        ValueError: |gain| above the discordance, a discordance above 1, or a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    if abs(gain) > discordance + 1e-12 or discordance > 1 + 1e-12:
        raise ValueError(f"need |gain| <= discordance <= 1, got gain={gain}, discordance={discordance}")
    differing = round(n_left * discordance)
    # the e-value grows with every item that is fixed instead of broken: bisect for the fewest that cross
    low, high = 0, differing + 1
    while low < high:
        middle = (low + high) // 2
        if e_value(fixed + middle, broken + differing - middle) >= 1 / level:
            high = middle
        else:
            low = middle + 1
    if low > differing:
        return 0.0
    if low == 0:
        return 1.0
    from scipy.special import bdtrc

    return float(bdtrc(low - 1, differing, min(1.0, (discordance + gain) / (2 * discordance))))


def is_futile(fixed: int, broken: int, n_seen: int, n_left: int, min_effect: float, level: float) -> bool:
    """Whether going on is not worth it: measurably worse by now, or a gain of `min_effect` (or of the observed gain,
    where that is larger) would cross in fewer than `FUTILE` of cases."""
    if mcnemar_exact(broken, fixed) <= FUTILE:
        return True
    discordance = (fixed + broken + 1) / (n_seen + 2)
    gain = min(discordance, max(min_effect, (fixed - broken) / max(1, n_seen)))
    return chance_to_cross(fixed, broken, n_left, discordance, gain, level) < FUTILE


def smallest_crossing_gain(n: int, discordance: float, level: float, power: float = 0.8) -> float:
    """Smallest true gain, as a share, with which the e-value stands above 1 / level after `n` items with this power;
    1.0 where none does. To be compared with `power.smallest_detectable_gain` of the fixed-size test.

    Raises:
        ValueError: a discordance outside [0, 1], or a level outside (0, 1).
    """
    if not 0 <= discordance <= 1:
        raise ValueError(f"discordance must lie between 0 and 1, got {discordance}")
    low, high = 0.0, 1.0
    for _ in range(20):  # bisection to 1e-6
        middle = (low + high) / 2
        enough = chance_to_cross(0, 0, n, max(discordance, middle), middle, level) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high
