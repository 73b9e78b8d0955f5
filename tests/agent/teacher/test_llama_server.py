"""A real model behind the teacher: SmolLM2 served by llama.cpp on loopback.

Needs the extra `server` and the GGUF file: `SMOLLM2_GGUF=path pytest -m real tests/agent/teacher`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.config import TeacherConfig
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from curricula.teacher import TeacherRequest
from tests.agent.teacher.llama_server import is_installed, llama_server

GGUF = Path(os.environ.get("SMOLLM2_GGUF", "missing"))
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (is_installed() and GGUF.is_file()), reason="needs xllamacpp and SMOLLM2_GGUF"),
]


def test_smollm2_is_a_weak_but_usable_teacher() -> None:
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "maxLength": 8}},
        "required": ["answer"],
    }
    requests = [
        TeacherRequest(f"What is {a}+2? Answer with only the number.", max_tokens=24, temperature=0.0)
        for a in (1, 2, 3)
    ]
    requests.append(
        TeacherRequest("What is 2+2? Reply as JSON.", max_tokens=24, temperature=0.0, json_schema=schema)
    )
    ledger = MemoryLedger(0.0)
    with llama_server(GGUF) as url:
        settings = TeacherConfig(model="openai/smollm2", api_base=url, timeout_s=120, concurrency=2)
        with LLMTeacher(settings, MemoryCache(), ledger) as teacher:
            assert teacher.check().answer
            replies = teacher.ask(requests)
            again = teacher.ask(requests)
    assert [reply.error for reply in replies] == [""] * 4
    assert all(reply.text and reply.tokens_in > 10 and reply.tokens_out > 0 for reply in replies)
    assert replies[3].text.lstrip().startswith("{")
    assert all(reply.cached for reply in again)
    assert ledger.spent_usd == 0 and len(ledger.entries) == 2 + 4
