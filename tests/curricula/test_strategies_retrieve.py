"""Retrieve: real rows come out unchanged, the nearest first, each failure in its turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curricula.anchors.contract import load_anchors
from curricula.lesson import Failure
from curricula.strategies.seeds import nearest_seeds
from curricula.verifiers.contract import verify
from probes.errors import WeakspotError
from tests.curricula.teachers import SEEDS, brief, failure, figs, judged, lessons, write

COLORS = Failure("c0", "s", "What is the color of a ripe banana? One word.", "It is a fruit", "yellow", "wrong")


def test_rows_come_out_as_people_wrote_them_with_their_gold() -> None:
    given = brief(n_lessons=2, seeds=(*SEEDS, figs(20), figs(21)))
    found = write("retrieve", given, None)
    first = lessons(found)[0]
    assert {(first.prompt, first.completion)} <= {(row.prompt, row.completion) for row in (figs(20), figs(21))}
    assert (first.depth, first.is_real, first.strategy, first.check_kind, first.weakness_id) == (0, True, "retrieve", "gold", "W7")
    assert first.source.startswith("test#figs") and first.parents[0].startswith("p") and first.meta["similarity"] > 0.3
    assert verify(first).outcome == "pass" and len(found) <= 6
    assert judged(found, 2).kept[0].lesson_id == first.lesson_id


def test_a_row_whose_own_text_does_not_hold_its_answer_fails() -> None:
    broken = replace(figs(20), completion="So it is 99.\nThe answer is 99.")
    [judgement] = judged(write("retrieve", brief(n_lessons=1, seeds=(broken,)), None)).rejected
    assert judgement.verdict.step == "verifier"


def test_each_failure_has_its_turn_and_what_is_far_from_all_stays_out() -> None:
    banana = replace(figs(1), prompt="Name the color of a ripe cherry in one word.", completion="red", answer="red")
    far = replace(figs(2), prompt="Zymurgy quells fjords", completion="x", answer="x")
    near = nearest_seeds([failure(1), COLORS], [figs(20), figs(21), figs(22), banana, far])
    assert near[1].seed is banana and near[1].failure_index == 1 and near[0].seed.prompt.startswith("Ann has 2")
    assert [row.seed for row in near].count(far) == 0 and len({row.seed.lesson_id for row in near}) == len(near) == 4
    assert nearest_seeds([], SEEDS) == [] == nearest_seeds([COLORS], [])
    assert nearest_seeds([replace(COLORS, prompt="!!")], [far]) == []


def test_numbers_do_not_decide_what_is_near() -> None:
    same_number = replace(figs(1), prompt="In 1066 there were 3 kings who ate 2 lampreys. Which of them won?")
    near = nearest_seeds([failure(0)], [same_number, figs(555)])
    assert near[0].seed.prompt.startswith("Ann has 555")


def test_what_was_taught_before_is_not_offered_again() -> None:
    rows = (figs(20), figs(21))
    given = brief(n_lessons=2, seeds=rows, earlier=(replace(rows[0], strategy="retrieve"),))
    assert [row.prompt for row in lessons(write("retrieve", given, None))] == [rows[1].prompt]


def test_on_the_real_anchors_word_problems_bring_word_problems() -> None:
    anchors = tuple(load_anchors(["lm-eval"]))
    found = lessons(write("retrieve", brief(n_lessons=3, n_failures=3, seeds=anchors), None))
    assert len(found) == 9 and sum("how many" in row.prompt.lower() for row in found) >= 7
    assert sum(verify(row).outcome == "pass" for row in found) >= 6


def test_without_real_rows_it_says_what_to_name() -> None:
    with pytest.raises(WeakspotError, match="needs human-made tasks"):
        write("retrieve", brief(seeds=()), None)
