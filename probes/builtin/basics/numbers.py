"""Numbers: which is larger, odd or even, what comes next, digits of number words, Roman numerals."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.generate import Item, Skill

# --- material ------------------------------------------------------------------------------------

UNITS = (
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ROMAN = ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
STEPS = {1: (1, 10), 2: (2, 5), 3: (3, 4)}
"""Difficulty: steps of a number sequence."""
RANGES = {1: (1, 9), 2: (10, 99), 3: (100, 999)}
"""Difficulty: numbers of that many digits."""

# --- draw ----------------------------------------------------------------------------------------


def draw_pair(rng: Random) -> Item:
    difficulty = rng.choice((1, 2, 2, 3))
    a, b = rng.sample(range(RANGES[difficulty][0], RANGES[difficulty][1] + 1), 2)
    return Item(f"{min(a, b)},{max(a, b)}", difficulty, {"a": a, "b": b}, (str(a), str(b)))


def draw_number(rng: Random) -> Item:
    difficulty = rng.choice((1, 2, 2, 3))
    n = rng.randint(*RANGES[difficulty])
    return Item(str(n), difficulty, {"n": n}, ("odd", "even"))


def draw_sequence(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    step = rng.choice(STEPS[difficulty])
    start = rng.randint(1, 20) * (step if step in (5, 10) else 1)
    shown = [start + step * i for i in range(4)]
    return Item(
        f"{start}+{step}", difficulty, {"shown": ", ".join(map(str, shown)), "start": start, "step": step}
    )


def draw_spelled(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    n = rng.choice({1: range(1, 21), 2: range(20, 100, 10), 3: range(21, 100)}[difficulty])
    spelled = UNITS[n] if n < 20 else "-".join(filter(None, (TENS[n // 10], UNITS[n % 10])))
    return Item(spelled, 1 if n <= 20 else 2 if n % 10 == 0 else 3, {"spelled": spelled, "n": n})


def draw_roman(rng: Random) -> Item:
    difficulty = rng.randint(1, 3)
    n = rng.randint(*{1: (1, 10), 2: (11, 20), 3: (21, 60)}[difficulty])
    rest, roman = n, ""
    for value, sign in ROMAN:
        roman += sign * (rest // value)
        rest %= value
    return Item(roman, difficulty, {"roman": roman, "n": n})


# --- answer --------------------------------------------------------------------------------------


def larger(slots: Mapping[str, Any]) -> str:
    return str(max(slots["a"], slots["b"]))


def parity(slots: Mapping[str, Any]) -> str:
    return "odd" if slots["n"] % 2 else "even"


def next_in_sequence(slots: Mapping[str, Any]) -> str:
    return str(slots["start"] + 4 * slots["step"])


def the_number(slots: Mapping[str, Any]) -> str:
    return str(slots["n"])


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "larger_of_two",
        draw_pair,
        larger,
        (
            "Which number is larger, {a} or {b}? Answer with only the number.",
            "Here are two numbers: {a} and {b}. Which one is greater? Reply with just the number.",
            "Pick the bigger number: {a} or {b}. Give only the number.",
            "What is the maximum of {a} and {b}? Answer with only the number.",
        ),
        scorer="numeric",
    ),
    Skill(
        "odd_or_even",
        draw_number,
        parity,
        (
            "Is {n} odd or even? Answer with only the word.",
            "Say whether the number {n} is even or odd. Reply with just one word.",
            "The number is {n}. Is it an odd or an even number? Answer with only the word.",
            "Odd or even: {n}? Give only the word.",
        ),
    ),
    Skill(
        "next_number",
        draw_sequence,
        next_in_sequence,
        (
            "What number comes next: {shown}? Answer with only the number.",
            "Continue the sequence {shown} with one more number. Reply with just the number.",
            "A pattern goes {shown}. What is the next number? Give only the number.",
            "{shown}, ... Which number follows? Answer with only the number.",
        ),
        scorer="numeric",
    ),
    Skill(
        "digits_of_number_word",
        draw_spelled,
        the_number,
        (
            "Write the number {spelled} in digits. Answer with only the number.",
            "How is {spelled} written with digits? Reply with just the number.",
            'Which number is spelled "{spelled}"? Give only the number, in digits.',
            'Turn the number word "{spelled}" into digits. Answer with only the number.',
        ),
        scorer="exact",  # numeric would take the number word itself for the answer
    ),
    Skill(
        "roman_numeral",
        draw_roman,
        the_number,
        (
            "What number is the Roman numeral {roman}? Answer with only the number.",
            "Convert the Roman numeral {roman} to digits. Reply with just the number.",
            "In Roman numerals a number is written {roman}. Which number is it? Give only the number.",
            "Write {roman}, a Roman numeral, as an ordinary number. Answer with only the number.",
        ),
        n_items=44,
        wordings_per_item=3,
        scorer="numeric",
    ),
)
