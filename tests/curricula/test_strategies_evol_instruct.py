"""Evol-Instruct: six operators, four eliminations, the way back to the pool, and who may be a parent."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from curricula.strategies.evol_instruct import ROUNDS, WEIGHTS, eliminated, unfit
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import (
    SEEDS,
    Teacher,
    brief,
    check_provenance,
    failure,
    figs,
    judged,
    lessons,
    reasons,
    write,
)

OPERATORS = tuple(WEIGHTS)
MORE = " But first her sister adds half a dozen others, which do not count here."


def given(request: TeacherRequest) -> str:
    return request.prompt.split("#Given Prompt#:\n", 1)[1]


def evolve(request: TeacherRequest, n: int) -> str:
    if request.tag.endswith("/breadth"):
        return f"A monk {len(given(request))} has {n + 20} dates and eats {n + 2} at night. How many does he keep until dawn?"
    return given(request) + MORE + f" Nor do {n + 30} of {n + 70} nuts."


ANSWER = "First 9 - 2 = 7.\nThe answer is 7"


def teacher(**more: object) -> Teacher:
    return Teacher(**{**dict.fromkeys(OPERATORS, evolve), "equal": "Different", "work_out": ANSWER, "solve": "7", **more})  # type: ignore[arg-type]


def rewritings(asked: Teacher) -> list[TeacherRequest]:
    return [request for request in asked.requests if request.tag.rpartition("/")[2] in OPERATORS]


def test_evolved_prompts_become_worked_lessons_with_their_line() -> None:
    asked = teacher()
    found = write("evol_instruct", brief(n_lessons=12), asked)
    check_provenance(found, "evol_instruct", asked)
    kept = judged(found).kept
    assert len(kept) >= 10 and {row.depth for row in kept} == {1, 2}
    for row in kept:
        assert row.completion == "First 9 - 2 = 7.\nThe answer is 7." and row.answer == "7" and row.operator in OPERATORS
        assert (row.parents[0].startswith("p")) == (row.depth == 1) and 1 <= row.meta["round"] <= ROUNDS
    assert {row.parents[0] for row in kept if row.depth == 2} <= {row.lesson_id for row in kept if row.depth == 1}


def test_all_six_operators_are_used_and_breadth_is_the_rarer_one() -> None:
    asked = teacher()
    write("evol_instruct", brief(n_lessons=150, n_failures=60), asked)
    counts = Counter(request.tag.rpartition("/")[2] for request in rewritings(asked))
    assert set(counts) == set(OPERATORS) and min(counts, key=lambda name: counts[name]) == "breadth"
    assert len({request.prompt.split("form of ", 1)[1][:12] for request in asked.tagged("complicate_input")}) > 3


@pytest.mark.parametrize(
    ("text", "operator", "reason"),
    [
        ("of the and to it", "deepen", "only stop words and punctuation"),
        ("... ?!", "breadth", "only stop words and punctuation"),
        ("{} #Rewritten Prompt# {}", "complicate_input", "leaks words of the request"),
        ("{} as in the given prompt, where a second girl brings six more", "deepen", "leaks words of the request"),
        ("I'm sorry, I can't help with that.", "breadth", "a short refusal instead of a prompt"),
        ("{}", "add_constraint", "no information gain"),
        ("{} Explain.", "more_steps", "does not add 10 to 20 words"),
        ("{} " + "and then some more of them " * 6, "concretise", "does not add 10 to 20 words"),
        ("{} " + "and then some more of them " * 6, "complicate_input", ""),
        ("{}" + MORE, "deepen", ""),
        ("How many figs?", "breadth", "of another length than its original"),
        ("{0} {0} {0}", "breadth", "of another length than its original"),
        ("A monk has 9 dates and eats 2. How many does he keep?", "breadth", ""),
    ],
)
def test_each_elimination_before_an_answer(text: str, operator: str, reason: str) -> None:
    original = "Ann has 3 figs and eats 2. How many are left?"
    assert unfit(original, text.format(original, original), operator) == reason


def test_eliminated_rewritings_are_rows_and_are_never_answered() -> None:
    asked = teacher(**dict.fromkeys(OPERATORS, lambda request, n: given(request) + " As in the rewritten prompt."))
    found = write("evol_instruct", brief(n_lessons=4), asked)
    assert set(reasons(found)) == {"leaks words of the request"} and not asked.tagged("equal") and not asked.tagged("work_out")
    assert all("rewritten prompt" in row.raw and row.evidence.endswith("words") for row in found)


def test_a_rewriting_that_the_judge_calls_equal_gains_nothing() -> None:
    found = write("evol_instruct", brief(n_lessons=4), asked := teacher(equal="Equal."))
    assert set(reasons(found)) == {"no information gain"} and not asked.tagged("work_out")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("I'm sorry, but I can't tell.\nThe answer is 7", "the response is a short refusal"),
        ("sorry " + "is what she says, and after that we count on " * 10 + "\nThe answer is 7", ""),
        ("and then the of it", "the response is only stop words and punctuation"),
        ("We take two from nine.", "the response states no final answer"),
        (ANSWER, ""),
    ],
)
def test_each_elimination_by_the_answer(response: str, reason: str) -> None:
    assert eliminated(response) == reason
    found = write("evol_instruct", brief(n_lessons=2), teacher(work_out=response))
    assert set(reasons(found)) == ({reason} if reason else set())


def test_a_failed_original_returns_to_the_pool_and_is_tried_in_four_rounds() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=30, n_failures=2, seeds=()), asked)
    tries = Counter(given(request) for request in rewritings(asked))
    assert set(tries.values()) == {4} and len(tries) == 2


def test_a_proved_child_takes_its_parents_place_and_others_do_not() -> None:
    proved, unproved = teacher(), teacher(solve="8")
    for asked in (proved, unproved):
        write("evol_instruct", brief(n_lessons=5, n_failures=1, seeds=()), asked)
    assert any(MORE in given(request) or "monk" in given(request) for request in rewritings(proved))
    assert not any(MORE in given(request) or "monk" in given(request) for request in rewritings(unproved))
    deep = write("evol_instruct", brief(n_lessons=30, n_failures=1, seeds=()), teacher())
    assert max(row.depth for row in lessons(deep)) == 2, "a row of depth 2 is no parent"


def test_the_pool_holds_failures_first_and_then_human_tasks_near_them() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=4, n_failures=3, seeds=(figs(40), *SEEDS)), asked)
    first = [given(request) for request in rewritings(asked)[:4]]
    assert sorted(first[:3]) == sorted(re.sub(r" Answer with.*", "", failure(i).prompt) for i in range(3)) and "40 figs" in first[3]


def test_wrong_answers_fail_at_the_verifier_and_errors_are_rows() -> None:
    result = judged(write("evol_instruct", brief(n_lessons=4), teacher(solve="9")))
    assert not result.kept and {row.verdict.reason for row in result.rejected} == {"answer and check differ"}
    gone = TeacherReply("", error="timeout")
    assert set(reasons(write("evol_instruct", brief(n_lessons=2), teacher(**dict.fromkeys(OPERATORS, gone))))) == {"teacher: timeout"}
    assert set(reasons(write("evol_instruct", brief(n_lessons=2), teacher(work_out=gone)))) == {"teacher: timeout"}
