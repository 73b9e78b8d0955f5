"""The built-in suites: golds recomputed from the prompts alone, no leaks between splits, nothing asked twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from random import Random

import pytest

from probes.builtin.basics import SKILLS, lists, vocabulary
from probes.builtin.basics.material import DAYS, KINDS, MONTHS, THINGS
from probes.builtin.generate import Item, Skill, hashed_random, make_probes
from probes.check import check_suite
from probes.registry import find_suite
from probes.scorers import score
from probes.splits import split_of
from probes.suite import Probe

SUITES = ("basics", "basics_protected")


def of_skill(name: str, suite: str = "basics") -> list[Probe]:
    return [probe for probe in find_suite(suite).probes if probe.meta["skill"] == name]


def numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]


def shown_words(prompt: str) -> list[str]:
    """The comma-separated list in a prompt, found without knowing the wording."""
    runs = [run.split(", ") for run in re.findall(r"[a-z]+(?:, [a-z]+)+", prompt)]
    return max(([word for word in run if word in lists.POOL] for run in runs), key=len)


@pytest.mark.parametrize("name", SUITES)
def test_the_check_finds_no_problem(name):
    assert [finding for finding in check_suite(find_suite(name)) if finding.is_problem] == []


@pytest.mark.parametrize("name", SUITES)
def test_every_gold_scores_one_and_listing_the_choices_scores_nothing(name):
    for probe in find_suite(name).probes:
        assert score(probe.scorer, probe.gold, probe.gold, probe.choices).strict == 1, probe
        if probe.choices and probe.scorer != "loglikelihood":
            for listed in (" or ".join(probe.choices), ", ".join(probe.choices), "\n".join(probe.choices)):
                assert score(probe.scorer, listed, probe.gold, probe.choices).lenient == 0, probe


@pytest.mark.parametrize("name", SUITES)
def test_no_prompt_is_asked_twice_and_groups_stay_in_one_split(name):
    probes = find_suite(name).probes
    assert len({probe.prompt.casefold() for probe in probes}) == len(probes)
    homes = defaultdict(set)
    for probe in probes:
        homes[probe.group].add(split_of(probe.group, "key"))
    assert all(len(splits) == 1 for splits in homes.values())


def test_sizes_skills_and_wordings():
    probes = find_suite("basics").probes
    skills = {probe.meta["skill"] for probe in probes}
    assert len(probes) >= 2400 and len(skills) >= 16
    wordings = defaultdict(set)
    for probe in probes:
        wordings[probe.meta["skill"]].add(probe.meta["wording"])
        assert probe.meta["difficulty"] in (1, 2, 3)
    assert all(len(found) >= 4 for found in wordings.values())
    assert all(len({p.meta["difficulty"] for p in of_skill(skill)}) >= 2 for skill in skills)
    assert len(find_suite("basics_protected").probes) >= 400


def test_no_more_than_four_skills_can_be_won_by_a_coin():
    coins = [skill for skill in {s.name for s in SKILLS} if all(p.meta["chance"] == 0.5 for p in of_skill(skill))]
    assert 0 < len(coins) <= 4
    for skill in coins:
        golds = Counter(probe.gold for probe in of_skill(skill))
        if len(golds) == 2:
            assert max(golds.values()) / sum(golds.values()) < 0.6, golds


def test_every_basics_prompt_states_the_answer_format():
    for probe in find_suite("basics").probes:
        assert re.search(r"\b(only|just)\b", probe.prompt), probe.prompt


def test_no_two_basics_skills_and_protected_kinds_share_a_prompt():
    prompts = Counter(p.prompt for name in SUITES for p in find_suite(name).probes)
    assert max(prompts.values()) == 1


def test_the_suites_are_the_same_in_every_process():
    """Seeds are hashed, never Python's own `hash`, and a fresh generation equals the cached one."""
    assert make_probes("basics", SKILLS) == find_suite("basics").probes
    assert hashed_random("basics", "x", 1).random() == pytest.approx(0.9503362, abs=1e-6)


# --- golds recomputed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "skill, recompute",
    [
        ("larger_of_two", max),
        ("sums_one_digit", sum),
        ("sums_two_digits", sum),
        ("differences", lambda ns: max(ns) - min(ns)),
        ("times_table", lambda ns: ns[0] * ns[1]),
        ("next_number", lambda ns: ns[3] + (ns[1] - ns[0])),
    ],
)
def test_arithmetic_golds(skill, recompute):
    for probe in of_skill(skill):
        assert int(probe.gold) == recompute(numbers(probe.prompt)), probe


