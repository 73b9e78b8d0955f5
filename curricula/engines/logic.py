"""Small inferences: who is tallest, what follows from all and no, who tells the truth, True and False."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.vocabulary import NAMES

# ---- material -------------------------------------------------------------------------------------------

SCALES = (
    ("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest"),
    ("heavier", "heaviest", "lightest"), ("stronger", "strongest", "weakest"), ("richer", "richest", "poorest"),
)  # fmt: skip
MADE_UP = words(
    "wumpus zorp blicket dax fendle grimp tulver norgle pliff quimble rostic snarp tremmel vandle yorble"
)
QUALITIES = words("green hungry shy fast old loud kind tiny brave quiet sleepy bright")


def _plural(word: str) -> str:
    return word + ("es" if word.endswith(("s", "x")) else "s")


# ---- wordings -------------------------------------------------------------------------------------------

WHO_IS_MOST = (
    "{facts} Who is the {most}?",
    "{facts} Which of them is the {most}?",
    "read this: {facts} Name the {most} one.",
    "{facts} Of all these people, who is {most}?",
)
ALL_ARE = (
    "{facts} Is {name} {conclusion}?",
    "{facts} Does it follow that {name} is {conclusion}?",
    "suppose the following is true. {facts} Is {name} {conclusion}?",
    "{facts} Can we be sure that {name} is {conclusion}?",
)
TRUTH_CHAIN = (
    "{facts} Does {last} tell the truth?",
    "someone either always tells the truth or always lies. {facts} Is {last} telling the truth?",
    "{facts} Is {last} truthful?",
)
BOOLEAN = (
    "what is the value of {formula}?",
    "{formula} is",
    "evaluate {formula}. Is it True or False?",
    "is the expression {formula} True or False?",
)
STEPS_HOME = (
    "{moves} Are you back where you started?",
    "start at a point and always face forward. {moves} Do you return to the starting point?",
    "{moves} Does this bring you back to the start?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _who_is_most(rng: Random, difficulty: float) -> Draw:
    people = rng.sample(NAMES, rng.randint(2, scaled(3, 5, difficulty)))
    more, most, least = rng.choice(SCALES)
    facts = [f"{a} is {more} than {b}." for a, b in zip(people, people[1:], strict=False)]
    if difficulty > 0.4:
        rng.shuffle(facts)
    is_most = rng.random() < 0.5
    answer = people[0] if is_most else people[-1]
    steps = f"From {most} to {least}: {', '.join(people)}."
    slots = {"facts": " ".join(facts), "most": most if is_most else least}
    return Draw(slots, answer, steps, {"people": people}, tuple(p for p in people if p != answer))


def _all_are(rng: Random, difficulty: float) -> Draw:
    kinds = rng.sample(MADE_UP, rng.randint(1, scaled(2, 4, difficulty)))
    name, quality = rng.choice(NAMES), rng.choice(QUALITIES)
    is_no = rng.random() < 0.5
    facts = [
        f"Every {a} is a {b}." if rng.random() < 0.5 else f"All {_plural(a)} are {_plural(b)}."
        for a, b in zip(kinds, kinds[1:], strict=False)
    ]
    facts.append(f"{'No' if is_no else 'Every'} {kinds[-1]} is {quality}.")
    if difficulty > 0.5:
        rng.shuffle(facts)
    facts.append(f"{name} is a {kinds[0]}.")
    steps = f"{name} is a {', so a '.join(kinds)}, and {'no' if is_no else 'every'} {kinds[-1]} is {quality}."
    slots = {"facts": " ".join(facts), "name": name, "conclusion": quality}
    return Draw(slots, "no" if is_no else "yes", steps, {"kinds": kinds}, ("yes" if is_no else "no",))


def _truth_chain(rng: Random, difficulty: float) -> Draw:
    people = rng.sample(NAMES, rng.randint(2, scaled(3, 6, difficulty)))
    truthful = rng.random() < 0.5
    facts = [f"{people[0]} {'tells the truth' if truthful else 'lies'}."]
    for before, person in zip(people, people[1:], strict=False):
        says_truth = rng.random() < 0.5
        facts.append(f"{person} says {before} {'tells the truth' if says_truth else 'lies'}.")
        truthful = says_truth == truthful
    steps = f"Following the chain, {people[-1]} {'tells the truth' if truthful else 'lies'}."
    slots = {"facts": " ".join(facts), "last": people[-1]}
    return Draw(slots, "yes" if truthful else "no", steps, {"people": people}, ("no" if truthful else "yes",))


def _boolean(rng: Random, difficulty: float) -> Draw:
    def leaf() -> tuple[str, bool]:
        value = rng.random() < 0.5
        negations = rng.randint(0, scaled(1, 2, difficulty))
        return "not " * negations + str(value), value != (negations % 2 == 1)

    formula, value = leaf()
    for _ in range(rng.randint(1, scaled(1, 4, difficulty))):
        other, other_value = leaf()
        operator = rng.choice(("and", "or"))
        if rng.random() < 0.5:
            formula = f"( {formula} )"
            formula, value = (
                f"{formula} {operator} {other}",
                value and other_value if operator == "and" else value or other_value,
            )
        else:
            formula, value = (
                f"{other} {operator} ( {formula} )",
                other_value and value if operator == "and" else other_value or value,
            )
    return Draw(
        {"formula": formula}, str(value), f"It comes out as {value}.", {"formula": formula}, (str(not value),)
    )


def _steps_home(rng: Random, difficulty: float) -> Draw:
    goes_home = rng.random() < 0.5
    x = y = 0
    moves = []
    for _ in range(rng.randint(1, scaled(2, 4, difficulty))):
        way, (dx, dy) = rng.choice(
            (("forward", (0, 1)), ("backward", (0, -1)), ("left", (-1, 0)), ("right", (1, 0)))
        )
        n = rng.randint(1, scaled(5, 10, difficulty))
        x, y = x + dx * n, y + dy * n
        moves.append(f"Take {n} step{'s' if n > 1 else ''} {way}.")
    for offset, (plus, minus) in ((x, ("left", "right")), (y, ("backward", "forward"))):
        if offset:
            n = abs(offset) if goes_home else abs(offset) + rng.randint(1, 3)
            moves.append(f"Take {n} step{'s' if n > 1 else ''} {plus if offset > 0 else minus}.")
    if not goes_home and x == y == 0:
        moves.append("Take 2 steps left.")
    steps = "The steps each way " + ("cancel out." if goes_home else "do not cancel out.")
    return Draw(
        {"moves": " ".join(moves)},
        "yes" if goes_home else "no",
        steps,
        {"moves": moves},
        ("no" if goes_home else "yes",),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("who_is_most", "logic", WHO_IS_MOST, _who_is_most),
    SkillEngine("all_are", "logic", ALL_ARE, _all_are),
    SkillEngine("truth_chain", "logic", TRUTH_CHAIN, _truth_chain),
    SkillEngine("boolean", "logic", BOOLEAN, _boolean),
    SkillEngine("steps_home", "logic", STEPS_HOME, _steps_home),
)
