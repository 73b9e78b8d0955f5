"""Scores that are not right or wrong but more or less: the gold answer's log-probability margin.

Paired real scores of champion and candidate go in, the mean difference with its interval and p-value comes out. A
margin moves long before an answer flips, so the same items see smaller gains; what it says is "more sure of the
right answer", not "more often right", which is why the gate reports both.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from agent.statistics.resampling import bootstrap_means, outward_quantile, sign_flip


@dataclass(frozen=True)
class MeanDifference:
    """Candidate minus champion in a real score."""

    n: int
    mean: float
    """In the score's own unit (nats for log-probability margins)."""
    ci_low: float
    ci_high: float
    p_value: float
    """One-sided, that the mean is above zero: sign-flip over groups."""
    confidence: float = 0.95


def mean_difference(champion: Sequence[float], candidate: Sequence[float], groups: Sequence[Hashable] | None = None, confidence: float = 0.95) -> MeanDifference:
    """Mean paired difference with its group-bootstrap percentile interval and sign-flip p-value.

    Raises:
        ValueError: no items, lengths differ, a score that is not finite, a confidence outside (0, 1).
    """
    if len(champion) != len(candidate):
        raise ValueError(f"scores are not paired: {len(champion)} of the champion, {len(candidate)} of the candidate")
    if not champion:
        raise ValueError("no items to compare")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    differences = [float(after) - float(before) for before, after in zip(champion, candidate, strict=True)]
    p_value = sign_flip(differences, groups)
    means, tail = bootstrap_means(differences, groups), (1 - confidence) / 2
    return MeanDifference(len(differences), sum(differences) / len(differences), outward_quantile(means, tail),
                          outward_quantile(means, 1 - tail), p_value, confidence)
