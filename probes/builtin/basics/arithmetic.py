"""Arithmetic: sums of one and two digits, differences, the times table, doubling and halving, time units."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.generate import Item, Skill

# --- material ------------------------------------------------------------------------------------

TIMES = range(2, 11)
UNITS = {
    1: {"days": ("weeks", 7), "months": ("years", 12), "minutes": ("hours", 60)},
    2: {"days": ("weeks", 7), "months": ("years", 12), "minutes": ("hours", 60), "hours": ("days", 24)},
    3: {"months": ("years", 12), "minutes": ("hours", 60), "hours": ("days", 24), "seconds": ("minutes", 60)},
}
"""Difficulty: small unit, large unit, how many of the small make one."""
AMOUNTS = {1: (2, 4), 2: (3, 6), 3: (6, 12)}

# --- draw ----------------------------------------------------------------------------------------


def draw_one_digit(rng: Random) -> Item:
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    return Item(f"{min(a, b)}+{max(a, b)}", 1 if a + b < 10 else 2, {"a": a, "b": b})


def draw_two_digits(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    if difficulty == 1:  # a round number and a digit, or two round numbers
        a, b = rng.randint(1, 9) * 10, rng.choice((rng.randint(1, 9), rng.randint(1, 9) * 10))
    else:
        a, b = rng.randint(11, 89), rng.randint(2, 89)
        difficulty = 3 if a % 10 + b % 10 >= 10 else 2
    return Item(f"{min(a, b)}+{max(a, b)}", difficulty, {"a": a, "b": b})


def draw_difference(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    a = rng.randint(*{1: (3, 10), 2: (11, 30), 3: (31, 99)}[difficulty])
    b = rng.choice(
        [n for n in range(1, 10 if difficulty == 2 else a) if n != a - n]
    )  # repeating b is no answer
    return Item(f"{a}-{b}", difficulty, {"a": a, "b": b})


def draw_product(rng: Random) -> Item:
    a, b = rng.choice(TIMES), rng.choice(TIMES)
    easy = {2, 5, 10} & {a, b}
    return Item(f"{min(a, b)}*{max(a, b)}", 1 if easy else 2 if a * b <= 36 else 3, {"a": a, "b": b})


def draw_double_or_half(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    n = rng.randint(*{1: (2, 10), 2: (11, 25), 3: (26, 60)}[difficulty])
    if rng.random() < 0.5:
        return Item(
            f"2*{n}", difficulty, {"n": n, "what": "double", "twice": "two times as many as", "result": 2 * n}
        )
    return Item(
        f"{2 * n}/2", difficulty, {"n": 2 * n, "what": "half", "twice": "half as many as", "result": n}
    )


def draw_time(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    small = rng.choice(tuple(UNITS[difficulty]))
    large, factor = UNITS[difficulty][small]
    n = rng.randint(*AMOUNTS[difficulty])
    return Item(f"{n} {large}", difficulty, {"n": n, "small": small, "large": large, "factor": factor})


# --- answer --------------------------------------------------------------------------------------


def total(slots: Mapping[str, Any]) -> str:
    return str(slots["a"] + slots["b"])


def difference(slots: Mapping[str, Any]) -> str:
    return str(slots["a"] - slots["b"])


def product(slots: Mapping[str, Any]) -> str:
    return str(slots["a"] * slots["b"])


def result(slots: Mapping[str, Any]) -> str:
    return str(slots["result"])


def in_small_units(slots: Mapping[str, Any]) -> str:
    return str(slots["n"] * slots["factor"])


# --- SKILLS --------------------------------------------------------------------------------------

SUMS = (
    "What is {a} + {b}? Answer with only the number.",
    "Add {a} and {b}. Reply with just the number.",
    "You have {a} coins and get {b} more. How many coins do you have? Give only the number.",
    "{a} plus {b} equals what? Answer with only the number.",
)

SKILLS = (
    Skill("sums_one_digit", draw_one_digit, total, SUMS, n_items=45, wordings_per_item=3, scorer="numeric"),
    Skill("sums_two_digits", draw_two_digits, total, SUMS, scorer="numeric"),
    Skill(
        "differences",
        draw_difference,
        difference,
        (
            "What is {a} - {b}? Answer with only the number.",
            "Subtract {b} from {a}. Reply with just the number.",
            "There were {a} birds and {b} flew away. How many are left? Give only the number.",
            "{a} minus {b} equals what? Answer with only the number.",
        ),
        scorer="numeric",
    ),
    Skill(
        "times_table",
        draw_product,
        product,
        (
            "What is {a} x {b}? Answer with only the number.",
            "Multiply {a} by {b}. Reply with just the number.",
            "There are {a} boxes with {b} pens in each. How many pens are there? Give only the number.",
            "{a} times {b} equals what? Answer with only the number.",
        ),
        n_items=45,
        wordings_per_item=3,
        scorer="numeric",
    ),
    Skill(
        "double_or_half",
        draw_double_or_half,
        result,
        (
            "What is {what} of {n}? Answer with only the number.",
            "Find {what} of the number {n}. Reply with just the number.",
            "Tom has {n} stamps. Ann has {twice} Tom. How many stamps has Ann? Give only the number.",
            "I think of {n} and take {what} of it. What do I get? Answer with only the number.",
        ),
        scorer="numeric",
    ),
    Skill(
        "time_units",
        draw_time,
        in_small_units,
        (
            "How many {small} are in {n} {large}? Answer with only the number.",
            "Convert {n} {large} to {small}. Reply with just the number.",
            "Something takes {n} {large}. How many {small} is that? Give only the number.",
            "{n} {large} equal how many {small}? Answer with only the number.",
        ),
        n_items=36,
        wordings_per_item=3,
        scorer="numeric",
    ),
)
