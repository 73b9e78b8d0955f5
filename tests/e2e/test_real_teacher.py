"""The LLM teacher against a real OpenAI-compatible server: llama.cpp on loopback, serving the embedded student's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.student.sources import fetch_gguf
from agent.watch import SilentWatcher
from tests.agent.teacher.llama_server import llama_server
from tests.e2e.driver import SETTINGS

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


def test_a_weak_real_teacher_is_survived_and_its_funnel_says_why(tmp_path: Path) -> None:
    with llama_server(fetch_gguf(tmp_path)) as url:
        config = load_config(None, [*SETTINGS, "teacher.model=openai/smollm2", f"teacher.api_base={url}", "teacher.timeout_s=240", "teacher.max_tokens=160",
                                    "teacher.concurrency=2", "limits.cycles=1", "plan.lessons_per_cycle=4", "diagnosis.phrases=off"], {})
        outcome = start(config, tmp_path, SilentWatcher(), open_student=scripted_student())
    assert outcome.status == "finished"
    with Store.read(tmp_path) as store:
        funnel = store.lessons.funnel(outcome.run, 1)
        rejected = [row for row in store.lessons.rows(outcome.run, 1) if row["outcome"] != "pass"]
        calls = sum(row["calls"] for row in store.money.costs(outcome.run))
    assert calls > 2 and sum(row["asked"] for row in funnel) > 0
    assert sum(row["asked"] for row in funnel) == sum(row["kept"] for row in funnel) + len(rejected)
    assert all(row["reason"] for row in rejected)
