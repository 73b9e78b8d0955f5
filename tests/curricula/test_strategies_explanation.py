"""Explanation tuning: sixteen system messages, echoes filtered, the final answer held against gold or a vote."""

from __future__ import annotations

import pytest

from curricula.strategies.desk import Told
from curricula.strategies.explanation import echoes, system_messages, unfit
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import (
    Teacher,
    brief,
    check_provenance,
    cut,
    figs,
    judged,
    lessons,
    reasons,
    right,
    siblings,
    write,
)

NEAR = tuple(figs(n) for n in range(40, 60))


def explain(request: TeacherRequest, n: int) -> str:
    return f"In round {n} we look at what there was and at what goes away; what is left is the difference of the two.\nThe answer is {right(request)}"


def teacher(**more: object) -> Teacher:
    return Teacher(**{"problems": siblings, "explain": explain, "work_out": explain, **more})  # type: ignore[arg-type]


def test_the_trace_is_what_is_taught_and_the_system_message_is_not() -> None:
    asked = teacher()
    found = write("explanation", brief(n_lessons=30, seeds=NEAR), asked)
    check_provenance(found, "explanation", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) >= 45 and {row.check_kind for row in kept} == {"gold", "expression"}
    for row in kept:
        assert row.completion.startswith("In round") and row.completion.endswith(f"\nThe answer is {row.answer}.") and row.completion.count("The answer is") == 1
        assert row.meta["system"] in system_messages() and row.meta["system"] not in row.prompt + row.completion
        assert row.operator == f"system_{system_messages().index(row.meta['system']) + 1:02d}"
    assert {request.system for request in asked.tagged("explain")} <= set(system_messages())
    assert len({row.operator for row in kept}) > 8, "drawn anew for each row"


def test_the_bank_has_sixteen_different_messages() -> None:
    assert len(system_messages()) == 16 == len(set(system_messages())) and all(len(message) > 20 for message in system_messages())


def test_wrong_final_answers_are_rejected_against_gold_and_arithmetic() -> None:
    asked = teacher(explain=lambda request, n: explain(request, n) + ("5" if n % 3 == 0 else ""))
    result = judged(write("explanation", brief(n_lessons=8, seeds=NEAR), asked))
    wrong = [row for row in result.rejected if row.verdict.reason == "answer and check differ"]
    assert len(wrong) == len([r for i, r in enumerate(asked.tagged("explain")) if i % 3 == 0]) and len(result.kept) > len(wrong)
    assert {row.candidate.lesson.check_kind for row in wrong if row.candidate.lesson} == {"gold", "expression"}
    assert all("In round" in row.candidate.lesson.raw for row in wrong if row.candidate.lesson)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("You want me to think step by step and justify your steps before you give the answer.\nThe answer is 1", "echoes the system message"),
        ("Seven apples less three apples is four apples, as everyone can see at once, and so it is.", "no final answer in the last line"),
        ("The answer is 1\nI hope that this explanation helps you and that you liked it as much as I.", "no final answer in the last line"),
        ("It is clear.\nThe answer is 1", "explains nothing"),
        (cut("In round we look at what there was and what goes away and that is.\nThe answer is 1"), "cut off by its length"),
        (TeacherReply("", error="timeout"), "teacher: timeout"),
        (TeacherReply("In round we look at what there was and what goes away and that is it.\nThe answer is 1", error="budget spent"), "teacher: budget spent"),
    ],
)
def test_each_filter_drops_its_own(reply: object, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curricula.strategies.explanation.system_messages", lambda: (system_messages()[2],))
    found = write("explanation", brief(n_lessons=2, seeds=NEAR), teacher(explain=lambda request, n: reply))
    assert set(reasons(found)) == {reason} and not lessons(found)


def test_only_a_run_of_words_is_an_echo() -> None:
    assert not echoes("Think step by step: first we count.", system_messages()[2])
    assert echoes("THINK STEP-BY-STEP, AND JUSTIFY!", system_messages()[2])


def test_the_filters_begin_where_they_say() -> None:
    message = system_messages()[2].split()
    assert echoes(" ".join(["Now", *message[:6], "again"]), system_messages()[2]) and not echoes(" ".join(["Now", *message[:5], "again"]), system_messages()[2])
    traces = {n: unfit(Told(" ".join(f"w{i}" for i in range(n)) + "\nThe answer is 1", "", False, "h"), system_messages()[2]) for n in (11, 12)}
    assert traces == {11: "explains nothing", 12: ""}, "the final line is no part of the trace"


def test_without_gold_the_majority_of_trace_and_voters_decides() -> None:
    def words(request: TeacherRequest, n: int) -> str:
        return siblings(request, n).replace('"check": "', '"check": "no sum ')

    asked = teacher(problems=words)
    found = write("explanation", brief(n_lessons=4, seeds=()), asked)
    assert {row.meta["votes"] for row in judged(found).kept} == {"4/4"} and len(asked.tagged("work_out")) == 3 * len(asked.tagged("explain"))
    outvoted = teacher(problems=words, explain=lambda request, n: explain(request, n) + "5")
    assert {row.verdict.reason for row in judged(write("explanation", brief(n_lessons=4, seeds=()), outvoted)).rejected} == {"too few solutions agree"}
    split = teacher(problems=words, work_out=lambda request, n: explain(request, n) + ("5" if n % 3 else ""))
    found = write("explanation", brief(n_lessons=4, seeds=()), split)
    assert not lessons(found) and {row.evidence for row in reasons(found)["the solutions do not agree"]} == {"2/4"}
