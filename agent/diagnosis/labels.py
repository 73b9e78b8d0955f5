"""Names for weaknesses: the words its texts use and the others do not.

Texts and row groups go in, keywords, unique labels and typical rows come out; no model is asked. The one thing to
know: names come from class TF-IDF (Grootendorst 2022), with numbers, function words and shared boilerplate out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

N_KEYWORDS = 6
LABEL_TERMS = 3
MAX_TERM = 30  # characters; longer ones are codes, or sentences of a script without spaces
HINT_SHARE = 0.8  # a metadata value names a weakness if this share of its rows carries it
TERM = re.compile(r"[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*|(?<=\s)[-+*/%<>=\u00d7\u00f7](?=\s)")
STOP = frozenset(
    re.findall(
        r"\S+",
        "a an and are as at be been but by can could did do does for from had has have he her here him his how if in "
        "into is it its me my no nor not of on or our out she should so some than that the their them then there "
        "these they this those to us was we were what when where which while who whom whose why will with would you "
        "your following given answer only please just also am about there's it's let reply give",
    )
)
OPERATORS = {
    "+": "plus",
    "-": "minus",
    "*": "times",
    "/": "divided by",
    "\u00d7": "times",
    "\u00f7": "divided by",
}


def class_terms(texts: Sequence[str], groups: Sequence[Sequence[int]]) -> list[tuple[str, ...]]:
    """Up to 6 keywords per group of rows, most telling first.

    A term (one or two words) scores its share of the group's rows times the log of how much more common it is
    there than in the other rows. Terms inside a better one ("roman" in "roman numeral") are left out.
    """
    rows = [_terms(text) for text in texts]
    everywhere = Counter(term for terms in rows for term in terms)
    out = []
    for group in groups:
        inside = Counter(term for row in group for term in rows[row])
        size, rest = len(group), max(len(rows) - len(group), 0)
        scored = []
        for term, count in inside.items():
            share = count / size
            other = (everywhere[term] - count + 0.5) / (rest + 1)
            if count >= min(2, size) and share > other:
                scored.append((-share * math.log(share / other) * (1 + 0.3 * (" " in term)), term))
        chosen: list[str] = []
        for _, term in sorted(scored):
            words = set(term.split())
            if all(not words & set(other.split()) for other in chosen):
                chosen.append(term)
            if len(chosen) == N_KEYWORDS:
                break
        out.append(tuple(chosen))
    return out


def make_labels(keywords: Sequence[tuple[str, ...]], hints: Sequence[str]) -> list[str]:
    """One distinct label per weakness: "hint: word, word, word". Twins get more words, at last a number."""
    labels: list[str] = []
    for words, hint in zip(keywords, hints, strict=True):
        for length in range(LABEL_TERMS, N_KEYWORDS + 1):
            body = ", ".join(words[:length]) or "mixed questions"
            label = f"{hint}: {body}" if hint else body
            if label not in labels:
                break
        number = 2
        plain = label
        while label in labels:
            label, number = f"{plain} ({number})", number + 1
        labels.append(label)
    return labels


def majority_hint(values: Sequence[str], group: Sequence[int]) -> str:
    """The value that 80 % of a group carries, where not everything carries it; else ""."""
    if len(set(values)) < 2 or not group:
        return ""
    value, count = Counter(values[row] for row in group).most_common(1)[0]
    return value if value and count >= HINT_SHARE * len(group) else ""


def medoid_rows(
    points: np.ndarray, texts: Sequence[str], rows: Sequence[int], count: int = 3
) -> tuple[int, ...]:
    """Up to `count` rows nearest to the middle of `rows`, with different texts, most typical first."""
    if not rows:
        return ()
    ordered = sorted(rows, key=lambda row: texts[row])  # sums depend on order
    chosen = points[ordered]
    distance = np.round(1 - chosen @ chosen.mean(axis=0), 9)
    ranked = sorted(zip(distance.tolist(), (texts[row] for row in ordered), ordered, strict=True))
    out: list[int] = []
    for _, text, row in ranked:
        if all(texts[other] != text for other in out):
            out.append(row)
        if len(out) == count:
            break
    return tuple(out)


def _terms(text: str) -> set[str]:
    words = [OPERATORS.get(word, word) for word in TERM.findall(f" {text.lower()} ")]
    words = [word for word in words if len(word) <= MAX_TERM]
    kept = [word for word in words if word not in STOP]
    pairs = {
        f"{first} {second}"
        for first, second in zip(words, words[1:], strict=False)
        if first not in STOP and second not in STOP and first != second
    }
    return set(kept) | pairs
