"""What comes next, what is missing, counting on and back, number names and digits."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled, words

# ---- material -------------------------------------------------------------------------------------------

ONES = words("""zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""")
TENS = ("", "", *words("twenty thirty forty fifty sixty seventy eighty ninety"))
PLACES = ("ones", "tens", "hundreds", "thousands")


def number_name(number: int) -> str:
    """English name of a number in 0..999,999, as in `two hundred seven` and `forty-two`."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{ONES[number // 100]} hundred" + (f" {number_name(number % 100)}" if number % 100 else "")
    return f"{number_name(number // 1000)} thousand" + (
        f" {number_name(number % 1000)}" if number % 1000 else ""
    )


# ---- wordings -------------------------------------------------------------------------------------------

NEXT_IN_SEQUENCE = (
    "what number comes next: {terms}?",
    "continue the sequence: {terms}, ...",
    "{terms}, ... Which number follows?",
    "what is the next number in the sequence {terms}?",
    "look at the pattern {terms}. What comes after {last}?",
    "a sequence goes {terms}. What is its next term?",
    "find the next number in this pattern: {terms}, __",
)
MISSING_IN_SEQUENCE = (
    "which number is missing: {gapped}?",
    "fill in the gap: {gapped}.",
    "the sequence {gapped} has one gap. Which number belongs there?",
    "find the missing number in the pattern {gapped}.",
    "what number should replace the blank in {gapped}?",
)
NEIGHBOUR = (
    "what number comes {phrase} {a}?",
    "which number is {phrase} {a} when counting?",
    "counting by ones, what is {phrase} {a}?",
    "name the number that comes {phrase} {a}.",
    "tell me the whole number {phrase} {a}.",
)
COUNT_ON = (
    "start at {a} and count {direction} by {step}s, {times} times. Where do you land?",
    "begin with {a} and {verb} {step} exactly {times} times. What number do you reach?",
    "if you count {direction} from {a} in steps of {step}, what number do you say after {times} steps?",
    "skip count {direction} by {step} from {a}. What is the number after {times} skips?",
    "a counter shows {a} and goes {direction} by {step} at every click. What does it show after {times} clicks?",
)
NAME_TO_DIGITS = (
    "write {name} in digits.",
    "how is the number {name} written with digits?",
    "turn the words {name} into a number.",
    "what number is {name}?",
    "which digits stand for {name}?",
)
DIGITS_TO_NAME = (
    "write {a} in words.",
    "how do you spell out the number {a}?",
    "what is {a} called in words?",
    "write the number {a} as words, not digits.",
    "spell the number {a}.",
)
PLACE_VALUE = (
    "what is the {place} digit of {a}?",
    "which digit is in the {place} place of {a}?",
    "look at the number {a}. What digit stands in the {place} place?",
    "name the digit in the {place} position of {a}.",
)
DIGIT_SUM = (
    "what is the sum of the digits of {a}?",
    "add up the digits of {a}.",
    "what do the digits of {a} add up to?",
    "find the digit sum of {a}.",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _terms(rng: Random, difficulty: float, count: int) -> tuple[list[int], str]:
    """Terms of a rising, falling or doubling sequence and the rule in words."""
    if difficulty > 0.5 and rng.random() < 0.25:
        factor, first = rng.choice((2, 2, 3)), rng.randint(1, 6)
        return [first * factor**i for i in range(count)], f"each term is {factor} times the one before"
    step = rng.randint(1, scaled(5, 15, difficulty))
    first = rng.randint(0, log_scaled(10, 150, difficulty))
    if rng.random() < 0.3:
        first += step * count
        return [first - step * i for i in range(count)], f"each term is {step} less than the one before"
    return [first + step * i for i in range(count)], f"each term is {step} more than the one before"


def _near(answer: int, last: int) -> tuple[str, ...]:
    return tuple(str(n) for n in (answer + 1, answer - 1, last, answer + 2) if n != answer and n >= 0)


def _next_in_sequence(rng: Random, difficulty: float) -> Draw:
    terms, rule = _terms(rng, difficulty, rng.randint(4, 6))
    *shown, answer = terms
    steps = f"Here {rule}, so after {shown[-1]} comes {answer}."
    slots = {"terms": ", ".join(map(str, shown)), "last": shown[-1]}
    return Draw(slots, str(answer), steps, {"terms": shown}, _near(answer, shown[-1]))


def _missing_in_sequence(rng: Random, difficulty: float) -> Draw:
    terms, rule = _terms(rng, difficulty, rng.randint(5, 6))
    gap = rng.randint(1, len(terms) - 2)
    gapped = ", ".join("__" if i == gap else str(n) for i, n in enumerate(terms))
    steps = f"Here {rule}, so the gap is {terms[gap]}."
    return Draw(
        {"gapped": gapped}, str(terms[gap]), steps, {"terms": terms}, _near(terms[gap], terms[gap - 1])
    )


def _neighbour(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(1, log_scaled(20, 9999, difficulty))
    phrase, change = rng.choice(
        (("right after", 1), ("just after", 1), ("right before", -1), ("just before", -1))
    )
    answer = a + change
    steps = f"{phrase.split()[1].capitalize()} {a} comes {answer}."
    expression = f"{a} {'+' if change > 0 else '-'} 1"
    return Draw({"a": a, "phrase": phrase}, str(answer), steps, {"expression": expression}, _near(answer, a))


def _count_on(rng: Random, difficulty: float) -> Draw:
    step, times = rng.choice((2, 3, 4, 5, 10)), rng.randint(2, scaled(3, 8, difficulty))
    is_up = rng.random() < 0.6
    a = rng.randint(0, log_scaled(20, 200, difficulty)) + (0 if is_up else step * times)
    answer = a + step * times if is_up else a - step * times
    sign = "+" if is_up else "-"
    slots = {
        "a": a,
        "step": step,
        "times": times,
        "direction": "up" if is_up else "down",
        "verb": "add" if is_up else "subtract",
    }
    steps = f"{times} steps of {step} are {step * times}, and {a} {sign} {step * times} = {answer}."
    return Draw(slots, str(answer), steps, {"expression": f"{a} {sign} {step} * {times}"}, _near(answer, a))


def _named(rng: Random, difficulty: float) -> int:
    return rng.randint(log_scaled(1, 200, difficulty), log_scaled(20, 9999, difficulty))


def _name_to_digits(rng: Random, difficulty: float) -> Draw:
    a = _named(rng, difficulty)
    steps = f"{number_name(a).capitalize()} is {a}."
    return Draw({"name": number_name(a)}, str(a), steps, {"number": a}, _near(a, a * 10))


def _digits_to_name(rng: Random, difficulty: float) -> Draw:
    a = _named(rng, difficulty * 0.7)
    steps = f"{a} is read {number_name(a)}."
    return Draw({"a": a}, number_name(a), steps, {"number": a}, (number_name(a + 1), number_name(a + 10)))


def _place_value(rng: Random, difficulty: float) -> Draw:
    n_digits = rng.randint(2, scaled(2, 4, difficulty))
    a = rng.randint(10 ** (n_digits - 1), 10**n_digits - 1)
    place = rng.randrange(n_digits)
    answer = str(a)[-1 - place]
    steps = f"Counting from the right in {a}, the {PLACES[place]} digit is {answer}."
    wrong = tuple(sorted(set(str(a)) - {answer}))
    return Draw({"a": a, "place": PLACES[place]}, answer, steps, {"number": a}, wrong)


def _digit_sum(rng: Random, difficulty: float) -> Draw:
    n_digits = rng.randint(2, scaled(2, 5, difficulty))
    a = rng.randint(10 ** (n_digits - 1), 10**n_digits - 1)
    expression = " + ".join(str(a))
    answer = sum(int(digit) for digit in str(a))
    return Draw(
        {"a": a},
        str(answer),
        f"{expression} = {answer}.",
        {"expression": expression},
        _near(answer, n_digits),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("next_in_sequence", "sequences", NEXT_IN_SEQUENCE, _next_in_sequence),
    SkillEngine("missing_in_sequence", "sequences", MISSING_IN_SEQUENCE, _missing_in_sequence),
    SkillEngine("neighbour", "sequences", NEIGHBOUR, _neighbour),
    SkillEngine("count_on", "sequences", COUNT_ON, _count_on),
    SkillEngine("name_to_digits", "sequences", NAME_TO_DIGITS, _name_to_digits),
    SkillEngine("digits_to_name", "sequences", DIGITS_TO_NAME, _digits_to_name),
    SkillEngine("place_value", "sequences", PLACE_VALUE, _place_value),
    SkillEngine("digit_sum", "sequences", DIGIT_SUM, _digit_sum),
)
