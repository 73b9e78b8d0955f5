"""How hard the failures are on an engine's own scale of 0 to 1.

The engine is sampled on a grid of difficulties; what grows with difficulty (digits, list length, word length,
the answer's size) is found by correlation and weighed by it. Each failure then gets the grid point whose
samples look most like it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from random import Random

from curricula.engines.contract import find_engine
from curricula.strategies.fit.relations import listed_in, numbers_in
from curricula.strategies.fit.surface import Reading

GRID = tuple(i / 8 for i in range(9))
SAMPLES_PER_POINT = 24
MIN_CORRELATION = 0.2  # below this a feature does not move with difficulty
UNKNOWN = 0.7  # nothing measurable grows (days, past tenses): most of the engine's range, rarities left out


def magnitudes(question: str, answer: str) -> list[float]:
    """Sizes that may grow with difficulty: numbers, lists, words, answer."""
    numbers = [abs(number) for number in numbers_in(question)]
    members = listed_in(question)
    words = [word for word in re.findall(r"[^\W\d_]+", question)]
    value = re.search(r"-?\d[\d,]*(?:\.\d+)?", answer)
    return [
        math.log10(1 + max(numbers, default=0.0)),
        sum(math.log10(1 + number) for number in numbers) / len(numbers) if numbers else 0.0,
        float(len(numbers)),
        float(len(members)),
        float(max((len(word) for word in words), default=0)),
        float(len(words)),
        math.log10(1 + abs(float(value[0].replace(",", "")))) if value else 0.0,
        float(len(answer)),
        float(min((number % 15 > 0) + (number % 5 > 0) for number in numbers) if numbers else 0),
    ]


@lru_cache(maxsize=256)
def _scale(engine_name: str) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Weight of every feature, and its mean at every grid point. The seed is fixed, as in `engine_index`."""
    import numpy as np

    engine, rng = find_engine(engine_name), Random(f"difficulty:{engine_name}")
    items = [engine.sample(rng, point) for point in GRID for _ in range(SAMPLES_PER_POINT)]
    table = np.array([magnitudes(item.question, item.answer) for item in items])
    levels = np.repeat(GRID, SAMPLES_PER_POINT)
    spread = table.std(axis=0)
    shares = np.zeros(table.shape[1])
    for column in np.flatnonzero(spread > 0):
        shares[column] = max(0.0, float(np.corrcoef(table[:, column], levels)[0, 1]))
    shares[shares < MIN_CORRELATION] = 0.0
    weights = np.divide(shares, spread, out=np.zeros_like(shares), where=spread > 0)
    means = table.reshape(len(GRID), SAMPLES_PER_POINT, -1).mean(axis=1)
    return tuple(weights), tuple(map(tuple, means))


def fit_difficulty(engine_name: str, readings: Sequence[Reading]) -> list[float]:
    """Difficulty 0..1 of each failure on that engine's scale; `UNKNOWN` where the engine has none.

    A question larger than the engine's hardest gets 1.
    """
    weights, means = _scale(engine_name)
    if not any(weights):
        return [UNKNOWN] * len(readings)
    fitted = []
    for reading in readings:
        own = magnitudes(reading.stem, reading.gold)
        distances = [
            sum((w * (x - m)) ** 2 for w, x, m in zip(weights, own, mean, strict=True)) for mean in means
        ]
        fitted.append(GRID[distances.index(min(distances))])
    return fitted
