"""Topic tree rule by rule: the tree, the revision, the scores with their threshold, and ground truth over both."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from curricula.strategies.topic_tree import ATTRIBUTES, REVISIONS
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import (
    Teacher,
    as_json,
    brief,
    check_provenance,
    judged,
    lessons,
    reasons,
    right,
    write,
)

GOOD = {"helpfulness": 4, "correctness": 4, "coherence": 4, "complexity": 0, "verbosity": 1}


def question(request: TeacherRequest, n: int) -> str:
    return json.dumps({"problem": f"In case {n} Bo has {n + 40} nuts and gives away {n + 5}. How many are left?", "check": f"{n + 40} - {n + 5}"})


def revise(request: TeacherRequest, n: int) -> str:
    return json.dumps({"problem": f"On day {n} of the fair Bo has {n + 60} nuts and gives away {n + 7}. Mia wants to know how many are left.", "check": f"{n + 60} - {n + 7}"})


def work_out(request: TeacherRequest, n: int) -> str:
    return f"We take away what goes.\nThe answer is {right(request)}"


def teacher(scores: object = None, **more: object) -> Teacher:
    answers = {
        "topics": lambda request, n: as_json("topics", *({"topic": f"area {n}.{i}"} for i in range(6))),
        "subtopics": lambda request, n: as_json("topics", *({"topic": f"subject {n}.{i}"} for i in range(5))),
        "question": question, "revise": revise, "work_out": work_out,
        "score": json.dumps(scores or GOOD), "solve": lambda request, n: str(right(request)), "repair": "no",
    }  # fmt: skip
    return Teacher(**{**answers, **more})  # type: ignore[arg-type]


def without_check(make):
    return lambda request, n: json.dumps({**json.loads(make(request, n)), "check": ""})


def test_revised_and_scored_questions_become_lessons_with_their_path() -> None:
    asked = teacher()
    found = write("topic_tree", brief(n_lessons=12), asked)
    check_provenance(found, "topic_tree", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) == 18
    for row in kept:
        assert row.prompt.startswith("On day") and row.meta["first_wording"].startswith("In case"), "the revised wording is taught"
        assert row.meta["scores"] == GOOD and row.check_kind == "expression" and "response" not in row.meta
        assert row.meta["path"][0].startswith("area") and row.meta["path"][1].startswith("subject")
    assert {any(how in request.prompt for how in REVISIONS) for request in asked.tagged("revise")} == {True}
    assert all(any(how in request.prompt for request in asked.tagged("revise")) for how in REVISIONS), "drawn anew for each question"


def test_the_tree_is_walked_in_turns_and_grows_when_it_is_used_up() -> None:
    asked = teacher()
    found = lessons(write("topic_tree", brief(n_lessons=24), asked))
    paths = [tuple(row.meta["path"]) for row in found]
    assert len(set(paths)) == len(paths) == 36 and len({topic for topic, _ in paths[:6]}) == 6
    first, second = asked.tagged("topics")
    assert "which were used" not in first.prompt and "area 0.0; area 0.1" in second.prompt, "else the cache would grow the same tree again"
    later = teacher()
    write("topic_tree", brief(n_lessons=2, earlier=tuple(found)), later)
    assert "area 1.5" in later.tagged("topics")[0].prompt, "nor does the next cycle grow it again"
    assert len(asked.tagged("subtopics")) == 12
    assert max(Counter(topic for topic, _ in paths).values()) == 5


def test_a_revision_that_changes_nothing_is_refused() -> None:
    asked = teacher(revise=lambda request, n: json.dumps({"problem": question(request, n) and json.loads(question(request, n))["problem"].upper(), "check": ""}))
    found = write("topic_tree", brief(n_lessons=4), asked)
    assert set(reasons(found)) == {"the revision changes nothing"} and not asked.tagged("work_out")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"helpfulness": 2}, "low helpfulness"), ({"correctness": 2}, "low correctness"), ({"coherence": 0}, "low coherence"), ({"verbosity": 4}, "too wordy"),
     ({"correctness": 7}, "no score that can be read"), ({"correctness": None}, "no score that can be read"),
     ({"complexity": 0, "verbosity": 3}, ""), ({"complexity": 4, "helpfulness": 3, "correctness": 3, "coherence": 3}, "")],
)  # fmt: skip
def test_low_scores_are_rejected_with_their_numbers(changed: dict[str, int], reason: str) -> None:
    scores = {**GOOD, **changed}
    found = write("topic_tree", brief(n_lessons=2), teacher(scores, revise=without_check(revise)))
    assert set(reasons(found)) == ({reason} if reason else set())
    for row in found if reason and "read" not in reason else []:
        assert all(f"{name} {scores[name]}" in row.evidence for name in ATTRIBUTES) and "The answer is" in row.raw and row.meta["scores"] == scores


def test_ground_truth_overrides_the_score_both_ways() -> None:
    low = {**GOOD, "correctness": 0, "helpfulness": 0}
    proved = write("topic_tree", brief(n_lessons=4), teacher(low))
    assert len(judged(proved).kept) == 6, "arithmetic proves what the score doubts"
    agreed = write("topic_tree", brief(n_lessons=4), teacher(low, revise=without_check(revise)))
    assert not lessons(agreed), "the teacher's own second answer proves nothing"
    wrong = judged(write("topic_tree", brief(n_lessons=4), teacher(work_out=lambda request, n: work_out(request, n) + "5")))
    assert not wrong.kept and {row.verdict.reason for row in wrong.rejected} == {"answer and check differ"}, "full marks save nothing"
    doubted = write("topic_tree", brief(n_lessons=4), teacher(low, work_out=lambda request, n: work_out(request, n) + "5"))
    assert set(reasons(doubted)) == {"low helpfulness"}


def test_broken_replies_and_errors_are_rows() -> None:
    for purpose in ("topics", "subtopics", "question", "revise"):
        why = set(reasons(write("topic_tree", brief(n_lessons=2), teacher(**{purpose: "Sure!"}))))
        assert why == {"unparsed after repair: no JSON in the reply"}, purpose
    assert set(reasons(write("topic_tree", brief(n_lessons=2), teacher(work_out="Hm.")))) == {"the answer states no final answer"}
    assert set(reasons(write("topic_tree", brief(n_lessons=2), teacher(work_out=TeacherReply("", error="timeout"))))) == {"teacher: timeout"}
