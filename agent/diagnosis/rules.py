"""The rule over numbers that nearly all golds of one wording obey, and what it says where a gold breaks it.

Numbers and golds of one wording go in; for each probe the rule's answer comes out, or None ("{n} boxes with {n}
pens each": the product). The one thing to know: a rule is learned from the golds themselves, so it needs no
knowledge of the suite, and it is silent wherever the golds do not agree on one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from itertools import permutations, product

from agent.diagnosis.solving import contradicts, spoken
from probes.numbers import parse_number

MIN_OBEYING = 6  # varied numbers: one of 20 rules that each hold by chance for 1 gold in 5 holds for 6 in 1 wording of 800
MIN_OBEYING_FEATURE = 20  # different numbers: of those up to 14 all but 2 and 9 are prime if odd
MAX_BROKEN = 0.15  # of 30 golds with 5 % wrong ones, more than 15 % break the rule in 1 wording of 60; more is no rule
MAX_COMMON = 0.5  # share of the commonest gold: a rule for golds that are nearly all alike says nothing
N_FITTED = 200  # probes of one wording that a rule is searched on; the rest is only held against it

Program = Callable[[tuple[Fraction, ...]], "Fraction | None"]
_Two = Callable[[Fraction, Fraction], "Fraction | None"]


@dataclass(frozen=True)
class Saying:
    """What the rule of a probe's wording says of it."""

    value: str
    rule: str
    """For people: `a*b`, `longest`."""
    n_obeying: int
    """Other probes of the wording that obey."""


def say_by_numbers(numbers: Sequence[tuple[Fraction, ...]], golds: Sequence[str]) -> list[Saying | None]:
    """The arithmetic rule of one wording, said of each of its probes (parallel lists).

    Golds are numbers, or words that depend on parity, order or divisibility. Silent outside of what was seen: for
    numbers or results beyond those of the obeying probes (a clock goes on with 1 after 12; of five birds seven fly away).
    """
    n = len(golds)
    silent: list[Saying | None] = [None] * n
    if n <= MIN_OBEYING or len({len(row) for row in numbers}) != 1 or not numbers[0]:
        return silent
    parsed = [parse_number(gold.strip().rstrip(".")) for gold in golds]
    if sum(number is not None for number in parsed) >= enough(n):
        return _by_program(numbers, [number.value if number else None for number in parsed], golds)
    return _by_feature(numbers, [folded(gold) for gold in golds])


def _by_program(
    numbers: Sequence[tuple[Fraction, ...]], wanted: list[Fraction | None], golds: Sequence[str]
) -> list[Saying | None]:
    silent: list[Saying | None] = [None] * len(golds)
    found = _best_program(numbers, wanted)
    if found is None:
        return silent
    name, program = found
    values = [program(row) for row in numbers]
    agrees = [
        value is not None and contradicts(value, gold) is False for value, gold in zip(values, golds, strict=True)
    ]
    obeying = [i for i, agreed in enumerate(agrees) if agreed]
    if len(obeying) < max(MIN_OBEYING, enough(len(golds))) or not is_varied([wanted[i] for i in obeying], True):
        return silent
    bounds = [(min(column), max(column)) for column in zip(*(numbers[i] for i in obeying), strict=True)]
    results = [value for i in obeying if (value := values[i]) is not None]
    least, most = min(results), max(results)
    sayings: list[Saying | None] = []
    for i, (row, value) in enumerate(zip(numbers, values, strict=True)):
        is_inside = value is not None and least <= value <= most
        is_inside = is_inside and all(low <= x <= high for (low, high), x in zip(bounds, row, strict=True))
        if value is None or not is_inside:
            sayings.append(None)
        else:
            sayings.append(Saying(golds[i] if agrees[i] else spoken(value), name, len(obeying) - agrees[i]))
    return sayings


def _by_feature(numbers: Sequence[tuple[Fraction, ...]], golds: list[str]) -> list[Saying | None]:
    """A word that follows from parity, order or divisibility, each outcome's word being its commonest gold."""
    for name, feature in _FEATURES:
        outcomes = [feature(row) for row in numbers]
        if None in outcomes:
            continue
        seen: dict[object, Counter[str]] = {}
        for outcome, gold in zip(outcomes, golds, strict=True):
            seen.setdefault(outcome, Counter())[gold] += 1
        answer = {at: min(words.items(), key=lambda item: (-item[1], item[0]))[0] for at, words in seen.items()}
        obeying = [i for i, outcome in enumerate(outcomes) if answer[outcome] == golds[i]]
        is_rule = len(obeying) >= enough(len(golds)) and len({numbers[i] for i in obeying}) >= MIN_OBEYING_FEATURE
        if is_rule and len(set(answer.values())) > 1 and is_varied([golds[i] for i in obeying], is_open=False):
            return [
                Saying(answer[outcome], name, len(obeying) - (answer[outcome] == gold))
                for outcome, gold in zip(outcomes, golds, strict=True)
            ]
    return [None] * len(golds)


def is_varied(obeying: Sequence[object], is_open: bool) -> bool:
    """Do the golds that obey differ enough to tell a rule from "always the same"?"""
    commonest = Counter(obeying).most_common(1)[0][1] if obeying else 0
    # two possible answers: a quarter of the rarer one
    return 0 < commonest <= (MAX_COMMON if is_open else 1 - MAX_COMMON / 2) * len(obeying)


