"""Lists: the first, last or second word, how many, is it there, the longest, the first by alphabet."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.basics.material import KINDS, THINGS
from probes.builtin.generate import Item, Skill

# --- material ------------------------------------------------------------------------------------

POOL = tuple(dict.fromkeys((*THINGS, *(word for members in KINDS.values() for word in members))))
PLACES = {"first": 0, "last": -1, "second": 1}
LENGTHS = {1: (3, 3), 2: (4, 4), 3: (5, 6)}
"""Difficulty: fewest and most words in a list."""

# --- draw ----------------------------------------------------------------------------------------


def draw_place(rng: Random) -> Item:
    difficulty, shown = _list(rng)
    place = rng.choice(tuple(PLACES))
    difficulty = 3 if place == "second" else min(difficulty, 2)
    return _item(f"{place} {','.join(sorted(shown))}", difficulty, shown, shown, place=place)


def draw_count(rng: Random) -> Item:
    n = rng.randint(2, 8)
    return _item("", 1 if n <= 3 else 2 if n <= 5 else 3, tuple(rng.sample(POOL, n)))


def draw_membership(rng: Random) -> Item:
    difficulty, shown = _list(rng)
    word = rng.choice(shown) if rng.random() < 0.5 else rng.choice([w for w in POOL if w not in shown])
    return _item(f"{word} {','.join(sorted(shown))}", difficulty, shown, ("yes", "no"), word=word)


def draw_lengths(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    top = rng.choice([w for w in POOL if len(w) >= 7])
    gap = {1: 4, 2: 2, 3: 1}[difficulty]
    shown = [top, *rng.sample([w for w in POOL if len(w) <= len(top) - gap], 2)]
    rng.shuffle(shown)
    return _item("", difficulty, tuple(shown), tuple(shown))


def draw_initials(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    shown: list[str] = []
    for word in rng.sample(POOL, len(POOL)):
        if all(word[0] != other[0] for other in shown):
            shown.append(word)
        if len(shown) == difficulty + 1:
            return _item("", difficulty, tuple(shown), tuple(shown))
    raise ValueError("too few initials")


def _list(rng: Random) -> tuple[int, tuple[str, ...]]:
    difficulty = rng.randint(1, 3)
    return difficulty, tuple(rng.sample(POOL, rng.randint(*LENGTHS[difficulty])))


def _item(
    key: str, difficulty: int, shown: tuple[str, ...], choices: tuple[str, ...] = (), **slots: str
) -> Item:
    return Item(
        key or ",".join(sorted(shown)),
        difficulty,
        {"list": ", ".join(shown), "words": shown, **slots},
        choices,
    )


# --- answer --------------------------------------------------------------------------------------


def at_place(slots: Mapping[str, Any]) -> str:
    return slots["words"][PLACES[slots["place"]]]


def count(slots: Mapping[str, Any]) -> str:
    return str(len(slots["words"]))


def is_member(slots: Mapping[str, Any]) -> str:
    return "yes" if slots["word"] in slots["words"] else "no"


def longest(slots: Mapping[str, Any]) -> str:
    return max(slots["words"], key=len)


def first_by_alphabet(slots: Mapping[str, Any]) -> str:
    return min(slots["words"])


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "word_at_place",
        draw_place,
        at_place,
        (
            "What is the {place} word in this list: {list}? Answer with only the word.",
            "List: {list}. Which word is {place}? Reply with just the word.",
            "Look at these words: {list}. Give only the {place} word.",
            "From the words {list}, name the {place} one. Answer with only the word.",
        ),
    ),
    Skill(
        "count_of_list",
        draw_count,
        count,
        (
            "How many words are in this list: {list}? Answer with only the number.",
            "Count the words: {list}. Reply with just the number.",
            "My bag holds these things: {list}. How many things is that? Give only the number.",
            "List: {list}. How many items does it have? Answer with only the number.",
        ),
        scorer="numeric",
    ),
    Skill(
        "is_in_list",
        draw_membership,
        is_member,
        (
            'Is the word "{word}" in this list: {list}? Answer yes or no, with only the word.',
            'List: {list}. Does it contain "{word}"? Reply with just yes or no.',
            'Here are some words: {list}. Is "{word}" one of them? Give only yes or no.',
            'Yes or no: the list {list} has the word "{word}". Answer with only the word.',
        ),
    ),
    Skill(
        "longest_word",
        draw_lengths,
        longest,
        (
            "Which word is the longest: {list}? Answer with only the word.",
            "Words: {list}. Which of them has the most letters? Reply with just the word.",
            "Pick the longest word from {list}. Give only the word.",
            "Compare the lengths of these words: {list}. Which is longest? Answer with only the word.",
        ),
    ),
    Skill(
        "first_by_alphabet",
        draw_initials,
        first_by_alphabet,
        (
            "Which word comes first in alphabetical order: {list}? Answer with only the word.",
            "Sort {list} from A to Z. Which word is first? Reply with just the word.",
            "In a dictionary, which of these words stands first: {list}? Give only the word.",
            "Words: {list}. Name the one that comes first by the alphabet. Answer with only the word.",
        ),
    ),
)
