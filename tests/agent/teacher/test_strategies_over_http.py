"""Every strategy that asks a teacher, through the real client and a scripted HTTP server that refuses now and then."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from curricula.funnel import FunnelResult
from curricula.lesson import Candidate
from curricula.teacher import TeacherReply, TeacherRequest
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good
from tests.agent.teacher.test_engine import Settings
from tests.curricula.teachers import brief, figs, judged, write
from tests.curricula.test_strategies_prompts import ASKING, teacher_of

REFUSAL = "I'm sorry, I can't help with that."
BAD = 990017  # the answer of every planted wrong lesson
COUNT = itertools.count(1)
Plant = Callable[[str, TeacherRequest], str]


def last_answer(text: str, request: TeacherRequest) -> str:
    """The final line's answer becomes wrong."""
    return re.sub(r"The answer is .+\Z", f"The answer is {BAD}", text)


def one_of(pattern: str, new: str = str(BAD)) -> Plant:
    """The first match's group becomes wrong, the rest of a list stays right."""
    return lambda text, request: re.sub(pattern, lambda m: m[0].replace(m[1], new), text, count=1)


PLANTED: dict[str, tuple[dict[str, Plant], set[str]]] = {
    "alpaca": (dict.fromkeys(("seeded", "targeted"), one_of(r"Output:\n(\S+)")), {"answer and check differ"}),
    "constitution": ({"draft": last_answer, "critique": lambda text, request: "Nothing to change." if str(BAD) in request.prompt else text}, {"answer and check differ"}),
    "error_analysis": ({"siblings": one_of(r'"answer": "(\d+)"')}, {"answer and check differ"}),
    "evol_instruct": ({"work_out": last_answer}, {"answer and check differ"}),
    "explanation": ({"explain": last_answer}, {"answer and check differ"}),
    "generator": ({"program": one_of(r'return (problem\["has"\]) -', "990017 + problem['has']"), "mend": lambda text, request: text}, {"disagrees with a gold answer"}),
    "persona": ({"solve": lambda text, request: last_answer(text, request) + str(next(COUNT)), "solve_code": one_of(r"return (bees) -", "990017 + bees")},
                {"the solutions do not agree", "the solution fails its tests"}),
    "rationales": ({"sample": one_of(r"<answer>(.+)</answer>")}, {"wrong final answer"}),
    "self_instruct": ({"input_first": one_of(r"Output: (\S+)")}, {"answer and check differ"}),
    "textbook": ({"exercises": one_of(r'"answer": "(\d+)"')}, {"answer and check differ"}),
    "topic_tree": ({"work_out": last_answer}, {"answer and check differ"}),
}  # fmt: skip
"""Purposes whose replies are spoilt, and the reasons that the funnel must give for what came of them."""


class Wire:
    """Sends requests over HTTP and answers them at the other end from a strategy's scripted teacher."""

    def __init__(self, name: str, plants: dict[str, Plant] | None = None) -> None:
        self.name = "scripted"
        self.plants = plants
        self.n_planted = 0
        self.script = teacher_of(name)
        self.script.answers.setdefault("repair", REFUSAL)
        self.sent: dict[str, TeacherRequest] = {}
        self.n_refused = 0
        self.client: LLMTeacher | None = None

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        assert self.client is not None
        self.sent |= {request.prompt: request for request in requests}
        return self.client.ask(requests)

    def close(self) -> None:
        """The test closes the client."""

    def answer(self, body: dict[str, Any]) -> Step:
        """Called under the server's lock."""
        request = self.sent[body["messages"][-1]["content"]]
        text = self.script.ask([request])[0].text
        if self.plants is not None:
            if plant := self.plants.get(request.tag.rpartition("/")[2]):
                spoilt = plant(text, request) if self._is_chosen(request) else text
                self.n_planted += spoilt != text
                text = spoilt
        elif len(self.script.requests) % 9 == 8:
            self.n_refused += 1
            text = REFUSAL
        return good(text, tokens_in=100, tokens_out=50)


    def _is_chosen(self, request: TeacherRequest) -> bool:
        """Half of the prompts, whatever order they come in; where there are few, all of them but the mended."""
        few = ("program", "critique", "exercises", "siblings", "seeded", "targeted")
        return request.tag.rpartition("/")[2] in few or zlib.crc32(request.prompt.encode()) % 2 == 0


def kept_and_rejected(wire: Wire, name: str, ledger: MemoryLedger) -> tuple[list[Candidate], FunnelResult, int]:
    """Candidates and funnel of one brief, and how many requests the server saw."""
    with ScriptedServer(answer=wire.answer) as server:
        settings = Settings(api_base=server.url, max_tokens=3000, usd_per_million_in=1.0, usd_per_million_out=1.0)
        with LLMTeacher(settings, MemoryCache(), ledger) as wire.client:
            found = write(name, brief(n_lessons=6, seeds=(*brief().seeds, *(figs(n) for n in range(40, 60)))), wire)
    return found, judged(found), len(server.requests)


@pytest.mark.parametrize("name", ASKING)
def test_right_lessons_are_kept_and_each_planted_wrong_one_is_rejected_for_its_own_reason(name: str) -> None:
    plants, expected = PLANTED[name]
    wire = Wire(name, plants)
    _, result, _ = kept_and_rejected(wire, name, MemoryLedger(1.0))
    assert wire.n_planted and len(result.kept) >= 2
    assert not any(str(BAD) in row.answer + row.completion for row in result.kept)
    spoilt = [row for row in result.rejected if str(BAD) in f"{row.candidate.raw} {row.candidate.lesson} {row.verdict.evidence}"]
    assert spoilt and {row.verdict.reason for row in spoilt} == expected
    assert {row.verdict.reason for row in result.rejected} <= expected | {"same path as a shorter one", "two shorter ones are kept", "same words in another order", "too like another task"}, "nothing else is refused"


@pytest.mark.parametrize("name", ASKING)
def test_good_lessons_are_kept_and_every_refusal_ends_as_a_row(name: str) -> None:
    wire = Wire(name)
    ledger = MemoryLedger(1.0)
    found, result, n_requests = kept_and_rejected(wire, name, ledger)
    assert len(result.kept) >= 3 and all(lesson.raw and lesson.raw != REFUSAL for lesson in result.kept)
    for row in result.rejected:
        assert row.verdict.reason and (row.candidate.raw or (row.candidate.lesson and row.candidate.lesson.raw))
    costs = [c.lesson.cost_usd if c.lesson else c.cost_usd for c in found]
    assert sum(costs) == pytest.approx(ledger.spent_usd) and ledger.spent_usd == pytest.approx(150e-6 * n_requests)
    if wire.n_refused and name in ("persona", "topic_tree", "constitution", "explanation", "evol_instruct", "rationales"):
        assert result.rejected, "what was refused is not silently replaced"
