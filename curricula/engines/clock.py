"""Clock arithmetic: minutes to the hour, minutes between two times, a time some minutes on."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled, words

# ---- material -------------------------------------------------------------------------------------------

ACTIVITIES = words(
    "film lesson match train_ride concert meeting walk bus_trip dinner nap party class visit flight game"
)


def _time(minutes: int) -> str:
    """`7:05` for minutes after midnight on a twelve-hour face."""
    return f"{(minutes // 60 - 1) % 12 + 1}:{minutes % 60:02d}"


def _grain(difficulty: float) -> int:
    """Easy times fall on quarters, hard ones on any minute."""
    return 15 if difficulty < 0.25 else 5 if difficulty < 0.7 else 1


# ---- wordings -------------------------------------------------------------------------------------------

MINUTES_BETWEEN = (
    "how many minutes are there from {start} to {end}?",
    "a {activity} starts at {start} and ends at {end}. How many minutes does it last?",
    "it is {start}. How many minutes is it until {end}?",
    "the {activity} begins at {start} and is over at {end}. How long is it in minutes?",
    "count the minutes between {start} and {end}.",
    "how many minutes pass from {start} until {end}?",
)
MINUTES_TO_HOUR = (
    "it is {start}. How many minutes are left until {end}?",
    "how many minutes are missing from {start} to {end}?",
    "the clock shows {start}. In how many minutes will it be {end}?",
    "how many minutes before {end} is {start}?",
)
MINUTES_LATER = (
    "what time is it {n} minutes after {start}?",
    "it is {start}. What time will it be in {n} minutes?",
    "a {activity} starts at {start} and lasts {n} minutes. When does it end?",
    "add {n} minutes to {start}. What time is it then?",
    "the clock shows {start}. What does it show {n} minutes later?",
)
MINUTES_EARLIER = (
    "what time was it {n} minutes before {end}?",
    "it is {end}. What time was it {n} minutes ago?",
    "a {activity} ended at {end} after {n} minutes. When did it start?",
    "go back {n} minutes from {end}. What time is it then?",
)
HOURS_LATER = (
    "it is {start} o'clock. What hour will the clock show in {n} hours?",
    "what hour is it {n} hours after {start} o'clock?",
    "the clock strikes {start}. Which hour will it strike {n} hours later?",
    "on a twelve-hour clock, what hour comes {n} hours after {start}?",
)
HALF_AND_QUARTER = (
    "how do you write {phrase} as a time with digits?",
    "what time is {phrase} in digits?",
    "write the time {phrase} in numbers.",
    "a clock says {phrase}. What does a digital clock show?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _span(rng: Random, difficulty: float, low: int, high: int) -> int:
    grain = _grain(difficulty)
    return grain * rng.randint(max(1, low // grain), max(1, high // grain))


def _start(rng: Random, difficulty: float) -> int:
    grain = _grain(difficulty)
    return 60 * rng.randint(1, 9) + grain * rng.randrange(60 // grain)


def _activity(rng: Random) -> str:
    return rng.choice(ACTIVITIES).replace("_", " ")


def _minutes_between(rng: Random, difficulty: float) -> Draw:
    start, n = _start(rng, difficulty), _span(rng, difficulty, 5, scaled(45, 150, difficulty))
    to_hour = min(n, 60 - start % 60)
    steps = f"From {_time(start)} to {_time(start + to_hour)} are {to_hour} minutes"
    steps += "." if to_hour == n else f", and to {_time(start + n)} another {n - to_hour}: {n} in all."
    slots = {"start": _time(start), "end": _time(start + n), "activity": _activity(rng)}
    wrong = tuple(str(m) for m in (n + 10, n - 5, n + 5, n + 60) if m > 0)
    return Draw(slots, str(n), steps, {"start": start, "minutes": n}, wrong)


def _minutes_to_hour(rng: Random, difficulty: float) -> Draw:
    grain = _grain(difficulty)
    hour, past = rng.randint(1, 11), grain * rng.randint(1, 60 // grain - 1)
    slots = {"start": _time(60 * hour + past), "end": f"{hour + 1} o'clock"}
    steps = f"An hour has 60 minutes, and 60 - {past} = {60 - past}."
    wrong = tuple(str(m) for m in (past, 65 - past, 70 - past) if m != 60 - past)
    return Draw(slots, str(60 - past), steps, {"expression": f"60 - {past}"}, wrong)


def _later(rng: Random, difficulty: float) -> tuple[int, int]:
    return _start(rng, difficulty), _span(rng, difficulty, 5, scaled(30, 120, difficulty))


def _minutes_later(rng: Random, difficulty: float) -> Draw:
    start, n = _later(rng, difficulty)
    answer = _time(start + n)
    slots = {"start": _time(start), "n": n, "activity": _activity(rng)}
    wrong = (_time(start + n + 10), _time(start + n + 60), _time(start + n + 5))
    return Draw(
        slots, answer, f"{_time(start)} and {n} minutes make {answer}.", {"start": start, "minutes": n}, wrong
    )


def _minutes_earlier(rng: Random, difficulty: float) -> Draw:
    start, n = _later(rng, difficulty)
    answer = _time(start)
    slots = {"end": _time(start + n), "n": n, "activity": _activity(rng)}
    wrong = (_time(start + 10), _time(start + 60), _time(start + 5))
    return Draw(
        slots,
        answer,
        f"{answer} and {n} minutes make {_time(start + n)}.",
        {"start": start, "minutes": n},
        wrong,
    )


def _hours_later(rng: Random, difficulty: float) -> Draw:
    start, n = rng.randint(1, 12), rng.randint(2, log_scaled(4, 20, difficulty))
    answer = (start + n - 1) % 12 + 1
    steps = f"{start} + {n} = {start + n}."
    if start + n > 12:
        steps += f" The clock starts again after 12, so it shows {answer}."
    wrong = tuple(str(h) for h in (start + n, answer % 12 + 1, (answer - 2) % 12 + 1) if h != answer)
    return Draw({"start": start, "n": n}, str(answer), steps, {"start": start, "hours": n}, wrong)


def _half_and_quarter(rng: Random, difficulty: float) -> Draw:
    hour = rng.randint(1, 12)
    named = [("half past", 30), ("quarter past", 15), ("quarter to", -15)]
    named += [(f"{m} minutes past", m) for m in (5, 10, 20, 25)] + [
        (f"{m} minutes to", -m) for m in (5, 10, 20)
    ]
    phrase, change = named[rng.randrange(scaled(2, len(named), difficulty))]
    answer = _time(60 * hour + change)
    wrong = (_time(60 * hour - change), _time(60 * hour), _time(60 * hour + change + 60))
    return Draw(
        {"phrase": f"{phrase} {hour}"},
        answer,
        f"{phrase.capitalize()} {hour} is {answer}.",
        {"hour": hour, "change": change},
        wrong,
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("minutes_between", "clock", MINUTES_BETWEEN, _minutes_between),
    SkillEngine("minutes_to_hour", "clock", MINUTES_TO_HOUR, _minutes_to_hour),
    SkillEngine("minutes_later", "clock", MINUTES_LATER, _minutes_later),
    SkillEngine("minutes_earlier", "clock", MINUTES_EARLIER, _minutes_earlier),
    SkillEngine("hours_later", "clock", HOURS_LATER, _hours_later),
    SkillEngine("half_and_quarter", "clock", HALF_AND_QUARTER, _half_and_quarter),
)
