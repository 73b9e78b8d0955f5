"""Evol-Instruct: six operators, four eliminations, the way back to the pool, and who may be a parent."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from curricula.lesson import Failure
from curricula.strategies.evol_instruct import (
    ROUNDS,
    WEIGHTS,
    eliminated,
    is_empty_talk,
    is_short_refusal,
    unfit,
)
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


def words(n: int) -> str:
    return " ".join(f"fig{i}" for i in range(n))


def test_lengths_are_judged_to_the_word() -> None:
    added = {n: unfit(words(10), words(10 + n), "deepen") for n in (4, 5, 25, 26)}
    assert added == {4: "does not add 10 to 20 words", 5: "", 25: "", 26: "does not add 10 to 20 words"}
    breadth = {n: unfit(words(10), words(n).replace("fig", "nut"), "breadth") for n in (4, 5, 20, 21)}
    assert breadth == {4: "of another length than its original", 5: "", 20: "", 21: "of another length than its original"}
    assert is_short_refusal("sorry " + words(78)) and not is_short_refusal("sorry " + words(79)), "an answer of 80 words may say sorry"


@pytest.mark.parametrize("said", ["Sorry, not that.", "I can't do it.", "I cannot do it.", "I am unable to do it.", "As an AI model there is no such thing."])
def test_each_way_of_refusing_is_known(said: str) -> None:
    assert is_short_refusal(said) and is_short_refusal(said.upper())


@pytest.mark.parametrize("said", ["The given prompt", "A Rewritten Prompt:", "created prompt", "# Given: 3 figs", "#Rewritten: 3 figs", "#created 3 figs"])
def test_each_word_of_the_request_is_a_leak(said: str) -> None:
    assert unfit(words(10), f"{said} {words(20)}", "deepen") == "leaks words of the request"


def test_a_change_of_case_or_space_gains_nothing_and_number_words_are_no_empty_talk() -> None:
    assert unfit("Ann has figs.", "ANN  has\nfigs.", "complicate_input") == "no information gain"
    assert unfit("Ann has figs.", "", "deepen") == "only stop words and punctuation"
    assert not any(map(is_empty_talk, ("Take it.", "The seven.", "One."))) and is_empty_talk("So what is it?")


def test_eliminated_rewritings_are_rows_and_are_never_answered() -> None:
    asked = teacher(**dict.fromkeys(OPERATORS, lambda request, n: given(request) + " As in the rewritten prompt."))
    found = write("evol_instruct", brief(n_lessons=4), asked)
    assert set(reasons(found)) == {"leaks words of the request"} and not asked.tagged("equal") and not asked.tagged("work_out")
    assert all("rewritten prompt" in row.raw and row.evidence.endswith("words") for row in found)


def test_a_rewriting_that_the_judge_calls_equal_gains_nothing() -> None:
    found = write("evol_instruct", brief(n_lessons=4), asked := teacher(equal="Equal."))
    assert set(reasons(found)) == {"no information gain"} and not asked.tagged("work_out")
    for asked_of, request in zip(rewritings(asked), asked.tagged("equal"), strict=True):
        assert f"First:\n{given(asked_of)}\n" in request.prompt and f"Second:\n{evolve(asked_of, 0)[:20]}" in request.prompt and request.temperature == 0.0


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
    order = [given(request) for request in rewritings(asked)]
    assert all(len(set(order[i : i + 2])) == 2 for i in range(0, len(order), 2)), "behind the others, not before them"


def test_a_proved_child_takes_its_parents_place_and_others_do_not() -> None:
    proved, unproved = teacher(), teacher(solve="8")
    for asked in (proved, unproved):
        write("evol_instruct", brief(n_lessons=5, n_failures=1, seeds=()), asked)
    assert any(MORE in given(request) or "monk" in given(request) for request in rewritings(proved))
    assert not any(MORE in given(request) or "monk" in given(request) for request in rewritings(unproved))
    deep = write("evol_instruct", brief(n_lessons=30, n_failures=1, seeds=()), asked := teacher())
    assert max(row.depth for row in lessons(deep)) == 2, "a row of depth 2 is no parent"
    assert {row.meta["round"] for row in lessons(deep) if row.depth == 2} == {2, 3, 4} and len(deep) == 4, "the child's rounds go on from its parent's"
    assert [row.meta["evolved_from"] for row in lessons(deep)] == [given(request) for request in rewritings(asked)]


def test_a_child_has_only_the_rounds_that_its_parent_had_left() -> None:
    def late(request: TeacherRequest, n: int) -> str:
        return given(request) + " As in the rewritten prompt." if len(rewritings(asked)) < 3 else evolve(request, n)

    asked = teacher(**dict.fromkeys(OPERATORS, late))
    found = lessons(write("evol_instruct", brief(n_lessons=30, n_failures=1, seeds=()), asked))
    assert len(rewritings(asked)) == 4 and [(row.depth, row.meta["round"]) for row in found] == [(1, 3), (2, 4)]


def test_an_original_that_failed_waits_behind_those_not_tried_yet() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=12, n_failures=12, seeds=()), asked)
    assert len({given(request) for request in rewritings(asked)[:12]}) == 12


def test_the_pool_holds_failures_first_and_then_human_tasks_near_them() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=4, n_failures=3, seeds=(figs(40), *SEEDS)), asked)
    first = [given(request) for request in rewritings(asked)[:4]]
    assert sorted(first[:3]) == sorted(re.sub(r" Answer with.*", "", failure(i).prompt) for i in range(3)) and "40 figs" in first[3]


def test_the_first_round_takes_the_failures_in_a_random_order() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=8, n_failures=8, seeds=()), asked)
    first = [int(re.findall(r"has (\d+)", given(request))[0]) for request in rewritings(asked)[:8]]
    assert sorted(first) == list(range(3, 11)) and first != sorted(first)


def test_each_request_shows_the_failure_it_began_with_and_others() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=20, n_failures=12, seeds=()), asked)
    n_shown = [request.prompt.count("The right answer:") for request in rewritings(asked)]
    assert all(request.prompt.partition("#Given Prompt#")[0].count(given(request)) == 1 for request in rewritings(asked)) and max(n_shown) == 3 and min(n_shown) >= 2


def test_data_keep_their_lines_and_all_else_is_one_line() -> None:
    def lines(request: TeacherRequest, n: int) -> str:
        return f"{given(request)}\nBut her sister {n} adds half a dozen others,\nwhich do not count here."

    found = lessons(write("evol_instruct", brief(n_lessons=40, n_failures=30, seeds=()), teacher(**dict.fromkeys(OPERATORS, lines))))
    assert {row.operator for row in found} > {"complicate_input", "deepen"}
    for row in found:
        assert ("others,\nwhich" in row.prompt) == (row.operator == "complicate_input")


def test_the_forms_of_data_are_those_of_the_paper_and_more() -> None:
    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=200, n_failures=60), asked)
    forms = " ".join({request.prompt.split("form of ", 1)[1].partition(".")[0] for request in asked.tagged("complicate_input")})
    assert all(form in forms for form in ("a table in Markdown", "code", "JSON", "records")), forms


def test_options_stay_with_the_question_that_is_rewritten() -> None:
    def choice(i: int) -> Failure:
        return Failure(f"c{i}", "s", f"Which of these is {i + 2} plus 1?\nA. {i + 2}\nB. {i + 3}\nC. {i + 9}\nAnswer with only the letter.", "A", "B", "wrong", "choice")

    asked = teacher(equal="Equal")
    write("evol_instruct", brief(n_lessons=2, failures=tuple(choice(i) for i in range(3)), seeds=()), asked)
    assert all(re.search(r"plus 1\?\s+A\. \d+\s+B\. \d+\s+C\. \d+$", given(request)) for request in rewritings(asked)[:3])


def test_a_worked_answer_that_goes_on_behind_its_answer_is_kept_whole() -> None:
    found = lessons(write("evol_instruct", brief(n_lessons=2), teacher(work_out="First 9 - 2.\nThe answer is 7\nSince 7 + 2 = 9, it fits.")))
    assert found and all(row.completion == "First 9 - 2.\nThe answer is 7\nSince 7 + 2 = 9, it fits.\nThe answer is 7." for row in found)


def test_wrong_answers_fail_at_the_verifier_and_errors_are_rows() -> None:
    result = judged(write("evol_instruct", brief(n_lessons=4), teacher(solve="9")))
    assert not result.kept and {row.verdict.reason for row in result.rejected} == {"answer and check differ"}
    gone = TeacherReply("", error="timeout")
    assert set(reasons(write("evol_instruct", brief(n_lessons=2), teacher(**dict.fromkeys(OPERATORS, gone))))) == {"teacher: timeout"}
    assert set(reasons(write("evol_instruct", brief(n_lessons=2), teacher(work_out=gone)))) == {"teacher: timeout"}
