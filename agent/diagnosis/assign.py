"""Which weakness an unseen probe belongs to: that of its nearest diagnosed probes, or none.

Gate probes are never clustered themselves, so per-weakness gains need this bridge from the diagnose split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

NEIGHBOURS = 5  # odd, and no larger than the smallest weakness


def nearest_weakness(
    members: Mapping[str, Sequence[str]], others: Sequence[str], prompts: Sequence[str]
) -> list[str]:
    """For each of `prompts`, the id of the weakness most of its nearest diagnosed prompts belong to, else "".

    `members` maps weakness id to the prompts diagnosed as its members; `others` are prompts of no weakness.
    Cosine similarity of TF-IDF vectors over words and word pairs; ties go to the nearer neighbour.
    """
    known = [(text, name) for name in sorted(members) for text in members[name]] + [
        (text, "") for text in others
    ]
    if not prompts or not members or not known:
        return [""] * len(prompts)
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+").fit(
        [text for text, _ in known] or [""]
    )
    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known)), metric="cosine").fit(
        vectors.transform([text for text, _ in known])
    )
    _, found = index.kneighbors(vectors.transform(list(prompts)))
    return [Counter(known[at][1] for at in row).most_common(1)[0][0] for row in found]
