"""How well a model still predicts real text, by how hard each text was for the model at cycle 0.

Losses are mean negative log-likelihoods in nats a token, one a text, always over the same real texts in the same
order. Collapse shows in the hardest decile first: rare text becomes impossible while common text becomes
likelier (Shumailov 2024, doi 10.1038/s41586-024-07566-y, "early model collapse").
"""

from __future__ import annotations

from collections.abc import Sequence

DECILES = 10


def by_decile(first: Sequence[float], now: Sequence[float]) -> list[float]:
    """Mean change of loss in each decile of `first`, easiest first, in nats a token.

    Raises:
        ValueError: the two don't have the same texts, or fewer than ten.
    """
    import numpy as np

    if len(first) != len(now) or len(first) < DECILES:
        raise ValueError(f"losses of the same 10 texts or more are needed, got {len(first)} and {len(now)}")
    order = np.argsort(np.asarray(first), kind="stable")
    change = np.asarray(now, dtype=float)[order] - np.asarray(first, dtype=float)[order]
    return [float(part.mean()) for part in np.array_split(change, DECILES)]


def tail_loss(first: Sequence[float], now: Sequence[float]) -> float:
    """Change of loss in the hardest decile, in nats a token."""
    return by_decile(first, now)[-1]


def tail_gap(first: Sequence[float], now: Sequence[float]) -> float:
    """How much more the hardest decile lost than the middle ones (the fourth to the seventh), in nats a token."""
    parts = by_decile(first, now)
    return parts[-1] - sum(parts[3:7]) / 4
