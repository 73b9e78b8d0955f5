"""Days, months and seasons: what comes after, before, or a number of days on."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled, words

# ---- material -------------------------------------------------------------------------------------------

DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("January February March April May June July August September October November December")
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
NEIGHBOUR_PHRASES = (
    ("right after", 1),
    ("just after", 1),
    ("directly after", 1),
    ("right before", -1),
    ("just before", -1),
    ("directly before", -1),
)
ORDINALS = words("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth")


def _others(rng: Random, ring: tuple[str, ...], answer: str) -> tuple[str, ...]:
    return tuple(rng.sample([entry for entry in ring if entry != answer], 3))


# ---- wordings -------------------------------------------------------------------------------------------

NEXT_DAY = (
    "which day comes {phrase} {day}?",
    "what day of the week is {phrase} {day}?",
    "name the day {phrase} {day}.",
    "{phrase} {day} comes which day?",
    "in the week, which day is {phrase} {day}?",
)
TOMORROW = (
    "today is {day}. What day {verb} {when}?",
    "if today is {day}, which day {verb} {when}?",
    "it is {day} today. Which day of the week {verb} {when}?",
    "suppose today is {day}. Then {when} {verb} which day?",
)
DAYS_LATER = (
    "what day is {n} days {direction} {day}?",
    "if today is {day}, what day {verb} it {distance}?",
    "it is {day}. Which day of the week {verb} it {distance}?",
    "count {n} days {way} from {day}. Which day do you land on?",
    "a parcel {event} {n} days {direction} {day}. On which day of the week was that?",
)
NEXT_MONTH = (
    "which month comes {phrase} {month}?",
    "what month is {phrase} {month}?",
    "name the month {phrase} {month}.",
    "in the year, which month is {phrase} {month}?",
    "{phrase} {month} comes which month?",
)
MONTHS_LATER = (
    "what month is {n} months {direction} {month}?",
    "count {n} months {way} from {month}. Which month is it?",
    "it is {month} now. Which month {verb} it {distance}?",
    "starting in {month}, which month do you reach by going {n} months {way}?",
)
MONTH_NUMBER = (
    "which number month of the year is {month}?",
    "what is the number of the month {month}?",
    "if January is month 1, what number is {month}?",
    "{month} is month number what?",
)
MONTH_OF_NUMBER = (
    "which month is number {n} in the year?",
    "what is the {ordinal} month of the year?",
    "name month number {n}.",
    "if January is month 1, which month is month {n}?",
)
MONTH_DAYS = (
    "how many days does {month} have?",
    "how many days are there in {month}?",
    "what is the number of days in the month of {month}?",
    "count the days of {month}.",
)
DATE_SHIFT = (
    "today is {month} {date}. What is the date {distance}?",
    "it is {month} {date}. Which date {verb} it {distance}?",
    "what date is {n} days {direction} {month} {date}?",
    "start on {month} {date} and go {n} days {way}. What is the date?",
)
IS_WEEKEND = (
    "is {day} a {kind} day?",
    "does {day} count as a {kind} day?",
    "yes or no: {day} is a {kind} day?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _next_day(rng: Random, difficulty: float) -> Draw:
    at, (phrase, change) = rng.randrange(7), rng.choice(NEIGHBOUR_PHRASES)
    answer = DAYS[(at + change) % 7]
    steps = f"The days there run {DAYS[at - 1]}, {DAYS[at]}, {DAYS[(at + 1) % 7]}."
    return Draw(
        {"day": DAYS[at], "phrase": phrase},
        answer,
        steps,
        {"at": at, "change": change},
        _others(rng, DAYS, answer),
    )


def _tomorrow(rng: Random, difficulty: float) -> Draw:
    near = (("tomorrow", "is", 1), ("yesterday", "was", -1))
    far = (("the day after tomorrow", "is", 2), ("the day before yesterday", "was", -2))
    when, verb, change = rng.choice(near if rng.random() > difficulty * 0.6 else far)
    at = rng.randrange(7)
    answer = DAYS[(at + change) % 7]
    steps = f"That is {abs(change)} day{'s' if abs(change) > 1 else ''} {'on' if change > 0 else 'back'} from {DAYS[at]}."
    slots = {"day": DAYS[at], "when": when, "verb": verb}
    return Draw(slots, answer, steps, {"at": at, "change": change}, _others(rng, DAYS, answer))


def _shift(rng: Random, n: int, unit: str) -> tuple[int, dict[str, str]]:
    """A signed shift and the words for it."""
    if rng.random() < 0.35:
        return -n, {
            "direction": "before",
            "way": "back",
            "verb": "was",
            "distance": f"{n} {unit} ago",
            "event": "was sent",
        }
    return n, {
        "direction": "after",
        "way": "forward",
        "verb": "is",
        "distance": f"in {n} {unit}",
        "event": "arrived",
    }


def _days_later(rng: Random, difficulty: float) -> Draw:
    n, at = rng.randint(2, log_scaled(4, 30, difficulty)), rng.randrange(7)
    change, words = _shift(rng, n, "days")
    answer = DAYS[(at + change) % 7]
    if n >= 7:
        steps = f"{n // 7 * 7} days are whole weeks, which leaves {n % 7}; {n % 7} on from {DAYS[at]} is {answer}."
        steps = (
            steps
            if change > 0
            else f"{n // 7 * 7} days are whole weeks; {n % 7} back from {DAYS[at]} is {answer}."
        )
    else:
        step = 1 if change > 0 else -1
        steps = "Counting: " + ", ".join(DAYS[(at + step * i) % 7] for i in range(1, n + 1)) + "."
    return Draw(
        {"day": DAYS[at], "n": n, **words},
        answer,
        steps,
        {"at": at, "change": change},
        _others(rng, DAYS, answer),
    )


def _next_month(rng: Random, difficulty: float) -> Draw:
    at, (phrase, change) = rng.randrange(12), rng.choice(NEIGHBOUR_PHRASES)
    answer = MONTHS[(at + change) % 12]
    steps = f"The months there run {MONTHS[at - 1]}, {MONTHS[at]}, {MONTHS[(at + 1) % 12]}."
    return Draw(
        {"month": MONTHS[at], "phrase": phrase},
        answer,
        steps,
        {"at": at, "change": change},
        _others(rng, MONTHS, answer),
    )


def _months_later(rng: Random, difficulty: float) -> Draw:
    n, at = rng.randint(2, scaled(3, 14, difficulty)), rng.randrange(12)
    change, words = _shift(rng, n, "months")
    answer = MONTHS[(at + change) % 12]
    steps = f"{MONTHS[at]} is month {at + 1}; {n} months {words['way']} gives {answer}."
    return Draw(
        {"month": MONTHS[at], "n": n, **words},
        answer,
        steps,
        {"at": at, "change": change},
        _others(rng, MONTHS, answer),
    )


def _month_number(rng: Random, difficulty: float) -> Draw:
    at = rng.randrange(12)
    wrong = tuple(str(n) for n in (at, at + 2, at + 3))
    return Draw(
        {"month": MONTHS[at]}, str(at + 1), f"{MONTHS[at]} is the {ORDINALS[at]} month.", {"at": at}, wrong
    )


def _month_of_number(rng: Random, difficulty: float) -> Draw:
    at = rng.randrange(12)
    slots = {"n": at + 1, "ordinal": ORDINALS[at]}
    return Draw(
        slots, MONTHS[at], f"{MONTHS[at]} is month {at + 1}.", {"at": at}, _others(rng, MONTHS, MONTHS[at])
    )


def _month_days(rng: Random, difficulty: float) -> Draw:
    at = rng.choice([i for i in range(12) if i != 1])  # February has two answers
    wrong = tuple(str(n) for n in (28, 29, 30, 31) if n != MONTH_LENGTHS[at])
    return Draw(
        {"month": MONTHS[at]},
        str(MONTH_LENGTHS[at]),
        f"{MONTHS[at]} has {MONTH_LENGTHS[at]} days.",
        {"at": at},
        wrong,
    )


def _date_shift(rng: Random, difficulty: float) -> Draw:
    at = rng.choice(
        [i for i in range(12) if i not in (0, 1, 2)]
    )  # keeps clear of February and of the year's turn
    n = rng.randint(2, scaled(5, 20, difficulty))
    change, words = _shift(rng, n, "days")
    length, crosses = MONTH_LENGTHS[at], rng.random() < difficulty - 0.3 and at != 11
    if change < 0:
        date = rng.randint(n + 1, length)
    elif crosses:
        date = rng.randint(length - n + 1, length)
    else:
        date = rng.randint(1, length - n)
    month, day = at, date + change
    if day > length:
        month, day = at + 1, day - length
    steps = f"{date} {'+' if change > 0 else '-'} {n} = {date + change}."
    if month != at:
        steps += f" {MONTHS[at]} has {length} days, and {date + change} - {length} = {day}, so it is {MONTHS[month]} {day}."
    answer = f"{MONTHS[month]} {day}"
    return Draw(
        {"month": MONTHS[at], "date": date, "n": n, **words},
        answer,
        steps,
        {"at": at, "date": date, "change": change},
    )


def _is_weekend(rng: Random, difficulty: float) -> Draw:
    at, kind = rng.randrange(7), rng.choice(("weekend", "week"))
    is_true = (at >= 5) == (kind == "weekend")
    steps = f"Saturday and Sunday are the weekend; {DAYS[at]} is {'one' if at >= 5 else 'none'} of them."
    return Draw(
        {"day": DAYS[at], "kind": kind},
        "yes" if is_true else "no",
        steps,
        {"at": at},
        ("no" if is_true else "yes",),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("next_day", "calendar", NEXT_DAY, _next_day),
    SkillEngine("tomorrow", "calendar", TOMORROW, _tomorrow),
    SkillEngine("days_later", "calendar", DAYS_LATER, _days_later),
    SkillEngine("next_month", "calendar", NEXT_MONTH, _next_month),
    SkillEngine("months_later", "calendar", MONTHS_LATER, _months_later),
    SkillEngine("month_number", "calendar", MONTH_NUMBER, _month_number),
    SkillEngine("month_of_number", "calendar", MONTH_OF_NUMBER, _month_of_number),
    SkillEngine("month_days", "calendar", MONTH_DAYS, _month_days),
    SkillEngine("date_shift", "calendar", DATE_SHIFT, _date_shift),
    SkillEngine("is_weekend", "calendar", IS_WEEKEND, _is_weekend),
)
