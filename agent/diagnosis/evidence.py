"""Which regions are weak: the outcomes choose the level of the hierarchy, and must prove it.

A tree, rows per leaf and passes per leaf go in; disjoint weak regions come out. The tree is cut where outcomes change
(`segments`); a part is weak if the Clopper-Pearson upper bound of its accuracy lies below what the student reaches
elsewhere (EvalTree, Zeng et al. 2025, section 3.3); weak parts are split where their subject changes and joined where
it does not. A permutation test before, and Benjamini-Hochberg over everything tested, keep chance out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.diagnosis.clustering import Tree, merge_alike, split_by_subject
from agent.diagnosis.segments import cut, has_structure, two_levels
from agent.statistics.intervals import benjamini_hochberg, binomial_lower_tail, clopper_pearson

ABSOLUTE_TARGET = 0.5  # failing more often than not is weak, even where everything else is as bad


@dataclass(frozen=True)
class Criteria:
    """What counts as weak; the defaults are those of the benchmark figures."""

    target: float | None = None
    """Accuracy below which a region is weak; None: what the student reaches elsewhere, less `margin`."""
    margin: float = 0.0
    confidence: float = 0.95
    """Of the one-sided Clopper-Pearson upper bound."""
    fdr: float = 0.10
    min_members: int = 5
    """EvalTree's minimum; five failures of five still leave an upper bound of .45."""

    def __post_init__(self) -> None:
        if self.target is not None and not 0 < self.target < 1:
            raise ValueError(f"target must lie between 0 and 1, got {self.target}")
        if not (
            0 <= self.margin < 1 and 0 < self.confidence < 1 and 0 < self.fdr < 1 and self.min_members >= 1
        ):
            raise ValueError(f"criteria out of range: {self}")

    def is_weak(self, passes: float, n: float, level: float) -> bool:
        """Is the upper bound of the accuracy below `level`?"""
        if n < self.min_members:
            return False
        return clopper_pearson(int(passes), int(n), self.confidence, "upper").high < level


@dataclass(frozen=True)
class Region:
    """A weak set of leaves with its evidence."""

    leaves: np.ndarray
    n: int
    passes: int
    target: float
    """Accuracy it was tested against."""
    p_value: float


def find_regions(
    tree: Tree,
    points: np.ndarray,
    rows: np.ndarray,
    passes: np.ndarray,
    *,
    seed: int,
    criteria: Criteria,
) -> list[Region]:
    """Disjoint weak regions, in no particular order.

    `points` (m, d) are unit vectors; `rows` and `passes` (m,) count rows and passed rows per leaf. The target is the
    upper of two levels that explain the parts of the tree, less the margin, or what the user names. A student that
    fails more than half of everything has no surroundings to stand out from: its target is at least 0.5.
    """
    total, passed = int(rows.sum()), int(passes.sum())
    if total - passed < criteria.min_members:
        return []
    parts = [tree.root]
    if has_structure(tree, rows, passes, seed, criteria.min_members):
        parts = cut(tree, rows, passes, criteria.min_members)
    n, k = tree.sums(rows), tree.sums(passes)
    if criteria.target is not None:
        target = criteria.target
    else:
        is_one = len(parts) == 1
        target = (passed / total if is_one else two_levels(n[parts], k[parts]).high) - criteria.margin
        if 2 * passed < total:
            target = max(target, ABSOLUTE_TARGET)
    weak = _proven(n[parts], k[parts], target, criteria)
    # a half that is not weak by itself keeps its parent whole: no evidence separates them
    is_whole = np.array([not criteria.is_weak(a, b, target) for a, b in zip(k, n, strict=True)])
    middles = tree.sums(points * rows[:, None])
    pieces = [
        tree.leaves(piece)
        for node, is_weak in zip(parts, weak, strict=True) if is_weak
        for piece in split_by_subject(tree, node, middles, is_whole)
    ]  # fmt: skip
    regions = merge_alike([piece[rows[piece] > 0] for piece in pieces if rows[piece].any()], points)
    sizes, hits = [rows[leaves].sum() for leaves in regions], [passes[leaves].sum() for leaves in regions]
    keep = _proven(np.array(sizes), np.array(hits), target, criteria)
    return [
        Region(np.sort(leaves), int(size), int(hit), target, binomial_lower_tail(int(hit), int(size), target))
        for leaves, size, hit, is_kept in zip(regions, sizes, hits, keep, strict=True) if is_kept
    ]  # fmt: skip


def _proven(n: np.ndarray, k: np.ndarray, target: float, criteria: Criteria) -> list[bool]:
    """Upper bound below target, and a false discovery rate below `fdr` over all of them."""
    q_values = benjamini_hochberg([binomial_lower_tail(int(a), int(b), target) for a, b in zip(k, n, strict=True)])
    return [
        q <= criteria.fdr and criteria.is_weak(a, b, target) for q, a, b in zip(q_values, k, n, strict=True)
    ]
