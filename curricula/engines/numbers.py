"""Arithmetic on whole numbers: from one-digit sums to percentages of three-digit numbers.

Every item's `params["expression"]` is plain arithmetic whose value is the answer.
"""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled

# ---- material -------------------------------------------------------------------------------------------


def _operand(rng: Random, difficulty: float, easy: int = 9, hard: int = 999) -> int:
    """A number below a bound that grows by equal factors, but never far below it: small numbers have their own
    difficulty."""
    top = log_scaled(easy, hard, difficulty)
    return rng.randint(max(1, top // 8), max(2, top))


# ---- wordings -------------------------------------------------------------------------------------------

ADD = (
    "what is {a} + {b}?",
    "{a} + {b} =",
    "add {a} and {b}.",
    "what do you get when you add {b} to {a}?",
    "find the sum of {a} and {b}.",
    "how much is {a} plus {b}?",
    "{a} plus {b} equals what number?",
    "work out {a} + {b}.",
    "what number is {b} more than {a}?",
    "the total of {a} and {b} is what?",
)
SUBTRACT = (
    "what is {a} - {b}?",
    "{a} - {b} =",
    "subtract {b} from {a}.",
    "take {b} away from {a}. What is left?",
    "what is the difference between {a} and {b}?",
    "how much is {a} minus {b}?",
    "{a} minus {b} equals what number?",
    "work out {a} - {b}.",
    "what number is {b} less than {a}?",
    "how much bigger is {a} than {b}?",
)
MULTIPLY = (
    "what is {a} x {b}?",
    "{a} * {b} =",
    "multiply {a} by {b}.",
    "what is {a} times {b}?",
    "find the product of {a} and {b}.",
    "how much is {a} multiplied by {b}?",
    "{a} times {b} equals what number?",
    "work out {a} × {b}.",
    "what do {a} groups of {b} make?",
)
DIVIDE = (
    "what is {a} / {b}?",
    "{a} ÷ {b} =",
    "divide {a} by {b}.",
    "what is {a} divided by {b}?",
    "how many times does {b} go into {a}?",
    "how much is {a} over {b}?",
    "{a} divided by {b} equals what number?",
    "split {a} into {b} equal parts. How big is one part?",
)
DOUBLE = (
    "what is double {a}?",
    "double {a}.",
    "what is twice {a}?",
    "what number is two times as big as {a}?",
    "if you double the number {a}, what do you get?",
    "how much is 2 times {a}?",
    "{a} doubled is what?",
)
HALVE = (
    "what is half of {a}?",
    "halve {a}.",
    "how much is one half of {a}?",
    "what do you get if you cut {a} in half?",
    "find half of the number {a}.",
    "{a} halved is what?",
    "which number is exactly half as big as {a}?",
)
SUM_OF_SEVERAL = (
    "what is {terms_plus}?",
    "add up these numbers: {terms}.",
    "find the total of {terms}.",
    "what do {terms} add up to?",
    "{terms_plus} =",
    "sum the following: {terms}.",
    "what is the sum of {terms}?",
)
MISSING_NUMBER = (
    "{left} = {c}. What number goes in the blank?",
    "fill in the missing number: {left} = {c}.",
    "which number makes this true: {left} = {c}?",
    "find the number that belongs in the gap: {left} = {c}.",
    "complete the equation {left} = {c}.",
)
REMAINDER = (
    "what is the remainder when {a} is divided by {b}?",
    "divide {a} by {b}. What is left over?",
    "find the remainder of {a} divided by {b}.",
    "{a} is shared out in groups of {b}. How many are left over?",
    "what is {a} mod {b}?",
)
SQUARE = (
    "what is {a} squared?",
    "find the square of {a}.",
    "how much is {a} times itself?",
    "what do you get when you multiply {a} by {a}?",
    "{a} to the power of 2 is what?",
)
PERCENT = (
    "what is {p}% of {a}?",
    "find {p} percent of {a}.",
    "how much is {p}% of {a}?",
    "work out {p} percent of {a}.",
    "{p}% of {a} is what number?",
)
ROUND_TO_TEN = (
    "round {a} to the nearest {unit}.",
    "what is {a} rounded to the nearest {unit}?",
    "to the nearest {unit}, what is {a}?",
    "which multiple of {unit} is closest to {a}?",
    "give {a} rounded to the nearest {unit}.",
)
CHAIN = (
    "what is {chain}?",
    "{chain} =",
    "calculate {chain}.",
    "work out the value of {chain}.",
    "evaluate {chain}.",
    "find the result of {chain}.",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _numbers_near(answer: int, *more: int) -> tuple[str, ...]:
    """Slips that learners make: off by one or ten, the wrong operation."""
    return tuple(str(n) for n in (*more, answer + 1, answer - 1, answer + 10, answer + 2) if n != answer)


def _add(rng: Random, difficulty: float) -> Draw:
    a, b = _operand(rng, difficulty), _operand(rng, difficulty)
    total = a + b
    if b >= 10:
        steps = f"{a} + {b // 10 * 10} = {a + b // 10 * 10}, and {b % 10} more makes {total}."
    else:
        steps = f"Start at {a} and count on {b}: that makes {total}."
    return Draw(
        {"a": a, "b": b}, str(total), steps, {"expression": f"{a} + {b}"}, _numbers_near(total, abs(a - b))
    )


def _subtract(rng: Random, difficulty: float) -> Draw:
    a, b = _operand(rng, difficulty, 10), _operand(rng, difficulty, 8)
    a, b = max(a, b) + 1, min(a, b)
    rest = a - b
    if b >= 10:
        steps = f"{a} - {b // 10 * 10} = {a - b // 10 * 10}, and {b % 10} less makes {rest}."
    else:
        steps = f"Start at {a} and count back {b}: that leaves {rest}."
    return Draw({"a": a, "b": b}, str(rest), steps, {"expression": f"{a} - {b}"}, _numbers_near(rest, a + b))


def _multiply(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(2, log_scaled(5, 60, difficulty))
    b = rng.randint(2, log_scaled(9, 30, difficulty))
    if rng.random() < 0.5:
        a, b = b, a
    tens, ones = a // 10 * 10, a % 10
    steps = f"{a} × {b} = {a * b}."
    if tens and ones:
        steps = f"{tens} × {b} = {tens * b}, {ones} × {b} = {ones * b}, together {a * b}."
    return Draw(
        {"a": a, "b": b},
        str(a * b),
        steps,
        {"expression": f"{a} * {b}"},
        _numbers_near(a * b, a + b, a * b + b),
    )


def _divide(rng: Random, difficulty: float) -> Draw:
    b = rng.randint(2, log_scaled(5, 25, difficulty))
    quotient = rng.randint(2, log_scaled(9, 40, difficulty))
    a = b * quotient
    steps = f"{b} × {quotient} = {a}, so {a} ÷ {b} = {quotient}."
    return Draw(
        {"a": a, "b": b}, str(quotient), steps, {"expression": f"{a} / {b}"}, _numbers_near(quotient, a - b)
    )


def _double(rng: Random, difficulty: float) -> Draw:
    a = _operand(rng, difficulty, 10)
    return Draw(
        {"a": a}, str(2 * a), f"{a} + {a} = {2 * a}.", {"expression": f"{a} * 2"}, _numbers_near(2 * a, a + 2)
    )


def _halve(rng: Random, difficulty: float) -> Draw:
    half = _operand(rng, difficulty, 9, 500)
    steps = f"{half} + {half} = {2 * half}, so half of {2 * half} is {half}."
    return Draw(
        {"a": 2 * half}, str(half), steps, {"expression": f"{2 * half} / 2"}, _numbers_near(half, 4 * half)
    )


def _sum_of_several(rng: Random, difficulty: float) -> Draw:
    count = rng.randint(3, scaled(3, 6, difficulty))
    terms = [_operand(rng, difficulty, 9, 300) for _ in range(count)]
    running, parts = terms[0], []
    for term in terms[1:]:
        parts.append(f"{running} + {term} = {running + term}")
        running += term
    slots = {
        "terms": ", ".join(map(str, terms[:-1])) + f" and {terms[-1]}",
        "terms_plus": " + ".join(map(str, terms)),
    }
    return Draw(
        slots,
        str(running),
        ", ".join(parts) + ".",
        {"expression": slots["terms_plus"]},
        _numbers_near(running),
    )


def _missing_number(rng: Random, difficulty: float) -> Draw:
    known, answer = _operand(rng, difficulty, 9, 200), _operand(rng, difficulty, 9, 200)
    kind = rng.choice(("first", "second", "minus"))
    if kind == "minus":
        slots = {"left": f"{known + answer} - __", "c": known}
        expression = f"{known + answer} - {known}"
    else:
        slots = {"left": f"__ + {known}" if kind == "first" else f"{known} + __", "c": known + answer}
        expression = f"{known + answer} - {known}"
    return Draw(
        slots, str(answer), f"{expression} = {answer}.", {"expression": expression}, _numbers_near(answer)
    )


def _remainder(rng: Random, difficulty: float) -> Draw:
    b = rng.randint(2, log_scaled(5, 20, difficulty))
    a = rng.randint(b + 1, b * log_scaled(6, 30, difficulty))
    steps = f"{b} × {a // b} = {a // b * b}, and {a} - {a // b * b} = {a % b}."
    return Draw(
        {"a": a, "b": b}, str(a % b), steps, {"expression": f"{a} % {b}"}, _numbers_near(a % b, a // b)
    )


def _square(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(2, log_scaled(9, 40, difficulty))
    return Draw(
        {"a": a},
        str(a * a),
        f"{a} × {a} = {a * a}.",
        {"expression": f"{a} * {a}"},
        _numbers_near(a * a, 2 * a),
    )


def _percent(rng: Random, difficulty: float) -> Draw:
    percent = rng.choice((10, 50) if difficulty < 0.3 else (5, 10, 20, 25, 30, 40, 50, 60, 75, 80, 90))
    a = 20 * rng.randint(1, log_scaled(10, 50, difficulty))
    answer = a * percent // 100
    steps = f"1% of {a} is {a / 100:g}, so {percent}% is {answer}."
    wrong = _numbers_near(answer, a - answer)
    return Draw({"p": percent, "a": a}, str(answer), steps, {"expression": f"{a} * {percent} / 100"}, wrong)


def _round_to_ten(rng: Random, difficulty: float) -> Draw:
    unit = rng.choice((10,) if difficulty < 0.4 else (10, 100))
    a = rng.randint(unit + 1, unit * log_scaled(9, 90, difficulty))
    while a % unit in (0, unit // 2):
        a += 1
    low = a // unit * unit
    answer = low if a - low < unit / 2 else low + unit
    steps = f"{a} lies between {low} and {low + unit}, and is closer to {answer}."
    wrong = (str(low if answer != low else low + unit), str(answer + unit))
    return Draw(
        {"a": a, "unit": unit}, str(answer), steps, {"expression": f"{answer // unit} * {unit}"}, wrong
    )


def _chain(rng: Random, difficulty: float) -> Draw:
    count = rng.randint(3, scaled(3, 5, difficulty))
    running = _operand(rng, difficulty, 12, 200) + 5
    chain, parts = str(running), []
    for _ in range(count - 1):
        term = _operand(rng, difficulty, 9, 150)
        sign = "+" if term > running or rng.random() < 0.5 else "-"
        result = running + term if sign == "+" else running - term
        chain += f" {sign} {term}"
        parts.append(f"{running} {sign} {term} = {result}")
        running = result
    return Draw(
        {"chain": chain}, str(running), ", ".join(parts) + ".", {"expression": chain}, _numbers_near(running)
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("add", "numbers", ADD, _add),
    SkillEngine("subtract", "numbers", SUBTRACT, _subtract),
    SkillEngine("multiply", "numbers", MULTIPLY, _multiply),
    SkillEngine("divide", "numbers", DIVIDE, _divide),
    SkillEngine("double", "numbers", DOUBLE, _double),
    SkillEngine("halve", "numbers", HALVE, _halve),
    SkillEngine("sum_of_several", "numbers", SUM_OF_SEVERAL, _sum_of_several),
    SkillEngine("missing_number", "numbers", MISSING_NUMBER, _missing_number),
    SkillEngine("remainder", "numbers", REMAINDER, _remainder),
    SkillEngine("square", "numbers", SQUARE, _square),
    SkillEngine("percent", "numbers", PERCENT, _percent),
    SkillEngine("round_to_ten", "numbers", ROUND_TO_TEN, _round_to_ten),
    SkillEngine("chain", "numbers", CHAIN, _chain),
)
