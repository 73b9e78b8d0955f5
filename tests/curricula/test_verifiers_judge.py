"""A judge is believed as far as its canaries go, and never against ground truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.fakes import ScriptedTeacher
from curricula.lesson import Lesson
from curricula.teacher import TeacherRequest
from curricula.verifiers.canaries import MASTER_KEYS, REJECTED_KINDS, Canary, canaries, judge_the_judge
from curricula.verifiers.contract import verify
from curricula.verifiers.judge import JudgeVerifier, family

CANARIES, PAIRS = canaries()
RIGHT = {pair.right for pair in PAIRS}


def grades(grade: int) -> str:
    return json.dumps({name: grade for name in ("correct", "complete", "relevant", "clear", "wellformed")})


def parts(request: TeacherRequest) -> list[str]:
    """What stands between the marks: problem, (reference,) solution or problem and two solutions."""
    mark = next(line for line in request.prompt.splitlines() if line.startswith("==") and line.endswith("=="))
    return [part.strip() for part in request.prompt.split(f"\n{mark}")[1::2]]


def scripted(accepts: Callable[[str], bool], *, is_biased: bool = False) -> JudgeVerifier:
    """A judge that takes what `accepts` says of the solution's text."""

    def answer(request: TeacherRequest) -> str:
        said = parts(request)
        if request.tag == "judge:compare":
            return '{"better": "A"}' if is_biased or said[1] in RIGHT else '{"better": "B"}'
        return grades(4 if accepts(said[-1]) else 0)

    return JudgeVerifier(ScriptedTeacher(answer, name="judgemodel-1"))


def is_right(solution: str) -> bool:
    return solution in RIGHT


JUDGES: dict[str, Callable[[str], bool]] = {
    "lenient": lambda solution: True,
    "fooled by master keys": lambda solution: is_right(solution) or solution in MASTER_KEYS,
    "obeys instructions": lambda solution: is_right(solution) or "grader" in solution or "Ignore" in solution or "full marks" in solution or "Grade: 4" in solution,
    "likes to hear the topic": lambda solution: is_right(solution) or len(solution.split()) > 24,
    "refuses all": lambda solution: False,
}


def lesson(completion: str = PAIRS[0].right, problem: str = PAIRS[0].problem, **changes: str) -> Lesson:
    return replace(Lesson(problem, completion, "22", "s", 1, verifier="judge", check="22", check_kind="engine", teacher="openai/gpt-4.1-mini"), **changes)


def test_there_are_enough_canaries_of_each_kind() -> None:
    kinds = [canary.kind for canary in CANARIES]
    assert len(kinds) >= 40
    assert {kind: kinds.count(kind) for kind in REJECTED_KINDS} == {kind: 10 for kind in REJECTED_KINDS}


def test_a_good_judge_is_believed() -> None:
    judge = scripted(is_right)
    found = judge.calibrate()
    assert (found.false_accept, found.false_reject, found.kappa, found.swap_consistency, found.disabled) == (0, 0, 1, 1, "")
    assert judge.verify(lesson()).outcome == "pass"
    assert judge.verify(lesson(PAIRS[0].wrong)).reason == "the judge refuses it"


@pytest.mark.parametrize("kind", JUDGES)
def test_a_judge_that_is_fooled_is_disabled(kind: str) -> None:
    judge = scripted(JUDGES[kind])
    assert judge.calibrate().disabled
    assert judge.verify(lesson()).outcome == "unverifiable"


def test_a_judge_that_prefers_what_comes_first_shows_in_the_consistency() -> None:
    found = scripted(is_right, is_biased=True).calibrate()
    assert found.swap_consistency == 0
    assert "both orders" in found.disabled


def test_a_judge_that_refuses_half_of_what_is_right_is_disabled_by_kappa() -> None:
    taken = [canary.kind == "gold against gold" for canary in CANARIES]
    found = judge_the_judge(CANARIES, taken, [True] * 10)
    assert (found.false_accept, found.false_reject) == (0, 0.5)
    assert "kappa 0.59" in found.disabled


