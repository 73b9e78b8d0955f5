"""What a gate would do, over thousands of imagined candidates made from one stored pair of models.

Paired 0/1 scores by group go in; p-values and kept margins of candidates with any true gain and any number of items
come out. A candidate is made by drawing whole groups with replacement and turning each group that differed the right
way round, or the wrong way: as likely either way for no true gain, more often right for a gain. So discordance,
group sizes and what hangs together stay those of the stored answers. The tests are the gate's own, on arrays.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from agent.statistics.paired import Scores, sign_flip_tail, tango_score
from agent.statistics.resampling import checked_groups

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

BOOTSTRAP_DRAWS = 400  # a fifth of the gate's: each bound is noisier, their share over thousands of candidates is not
CHUNK = 2_000_000  # group draws held at once
WORTH_COUNTING = 0.2  # McNemar p above which the exact p over groups can't matter: levels stay below .1


@dataclass(frozen=True)
class GroupedPair:
    """One stored pair of models, a row a group."""

    sizes: Floats
    fixed: Floats
    broken: Floats
    wrong: Floats
    """Items that both have wrong: where a gain beyond the discordance comes from."""

    @property
    def n(self) -> int:
        """Items."""
        return int(self.sizes.sum())

    @property
    def turnable(self) -> float:
        """Largest gain, as a share, that turning groups alone can make."""
        return float(abs(self.fixed - self.broken).sum() / self.sizes.sum())


@dataclass(frozen=True)
class Imagined:
    """Many candidates; every array has one entry a candidate."""

    p_values: Floats
    """Of the gate's primary test (McNemar, or sign-flip over groups where larger)."""
    observed: Floats
    """Gain that the gate would see, as a share."""
    is_held: Bools
    """Shown to have lost less than the margin; all False where none was asked for."""


def grouped_pair(before: Scores, after: Scores, groups: Sequence[Hashable]) -> GroupedPair:
    """Sum paired scores by group.

    Raises:
        ValueError: no items, or lists of unequal length.
    """
    import numpy as np

    if not before or len(before) != len(after):
        raise ValueError(f"need paired scores, got {len(before)} and {len(after)}")
    sums: dict[Hashable, list[float]] = {}
    for name, old, new in zip(checked_groups(groups, len(before)), before, after, strict=True):
        row = sums.setdefault(name, [0.0] * 4)
        row[0] += 1
        row[1] += new > old
        row[2] += new < old
        row[3] += new == old == 0
    table = np.array(list(sums.values()), dtype=float)
    return GroupedPair(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def imagine(pair: GroupedPair, gain: float, n_candidates: int, rng: np.random.Generator, *, times_items: float = 1.0, margin: float | None = None,
            alpha: float = 0.05) -> Imagined:
    """Candidates with this true gain (negative: a fall) on a suite `times_items` as large.

    A gain beyond `pair.turnable` also fixes items that both models had wrong; a fall beyond it is cut there.
    """
    import numpy as np

    n_groups = max(1, round(len(pair.sizes) * times_items))
    parts, left = [], n_candidates
    while left:
        part = min(left, max(1, CHUNK // n_groups))
        parts.append(_imagine(pair, gain, part, n_groups, rng, margin, alpha))
        left -= part
    return Imagined(np.concatenate([part.p_values for part in parts]), np.concatenate([part.observed for part in parts]),
                    np.concatenate([part.is_held for part in parts]))


def passes(fixed: Floats, broken: Floats, level: float) -> Bools:
    """The primary test where no items share a group: exact McNemar at this level, on arrays of counts."""
    return (mcnemar_p(fixed, broken) <= level) & (fixed > broken)


def holds(n: int | Floats, fixed: Floats, broken: Floats, margin: float, alpha: float = 0.05) -> Bools:
    """The non-inferiority rule where no items share a group, on arrays of counts of `n` items."""
    from statistics import NormalDist

    return tango_score(n, fixed, broken, -margin) > NormalDist().inv_cdf(1 - alpha)


def mcnemar_p(fixed: Floats, broken: Floats) -> Floats:
    """`paired.mcnemar_exact` on arrays."""
    import numpy as np
    from scipy.special import bdtrc

    up, down = np.asarray(fixed).astype(int), np.asarray(broken).astype(int)
    return np.where(up > 0, bdtrc(np.maximum(up, 1) - 1, np.maximum(up + down, 1), 0.5), 1.0)


def _imagine(pair: GroupedPair, gain: float, n_candidates: int, n_groups: int, rng: np.random.Generator, margin: float | None, alpha: float) -> Imagined:
    import numpy as np

    chosen = rng.integers(0, len(pair.sizes), size=(n_candidates, n_groups))
    sizes, high, low = pair.sizes[chosen], np.maximum(pair.fixed, pair.broken)[chosen], np.minimum(pair.fixed, pair.broken)[chosen]
    turnable = pair.turnable
    right_way = 0.5 * (1 + np.clip(gain / turnable, -1, 1)) if turnable else 0.5
    is_right = rng.random(chosen.shape) < right_way
    fixed, broken = np.where(is_right, high, low), np.where(is_right, low, high)
    if gain > turnable and pair.wrong.any():
        share = min(1.0, (gain - turnable) * pair.sizes.sum() / pair.wrong.sum())
        fixed = fixed + pair.wrong[chosen] * (rng.random(chosen.shape) < share)
    n, all_fixed, all_broken = sizes.sum(axis=1), fixed.sum(axis=1), broken.sum(axis=1)
    p_values = mcnemar_p(all_fixed, all_broken)
    is_held = np.zeros(n_candidates, bool) if margin is None else holds(n, all_fixed, all_broken, margin, alpha)
    if pair.sizes.max() > 1:
        nets = fixed - broken
        for at in np.flatnonzero(p_values <= WORTH_COUNTING):
            p_values[at] = max(p_values[at], _sign_flip_p(tuple(np.bincount(np.abs(nets[at]).astype(int)).tolist()), int(nets[at].sum())))
        if margin is not None:
            is_held &= _bootstrap_low(nets, sizes, rng, alpha) > -margin
    return Imagined(p_values, (all_fixed - all_broken) / n, is_held)


@lru_cache(maxsize=4096)
def _sign_flip_p(counts: tuple[int, ...], net: int) -> float:
    """Sign-flip p by how many groups have which absolute net; candidates share many of them."""
    return sign_flip_tail([size for size, count in enumerate(counts) for _ in range(count) if size], net)


def _bootstrap_low(nets: Floats, sizes: Floats, rng: np.random.Generator, alpha: float) -> Floats:
    """Lower bootstrap bound of each candidate's gain: the gate's procedure, with weights shared by all candidates."""
    import numpy as np

    n_groups = nets.shape[1]
    weights = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=BOOTSTRAP_DRAWS).astype(np.float32)
    means = (nets.astype(np.float32) @ weights.T) / (sizes.astype(np.float32) @ weights.T)
    at = int(alpha * (BOOTSTRAP_DRAWS - 1))  # rounded down, as the gate rounds its bound outwards
    return np.partition(means, at, axis=1)[:, at].astype(float)
