"""Every strategy that asks a teacher, through the real client and a scripted HTTP server that refuses now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from curricula.teacher import TeacherReply, TeacherRequest
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good
from tests.agent.teacher.test_engine import Settings
from tests.curricula.teachers import brief, figs, judged, write
from tests.curricula.test_strategies_prompts import ASKING, teacher_of

REFUSAL = "I'm sorry, I can't help with that."


class Wire:
    """Sends requests over HTTP and answers them at the other end from a strategy's scripted teacher."""

    def __init__(self, name: str) -> None:
        self.name = "scripted"
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
        text = self.script.ask([self.sent[body["messages"][-1]["content"]]])[0].text
        if len(self.script.requests) % 9 == 8:
            self.n_refused += 1
            text = REFUSAL
        return good(text, tokens_in=100, tokens_out=50)


@pytest.mark.parametrize("name", ASKING)
def test_good_lessons_are_kept_and_every_refusal_ends_as_a_row(name: str) -> None:
    wire = Wire(name)
    ledger = MemoryLedger(1.0)
    with ScriptedServer(answer=wire.answer) as server:
        settings = Settings(api_base=server.url, max_tokens=3000, usd_per_million_in=1.0, usd_per_million_out=1.0)
        with LLMTeacher(settings, MemoryCache(), ledger) as wire.client:
            found = write(name, brief(n_lessons=6, seeds=(*brief().seeds, *(figs(n) for n in range(40, 60)))), wire)
    result = judged(found)
    assert len(result.kept) >= 3 and all(lesson.raw and lesson.raw != REFUSAL for lesson in result.kept)
    for row in result.rejected:
        assert row.verdict.reason and (row.candidate.raw or (row.candidate.lesson and row.candidate.lesson.raw))
    costs = [c.lesson.cost_usd if c.lesson else c.cost_usd for c in found]
    assert sum(costs) == pytest.approx(ledger.spent_usd) and ledger.spent_usd == pytest.approx(150e-6 * len(server.requests))
    if wire.n_refused and name in ("persona", "topic_tree", "constitution", "explanation", "evol_instruct", "rationales"):
        assert result.rejected, "what was refused is not silently replaced"
