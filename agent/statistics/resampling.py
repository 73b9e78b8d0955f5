"""Flipping and redrawing whole groups of items: the two ways to judge a paired difference without a distribution.

Differences of paired scores (candidate minus champion, any real numbers) and their groups go in; a p-value or
bootstrap means come out. Items of one group (near-duplicates, one passage) stand or fall together, so they are
flipped and drawn together: an item copied ten times is one piece of evidence, not ten. Seeds are fixed: the same
scores give the same numbers on every machine, in any order of the items.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BOOTSTRAP_DRAWS = 2000  # Monte-Carlo error of a 2.5 % tail is then about 0.35 points
SIGN_FLIPS = 100_000  # smallest p is then 1e-5; the harmonic level of look 50 is 2.4e-5
EXACT_GROUPS = 16  # up to 2 ** 16 sign patterns are counted, not drawn
SEED = 20251122  # fixed: the same scores must give the same numbers on every machine
CHUNK = 4_000_000  # random numbers held at once


def checked_groups(groups: Sequence[Hashable], n: int) -> list[Hashable]:
    """Groups as a list; an empty name means that the item stands alone.

    Raises:
        ValueError: not one group an item.
    """
    if len(groups) != n:
        raise ValueError(f"{len(groups)} groups for {n} items")
    return [("alone", i) if group in ("", None) else group for i, group in enumerate(groups)]


def group_sums(differences: Sequence[float], groups: Sequence[Hashable] | None) -> Array:
    """One row (sum of the differences, number of items) a group, sorted, so that the items' order doesn't matter.

    `groups` None: every item is its own group. Shape (groups, 2).
    """
    import numpy as np

    names = [("alone", i) for i in range(len(differences))] if groups is None else checked_groups(groups, len(differences))
    sums: dict[Hashable, list[float]] = {}
    for name, step in zip(names, differences, strict=True):
        entry = sums.setdefault(name, [0.0, 0.0])
        entry[0] += step
        entry[1] += 1
    return np.array(sorted(sums.values()), dtype=float).reshape(-1, 2)


def bootstrap_means(differences: Sequence[float], groups: Sequence[Hashable] | None) -> list[float]:
    """Mean differences of `BOOTSTRAP_DRAWS` redrawn data sets, sorted; groups are drawn whole (Davison and Hinkley
    1997, section 3.8). No item: an empty list."""
    import numpy as np

    table = group_sums(differences, groups)
    n_groups = len(table)
    if not n_groups:
        return []
    rng = np.random.default_rng(SEED)
    means: list[float] = []
    chunk = max(1, CHUNK // n_groups)
    while len(means) < BOOTSTRAP_DRAWS:
        draws = min(chunk, BOOTSTRAP_DRAWS - len(means))
        sums = table[rng.integers(0, n_groups, size=(draws, n_groups))].sum(axis=1)
        means.extend((sums[:, 0] / sums[:, 1]).tolist())
    return sorted(means)


def outward_quantile(ordered: list[float], share: float) -> float:
    """Bootstrap quantile, rounded outwards so that the interval is never narrower than asked."""
    position = share * (len(ordered) - 1)
    return ordered[math.floor(position) if share < 0.5 else math.ceil(position)]


def sign_flip(differences: Sequence[float], groups: Sequence[Hashable] | None = None) -> float:
    """One-sided p-value that the mean difference is above zero, by flipping the signs of whole groups.

    The null hypothesis: each group's summed difference is as likely to have the other sign (Fisher 1935, section
    21). Up to `EXACT_GROUPS` groups that differ are counted exactly; beyond, `SIGN_FLIPS` patterns are drawn and
    the observed one counted in, so that p is never 0 and the test stays valid (Phipson and Smyth 2010). For 0/1
    scores `paired.sign_flip_exact` counts any number of groups.

    Raises:
        ValueError: a difference that is not finite, or not one group an item.
    """
    import numpy as np

    sums = group_sums(differences, groups)[:, 0]
    if not np.isfinite(sums).all():
        raise ValueError("differences must be finite")
    sizes = np.abs(sums[sums != 0])
    if not len(sizes):
        return 1.0
    observed = sums.sum() - 1e-9 * sizes.sum()  # sums in another order differ in the last bits: ties count as reached
    if len(sizes) <= EXACT_GROUPS:
        patterns = (np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes))) & 1
        return float(((2 * patterns - 1) @ sizes >= observed).mean())
    rng = np.random.default_rng(SEED)
    reached, done, chunk = 1, 0, max(1, CHUNK // len(sizes))
    while done < SIGN_FLIPS:
        draws = min(chunk, SIGN_FLIPS - done)
        signs = 2.0 * rng.integers(0, 2, size=(draws, len(sizes)), dtype=np.int8) - 1
        reached += int((signs @ sizes >= observed).sum())
        done += draws
    return reached / (SIGN_FLIPS + 1)
