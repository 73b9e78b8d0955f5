"""Size and parity of numbers: larger, smaller, largest, sorted, odd or even."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled

# ---- material -------------------------------------------------------------------------------------------


def _distinct(rng: Random, count: int, difficulty: float, hard: int = 9999) -> list[int]:
    """Distinct numbers of like size, so that size is not given away by the number of digits alone."""
    top = log_scaled(20, hard, difficulty)
    return rng.sample(range(max(0, top // 20), top + 1), count)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


# ---- wordings -------------------------------------------------------------------------------------------

LARGER = (
    "which number is larger, {a} or {b}?",
    "which is bigger: {a} or {b}?",
    "pick the greater of {a} and {b}.",
    "of the two numbers {a} and {b}, which one is greater?",
    "what is the larger number, {a} or {b}?",
    "which is more, {a} or {b}?",
    "here are two numbers: {a} and {b}. Which one is the bigger one?",
    "compare {a} and {b}. Which is higher?",
)
SMALLER = (
    "which number is smaller, {a} or {b}?",
    "which is less: {a} or {b}?",
    "pick the lesser of {a} and {b}.",
    "of the two numbers {a} and {b}, which one is lower?",
    "what is the smaller number, {a} or {b}?",
    "here are two numbers: {a} and {b}. Which one is the smaller one?",
    "compare {a} and {b}. Which is less?",
)
LARGEST = (
    "which of these numbers is the largest: {numbers}?",
    "find the biggest number in this list: {numbers}.",
    "what is the greatest of {numbers}?",
    "look at {numbers}. Which number is highest?",
    "from the numbers {numbers}, pick the maximum.",
    "{numbers}: which one is the biggest?",
)
SMALLEST = (
    "which of these numbers is the smallest: {numbers}?",
    "find the lowest number in this list: {numbers}.",
    "what is the least of {numbers}?",
    "look at {numbers}. Which number is lowest?",
    "from the numbers {numbers}, pick the minimum.",
    "{numbers}: which one is the smallest?",
)
IS_GREATER = (
    "is {a} {relation} {b}?",
    "true or false, yes or no: {a} is {relation} {b}?",
    "is it right that {a} is {relation} {b}?",
    "would you say that {a} is {relation} {b}?",
    "look at the numbers {a} and {b}. Is the first one {relation} the second?",
)
SORT_NUMBERS = (
    "sort these numbers from {order}: {numbers}.",
    "put {numbers} in order from {order}.",
    "arrange the numbers {numbers} from {order}.",
    "write these numbers in {order_name} order: {numbers}.",
    "list {numbers} in {order_name} order.",
)
ODD_OR_EVEN = (
    "is {a} odd or even?",
    "is the number {a} even or odd?",
    "tell me whether {a} is odd or even.",
    "decide if {a} is an even or an odd number.",
    "odd or even: {a}?",
    "what kind of number is {a}, even or odd?",
    "would you call {a} odd, or would you call it even?",
)
IS_EVEN = (
    "is {a} an {parity} number?",
    "is the number {a} {parity}?",
    "yes or no: is {a} {parity}?",
    "would you say that {a} is {parity}?",
    "does {a} count as an {parity} number?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _two(rng: Random, difficulty: float, want_larger: bool) -> Draw:
    a, b = _distinct(rng, 2, difficulty)
    answer, other = (max(a, b), min(a, b)) if want_larger else (min(a, b), max(a, b))
    steps = f"{max(a, b)} is more than {min(a, b)}."
    return Draw({"a": a, "b": b}, str(answer), steps, {"numbers": [a, b]}, (str(other),))


def _larger(rng: Random, difficulty: float) -> Draw:
    return _two(rng, difficulty, want_larger=True)


def _smaller(rng: Random, difficulty: float) -> Draw:
    return _two(rng, difficulty, want_larger=False)


def _extreme(rng: Random, difficulty: float, want_largest: bool) -> Draw:
    numbers = _distinct(rng, rng.randint(3, scaled(3, 8, difficulty)), difficulty)
    answer = max(numbers) if want_largest else min(numbers)
    steps = f"In order they are {_listed(sorted(numbers))}."
    wrong = tuple(str(n) for n in numbers if n != answer)
    return Draw({"numbers": _listed(numbers)}, str(answer), steps, {"numbers": numbers}, wrong)


def _largest(rng: Random, difficulty: float) -> Draw:
    return _extreme(rng, difficulty, want_largest=True)


def _smallest(rng: Random, difficulty: float) -> Draw:
    return _extreme(rng, difficulty, want_largest=False)


def _is_greater(rng: Random, difficulty: float) -> Draw:
    a, b = _distinct(rng, 2, difficulty)
    relation = rng.choice(("greater than", "bigger than", "more than", "less than", "smaller than"))
    is_true = a > b if relation in ("greater than", "bigger than", "more than") else a < b
    steps = f"{a} is {'more' if a > b else 'less'} than {b}."
    slots = {"a": a, "b": b, "relation": relation}
    return Draw(slots, "yes" if is_true else "no", steps, {"numbers": [a, b]}, ("no" if is_true else "yes",))


def _sort_numbers(rng: Random, difficulty: float) -> Draw:
    numbers = _distinct(rng, rng.randint(3, scaled(3, 7, difficulty)), difficulty, 999)
    is_rising = rng.random() < 0.6
    parts = [str(n) for n in sorted(numbers, reverse=not is_rising)]
    order = rng.choice(
        ("smallest to largest", "lowest to highest")
        if is_rising
        else ("largest to smallest", "highest to lowest")
    )
    slots = {
        "numbers": _listed(numbers),
        "order": order,
        "order_name": "ascending" if is_rising else "descending",
    }
    return Draw(
        slots, ", ".join(parts), f"The first is {parts[0]} and the last is {parts[-1]}.", {"parts": parts}
    )


def _odd_or_even(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(1, log_scaled(20, 9999, difficulty))
    parity = "odd" if a % 2 else "even"
    steps = f"{a} ends in {a % 10}, which is {parity}."
    return Draw({"a": a}, parity, steps, {"number": a}, ("even" if a % 2 else "odd",))


def _is_even(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(1, log_scaled(20, 9999, difficulty))
    asked = rng.choice(("odd", "even"))
    is_true = (a % 2 == 1) == (asked == "odd")
    steps = f"{a} ends in {a % 10}, so it is {'odd' if a % 2 else 'even'}."
    return Draw(
        {"a": a, "parity": asked},
        "yes" if is_true else "no",
        steps,
        {"number": a},
        ("no" if is_true else "yes",),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("larger", "comparison", LARGER, _larger),
    SkillEngine("smaller", "comparison", SMALLER, _smaller),
    SkillEngine("largest", "comparison", LARGEST, _largest),
    SkillEngine("smallest", "comparison", SMALLEST, _smallest),
    SkillEngine("is_greater", "comparison", IS_GREATER, _is_greater),
    SkillEngine("sort_numbers", "comparison", SORT_NUMBERS, _sort_numbers),
    SkillEngine("odd_or_even", "comparison", ODD_OR_EVEN, _odd_or_even),
    SkillEngine("is_even", "comparison", IS_EVEN, _is_even),
)
