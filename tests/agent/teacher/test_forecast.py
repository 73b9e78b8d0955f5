"""The forecast: rates of earlier cycles, unknown strategies named, and how near it comes in a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.teacher.forecast import Experience, forecast, sentence
from agent.teacher.price import Price
from agent.watch import SilentWatcher
from tests.agent.teacher.scripted_server import ScriptedServer
from tests.e2e.test_llm_teacher import GoodTeacher, settings

PRICE = Price(1e-6, 2e-6)


def test_lessons_cost_what_planned_lessons_did_cost_with_this_model() -> None:
    rows = [Experience("alpaca", "m", 10, 5, 1000, 500, 0.01), Experience("alpaca", "m", 30, 11, 3000, 700, 0.09), Experience("alpaca", "other", 10, 500, 1, 1, 9.0)]
    found = forecast({"alpaca": 20}, rows, "m", PRICE)
    assert (found.lessons, found.requests, found.tokens_in, found.tokens_out) == (20, 8.0, 2000.0, 600.0)
    assert found.usd == pytest.approx(20 * 0.10 / 40) and found.highest_usd == pytest.approx(20 * 0.09 / 30)


def test_another_model_s_tokens_are_taken_at_this_one_s_price() -> None:
    found = forecast({"alpaca": 10}, [Experience("alpaca", "other", 10, 5, 1000, 500, 9.0)], "m", PRICE)
    assert found.usd == pytest.approx(0.001 + 0.001)


def test_what_was_never_tried_is_named_and_what_is_too_dear_is_said() -> None:
    rows = [Experience("alpaca", "m", 10, 5, 1000, 500, 0.5)]
    found = forecast({"alpaca": 10, "persona": 4}, rows, "m", PRICE)
    assert found.lessons == 10 and found.unknown == {"persona": 4}
    line = sentence(found, 0.4)
    assert "$0.5000 of $0.4000 left" in line and "warning" in line and "no forecast for persona (4 lessons)" in line
    assert "warning" not in sentence(found, 0.6)
    assert sentence(forecast({}, rows, "m", PRICE), 1.0) == ""


class Lines(SilentWatcher):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.told: list[tuple[str, int, int, str]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        self.told.append((what, done, total, note))


def test_a_run_says_what_lessons_will_cost_and_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "x")
    watcher = Lines()
    with ScriptedServer(answer=GoodTeacher()) as server:
        sets = settings(server.url, "teacher.usd_per_million_in=50", "teacher.usd_per_million_out=50", "limits.cycles=2", "limits.budget_usd=1")
        outcome = start(load_config(None, sets, {}), tmp_path, watcher, open_student=scripted_student())
    said = [line for line in watcher.said if "forecast" in line]
    assert said[0].startswith("no forecast for error_analysis (24 lessons)") and said[1].startswith("forecast for 24 lessons:")
    with Store.read(tmp_path) as store:
        spent = {row["cycle"]: row["usd"] for row in store.money.costs(outcome.run) if row["tag"] == "error_analysis/siblings"}
        expected = float(said[1].split("$")[1].split(" ")[0])
        assert expected == pytest.approx(spent[1], abs=1e-4), "the first cycle is all that is known"
        assert spent[2] / 2 < expected < spent[2] * 2
        assert {row["model"] for row in store.money.experience()} == {"openai/scripted"}
    lessons = [(done, total, note) for what, done, total, note in watcher.told if what == "lessons"]
    kept, total, note = [row for row in lessons if row[0] == 24][0]
    assert total == 24 and note.startswith("24 kept of ") and "$0.0" in note and "of $1.00" in note and note.endswith(" tokens")
    teacher = [note for what, _, _, note in watcher.told if what == "teacher" and note]
    assert teacher and teacher[-1].endswith(" tokens")
