"""A B B A: two ways of doing the same thing, timed in turn, reported as the median of the paired ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times slower `theirs` is than `ours`; above 1 ours is faster."""

    median: float
    low: float
    high: float
    """Smallest and largest of the paired ratios."""
    n_pairs: int
    ours_s: float
    theirs_s: float
    """Medians in seconds, for orientation only."""


def compare(ours: Callable[[], object], theirs: Callable[[], object], n_pairs: int = 4) -> Ratio:
    """Time both in the order A B B A A B ...; both must have been warmed up and checked for equal output before."""
    pairs = []
    for index in range(n_pairs):
        order = (ours, theirs) if index % 2 == 0 else (theirs, ours)
        seconds = {}
        for work in order:
            begun = time.perf_counter()
            work()
            seconds[work] = time.perf_counter() - begun
        pairs.append((seconds[ours], seconds[theirs]))
    ratios = sorted(b / a for a, b in pairs)
    return Ratio(statistics.median(ratios), ratios[0], ratios[-1], n_pairs, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))
