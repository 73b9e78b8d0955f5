"""`find_weaknesses`: finds what was planted, nothing where nothing is, and always the same."""

from __future__ import annotations

import math
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.diagnosis import Weakness, embedding, find, find_weaknesses, map_coordinates
from agent.diagnosis.evidence import Criteria
from agent.diagnosis.find import analyse
from tests.agent.diagnosis.questions import answer, ask


def contents(weaknesses: list[Weakness], texts: list[str]) -> list[tuple]:
    """Everything about weaknesses that must not depend on row order."""
    return [
        (one.id, one.label, one.keywords, one.n, one.n_failures, one.p_value, round(one.stability, 9), one.coordinates,
         sorted(texts[row] for row in one.members), [texts[row] for row in one.medoids])
        for one in weaknesses
    ]  # fmt: skip


def check(weaknesses: list[Weakness], n_rows: int) -> None:
    """What holds for every weakness."""
    assert len({one.id for one in weaknesses}) == len(weaknesses)
    assert len({one.label for one in weaknesses}) == len(weaknesses)
    seen: set[int] = set()
    for one in weaknesses:
        assert list(one.members) == sorted(set(one.members))
        assert set(one.failures) <= set(one.members) <= set(range(n_rows))
        assert set(one.medoids) <= set(one.failures)
        assert (one.n, one.n_failures) == (len(one.members), len(one.failures))
        assert 0 <= one.ci_low <= one.failure_rate <= one.ci_high <= 1
        assert one.n_failures >= 1
        assert one.n >= 5
        assert 0 <= one.stability <= 1
        assert 0 <= one.p_value <= 1
        assert all(math.isfinite(place) for place in one.coordinates)
        assert one.label
        if one.kind == "skill":
            assert not seen & set(one.members), "skill weaknesses are disjoint"
            seen |= set(one.members)


def test_finds_planted_weaknesses_with_their_names() -> None:
    texts, subjects = ask(400)
    correct = answer(subjects, {"roman": 0.1, "plural": 0.15})
    weaknesses = find_weaknesses(texts, correct)
    check(weaknesses, 400)
    planted = {row for row, subject in enumerate(subjects) if subject in ("roman", "plural")}
    found = {row for one in weaknesses for row in one.members}
    assert len(found & planted) / len(planted) > 0.9
    assert len(found & planted) / len(found) > 0.9
    labels = " | ".join(one.label for one in weaknesses)
    assert "roman numeral" in labels
    assert "plural" in labels
    assert "reply" not in labels
    assert all(one.lift > 1.5 and one.ci_low > 0.5 for one in weaknesses)
    assert weaknesses[0].n_failures >= weaknesses[-1].n_failures


def test_nothing_planted_nothing_found() -> None:
    """The false-alarm rate is 5 % by the permutation test; ten draws may hold two."""
    texts, subjects = ask(240)
    alarms = sum(bool(find_weaknesses(texts, answer(subjects, {}, 0.7, seed=seed))) for seed in range(10))
    assert alarms <= 2


def test_same_answer_for_every_row_order() -> None:
    texts, subjects = ask(260)
    correct = answer(subjects, {"days": 0.1, "sum": 0.3})
    metadata = [{"suite": "a" if subject < "m" else "b", "gold": "x"} for subject in subjects]
    plain, tagged = find_weaknesses(texts, correct), find_weaknesses(texts, correct, metadata=metadata)
    assert plain
    for seed in range(3):
        order = Random(seed).sample(range(260), 260)
        mixed = [texts[row] for row in order]
        again = find_weaknesses(mixed, [correct[row] for row in order])
        assert contents(again, mixed) == contents(plain, texts)
        again = find_weaknesses(
            mixed, [correct[row] for row in order], metadata=[metadata[row] for row in order]
        )
        assert contents(again, mixed) == contents(tagged, texts)


