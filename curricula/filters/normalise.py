"""One normal form of text for duplicate and contamination checks.

Text goes in, tokens come out. Case, spacing, prose punctuation and typographic variants vanish; numbers,
and operators and brackets where they do arithmetic, stay: "3 + 5" and "3 - 5" are different questions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc](?=\w)")
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_VARIANTS = str.maketrans(
    {"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u00d7": "*",
     "\u22c5": "*", "\u00b7": "*", "\u00f7": "/", "\u2044": "/", "\u2215": "/"}
)  # fmt: skip
_TIMES = re.compile(r"(?<=\d)\s*x\s*(?=\d)")
# Scripts written without spaces: each character is a token, or a whole paragraph would be one.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\d+(?:\.\d+)?|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+|[-+*/=<>^%()\[\]{{}}]")
_SYMBOLS = frozenset("-+*/=<>^%()[]{}")
_SENTENCE_END = re.compile(r"(?<=[.?!:;\u3002\uff1f\uff01])\s+|\n+")


def flat(text: str) -> str:
    """Unicode-normal, lower case, single spaces; punctuation stays."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold().split())


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers (thousands commas removed) and those symbols that belong to a calculation.

    A symbol stays when its neighbour is a number, a truth value, another symbol or a single letter (`x - 5`, `[ { [`), and goes
    otherwise (`well-known`, `(he said)`, `5-year`).
    """
    clean = unicodedata.normalize("NFKC", text).translate(_VARIANTS)
    clean = _APOSTROPHE.sub("", _INVISIBLE.sub("", clean)).casefold()
    clean = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), clean)
    found = _TOKEN.findall(_TIMES.sub("*", clean))
    if _SYMBOLS.isdisjoint(found):
        return found
    kept = []
    for position, token in enumerate(found):
        if token in _SYMBOLS:
            before = position > 0 and _is_formal(found[position - 1])
            after = position + 1 < len(found) and _is_formal(found[position + 1])
            if not (after or (before and token != "-")):
                continue
        kept.append(token)
    return kept


def sentences(text: str) -> list[list[str]]:
    """Tokens of each sentence or line; empty ones are left out."""
    parts = (tokens(part) for part in split_sentences(text))
    return [part for part in parts if part]


def split_sentences(text: str) -> list[str]:
    """Sentences and lines as they are written."""
    return _SENTENCE_END.split(text)


def statements(text: str) -> list[list[str]]:
    """The sentences that ask nothing: no question mark at their end."""
    return sentences(
        "\n".join(part for part in _SENTENCE_END.split(text) if not part.rstrip().endswith(("?", "\uff1f")))
    )


def numbers(words: Sequence[str]) -> tuple[str, ...]:
    """The number tokens, in order."""
    return tuple(word for word in words if word[0].isdigit())


def formal(words: Sequence[str]) -> tuple[str, ...]:
    """Numbers and symbols, in order: what tells "(3 + 5) * 2" from "3 + (5 * 2)"."""
    return tuple(word for word in words if word[0].isdigit() or word in _SYMBOLS)


def _is_formal(token: str) -> bool:
    return len(token) == 1 or token[0].isdigit() or token in ("true", "false")  # "not (True or False)"
