"""One short cycle with the real SmolLM2: real weights, real lm-eval, real LoRA, real gate. Minutes on 2 cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agent.config import load_config
from agent.loop import resume, start
from agent.store import Store
from agent.student import adapters
from agent.watch import SilentWatcher

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]

SETTINGS = ["student.system_prompt=''", "suites.limit=260", "suites.protected_limit=80", "plan.lessons_per_cycle=120", "limits.cycles=1",
            "gate.margin=0.15", "seed=7", "collapse.texts=24"]


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
        protected = list(store.samples.of_model(run, "", ["protected"]))
    assert first["kind"] == "format"
    assert len(protected) == 80 and sum(row["lenient"] for row in protected) / len(protected) >= 0.5
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


def test_the_collapse_monitor_read_the_real_model(finished: tuple[Path, str]) -> None:
    state, run = finished
    with Store.read(state) as store:
        base, candidate = store.panels.all(run)
    assert base["cycle"] == 0 and candidate["cycle"] == 1 and not candidate["is_vetoed"]
    assert all(0.3 < loss < 8 for loss in base["body"]["losses"]), "nats a token on real answers"
    assert 0 < abs(candidate["body"]["panel"]["values"]["loss"]) < 1
    assert base["body"]["panel"]["values"]["words"] > candidate["body"]["panel"]["values"]["words"] > 0, "lessons have short answers"


def test_everything_a_user_reads_is_there(finished: tuple[Path, str]) -> None:
    state, run = finished
    folder = state / "runs" / run
    for name in ("config.yaml", "log.md", "cycle-001/curriculum.jsonl", "cycle-001/samples.jsonl", "cycle-001/weaknesses.json",
                 "cycle-001/decision.json", "cycle-001/map.parquet"):
        assert (folder / name).stat().st_size > 0, name
    assert json.loads((folder / "cycle-001" / "decision.json").read_text())
    assert list(folder.rglob("report.html"))


def test_killed_twice_and_resumed_nothing_is_done_again(models_dir: Path, tmp_path: Path) -> None:
    """kill -9 with answers given but not stored, then with training about to start; the third process finishes."""
    (tmp_path / "models").symlink_to(models_dir, target_is_directory=True)
    assert drive(tmp_path, fault="evaluate.before_samples@1:kill").returncode == -9
    assert_no_worker_is_left(tmp_path)
    with Store.read(tmp_path) as store:
        run = store.runs.get()["run"]
    interrupted = [name for name, row in stages(tmp_path).items() if name != "prepare" and not row["finished_at"]]
    assert len(interrupted) == 1 and not answers(tmp_path), "the first answers were given, and none is stored"

    assert drive(tmp_path, run, fault="train.start@1:kill").returncode == -9
    assert_no_worker_is_left(tmp_path)
    before, answered = stages(tmp_path), answers(tmp_path)
    finished_then = [name for name, row in before.items() if row["cycle"] == 1 and name != "train"]  # cycle 0: what every process looks up
    assert {"evaluate", "diagnose", "plan", "teach"} == set(finished_then)
    assert all(before[name]["finished_at"] for name in finished_then) and not before["train"]["finished_at"]
    attempts = {name: before[name]["attempts"] for name in finished_then}
    assert attempts == {name: 2 if name in interrupted else 1 for name in finished_then}, "only the killed stage began anew"

    done = drive(tmp_path, run)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_no_worker_is_left(tmp_path)
    after = stages(tmp_path)
    for name in finished_then:  # neither begun nor finished again: journal row as it was
        assert after[name] == before[name], f"{name} was repeated"
    assert after["train"]["attempts"] == 2 and after["gate"]["attempts"] == 1
    assert all(stage["finished_at"] for stage in after.values())
    assert answered and answered.items() <= answers(tmp_path).items(), "stored answers were asked for again"
    with Store.read(tmp_path) as store:
        row, decision = store.runs.get(run), store.decisions.of_cycle(run, 1)
        made = {adapter["adapter"]: tmp_path / adapter["path"] for adapter in store.decisions.adapters(run)}
    assert row["status"] == "finished" and decision and len(made) == 1
    assert (row["champion"] in made) == (decision["decision"] == "promote") and (row["champion"] in made or not row["champion"])
    for name, folder in made.items():
        adapters.verify(folder, name)
    assert [path.name for path in (tmp_path / "adapters").iterdir()] == list(made), "an unfinished adapter lies about"
    assert not list((tmp_path / "scratch").iterdir())


def drive(state: Path, run: str = "", fault: str = "") -> subprocess.CompletedProcess[str]:
    """One process of the loop. Its workers inherit `WEAKSPOT_TEST_MARK`, by which they are found."""
    environment = {**os.environ, "WEAKSPOT_TEST_MARK": str(state)} | ({"WEAKSPOT_FAULT": fault} if fault else {})
    return subprocess.run([sys.executable, "-m", "tests.e2e.real_driver", str(state), *([run] if run else [])], capture_output=True,
                          text=True, env=environment, timeout=600)


def stages(state: Path) -> dict[str, dict[str, Any]]:
    with Store.read(state) as store:
        return {row["stage"]: row for row in store.runs.stages(store.runs.get()["run"])}


def answers(state: Path) -> dict[tuple[str, str], str]:
    """Time at which each stored answer was given, by adapter and probe."""
    with Store.read(state) as store:
        return {(row["adapter"], row["probe_hash"]): row["created_at"] for row in store.db["samples"].rows}


def assert_no_worker_is_left(state: Path) -> None:
    """Every process that carries this test's mark must be gone: the kernel ends workers a moment after their parent."""
    deadline = time.monotonic() + 10
    while left := marked_processes(state):
        assert time.monotonic() < deadline, f"worker processes outlive their supervisor: {left}"
        time.sleep(0.1)


def marked_processes(state: Path) -> list[int]:
    mark = f"WEAKSPOT_TEST_MARK={state}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_marked = mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended, or is somebody else's
            continue
        if is_marked:
            found.append(int(folder.name))
    return found
