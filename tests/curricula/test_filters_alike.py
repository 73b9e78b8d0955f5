"""The third layer of deduplication: the same item in other words, within a weakness, is one lesson; other items are others."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from curricula.filters.alike import FEW, MIN_WORDS, TEMPLATE_SHARE, THRESHOLD, AlikeIndex
from curricula.filters.dedup import Deduplicator
from curricula.filters.wording import take_apart
from curricula.lesson import Lesson

NOUNS = ("ox", "goose", "mouse", "child", "wolf", "calf", "leaf", "knife", "city", "baby", "hero", "fish", "sheep", "deer", "tooth")


def lesson(prompt: str, answer: str, weakness: str = "w") -> Lesson:
    return Lesson(prompt, answer, answer, "s", 1, weakness_id=weakness)


def filled() -> Deduplicator:
    return Deduplicator.of(lesson(f'In English, write down the correct plural form of the noun "{word}" in lower case letters.', f"{word}-s") for word in NOUNS)


def test_the_same_item_in_other_words_is_dropped_and_says_of_what() -> None:
    seen = filled()
    verdict = seen.check_near(lesson('What is the plural form of "goose"? Write it in English letters.', "goose-s"))
    assert (verdict.step, verdict.outcome, verdict.reason) == ("near_duplicate", "fail", "same problem in other words")
    assert "likeness=" in verdict.evidence and verdict.evidence.startswith("L")


@pytest.mark.parametrize("other", [
    lesson('In English, write down the correct plural form of the noun "moose" in lower case letters.', "goose-s"),
    lesson('What is the plural form of "goose"? Write it in English letters.', "geese"),
    lesson('What is the plural form of "goose"? Write it in English letters.', "goose-s", "another weakness"),
    lesson('What are the 2 plural forms of "goose"? Write them in English letters.', "goose-s"),
], ids=["another item", "another answer", "another weakness", "other numbers"])
def test_other_items_pass(other: Lesson) -> None:
    assert filled().check_near(other).outcome == "pass"


def test_words_that_all_share_make_no_duplicate() -> None:
    seen = AlikeIndex()
    for left in ("True and False", "not True", "False or False", "False and not True", "True and not True"):
        seen.add(lesson(f"Say what the whole logical expression comes to: {left}", "False"))
    assert seen.nearest(lesson("Say what the whole logical expression comes to: not (True or False)", "False")) == ("", 0.0)


def test_the_prefix_filter_equals_brute_force() -> None:
    rng = random.Random(4)
    vocabulary = [f"word{chr(97 + i)}{chr(97 + i)}" for i in range(12)]
    lessons = [lesson(" ".join(rng.sample(vocabulary, rng.randint(3, 7))), rng.choice("xy")) for _ in range(150)]
    index, added, n_found, df = AlikeIndex(), [], 0, Counter[str]()
    for new in lessons:
        name, score = index.nearest(new)
        words = set(take_apart(new.prompt).words)
        scores = [_likeness(words, other, df, len(added)) for other, answer in added if answer == new.answer]
        best = max((value for value in scores if value >= THRESHOLD), default=0.0)
        assert score == pytest.approx(best) and bool(name) == (best > 0)
        n_found += best > 0
        index.add(new)
        added.append((words, new.answer))
        df.update(words)
    assert n_found > 10


def _likeness(a: set[str], b: set[str], df: Counter[str], n: int) -> float:
    if min(len(a), len(b)) < MIN_WORDS or (n > FEW and all(df[word] > TEMPLATE_SHARE * n for word in a & b)):
        return 0.0
    weight = {word: math.log(1 + n / max(1, df[word])) ** 2 for word in a | b}
    return sum(weight[w] for w in a & b) / math.sqrt(sum(weight[w] for w in a) * sum(weight[w] for w in b))
