"""Duplicates: what must be found, what must not, and that the prefix filter misses nothing."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.filters.dedup import GRAM, SHORT_TOKENS, THRESHOLD, Deduplicator
from curricula.filters.normalise import tokens
from curricula.lesson import Lesson

STORY = (
    "The old lighthouse keeper climbs the narrow stairs every evening, lights the great lamp, writes the weather into "
    "his book and waits for the supply boat, which brings bread, oil and news from the town across the cold bay. "
    "Why does the keeper climb the stairs every evening?"
)


def lesson(prompt: str, completion: str = "5", **more) -> Lesson:
    return Lesson(prompt, completion, completion, strategy="symbolic", depth=1, **more)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is 3 + 5?", "What is 4 + 5?"),
        ("What is 3 + 5?", "What is 3 - 5?"),
        ("What is 12 - 7?", "What is 7 - 12?"),
        ("What is 3.5 + 1?", "What is 35 + 1?"),
        ("What is (3 + 5) * 2?", "What is 3 + (5 * 2)?"),
        ("Sort these: 3, 1, 2", "Sort these: 2, 1, 3"),
        ("Close the brackets: [ { [", "Close the brackets: [ { ("),
        ("Which comes second: apple, pear, fig?", "Which comes second: kiwi, pear, fig?"),
        (STORY + " He has 12 lamps.", STORY + " He has 13 lamps."),
    ],
)
def test_siblings_are_not_duplicates(first: str, second: str) -> None:
    seen = Deduplicator.of([lesson(first)])
    assert seen.check_exact(lesson(second)).outcome == "pass"
    assert seen.check_near(lesson(second)).outcome == "pass"


def test_exact_duplicate_ignores_case_spacing_and_unicode_form() -> None:
    kept = lesson("What is 3 + 5?", "8")
    verdict = Deduplicator.of([kept]).check_exact(lesson("  what  IS 3\n+ 5? ", "8 "))
    assert (verdict.step, verdict.outcome, verdict.evidence) == ("exact_duplicate", "fail", kept.lesson_id)


def test_same_prompt_with_another_completion_is_kept() -> None:
    seen = Deduplicator.of([lesson("What is 3 + 5?", "8")])
    other = lesson("What is 3 + 5?", "3 + 5 = 8")
    assert seen.check_exact(other).outcome == seen.check_near(other).outcome == "pass"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Name a red fruit.", "Name a fruit: red!"),
        ("What is 3 + 5?", "what is 3+5"),
        (STORY, STORY.replace("old ", "")),
        (STORY, STORY.replace("bread, oil and news", "bread, oil, letters and news")),
    ],
)
def test_near_duplicates_are_found(first: str, second: str) -> None:
    kept = lesson(first)
    verdict = Deduplicator.of([kept]).check_near(lesson(second))
    assert (verdict.step, verdict.outcome) == ("near_duplicate", "fail")
    assert kept.lesson_id in verdict.evidence


def test_a_text_that_contains_an_accepted_one_is_found_by_its_last_possible_gram() -> None:
    words = [f"{a}{b}" for a in "bcdfghjklm" for b in "aeiouy"]
    shorter, longer = " ".join(words[:43]), " ".join(words[:59])
    seen = Deduplicator.of([lesson(f"{shorter} {extra}", "x") for extra in ("ant", "bee", "cat")])
    assert seen.check_near(lesson(longer, "x")).outcome == "pass"
    seen.add(lesson(shorter, words[43]))  # 44 words, 40 grams, all of them among the 56 of the longer text
    assert seen.check_near(lesson(longer, "x")).evidence.endswith("jaccard=0.71")


def test_texts_without_words_are_compared_exactly() -> None:
    seen = Deduplicator.of([lesson("😀😀", "!")])
    assert seen.check_near(lesson("😀", "!")).outcome == "pass"
    assert seen.check_exact(lesson("😀😀", "!")).outcome == "fail"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_prefix_filter_equals_brute_force(seed: int) -> None:
    rng = random.Random(seed)
    vocabulary = ["red", "blue", "green", "the", "a", "of", "big", "house", "tree", "7", "12", "runs"]
    texts = [" ".join(rng.choices(vocabulary, k=rng.randint(34, 60))) for _ in range(4)]
    for base in list(texts):
        words = base.split()
        for _ in range(rng.randint(0, 3)):
            words[rng.randrange(len(words))] = rng.choice(vocabulary)
        texts.append(" ".join(words))
    seen = Deduplicator.of(lesson(text) for text in texts[:-1])
    assert ("jaccard" in seen.check_near(lesson(texts[-1])).evidence) == any(
        _is_near(texts[-1], other) for other in texts[:-1]
    )


def _is_near(first: str, second: str) -> bool:
    a, b = ([*tokens(text), "5"] for text in (first, second))
    assert min(len(a), len(b)) > SHORT_TOKENS
    if [word for word in a if word.isdigit()] != [word for word in b if word.isdigit()]:
        return False
    x, y = ({tuple(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1)} for words in (a, b))
    return len(x & y) / len(x | y) >= THRESHOLD


def test_thousands_of_templated_lessons_take_seconds() -> None:
    rng = random.Random(0)
    tail = (
        "Think about the question carefully, then answer with only the final number and nothing else at all."
    )
    rows = [
        lesson(f"{rng.choice(['Anna', 'Ben', 'Cem'])} has {rng.randint(1, 99)} boxes of {rng.choice(['pens', 'nuts'])}"
               f" and gives {rng.randint(1, 99)} of them to a friend who lives next door. How many are left? {tail}")
        for _ in range(3000)
    ]  # fmt: skip
    started = time.process_time()
    seen = Deduplicator()
    n_kept = 0
    for row in rows:
        if seen.check_exact(row).outcome == seen.check_near(row).outcome == "pass":
            seen.add(row)
            n_kept += 1
    assert 2000 < n_kept < 3000
    assert time.process_time() - started < 5
