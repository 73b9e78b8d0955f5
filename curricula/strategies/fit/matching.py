"""Which engine teaches what a failure shows.

Every engine is represented by a few dozen of its own questions with their answers. A failure goes to the
engine whose questions are nearest by TF-IDF over words, characters and relations (`relations.py`), among the
engines whose answers are of the gold's kind. An engine covers a failure if its questions read alike, or if
they read somewhat alike and its relation between question and answer holds for the failure too: "sum" for a
word problem about adding. The floors are measured on the engines' own
questions in wordings held out, 1,000 human-written word problems (ASDiv) and 1,000 prompts of other kinds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any

from curricula.engines.contract import Item, list_engines
from curricula.engines.contract import words as listed
from curricula.strategies.fit.relations import relations
from curricula.strategies.fit.surface import Reading, answer_kind

WEIGHTS = (0.45, 0.25, 0.3)  # of words, characters, relations in the cosine
N_NEAREST = 3  # an engine is as near as the mean of its nearest samples: one lucky sample decides nothing
MIN_TEXT_ALONE = (
    0.22  # 88 % of unrelated prompts lie below; 72 % of an engine's own questions in a wording unseen above
)
MIN_TEXT_EXPLAINED = 0.08  # where the relation holds too: 3 % of unrelated prompts, 94 % of unseen wordings
MIN_TEXT_YES_NO = (
    0.32  # the answer says nothing there: "Is this plausible?" reads 0.28 like "Is Monday a week day?"
)
SAMPLES_PER_WORDING = 4
SAMPLES_UNSTEERED = 24  # engines that can't be told which wording to use
LONG_PENALTY = 0.7
MAX_LENGTH_RATIO = 4  # in a text much longer than an engine's questions some relation always holds by chance
REQUIRED_SHARE = 0.95
LACK_PENALTY = 0.7  # a failure without the `min` that every `smallest` item shows is hardly a `smallest` item
MIN_KIND_SHARE = 0.1  # an engine answers with a kind when this share of its samples does


SPECIFIC = frozenset(
    listed(
        """sum max min next_term difference product quotient remainder percent a+b-c a*b+c a*b-c c-a*b (a-c)/b
    double half square next before digit digit_sum count letters alphabet_position repeats from_roman
    to_roman ascending descending sorted sorted_back reversed_list first_letter last_letter
    letter_beside day day_next day_previous month month_next month_previous first_item last_item
    nth_item nth_letter membership opposite plural singular past comparative capital country young kind
    alphabet_first alphabet_last longest shortest reversed clock_later clock_earlier named"""
    )
)
"""Relations that seldom hold by chance; only these explain a failure."""
OPENING = re.compile(r".{10,}?[.:!]\s+(?=\S+(?:\s+\S+){3})", re.DOTALL)
MIN_SHARED = 4  # failures that open with the same sentence
PERMUTED = frozenset(("sorted", "sorted_back", "reversed_list", "ascending", "descending"))
"""The gold's words are those of the question, in another order."""


@dataclass(frozen=True)
class Match:
    """The engine found for one failure."""

    failure_index: int
    engine: str
    """Empty: no engine covers it."""
    nearest: str
    """The nearest engine with the right kind of answer, covered or not; empty: none answers in that kind."""
    text_similarity: float
    """Of question and answer to the nearest engine's, 0 to 1, by words and characters only."""
    is_explained: bool
    """The engine's relation between question and answer holds."""


@dataclass(frozen=True)
class Similarities:
    """Cosines of readings (rows) with the samples of the index (columns)."""

    whole: Any
    """By words, characters and relations: ranks engines."""
    text: Any
    """By words and characters alone: decides on coverage."""


@dataclass(frozen=True)
class EngineIndex:
    """Samples of all engines with their vectors."""

    items: tuple[Item, ...]
    engines: tuple[str, ...]
    """Distinct engine names, in order; `owner` indexes into it."""
    owner: Any
    kinds: dict[str, frozenset[str]]
    """Kinds of answer each engine gives."""
    required: dict[str, frozenset[str]]
    """Relations that hold in nearly all of an engine's samples."""
    n_words: dict[str, float]
    """Mean length of each engine's questions."""
    words: Any
    characters: Any
    relations: Any
    """Fitted vectorisers; `..._matrix` are the samples' rows."""
    words_matrix: Any
    characters_matrix: Any
    relations_matrix: Any

    def vectors(self, pairs: Sequence[tuple[str, str]]) -> list[Any]:
        """Rows of unit length in words, characters, relations, for pairs of question and answer."""
        texts = [searchable(question, answer) for question, answer in pairs]
        related = [relations(question, answer) for question, answer in pairs]
        return [
            self.words.transform(texts),
            self.characters.transform(texts),
            self.relations.transform(related),
        ]


def searchable(question: str, answer: str) -> str:
    """Question and answer as one text in which any number is like any other of its length."""
    text = f"{question} » {answer} {answer_kind(answer)}answer"
    return re.sub(r"\d+", lambda m: "#" * min(3, len(m[0])), text.lower())


