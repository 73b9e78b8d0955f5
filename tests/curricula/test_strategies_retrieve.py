"""Retrieve: real rows come out unchanged, the nearest first, each failure in its turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curricula.anchors.contract import load_anchors
from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP
from curricula.lesson import Failure
from curricula.strategies.seeds import nearest_seeds, task_line, task_text
from curricula.verifiers.contract import verify
from probes.errors import WeakspotError
from tests.curricula.teachers import SEEDS, brief, failure, figs, judged, lessons, seed, write

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
    assert round(nearest_seeds([COLORS], [seed(COLORS.prompt.removesuffix(" One word."))])[0].similarity, 6) == 1.0
    assert nearest_seeds([replace(COLORS, prompt="!!")], [far]) == [] == nearest_seeds([replace(COLORS, prompt="!!")], [seed("??")])


def test_numbers_do_not_decide_what_is_near() -> None:
    same_number = replace(figs(1), prompt="In 1066 there were 3 kings who ate 2 lampreys. Which of them won?")
    near = nearest_seeds([failure(0)], [same_number, figs(555)])
    assert near[0].seed.prompt.startswith("Ann has 555")


def order(asked: str, *texts: str) -> list[str]:
    """The texts that are near to what is asked, nearest first."""
    return [row.seed.prompt for row in nearest_seeds([replace(failure(0), prompt=asked)], [seed(text) for text in texts])]


def test_all_numbers_count_as_one_word_and_no_letter_case_or_length_counts() -> None:
    assert order("Sum 41 and 52.", "Sum 41 pears, plums.", "Sum 99 and 77.") == ["Sum 99 and 77.", "Sum 41 pears, plums."]
    assert order("WHICH COLOUR?", "which colour") == ["which colour"] and order("x y z", "y z") == ["y z"], "names of one letter are words"


def test_pairs_of_words_count_and_saying_a_word_often_does_not() -> None:
    assert order("dog bites man", "man bites dog", "the old dog bites man") == ["the old dog bites man", "man bites dog"]
    often, once = "figs figs figs figs figs figs figs or some old nuts", "figs that are left or some old nuts"
    assert order("How many figs are left?", often, once) == [once, often]


def test_likeness_is_to_the_bare_question_not_to_how_the_suite_wants_its_answers() -> None:
    failures = [replace(failure(i), prompt=f"Name a colour of {what}. Answer with only the word.", gold="red") for i, what in enumerate(("roses", "poppies", "tulips", "plums"))]
    near = nearest_seeds(failures, [seed("Give an answer with only the word in it."), seed("Which colour do plums have?")])
    assert [row.seed.prompt for row in near] == ["Which colour do plums have?"] and near[0].failure_index == 3 and 0.05 < near[0].similarity < 1


def test_each_failure_takes_one_before_any_takes_two_and_no_row_comes_twice() -> None:
    colours = [seed(f"Name the color of a ripe {fruit} in one word.") for fruit in ("cherry", "plum", "lemon")]
    near = nearest_seeds([failure(1), COLORS, replace(COLORS, prompt="Name the color of a ripe lemon. One word.")], [*colours, figs(20), figs(21)])
    assert [row.failure_index for row in near[:4]] == [0, 1, 2, 0] and len({row.seed.prompt for row in near}) == len(near) == 5


def test_a_task_is_shown_without_what_its_file_put_behind_it() -> None:
    given = seed(f"Count the\n figs:\n{STEP_BY_STEP}")
    assert task_text(given) == "Count the\n figs:" and task_line(given) == "Count the figs"


def test_every_row_says_what_it_is_near_to_and_three_are_offered_for_each_wanted() -> None:
    rows = tuple(replace(figs(n), meta={"url": f"u{n}"}) for n in range(20, 40))
    word = seed("Ann eats her figs. How are they: sweet or sour?", "sweet")
    found = lessons(write("retrieve", brief(n_lessons=2, seeds=rows), None))
    assert len(found) == 6
    for row in found:
        number = int(row.answer) + 4
        assert row.meta == {"url": f"u{number}", "similarity": row.meta["similarity"]} and row.operator == "nearest" and row.weakness_id == "W7"
        assert row.parents in {(f"p{i}",) for i in range(4)} and (row.verifier, row.check) == ("numeric", row.answer)
    near = {row.seed.lesson_id: row for row in nearest_seeds(brief().failures, rows)}
    by_prompt = {row.seed.prompt: row for row in near.values()}
    assert all(row.meta["similarity"] == round(by_prompt[row.prompt].similarity, 3) and row.parents == (f"p{by_prompt[row.prompt].failure_index}",) for row in found)
    [other] = lessons(write("retrieve", brief(n_lessons=1, seeds=(word,)), None))
    assert (other.verifier, other.check) == ("exact", "sweet")


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
