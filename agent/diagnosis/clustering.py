"""Points to hierarchies and topics: every region that could be a weakness, before anyone looks at the outcomes.

Unit vectors go in; merge trees and a flat list of topics come out. Ward's tree on the vectors is always there.
From 500 distinct rows on a second one is built from UMAP + HDBSCAN under three seeds: rows are close when most runs
put them into the same cluster. On the planted benchmark neither tree alone beats both together. Rows that HDBSCAN
calls noise stay in the trees, far from everything, and belong to no topic: none is forced, none is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.diagnosis.embedding import nearest_neighbours, reduce_umap

MIN_CONSENSUS_ROWS = 500  # below, Ward alone scores the same (0.81, 0.61 against 0.82, 0.59 at 500 rows)
CONSENSUS_SEEDS = 3
CONSENSUS_SIZES = (5, 15)  # HDBSCAN's min_cluster_size: small topics and large ones
MIN_HDBSCAN_ROWS = 60  # fewer points have no density to speak of: agglomerative clustering
TOGETHER_SHARE = 0.7  # of the runs; the fine groups that topics are put together from
ALIKE_COSINE = 0.4  # groups with middles this close are wordings of one topic


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
    """All trees over the same leaves."""

    trees: tuple[Tree, ...]
    """Those that regions are taken from; Ward's on the vectors first."""
    others: tuple[Tree, ...]
    """Alternative clusterings, for `stability` only."""
    topics: tuple[np.ndarray, ...]
    """Disjoint leaf groups by subject; leaves that are noise belong to none."""
    noise_share: float
    """Share of (row, run) pairs that HDBSCAN left out; 0 where it did not run."""


def build_hierarchies(points: np.ndarray, seed: int) -> Hierarchies:
    """Trees over the rows of `points` (m, d), m >= 1.

    Cost is quadratic in m: 0.1 s for 800 rows without UMAP, about 5 s with (and its compilation once a process).
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        rounded = np.round(points, 9)  # the last bits differ between BLAS versions and decide ties
        ward, average = _linkage_tree(rounded, "ward"), _linkage_tree(rounded, "average")
        if len(points) < MIN_CONSENSUS_ROWS:
            fine = _few_groups(rounded) if len(points) < MIN_HDBSCAN_ROWS else _hdbscan(rounded, 5, 2)
            noise = float(np.mean(fine < 0))
            return Hierarchies((ward,), (average,), tuple(merge_alike(_groups(fine), rounded)), noise)
        runs = _hdbscan_runs(points, seed)
        steps = len(CONSENSUS_SIZES)
        alternatives = tuple(_consensus_tree(points, runs[size::steps]) for size in range(steps))
        fine = _agreed(runs)
        return Hierarchies(
            trees=(ward, _consensus_tree(points, runs)),
            others=(*alternatives, average),
            topics=tuple(merge_alike(_groups(fine), rounded)),
            noise_share=float(np.mean([labels < 0 for labels in runs])),
        )


def merge_alike(groups: list[np.ndarray], points: np.ndarray) -> list[np.ndarray]:
    """Join groups about the same subject, the most alike pair first, until no two middles are within 0.4 cosine.

    Density and trees split by wording before they split by subject. Fine groups joined this way agree with the
    true labels about as well on a suite of 23 skills in four wordings, on 16 synthetic skills, and on 14 BBH tasks
    with GSM8K, ASDiv and HumanEval (adjusted Rand index .5 to .8; a cut of the tree alone is stuck at .2 on one).
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


def _hdbscan(places: np.ndarray, size: int, min_samples: int) -> np.ndarray:
    """Cluster labels, -1 is noise."""
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=size, min_samples=min_samples, copy=True, n_jobs=1).fit_predict(places)


def _hdbscan_runs(points: np.ndarray, seed: int) -> list[np.ndarray]:
    """Labels per UMAP seed and cluster size."""
    neighbours = nearest_neighbours(points)
    runs = []
    for run in range(CONSENSUS_SEEDS):
        places = reduce_umap(points, 5, seed * CONSENSUS_SEEDS + run, neighbours=neighbours)
        runs += [_hdbscan(places, size, 3) for size in CONSENSUS_SIZES]
    return runs


def _together(runs: list[np.ndarray]) -> np.ndarray:
    """Share of runs that put two rows into the same cluster, shape (m, m)."""
    share = np.zeros((len(runs[0]), len(runs[0])), dtype=np.float32)
    for labels in runs:
        share += (labels[:, None] == labels[None, :]) & (labels >= 0)[:, None]
    return share / len(runs)


def _agreed(runs: list[np.ndarray]) -> np.ndarray:
    """Labels of rows that at least 70 % of the runs keep together; -1 where most runs see noise."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - _together(runs)
    np.fill_diagonal(distance, 0)
    merges = linkage(squareform(np.round(distance, 6), checks=False), "average")
    labels = fcluster(merges, 1 - TOGETHER_SHARE, "distance") - 1
    labels[np.mean([run < 0 for run in runs], axis=0) > 0.5] = -1
    return labels


def _few_groups(points: np.ndarray) -> np.ndarray:
    """Ward clusters, as many as give the best silhouette; one where fewer than 10 rows or nothing to tell."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.metrics import silhouette_score

    best, labels = 0.0, np.zeros(len(points), dtype=int)
    if len(points) < 10:
        return labels
    merges = linkage(points, "ward")
    for count in range(2, len(points) // 5 + 1):
        cut = fcluster(merges, count, "maxclust") - 1
        if len(set(cut.tolist())) == count and (score := silhouette_score(points, cut)) > best:
            best, labels = float(score), cut
    return labels


def _groups(labels: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(labels == label) for label in sorted(set(labels[labels >= 0].tolist()))]


def _cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)[None, :]
    return np.round(first @ second.T / np.maximum(lengths, 1e-12), 9)


def _consensus_tree(points: np.ndarray, runs: list[np.ndarray]) -> Tree:
    """Average linkage on the share of runs that separate two rows; their cosine distance decides ties."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    distance = 1 - _together(runs) + 0.5 * np.clip(1 - points @ points.T, 0, 2)
    np.fill_diagonal(distance, 0)
    return _tree(linkage(squareform(np.round(distance, 6), checks=False), "average"), len(points))


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
