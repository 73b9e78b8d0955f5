"""Orders and distances from statements about two at a time: rows, races, ages, prices, floors, roads.

Every puzzle is a system of difference constraints (`differences.py`) with one solution, which the solver proves before the
question is asked; statements that the solution does not need are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled, words
from curricula.engines.differences import Constraint, determined, exactly, places
from curricula.engines.vocabulary import KINDS, NAMES

# ---- material -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """An order and how it is talked about, from its low end to its high end."""

    intro: str
    """`{listed}` are the members, in random order; `{n}` is how many."""
    pool: tuple[str, ...]
    """Members; names of people have no article."""
    above: str
    below: str
    """`a {above} b`: a stands after b, nearer the high end."""
    ranks: tuple[str, str]
    """What a member is called by its place from the low and from the high end; `{nth}` is empty or an ordinal."""
    ends: tuple[str, str] = ("", "")
    """Low and high end in a word, where `{nth}` would be first: `leftmost`."""


THINGS = tuple(f"the {word}" for kind in ("tool", "fruit", "piece of clothing") for word in KINDS[kind] if not word.endswith("s"))
BIRDS = tuple(f"the {word}" for word in KINDS["bird"])
NUMERALS = words("zero one two three four five six seven")
SCALES = (
    Scale("{n} things lie in a row: {listed}.", THINGS, "is to the right of", "is to the left of", ("the {nth} from the left", "the {nth} from the right"),
          ("the leftmost", "the rightmost")),
    Scale("{n} birds sit on a wire: {listed}.", BIRDS, "is to the right of", "is to the left of", ("the {nth} from the left", "the {nth} from the right"),
          ("the leftmost", "the rightmost")),
    Scale("{n} runners were in a race: {listed}.", NAMES, "finished after", "finished before", ("the {nth} to finish", "the {nth} to last to finish"),
          ("the first to finish", "the last to finish")),
    Scale("{n} friends compare their ages: {listed}.", NAMES, "is older than", "is younger than", ("the {nth} youngest", "the {nth} oldest"),
          ("the youngest", "the oldest")),
    Scale("a shop sells {n} things: {listed}.", THINGS, "costs more than", "costs less than", ("the {nth} cheapest", "the {nth} most expensive"),
          ("the cheapest", "the most expensive")),
    Scale("{n} neighbors live in a tower, each on a floor of their own: {listed}.", NAMES, "lives above", "lives below",
          ("the {nth} from the bottom", "the {nth} from the top"), ("the lowest", "the highest")),
    Scale("{n} people stand in line: {listed}.", NAMES, "stands behind", "stands in front of", ("the {nth} in line", "the {nth} from the back"),
          ("the first in line", "the last in line")),
)  # fmt: skip
NTH = words("first second third fourth fifth sixth seventh")


@dataclass(frozen=True)
class Measure:
    """A quantity of which differences are told."""

    more: str
    less: str
    """`{a}`, `{b}`, `{d}`: a has d more than b."""
    has: str
    asked: str
    gap: str
    most: int


MEASURES = (
    Measure("{a} is {d} years older than {b}", "{a} is {d} years younger than {b}", "{a} is {v} years old", "how old is {a}?",
            "by how many years do the ages of {a} and {b} differ?", 14),
    Measure("{a} has {d} more dollars than {b}", "{a} has {d} fewer dollars than {b}", "{a} has {v} dollars", "how many dollars does {a} have?",
            "by how many dollars do {a} and {b} differ?", 60),
    Measure("{a} lives {d} floors above {b}", "{a} lives {d} floors below {b}", "{a} lives on floor {v}", "on which floor does {a} live?",
            "how many floors apart do {a} and {b} live?", 12),
    Measure("{a}'s house stands {d} km further along the road than {b}'s", "{a}'s house stands {d} km less far along the road than {b}'s",
            "{a}'s house stands at kilometer {v}", "at which kilometer does {a}'s house stand?",
            "how many km apart are the houses of {a} and {b}?", 40),
    Measure("{a} is {d} cm taller than {b}", "{a} is {d} cm shorter than {b}", "{a} is {v} cm tall", "how tall is {a}, in cm?",
            "by how many cm do the heights of {a} and {b} differ?", 40),
    Measure("{a} scored {d} points more than {b}", "{a} scored {d} points less than {b}", "{a} scored {v} points", "how many points did {a} score?",
            "by how many points do {a} and {b} differ?", 50),
)  # fmt: skip


# ---- wordings -------------------------------------------------------------------------------------------

PLACE = (
    "{intro} {facts} Which is {rank}?",
    "{facts} {intro} Which one of them is {rank}?",
    "{intro} We know this. {facts} Name the one that is {rank}.",
    "here is a puzzle with one solution. {intro} {facts} Who or what is {rank}?",
)
STATEMENT = (
    "{intro} {facts} Which statement is true{listed}?",
    "{intro} {facts} Only one of these can be true{listed}. Which one?",
    "the statements below fit together. {intro} {facts} What follows from them{listed}?",
    "{intro} {facts} Choose the true statement{listed}.",
)
WHOLE_ORDER = (
    "{intro} {facts} List them from {low} to {high}.",
    "{facts} {intro} Give the whole order, beginning with {low} and ending with {high}.",
    "{intro} {facts} Put them in order from {low} to {high}.",
)
VALUE = (
    "{facts} {asked}",
    "{facts} From this, {asked_low}",
    "work it out: {facts} {asked}",
    "read the clues. {facts} {asked}",
)
GAP = (
    "{facts} {asked}",
    "{facts} Using these facts, {asked_low}",
    "we know this much: {facts} {asked}",
)


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _rank(scale: Scale, place: int, n: int, from_low: bool) -> str:
    nth = place if from_low else n + 1 - place
    if nth == 1 or nth == n and place in (1, n):
        return scale.ends[0 if place == 1 else 1]
    return scale.ranks[0 if from_low else 1].format(nth=NTH[nth - 1])


# ---- draws ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Puzzle:
    """An order (low end first) with statements that leave no other."""

    scale: Scale
    order: tuple[str, ...]
    facts: tuple[str, ...]


def draw_puzzle(rng: Random, difficulty: float) -> Puzzle:
    """Statements are drawn until the solver proves one order; then those are dropped that it does not need."""
    scale, n = rng.choice(SCALES), rng.randint(3, scaled(3, 6, difficulty))
    order = rng.sample(scale.pool, n)
    pool = [_comparison(rng, scale, order, *sorted(rng.sample(range(n), 2))) for _ in range(3 * n)]
    pool += [_comparison(rng, scale, order, at, at + 1) for at in range(n - 1)]
    pool += [_position(rng, scale, order, at) for at in range(n) if rng.random() < 0.2 + 0.4 * difficulty]
    chosen = {fact: constraints for fact, constraints in rng.sample(pool, len(pool))}
    for fact in list(chosen):
        fewer = {other: held for other, held in chosen.items() if other != fact}
        if places(order, [one for held in fewer.values() for one in held]) is not None:
            chosen = fewer
    facts = list(chosen)
    if difficulty < 0.25:
        facts.sort(key=lambda fact: min(at for at, name in enumerate(order) if name in fact.lower() or name in fact))
    return Puzzle(scale, tuple(order), tuple(facts))


def _comparison(rng: Random, scale: Scale, order: Sequence[str], low: int, high: int) -> tuple[str, tuple[Constraint, ...]]:
    constraint = Constraint(order[high], order[low], -1)
    text = f"{order[low]} {scale.below} {order[high]}" if rng.random() < 0.5 else f"{order[high]} {scale.above} {order[low]}"
    return text, (constraint,)


def _position(rng: Random, scale: Scale, order: Sequence[str], at: int) -> tuple[str, tuple[Constraint, ...]]:
    rank = _rank(scale, at + 1, len(order), rng.random() < 0.5)
    return f"{order[at]} is {rank}", exactly("wall", order[at], at + 1)


def _told(rng: Random, puzzle: Puzzle) -> dict[str, str]:
    shuffled = rng.sample(puzzle.order, len(puzzle.order))
    intro = puzzle.scale.intro.format(listed=_and(shuffled), n=NUMERALS[len(shuffled)])
    return {"intro": intro[0].upper() + intro[1:], "facts": " ".join(map(_sentence, puzzle.facts))}


def _ordered(puzzle: Puzzle) -> str:
    scale = puzzle.scale
    return f"From {scale.ends[0]} to {scale.ends[1]}: {', '.join(puzzle.order)}."


def _place(rng: Random, difficulty: float) -> Draw:
    puzzle = draw_puzzle(rng, difficulty)
    at, rank = _asked(rng, puzzle)
    answer = _bare(puzzle.order[at])
    steps = f"{' '.join(map(_sentence, puzzle.facts))} {_ordered(puzzle)} So {puzzle.order[at]} is {rank}."
    wrong = tuple(_bare(name) for name in puzzle.order if _bare(name) != answer)
    return Draw({**_told(rng, puzzle), "rank": rank}, answer, steps, {"order": [_bare(name) for name in puzzle.order]}, wrong)


def _asked(rng: Random, puzzle: Puzzle) -> tuple[int, str]:
    """A place that no statement gives away, if there is one, and how it is called."""
    n = len(puzzle.order)
    open_places = [at for at, name in enumerate(puzzle.order) if not any(fact.startswith(f"{name} is the ") for fact in puzzle.facts)]
    at = rng.choice(open_places or range(n))
    return at, _rank(puzzle.scale, at + 1, n, rng.random() < 0.5)


def _bare(name: str) -> str:
    return name.removeprefix("the ")


def _statement(rng: Random, difficulty: float) -> Draw:
    puzzle = draw_puzzle(rng, difficulty)
    n = len(puzzle.order)
    at, rank = _asked(rng, puzzle)
    answer = f"{puzzle.order[at]} is {rank}"
    if rng.random() < 0.5:
        wrong = [f"{name} is {rank}" for other, name in enumerate(puzzle.order) if other != at]
    else:
        false = [(name, place) for name in range(n) for place in range(n) if name != place]
        wrong = [f"{puzzle.order[name]} is {_rank(puzzle.scale, place + 1, n, rng.random() < 0.5)}" for name, place in rng.sample(false, n - 1)]
    shown = [answer, *wrong]
    rng.shuffle(shown)
    listed = f": {', '.join(shown[:-1])} or {shown[-1]}"
    steps = f"{' '.join(map(_sentence, puzzle.facts))} {_ordered(puzzle)} So {answer}."
    params = {"order": [_bare(name) for name in puzzle.order], "listed": listed}
    return Draw({**_told(rng, puzzle), "listed": listed}, answer, steps, params, tuple(wrong))


def _whole_order(rng: Random, difficulty: float) -> Draw:
    puzzle = draw_puzzle(rng, difficulty)
    parts = [_bare(name) for name in puzzle.order]
    is_up = rng.random() < 0.5
    if not is_up:
        parts.reverse()
    low, high = puzzle.scale.ends if is_up else puzzle.scale.ends[::-1]
    steps = f"{' '.join(map(_sentence, puzzle.facts))} {_ordered(puzzle)}"
    return Draw({**_told(rng, puzzle), "low": low, "high": high}, ", ".join(parts), steps, {"parts": parts, "order": [_bare(n) for n in puzzle.order]})


@dataclass(frozen=True)
class Link:
    """`to` has `difference` more than `of`, told as `text`."""

    of: str
    to: str
    difference: int
    text: str


def _links(rng: Random, difficulty: float) -> tuple[Measure, list[str], dict[str, int], list[Link]]:
    """People, their values, and differences that form a tree: enough for every difference, and none to spare."""
    measure, people = rng.choice(MEASURES), rng.sample(NAMES, rng.randint(2, scaled(3, 6, difficulty)))
    top = min(measure.most, log_scaled(10, 60, difficulty))
    values = dict(zip(people, rng.sample(range(2, max(top, 12) + 12), len(people)), strict=True))
    if "tall" in measure.has:
        values = {name: value + 110 for name, value in values.items()}
    links = []
    for at, person in enumerate(people[1:], 1):
        other = people[at - 1] if rng.random() < 0.7 else rng.choice(people[:at])
        difference = values[person] - values[other]
        a, b, d = (person, other, difference) if rng.random() < 0.5 else (other, person, -difference)
        text = (measure.more if d > 0 else measure.less).format(a=a, b=b, d=abs(d))
        links.append(Link(other, person, difference, _one(text, abs(d))))
    return measure, people, values, links


def _one(text: str, count: int) -> str:
    """`1 years` is `1 year`."""
    return text if count != 1 else text.replace("1 years", "1 year").replace("1 floors", "1 floor").replace("1 points", "1 point").replace(
        "1 more dollars", "1 more dollar").replace("1 fewer dollars", "1 dollar less")  # fmt: skip


def _path(start: str, end: str, links: Sequence[Link]) -> list[tuple[Link, bool]]:
    """Links from start to end, with whether each is walked from `of` to `to`."""
    ways: dict[str, list[tuple[Link, bool]]] = {start: []}
    waiting = [start]
    for name in waiting:
        for link in links:
            for here, there, forward in ((link.of, link.to, True), (link.to, link.of, False)):
                if here == name and there not in ways:
                    ways[there] = [*ways[name], (link, forward)]
                    waiting.append(there)
    return ways[end]


def _proved(of: str, to: str, people: Sequence[str], constraints: Sequence[Constraint]) -> int:
    difference = determined(of, to, people, constraints)
    if difference is None:
        raise RuntimeError(f"{constraints} do not determine {of} and {to}")
    return difference


def _constraints(links: Sequence[Link]) -> list[Constraint]:
    return [one for link in links for one in exactly(link.of, link.to, link.difference)]


def _value(rng: Random, difficulty: float) -> Draw:
    measure, people, values, links = _links(rng, difficulty)
    anchor, target = (people[0], people[-1]) if rng.random() < 0.5 else rng.sample(people, 2)
    known = [*_constraints(links), *exactly("zero", anchor, values[anchor])]
    answer = _proved("zero", target, ["zero", *people], known)
    facts = [*(link.text for link in links), measure.has.format(a=anchor, v=values[anchor])]
    if difficulty > 0.3:
        rng.shuffle(facts)
    else:
        facts.reverse()
    value, steps, expression = values[anchor], [f"{measure.has.format(a=anchor, v=values[anchor])}."], str(values[anchor])
    for link, forward in _path(anchor, target, links):
        change = link.difference if forward else -link.difference
        sign, name = "+" if change > 0 else "-", link.to if forward else link.of
        steps.append(f"{link.text[0].upper()}{link.text[1:]}, so for {name} it is {value} {sign} {abs(change)} = {value + change}.")
        value, expression = value + change, f"{expression} {sign} {abs(change)}"
    asked = measure.asked.format(a=target)
    slots = {"facts": " ".join(map(_sentence, facts)), "asked": asked[0].upper() + asked[1:], "asked_low": asked}
    wrong = tuple(str(v) for v in dict.fromkeys([*values.values(), answer + 1, answer + 2]) if v != answer)
    return Draw(slots, str(answer), " ".join(steps), {"expression": expression}, wrong)


def _gap(rng: Random, difficulty: float) -> Draw:
    measure, people, _, links = _links(rng, max(difficulty, 0.2))
    one, other = (people[0], people[-1]) if len(people) > 2 else people
    answer = abs(_proved(one, other, people, _constraints(links)))
    facts = [link.text for link in links]
    if difficulty > 0.3:
        rng.shuffle(facts)
    at, steps = 0, []
    for link, forward in _path(one, other, links):
        change = link.difference if forward else -link.difference
        name = link.to if forward else link.of
        at += change
        steps.append(f"{_sentence(link.text)} So {name} is {abs(at)} {'above' if at > 0 else 'below' if at < 0 else 'away from'} {one}.")
    asked = measure.gap.format(a=one, b=other)
    slots = {"facts": " ".join(map(_sentence, facts)), "asked": asked[0].upper() + asked[1:], "asked_low": asked}
    wrong = tuple(str(v) for v in (answer + 1, answer + 2, abs(answer - 1), answer + 5) if v != answer)
    return Draw(slots, str(answer), " ".join(steps), {"people": [one, other]}, wrong)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("order_place", "ordering", PLACE, _place),
    SkillEngine("order_statement", "ordering", STATEMENT, _statement),
    SkillEngine("order_whole", "ordering", WHOLE_ORDER, _whole_order),
    SkillEngine("difference_value", "ordering", VALUE, _value),
    SkillEngine("difference_gap", "ordering", GAP, _gap),
)
