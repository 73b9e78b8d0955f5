"""The panel: every metric of one set of texts and one set of losses, with its interval.

All metrics of diversity depend on how many texts there are, so two panels are compared only at the same size.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from curricula.collapse import lexical, semantic, tails

HALVES = 20  # half-samples behind an interval
REFUSALS = ("i can't", "i cannot", "i can not", "i'm sorry", "i am sorry", "as an ai", "i'm unable", "i am unable", "i won't")


@dataclass(frozen=True)
class Metric:
    """What one number says, and which way is worse."""

    name: str
    worse: int
    """+1: a rise is worse; -1: a fall is; 0: shown, never alarmed."""
    says: str
    least: float
    """Smallest change that may alarm: a share of the value at cycle 0, or an absolute change where `is_absolute`."""
    is_absolute: bool = False


METRICS = (
    Metric("distinct_1", -1, "distinct words of all words", 0.10),
    Metric("distinct_2", -1, "distinct word pairs of all pairs", 0.10),
    Metric("distinct_3", -1, "distinct word triples of all triples", 0.10),
    Metric("self_bleu", +1, "likeness of each text to the others (BLEU-4)", 0.25),
    Metric("compression", +1, "bytes over compressed bytes", 0.10),
    Metric("vendi", -1, "effective number of different texts", 0.15),
    Metric("coverage", -1, "share of real texts with a neighbour", 0.15),
    Metric("rare_clusters", -1, "share of rare real clusters still met", 0.15),
    Metric("entropy", 0, "bits a word; falls with the length of texts alone, so it is shown and not alarmed", 0.0),
    Metric("repetition", +1, "share of texts that loop", 0.10, True),
    Metric("refusals", +1, "share of texts that refuse", 0.10, True),
    Metric("words", 0, "words a text", 0.0),
    Metric("loss", +1, "change of loss on fixed real text, nats a token", 0.15, True),
    Metric("tail_loss", +1, "the same in its hardest tenth", 0.20, True),
    Metric("tail_gap", +1, "how much more the hardest tenth lost than the middle", 0.15, True),
)


@dataclass(frozen=True)
class Panel:
    """Values by metric name; a metric that could not be measured is missing."""

    n_texts: int
    values: dict[str, float]
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    """95 % interval: a normal one with the spread of half-samples (Shao and Wu 1989, delete-half jackknife)."""
    loss_by_decile: tuple[float, ...] = ()
    """Change of loss against cycle 0, easiest texts first, nats a token."""


def measure(texts: Sequence[str], space: semantic.Space, first_losses: Sequence[float] = (), losses: Sequence[float] = (), *, seed: int = 0,
            intervals: bool = True) -> Panel:
    """All metrics of `texts`, and of `losses` against `first_losses` on the same real texts (nats a token).

    Raises:
        ValueError: the losses are not of the same texts.
    """
    of_texts = _Texts(texts, space)
    values = of_texts.measure(range(len(texts)))
    deciles: tuple[float, ...] = ()
    if len(losses):
        values |= _losses(first_losses, losses)
        deciles = tuple(tails.by_decile(first_losses, losses))
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    if intervals and len(texts) >= 20:
        spread = _spread(of_texts.measure, len(texts), seed)
        if len(losses) >= 2 * tails.DECILES:
            spread |= _spread(lambda kept: _losses([first_losses[i] for i in kept], [losses[i] for i in kept]), len(losses), seed)
        low = {name: values[name] - 1.96 * spread[name] for name in spread}
        high = {name: values[name] + 1.96 * spread[name] for name in spread}
    return Panel(len(texts), values, low, high, deciles)


def measure_texts(texts: Sequence[str], space: semantic.Space) -> dict[str, float]:
    """The metrics of texts alone, without intervals."""
    return _Texts(texts, space).measure(range(len(texts)))


class _Texts:
    """Texts split into words and placed once, measured on any part of them."""

    def __init__(self, texts: Sequence[str], space: semantic.Space) -> None:
        self._texts, self._space = list(texts), space
        self._words = [lexical.words(text) for text in texts]
        self._points = space.place(texts) if len(texts) else space.real[:0]

    def measure(self, kept: Sequence[int]) -> dict[str, float]:
        texts, words, points = [self._texts[i] for i in kept], [self._words[i] for i in kept], self._points[list(kept)]
        n = max(1, len(texts))
        return {
            **{f"distinct_{size}": lexical.distinct(words, size) for size in (1, 2, 3)},
            "self_bleu": lexical.self_bleu(words[:SELF_BLEU_TEXTS]), "compression": lexical.compression_ratio(texts), "vendi": semantic.vendi(points),
            "coverage": semantic.coverage(self._space, points), "rare_clusters": semantic.rare_coverage(self._space, points),
            "entropy": lexical.word_entropy(words), "repetition": lexical.looping(words), "words": sum(map(len, words)) / n,
            "refusals": sum(any(mark in text.lower() for mark in REFUSALS) for text in texts) / n}


SELF_BLEU_TEXTS = 24  # each against all others: the cost grows with the square


def _losses(first: Sequence[float], now: Sequence[float]) -> dict[str, float]:
    return {"loss": sum(now) / len(now) - sum(first) / len(first), "tail_loss": tails.tail_loss(first, now), "tail_gap": tails.tail_gap(first, now)}


def _spread(measured: Callable[[Sequence[int]], dict[str, Any]], n: int, seed: int) -> dict[str, float]:
    """Standard deviation of each metric over half-samples: that of the whole sample, for a mean of n texts."""
    import numpy as np

    rng = random.Random(seed)
    rows = [measured(sorted(rng.sample(range(n), n // 2))) for _ in range(HALVES)]
    return {name: float(np.std([row[name] for row in rows], ddof=1)) for name in rows[0]}
