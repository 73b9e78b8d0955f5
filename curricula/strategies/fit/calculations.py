"""Is the gold computed from the numbers of the problem? Evidence for word problems whatever they talk about.

Of one problem this says little: of many numbers some result is always right by chance. So the share of failures whose gold
can be reached is compared with the share of the other failures' golds that the same numbers reach: what chance reaches, it
reaches in both. GSM8K: .80 against .56; ASDiv: .83 against .17; counting things in a list: .03 against .08.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from curricula.strategies.fit.relations import numbers_in
from curricula.strategies.fit.surface import Reading, answer_kind

MAX_NUMBERS = 6  # of a problem; with more, chance reaches everything
MAX_USED = 4  # numbers in one calculation: up to three operations, some 20 ms a problem
MIN_PROBLEMS = 6  # fewer say nothing about a share
MAX_PROBLEMS = 40  # more are not needed, and cost a second
MIN_REACHED = 0.5
MIN_Z = 1.0  # GSM8K in eights has 1.1 on average, in forties 2.7; ASDiv in eights 4.9; lists in which things are counted -1
EQUATION = re.compile(r"(?P<left>\d[\d.,]*%?(?:\s*[-+*/x×÷]\s*\(?\$?\d[\d.,]*%?\)?)+)\s*=(?=\s*(?:<<)?\s*\$?-?\d)")
OPERATORS = {"x": "*", "×": "*", "÷": "/"}
IMPLIED = (
    (re.compile(r"\b(?:twice|double[sd]?|half|halves|pair|couple)\b", re.IGNORECASE), 2.0),
    (re.compile(r"\b(?:triple[sd]?|thrice|one[- ]third|a third)\b", re.IGNORECASE), 3.0),
    (re.compile(r"\b(?:quarter|one[- ]fourth|a fourth)\b", re.IGNORECASE), 4.0),
    (re.compile(r"\b(?:week|weekly)\b", re.IGNORECASE), 7.0),
    (re.compile(r"\b(?:dozen|dozens)\b", re.IGNORECASE), 12.0),
    (re.compile(r"%|\bpercent\b", re.IGNORECASE), 100.0),
)
"""Numbers that are meant by a word."""
ASKS = re.compile(r"\bhow (?:many|much|old|far|long|tall|fast|big|heavy)\b|\bwhat (?:is|was|are|were|will|would)\b|\bfind\b|\bcalculate\b", re.IGNORECASE)


def is_story(reading: Reading) -> bool:
    """Prose with at least two numbers that asks for one: a sentence or more before the question, no list, no table."""
    stem = reading.stem
    return (
        answer_kind(reading.gold) == "number"
        and len(stem.split()) >= 12
        and len(re.findall(r"[.!?](?=\s|$)", stem)) >= 2
        and stem.count("\n") <= 2
        and len(_numbers(stem)) >= 2
        and ASKS.search(stem) is not None
    )


def are_calculated(readings: Sequence[Reading], golds: Sequence[str]) -> bool:
    """Do these golds (whole, with any working) come from calculations with the problems' numbers?

    Yes if most golds show an equation. Else `MIN_REACHED` of them must be reachable, and more than chance explains.
    """
    if not golds:
        return False
    if sum(EQUATION.search(gold) is not None for gold in golds) >= MIN_REACHED * len(golds):
        return True
    own, chance, z = reached(readings)
    return own >= MIN_REACHED and own > chance and z >= MIN_Z


def reached(readings: Sequence[Reading]) -> tuple[float, float, float]:
    """Share of golds that their problem's numbers reach, share expected by chance, and the difference in standard errors.

    Chance, for each problem: how many of the other problems' golds its numbers reach. Zeros for fewer than `MIN_PROBLEMS`.
    """
    shown = [reading for reading in readings if len(_numbers(reading.stem)) <= MAX_NUMBERS][:MAX_PROBLEMS]
    if len(shown) < MIN_PROBLEMS:
        return 0.0, 0.0, 0.0
    n, values = len(shown), [_value(reading.gold) for reading in shown]
    results = [_results(reading.stem) for reading in shown]
    own = sum(value in found for value, found in zip(values, results, strict=True))
    others = [sum(value in found for j, value in enumerate(values) if j != i) for i, found in enumerate(results)]
    chances = [(hits + 0.5) / n for hits in others]  # never 0 or 1: n - 1 others are few
    spread = math.sqrt(sum(chance * (1 - chance) for chance in chances))
    return own / n, sum(chances) / n, (own - sum(chances)) / spread


def worked_operations(gold: str) -> str:
    """Operators of the different equations that a worked gold shows, sorted; empty where it shows none."""
    shown = dict.fromkeys(re.sub(r"[^\d.*/x×÷+-]", "", match["left"]) for match in EQUATION.finditer(gold))
    return "".join(sorted(OPERATORS.get(sign, sign) for left in shown for sign in re.findall(r"(?<=[\d.])[-+*/x×÷]", left)))


def operations(reading: Reading) -> frozenset[str]:
    """The shortest calculations from the problem's numbers to the gold, as sorted operators (`+-`); empty where none was found."""
    if len(_numbers(reading.stem)) > MAX_NUMBERS:
        return frozenset()
    return frozenset(_results(reading.stem).get(_value(reading.gold), ()))


def _value(gold: str) -> float:
    found = re.search(r"-?\d[\d,]*(?:\.\d+)?", gold)
    return round(float(found[0].replace(",", "")), 6) if found else float("nan")


def _numbers(text: str) -> list[float]:
    distinct = dict.fromkeys(abs(number) for number in numbers_in(text) if number)
    return list(dict.fromkeys([*distinct, *(number for pattern, number in IMPLIED if pattern.search(text))]))


@lru_cache(maxsize=256)
def _results(text: str) -> dict[float, set[str]]:
    """Values of chains of one to three operations over distinct numbers of the text, each used once, with the operators of the shortest."""
    numbers = _numbers(text)
    layer: dict[int, dict[float, set[str]]] = {1 << at: {number: {""}} for at, number in enumerate(numbers)}
    results: dict[float, set[str]] = {}
    for _ in range(MAX_USED - 1):
        following: dict[int, dict[float, set[str]]] = {}
        for used, values in layer.items():
            for at, number in enumerate(numbers):
                if used >> at & 1:
                    continue
                into = following.setdefault(used | 1 << at, {})
                for value, chains in values.items():
                    for operator, result in _apply(value, number):
                        into.setdefault(result, set()).update("".join(sorted(chain + operator)) for chain in chains)
        layer = following
        found: dict[float, set[str]] = {}
        for values in layer.values():
            for value, chains in values.items():
                found.setdefault(value, set()).update(chains)
        for value, chains in found.items():
            results.setdefault(value, chains)
    return results


def _apply(value: float, number: float) -> list[tuple[str, float]]:
    found = [("+", value + number), ("-", abs(value - number)), ("*", value * number), ("/", value / number)]
    if value:
        found.append(("/", number / value))
    return [(operator, round(result, 6)) for operator, result in found]
