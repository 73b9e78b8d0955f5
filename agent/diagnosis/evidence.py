"""Which regions are weak: the outcomes choose the level of the hierarchy, and must prove it.

Trees, rows per leaf and passes per leaf go in; disjoint weak regions come out. A region scores by how much better
"it has a lower pass rate than the rest" explains its outcomes (the scan statistic of Kulldorff 1997, on tree
nodes), and dynamic programming picks the best disjoint set. Four guards, in order: a permutation test that there is
any structure at all, at least 5 members, the Clopper-Pearson upper bound of a region's accuracy below the target
(EvalTree, Zeng et al. 2025, section 3.3), and Benjamini-Hochberg over everything tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent.diagnosis.clustering import Hierarchies, Tree, merge_alike
from agent.statistics.intervals import benjamini_hochberg, binomial_lower_tail, clopper_pearson

SURE_MEMBERS = 20  # EvalTree: a part this large that fails the test keeps its parent whole
PERMUTATIONS = 199
ALPHA_STRUCTURE = 0.05  # chance of reporting anything where outcomes have nothing to do with the texts
ROUNDS = 3  # of estimating the surroundings' accuracy without the weak regions
ABSOLUTE_TARGET = 0.5  # failing more often than not is weak, even where everything else is as bad


@dataclass(frozen=True)
class Criteria:
    """What counts as weak; the defaults are those of the benchmark figures."""

    target: float | None = None
    """Accuracy below which a region is weak; None: the accuracy of its surroundings, less `margin`."""
    margin: float = 0.0
    """A margin of .05 costs up to two points of F1 on the planted benchmark and brings no precision."""
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
    hierarchies: Hierarchies,
    points: np.ndarray,
    rows: np.ndarray,
    passes: np.ndarray,
    *,
    seed: int,
    criteria: Criteria,
) -> list[Region]:
    """Disjoint weak regions, in no particular order.

    `rows` and `passes` (m,) count rows and passed rows per leaf. The target is the accuracy outside the weak
    regions, found by repetition, less the margin, or what the user names. A student that fails more than half of
    everything has no surroundings to stand out from: then each topic with an upper bound below 0.5 counts too (and,
    if no topic does, everything as one).
    """
    total, passed = int(rows.sum()), int(passes.sum())
    if total - passed < criteria.min_members:
        return []
    overall = passed / total
    found: list[np.ndarray] = []
    level = overall if criteria.target is None else criteria.target
    is_promising = criteria.target is not None or _has_structure(hierarchies, rows, passes, seed, criteria)
    if 0 < overall < 1 and is_promising:
        found, level = _scan(hierarchies.trees, rows, passes, level, criteria)
    level = max(level - criteria.margin, 1e-6) if criteria.target is None else level
    parts = [
        p for leaves in found for p in _by_topic(leaves, hierarchies, points, rows, passes, level, criteria)
    ]
    candidates = [(part, level) for part in merge_alike(parts, points)]
    floor = ABSOLUTE_TARGET if criteria.target is None else criteria.target
    if overall < floor:
        taken = np.zeros(len(rows), dtype=bool)
        for leaves, _ in candidates:
            taken[leaves] = True
        candidates += [(part[~taken[part]], floor) for part in hierarchies.topics]
    # surroundings estimated without the weak regions may be better than the whole: no weakness above average
    limit = overall if criteria.target is None else 1.0
    candidates = [(part, aim) for part, aim in candidates if passes[part].sum() <= limit * rows[part].sum()]
    proven = _proven(candidates, rows, passes, criteria)
    if proven or overall >= floor:
        return proven
    return _proven([(np.arange(len(rows)), floor)], rows, passes, criteria)


def _proven(
    candidates: list[tuple[np.ndarray, float]], rows: np.ndarray, passes: np.ndarray, criteria: Criteria
) -> list[Region]:
    regions = []
    for leaves, target in candidates:
        n, k = int(rows[leaves].sum()), int(passes[leaves].sum())
        if n >= criteria.min_members:
            regions.append(Region(np.sort(leaves), n, k, target, binomial_lower_tail(k, n, target)))
    q_values = benjamini_hochberg([region.p_value for region in regions])
    return [
        region
        for region, q in zip(regions, q_values, strict=True)
        if q <= criteria.fdr and criteria.is_weak(region.passes, region.n, region.target)
    ]


def _scan(
    trees: tuple[Tree, ...], rows: np.ndarray, passes: np.ndarray, level: float, criteria: Criteria
) -> tuple[list[np.ndarray], float]:
    """Weak leaf sets and the accuracy around them. Trees compete: the higher score takes its rows first."""
    found: list[np.ndarray] = []
    is_fixed = criteria.target is not None
    margin = 0.0 if is_fixed else criteria.margin
    for _ in range(1 if is_fixed else ROUNDS):
        picks = []
        for tree in trees:
            scores = _scores(tree, rows, passes[:, None], np.array([level]), len(trees), criteria)
            taken, _ = _best_cut(tree, scores)
            picks += [
                (float(scores[node, 0]), tree.leaves(node)) for node in np.flatnonzero(taken[:, 0]).tolist()
            ]
        picks.sort(key=lambda pick: (-pick[0], int(pick[1].min())))
        used = np.zeros(len(rows), dtype=bool)
        found = []
        for _, leaves in picks:
            fresh = leaves[~used[leaves]]
            is_weak = criteria.is_weak(passes[fresh].sum(), rows[fresh].sum(), level - margin)
            if is_weak and 2 * rows[fresh].sum() >= rows[leaves].sum():
                found.append(fresh)
                used[fresh] = True
        if is_fixed or used.all() or not used.any():
            break
        around = float(passes[~used].sum() / rows[~used].sum())
        if around >= 1 or abs(around - level) < 1e-3:
            break
        level = around
    return found, level


def _scores(
    tree: Tree, rows: np.ndarray, passes: np.ndarray, level: np.ndarray, n_trees: int, criteria: Criteria
) -> np.ndarray:
    """Log-likelihood ratio of each node against `level`, less the price of a region; -1 where it is no candidate.

    `passes` has shape (m, b) and `level` (b,): b data sets at once. The price grows with the number of rows and
    trees, as the best of many meaningless nodes does: log(rows / 20) + log(trees), at least 2.
    """
    n, k = tree.sums(rows)[:, None], tree.sums(passes)
    rate = (k + level) / (n + 1)  # one row of the surroundings added: a tiny node cannot claim a rate of zero
    ratio = k * np.log(rate / level) + (n - k) * np.log((1 - rate) / (1 - level))
    price = max(2.0, math.log(float(rows.sum()) / 20) + math.log(n_trees))
    return np.where((rate < level) & (n >= criteria.min_members), ratio - price, -1.0)


def _best_cut(tree: Tree, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(taken, total): the disjoint nodes with the largest sum of scores, and that sum, per column."""
    best = np.maximum(scores, 0.0)
    taken = scores > 0
    n_leaves = len(tree.order)
    for node in range(n_leaves, len(scores)):
        below = best[tree.left[node]] + best[tree.right[node]]
        taken[node] &= scores[node] >= below
        best[node] = np.where(taken[node], scores[node], below)
    for node in range(len(scores) - 1, n_leaves - 1, -1):
        # a taken node hides everything below it: pass the mark down, then clear it
        hidden = taken[node] | (best[node] < 0)
        for child in (tree.left[node], tree.right[node]):
            taken[child] &= ~hidden
            best[child] = np.where(hidden, -1.0, best[child])
    return taken, np.maximum(best[-1], 0.0)


