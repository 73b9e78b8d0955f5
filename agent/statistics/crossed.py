"""Two ways of training compared over several seeds on the same items: seeds and items both are chance.

A table of paired differences (a row a seed, a column an item) goes in, the mean with an interval that holds for new seeds
*and* new items comes out. The one thing to know: 5 seeds on 500 items are not 2,500 independent answers.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from agent.statistics.paired import paired_difference

CONFIDENCE = 0.95


@dataclass(frozen=True)
class CrossedDifference:
    """Mean difference of two arms over seeds and items."""

    mean: float
    ci_low: float
    ci_high: float
    p_value: float
    """Two-sided, of no difference."""
    n_seeds: int
    n_items: int
    per_seed: tuple[float, ...]
    sd_seeds: float
    """Standard deviation of the seeds' means; 0 for one seed."""


def crossed_difference(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], groups: Sequence[Hashable] | None = None) -> CrossedDifference:
    """`after` minus `before`, both shaped (seeds, items), with a 95 % interval for new seeds and new items.

    Variance by the two-way decomposition (Cameron, Gelbach and Miller 2011, section 2.2: seeds plus groups of items minus
    cells), degrees of freedom by Satterthwaite (1946). One seed: the paired interval over items, which says nothing about
    the chance of training. `groups`: one name an item, near-duplicates share one; None, each its own.

    Raises:
        ValueError: no seed, no item, or rows of different lengths.
    """
    import numpy as np
    from scipy import stats

    if not before or not before[0] or len(before) != len(after) or len({len(row) for row in [*before, *after]}) != 1:
        raise ValueError("before and after must be tables of the same seeds and the same items")
    table = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    n_seeds, n_items = table.shape
    mean, per_seed = float(table.mean()), tuple(float(value) for value in table.mean(axis=1))
    if n_seeds == 1:
        alone = paired_difference(list(before[0]), list(after[0]), groups=None if groups is None else list(groups))
        error = (alone.ci_high - alone.ci_low) / (2 * stats.norm.ppf((1 + CONFIDENCE) / 2))
        p_value = float(2 * stats.norm.sf(abs(mean) / error)) if error > 0 else 1.0
        return CrossedDifference(mean, alone.ci_low, alone.ci_high, p_value, 1, n_items, per_seed, 0.0)
    names = list(range(n_items)) if groups is None else list(groups)
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    sums = np.zeros((n_seeds, len(place)))
    for column, name in enumerate(names):
        sums[:, place[name]] += table[:, column] - mean
    n_groups, cells = len(place), n_seeds * n_items
    of_seeds = n_seeds / (n_seeds - 1) * float((sums.sum(axis=1) ** 2).sum()) / cells**2
    of_items = n_groups / max(1, n_groups - 1) * float((sums.sum(axis=0) ** 2).sum()) / cells**2
    residual = sums - sums.sum(axis=1, keepdims=True) / n_groups - sums.sum(axis=0, keepdims=True) / n_seeds
    free = max(1, (n_seeds - 1) * (n_groups - 1))
    of_cells = n_seeds * n_groups / free * float((residual**2).sum()) / cells**2
    variance = max(of_seeds + of_items - of_cells, of_seeds, of_items)  # a difference of estimates can fall below either
    if variance <= 0:
        return CrossedDifference(mean, mean, mean, 1.0 if mean == 0 else 0.0, n_seeds, n_items, per_seed, 0.0)
    parts = [(of_seeds, n_seeds - 1), (of_items, max(1, n_groups - 1)), (of_cells, free)]
    freedom = max(float(n_seeds - 1), min((of_seeds + of_items - of_cells) ** 2 / sum(part**2 / df for part, df in parts), float(cells)))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance)
    return CrossedDifference(mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / math.sqrt(variance), freedom)), n_seeds, n_items,
                             per_seed, float(np.std(per_seed, ddof=1)))


def lessons_for_gain(curve: Sequence[tuple[float, float]], gain: float) -> float | None:
    """Lessons at which a learning curve first reaches `gain`, by straight lines between its points; None where it never does.

    `curve`: (lessons, gain over the parent), beginning at (0, 0), lessons rising.
    """
    if gain <= 0:
        return 0.0
    for (x0, y0), (x1, y1) in zip(curve, curve[1:], strict=False):
        if y1 >= gain > y0:
            return x0 + (x1 - x0) * (gain - y0) / (y1 - y0)
    return None
