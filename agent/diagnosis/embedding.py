"""Texts to points: what is asked, without the words that every prompt shares.

Strings go in, a matrix with one unit vector a row comes out: TF-IDF of words and of character n-grams, reduced by
truncated SVD, and how the gold answer follows from the question (sum, maximum, plural ...) where that can be seen. On
the planted benchmark this does as well as a sentence encoder and the student's hidden states, which take minutes
(docs/decisions/0007). BLAS runs on one thread here: the matrices are small, a second thread makes them ten times slower on
a busy machine, and results no longer depend on the number of cores.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

DIMENSIONS = 64  # 32 to 128 score alike on the planted benchmark
SHARED_BY_MOST = 0.5  # a sentence in more than half of the rows says nothing about any of them
MIN_UMAP_ROWS = 200  # below this PCA shows the same and starts at once
MAX_UMAP_ROWS = 4_000  # beyond, the rest is placed between its nearest rows: UMAP takes 4 s of CPU for that many
RELATION_WEIGHT = 0.3  # .3 to .4: weak skills of `basics` are found with F1 .85, without .81 (docs/decisions/0007)
FIT_ROWS = 20_000  # words and axes are learned on that many texts at most; the rest is only placed
PLACED_AT_ONCE = 20_000
MAX_CHARACTERS = 20_000  # of a text: what it is about has been said by then, and n-grams take over a second a megabyte
METADATA_WEIGHT = 0.5  # suite and task nudge; they must not override what the text says
NEIGHBOURS = 15
SENTENCE_END = re.compile(r"(?<=[.?!:])\s+|\n+")
CLOSING_SHARE = 0.03  # a closing instruction in this share of the rows is the suite's style, not a subject
CLOSING = re.compile(
    r"^(please,? )?(answer|reply|respond|give|write|say|state|return|output|provide|only|just|no|do not|don't)\b"
    r".*\b(only|just|single|nothing|other|else|final|explain|explanation)\b",
    re.IGNORECASE,
)
TOKENS = r"(?u)\b\w+\b|[^\w\s]"


def clean_texts(texts: Sequence[Any]) -> list[str]:
    """Strings, whatever came: None, NaN and other non-strings become ""."""
    return [text if isinstance(text, str) else "" for text in texts]


def strip_boilerplate(texts: Sequence[str]) -> list[str]:
    """Drop what says how to answer rather than what is asked.

    Out go sentences that more than half of the texts share, and closing instructions ("Reply with just the
    number.") that several texts share: left in, they group questions by wording. A text that would lose
    everything stays as it is, and fewer than 5 texts are left alone.
    """
    split = [[part for part in SENTENCE_END.split(text) if part.strip()] for text in texts]
    counts = Counter(part for parts in split for part in set(parts))
    most = max(4, SHARED_BY_MOST * len(texts))
    some = max(4, CLOSING_SHARE * len(texts))
    kept = []
    for parts in split:
        if len(parts) > 1 and counts[parts[-1]] > some and CLOSING.match(parts[-1]):
            parts = parts[:-1]
        kept.append(" ".join(part for part in parts if counts[part] <= most))
    return [short or text for short, text in zip(kept, texts, strict=True)]


def embed_texts(
    texts: Sequence[str], tags: Sequence[str] | None = None, golds: Sequence[str] | None = None
) -> np.ndarray:
    """Unit vectors, shape (n, d), d <= 64 (+ one per tag value and per relation). Empty texts become zero vectors.

    `tags` (parallel, such as "suite task") enter as one-hot columns of half weight when they differ; `golds` (parallel)
    add the relations that hold between question and gold. Digits count by their number only, so "37 + 5" and
    "82 + 4" are the same question.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    n = len(texts)
    prepared = [_prepare(text[:MAX_CHARACTERS]) for text in strip_boilerplate(texts)]
    learned = prepared
    if n > FIT_ROWS:
        chosen = np.random.default_rng(0).choice(n, FIT_ROWS, replace=False)
        learned = [prepared[row] for row in np.sort(chosen)]
    rare, common = (2, 0.5) if n >= 50 else (1, 1.0)
    vectorizers = []
    for options in (
        {"ngram_range": (1, 2), "token_pattern": TOKENS},
        {"analyzer": "char_wb", "ngram_range": (3, 5), "max_features": 20_000},
    ):
        vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=rare, max_df=common, dtype=np.float32, **options)
        try:
            vectorizers.append(vectorizer.fit(learned))
        except ValueError:
            continue  # sklearn's only signal for "no term left": all empty, all identical, all different
    blocks = [np.zeros((n, 1))]
    with threadpool_limits(limits=1):
        matrix = _terms(vectorizers, learned)
        rank = min(DIMENSIONS, min(matrix.shape) - 1)
        if rank >= 1:
            # not arpack: scipy's draws its restarts from an unseeded source, so equal input gives unequal output
            with np.errstate(all="ignore"):  # its share of explained variance, which nobody reads, is 0/0 for equal texts
                axes = TruncatedSVD(rank, n_iter=7, random_state=0).fit(matrix)
            pieces = [prepared[at : at + PLACED_AT_ONCE] for at in range(0, n, PLACED_AT_ONCE)]
            blocks = [np.vstack([axes.transform(_terms(vectorizers, piece)) for piece in pieces])]
        elif matrix.shape[1]:
            blocks = [_terms(vectorizers, prepared).toarray()[:, :1]]
    blocks = [_unit(np.nan_to_num(blocks[0].astype(float)))]
    if golds is not None:
        blocks.append(RELATION_WEIGHT * _unit(_relations(texts, golds)))
    if tags is not None and len(set(tags)) > 1:
        blocks.append(METADATA_WEIGHT * _one_hot([[tag] for tag in tags]))
    return _unit(np.hstack(blocks))


