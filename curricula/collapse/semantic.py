"""What a set of texts covers of what real texts are about.

A space is fitted on real texts once; sets of texts are then placed in it. TF-IDF with truncated SVD: no
download, milliseconds, and no model of its own that could collapse as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DIMENSIONS = 48
NEIGHBOURS = 5  # k of the coverage metric: Naeem 2020, section 3.3
CLUSTER_SIZE = 12  # real texts a cluster on average
RARE_SHARE = 0.5  # of the clusters, the smaller ones: the tail


@dataclass(frozen=True)
class Space:
    """Real texts as points, with their neighbourhoods and clusters."""

    vectorizer: Any
    svd: Any
    real: Any
    """(n, d) float64, rows of length 1."""
    radii: Any
    """(n,) Euclidean distance of each real text to its k-th neighbour among the others."""
    centres: Any
    rare: tuple[int, ...]
    """Clusters that hold the fewest real texts."""

    def place(self, texts: Sequence[str]) -> Any:
        """(n, d) points of length 1; a text without known words lies at the origin."""
        return _unit(self.svd.transform(self.vectorizer.transform(texts)))


def fit_space(real: Sequence[str], seed: int) -> Space:
    """Learn the space from real texts.

    Raises:
        ValueError: fewer than 20 texts, or no word occurs in two of them.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    if len(real) < 20:
        raise ValueError(f"a space needs 20 real texts or more, got {len(real)}")
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b")
    weights = vectorizer.fit_transform(real)
    svd = TruncatedSVD(min(DIMENSIONS, weights.shape[1] - 1, len(real) - 1), random_state=seed)
    points = _unit(svd.fit_transform(weights))
    clusters = KMeans(max(4, len(real) // CLUSTER_SIZE), n_init=1, random_state=seed).fit(points)
    sizes = np.bincount(clusters.labels_, minlength=len(clusters.cluster_centers_))
    order = np.argsort(sizes, kind="stable")
    return Space(vectorizer, svd, points, _radii(points), clusters.cluster_centers_, tuple(int(i) for i in order[: max(1, int(RARE_SHARE * len(order)))]))


def vendi(points: Any) -> float:
    """Effective number of different texts, 1 to n: exp of the entropy of the similarity matrix's eigenvalues
    (Friedman and Dieng 2023, arXiv 2210.02410, definition 3.1), with cosine similarity."""
    import numpy as np

    if len(points) == 0:
        return 0.0
    values = np.linalg.svd(points, compute_uv=False) ** 2 / len(points)  # K = X X' / n has the squares as eigenvalues
    values = values[values > 1e-12]
    values = values / values.sum() if values.size else np.ones(1)
    return float(np.exp(-(values * np.log(values)).sum()))


def coverage(space: Space, points: Any) -> float:
    """Share of real texts with a text of the set in their neighbourhood (Naeem 2020, arXiv 2002.09797, equation 7)."""
    from scipy.spatial.distance import cdist

    if len(points) == 0:
        return 0.0
    return float((cdist(space.real, points).min(axis=1) <= space.radii).mean())


def rare_coverage(space: Space, points: Any) -> float:
    """Share of the rare clusters of real texts that still hold a text of the set."""
    from scipy.spatial.distance import cdist

    if len(points) == 0:
        return 0.0
    held = {int(cluster) for cluster in cdist(points, space.centres).argmin(axis=1)}
    return len(held.intersection(space.rare)) / len(space.rare)


def _radii(points: Any) -> Any:
    import numpy as np
    from scipy.spatial.distance import cdist

    k = min(NEIGHBOURS, len(points) - 1)
    return np.partition(cdist(points, points), k, axis=1)[:, k]  # column 0 is the text itself


def _unit(points: Any) -> Any:
    import numpy as np

    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return points / np.where(lengths > 0, lengths, 1.0)