def _has_structure(
    hierarchies: Hierarchies, rows: np.ndarray, passes: np.ndarray, seed: int, criteria: Criteria
) -> bool:
    """Permutation test: do the outcomes cluster better than shuffled ones?"""
    rng = np.random.default_rng(seed)
    total, passed = int(rows.sum()), int(passes.sum())
    leaf_of_row = np.repeat(np.arange(len(rows)), rows.astype(int))
    shuffled = np.empty((len(rows), PERMUTATIONS + 1))
    shuffled[:, 0] = passes
    for column in range(1, PERMUTATIONS + 1):
        chosen = leaf_of_row[rng.permutation(total)[:passed]]
        shuffled[:, column] = np.bincount(chosen, minlength=len(rows))
    if not 0 < passed < total:
        return False
    level = np.full(PERMUTATIONS + 1, passed / total)
    sums = [
        _best_cut(tree, _scores(tree, rows, shuffled, level, len(hierarchies.trees), criteria))[1]
        for tree in hierarchies.trees
    ]
    best = np.max(sums, axis=0)
    p_value = float(np.mean(best >= best[0] - 1e-9))  # the observed column counts itself
    return best[0] > 0 and p_value <= ALPHA_STRUCTURE


def _by_topic(
    leaves: np.ndarray,
    hierarchies: Hierarchies,
    points: np.ndarray,
    rows: np.ndarray,
    passes: np.ndarray,
    level: float,
    criteria: Criteria,
) -> list[np.ndarray]:
    """Split a weak region by subject, so that each part can be named and taught.

    EvalTree's rule: the parts win unless one of 20 rows or more is not weak by itself. What is left over goes to
    the part most like it.
    """
    inside = np.zeros(len(rows), dtype=bool)
    inside[leaves] = True
    parts = [part[inside[part]] for part in hierarchies.topics]
    weak = [part for part in parts if criteria.is_weak(passes[part].sum(), rows[part].sum(), level)]
    covered = np.zeros(len(rows), dtype=bool)
    for part in weak:
        covered[part] = True
    if len(weak) < 2 or any(rows[part].sum() >= SURE_MEMBERS and not covered[part].all() for part in parts):
        return [leaves]
    left = leaves[~covered[leaves]]
    middles = np.array([rows[part] @ points[part] for part in weak])
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
    nearest = np.round(points[left] @ middles.T, 9).argmax(axis=1)
    return [np.concatenate([part, left[nearest == number]]) for number, part in enumerate(weak)]