def test_parity_double_and_time_golds():
    for probe in of_skill("odd_or_even"):
        assert probe.gold == ["even", "odd"][numbers(probe.prompt)[0] % 2]
    for probe in of_skill("double_or_half"):
        is_half = "half" in probe.prompt
        assert float(probe.gold) == numbers(probe.prompt)[0] * (0.5 if is_half else 2), probe
    seconds = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800, "months": 1, "years": 12}
    for probe in of_skill("time_units"):
        units = sorted((unit for unit in seconds if unit in probe.prompt), key=seconds.__getitem__)
        assert len(units) == 2
        assert int(probe.gold) * seconds[units[0]] == numbers(probe.prompt)[0] * seconds[units[1]], probe


def test_roman_and_spelled_golds():
    worth = {"I": 1, "V": 5, "X": 10, "L": 50}
    for probe in of_skill("roman_numeral"):
        signs = [worth[c] for c in re.search(r"(?:numeral|written|Write) ([IVXL]+)", probe.prompt)[1]]
        total = sum(-v if any(later > v for later in signs[i + 1 :]) else v for i, v in enumerate(signs))
        assert int(probe.gold) == total, probe
    spelled = {"nineteen": "19", "forty": "40", "sixty-two": "62"}
    golds = {probe.group.partition(":")[2]: probe.gold for probe in of_skill("digits_of_number_word")}
    assert len(golds) == len(set(golds.values()))
    assert all(golds.get(word, number) == number for word, number in spelled.items())


def test_list_golds():
    for probe in of_skill("count_of_list"):
        assert int(probe.gold) == len(shown_words(probe.prompt)), probe
    for probe in of_skill("word_at_place"):
        place = next(word for word in ("first", "last", "second") if f"{word} " in f"{probe.prompt} ".replace("?", " "))
        assert probe.gold == shown_words(probe.prompt)[{"first": 0, "last": -1, "second": 1}[place]], probe
    for probe in of_skill("is_in_list"):
        word = re.search(r'"([a-z]+)"', probe.prompt)[1]
        assert probe.gold == ("yes" if word in shown_words(probe.prompt) else "no"), probe
    for probe in of_skill("longest_word"):
        lengths = sorted(map(len, shown_words(probe.prompt)))
        assert len(probe.gold) == lengths[-1] > lengths[-2], probe
    for probe in of_skill("first_by_alphabet"):
        assert probe.gold == sorted(shown_words(probe.prompt))[0], probe


@pytest.mark.parametrize("skill, order", [("day_of_week", DAYS), ("month_of_year", MONTHS)])
def test_order_golds(skill, order):
    for probe in of_skill(skill):
        start = next(name for name in order if name in probe.prompt)
        steps = (2 if " two " in probe.prompt else 1) * (-1 if "before" in probe.prompt else 1)
        assert order[(order.index(start) + steps) % len(order)] == probe.gold, probe


def test_letter_golds():
    for probe in of_skill("letter_at_place"):
        word = re.search(r'"([a-z]+)"|Spell ([a-z]+)|Word: ([a-z]+)', probe.prompt)
        index = {"first": 0, "last": -1, "second": 1}[re.search("first|last|second", probe.prompt)[0]]
        assert probe.gold == next(filter(None, word.groups()))[index], probe


def test_words_have_one_kind_and_one_difficulty():
    members = [word for kind in KINDS.values() for word in kind]
    assert len(members) == len(set(members)) and not set(members) & set(THINGS)
    for table in (vocabulary.OPPOSITES, vocabulary.PLURALS, vocabulary.PASTS):
        listed = [word for level in table.values() for word in level]
        assert len(listed) == len(set(listed))
    for probe in of_skill("kind_of_thing"):
        assert not (probe.gold == "bird" and "animal" in probe.choices), "a bird is an animal"


def test_protected_answers_stand_among_their_choices():
    for probe in find_suite("basics_protected").probes:
        if probe.scorer == "loglikelihood":
            assert probe.gold in probe.choices and len(set(probe.choices)) == len(probe.choices)
    golds = Counter(p.choices.index(p.gold) for p in of_skill("good_grammar", "basics_protected"))
    assert min(golds[0], golds[1]) > 10  # the right sentence does not stand in a fixed place


# --- the generator -------------------------------------------------------------------------------


def skill(n_items: int = 3, **changes) -> Skill:
    def draw(rng: Random) -> Item:
        n = rng.randint(1, 3)
        return Item(str(n), 1, {"n": n})

    return Skill("toy", draw, lambda slots: str(slots["n"]), ("Say {n}.", "Write {n}."), n_items, **changes)


def test_wordings_of_an_item_share_its_group():
    probes = make_probes("s", [skill(wordings_per_item=2)])
    assert len(probes) == 6 and len({p.group for p in probes}) == 3
    assert {p.probe_id for p in probes} == {f"toy-{n:03d}-{w}" for n in range(3) for w in range(2)}


def test_too_little_material_and_repeated_prompts_are_refused():
    with pytest.raises(ValueError, match="material for 3 items only, not 4"):
        make_probes("s", [skill(n_items=4)])
    with pytest.raises(ValueError, match="asks twice"):
        make_probes("s", [skill(wordings_per_item=2), skill(wordings_per_item=2)])
