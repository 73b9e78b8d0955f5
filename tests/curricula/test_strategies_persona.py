"""Persona rule by rule: four kinds of problem, self-consistency, the rejected side of a pair."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP
from curricula.sandbox import tiers
from curricula.strategies.persona import KINDS, SOLUTIONS
from curricula.strategies.seeds import task_text
from curricula.teacher import TeacherReply, TeacherRequest
from curricula.verifiers.contract import verify
from tests.curricula.teachers import (
    SEEDS,
    Teacher,
    as_json,
    brief,
    check_provenance,
    judged,
    lessons,
    reasons,
    seed,
    write,
)

needs_sandbox = pytest.mark.skipif(tiers.in_force() is None, reason=f"no tier holds here: {tiers.why_none()}")


def personas(request: TeacherRequest, n: int) -> str:
    return as_json("personas", *({"persona": f"A keeper {n}-{i} of bees who counts hives."} for i in range(8)))


def problem(request: TeacherRequest, n: int) -> str:
    kind = request.tag.rpartition("/")[2]
    who = request.prompt.split("Persona: ", 1)[1].splitlines()[0].split()[2]
    return f'{{"problem": "At {who} a {kind} hive of {n + 30} bees loses {n + 5}. How many are left?"}}'


def code_problem(request: TeacherRequest, n: int) -> str:
    text = f"Beekeeper {n} counts hives. Write left_{n}(bees, lost) that gives how many bees are left, never fewer than none: left_{n}(30, 5) is 25."
    tests = f"assert left_{n}(41, 6) == 35\nassert left_{n}(7, 7) == 0\nassert left_{n}(3, 8) == 0\nassert left_{n}(100, 1) == 99"
    return json.dumps({"problem": text, "entry_point": f"left_{n}", "tests": tests})


def code(request: TeacherRequest, n: int) -> str:
    name = request.prompt.split("Write ", 2)[2].split("(")[0]
    return f"```python\ndef {name}(bees, lost):\n    if lost > bees:\n        return 0\n    return bees - lost\n```"


def solution(request: TeacherRequest, n: int) -> str:
    return f"{'We look at what is lost. ' * (n % 5)}It is 30 - 5.\nThe answer is 25"


def teacher(**more: object) -> Teacher:
    return Teacher(**{"personas": personas, **dict.fromkeys(KINDS, problem), "code": code_problem, "solve_code": code, "solve": solution, "relax": "Any number of bees will do. How many?", **more})  # type: ignore[arg-type]


NO_TESTS = {"item without entry_point"}


def test_agreed_problems_become_worked_lessons_with_their_votes() -> None:
    asked = teacher(relax="")
    found = write("persona", brief(n_lessons=12), asked)
    check_provenance(found, "persona", asked)
    made = lessons(found)
    assert len(made) == 18 and Counter(row.operator for row in made).keys() == set(KINDS)
    voted = [row for row in made if row.operator != "code"]
    assert {verify(row).outcome for row in voted} == {"pass"} and {row.verifier for row in voted} == {"vote"}
    for row in voted:
        assert set(row.meta) == {"persona", "votes"}
        assert row.check_kind == "vote" and row.meta["votes"] == "5/5" and row.meta["persona"].startswith("A keeper")
        assert json.loads(row.check) == ["25"] * 5 and verify(replace(row, check=json.dumps(["25", "25", "3", "4", "3"]))).outcome == "fail"
        assert row.completion == "It is 30 - 5.\nThe answer is 25.", "the shortest solution of the majority"
        assert any(parent.startswith("L") for parent in row.parents) and any(parent.startswith("p") for parent in row.parents)
    assert len(asked.tagged("solve")) == SOLUTIONS * len(voted)


@needs_sandbox
def test_code_problems_are_judged_by_running_them_against_their_tests() -> None:
    asked = teacher()
    made = [row for row in lessons(write("persona", brief(n_lessons=6), asked)) if row.operator == "code"]
    assert made and len(asked.tagged("solve_code")) == len(made)
    for row in made:
        assert (row.verifier, row.check_kind) == ("code", "tests") and row.check.startswith("assert left_") and row.meta["entry_point"] in row.answer
        assert row.prompt.startswith("Beekeeper") and row.completion == f"```python\n{row.answer}\n```"
        assert verify(row).outcome == "pass"
    assert all("assert" not in request.prompt for request in asked.tagged("solve_code")), "who solves it does not see the tests"
    wrong = teacher(solve_code=lambda request, n: code(request, n).replace("bees - lost", "bees + lost"))
    bad = [row for row in judged(write("persona", brief(n_lessons=6), wrong)).rejected if row.candidate.operator == "code" or row.candidate.lesson]
    assert bad and {row.verdict.reason for row in bad} == {"the solution fails its tests"}


def test_code_problems_without_tests_or_without_their_function_are_rows() -> None:
    found = write("persona", brief(n_lessons=6), teacher(code='{"problem": "Write f."}', repair='{"problem": "Write f."}'))
    assert set(reasons(found)) == {"item without entry_point"} and {row.operator for row in lessons(found)} == set(KINDS) - {"code"}
    named = '{"problem": "Write f.", "entry_point": "f"}'
    assert set(reasons(write("persona", brief(n_lessons=6), teacher(code=named, repair=named)))) == {"item without tests"}
    asked = teacher(solve_code="def other(): pass")
    found = write("persona", brief(n_lessons=6), asked)
    check_provenance(found, "persona", asked)
    assert all(row.operator == "code" and row.meta["persona"] and row.meta["entry_point"].startswith("left_") for row in found if row.lesson is None)
    late = teacher(solve_code=lambda request, n: TeacherReply(code(request, n), error="timeout"))
    assert set(reasons(write("persona", brief(n_lessons=6), late))) == {"teacher: timeout"}
    assert {reason.split("_")[0] for reason in reasons(found)} == {"no function left"} and all("def other" in row.raw for row in found if row.lesson is None)


def test_personas_come_from_real_texts_and_each_is_used_once() -> None:
    asked = teacher()
    found = write("persona", brief(n_lessons=8), asked)
    assert all(sum(task_text(row) in request.prompt for row in SEEDS) == 4 for request in asked.tagged("personas"))
    assert sum(any(task_text(row) in request.prompt for request in asked.tagged("personas")) for row in SEEDS) > 4, "drawn anew for each request"
    used = [row.meta["persona"] for row in lessons(found)]
    assert len(set(used)) == len(used) == 12
    prompts = [request.prompt for request in asked.requests if request.tag.rpartition("/")[2] in KINDS]
    assert all(sum(f"Persona: {who}" in prompt for prompt in prompts) == 1 for who in used)


def test_who_is_left_over_comes_first_and_new_ones_are_asked_for_only_when_needed() -> None:
    def used(asked: Teacher) -> list[str]:
        return [request.prompt.split("Persona: A keeper ")[1].split(" of")[0] for request in asked.requests if request.tag.rpartition("/")[2] in KINDS]

    eleven = {"personas": lambda request, n: as_json("personas", *({"persona": f"A keeper {n}-{i} of bees who counts hives."} for i in range(11))), "solve": "", "solve_code": ""}
    asked = teacher(**eleven)
    write("persona", brief(n_lessons=4), asked)  # six, all in vain, and six more
    assert "Write 8 personas" in asked.tagged("personas")[0].prompt and len(asked.tagged("personas")) == 2
    assert set(used(asked)) >= {f"0-{i}" for i in range(8)}, "the two left over too"
    assert len(set(used(asked))) == 12 and {who for who in used(asked) if who.startswith("1-")} <= {f"1-{i}" for i in range(8)}, "eight of eleven"
    few = teacher(**eleven)
    write("persona", brief(n_lessons=2), few)  # three, and three more
    assert len(few.tagged("personas")) == 1 and len(set(used(few))) == 6


def test_a_long_text_is_shown_to_its_four_hundredth_character_and_without_step_by_step() -> None:
    asked = teacher()
    texts = (seed("a" * 399 + "bc"), seed(f"How many are left?\n{STEP_BY_STEP}"))
    assert lessons(write("persona", brief(n_lessons=4, seeds=texts), asked)), "two texts are enough"
    prompt = asked.tagged("personas")[0].prompt
    assert "a" * 399 + "b\n" in prompt and "How many are left?\n" in prompt and STEP_BY_STEP not in prompt


def test_one_problem_is_taken_of_a_reply() -> None:
    two = as_json("problems", {"problem": "A hive of 30 bees loses 5. How many are left?"}, {"problem": "A hive of 40 bees loses 5. How many are left?"})
    asked = teacher(**dict.fromkeys(("hard", "grade_school", "constrained"), two), relax="")
    found = lessons(write("persona", brief(n_lessons=8), asked))
    assert {row.prompt.split(".")[0] for row in found if row.operator != "code"} == {"A hive of 30 bees loses 5"} and len(asked.tagged("solve")) == SOLUTIONS * sum(row.operator != "code" for row in found)


def test_the_order_of_the_kinds_is_drawn() -> None:
    firsts = set()
    for number in range(12):
        asked = teacher()
        write("persona", replace(brief(n_lessons=1), seed=number), asked)
        firsts |= {tag for request in asked.requests if (tag := request.tag.rpartition("/")[2]) in KINDS}
    assert firsts == set(KINDS), "else small orders would always get the same two"


@pytest.mark.parametrize(("n_lessons", "n_each"), [(3, 1), (5, 2)])
def test_every_kind_comes_before_any_comes_again(n_lessons: int, n_each: int) -> None:
    asked = teacher()
    write("persona", brief(n_lessons=n_lessons), asked)
    assert Counter(tag for request in asked.requests if (tag := request.tag.rpartition("/")[2]) in KINDS) == dict.fromkeys(KINDS, n_each)


def test_solutions_that_do_not_agree_are_refused_with_their_numbers() -> None:
    asked = teacher(solve=lambda request, n: f"Well.\nThe answer is {25 + n % 5 * (n % 5 > 1)}", solve_code="pass")
    found = write("persona", brief(n_lessons=4), asked)
    check_provenance(found, "persona", asked)
    rows = reasons(found)["the solutions do not agree"]
    assert {row.operator for row in rows} <= {"hard", "grade_school", "constrained"} and all(row.meta["persona"] and row.meta["votes"] == "2/5" for row in rows)
    assert not lessons(found) and {row.evidence for row in rows} == {"2/5"} and all("The answer is 28" in row.raw for row in rows)
    three = teacher(solve=lambda request, n: f"Well.\nThe answer is {25 + n % 5 * (n % 5 > 2)}", solve_code="")
    agreed = lessons(write("persona", brief(n_lessons=4), three))
    assert {row.meta["votes"] for row in agreed} == {"3/5"} and {row.completion for row in agreed} == {"Well.\nThe answer is 25."}
    brisk = teacher(solve=lambda request, n: "The answer is 9" if n % 5 == 1 else solution(request, n), solve_code="")
    assert {row.completion for row in lessons(write("persona", brief(n_lessons=4), brisk))} == {"It is 30 - 5.\nThe answer is 25."}, "the shortest of those who agree"
    bare = teacher(solve="The answer is 25", solve_code="")
    assert {row.completion for row in lessons(write("persona", brief(n_lessons=4), bare))} == {"The answer is 25\nThe answer is 25."}, "one line is its own working"


def test_solutions_without_the_fixed_last_line_do_not_count() -> None:
    found = write("persona", brief(n_lessons=2), teacher(solve="It must be 25.", code=problem, repair="-"))
    assert set(reasons(found)) - NO_TESTS == {"no solution in the fixed form"}


def test_a_relaxed_constraint_gives_the_rejected_side_of_a_pair() -> None:
    def solve(request: TeacherRequest, n: int) -> str:
        return "Any.\nThe answer is 99" if "Any number" in request.prompt else "Fine.\nThe answer is 25"

    asked = teacher(solve=solve)
    found = lessons(write("persona", brief(n_lessons=6), asked))
    for row in found:
        assert ("rejected" in row.meta) == (row.operator == "constrained")
    [one, *_] = [row for row in found if "rejected" in row.meta]
    assert one.meta["rejected"] == {"prompt": "Any number of bees will do. How many?", "completion": "Any.\nThe answer is 99"}
    assert set(one.meta) == {"persona", "votes", "rejected"}
    for other in ("Anything goes.", TeacherReply("Any.\nThe answer is 99", error="timeout")):
        odd = teacher(solve=lambda request, n, other=other: other if "Any number" in request.prompt else solve(request, n))
        assert not any("rejected" in row.meta for row in lessons(write("persona", brief(n_lessons=6), odd))), "no answer, no rejected side"
    same = teacher(solve="Fine.\nThe answer is 25")
    assert not any("rejected" in row.meta for row in lessons(write("persona", brief(n_lessons=6), same))), "an answer that still meets the constraint is no rejected side"
    for relax in (lambda request, n: request.prompt.split("Prompt:\n", 1)[1], lambda request, n: request.prompt.split("Prompt:\n", 1)[1].replace(" ", "  "), " ", TeacherReply("Any number", error="timeout")):
        unchanged = teacher(solve=solve, relax=relax)
        write("persona", brief(n_lessons=6), unchanged)
        assert len(unchanged.tagged("solve")) % SOLUTIONS == 0, "what was not relaxed is not answered"


def test_broken_replies_and_errors_are_rows() -> None:
    found = write("persona", brief(n_lessons=2), teacher(personas="No.", repair="Still no."))
    assert set(reasons(found)) == {"unparsed after repair: no JSON in the reply"}
    found = write("persona", brief(n_lessons=2), teacher(solve=TeacherReply("", error="timeout"), solve_code=TeacherReply("", error="timeout")))
    assert set(reasons(found)) == {"teacher: timeout"}
    repaired = teacher(**dict.fromkeys(KINDS, "bees"), repair='{"problem": "A hive of 30 bees loses 5. How many are left?"}')
    assert lessons(write("persona", brief(n_lessons=2), repaired)) and "bees" in repaired.tagged("repair")[0].prompt
