"""The LLM teacher over real HTTP: good lessons are kept and trained on, a weak model's are dropped with reasons."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import resume, start
from agent.store import Store
from agent.watch import SilentWatcher
from probes.errors import WeakspotError
from tests.agent.teacher.scripted_server import ScriptedServer, Step, failing, good
from tests.e2e.driver import SETTINGS


def settings(url: str, *more: str) -> list[str]:
    return [*SETTINGS, "teacher.model=openai/scripted", f"teacher.api_base={url}", "teacher.api_key_env=TEACHER_KEY", "limits.cycles=1",
            "plan.lessons_per_cycle=24", *more]


class GoodTeacher:
    """Answers sibling requests with new sums, every fourth one wrong, and everything else with 5."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rng = random.Random(5)
        self.wrong: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, body: dict[str, Any]) -> Step:
        prompt = body["messages"][-1]["content"]
        with self._lock:
            self.asked.append(prompt)
            if "new problem" not in prompt:
                return good("5")
            lessons = []
            for index in range(4):
                a, b = self._rng.randint(100, 899), self._rng.randint(100, 899)
                problem, answer = f"A baker has {a} rolls and bakes {b} more. How many rolls are there now?", a + b
                if index == 3:
                    answer += 1
                    self.wrong.add(problem)
                lessons.append({"problem": problem, "solution": f"{a} + {b} = {answer}", "answer": str(answer), "check": f"{a} + {b}"})
            return good(json.dumps({"hypothesis": "adding three-digit numbers", "lessons": lessons}))


def test_good_lessons_are_kept_and_trained_on_and_wrong_ones_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-planted-secret-9")
    teacher = GoodTeacher()
    with ScriptedServer(answer=teacher) as server:
        outcome = start(load_config(None, settings(server.url), {}), tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        kept = store.lessons.kept(outcome.run)
        assert len(kept) >= 12 and all(lesson.strategy == "error_analysis" and lesson.raw and lesson.prompt_hash for lesson in kept)
        assert not any(wrong in lesson.prompt for lesson in kept for wrong in teacher.wrong)
        refused = [row for row in store.lessons.rows(outcome.run, 1, "fail") if row["step"] == "verifier"]
        assert refused, "the planted wrong answers were refused by the verifier"
        curriculum = store.lessons.curriculum(outcome.run, 1)
        trained = (tmp_path / curriculum["path"]).read_text()
        assert sum(json.dumps(lesson.prompt)[1:-1] in trained for lesson in kept) >= len(kept) // 2
        diagnose = {probe.prompt for probe in store.samples.probes(outcome.run, "diagnose")}
        sealed = {probe.prompt for split in ("gate", "audit", "protected") for probe in store.samples.probes(outcome.run, split)}
        shown = "\n".join(teacher.asked)
        assert any(prompt in shown for prompt in diagnose)
        assert not any(prompt in shown for prompt in sealed)
        ledger = list(store.db["ledger"].rows)
        assert ledger and all(row["settled_usd"] == 0 for row in ledger)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"sk-planted-secret-9" not in file.read_bytes(), f"the key was written to {file.name}"


def test_a_teacher_without_a_key_is_refused_before_anything_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    config = load_config(None, [*SETTINGS, "teacher.model=openai/gpt-4.1-mini"], {})
    with pytest.raises(WeakspotError) as caught:
        start(config, tmp_path, SilentWatcher(), open_student=scripted_student())
    assert "OPENAI_API_KEY" in str(caught.value)
    with Store.read(tmp_path) as store:
        assert list(store.db["ledger"].rows) == [] and list(store.db["samples"].rows) == []


def test_a_teacher_of_nonsense_ends_the_cycle_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "x")
    with ScriptedServer([good("I like turtles.")]) as server:
        outcome = start(load_config(None, settings(server.url), {}), tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        decision = store.decisions.of_cycle(outcome.run, 1)
        assert decision["decision"] == "no_data"
        rows = store.lessons.rows(outcome.run, 1, "fail")
        assert rows and all(row["step"] == "parse" and "turtles" in row["raw"] for row in rows)
        assert sum(row["asked"] for row in store.lessons.funnel(outcome.run, 1)) == len(rows)
    assert outcome.status == "finished"


PRICED = ("teacher.usd_per_million_in=50", "teacher.usd_per_million_out=50", "limits.plateau=9")


def test_the_budget_is_a_ceiling_and_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "x")
    with ScriptedServer(answer=GoodTeacher()) as server:
        config = load_config(None, [*settings(server.url, *PRICED), "limits.cycles=4", "limits.budget_usd=0.185"], {})
        outcome = start(config, tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        assert 0 < store.money.spent_usd(outcome.run) <= 0.185
        assert len(store.decisions.all(outcome.run)) < 4
        charged = sum(row["usd"] for row in store.weaknesses.ledger(outcome.run))
        taught = [row["usd"] for row in store.money.costs(outcome.run) if row["tag"].split("/")[0] not in ("check", "phrases", "names")]
        assert charged == pytest.approx(sum(taught)) and charged > 0, "every cent of teaching has its weakness"
    assert outcome.status == "finished" and "budget spent" in outcome.reason


def test_a_teacher_that_is_gone_stops_the_run_and_a_resume_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "x")
    with ScriptedServer([good("5"), good('{"answer": "5"}'), failing(401, "key revoked")]) as server:
        with pytest.raises(WeakspotError):
            start(load_config(None, settings(server.url), {}), tmp_path, SilentWatcher(), open_student=scripted_student())
        server.answer = GoodTeacher()
        with Store.read(tmp_path) as store:
            run = store.runs.get()
            assert run["status"] == "failed" and store.decisions.all(run["run"]) == []
        assert resume(run["run"], tmp_path, SilentWatcher(), open_student=scripted_student()).status == "finished"
