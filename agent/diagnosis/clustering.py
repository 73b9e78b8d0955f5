"""Points to a hierarchy: every region that could be a weakness, before anyone looks at the outcomes.

Unit vectors go in, binary merge trees come out. The main tree is Ward's on the vectors: it has no seed, so it is
the same on every run, and on the planted benchmark it beats UMAP with HDBSCAN, k-means and consensus trees made of
them (docs/decisions/0007). No row is noise: a region that evidence does not single out stays part of a larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

COHERENT = 0.45  # mean vectors shorter than this hold several subjects; .4 to .5 score alike
ALIKE_COSINE = 0.5  # middles this close are wordings of one subject; .4 scores alike on the planted benchmark


@dataclass(frozen=True)
class Tree:
    """A binary merge tree over m leaves. Nodes 0 to m-1 are leaves, the last one is the root.

    The leaves below node i are `order[start[i]:stop[i]]`.
    """

    left: np.ndarray
    """Shape (2m-1,); -1 at leaves."""
    right: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    order: np.ndarray
    """Shape (m,): leaves from left to right."""

    @property
    def root(self) -> int:
        """Number of the topmost node."""
        return len(self.left) - 1

    def leaves(self, node: int) -> np.ndarray:
        """Leaf numbers below a node."""
        return self.order[self.start[node] : self.stop[node]]

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of a per-leaf quantity (m,) or (m, k) below every node, shape (2m-1,) or (2m-1, k)."""
        zero = np.zeros((1, *values.shape[1:]))
        running = np.concatenate([zero, np.cumsum(values[self.order], axis=0, dtype=float)])
        return running[self.stop] - running[self.start]


@dataclass(frozen=True)
class Hierarchies:
    """Trees over the same leaves."""

    tree: Tree
    """Ward's, from which regions are taken."""
    others: tuple[Tree, ...]
    """Other clusterings of the same points, for `stability` only."""


def build_hierarchies(points: np.ndarray) -> Hierarchies:
    """Trees over the rows of `points` (m, d), m >= 1. Time and memory grow with m squared: 9 s of CPU for 8,000 rows."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        rounded = np.round(points, 9)  # the last bits differ between BLAS versions and decide ties
        halves = [rounded[:, part::2] for part in (0, 1) if rounded.shape[1] > part]
        return Hierarchies(
            _linkage_tree(rounded, "ward"),
            (_linkage_tree(rounded, "average"), *(_linkage_tree(half, "ward") for half in halves)),
        )


def split_by_subject(
    tree: Tree, middles: np.ndarray, counts: np.ndarray, may_stand_alone: Callable[[int], bool]
) -> list[int]:
    """Nodes that a set of leaves falls into when the halves of the tree differ in subject.

    `middles` (2m-1, d) are sums of the set's unit vectors below each node and `counts` (2m-1,) their number. Going
    down from the root, a node is split unless one of its halves may not stand alone, or the halves have middles within
    0.5 cosine and the node's vectors agree (their mean has length 0.45 or more).
    """
    found, waiting = [], [tree.root]
    while waiting:
        at = waiting.pop()
        halves = [int(child) for child in (tree.left[at], tree.right[at]) if child >= 0 and counts[child] > 0]
        if len(halves) == 1:
            waiting += halves
            continue
        if halves and all(may_stand_alone(half) for half in halves):
            is_coherent = np.linalg.norm(middles[at]) >= COHERENT * counts[at]
            alike = _cosines(middles[halves[:1]], middles[halves[1:]])[0, 0]
            if not is_coherent or alike < ALIKE_COSINE:
                waiting += halves[::-1]
                continue
        found.append(at)
    return found


def merge_alike(groups: list[np.ndarray], points: np.ndarray) -> list[np.ndarray]:
    """Join groups about the same subject, the most alike pair first, until no two middles are within 0.5 cosine.

    A tree splits by wording before it splits by subject. Outcomes are not looked at: of one subject, the parts that
    are all weak are one weakness, though one may be weaker.
    """
    merged = sorted((np.sort(group) for group in groups), key=lambda group: int(group[0]))
    sums = np.array([points[group].sum(axis=0) for group in merged])
    if len(merged) < 2:
        return merged
    alike = _cosines(sums, sums)
    np.fill_diagonal(alike, -2)
    while len(merged) > 1:
        first, second = sorted(int(i) for i in np.unravel_index(alike.argmax(), alike.shape))
        if alike[first, second] < ALIKE_COSINE:
            break
        merged[first] = np.sort(np.concatenate([merged[first], merged.pop(second)]))
        sums[first] += sums[second]
        sums = np.delete(sums, second, axis=0)
        alike = np.delete(np.delete(alike, second, axis=0), second, axis=1)
        row = _cosines(sums[first : first + 1], sums)[0]
        row[first] = -2
        alike[first], alike[:, first] = row, row
    return merged


def stability(leaves: np.ndarray, weights: np.ndarray, trees: tuple[Tree, ...]) -> float:
    """Mean over `trees` of the best Jaccard overlap, in rows, between a set of leaves and any node."""
    if not trees:
        return 1.0
    inside = np.zeros(len(weights))
    inside[leaves] = weights[leaves]
    best = []
    for tree in trees:
        common = tree.sums(inside)
        best.append(float(np.max(common / (inside.sum() + tree.sums(weights) - common))))
    return float(np.mean(best))


def _linkage_tree(points: np.ndarray, method: str) -> Tree:
    from scipy.cluster.hierarchy import linkage

    return _tree(linkage(points, method) if len(points) > 1 else np.zeros((0, 4)), len(points))


def _cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)[None, :]
    return np.round(first @ second.T / np.maximum(lengths, 1e-12), 9)


def _tree(merges: np.ndarray, n_leaves: int) -> Tree:
    n_nodes = max(1, 2 * n_leaves - 1)
    left, right = np.full(n_nodes, -1), np.full(n_nodes, -1)
    left[n_leaves:], right[n_leaves:] = merges[:, 0], merges[:, 1]
    sizes = np.ones(n_nodes, dtype=int)
    for node in range(n_leaves, n_nodes):
        sizes[node] = sizes[left[node]] + sizes[right[node]]
    start = np.zeros(n_nodes, dtype=int)
    for node in range(n_nodes - 1, n_leaves - 1, -1):  # parents have larger numbers: top down
        start[left[node]] = start[node]
        start[right[node]] = start[node] + sizes[left[node]]
    order = np.empty(n_leaves, dtype=int)
    order[start[:n_leaves]] = np.arange(n_leaves)
    return Tree(left, right, start, start + sizes, order)
