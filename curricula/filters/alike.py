"""Find lessons that ask what an accepted lesson of the same weakness asks, in other words.

Lessons come in one by one; the id and likeness of the most alike accepted one comes out. Compared are lessons of one weakness
with the same numbers and the same answer. Likeness is the cosine of their content words and names, each weighted by how rare it
is among that weakness's lessons so far (log(1 + n / df)): what all of them share is the template and counts next to nothing, so
"Name the plural of ox." and "Name the plural of goose." are two lessons however long the template.

Exact, and cheap: a pair that reaches the threshold t shares one of the rarest words of the new lesson that together hold more
than 1 - t^2 of its squared weight (Bayardo, Ma and Srikant 2007), and only lessons under those are compared.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from curricula.filters.normalise import flat
from curricula.filters.wording import take_apart
from curricula.lesson import Lesson

THRESHOLD = 0.85  # finds 60 % of GSM8K problems reworded by rules, none of other ones, 2 % of engine items: `python -m bench.duplicates`
TEMPLATE_SHARE = 0.5  # a word in more of a weakness's lessons than this says nothing, however often it is shared
FEW = 4  # lessons of a weakness; in fewer, every word is in more than half
MIN_WORDS = 3  # content words and names; numbers and answer alone make no duplicate ("2 + 3", "2 and 3 together")


@dataclass
class AlikeIndex:
    """Accepted lessons by weakness, numbers and answer."""

    threshold: float = THRESHOLD
    _df: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _n: Counter[str] = field(default_factory=Counter)
    _postings: dict[tuple, list[int]] = field(default_factory=lambda: defaultdict(list))
    _rows: list[tuple[str, frozenset[str], str]] = field(default_factory=list)

    def add(self, lesson: Lesson) -> None:
        """Remember an accepted lesson."""
        key, words = _key(lesson)
        self._df[lesson.weakness_id].update(words)
        self._n[lesson.weakness_id] += 1
        if len(words) >= MIN_WORDS:
            for word in words:
                self._postings[key, word].append(len(self._rows))
            self._rows.append((lesson.lesson_id, words, flat(lesson.prompt)))

    def nearest(self, lesson: Lesson) -> tuple[str, float]:
        """(id, likeness) of the most alike accepted lesson; ("", 0.0) where none reaches the threshold.

        The same problem word for word is passed over: a second way of solving it is no rewording, and whether it differs
        enough is for the layer before.
        """
        key, words = _key(lesson)
        if len(words) < MIN_WORDS:
            return "", 0.0
        df, n = self._df[lesson.weakness_id], self._n[lesson.weakness_id]
        weight = {word: math.log(1 + n / max(1, df[word])) ** 2 for word in words}
        total, asked = sum(weight.values()), flat(lesson.prompt)
        candidates: set[int] = set()
        held = 0.0
        for word in sorted(words, key=lambda word: (-weight[word], word)):
            candidates.update(self._postings.get((key, word), ()))
            held += weight[word]
            if held > (1 - self.threshold**2) * total:
                break
        best, best_id = 0.0, ""
        for row in sorted(candidates):
            name, other, prompt = self._rows[row]
            if prompt == asked or all(df[word] > TEMPLATE_SHARE * n for word in words & other) and n > FEW:
                continue
            length = sum(math.log(1 + n / max(1, df[word])) ** 2 for word in other)
            likeness = sum(weight[word] for word in words & other) / math.sqrt(total * length)
            if likeness > best:
                best, best_id = likeness, name
        return (best_id, best) if best >= self.threshold else ("", 0.0)


def _key(lesson: Lesson) -> tuple[tuple, frozenset[str]]:
    wording = take_apart(lesson.prompt)
    answer = flat(lesson.answer or lesson.completion).rstrip(".")
    return (lesson.weakness_id, tuple(sorted(wording.numbers)), answer), frozenset((*wording.words, *wording.names))
