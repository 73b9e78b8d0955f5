"""When a change of the panel is an alarm: beyond what real text shows against real text, and large enough to matter.

The mark to hold is the worse of cycle 0 and real text: a model that writes noise at first and becomes as regular as
people are has lost nothing (measured: a small model of 1,000 lines has 3 to 5 alarms by cycle 0 alone when it is taught ever
more text and predicts real text better).

Real texts are compared with real texts many times over; the spread of each metric is its noise, and the level is
the one that the worst metric of a whole panel passes in one comparison of a hundred. So the panel as a whole keeps
its promise, however many metrics it has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from curricula.collapse.panel import METRICS, Metric, Panel, measure_texts
from curricula.collapse.semantic import Space

DRAWS = 60  # pairs of real samples behind a calibration
FAMILY = 0.01  # share of real-versus-real panels whose worst metric may pass the level
LEAST_LEVEL = 3.0  # standard deviations: 60 draws can't tell a hundredth apart, so the level never falls below this
VETO_AFTER = 2  # alarmed cycles in a row


@dataclass(frozen=True)
class Calibration:
    """How much each metric moves between two sets of real texts of one size."""

    n_texts: int
    spread: dict[str, float]
    """Standard deviation of the difference, by metric."""
    level: float
    """How many of them make an alarm."""
    real: dict[str, float] = field(default_factory=dict)
    """What real texts show on average, by metric."""


@dataclass(frozen=True)
class Alarm:
    """One metric that moved too far the wrong way."""

    metric: str
    first: float
    now: float
    limit: float
    """The value it had to stay on the right side of."""
    says: str

    def sentence(self) -> str:
        """`distinct_2 fell from 0.62 to 0.41, below 0.55: distinct word pairs of all pairs`."""
        way = "rose" if self.now > self.first else "fell"
        beyond = "above" if self.now > self.first else "below"
        return f"{self.metric} {way} from {self.first:.3g} to {self.now:.3g}, {beyond} {self.limit:.3g}: {self.says}"


def calibrate(real: Sequence[str], n_texts: int, space: Space, seed: int, draws: int = DRAWS) -> Calibration:
    """Compare disjoint samples of `n_texts` real texts with each other; smaller ones where `real` is short, and the
    spread is then scaled by the square root of the sizes.

    Raises:
        ValueError: fewer than 40 real texts.
    """
    import numpy as np

    if len(real) < 40:
        raise ValueError(f"a calibration needs 40 real texts or more, got {len(real)}")
    size = min(n_texts, len(real) // 2)
    rng = random.Random(seed)
    rows, levels = [], []
    for _ in range(draws):
        both = rng.sample(range(len(real)), 2 * size)
        one, other = (measure_texts([real[i] for i in part], space) for part in (both[:size], both[size:]))
        rows.append({name: other[name] - one[name] for name in one})
        levels.append({name: (other[name] + one[name]) / 2 for name in one})
    scale = (size / n_texts) ** 0.5
    spread = {name: scale * float(np.sqrt(np.mean([row[name] ** 2 for row in rows]))) for name in rows[0]}
    signs = {metric.name: metric.worse for metric in METRICS if metric.worse}
    worst = [max((signs[name] * row[name] * scale / spread[name] for name in row if name in signs and spread[name] > 0), default=0.0) for row in rows]
    shown = {name: float(np.mean([row[name] for row in levels])) for name in levels[0]} if size == n_texts else {}  # most metrics depend on the size
    return Calibration(n_texts, spread, max(LEAST_LEVEL, float(np.quantile(worst, 1 - FAMILY))), shown)


def alarms(first: Panel, now: Panel, calibration: Calibration) -> list[Alarm]:
    """Metrics that moved the wrong way by more than noise and by more than their least change.

    Losses are of the same texts at both times, so they carry no noise of sampling: their least change decides.

    Raises:
        ValueError: the panels are of different sizes.
    """
    if first.n_texts != now.n_texts:
        raise ValueError(f"panels of {first.n_texts} and {now.n_texts} texts can't be compared")
    found = []
    for metric in METRICS:
        if not metric.worse or metric.name not in now.values:
            continue
        before = _mark(metric, first, calibration)
        limit = before + metric.worse * max(_least(metric, before), calibration.level * calibration.spread.get(metric.name, 0.0))
        if metric.worse * (now.values[metric.name] - limit) > 0:
            found.append(Alarm(metric.name, first.values.get(metric.name, 0.0), now.values[metric.name], limit, metric.says))
    return found


def vetoes(alarmed: Sequence[bool]) -> bool:
    """Whether the last cycles, oldest first, forbid a promotion: two alarmed in a row."""
    return len(alarmed) >= VETO_AFTER and all(alarmed[-VETO_AFTER:])


def _mark(metric: Metric, first: Panel, calibration: Calibration) -> float:
    """The worse of cycle 0 and real text."""
    at_first = first.values.get(metric.name, 0.0)
    real = calibration.real.get(metric.name, at_first)
    return max(at_first, real) if metric.worse > 0 else min(at_first, real)


def _least(metric: Metric, before: float) -> float:
    return metric.least if metric.is_absolute else metric.least * abs(before)
