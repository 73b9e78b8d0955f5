"""Units and numerals: metres and centimetres, hours and minutes, dozens, Roman numerals."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled

# ---- material -------------------------------------------------------------------------------------------

CONVERSIONS = (
    ("hours", "minutes", 60), ("minutes", "seconds", 60), ("days", "hours", 24), ("weeks", "days", 7),
    ("years", "months", 12), ("dozen", "single items", 12), ("meters", "centimeters", 100), ("centimeters", "millimeters", 10),
    ("kilometers", "meters", 1000), ("kilograms", "grams", 1000), ("liters", "milliliters", 1000), ("feet", "inches", 12),
    ("yards", "feet", 3), ("dollars", "cents", 100), ("pounds", "ounces", 16), ("gallons", "quarts", 4), ("decades", "years", 10),
    ("centuries", "years", 100), ("pairs", "single items", 2), ("tons", "kilograms", 1000),
)  # fmt: skip
"""Larger unit, smaller unit, how many of the smaller make one of the larger; common ones first."""
NUMERALS = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip


def roman(number: int) -> str:
    """Roman numeral of 1..3999."""
    text = ""
    for value, letters in NUMERALS:
        text += letters * (number // value)
        number %= value
    return text


def _unit(rng: Random, difficulty: float) -> tuple[str, str, int]:
    return CONVERSIONS[rng.randrange(max(6, round(len(CONVERSIONS) * (0.4 + 0.6 * difficulty))))]


# ---- wordings -------------------------------------------------------------------------------------------

TO_SMALLER = (
    "how many {small} are in {n} {large}?",
    "convert {n} {large} to {small}.",
    "{n} {large} is how many {small}?",
    "how many {small} make {n} {large}?",
    "change {n} {large} into {small}.",
    "express {n} {large} in {small}.",
)
TO_LARGER = (
    "how many {large} are {n} {small}?",
    "convert {n} {small} to {large}.",
    "{n} {small} equals how many {large}?",
    "{n} {small} make how many {large}?",
    "change {n} {small} into {large}.",
    "express {n} {small} in {large}.",
)
MIXED_UNITS = (
    "how many {small} are {n} {large} and {m} {small}?",
    "convert {n} {large} and {m} {small} to {small}.",
    "what is {n} {large} plus {m} {small}, in {small}?",
)
TO_ROMAN = (
    "write {a} as a Roman numeral.",
    "what is {a} in Roman numerals?",
    "how did the Romans write {a}?",
    "which Roman numeral stands for {a}?",
    "turn the number {a} into a Roman numeral.",
)
FROM_ROMAN = (
    "what number is the Roman numeral {roman}?",
    "which number does {roman} stand for in Roman numerals?",
    "read the Roman numeral {roman}. What number is it?",
    "turn the Roman numeral {roman} into digits.",
    "{roman} is a Roman numeral. What is its value?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _near(answer: int, factor: int) -> tuple[str, ...]:
    return tuple(
        str(n) for n in (answer * 10, answer + factor, max(1, answer // 10), answer + 1) if n != answer
    )


def _to_smaller(rng: Random, difficulty: float) -> Draw:
    large, small, factor = _unit(rng, difficulty)
    n = rng.randint(2, log_scaled(5, 30, difficulty))
    answer = n * factor
    steps = f"Each of the {n} {large} is {factor} {small}, and {n} × {factor} = {answer}."
    return Draw(
        {"large": large, "small": small, "n": n},
        str(answer),
        steps,
        {"expression": f"{n} * {factor}"},
        _near(answer, factor),
    )


def _to_larger(rng: Random, difficulty: float) -> Draw:
    large, small, factor = _unit(rng, difficulty)
    answer = rng.randint(2, log_scaled(5, 30, difficulty))
    n = answer * factor
    steps = f"It takes {factor} {small} each time, and {n} ÷ {factor} = {answer}."
    return Draw(
        {"large": large, "small": small, "n": n},
        str(answer),
        steps,
        {"expression": f"{n} / {factor}"},
        _near(answer, factor),
    )


def _mixed_units(rng: Random, difficulty: float) -> Draw:
    large, small, factor = rng.choice(
        [unit for unit in CONVERSIONS if unit[2] >= 7 and unit[1] != "single items"]
    )
    n, m = (
        rng.randint(1, log_scaled(4, 15, difficulty)),
        rng.randint(1, min(factor - 1, scaled(20, 60, difficulty))),
    )
    answer = n * factor + m
    steps = f"{n} × {factor} = {n * factor}, and {n * factor} + {m} = {answer}."
    slots = {
        "large": large if n > 1 else {"feet": "foot", "centuries": "century"}.get(large, large[:-1]),
        "small": small,
        "n": n,
        "m": m,
    }
    return Draw(slots, str(answer), steps, {"expression": f"{n} * {factor} + {m}"}, _near(answer, factor))


def _roman_value(rng: Random, difficulty: float) -> int:
    return rng.randint(1, log_scaled(12, 2000, difficulty))


def _to_roman(rng: Random, difficulty: float) -> Draw:
    a = _roman_value(rng, difficulty)
    parts = [f"{value} is {letters}" for value, letters in NUMERALS if letters in roman(a) and value <= a][:4]
    wrong = tuple(roman(n) for n in (a + 1, a + 4, a + 5))
    return Draw({"a": a}, roman(a), ", ".join(parts) + ".", {"number": a}, wrong)


def _from_roman(rng: Random, difficulty: float) -> Draw:
    a = _roman_value(rng, difficulty)
    left, parts = a, []
    for value, letters in NUMERALS:
        while left >= value:
            parts.append(f"{letters} is {value}")
            left -= value
    return Draw(
        {"roman": roman(a)},
        str(a),
        ", ".join(parts) + f": {a}.",
        {"roman": roman(a)},
        tuple(str(n) for n in (a + 1, a + 2, a + 5)),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("to_smaller_unit", "units", TO_SMALLER, _to_smaller),
    SkillEngine("to_larger_unit", "units", TO_LARGER, _to_larger),
    SkillEngine("mixed_units", "units", MIXED_UNITS, _mixed_units),
    SkillEngine("to_roman", "units", TO_ROMAN, _to_roman),
    SkillEngine("from_roman", "units", FROM_ROMAN, _from_roman),
)