def _terms(vectorizers: Sequence[Any], texts: Sequence[str]) -> Any:
    """Sparse TF-IDF rows of all vectorizers side by side."""
    from scipy.sparse import csr_matrix, hstack

    blocks = [csr_matrix((len(texts), 0)), *(vectorizer.transform(texts) for vectorizer in vectorizers)]
    return hstack(blocks).tocsr()


def _relations(texts: Sequence[str], golds: Sequence[str]) -> np.ndarray:
    """One-hot rows of what `relations` names."""
    from curricula.strategies.fit.relations import relations

    return _one_hot([relations(text, gold) if gold else [] for text, gold in zip(texts, golds, strict=True)])


def _one_hot(values: Sequence[Sequence[str]]) -> np.ndarray:
    """Shape (n, number of distinct values), columns in alphabetical order."""
    columns = {name: at for at, name in enumerate(sorted({name for row in values for name in row}))}
    matrix = np.zeros((len(values), len(columns)))
    for row, names in enumerate(values):
        matrix[row, [columns[name] for name in names]] = 1.0
    return matrix


def map_coordinates(texts: Sequence[str], seed: int = 0, *, points: np.ndarray | None = None) -> np.ndarray:
    """Places on a map, shape (n, 2), about -1 to 1, for pictures only: UMAP from 200 distinct texts on, else PCA.

    The same texts give the same places in any row order; equal texts share a place. `points` (parallel, equal for
    equal texts) spares embedding them again.
    """
    cleaned = clean_texts(texts)
    if not cleaned:
        return np.zeros((0, 2))
    distinct = sorted(set(cleaned))
    row_of = {text: row for row, text in enumerate(distinct)}
    if points is None:
        vectors = embed_texts(distinct)
    else:
        first = {text: row for row, text in reversed(list(enumerate(cleaned)))}
        vectors = np.asarray(points)[[first[text] for text in distinct]]
    if len(distinct) < 3:
        flat = np.array([[float(row), 0.0] for row in range(len(distinct))])
    elif len(distinct) >= MIN_UMAP_ROWS:
        flat = _map(vectors, seed)
    else:
        flat = _principal(vectors, 2)
    flat = flat - flat.mean(axis=0)
    widest = float(np.abs(flat).max())
    flat = np.round(flat / widest if widest > 0 else flat, 4)
    return flat[[row_of[text] for text in cleaned]]


