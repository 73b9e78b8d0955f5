"""Word problems of several steps: every number told is used, every line of working is true, and the last is the answer."""

from __future__ import annotations

import re
from random import Random
from statistics import mean

import pytest

from curricula.engines.contract import Item, find_engine, list_engines
from curricula.verifiers.arithmetic import evaluate

TALES = [engine.name for engine in list_engines() if engine.family == "stories"]
MEANT = {"twice": 2, "half": 2, "three times": 3, "four times": 4, "five times": 5, "a third": 3, "a quarter": 4, "a fifth": 5, "doubles": 2, "triples": 3,
         "10%": 10, "25%": 4, "20%": 5, "50%": 2}  # fmt: skip


def draw(name: str, n: int = 120) -> list[Item]:
    rng = Random(f"stories:{name}")
    return [find_engine(name).sample(rng, i / (n - 1)) for i in range(n)]


@pytest.mark.parametrize("name", TALES)
def test_working_is_true_and_leads_to_the_answer(name: str) -> None:
    for item in draw(name):
        lines = item.steps.split("\n")
        for line in lines:
            left, value = re.search(r"([\d(][\d\s()+*/-]*) = (\d+)", line).groups()
            assert str(evaluate(left).value) == value, (line, item)
        assert lines[-1].rpartition("= ")[2].split()[0].rstrip(".") == item.answer
        assert str(evaluate(item.params["expression"]).value) == item.answer
        assert 2 <= len(lines) <= 7 and int(item.answer) >= 0 and item.answer not in item.wrong


@pytest.mark.parametrize("name", TALES)
def test_every_number_told_is_used_and_none_is_hidden(name: str) -> None:
    for item in draw(name):
        used = list(map(int, re.findall(r"\d+", item.params["expression"])))
        shown = [int(n) for n in re.findall(r"\d+(?!\d|%)", re.sub(r"\d+%", "", item.question))]
        meant = {value for word, value in MEANT.items() if word in item.question.lower()}
        assert all(n in shown or n in meant or name == "tale_splitting" for n in used), item
        idle = [n for n in shown if n not in used]
        if name == "tale_splitting":  # people are told as "you and n others"
            idle = [n for n in idle if n + 1 not in used and n + 2 not in used]
        if name == "tale_growing":  # periods are how often the number grows
            idle = [n for n in idle if item.params["expression"].count("*") != n]
        assert not idle, (idle, item)


def test_difficulty_adds_steps_and_tales_vary() -> None:
    steps = {d: mean(find_engine(name).sample(Random(f"{name}:{i}"), d).steps.count("\n") + 1 for name in TALES for i in range(40)) for d in (0.0, 0.5, 1.0)}
    assert steps[0.0] < steps[0.5] < steps[1.0] and steps[1.0] > steps[0.0] + 1, steps
    for name in TALES:
        items = draw(name, 100)
        assert len({item.question for item in items}) == 100
        assert len({re.sub(r"\d+|[A-ZÀ-Þ]\w+", "_", item.question) for item in items}) > 40, "more than names and numbers vary"
