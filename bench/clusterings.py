"""The other ways of finding weak regions, on the same points and by the same evidence.

Each one clusters once, whatever the outcomes; then a profile of weak clusters is read off for any threshold: the
Clopper-Pearson upper bound of the accuracy below it, five members at least. A tree is read by EvalTree's rule.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

MIN_MEMBERS = 5
SURE_MEMBERS = 20  # EvalTree: a child this large that fails the test passes the question down
SMALLEST_SPLIT = 20
MOST_CHILDREN = 10  # EvalTree tries two to ten children and takes the best silhouette
SILHOUETTE_ROWS = 1000


@dataclass(frozen=True)
class Node:
    """A cluster and its parts."""

    rows: np.ndarray
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Clustering:
    """What a method made of the points."""

    method: str
    roots: list[Node]
    seconds: float
    noise: float = 0.0
    """Share of rows in no cluster."""

    def reader(self) -> Callable[[np.ndarray, float], list[np.ndarray]]:
        """(outcomes, threshold) -> row sets that are weak against it. Bounds are kept for one array of outcomes."""
        nodes, waiting = [], list(self.roots)
        while waiting:
            nodes.append(waiting.pop())
            waiting += nodes[-1].children
        kept: list[tuple[np.ndarray, dict[int, float]]] = []

        def read(correct: np.ndarray, threshold: float) -> list[np.ndarray]:
            if not kept or kept[0][0] is not correct:
                kept[:] = [(correct, _upper_bounds(nodes, correct))]
            bounds = kept[0][1]
            found: list[np.ndarray] = []
            waiting = list(self.roots)
            while waiting:
                node = waiting.pop()
                large = [child for child in node.children if len(child.rows) >= SURE_MEMBERS]
                if all(bounds[id(one)] < threshold for one in (node, *large)):
                    found.append(node.rows)
                else:
                    waiting += node.children
            return found

        return read


def recursive_kmeans(points: np.ndarray, seed: int) -> Clustering:
    """EvalTree's capability tree (Zeng et al. 2025, section 3.1): k-means in k-means, k by cosine silhouette."""
    begun = time.perf_counter()
    return Clustering("recursive k-means", [_kmeans_node(points, np.arange(len(points)), seed)], time.perf_counter() - begun)


def flat_kmeans(points: np.ndarray, seed: int) -> Clustering:
    """k-means, k of 8 to 128 by cosine silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import silhouette_score

    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)  # equal rows: fewer clusters than asked for
        labels = max(
            (KMeans(k, n_init=3, random_state=seed).fit_predict(points) for k in (8, 16, 32, 64, 128)),
            key=lambda found: silhouette_score(points, found, metric="cosine", sample_size=min(2000, len(points)), random_state=seed),
        )
    return _flat("flat k-means", labels, begun)


def agglomerative(points: np.ndarray, seed: int) -> Clustering:
    """Ward's tree with every node a candidate, read by EvalTree's rule."""
    from agent.diagnosis.clustering import build_hierarchies

    begun = time.perf_counter()
    tree = build_hierarchies(points).tree
    nodes: dict[int, Node] = {}
    for at in range(tree.root + 1):
        children = [nodes[int(child)] for child in (tree.left[at], tree.right[at]) if child >= 0]
        nodes[at] = Node(tree.leaves(at), [child for child in children if len(child.rows) >= MIN_MEMBERS])
    return Clustering("agglomerative", [nodes[tree.root]], time.perf_counter() - begun)


def hdbscan(points: np.ndarray, seed: int) -> Clustering:
    """HDBSCAN on the points."""
    begun = time.perf_counter()
    return _flat("HDBSCAN", _hdbscan(points), begun)


def umap_hdbscan(points: np.ndarray, seed: int) -> Clustering:
    """UMAP to five dimensions, then HDBSCAN: the pipeline that first comes to mind (BERTopic's)."""
    from agent.diagnosis.embedding import reduce_umap

    begun = time.perf_counter()
    return _flat("UMAP + HDBSCAN", _hdbscan(reduce_umap(points, 5, seed)), begun)


METHODS: tuple[Callable[[np.ndarray, int], Clustering], ...] = (recursive_kmeans, flat_kmeans, agglomerative, hdbscan, umap_hdbscan)


def oracle(labels: np.ndarray) -> Clustering:
    """The labels that the weaknesses were planted by, as clusters."""
    return _flat("labels as oracle", np.unique(labels, return_inverse=True)[1], time.perf_counter())


def _upper_bounds(nodes: Sequence[Node], correct: np.ndarray) -> dict[int, float]:
    """One-sided 95 % Clopper-Pearson bound of each node's accuracy, by `id`; 1 where it is too small to be weak."""
    from scipy.special import betaincinv

    n = np.array([len(node.rows) for node in nodes])
    k = np.array([int(correct[node.rows].sum()) for node in nodes])
    bounds = np.where((n < MIN_MEMBERS) | (k == n), 1.0, betaincinv(k + 1, np.maximum(n - k, 1), 0.95))
    return {id(node): float(bound) for node, bound in zip(nodes, bounds, strict=True)}


def _kmeans_node(points: np.ndarray, rows: np.ndarray, seed: int) -> Node:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import silhouette_score

    if len(rows) < 2 * SMALLEST_SPLIT:
        return Node(rows)
    here, best, chosen = points[rows], 0.0, None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)  # equal rows: fewer clusters than asked for
        for k in range(2, MOST_CHILDREN + 1):
            labels = KMeans(k, n_init=1, random_state=seed).fit_predict(here)
            if len(set(labels.tolist())) < 2:
                continue
            value = silhouette_score(here, labels, metric="cosine", sample_size=min(SILHOUETTE_ROWS, len(rows)), random_state=seed)
            if value > best:
                best, chosen = float(value), labels
    if chosen is None:
        return Node(rows)
    parts = [rows[chosen == label] for label in sorted(set(chosen.tolist()))]
    return Node(rows, [_kmeans_node(points, part, seed) for part in parts if len(part) >= MIN_MEMBERS])


def _hdbscan(points: np.ndarray) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=15, min_samples=5, copy=True, n_jobs=1).fit_predict(points)


def _flat(method: str, labels: np.ndarray, begun: float) -> Clustering:
    nodes = [Node(np.flatnonzero(labels == label)) for label in sorted(set(labels[labels >= 0].tolist()))]
    return Clustering(method, nodes, time.perf_counter() - begun, float(np.mean(labels < 0)))
