"""Words side by side: longest, shortest, alphabetical order, same beginning."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, scaled
from curricula.engines.vocabulary import KINDS, PLAIN_WORDS

# ---- material -------------------------------------------------------------------------------------------

POOL = tuple(
    sorted(
        {
            *PLAIN_WORDS,
            *(w for kind in ("fruit", "vegetable", "animal", "bird", "tool", "metal") for w in KINDS[kind]),
        }
    )
)


def _comma(words: list[str]) -> str:
    return ", ".join(words)


def _unique_length(rng: Random, difficulty: float, want_longest: bool) -> list[str]:
    """Words of which exactly one is longest (or shortest)."""
    while True:
        words = rng.sample(POOL, rng.randint(3, scaled(3, 6, difficulty)))
        extreme = (max if want_longest else min)(len(word) for word in words)
        if sum(len(word) == extreme for word in words) == 1:
            return words


# ---- wordings -------------------------------------------------------------------------------------------

LONGEST_WORD = (
    "which of these words is the longest: {words}?",
    "find the word with the most letters: {words}.",
    "{words}. Which word has the most letters?",
    "among {words}, which word is longest?",
    "pick the longest word from this list: {words}.",
    "what is the longest word here? {words}",
)
SHORTEST_WORD = (
    "which of these words is the shortest: {words}?",
    "find the word with the fewest letters: {words}.",
    "{words}. Which word has the fewest letters?",
    "among {words}, which word is shortest?",
    "pick the shortest word from this list: {words}.",
    "what is the shortest word here? {words}",
)
ALPHABETICALLY_FIRST = (
    "which of these words comes first in the alphabet: {words}?",
    "{words}. Which one would be first in a dictionary?",
    "in alphabetical order, which word is first: {words}?",
    "which word comes earliest in alphabetical order, {words_or}?",
    "put {words} in alphabetical order in your head. Which is at the front?",
    "does {words_or} come first alphabetically?",
)
ALPHABETICALLY_LAST = (
    "which of these words comes last in the alphabet: {words}?",
    "{words}. Which one would be last in a dictionary?",
    "in alphabetical order, which word is last: {words}?",
    "which word comes latest in alphabetical order, {words_or}?",
    "put {words} in alphabetical order in your head. Which is at the back?",
)
SORT_WORDS = (
    "sort these words alphabetically: {words}.",
    "put the words {words} in alphabetical order.",
    "arrange from A to Z: {words}.",
    "write this list in alphabetical order: {words}.",
    "order the following words as a dictionary would: {words}.",
    "alphabetize: {words}.",
)
STARTS_WITH = (
    "which of these words starts with the letter {letter}: {words}?",
    "find the word that begins with {letter}: {words}.",
    "{words}. Which one begins with the letter {letter}?",
    "pick the word whose first letter is {letter}: {words}.",
)
ENDS_WITH = (
    "which of these words ends with the letter {letter}: {words}?",
    "find the word that ends in {letter}: {words}.",
    "{words}. Which one ends with the letter {letter}?",
    "pick the word whose last letter is {letter}: {words}.",
)
BEFORE_IN_DICTIONARY = (
    "does {a} come before {b} in the dictionary?",
    "is {a} before {b} in alphabetical order?",
    "alphabetically, does the word {a} come ahead of {b}?",
    "yes or no: {a} stands before {b} when sorted from A to Z?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _by_length(rng: Random, difficulty: float, want_longest: bool) -> Draw:
    words = _unique_length(rng, difficulty, want_longest)
    answer = (max if want_longest else min)(words, key=len)
    steps = ", ".join(f"{word} has {len(word)} letters" for word in words) + "."
    return Draw(
        {"words": _comma(words)}, answer, steps, {"words": words}, tuple(w for w in words if w != answer)
    )


def _longest_word(rng: Random, difficulty: float) -> Draw:
    return _by_length(rng, difficulty, want_longest=True)


def _shortest_word(rng: Random, difficulty: float) -> Draw:
    return _by_length(rng, difficulty, want_longest=False)


def _to_sort(rng: Random, difficulty: float, shortest: int = 2) -> list[str]:
    """Words to sort: with unlike first letters when easy, often alike when hard."""
    count = rng.randint(shortest, scaled(shortest + 1, 7, difficulty))
    while True:
        pool = POOL
        if rng.random() < difficulty - 0.4:
            letter = rng.choice("bcfmpst")
            pool = tuple(word for word in POOL if word[0] in (letter, chr(ord(letter) + 1)))
        words = rng.sample(pool, count)
        if difficulty > 0.4 or len({word[0] for word in words}) == count:
            return words


def _alphabetical(rng: Random, difficulty: float, want_first: bool) -> Draw:
    words = _to_sort(rng, difficulty)
    answer = min(words) if want_first else max(words)
    slots = {"words": _comma(words), "words_or": _comma(words[:-1]) + f" or {words[-1]}"}
    steps = f"Sorted from A to Z: {_comma(sorted(words))}."
    return Draw(slots, answer, steps, {"words": words}, tuple(w for w in words if w != answer))


def _alphabetically_first(rng: Random, difficulty: float) -> Draw:
    return _alphabetical(rng, difficulty, want_first=True)


def _alphabetically_last(rng: Random, difficulty: float) -> Draw:
    return _alphabetical(rng, difficulty, want_first=False)


def _sort_words(rng: Random, difficulty: float) -> Draw:
    words = _to_sort(rng, difficulty, 3)
    parts = sorted(words)
    steps = f"{parts[0]} comes first and {parts[-1]} comes last."
    return Draw({"words": _comma(words)}, _comma(parts), steps, {"parts": parts, "words": words})


def _by_letter(rng: Random, difficulty: float, at: int) -> Draw:
    while True:
        words = rng.sample(POOL, rng.randint(3, scaled(4, 7, difficulty)))
        answer = rng.choice(words)
        if sum(word[at] == answer[at] for word in words) == 1:
            break
    place = "begins" if at == 0 else "ends"
    steps = f"{answer} {place} with {answer[at]}."
    slots = {"words": _comma(words), "letter": answer[at]}
    return Draw(
        slots, answer, steps, {"words": words, "letter": answer[at]}, tuple(w for w in words if w != answer)
    )


def _starts_with(rng: Random, difficulty: float) -> Draw:
    return _by_letter(rng, difficulty, 0)


def _ends_with(rng: Random, difficulty: float) -> Draw:
    return _by_letter(rng, difficulty, -1)


def _before_in_dictionary(rng: Random, difficulty: float) -> Draw:
    a, b = _to_sort(rng, difficulty)[:2]
    is_before = a < b
    steps = f"Sorted from A to Z: {min(a, b)}, {max(a, b)}."
    return Draw(
        {"a": a, "b": b},
        "yes" if is_before else "no",
        steps,
        {"words": [a, b]},
        ("no" if is_before else "yes",),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("longest_word", "words", LONGEST_WORD, _longest_word),
    SkillEngine("shortest_word", "words", SHORTEST_WORD, _shortest_word),
    SkillEngine("alphabetically_first", "words", ALPHABETICALLY_FIRST, _alphabetically_first),
    SkillEngine("alphabetically_last", "words", ALPHABETICALLY_LAST, _alphabetically_last),
    SkillEngine("sort_words", "words", SORT_WORDS, _sort_words),
    SkillEngine("starts_with", "words", STARTS_WITH, _starts_with),
    SkillEngine("ends_with", "words", ENDS_WITH, _ends_with),
    SkillEngine("before_in_dictionary", "words", BEFORE_IN_DICTIONARY, _before_in_dictionary),
)
