"""Which regions are weak: the outcomes choose the level of the hierarchy, and must prove it.

A tree, rows per leaf and passes per leaf go in; disjoint weak regions come out. `segments` finds the parts in which
outcomes differ from those around; a part is weak if the Clopper-Pearson upper bound of its accuracy lies below what the student reaches
elsewhere (EvalTree, Zeng et al. 2025, section 3.3); weak parts are split where their subject changes and joined where
it does not. A permutation test before, and Benjamini-Hochberg over everything tested, keep chance out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.diagnosis.clustering import Tree, merge_alike, split_by_subject
from agent.diagnosis.segments import find_parts, has_structure, two_levels
from agent.statistics.intervals import benjamini_hochberg, binomial_lower_tail, clopper_pearson

USUAL_SHARE = 2 / 3  # of rows at the low level: then that is what is usual, and a few easy topics are the exception
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
    upper of two levels that explain the parts of the tree (the lower where two thirds of the rows are at that one), less the
    margin, or what the user names. A student that fails more than half of everything has no surroundings to stand out
    from: its target is at least 0.5. P-values are those of regions chosen by these very outcomes: what holds the rate
    of false claims is the permutation test.
    """
    total, passed = int(rows.sum()), int(passes.sum())
    if total - passed < criteria.min_members:
        return []
    parts = [np.arange(len(rows))]
    if has_structure(tree, rows, passes, seed):
        parts = find_parts(tree, rows, passes)
    n = np.array([rows[part].sum() for part in parts])
    k = np.array([passes[part].sum() for part in parts])
    if criteria.target is not None:
        target = criteria.target
    else:
        levels = two_levels(n, k)
        usual = levels.high if levels.weak_share <= USUAL_SHARE else levels.low
        target = max((usual if len(parts) > 1 else passed / total) - criteria.margin, 1e-6)
        if 2 * passed < total:
            target = max(target, ABSOLUTE_TARGET)
    pieces = [
        piece
        for part, is_weak in zip(parts, _proven(n, k, target, criteria), strict=True) if is_weak
        for piece in _by_subject(tree, points, rows, passes, part, target, criteria)
    ]  # fmt: skip
    regions = merge_alike([piece[rows[piece] > 0] for piece in pieces if rows[piece].any()], points)
    sizes = np.array([rows[leaves].sum() for leaves in regions])
    hits = np.array([passes[leaves].sum() for leaves in regions])
    return [
        Region(np.sort(leaves), int(size), int(hit), target, binomial_lower_tail(int(hit), int(size), target))
        for leaves, size, hit, is_kept in zip(regions, sizes, hits, _proven(sizes, hits, target, criteria), strict=True)
        if is_kept
    ]


def _by_subject(
    tree: Tree, points: np.ndarray, rows: np.ndarray, passes: np.ndarray, part: np.ndarray, target: float, criteria: Criteria
) -> list[np.ndarray]:
    """A weak part, split where its subject changes, so that each piece can be named and taught.

    A half that is not weak by itself keeps its parent whole: no evidence separates them.
    """
    inside = np.zeros(len(rows))
    inside[part] = 1.0
    n, k = tree.sums(rows * inside), tree.sums(passes * inside)

    def is_weak(node: int) -> bool:
        return criteria.is_weak(k[node], n[node], target)

    nodes = split_by_subject(tree, tree.sums(points * inside[:, None]), tree.sums(inside), is_weak)
    return [leaves[inside[leaves] > 0] for leaves in map(tree.leaves, nodes)]


def _proven(n: np.ndarray, k: np.ndarray, target: float, criteria: Criteria) -> list[bool]:
    """Upper bound below target, and a false discovery rate below `fdr` over all of them."""
    q_values = benjamini_hochberg([binomial_lower_tail(int(a), int(b), target) for a, b in zip(k, n, strict=True)])
    return [
        q <= criteria.fdr and criteria.is_weak(a, b, target) for q, a, b in zip(q_values, k, n, strict=True)
    ]
