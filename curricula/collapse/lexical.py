"""Lexical diversity of a set of texts: the same words again, the same phrases again, the same everything again.

Texts in, one number out. All of these depend on how much text there is: compare sets of the same size only
(`panel.SIZE`).
"""

from __future__ import annotations

import bz2
import re
from collections import Counter
from collections.abc import Sequence

WORDS = re.compile(r"\w+|[^\w\s]")
LOOP = 4  # words: a phrase this long three times in one text is a loop, not a style
LOOP_TIMES = 3


def words(text: str) -> list[str]:
    """Words and punctuation marks, lower case."""
    return WORDS.findall(text.lower())


def distinct(texts: Sequence[list[str]], n: int) -> float:
    """Distinct n-grams over all n-grams, 0 to 1 (Li 2016, arXiv 1510.03055, section 5.2). `texts` are lists of words."""
    seen: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        grams = list(zip(*(text[start:] for start in range(n)), strict=False))
        seen.update(grams)
        total += len(grams)
    return len(seen) / total if total else 0.0


def self_bleu(texts: Sequence[list[str]]) -> float:
    """Mean BLEU-4 of each text against all others, 0 to 1 (Zhu 2018, arXiv 1802.01886, section 3.3). `texts` are lists of words.

    Smoothing adds one to the counts of 2- to 4-grams, or short texts would all score 0.
    """
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    smooth = SmoothingFunction().method2
    usable = [text for text in texts if text]
    if len(usable) < 2:
        return 0.0
    scores = [sentence_bleu(usable[:at] + usable[at + 1:], text, smoothing_function=smooth) for at, text in enumerate(usable)]
    return float(sum(scores) / len(scores))


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes over bytes after bzip2: higher is more redundant (Shaib 2024, arXiv 2403.00553, section 2)."""
    body = "\n".join(texts).encode("utf-8", "replace")
    return len(body) / len(bz2.compress(body, 9)) if body else 0.0


def looping(texts: Sequence[list[str]]) -> float:
    """Share of texts that say one phrase of four words three times or more (Holtzman 2020, arXiv 1904.09751, section 4.3)."""
    if not texts:
        return 0.0
    return sum(_loops(text) for text in texts) / len(texts)


def _loops(text: list[str]) -> bool:
    grams = Counter(zip(*(text[start:] for start in range(LOOP)), strict=False))
    return bool(grams) and max(grams.values()) >= LOOP_TIMES


def word_entropy(texts: Sequence[list[str]]) -> float:
    """Shannon entropy of the words' frequencies, in bits."""
    import math

    counts = Counter(word for text in texts for word in text)
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values()) if total else 0.0