@lru_cache(maxsize=1)
def engine_index() -> EngineIndex:
    """Sample all engines and fit the vectoriser; two seconds of CPU, once a process. The seed is fixed: what
    an engine looks like does not depend on the run."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    items: list[Item] = []
    for engine in list_engines():
        rng = Random(f"index:{engine.name}")
        wordings = (
            list(range(engine.n_wordings)) * SAMPLES_PER_WORDING
            if engine.n_wordings > 1
            else [0] * SAMPLES_UNSTEERED
        )
        items += [engine.sample(rng, rng.random(), wording) for wording in wordings]
    names = tuple(dict.fromkeys(item.engine for item in items))
    texts = [searchable(item.question, item.answer) for item in items]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"[^\W\d_]+|[#+*/=×÷%»?-]+")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True)
    related = TfidfVectorizer(analyzer=list)
    blocks = [relations(item.question, item.answer) for item in items]
    matrices = words.fit_transform(texts), characters.fit_transform(texts), related.fit_transform(blocks)
    kinds, required, n_words = {}, {}, {}
    for name in names:
        held = Counter(
            r for item, block in zip(items, blocks, strict=True) if item.engine == name for r in set(block)
        )
        lengths = [len(item.question.split()) for item in items if item.engine == name]
        n_samples, n_words[name] = len(lengths), sum(lengths) / len(lengths)
        required[name] = frozenset(
            r for r, n in held.items() if n >= REQUIRED_SHARE * n_samples and not r.startswith("numbers_")
        )
        seen = Counter(answer_kind(item.answer) for item in items if item.engine == name)
        kinds[name] = frozenset(kind for kind, n in seen.items() if n >= MIN_KIND_SHARE * seen.total())
    owner = np.array([names.index(item.engine) for item in items])
    return EngineIndex(
        tuple(items), names, owner, kinds, required, n_words, words, characters, related, *matrices
    )


def match_engines(readings: Sequence[Reading], excluded: frozenset[str] = frozenset()) -> list[Match]:
    """The nearest engine for every reading, in order. `excluded` engines are not considered."""
    import numpy as np

    if not readings:
        return []
    index = engine_index()
    near = similarities(readings)
    if bare := _without_opening(readings):
        other = similarities(bare)
        near = Similarities(np.maximum(near.whole, other.whole), np.maximum(near.text, other.text))
    scores, alike = _per_engine(near.whole), _per_engine(near.text)
    matches = []
    for i, reading in enumerate(readings):
        kind, held = answer_kind(reading.gold), frozenset(relations(_problem(reading), reading.gold))
        if kind == "text" and held & PERMUTED:
            kind = "list"  # of more words than a bare answer has
        lacking = [min(2, len(index.required[name] - held)) for name in index.engines]
        n_words = len(reading.stem.split())
        is_long = np.array([n_words > MAX_LENGTH_RATIO * index.n_words[name] for name in index.engines])
        row = scores[i] * np.power(LACK_PENALTY, lacking) * np.where(is_long, LONG_PENALTY, 1.0)
        fits = np.array([kind in index.kinds[name] and name not in excluded for name in index.engines])
        if not fits.any():
            matches.append(Match(i, "", "", 0.0, False))
            continue
        best = int(np.where(fits, row, -1.0).argmax())
        name, similarity = index.engines[best], float(alike[i, best])
        is_explained = bool(index.required[name] & SPECIFIC) and index.required[name] <= held
        is_explained = is_explained and not is_long[best]
        floor = (
            MIN_TEXT_EXPLAINED if is_explained else MIN_TEXT_YES_NO if kind == "yes_no" else MIN_TEXT_ALONE
        )
        is_covered = similarity >= floor
        matches.append(Match(i, name if is_covered else "", name, round(similarity, 4), is_explained))
    return matches


def _without_opening(readings: Sequence[Reading]) -> list[Reading]:
    """The readings without the sentence that most of them open with and that says nothing of their own; none if there is no such."""
    openings = [OPENING.match(reading.stem) for reading in readings]
    counts = Counter(found[0] for found in openings if found)
    shared = {text for text, n in counts.items() if n >= MIN_SHARED and 2 * n > len(readings)}
    if not shared:
        return []
    return [
        replace(reading, stem=reading.stem[found.end() :].strip()) if found and found[0] in shared else reading
        for reading, found in zip(readings, openings, strict=True)
    ]


def _problem(reading: Reading) -> str:
    """The question with its options as a list: "Which is largest?" says nothing without them."""
    has_own = len(relations(reading.stem, reading.gold)) > 1 or reading.options is None
    return (
        reading.stem
        if has_own or reading.options is None
        else f"{reading.stem} {', '.join(reading.options.texts)}"
    )


def _per_engine(similar: Any) -> Any:
    """Mean over each engine's nearest samples: readings by engines."""
    import numpy as np

    columns = np.split(similar, np.flatnonzero(np.diff(engine_index().owner)) + 1, axis=1)
    return np.stack([np.sort(block, axis=1)[:, -N_NEAREST:].mean(axis=1) for block in columns], axis=1)


def similarities(readings: Sequence[Reading]) -> Similarities:
    """Cosines of every reading (row) with every sample of the index (column): with relations, and of text alone."""
    index = engine_index()
    words, characters, related = index.vectors([(_problem(reading), reading.gold) for reading in readings])
    text = (
        WEIGHTS[0] * (words @ index.words_matrix.T) + WEIGHTS[1] * (characters @ index.characters_matrix.T)
    ).toarray()
    whole = text + WEIGHTS[2] * (related @ index.relations_matrix.T).toarray()
    return Similarities(whole, text / (WEIGHTS[0] + WEIGHTS[1]))