def _map(vectors: np.ndarray, seed: int) -> np.ndarray:
    """UMAP of at most 4,000 rows, drawn evenly; the others lie between the five of them they are most like."""
    from sklearn.neighbors import NearestNeighbors

    if len(vectors) <= MAX_UMAP_ROWS:
        return reduce_umap(vectors, 2, seed, min_dist=0.1)
    drawn = np.sort(np.random.default_rng(0).choice(len(vectors), MAX_UMAP_ROWS, replace=False))
    places = reduce_umap(vectors[drawn], 2, seed, min_dist=0.1)
    distances, nearest = NearestNeighbors(n_neighbors=5).fit(vectors[drawn]).kneighbors(vectors)
    weights = 1 / (distances + 1e-6)
    return (places[nearest] * weights[..., None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)


def nearest_neighbours(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(indices, distances) of each row's 15 nearest rows, itself first; exact, so the same on every run."""
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(points))).fit(points)
    distances, indices = neighbours.kneighbors(points)
    return indices, distances


def reduce_umap(
    points: np.ndarray,
    dimensions: int,
    seed: int,
    *,
    min_dist: float = 0.0,
) -> np.ndarray:
    """UMAP (McInnes, Healy and Melville 2018) on exact neighbours, one thread, seeded.

    Exact neighbours spare the compilation of umap's own search, half of its start-up.
    """
    from threadpoolctl import threadpool_limits
    from umap import UMAP

    _keep_compiled()
    indices, distances = nearest_neighbours(points)
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # umap announces that a seed forces one job, which is what was asked for
        warnings.filterwarnings("ignore", message="n_jobs value .* overridden", category=UserWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="umap")
        reducer = UMAP(
            n_components=dimensions,
            n_neighbors=indices.shape[1],
            min_dist=min_dist,
            n_epochs=200,
            random_state=seed,
            n_jobs=1,
            init=_principal(points, dimensions),  # its spectral start rests on the same unseeded arpack
            precomputed_knn=(indices, distances, None),
            force_approximation_algorithm=True,
        )
        return np.nan_to_num(np.asarray(reducer.fit_transform(points), dtype=float))


@cache
def _keep_compiled() -> None:
    """Let numba store umap's machine code, so that only the first process of an installation compiles it (6 s)."""
    from umap import layouts, umap_

    names = ((umap_, "smooth_knn_dist"), (umap_, "compute_membership_strengths"))
    for module, name in (*names, (layouts, "_nb_optimize_layout_euclidean_single_epoch")):
        # another umap may lack the name, a read-only machine has no place to store: both only cost the 6 s
        with suppress(AttributeError, RuntimeError):
            getattr(module, name).enable_caching()


def _prepare(text: str) -> str:
    return re.sub(r"\d+", lambda match: f" num{min(len(match.group()), 4)} ", text.lower())


def _unit(matrix: np.ndarray) -> np.ndarray:
    """Rows of length one; rows that are zero but for rounding become zero."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.where(lengths > 1e-6, matrix / np.maximum(lengths, 1e-12), 0.0)


def _principal(points: np.ndarray, dimensions: int) -> np.ndarray:
    """First principal components; each axis points so that its largest entry is positive."""
    from threadpoolctl import threadpool_limits

    centred = points - points.mean(axis=0)
    with threadpool_limits(limits=1):
        _, _, axes = np.linalg.svd(centred.T @ centred)
    axes = axes[:dimensions]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    flat = centred @ axes.T
    return np.round(np.hstack([flat, np.zeros((len(flat), dimensions - flat.shape[1]))]), 9)
