"""Topic tree rule by rule: the tree, the revision, the scores with their threshold, and ground truth over both."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

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
    shown,
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
        assert row.meta["path"][0].startswith("area") and row.meta["path"][1].startswith("subject") and row.operator == "revised"
        assert row.completion == f"We take away what goes.\nThe answer is {row.answer}.", "its working is taught"
    assert {any(how in request.prompt for how in REVISIONS) for request in asked.tagged("revise")} == {True}
    assert all(any(how in request.prompt for request in asked.tagged("revise")) for how in REVISIONS), "drawn anew for each question"
    assert [" ".join(how.split()[:2]) for how in REVISIONS] == ["Add context:", "Put it", "Make it"] and "another form" in REVISIONS[1] and "longer" in REVISIONS[2]


def test_each_step_is_about_the_leaf_and_the_text_of_the_step_before() -> None:
    asked = teacher()
    write("topic_tree", brief(n_lessons=12, n_failures=9), asked)
    names = [f"area 0.{i}" for i in range(6)]
    root = asked.tagged("topics")[0].prompt
    assert "Name 6 broad areas" in root and [f'in the area "{name}". Name 5 narrower' in request.prompt for name, request in zip(names, asked.tagged("subtopics"), strict=True)] == [True] * 6
    assert all(shown(request.prompt) == shown(root) for request in asked.tagged("subtopics"))
    leaves = [(name, f"subject {i}.{turn}") for turn in range(3) for i, name in enumerate(names)]
    for n, ((area, subject), first, second, answer, score) in enumerate(zip(leaves, *(asked.tagged(purpose) for purpose in ("question", "revise", "work_out", "score")), strict=True)):
        assert f'about "{subject}" (area: {area})' in first.prompt and f"(area: {area}, subject: {subject}):\n{json.loads(question(first, n))['problem']}\n" in second.prompt
        assert shown(first.prompt) == shown(second.prompt)
        wording = json.loads(revise(second, n))["problem"]
        assert f"\n{wording}" in answer.prompt and f"Question:\n{wording}" in score.prompt and f"Answer:\n{work_out(answer, n)}\n" in score.prompt


class Batches(Teacher):
    """Notes how many questions go out together."""

    n_questions: list[int]

    def ask(self, requests):
        self.n_questions = [*getattr(self, "n_questions", []), len(requests)] if requests[0].tag.endswith("/question") else getattr(self, "n_questions", [])
        return super().ask(requests)


def test_the_tree_is_as_wide_as_asked_for_and_grows_before_it_is_empty() -> None:
    more = {"topics": lambda request, n: as_json("topics", *({"topic": f"area {n}.{i}"} for i in range(9))), "subtopics": lambda request, n: as_json("topics", *({"topic": f"subject {n}.{i}"} for i in range(1 + n % 8)))}
    asked = Batches(**{**teacher().answers, **more})
    paths = [row.meta["path"] for row in lessons(write("topic_tree", brief(n_lessons=24), asked))]
    assert {path[0] for path in paths} <= {f"area {n}.{i}" for n in range(9) for i in range(6)} and len(asked.tagged("subtopics")) == 6 * len(asked.tagged("topics")), "six areas of nine"
    assert Counter(path[0] for path in paths)["area 0.5"] == 5 and Counter(path[0] for path in paths)["area 0.0"] == 1, "five subjects of six, or what there are"
    assert asked.n_questions == [8, 8, 8, 8, 4], "a batch waits for new branches rather than go out half full"


def test_the_last_thirty_areas_are_named_once_each() -> None:
    [row, *_] = lessons(write("topic_tree", brief(n_lessons=2), teacher()))
    earlier = tuple(replace(row, meta={"path": [f"field {i}", "x"]}) for i in range(40) for _ in range(2))
    asked = teacher()
    write("topic_tree", brief(n_lessons=2, earlier=(*earlier, replace(row, meta={}))), asked)
    assert f"Not these, which were used: {'; '.join(f'field {i}' for i in range(10, 40))}." in asked.tagged("topics")[0].prompt


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
    asked = teacher(revise=lambda request, n: json.dumps({"problem": question(request, n) and json.loads(question(request, n))["problem"].upper().replace(" ", "  "), "check": ""}))
    found = write("topic_tree", brief(n_lessons=4), asked)
    check_provenance(found, "topic_tree", asked)
    assert set(reasons(found)) == {"the revision changes nothing"} and not asked.tagged("work_out")
    assert all(row.operator == "revise" and row.raw.startswith("IN  CASE") and row.meta["first_wording"].startswith("In case") and row.meta["path"] for row in found)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"helpfulness": 2}, "low helpfulness"), ({"correctness": 2}, "low correctness"), ({"coherence": 0}, "low coherence"), ({"coherence": 2}, "low coherence"), ({"coherence": 2, "correctness": 0}, "low correctness"), ({"verbosity": 4}, "too wordy"),
     ({"correctness": 7}, "no score that can be read"), ({"correctness": 5}, "no score that can be read"), ({"correctness": None}, "no score that can be read"),
     ({"complexity": 0, "verbosity": 3}, ""), ({"complexity": 4, "helpfulness": 3, "correctness": 3, "coherence": 3}, "")],
)  # fmt: skip
def test_low_scores_are_rejected_with_their_numbers(changed: dict[str, int], reason: str) -> None:
    scores = {**GOOD, **changed}
    asked = teacher(scores, revise=without_check(revise))
    found = write("topic_tree", brief(n_lessons=2), asked)
    check_provenance(found, "topic_tree", asked)
    assert set(reasons(found)) == ({reason} if reason else set()) and {(row.lesson or row).operator for row in found} == {"revised"}
    for row in found if reason and "read" not in reason else []:
        assert all(f"{name} {scores[name]}" in row.evidence for name in ATTRIBUTES) and "The answer is" in row.raw and row.meta["scores"] == scores


def test_the_first_score_of_a_reply_counts() -> None:
    two = json.dumps([{**GOOD, "coherence": "high"}, GOOD])
    assert set(reasons(write("topic_tree", brief(n_lessons=2), teacher(score=two, revise=without_check(revise))))) == {"no score that can be read"}


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
    for said, reason in (("Hm.", "the answer states no final answer"), (TeacherReply("The answer is 3", error="timeout"), "teacher: timeout")):
        asked = teacher(work_out=said)
        found = write("topic_tree", brief(n_lessons=2), asked)
        check_provenance(found, "topic_tree", asked)
        assert set(reasons(found)) == {reason} and all(row.operator == "revised" and row.meta["path"] for row in found)
    assert set(reasons(write("topic_tree", brief(n_lessons=2), teacher(work_out=TeacherReply("", error="timeout"))))) == {"teacher: timeout"}