def enough(n: int) -> float:
    """How many of n golds must obey: all but one, or all but `MAX_BROKEN`."""
    return n - max(1.0, MAX_BROKEN * n)


def _best_program(
    numbers: Sequence[tuple[Fraction, ...]], golds: Sequence[Fraction | None]
) -> tuple[str, Program] | None:
    """The program that most of a sample of the golds obey, if nearly all of them do."""
    step = -(-len(golds) // N_FITTED)
    rows = [(numbers[i], golds[i]) for i in range(0, len(golds), step)]
    programs = _programs(len(numbers[0]))
    if len(numbers[0]) == 1 and (line := _lines([(row[0], gold) for row, gold in rows if gold is not None])):
        slope, shift = line
        programs = [(f"{slope} * n + {shift}", lambda row: row[0] * slope + shift)]
    counts = [sum(gold is not None and program(row) == gold for row, gold in rows) for _, program in programs]
    best = max(counts, default=0)
    return programs[counts.index(best)] if best and best >= enough(len(rows)) else None


def _lines(points: list[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction] | None:
    """Slope and shift of the line through most pairs of neighbours; None if flat."""
    ordered = sorted(set(points))
    counts: Counter[tuple[Fraction, Fraction]] = Counter()
    for (a, x), (b, y) in zip(ordered, ordered[1:], strict=False):
        if a != b:
            slope = (y - x) / (b - a)
            counts[slope, x - slope * a] += 1
    if not counts:
        return None
    best = min(counts.items(), key=lambda item: (-item[1], item[0]))[0]
    return best if best[0] else None


@lru_cache(maxsize=16)
def _programs(n: int) -> list[tuple[str, Program]]:
    """Every way of making one number of n that a question may ask for, simpler ones first."""
    programs: list[tuple[str, Program]] = []
    if n >= 2:
        programs += [("max", _largest), ("min", _smallest)]
    if n >= 3:
        programs += [("sum", _total), ("next", _next_term)]
    if n == 2:
        programs += [(said.format("a", "b"), partial(_of_pair, do)) for said, do in _TWO]
    if n == 3:
        for i, j, k in permutations(range(3)):
            x, y, z = ("abc"[at] for at in (i, j, k))
            for (inner, first), (outer, second) in product(_TWO, _TWO):
                name = outer.format(f"({inner.format(x, y)})", z)
                programs.append((name, partial(_of_three, (i, j, k), first, second)))
    return programs


def _of_pair(do: _Two, row: tuple[Fraction, ...]) -> Fraction | None:
    return do(row[0], row[1])


def _total(row: tuple[Fraction, ...]) -> Fraction | None:
    return sum(row, Fraction(0))


def _of_three(at: tuple[int, int, int], first: _Two, second: _Two, row: tuple[Fraction, ...]) -> Fraction | None:
    inner = first(row[at[0]], row[at[1]])
    return None if inner is None else second(inner, row[at[2]])


def _largest(row: tuple[Fraction, ...]) -> Fraction | None:
    return max(row) if _are_whole(row) else None


def _smallest(row: tuple[Fraction, ...]) -> Fraction | None:
    return min(row) if _are_whole(row) else None


def _are_whole(row: tuple[Fraction, ...]) -> bool:
    return all(number.denominator == 1 for number in row)  # 1.10 may be a later version than 1.9


def _next_term(row: tuple[Fraction, ...]) -> Fraction | None:
    steps = {b - a for a, b in zip(row, row[1:], strict=False)}
    return row[-1] + next(iter(steps)) if len(steps) == 1 else None


_TWO: tuple[tuple[str, _Two], ...] = (
    ("{0} + {1}", lambda a, b: a + b),
    ("{0} - {1}", lambda a, b: a - b),
    ("{1} - {0}", lambda a, b: b - a),
    ("{0} * {1}", lambda a, b: a * b),
    ("{0} / {1}", lambda a, b: a / b if b else None),
    ("{1} / {0}", lambda a, b: b / a if a else None),
    ("{0} mod {1}", lambda a, b: a % b if b else None),
    ("{0} div {1}", lambda a, b: Fraction(a // b) if b else None),
)


def _order(row: tuple[Fraction, ...]) -> tuple[int, ...]:
    return tuple((a > b) - (a < b) for a, b in zip(row, row[1:], strict=False))


def _parity(row: tuple[Fraction, ...]) -> int | None:
    return int(row[0] % 2) if len(row) == 1 and row[0].denominator == 1 else None


def _compared(row: tuple[Fraction, ...]) -> tuple[int, ...] | None:
    return _order(row) if len(row) == 2 else None


def _divides(row: tuple[Fraction, ...]) -> bool | None:
    return row[0] % row[1] == 0 if len(row) == 2 and row[1] else None


_FEATURES: tuple[tuple[str, Callable[[tuple[Fraction, ...]], object]], ...] = (
    ("parity", _parity),
    ("order", _compared),
    ("divisibility", _divides),
)


def folded(answer: str) -> str:
    """One spelling per answer: numbers by value, words without case and final period."""
    text = answer.strip().rstrip(".").strip()
    number = parse_number(text)
    return f"={number.value}" if number else " ".join(text.casefold().split())
