"""Problems to work on: whose they are, what of a reply becomes one, and when their gold is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP
from curricula.lesson import Candidate, Lesson
from curricula.strategies.desk import Desk, Told
from curricula.strategies.problems import OnProblems, Problem, ProblemSource, worked_samples
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import Teacher, as_json, brief, failure, figs, siblings

NEAR = tuple(figs(n) for n in range(40, 60))


def desk(asked: Teacher, **more: Any) -> Desk:
    return Desk("rationales", brief(**{"seeds": (), **more}), asked)


def taken(reply: object, n: int = 4, **more: Any) -> tuple[list[Problem], list[Candidate], list[TeacherRequest]]:
    asked = Teacher(problems=reply, repair="no json either")  # type: ignore[arg-type]
    problems, refused = ProblemSource(desk(asked, **more)).take(n)
    return problems, refused, asked.tagged("problems")


def one(problem: str, check: object = "7 + 5") -> str:
    return as_json("problems", {"problem": problem, "check": check})


def test_half_are_peoples_with_their_gold_and_the_other_half_siblings() -> None:
    problems, refused, requests = taken(siblings, 6, seeds=NEAR)
    assert [problem.origin for problem in problems] == ["seed"] * 3 + ["sibling"] * 4 and not refused and len(requests) == 1 and "Write 3 new problems" in requests[0].prompt
    seed = next(row for row in NEAR if row.lesson_id == problems[0].parents[0])
    assert (problems[0].text, problems[0].gold, problems[0].check, problems[0].check_kind) == (seed.prompt, seed.answer, seed.answer, "gold")
    sibling = problems[3]
    assert (sibling.gold, sibling.check, sibling.check_kind) == ("14", "20 - 6", "expression") and set(sibling.parents) <= {f"p{i}" for i in range(4)} and sibling.parents == tuple(f"p{i}" for i in sibling.shown)


def test_a_seed_is_for_the_failure_it_is_near_to_and_without_its_step_by_step() -> None:
    capital = Lesson(f"Name the capital of a country: Peru.\n{STEP_BY_STEP}", "Lima", "Lima", strategy="anchor", depth=0, source="test#capital")
    failures = (failure(0), replace(failure(1), prompt="Which city is the capital of Chad?", gold="N'Djamena"))
    problems, _, _ = taken(siblings, 2, seeds=(capital,), failures=failures)
    assert (problems[0].text, problems[0].shown, problems[0].gold) == ("Name the capital of a country: Peru.", (1,), "Lima")


def test_four_problems_a_request_each_in_a_setting_of_its_own_with_room_for_its_own() -> None:
    _, _, requests = taken(siblings, 10)
    assert [request.max_tokens for request in requests] == [560, 560, 320]
    assert ["Write 4 new" in request.prompt for request in requests] == [True, True, False] and "Write 2 new problems" in requests[2].prompt
    assert len({request.prompt.split("in or around ")[1].split(" where")[0] for request in requests}) == 3
    schema = requests[0].json_schema
    assert schema is not None and schema["properties"]["problems"]["items"]["required"] == ["problem", "check"]
    listed = tuple(replace(failure(i), prompt=f"Which of these is {i + 2} plus 1?\nA. {i + 2}\nB. {i + 3}\nC. {i + 9}\nAnswer with only the letter.", gold="B") for i in range(3))
    assert "List the options" in taken(siblings, 4, failures=listed)[2][0].prompt and "List the options" not in requests[0].prompt


@pytest.mark.parametrize(
    "copy",
    [failure(2).prompt, failure(2).prompt.upper(), failure(2).prompt.removesuffix(" Answer with only the number."), "bo  has 20 nuts and gives away 6.\nHow many does Bo keep?"],
    ids=["whole", "other case", "without its wrapping", "its own"],
)  # fmt: skip
def test_what_copies_a_failure_or_an_earlier_problem_is_a_row(copy: str) -> None:
    reply = as_json("problems", {"problem": "Bo has 20 nuts and gives away 6. How many does Bo keep?", "check": "20 - 6"}, {"problem": copy, "check": "1 + 1"})
    problems, refused, _ = taken(reply)
    assert len(problems) == 1
    [row] = refused
    assert (row.reason, row.raw, row.operator, row.step) == ("copies a problem it was shown or wrote before", copy, "problems", "strategy") and row.parents


@pytest.mark.parametrize(
    ("check", "gold"),
    [("7 + 5", "12"), ("7 / 2", "3.5"), ("1 / 3", "0.333333"), ("12", ""), ("", ""), ("twelve", ""), ("7 +", ""), ("7 / 0", "")],
)  # fmt: skip
def test_the_gold_is_what_the_arithmetic_gives_and_a_bare_number_proves_nothing(check: str, gold: str) -> None:
    [problem] = taken(one("Of 12 figs how many stay?", check), 1)[0]
    assert (problem.gold, problem.check, problem.check_kind) == (gold, check if gold else "", "expression" if gold else "")


def test_a_reply_that_holds_none_is_a_row_with_its_text() -> None:
    problems, refused, _ = taken("I would rather not.")
    assert not problems and [(row.reason, row.raw, row.step, row.operator) for row in refused] == [("unparsed after repair: no JSON in the reply", "I would rather not.", "parse", "problems")] and refused[0].parents
    assert [row.reason for row in taken(TeacherReply("", error="timeout"))[1]] == ["teacher: timeout"]


class Working(OnProblems):
    per_problem = 2

    def work_on(self, problems: list[Problem]) -> Iterator[Candidate]:
        self.worked = problems
        yield Candidate(None, reason=f"{len(problems)} problems")


def test_a_batch_takes_as_many_problems_as_its_lessons_need_and_two_at_least() -> None:
    for n_lessons, n_problems in ((1, 2), (8, 4)):
        asked = Teacher(problems=lambda request, n: siblings(request, n).replace("Bo has 21 nuts", "Bo has 20 nuts"))
        writer = Working(desk(asked))
        found = list(writer.batch(n_lessons))
        assert f"Write {n_problems} new problems" in asked.requests[0].prompt
        assert [row.reason for row in found] == ["copies a problem it was shown or wrote before", "3 problems"], "refused ones first"


def test_each_problem_gets_its_own_samples() -> None:
    asked = Teacher(work_out=lambda request, n: f"{request.prompt.split('about ')[1].split(' ')[0]} {n}")
    problems = [Problem(f"A problem about {name} here?", "", "", "", (), (0,), "sibling") for name in ("figs", "nuts")]
    found: list[list[Told]] = list(worked_samples(desk(asked), problems, 2))
    assert [[told.text for told in row] for row in found] == [["figs 0", "figs 1"], ["nuts 2", "nuts 3"]]
    assert {request.temperature for request in asked.requests} == {0.8}
