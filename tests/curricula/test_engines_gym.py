"""The reasoning-gym adapter: every generator accounted for, no shared items, answers computed again by other means."""

from __future__ import annotations

import itertools
import math
import re
from random import Random

import pytest

from curricula.engines.contract import Item, find_engine
from curricula.engines.gym import ENGINES, UNUSED


def draw(name: str, n: int = 12) -> list[Item]:
    rng = Random(f"gym:{name}")
    return [find_engine(f"gym.{name}").sample(rng, i / (n - 1)) for i in range(n)]


def test_every_generator_is_used_or_has_a_reason() -> None:
    from reasoning_gym.factory import DATASETS

    named = [engine.generator for engine in ENGINES] + [name for names in UNUSED.values() for name in names]
    assert len(named) == len(set(named)) and set(named) == set(DATASETS)
    assert len(ENGINES) >= 34


@pytest.mark.parametrize("engine", [e for e in ENGINES if e.generator in ("chain_sum", "gcd", "caesar_cipher", "calendar_arithmetic")], ids=lambda e: e.name)
def test_two_cycles_share_no_items_where_the_generators_own_seeds_share_nearly_all(engine) -> None:
    import reasoning_gym

    ours = [{engine.sample(rng, 0.9).params["seed"] for _ in range(60)} for rng in (Random(42), Random(43))]
    assert not ours[0] & ours[1] and len(ours[0]) == 60
    assert min(abs(a - b) for a, b in itertools.combinations(sorted(ours[0] | ours[1]), 2)) > 500, "no two are neighbors"
    theirs = [[entry["question"] for entry in reasoning_gym.create_dataset(engine.generator, size=60, seed=seed, **engine.config(0.9))] for seed in (42, 43)]
    assert len(set(theirs[0]) & set(theirs[1])) >= 50, "the trap is still there"


def _dice(item: Item) -> bool:
    sizes = [int(size) for size in re.findall(r"1d(\d+)", item.question.partition("(")[0])]
    least = int(re.search(r"rolling (\d+) or higher", item.question)[1])
    rolls = [sum(roll) >= least for roll in itertools.product(*(range(1, size + 1) for size in sizes))]
    top, _, bottom = item.answer.partition("/")
    return sum(rolls) * int(bottom or 1) == int(top) * len(rolls)


def _coins(item: Item) -> bool:
    heads, flips = map(int, re.findall(r"\d+", item.question))
    wanted = range(heads, flips + 1) if "at least" in item.question else [heads]
    return math.isclose(sum(math.comb(flips, k) for k in wanted) / 2**flips, float(item.answer), abs_tol=1e-6)


def _caesar(item: Item) -> bool:
    coded = re.search(r"text: (.+?)\.?$", item.question)[1]
    turned = {"".join(chr((ord(c) - 65 + k) % 26 + 65) if c.isalpha() else c for c in coded) for k in range(26)}
    return item.answer.rstrip(".") in {text.rstrip(".") for text in turned}


def _alternating(item: Item) -> bool:
    bits = re.search(r"([01]+)$", item.question)[1]
    costs = []
    for first in "01":
        target = "".join(first if at % 2 == 0 else "10"[int(first)] for at in range(len(bits)))
        if sorted(target) == sorted(bits):
            costs.append(sum(a != b for a, b in zip(bits, target, strict=True)) // 2)
    return str(min(costs, default=-1)) == item.answer


def _needle(item: Item) -> bool:
    asked = re.search(r"Who (.+?)\?", item.question)[1]
    return re.search(rf"([\w-]+) {re.escape(asked)}\.", item.question)[1] == item.answer


def _bitwise(item: Item) -> bool:
    return int(item.answer, 16) == eval(item.question.splitlines()[-1])


def _decimals(item: Item) -> bool:
    return math.isclose(eval(re.search(r"\n(.+) = \?", item.question)[1]), float(item.answer), rel_tol=1e-9, abs_tol=1e-9)


def _knaves(item: Item) -> bool:
    """Everybody asked about is judged exactly once; the logic is reasoning-gym's own (`score_answer` accepts it)."""
    people = re.search(r"inhabitants?: (.+?)\.", item.question)[1].replace(", and ", ", ").split(", ")
    return all(item.answer.count(f"{person} is a") == 1 for person in people)


ORACLES = {"dice": _dice, "coin_flip": _coins, "caesar_cipher": _caesar, "binary_alternation": _alternating, "needle_haystack": _needle,
           "bitwise_arithmetic": _bitwise, "decimal_arithmetic": _decimals, "knights_knaves": _knaves}  # fmt: skip


@pytest.mark.parametrize("name", ORACLES)
def test_answers_computed_again(name: str) -> None:
    for item in draw(name):
        assert ORACLES[name](item), item
