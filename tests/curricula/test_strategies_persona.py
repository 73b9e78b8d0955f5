"""Persona rule by rule: four kinds of problem, self-consistency, the rejected side of a pair."""

from __future__ import annotations

from collections import Counter

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
    write,
)


def personas(request: TeacherRequest, n: int) -> str:
    return as_json("personas", *({"persona": f"A keeper {n}-{i} of bees who counts hives."} for i in range(8)))


def problem(request: TeacherRequest, n: int) -> str:
    kind = request.tag.rpartition("/")[2]
    who = request.prompt.split("Persona: ", 1)[1].splitlines()[0].split()[2]
    return f'{{"problem": "At {who} a {kind} hive of {n + 30} bees loses {n + 5}. How many are left?"}}'


def solution(request: TeacherRequest, n: int) -> str:
    return f"{'We look at what is lost. ' * (n % 5)}It is 30 - 5.\nThe answer is 25"


def teacher(**more: object) -> Teacher:
    return Teacher(**{"personas": personas, **dict.fromkeys(KINDS, problem), "solve": solution, "relax": "Any number of bees will do. How many?", **more})  # type: ignore[arg-type]


def test_agreed_problems_become_worked_lessons_with_their_votes() -> None:
    asked = teacher(relax="")
    found = write("persona", brief(n_lessons=12), asked)
    check_provenance(found, "persona", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) == 18 and {verify(row).outcome for row in kept} == {"pass"}
    assert Counter(row.operator for row in kept).keys() == set(KINDS)
    for row in kept:
        assert row.check_kind == "vote" and row.meta["votes"] == "5/5" and row.meta["persona"].startswith("A keeper")
        assert row.completion == "It is 30 - 5.\nThe answer is 25.", "the shortest solution of the majority"
        assert any(parent.startswith("L") for parent in row.parents) and any(parent.startswith("p") for parent in row.parents)
    assert len(asked.tagged("solve")) == SOLUTIONS * 18


def test_personas_come_from_real_texts_and_each_is_used_once() -> None:
    asked = teacher()
    found = write("persona", brief(n_lessons=8), asked)
    assert all(sum(task_text(row) in request.prompt for row in SEEDS) == 4 for request in asked.tagged("personas"))
    used = [row.meta["persona"] for row in lessons(found)]
    assert len(set(used)) == len(used) == 12
    prompts = [request.prompt for request in asked.requests if request.tag.rpartition("/")[2] in KINDS]
    assert all(sum(f"Persona: {who}" in prompt for prompt in prompts) == 1 for who in used)


def test_every_kind_comes_before_any_comes_again() -> None:
    asked = teacher()
    write("persona", brief(n_lessons=5), asked)
    kinds = [tag for request in asked.requests if (tag := request.tag.rpartition("/")[2]) in KINDS]
    assert all(len(set(kinds[i : i + 4])) == 4 for i in range(0, len(kinds) - 3, 4))


def test_solutions_that_do_not_agree_are_refused_with_their_numbers() -> None:
    asked = teacher(solve=lambda request, n: f"Well.\nThe answer is {25 + n % 5 * (n % 5 > 1)}")
    found = write("persona", brief(n_lessons=4), asked)
    rows = reasons(found)["the solutions do not agree"]
    assert not lessons(found) and {row.evidence for row in rows} == {"2/5"} and all("The answer is 28" in row.raw for row in rows)
    three = teacher(solve=lambda request, n: f"Well.\nThe answer is {25 + n % 5 * (n % 5 > 2)}")
    assert {row.meta["votes"] for row in lessons(write("persona", brief(n_lessons=4), three))} == {"3/5"}


def test_solutions_without_the_fixed_last_line_do_not_count() -> None:
    found = write("persona", brief(n_lessons=2), teacher(solve="It must be 25."))
    assert set(reasons(found)) == {"no solution in the fixed form"}


def test_a_relaxed_constraint_gives_the_rejected_side_of_a_pair() -> None:
    def solve(request: TeacherRequest, n: int) -> str:
        return "Any.\nThe answer is 99" if "Any number" in request.prompt else "Fine.\nThe answer is 25"

    asked = teacher(solve=solve)
    found = lessons(write("persona", brief(n_lessons=6), asked))
    for row in found:
        assert ("rejected" in row.meta) == (row.operator == "constrained")
    [one, *_] = [row for row in found if "rejected" in row.meta]
    assert one.meta["rejected"] == {"prompt": "Any number of bees will do. How many?", "completion": "Any.\nThe answer is 99"}
    same = teacher(solve="Fine.\nThe answer is 25")
    assert not any("rejected" in row.meta for row in lessons(write("persona", brief(n_lessons=6), same))), "an answer that still meets the constraint is no rejected side"
    unchanged = teacher(solve=solve, relax=lambda request, n: request.prompt.split("Prompt:\n", 1)[1])
    write("persona", brief(n_lessons=6), unchanged)
    assert len(unchanged.tagged("solve")) % SOLUTIONS == 0, "what was not relaxed is not answered"


def test_broken_replies_and_errors_are_rows() -> None:
    found = write("persona", brief(n_lessons=2), teacher(personas="No.", repair="Still no."))
    assert set(reasons(found)) == {"unparsed after repair: no JSON in the reply"}
    found = write("persona", brief(n_lessons=2), teacher(solve=TeacherReply("", error="timeout")))
    assert set(reasons(found)) == {"teacher: timeout"}
    repaired = teacher(**dict.fromkeys(KINDS, "bees"), repair='{"problem": "A hive of 30 bees loses 5. How many are left?"}')
    assert lessons(write("persona", brief(n_lessons=2), repaired)) and "bees" in repaired.tagged("repair")[0].prompt
