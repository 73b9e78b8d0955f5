"""The plan in the loop: it says what it expects before it orders, learns from looks and funnels, and can be made again from the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from agent.config import Config, load_config
from agent.context import RunContext
from agent.diagnosis.weakness import EVERYTHING
from agent.fakes import scripted_student
from agent.loop import start
from agent.report.facts import build_report
from agent.report.planned import forecasts_table, plan_facts
from agent.stages.plan import plan
from agent.store import Store
from agent.watch import SilentWatcher
from tests.agent.cli.conftest import Weakspot, weakspot
from tests.e2e.driver import SETTINGS

__all__ = ["weakspot"]


class Listener(SilentWatcher):
    """Keeps what was said, and when."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        self.heard.append(f"{stage} {cycle}")

    def say(self, text: str) -> None:
        self.heard.append(text)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    state, listener = tmp_path_factory.mktemp("planning") / "state", Listener()
    settings = [*SETTINGS, "suites.limit=500", "limits.cycles=3", "limits.plateau=9", "plan.lessons_per_cycle=90", "plan.strategies=[symbolic, retrieve]"]
    assert start(load_config(None, settings, {}), state, listener, open_student=scripted_student()).status == "finished"
    return state, listener.heard


def test_the_forecast_is_said_before_anything_is_ordered(finished: tuple[Path, list[str]]) -> None:
    heard = finished[1]
    for cycle in (1, 2, 3):
        said = next(at for at, line in enumerate(heard) if line.startswith(f"cycle {cycle}: ") and "points expected at the gate" in line)
        assert heard.index(f"plan {cycle}") < said < heard.index(f"teach {cycle}")
    assert any("time unknown" in line for line in heard) and any("learnt from 1 look" in line for line in heard)


def test_later_plans_know_what_came_before_and_are_the_same_when_made_again(finished: tuple[Path, list[str]]) -> None:
    with Store.read(finished[0]) as store:
        row = store.runs.get()
        run, config = row["run"], Config.model_validate(yaml.safe_load(row["config"]))
        aimed = {cycle: [part for part in store.weaknesses.plan(run, cycle) if part["weakness"] != EVERYTHING] for cycle in (1, 3)}
        assert {part["evidence"]["n_looks"] for part in aimed[1]} == {0}
        assert any(part["evidence"]["n_looks"] for part in aimed[3])
        assert any("after 1 look" in part["reason"] or "after 2 looks" in part["reason"] for part in store.weaknesses.plan(run, 3))
        made: list[Any] = []

        class Notebook:
            class weaknesses:
                @staticmethod
                def add_plan(run: str, cycle: int, rows: list[dict[str, Any]], forecast: dict[str, Any]) -> None:
                    made.append(rows)

        context = RunContext(run, config, store, scripted_student()(config, finished[0], SilentWatcher()), None, SilentWatcher())
        for _ in range(2):
            plan(context, {"run": run, "cycle": 3, "champion": store.decisions.of_cycle(run, 3)["champion"]}).write(cast(Any, Notebook))
        stored = {(part["weakness"], part["strategy"]): (part["n_lessons"], part["reason"]) for part in store.weaknesses.plan(run, 3)}
    assert made[0] == made[1]
    assert {(part["weakness"], part["strategy"]): (part["n_lessons"], part["reason"]) for part in made[0]} == stored


def test_what_came_stands_beside_what_was_expected(finished: tuple[Path, list[str]], weakspot: Weakspot) -> None:
    with Store.read(finished[0]) as store:
        run = store.runs.get()["run"]
        facts, report = plan_facts(store, run), build_report(store, run)
        gains = {row["cycle"]: row["details"]["gate"]["gain"] for row in store.decisions.all(run) if row["look"]}
    assert report["forecasts"] == facts["forecasts"] and {row["cycle"]: row["came"] for row in facts["forecasts"] if row["came"] is not None} == gains != {}
    assert all(row["is_inside"] == (row["gain_low"] <= row["came"] <= row["gain_high"]) for row in facts["forecasts"] if row["came"] is not None)
    assert facts["outcome"].startswith(f"forecasts: {sum(bool(row['is_inside']) for row in facts['forecasts'])} of {len(gains)}")
    assert forecasts_table(facts["forecasts"])
    shown = weakspot("plan", "--state", finished[0])
    assert shown.code == 0 and "plan of cycle 3" in shown.out and "% of the room" in shown.out and "points expected at the gate" in shown.out
    assert weakspot("plan", "--cycle", "1", "--json", "--state", finished[0]).data["cycle"] == 1
    none = weakspot("plan", "--cycle", "9", "--state", finished[0])
    assert none.code == 2 and "has no plan of cycle 9" in none.err
