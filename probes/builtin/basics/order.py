"""Fixed orders: days of the week, months of the year, the letters of a word."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.basics.lists import POOL
from probes.builtin.basics.material import DAYS, MONTHS
from probes.builtin.generate import Item, Skill

# --- material ------------------------------------------------------------------------------------

MOVES = {
    "right after": (1, 1),
    "right before": (-1, 2),
    "two {unit} after": (2, 3),
    "two {unit} before": (-2, 3),
}
"""Wording of a move: steps, difficulty."""
LETTER_PLACES = {"first": (0, 1), "last": (-1, 2), "second": (1, 3)}
"""Wording of a place: index, difficulty."""
ARTICLES = "ai"  # as letters they cannot be told from the words "a" and "I" in a sentence

# --- draw ----------------------------------------------------------------------------------------


def draw_day(rng: Random) -> Item:
    return _draw_move(rng, DAYS, "days")


def draw_month(rng: Random) -> Item:
    return _draw_move(rng, MONTHS, "months")


def draw_letter(rng: Random) -> Item:
    place = rng.choice(tuple(LETTER_PLACES))
    index, difficulty = LETTER_PLACES[place]
    word = rng.choice([w for w in POOL if w[index] not in ARTICLES])
    letters = tuple(sorted(set(word) - set(ARTICLES)))
    return Item(f"{word}[{index}]", difficulty, {"word": word, "place": place, "index": index}, letters)


def _draw_move(rng: Random, order: tuple[str, ...], unit: str) -> Item:
    start, move = rng.choice(order), rng.choice(tuple(MOVES))
    steps, difficulty = MOVES[move]
    slots = {"start": start, "move": move.format(unit=unit), "steps": steps, "order": order}
    return Item(f"{start}{steps:+d}", difficulty, slots, order)


# --- answer --------------------------------------------------------------------------------------


def moved(slots: Mapping[str, Any]) -> str:
    order = slots["order"]
    return order[(order.index(slots["start"]) + slots["steps"]) % len(order)]


def letter(slots: Mapping[str, Any]) -> str:
    return slots["word"][slots["index"]]


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "day_of_week",
        draw_day,
        moved,
        (
            "Which day comes {move} {start}? Answer with only the word.",
            "Name the day of the week that is {move} {start}. Reply with just the word.",
            "Think of the week. What day is {move} {start}? Give only the day.",
            "The party is {move} {start}. On which day is the party? Answer with only the word.",
        ),
        n_items=28,
        wordings_per_item=4,
    ),
    Skill(
        "month_of_year",
        draw_month,
        moved,
        (
            "Which month comes {move} {start}? Answer with only the word.",
            "Name the month of the year that is {move} {start}. Reply with just the word.",
            "Think of the calendar. What month is {move} {start}? Give only the month.",
            "The holiday is {move} {start}. In which month is the holiday? Answer with only the word.",
        ),
        n_items=48,
        wordings_per_item=3,
    ),
    Skill(
        "letter_at_place",
        draw_letter,
        letter,
        (
            'What is the {place} letter of the word "{word}"? Answer with only the letter.',
            "Spell {word}. Which letter is {place}? Reply with just the letter.",
            "Word: {word}. Give only its {place} letter.",
            'Which letter stands {place} in "{word}"? Answer with only the letter.',
        ),
    ),
)
