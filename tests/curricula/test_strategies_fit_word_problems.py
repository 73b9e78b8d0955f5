"""Word problems about anything: found by their calculation, refused where the golds do not come from one."""

from __future__ import annotations

from random import Random

import pytest

from curricula.engines.contract import find_engine
from curricula.lesson import Brief, Failure
from curricula.strategies.contract import find_strategy
from curricula.strategies.fit.calculations import (
    are_calculated,
    is_story,
    operations,
    reached,
    worked_operations,
)
from curricula.strategies.fit.matching import match_engines
from curricula.strategies.fit.surface import Reading
from curricula.strategies.fit.word_problems import match_word_problems
from curricula.strategies.symbolic import cover

ODD = [  # of no engine's vocabulary
    ("The glacier lost {a} tons of ice in June. In July it lost {b} tons. How many tons of ice melted over both months?", lambda a, b, c: a + b),
    ("An orbiter carries {a} probes. It has already released {b} of them near Saturn. How many probes remain aboard?", lambda a, b, c: a - b),
    ("A choir has {b} rows. In every row stand {c} singers, and {a} more wait backstage. How many singers are there?", lambda a, b, c: b * c + a),
    ("The reservoir gains {b} liters hourly for {c} hours, having begun with {a} liters. How many liters does it then contain?", lambda a, b, c: b * c + a),
    ("Every geologist hauls {b} samples uphill. There are {c} geologists and {a} samples were there before. How many samples lie on top?", lambda a, b, c: b * c + a),
]


def problems(n: int = 15, seed: int = 3) -> list[tuple[str, int]]:
    rng, found = Random(seed), []
    for i in range(n):
        a, b, c = rng.randint(60, 200), rng.randint(11, 50), rng.randint(3, 9)
        text, answer = ODD[i % len(ODD)]
        found.append((text.format(a=a, b=b, c=c), answer(a, b, c)))
    return found


def readings(found: list[tuple[str, int]]) -> list[Reading]:
    return [Reading(text, gold=str(answer)) for text, answer in found]


def test_golds_that_are_calculated_are_told_from_golds_that_are_not() -> None:
    found = problems()
    own, chance, z = reached(readings(found))
    assert own == 1.0 and chance < 0.3 and z > 3
    assert are_calculated(readings(found), [str(answer) for _, answer in found])
    shifted = [(text, found[(i + 1) % len(found)][1]) for i, (text, _) in enumerate(found)]
    assert not are_calculated(readings(shifted), [str(answer) for _, answer in shifted])
    assert not are_calculated(readings(found[:3]), [str(answer) for _, answer in found[:3]]), "three prove nothing"
    worked = [f"It is 3 + 4 = 7, then 7 * 2 = 14.\n#### {answer}" for _, answer in found[:3]]
    assert are_calculated(readings(found[:3]), worked), "working that is shown needs no proof"


@pytest.mark.parametrize(
    ("question", "gold", "chains"),
    [
        ("Here are 12 bats and 5 owls. How many animals?", "17", {"+"}),
        ("Here are 19 bats. 5 fly off, then 3. How many stay?", "11", {"--", "+-"}),
        ("A coach has 12 rows of 4. How many seats, if 3 more stand up front?", "51", {"*+"}),
        ("He needs twice 14. How many?", "28", {"*"}),
        ("A dozen eggs in 5 nests. How many?", "60", {"*"}),
        ("12 and 5. How many?", "1000", set()),
    ],
)
def test_the_shortest_calculation_is_found(question: str, gold: str, chains: set[str]) -> None:
    assert operations(Reading(question, gold=gold)) == chains


@pytest.mark.parametrize(
    ("gold", "chain"),
    [
        ("She sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nThat is 9 * 2 = $<<9*2=18>>18.\n#### 18", "*--"),
        ("3 × 4 = 12, and 12 ÷ 6 = 2.", "*/"),
        ("He pays 3 x $4 = $12. The answer is 12.", "*"),
        ("18", ""),
    ],
)
def test_worked_golds_show_their_operations(gold: str, chain: str) -> None:
    assert worked_operations(gold) == chain


def test_stories_are_told_from_other_questions() -> None:
    assert all(is_story(reading) for reading in readings(problems()))
    others = [("What is 12 + 30?", "42"), ("In 1492 a fleet of 3 ships sailed west. Who led it across the wide ocean then?", "Columbus"),
              ("name, age\nBo, 7\nAl, 9\nCy, 12\nHow many of the people in this table are older than 8 years?", "2")]  # fmt: skip
    assert not any(is_story(Reading(question, gold=gold)) for question, gold in others)


def test_problems_without_a_like_get_engines_of_the_same_operations() -> None:
    found = readings(problems(20))
    golds = [reading.gold for reading in found]
    matches = match_word_problems(found, golds, match_engines(found), frozenset())
    assert all(match.engine for match in matches)
    for reading, match in zip(found, matches, strict=True):
        engine, rng = find_engine(match.engine), Random(1)
        assert engine.family in ("word_problems", "stories"), match
        chains = {"".join(sorted(c for c in str(engine.sample(rng, 0.5).params["expression"]) if c in "+-*/")) for _ in range(40)}
        assert chains & operations(reading), (reading.stem, match.engine)
    shifted = [Reading(reading.stem, gold=found[(i + 1) % len(found)].gold) for i, reading in enumerate(found)]
    plain = match_engines(shifted)
    assert match_word_problems(shifted, [r.gold for r in shifted], plain, frozenset()) == plain, "no evidence, no engine"


def test_worked_suites_get_worked_lessons_of_several_steps() -> None:
    failures = []
    for i, (text, answer) in enumerate(problems(30)):
        if i % 5 >= 2:
            a, b, c = (int(n) for n in __import__("re").findall(r"\d+", text))
            first = b * c if answer == b * c + a else a * b if answer == a * b + c else a * c
            left = answer - first
            gold = f"First comes {first // c if first % c == 0 else first} * {c} = {first}. Then {first} + {left} = {answer}.\n#### {answer}"
            failures.append(Failure(f"p{i}", "s", text, "", gold, "wrong", "numeric"))
    brief = Brief("W", "", (), tuple(failures), 30, 1, 5)
    assert all(match.engine for match in cover(brief))
    lessons = [c.lesson for c in find_strategy("symbolic").write(brief, None, Random(0)) if c.lesson]
    assert len(lessons) == 90
    assert all(lesson.completion.endswith(f"\n#### {lesson.answer}") and lesson.completion.count("=") >= 2 for lesson in lessons)
