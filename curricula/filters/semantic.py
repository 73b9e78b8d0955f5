"""Find lessons that are a probe in other words, or a probe with other numbers and names.

Probes go in once; for the pieces of a lesson the first rule that holds comes out, with the probe. What counts as the same
problem depends on how the suite itself uses its wordings:

- A probe is **from a template** when at least `TEMPLATE_COVERAGE` of its skeleton (all words in order, `#` for a number, `@`
  for a name) lies in 4-grams that several groups of its suite share. Such a suite measures a skill by drawing particulars, so
  a lesson with other particulars is a lesson. It leaks with the same particulars only (`same content`).
- Any other probe was **written for itself**. The same problem in other words (`reworded`) is a leak, and so is the same
  wording with other numbers and names (`variant`), for what is learned from it is the way that this one problem is solved.
  Variants of `shown` probes (the diagnose split, from which lessons are written and no claim is made) are lessons.

The measures:

- `same content`: same numbers, same answer, and the same rare words (those that at most `RARE_SHARE` of the suite's groups
  use). Not asked of a suite where that says too little: more than `MAX_COLLISIONS` of its own groups share a key.
- `reworded`: numbers and names agree, and the TF-IDF cosine of the content words is at or above a threshold.
- `variant`: likeness of the skeletons (1 - indel distance / length) at or above a threshold.

Thresholds are calibrated on the probes of a run (`calibration.py`). How well probes from templates and others are told apart:
4-gram coverage is at most .22 for 95 % of GSM8K's and ASDiv's problems, at least .24 for 95 % of eleven of thirteen BBH tasks,
.38 for `basics`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from curricula.filters.normalise import flat
from curricula.filters.wording import Wording, lower_words, take_apart

TEMPLATE_GRAM = 4
TEMPLATE_COVERAGE = 0.3
SHARED_GROUPS = 3  # groups that must share a 4-gram, or
SHARED_SHARE = 0.01  # this share of a suite's groups: in thousands of problems some share four words by chance
CANDIDATES = 8  # nearest probes that a piece of a lesson is compared with in full
MIN_WORDS = 4  # distinct content words below which a wording says too little to be known again
MIN_SKELETON = 14  # words in order; shorter ones are common property ("Ann has # pens. How many pens has she?")
RARE_SHARE = 0.01  # of a suite's groups: a word of the item. At .02 recall on other wordings of `basics` falls from .84 to .80
RARE_GROUPS = 2
MAX_STRANGE = 2  # words that the suite never uses, where numbers and answer alone are equal: "3 cars and 2 more cars" is not "3 + 2"
MAX_COLLISIONS = 0.03
FLOOR = 0.3  # cosine below which no threshold is ever set
VARIANT_COSINE = 0.5  # the words of a variant are nearly the same, so most skeletons need not be compared
AGREE = 0.75  # of the numbers, as multisets, or of the rare words: one in four may go in a paraphrase


@dataclass(frozen=True)
class Thresholds:
    """From which similarity on two texts are the same problem; 0 to 1."""

    reworded: float = 0.35
    """Cosine, where at least two numbers or names agree."""
    reworded_bare: float = 0.70
    """Cosine, where fewer do."""
    variant: float = 0.85
    """Likeness of skeletons."""


DEFAULT = Thresholds()


@dataclass(frozen=True)
class Target:
    """What is looked for."""

    probe: str
    """suite/probe_id."""
    suite: str
    group: str
    text: str
    """The prompt without boilerplate."""
    gold: str
    is_shown: bool = False
    """Lessons may be written from it."""


@dataclass(frozen=True)
class Match:
    """What a lesson was found to be."""

    rule: str
    """By which it was found: those of `decontaminate.py` and of this module."""
    probe: str
    """suite/probe_id."""
    score: float | None = None
    """How alike they are, 0 to 1, by the rules that measure it."""


class NearProbes:
    """The index: sparse word weights of all probes, their skeletons, and which of them are from templates."""

    def __init__(self, targets: Iterable[Target], thresholds: Thresholds = DEFAULT) -> None:
        import numpy as np

        self.thresholds = thresholds
        self.targets = list(targets)
        self._common: set[str] = set().union(*(lower_words(target.text) for target in self.targets))
        self.wordings = [self.take_apart(target.text) for target in self.targets]
        n = len(self.targets)
        df = Counter(word for wording in self.wordings for word in set(wording.words))
        self._idf = {word: math.log((n + 1) / (count + 0.5)) for word, count in df.items()}
        self._unknown = math.log((n + 1) / 0.5)
        rows: dict[str, list[int]] = defaultdict(list)
        weights: dict[str, list[float]] = defaultdict(list)
        for row, wording in enumerate(self.wordings):
            for word, weight in self._weigh(wording).items():
                rows[word].append(row)
                weights[word].append(weight)
        self._postings = {word: (np.asarray(rows[word]), np.asarray(weights[word])) for word in rows}
        self.is_template = [False] * n
        self._rare: dict[str, frozenset[str]] = {}
        self._words_of: dict[str, set[str]] = defaultdict(set)
        self._own_words: list[frozenset[str]] = [frozenset()] * n
        self._content: dict[tuple[Any, ...], int] = {}
        by_suite: dict[str, list[int]] = defaultdict(list)
        for row, target in enumerate(self.targets):
            by_suite[target.suite].append(row)
        for suite, members in by_suite.items():
            self._learn(suite, members)

    def match(self, pieces: Sequence[str], answer: str) -> Match | None:
        """The first rule that holds for a piece of a lesson (its prompt first), or None. `answer` is the lesson's."""
        for place, piece in enumerate(pieces):
            wording = self.take_apart(piece)
            if place == 0 and (found := self._same_content(wording, answer)):
                return found
            for row, cosine in self.nearest(wording):
                if found := self.judge(wording, row, cosine):
                    return found
        return None

    def take_apart(self, text: str) -> Wording:
        """A text's wording, by what the probes show to be a name."""
        return take_apart(text, self._common)

    def nearest(self, wording: Wording, n: int = CANDIDATES) -> list[tuple[int, float]]:
        """The `n` rows with the highest cosine above `FLOOR`, best first."""
        import numpy as np

        mine = self._weigh(wording)
        known = [(*self._postings[word], weight) for word, weight in mine.items() if word in self._postings]
        if len(mine) < MIN_WORDS or not known:
            return []
        rows = np.concatenate([row for row, _, _ in known])
        cosines = np.bincount(rows, np.concatenate([theirs * weight for _, theirs, weight in known]))
        near = np.flatnonzero(cosines >= FLOOR)
        if len(near) > n:
            near = near[np.argpartition(-cosines[near], n - 1)[:n]]
        best = near[np.argsort(-cosines[near], kind="stable")]
        return [(int(row), float(cosines[row])) for row in best]

    def judge(self, wording: Wording, row: int, cosine: float, thresholds: Thresholds | None = None) -> Match | None:
        """Is this wording the probe of that row, by the rules `reworded` and `variant`? `thresholds`: other ones than its own."""
        if self.is_template[row]:
            return None
        other, target, limits = self.wordings[row], self.targets[row], thresholds or self.thresholds
        if cosine >= (limits.reworded if is_pinned(other) else limits.reworded_bare) and self.same_particulars(wording, row):
            return Match("reworded", target.probe, cosine)
        if not target.is_shown and cosine >= VARIANT_COSINE and (likeness := skeleton_likeness(wording, other, limits.variant)) >= limits.variant:
            return Match("variant", target.probe, likeness)
        return None

    def same_particulars(self, wording: Wording, row: int) -> bool:
        """Do numbers and names agree with the probe of that row, and where it has too few of them its rare words?"""
        other = self.wordings[row]
        if len(set(other.words)) < MIN_WORDS or not _agree(wording, other):
            return False
        if is_pinned(other):
            return True
        own = self._own_words[row]
        return bool(own) and len(own.intersection((*wording.words, *wording.names))) >= AGREE * len(own)

    def _same_content(self, wording: Wording, answer: str) -> Match | None:
        for suite in self._rare:
            key = self._content_key(suite, wording, answer)
            if key and (row := self._content.get(key)) is not None:
                return Match("same content", self.targets[row].probe)
        return None

    def _weigh(self, wording: Wording) -> dict[str, float]:
        counts = Counter(wording.words)
        raw = {word: (1 + math.log(count)) * self._idf.get(word, self._unknown) for word, count in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {word: weight / length for word, weight in raw.items()}

    def _learn(self, suite: str, rows: Sequence[int]) -> None:
        """How one suite uses its words: which of its probes are from templates, and which words are an item's own."""
        users: dict[Any, set[str]] = defaultdict(set)
        for row in rows:
            wording, group = self.wordings[row], self.targets[row].group
            for piece in (*wording.words, *wording.names, *_grams(wording.skeleton)):
                users[piece].add(group)
        self._words_of[suite] = {word for row in rows for word in self.wordings[row].words}
        n_groups = len({self.targets[row].group for row in rows})
        shared = max(SHARED_GROUPS, SHARED_SHARE * n_groups)
        for row in rows:
            skeleton = self.wordings[row].skeleton
            covered = {at + step for at, gram in enumerate(_grams(skeleton)) if len(users[gram]) >= shared for step in range(TEMPLATE_GRAM)}
            self.is_template[row] = len(covered) >= TEMPLATE_COVERAGE * len(skeleton)
        rare = max(RARE_GROUPS, RARE_SHARE * n_groups)
        self._rare[suite] = frozenset(word for word, groups in users.items() if isinstance(word, str) and len(groups) <= rare)
        for row in rows:
            self._own_words[row] = self._rare[suite].intersection((*self.wordings[row].words, *self.wordings[row].names))
        owners: dict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
        for row in rows:
            if key := self._content_key(suite, self.wordings[row], self.targets[row].gold):
                owners[key].setdefault(self.targets[row].group, row)
        clashing = {group for groups in owners.values() if len(groups) > 1 for group in groups}
        if len(clashing) > MAX_COLLISIONS * n_groups:
            del self._rare[suite]
            return
        self._content.update({key: next(iter(groups.values())) for key, groups in owners.items()})

    def _content_key(self, suite: str, wording: Wording, answer: str) -> tuple[Any, ...] | None:
        rare = self._rare[suite].intersection((*wording.words, *wording.names))
        if not rare and (len(wording.numbers) < 2 or len(set(wording.words) - self._words_of[suite]) > MAX_STRANGE):
            return None
        return suite, tuple(sorted(wording.numbers)), rare, flat(answer).rstrip(".")


def is_pinned(wording: Wording) -> bool:
    """Has it particulars enough that their agreement says something?"""
    return len(set(wording.numbers)) + len(set(wording.names)) >= 2


def _agree(a: Wording, b: Wording) -> bool:
    """Do the numbers agree, or where there are none the names?"""
    if a.numbers or b.numbers:
        ours, theirs = (Counter(number for number in wording.numbers if number != "1") for wording in (a, b))  # "one" is mostly a pronoun
        return (ours & theirs).total() >= AGREE * (ours | theirs).total()
    ours, theirs = Counter(set(a.names)), Counter(set(b.names))
    return (ours & theirs).total() >= AGREE * (ours | theirs).total()


def skeleton_likeness(a: Wording, b: Wording, at_least: float) -> float:
    """1 - indel distance / length of the two skeletons, 0 to 1; 0 where it is below `at_least` or `b` says too little."""
    if len(b.skeleton) < MIN_SKELETON:
        return 0.0
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(a.skeleton, b.skeleton, score_cutoff=at_least)


def _grams(skeleton: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(skeleton[at : at + TEMPLATE_GRAM]) for at in range(len(skeleton) - TEMPLATE_GRAM + 1)]