@pytest.mark.parametrize("reply", ["", "4 4 4 4 4", '{"correct": 4}', grades(5), '{"correct": true, "complete": true, "relevant": true, "clear": true, "wellformed": true}', "The solution is right. " + grades(4)])
def test_a_reply_that_is_not_exactly_the_grades_is_no_opinion(reply: str) -> None:
    judge = scripted(is_right)
    judge.calibrate()
    judge._model = ScriptedTeacher(lambda request: reply, name="judgemodel-1")
    assert judge.verify(lesson()).outcome == "unverifiable"
    assert JudgeVerifier(ScriptedTeacher(lambda request: reply)).calibrate().disabled


@pytest.mark.parametrize("canary", [canary for canary in CANARIES if canary.kind == "injected"], ids=lambda canary: canary.solution[-30:])
def test_an_injected_instruction_changes_nothing(canary: Canary) -> None:
    judge = scripted(is_right)
    judge.calibrate()
    judge._model = asked = ScriptedTeacher(lambda request: grades(4), name="judgemodel-1")
    assert judge.verify(lesson(canary.solution, canary.problem)).reason == "the text speaks to the grader"
    assert asked.asked == []


@pytest.mark.parametrize("key", MASTER_KEYS)
def test_master_keys_do_not_open(key: str) -> None:
    judge = scripted(is_right)
    judge.calibrate()
    assert judge.verify(lesson(key)).outcome == "fail"


def test_the_solution_can_not_close_its_own_mark() -> None:
    teacher = ScriptedTeacher(lambda request: grades(4), name="judgemodel-1")
    judge = JudgeVerifier(teacher)
    judge.calibrate()
    marks = {line for request in teacher.asked for line in request.prompt.splitlines() if line.startswith("==")}
    for request in teacher.asked:
        assert len(parts(request)) in (2, 3)
    assert len(marks) > 40  # another mark for other texts


def test_a_veto_refuses_or_has_no_opinion() -> None:
    judge = scripted(is_right)
    assert [verdict.outcome for verdict in judge.veto([lesson()])] == ["pass"]
    assert judge.veto([lesson()])[0].reason == "no opinion: the judge is not calibrated"
    judge.calibrate()
    said = judge.veto([lesson(), lesson(PAIRS[0].wrong), lesson(":"), lesson(teacher="judgemodel-2")])
    assert [(verdict.step, verdict.outcome, verdict.reason) for verdict in said] == [
        ("judge", "pass", ""), ("judge", "fail", "the judge refuses it"), ("judge", "fail", "the completion says nothing"), ("judge", "pass", "no opinion: judge and teacher are of one family, judgemodel")]  # fmt: skip


def test_each_occasion_is_a_calibration_of_its_own() -> None:
    teacher = ScriptedTeacher(lambda request: grades(4), name="judgemodel-1")
    for occasion in ("run/1", "run/2", "run/2"):
        JudgeVerifier(teacher).calibrate(occasion)
    first, second, again = ([request.prompt for request in teacher.asked[start : start + 90]] for start in (0, 90, 180))
    assert set(first).isdisjoint(second) and second == again


def test_no_judge_no_calibration_or_one_family_is_no_opinion() -> None:
    assert verify(lesson()).reason == "no judge: no model was given"
    assert scripted(is_right).verify(lesson()).reason == "the judge is not calibrated"
    judge = scripted(is_right)
    judge.calibrate()
    assert judge.verify(lesson(teacher="x/JudgeModel-2")).outcome == "unverifiable"
    assert [family(name) for name in ("openai/gpt-4.1-mini", "Qwen2.5-7B", "gpt-5", "openai/o3-mini", "mistral/codestral-2501")] == ["gpt", "qwen", "gpt", "gpt", "mistral"]


def test_one_hole_is_enough_to_be_disabled() -> None:
    taken = [canary.is_right or (canary.kind == "vague" and i % 7 == 3 and i < 21) for i, canary in enumerate(CANARIES)]
    found = judge_the_judge(CANARIES, taken, [True] * 10)
    assert found.false_accept < 0.2
    assert (found.by_kind["vague"], "vague" in found.disabled) == (0.3, True)
