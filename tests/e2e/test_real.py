"""One short cycle with the real SmolLM2: real weights, real lm-eval, real LoRA, real gate. Minutes on 2 cores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.config import load_config
from agent.loop import resume, start
from agent.store import Store
from agent.watch import SilentWatcher

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]

SETTINGS = ["student.system_prompt=''", "suites.limit=260", "suites.protected_limit=80", "plan.lessons_per_cycle=120", "limits.cycles=1",
            "gate.margin=0.15", "seed=7"]


class Spy(SilentWatcher):
    """Counts the stages that were really done."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        self.stages.append(stage)


@pytest.fixture(scope="module")
def finished(real_state: Path) -> tuple[Path, str]:
    spy = Spy()
    paused = start(load_config(None, SETTINGS, {}), real_state, spy, approve=True)
    assert paused.status == "paused" and "teach" in spy.stages and "train" not in spy.stages
    again = Spy()
    outcome = resume(paused.run, real_state, again)
    assert outcome.status == "finished"
    assert not {"evaluate", "diagnose", "plan", "teach"} & set(again.stages), "finished stages were repeated"
    return real_state, outcome.run


def test_the_first_weakness_is_the_answer_format(finished: tuple[Path, str]) -> None:
    state, run = finished
    with Store.read(state) as store:
        first = store.weaknesses.of_cycle(run, 1)[0]
        base = {row["split"]: row for row in store.samples.accuracy(run, "") if row["suite"] == "basics"}
    assert first["kind"] == "format"
    assert base["diagnose"]["strict"] < 0.1 < base["diagnose"]["lenient"]


def test_the_candidate_learned_and_the_gate_saw_it(finished: tuple[Path, str]) -> None:
    state, run = finished
    with Store.read(state) as store:
        decision = store.decisions.of_cycle(run, 1)
        adapter = store.decisions.adapters(run)[0]
    assert decision["details"]["strict"]["gain"] > 0.05 and decision["p_value"] < 0.01
    assert adapter["effect"] > 0.01 and adapter["final_loss"] < adapter["first_loss"]
    folder = state / adapter["path"]
    assert folder.name == adapter["adapter"] and (folder / "adapter_model.safetensors").is_file()


def test_everything_a_user_reads_is_there(finished: tuple[Path, str]) -> None:
    state, run = finished
    folder = state / "runs" / run
    for name in ("config.yaml", "log.md", "cycle-001/curriculum.jsonl", "cycle-001/samples.jsonl", "cycle-001/weaknesses.json",
                 "cycle-001/decision.json", "cycle-001/map.parquet"):
        assert (folder / name).stat().st_size > 0, name
    assert json.loads((folder / "cycle-001" / "decision.json").read_text())
    assert list(folder.rglob("report.html"))
