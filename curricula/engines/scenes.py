"""Things with a color in a scene: how many of a kind or color, what is left, what stands where in a row."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.grammar import regular_plural
from curricula.engines.sequences import number_name
from curricula.engines.vocabulary import KINDS

# ---- material -------------------------------------------------------------------------------------------

PLACES = ("on the shelf", "in the drawer", "on the bench", "in the box", "on the counter", "in the basket")
THINGS = words("button spoon cup pencil plate ribbon candle marble bottle bowl key brick basket lamp pillow")
COLORS = words("red blue green yellow white black orange pink gray brown purple")
NTH = words("first second third fourth fifth sixth seventh")
KIND_NAMES = {"fruit": "pieces of fruit", "animal": "animals", "tool": "tools", "vehicle": "vehicles", "musical instrument": "musical instruments",
              "vegetable": "vegetables", "bird": "birds", "insect": "insects"}  # fmt: skip
UNCOUNTABLE = frozenset(words("garlic spinach broccoli cauliflower celery kale asparagus elk moose bison deer sheep goose mouse ox"))
COUNTABLE = {
    kind: tuple(word for word in KINDS[kind] if not word.endswith(("s", "f", "fe", "o")) and word not in UNCOUNTABLE) for kind in KIND_NAMES
}
"""Without words whose plural is equal, irregular or in doubt (`mangos`, `mangoes`)."""

# ---- wordings -------------------------------------------------------------------------------------------

COUNT_COLOR = (
    "{place} there are {listed}. How many {color} things are {place}?",
    "{place} lie {listed}. Count those that are {color}.",
    "somebody put {listed} {place}. How many of these things are {color}?",
)
COUNT_NOT = (
    "{place} there are {listed}. How many things {place} are not {color}?",
    "{place} lie {listed}. Count everything that is not {color}.",
    "there are {listed} {place}. How many of them have a color other than {color}?",
)
COUNT_LEFT = (
    "{place} there are {listed}. If all {gone} are taken away, how many {color} things are left?",
    "{place} lie {listed}. Somebody removes every one of the {gone}. How many {color} things remain {place}?",
    "there are {listed} {place}. Take out the {gone}. How many {color} things are there then?",
)
COLOR_BESIDE = (
    "from left to right, these things lie {place}: {row}. What color is the thing directly {side} the {thing}?",
    "{place} is a row of things: {row}. Which color has the thing just {side} the {thing}?",
    "look at this row, from left to right: {row}. Name the color of what is directly {side} the {thing}.",
)
COLOR_NTH = (
    "from left to right, these things lie {place}: {row}. What color is the {nth} one from the {end}?",
    "{place} is a row of things: {row}. Which color has the {nth} thing, counted from the {end}?",
    "look at this row, from left to right: {row}. Name the color of the {nth} thing from the {end}.",
)
COLOR_OF = (
    "{place} there is {row}. What color is the {thing}?",
    "somebody left {row} {place}. Which color does the {thing} have?",
    "{place} you see {row}. Name the color of the {thing}.",
)
COUNT_AMOUNTS = (
    "I own {amounts}. How many {kind} do I own?",
    "there are {amounts} here. How many {kind} are there in total?",
    "somebody lists {amounts}. Count the {kind}.",
    "in the picture are {amounts}. What is the number of {kind} in it?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _an(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


Pile = list[tuple[int, str, str]]
"""How many, color, thing."""


def _pile(rng: Random, difficulty: float) -> Pile:
    """Some of each of several colored things; a color and a thing occur more than once."""
    n = rng.randint(scaled(3, 4, difficulty), scaled(4, 7, difficulty))
    colors, things = rng.sample(COLORS, 2 + (n > 4)), rng.sample(THINGS, 2 + (n > 4))
    pairs = rng.sample([(color, thing) for color in colors for thing in things], min(n, len(colors) * len(things)))
    return [(rng.randint(1, scaled(3, 8, difficulty)), color, thing) for color, thing in pairs]


def _listed(pile: Pile) -> str:
    return _and([f"{number_name(n)} {color} {regular_plural(thing) if n > 1 else thing}" for n, color, thing in pile])


def _count(rng: Random, pile: Pile, kept: list[tuple[int, str, str]], **slots: str) -> Draw:
    total = sum(n for n, _, _ in kept)
    parts = " + ".join(str(n) for n, _, _ in kept)
    steps = f"These count: {_listed(kept)}." + (f" {parts} = {total}." if len(kept) > 1 else "") if kept else "None of them counts, so there are 0."
    everything = sum(n for n, _, _ in pile)
    wrong = tuple(dict.fromkeys(str(w) for w in (total + 1, total - 1, everything, everything - total, total + 2) if w != total and w >= 0))
    return Draw({"place": rng.choice(PLACES), "listed": _listed(pile), **slots}, str(total), steps, {"pile": pile, **slots}, wrong)


def _count_color(rng: Random, difficulty: float) -> Draw:
    pile = _pile(rng, difficulty)
    color = rng.choice(pile)[1]
    return _count(rng, pile, [part for part in pile if part[1] == color], color=color)


def _count_not(rng: Random, difficulty: float) -> Draw:
    pile = _pile(rng, difficulty)
    color = rng.choice(pile)[1]
    return _count(rng, pile, [part for part in pile if part[1] != color], color=color)


def _count_left(rng: Random, difficulty: float) -> Draw:
    pile = _pile(rng, difficulty)
    gone, color = rng.choice(pile)[2], rng.choice(pile)[1]
    return _count(rng, pile, [part for part in pile if part[1] == color and part[2] != gone], color=color, gone=regular_plural(gone))


def _row(rng: Random, difficulty: float) -> tuple[list[str], list[str], dict[str, str]]:
    n = rng.randint(3, scaled(4, 7, difficulty))
    colors, things = rng.sample(COLORS, n), rng.sample(THINGS, n)
    return colors, things, {"place": rng.choice(PLACES), "row": _and([_an(f"{color} {thing}") for color, thing in zip(colors, things, strict=True)])}


def _color(colors: list[str], things: list[str], at: int, steps: str, slots: dict[str, str]) -> Draw:
    params = {"row": [list(pair) for pair in zip(colors, things, strict=True)]}
    return Draw(slots, colors[at], steps, params, tuple(color for color in colors if color != colors[at]))


def _color_beside(rng: Random, difficulty: float) -> Draw:
    colors, things, slots = _row(rng, difficulty)
    at, is_right = rng.randrange(1, len(things)), rng.random() < 0.5
    pivot, found = (at - 1, at) if is_right else (at, at - 1)
    side = "to the right of" if is_right else "to the left of"
    steps = f"Directly {side} the {things[pivot]} is the {things[found]}, which is {colors[found]}."
    return _color(colors, things, found, steps, {**slots, "side": side, "thing": things[pivot]})


def _color_nth(rng: Random, difficulty: float) -> Draw:
    colors, things, slots = _row(rng, difficulty)
    at, from_left = rng.randrange(len(things)), rng.random() < 0.5
    nth, end = NTH[at if from_left else len(things) - 1 - at], "left" if from_left else "right"
    steps = f"The {nth} from the {end} is the {things[at]}, which is {colors[at]}."
    return _color(colors, things, at, steps, {**slots, "nth": nth, "end": end})


def _color_of(rng: Random, difficulty: float) -> Draw:
    colors, things, slots = _row(rng, difficulty)
    at = rng.randrange(len(things))
    return _color(colors, things, at, f"The {things[at]} is {colors[at]}.", {**slots, "thing": things[at]})


def _count_amounts(rng: Random, difficulty: float) -> Draw:
    kind, other = rng.sample(sorted(KIND_NAMES), 2)
    most = scaled(2, 5, difficulty)
    inside = [(rng.randint(1, most), "", word) for word in rng.sample(COUNTABLE[kind], rng.randint(2, scaled(3, 6, difficulty)))]
    outside = [(rng.randint(1, most), "", word) for word in rng.sample(COUNTABLE[other], rng.randint(0, scaled(1, 4, difficulty)))]
    shown = inside + outside
    rng.shuffle(shown)
    said = [_an(word) if n == 1 else f"{number_name(n)} {regular_plural(word)}" for n, _, word in shown]
    total = sum(n for n, _, _ in inside)
    steps = f"The {KIND_NAMES[kind]}: {', '.join(f'{n} {regular_plural(word) if n > 1 else word}' for n, _, word in inside)}. {' + '.join(str(n) for n, _, _ in inside)} = {total}."
    wrong = tuple(dict.fromkeys(str(w) for w in (total + 1, total - 1, len(inside), total + 2) if w != total))
    slots = {"amounts": _and(said), "kind": KIND_NAMES[kind]}
    return Draw(slots, str(total), steps, {"pile": shown, "kind": kind}, wrong)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("scene_count_color", "scenes", COUNT_COLOR, _count_color),
    SkillEngine("scene_count_not", "scenes", COUNT_NOT, _count_not),
    SkillEngine("scene_count_left", "scenes", COUNT_LEFT, _count_left),
    SkillEngine("scene_color_beside", "scenes", COLOR_BESIDE, _color_beside),
    SkillEngine("scene_color_nth", "scenes", COLOR_NTH, _color_nth),
    SkillEngine("scene_color_of", "scenes", COLOR_OF, _color_of),
    SkillEngine("count_amounts", "scenes", COUNT_AMOUNTS, _count_amounts),
)
