"""Status of a run: running, killed, finished; time left."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.report.progress import run_progress, status_sentence
from agent.store import Store
from tests.agent.report.builder import RUN, build_run


def test_a_finished_run(store: Store) -> None:
    facts = run_progress(store)
    assert facts["status"] == "finished" and facts["eta_s"] is None and facts["stage"] is None
    assert facts["last_decision"]["cycle"] == 3 and facts["spent_usd"] == pytest.approx(0.0134)
    assert len(facts["stages"]) == 18 and facts["next"] == f"weakspot report {RUN} --open"


def test_time_left_comes_from_finished_cycles(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=1, status="running", is_audited=False)
    with Store.open(tmp_path) as store:  # takes the lock: this process is the supervisor
        store.runs.begin_stage(RUN, 2, "evaluate", "h")
        begun = datetime.fromisoformat(store.runs.stage(RUN, 2, "evaluate")["started_at"])
        facts = run_progress(store, now=begun + timedelta(seconds=60))
        first = sum(stage["seconds"] for stage in facts["stages"] if stage["cycle"] == 1)
        assert facts["is_alive"] and facts["cycle"] == 2 and facts["stage"] == "evaluate"
        assert facts["eta_s"] == pytest.approx(2 * first - 60, abs=0.01)
        assert status_sentence(facts) == f"{RUN} is running: cycle 2 of 3, evaluate"


def test_a_killed_run_says_how_to_go_on(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=1, status="running", is_audited=False)
    (tmp_path / "run.lock").write_text(str(_dead_pid()))
    with Store.read(tmp_path) as store:
        facts = run_progress(store, now=datetime.now(UTC))
    assert not facts["is_alive"] and facts["eta_s"] is None
    assert "nothing finished is lost" in status_sentence(facts) and facts["next"] == f"weakspot run --resume {RUN}"


def _dead_pid() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
