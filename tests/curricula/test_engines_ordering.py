"""Orders and differences: one solution each, found again by trying all orders and by linear algebra."""

from __future__ import annotations

import itertools
import re
from random import Random

import numpy as np
import pytest

from curricula.engines.contract import Item, find_engine
from curricula.engines.differences import Constraint, determined, exactly, largest_differences, places
from curricula.engines.ordering import SCALES

NTH = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]


def draw(name: str, n: int = 60) -> list[Item]:
    rng = Random(f"ordering:{name}")
    return [find_engine(name).sample(rng, i / (n - 1)) for i in range(n)]


def holds(text: str, order: tuple[str, ...]) -> bool | None:
    """Does a statement hold in an order (low end first)? None: it is no statement about it."""
    where = {name: at for at, name in enumerate(order)}
    text = text.strip().rstrip(".")
    for scale in SCALES:
        for phrase, sign in ((scale.above, 1), (scale.below, -1)):
            left, is_found, right = text.partition(f" {phrase} ")
            if is_found and bare(left) in where and bare(right) in where:
                return sign * (where[bare(left)] - where[bare(right)]) > 0
        name, _, rank = text.partition(" is the ")
        if bare(name) in where:
            for at in range(len(order)):
                low, high = NTH[at], NTH[len(order) - 1 - at]
                called = [scale.ranks[0].format(nth=low), scale.ranks[1].format(nth=high)]
                called += [scale.ends[0]] * (at == 0) + [scale.ends[1]] * (at == len(order) - 1)
                if f"the {rank}" in called and where[bare(name)] == at:
                    return True
    return False if " is the " in text or any(f" {p} " in text for s in SCALES for p in (s.above, s.below)) else None


def bare(name: str) -> str:
    name = name.strip()
    return re.sub(r"^[Tt]he ", "", name)


def solutions(item: Item) -> list[tuple[str, ...]]:
    """All orders of the members in which every statement of the question holds."""
    question = item.question.replace(item.params.get("listed", "\0"), "")
    sentences = [s.strip() for s in re.findall(r"[^.?:]+[.?:]", question)]
    facts = [s for s in sentences if s.endswith(".") and holds(s, tuple(item.params["order"])) is not None and not re.match(r"(Name|List|Put|Give|Choose)", s)]
    assert facts
    return [order for order in itertools.permutations(item.params["order"]) if all(holds(fact, order) for fact in facts)]


@pytest.mark.parametrize("name", ["order_place", "order_statement", "order_whole"])
def test_one_order_is_possible_and_it_gives_the_answer(name: str) -> None:
    for item in draw(name):
        assert solutions(item) == [tuple(item.params["order"])], item
        order = item.params["order"]
        if name == "order_place":
            rank = re.search(r"(?:Which is|one of them is|the one that is|Who or what is) (the .+)[?.]$", item.question)[1]
            assert [member for member in order if holds(f"{member} is {rank}", tuple(order))] == [item.answer], item
        elif name == "order_statement":
            assert holds(item.answer, tuple(order)) and not any(holds(text, tuple(order)) for text in item.wrong), item
        else:
            assert item.answer.split(", ") in (order, order[::-1])
            asked = item.question[re.search(r"(?:List|Put|Give the)[^.]*\.$", item.question).start() :]
            low, high = next(s.ends for s in SCALES if s.ends[0] in asked and s.ends[1] in asked)
            assert (asked.index(low) < asked.index(high)) == (item.answer.split(", ") == order), item


def test_no_statement_of_an_order_can_be_spared() -> None:
    for item in draw("order_place", 25):
        sentences = [s.strip() for s in re.findall(r"[^.?:]+[.?:]", item.question)]
        facts = [s for s in sentences if s.endswith(".") and holds(s, tuple(item.params["order"])) is not None and not s.startswith("Name")]
        for fact in facts:
            rest = [other for other in facts if other != fact]
            left = [o for o in itertools.permutations(item.params["order"]) if all(holds(other, o) for other in rest)]
            assert len(left) > 1 or len(item.params["order"]) > 3, item  # the solver may need one that a search could spare


def equations(question: str) -> tuple[list[str], list[list[float]], list[float]]:
    """Differences and values of the question as a linear system."""
    names = sorted({word for word in re.findall(r"\b[A-ZÀ-Þ]\w+", question) if word not in FRAME})
    rows, values = [], []
    for sentence in re.findall(r"[^.?]+[.?]", re.sub(r"^[^:]*: ", "", question)):
        sentence = sentence.strip()
        if sentence.endswith("?") or sentence.startswith(("Read the", "From this", "Using")):
            continue
        named = [word for word in re.findall(r"\b[A-ZÀ-Þ]\w+", sentence) if word not in FRAME]
        number = float(re.search(r"\d+", sentence)[0])
        row = [0.0] * len(names)
        row[names.index(named[0])] = 1
        if len(named) == 2:
            row[names.index(named[1])] = -1
            number *= -1 if re.search(r"younger|fewer|less|below|shorter", sentence) else 1
        rows.append(row)
        values.append(number)
    return names, rows, values


FRAME = set(["From", "Using", "Read", "We", "Work", "How", "At", "On", "By", "The"])


@pytest.mark.parametrize("name", ["difference_value", "difference_gap"])
def test_differences_agree_with_linear_algebra(name: str) -> None:
    for item in draw(name, 120):
        names, rows, values = equations(item.question)
        asked = [w for w in re.findall(r"\b[A-ZÀ-Þ]\w+", re.findall(r"[^.:]*\?$", item.question)[0]) if w in names]
        target = [0.0] * len(names)
        target[names.index(asked[0])] = 1
        if name == "difference_gap":
            target[names.index(asked[1])] = -1
        matrix = np.array(rows)
        assert np.linalg.matrix_rank(np.vstack([matrix, target])) == np.linalg.matrix_rank(matrix), "the answer is determined"
        solved = np.linalg.lstsq(matrix, np.array(values), rcond=None)[0] @ np.array(target)
        assert round(abs(solved) if name == "difference_gap" else solved, 6) == int(item.answer), item


def test_bellman_ford_on_systems_solved_by_hand() -> None:
    system = [Constraint("a", "b", 3), Constraint("b", "c", -2), Constraint("a", "c", 5)]
    assert largest_differences("a", "abc", system) == {"a": 0, "b": 3, "c": 1}
    assert determined("a", "c", "abc", system) is None
    assert determined("a", "c", "abc", [*exactly("a", "b", 4), *exactly("c", "b", 1)]) == 3
    with pytest.raises(ValueError, match="contradict"):
        largest_differences("a", "ab", [Constraint("a", "b", -1), Constraint("b", "a", -1)])
    assert places("abc", [Constraint("b", "a", -1), *exactly("wall", "c", 2)]) == {"a": 1, "b": 3, "c": 2}
    assert places("abc", [Constraint("b", "a", -1)]) is None