def test_same_answer_in_another_process() -> None:
    program = (
        "from agent.diagnosis import find_weaknesses\n"
        "from tests.agent.diagnosis.questions import answer, ask\n"
        "texts, subjects = ask(160)\n"
        "print(find_weaknesses(texts, answer(subjects, {'days': 0.0})))\n"
    )
    path = ":".join(folder or "." for folder in sys.path)
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": path}
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    texts, subjects = ask(160)
    here = find_weaknesses(texts, answer(subjects, {"days": 0.0}))
    assert here
    assert there.stdout.strip() == str(here)


def test_sampled_rows_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limits the tree, the words and the map are learned on a sample, and the rest is placed."""
    texts, subjects = ask(560, seed=4)
    texts = [f"{text} ({row})" if text in texts[:row] else text for row, text in enumerate(texts)]
    correct = answer(subjects, {"minutes": 0.1, "rhyme": 0.2})
    planted = {row for row, subject in enumerate(subjects) if subject in ("minutes", "rhyme")}
    whole = analyse(texts, correct)
    monkeypatch.setattr(find, "MAX_LEAVES", 200)
    monkeypatch.setattr(embedding, "FIT_ROWS", 300)
    monkeypatch.setattr(embedding, "PLACED_AT_ONCE", 100)
    monkeypatch.setattr(embedding, "MAX_UMAP_ROWS", 250)
    sampled = analyse(texts, correct)
    for finding in (whole, sampled):
        check(finding.weaknesses, 560)
        found = {row for one in finding.weaknesses for row in one.members}
        assert len(found & planted) / len(found | planted) > 0.85
        assert np.isfinite(finding.coordinates).all()
    order = Random(1).sample(range(560), 560)
    mixed = [texts[row] for row in order]
    again = analyse(mixed, [correct[row] for row in order])
    assert contents(again.weaknesses, mixed) == contents(sampled.weaknesses, texts)
    assert np.array_equal(again.coordinates, sampled.coordinates[order])


def test_golds_tell_apart_what_texts_do_not() -> None:
    """Largest and smallest of three numbers, asked in nearly the same words: the relation to the gold separates them."""
    rng = Random(5)
    texts, golds, weak = [], [], []
    for row in range(240):
        numbers = rng.sample(range(10, 99), 3)
        is_last = row % 2 == 0
        texts.append(f"Numbers: {numbers[0]}, {numbers[1]}, {numbers[2]}. Case {chr(97 + row % 26)}{chr(97 + row // 26)}.")
        golds.append(str(sum(numbers) if is_last else max(numbers)))
        weak.append(is_last)
    correct = [rng.random() < (0.1 if is_weak else 0.8) for is_weak in weak]
    found = find_weaknesses(texts, correct, metadata=[{"gold": gold} for gold in golds])
    rows = {row for one in found for row in one.members}
    planted = {row for row, is_weak in enumerate(weak) if is_weak}
    assert len(rows & planted) / len(rows | planted) > 0.9
    blind = {row for one in find_weaknesses(texts, correct) for row in one.members}
    assert len(blind & planted) / max(1, len(blind | planted)) < 0.7


def test_one_text_with_several_golds_has_one_place_in_any_order() -> None:
    texts, subjects = ask(200)
    correct, golds = answer(subjects, {"sum": 0.1}), [str(row % 7) for row in range(200)]
    plain = find_weaknesses(texts, correct, metadata=[{"gold": gold} for gold in golds])
    assert plain
    for seed in range(3):
        order = Random(seed).sample(range(200), 200)
        mixed = [texts[row] for row in order]
        again = find_weaknesses(mixed, [correct[row] for row in order], metadata=[{"gold": golds[row]} for row in order])
        assert contents(again, mixed) == contents(plain, texts)


def test_one_text_in_two_suites_has_one_place_on_the_map_in_any_order() -> None:
    texts, subjects = ask(120)
    texts, subjects = texts * 2, subjects * 2
    correct = answer(subjects, {"sum": 0.1})
    metadata = [{"suite": "a" if row < 120 else "b"} for row in range(240)]
    plain = analyse(texts, correct, metadata=metadata)
    assert plain.weaknesses
    for seed in range(3):
        order = Random(seed).sample(range(240), 240)
        mixed = [texts[row] for row in order]
        again = analyse(mixed, [correct[row] for row in order], metadata=[metadata[row] for row in order])
        assert contents(again.weaknesses, mixed) == contents(plain.weaknesses, texts)
        assert np.array_equal(again.coordinates, plain.coordinates[order])


def test_numbers_too_long_for_a_number() -> None:
    texts = [f"How many ones are in {'01' * 200}{row}?" for row in range(40)]
    assert find_weaknesses(texts, [True] * 40, metadata=[{"gold": "1" * 400}] * 40) == []
    check(find_weaknesses(texts, [False] * 40, metadata=[{"gold": "1" * 400}] * 40), 40)


def test_easy_topics_do_not_make_the_rest_weak() -> None:
    """Two of eight subjects are always right: what is usual is the level of the other six."""
    texts, subjects = ask(400)
    correct = answer(subjects, {"capital": 1.0, "sum": 1.0}, elsewhere=0.65)
    found = {row for one in find_weaknesses(texts, correct) for row in one.members}
    assert len(found) < 100


def test_all_failed_is_split_by_subject() -> None:
    texts, subjects = ask(240)
    weaknesses = find_weaknesses(texts, [False] * 240)
    check(weaknesses, 240)
    assert 5 <= len(weaknesses) <= 24
    covered = {row for one in weaknesses for row in one.members}
    assert len(covered) > 0.8 * 240
    purity = [
        max([subjects[row] for row in one.members].count(name) for name in set(subjects)) / one.n
        for one in weaknesses
    ]
    assert np.mean(purity) > 0.85
    assert all(one.lift == 1.0 for one in weaknesses)


def test_weak_student_still_has_weaknesses() -> None:
    """A third right overall: no region below that by much, yet what is failed most of the time is named."""
    texts, subjects = ask(400)
    correct = answer(subjects, {"capital": 0.9, "sum": 0.9}, elsewhere=0.1)
    weaknesses = find_weaknesses(texts, correct)
    found = {subjects[row] for one in weaknesses for row in one.members}
    assert {"roman", "days", "minutes", "plural"} <= found
    strong = sum(subjects[row] in ("capital", "sum") for one in weaknesses for row in one.members)
    assert strong < 0.1 * sum(one.n for one in weaknesses)


def test_format_failures_are_one_weakness_and_no_skill() -> None:
    texts, subjects = ask(160)
    types = ["wrong" if subject == "roman" else "format" for subject in subjects]
    metadata = [
        {"failure_type": kind, "answer": "The answer is surely 12 here.", "gold": "12"} for kind in types
    ]
    weaknesses = find_weaknesses(texts, [False] * 160, metadata=metadata)
    check(weaknesses, 160)
    form, skill = weaknesses[0], weaknesses[1:]
    assert form.kind == "format"
    assert form.label == "answer format: says a sentence instead of the bare number"
    assert form.keywords[0] == "the answer"
    assert form.failure_types == {"format": 140}
    assert (form.n, form.failure_rate) == (140, 1.0)
    assert skill
    assert {subjects[row] for one in skill for row in one.members} == {"roman"}
    assert skill[0].failure_types == {"wrong": skill[0].n_failures}


def test_refusals_and_cut_off_answers() -> None:
    texts, _ = ask(120)
    refused = [{"failure_type": "refusal", "answer": "I'm sorry", "gold": "7"}] * 30 + [{}] * 90
    (one,) = find_weaknesses(texts, [False] * 30 + [True] * 90, metadata=refused)
    assert (one.kind, one.label, one.n, one.n_failures) == (
        "format",
        "answer format: refuses or says nothing",
        120,
        30,
    )
    cut = [{"failure_type": "truncated", "answer": "To solve this", "gold": "7"}] * 60 + [{}] * 60
    (one,) = find_weaknesses(texts, [False] * 60 + [True] * 60, metadata=cut)
    assert one.label == "answer format: is cut off at the token limit"


def test_four_format_failures_are_no_weakness() -> None:
    texts, _ = ask(40)
    metadata = [{"failure_type": "format", "answer": "It is 7", "gold": "7"}] * 4 + [{}] * 36
    assert find_weaknesses(texts, [False] * 4 + [True] * 36, metadata=metadata) == []


def test_metadata_names_but_does_not_cluster_by_skill() -> None:
    texts, subjects = ask(400)
    correct = answer(subjects, {"roman": 0.05})
    plain = find_weaknesses(texts, correct)
    named = find_weaknesses(texts, correct, metadata=[{"skill": subject} for subject in subjects])
    assert [one.members for one in named] == [one.members for one in plain]
    assert named[0].label.startswith("roman: ")


def test_user_target() -> None:
    texts, subjects = ask(200)
    correct = answer(subjects, {}, 0.6)
    weak = analyse(texts, correct, criteria=Criteria(target=0.95)).weaknesses
    assert sum(one.n for one in weak) > 150
    assert analyse(texts, correct, criteria=Criteria(target=0.2)).weaknesses == []
    with pytest.raises(ValueError, match="target"):
        Criteria(target=1.5)


@pytest.mark.parametrize("n", [0, 1, 4, 10])
@pytest.mark.parametrize("outcome", [True, False])
def test_few_rows(n: int, outcome: bool) -> None:
    texts, _ = ask(n)
    weaknesses = find_weaknesses(texts, [outcome] * n)
    check(weaknesses, n)
    assert len(weaknesses) == (1 if n == 10 and not outcome else 0)


def test_identical_texts_are_never_told_apart() -> None:
    assert find_weaknesses(["same"] * 40, [True, False] * 20) == []
    (one,) = find_weaknesses(["same"] * 40, [False] * 40)
    assert (one.n, one.n_failures, one.stability) == (40, 40, 1.0)
    assert len(one.medoids) == 1


@pytest.mark.parametrize("nothing", [None, math.nan, "", "   ", 7])
def test_missing_texts(nothing: object) -> None:
    texts, _ = ask(20)
    mixed = [nothing] * 20 + list(texts)
    weaknesses = find_weaknesses(mixed, [False] * 20 + [True] * 20)
    check(weaknesses, 40)
    assert {row for one in weaknesses for row in one.members} >= set(range(20))
    check(find_weaknesses([nothing] * 12, [False] * 12), 12)


def test_missing_outcomes_count_as_failed() -> None:
    texts, _ = ask(30)
    for nothing in (None, math.nan, np.nan, 0, 0.5, np.False_):
        assert find_weaknesses(texts, [nothing] * 30) == find_weaknesses(texts, [False] * 30)
    assert find_weaknesses(texts, [1.0] * 15 + [np.True_] * 15) == []


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="parallel"):
        find_weaknesses(["a"], [])
    with pytest.raises(ValueError, match="parallel"):
        find_weaknesses(["a"], [True], metadata=[])


@given(
    st.lists(st.tuples(st.text(max_size=12), st.sampled_from([True, False, None])), max_size=25),
    st.integers(0, 3),
)
@settings(max_examples=25, deadline=None)
def test_any_text_gives_a_defined_answer(rows: list[tuple[str, bool | None]], seed: int) -> None:
    texts, correct = [row[0] for row in rows], [row[1] for row in rows]
    check(find_weaknesses(texts, correct, seed=seed), len(rows))
    assert map_coordinates(texts, seed).shape == (len(rows), 2)


def test_map_is_finite_equal_for_equal_texts_and_free_of_order() -> None:
    texts, _ = ask(60)
    texts += texts[:5] + ["", ""]
    places = map_coordinates(texts, 0)
    assert np.isfinite(places).all()
    assert np.abs(places).max() == pytest.approx(1.0)
    assert (places[:5] == places[60:65]).all()
    order = Random(0).sample(range(len(texts)), len(texts))
    assert np.array_equal(map_coordinates([texts[row] for row in order], 0), places[order])
    assert map_coordinates([], 0).shape == (0, 2)
    assert map_coordinates(["a"], 0).tolist() == [[0.0, 0.0]]
