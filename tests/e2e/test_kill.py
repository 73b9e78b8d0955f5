"""kill -9 of the supervisor at every durable effect: the resumed run ends in the state of an undisturbed one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.store import Store

POINTS = [
    "prepare.before_commit", "noise.before_commit", "audit.before_commit",
    "evaluate.start", "evaluate.before_samples", "evaluate.before_commit", "diagnose.before_commit", "diagnose.inside_commit", "plan.after_commit",
    "teach.before_commit", "teach.inside_commit", "train.start", "train.before_rename", "train.after_rename", "train.before_commit",
    "gate.start", "gate.before_commit", "gate.inside_commit", "gate.after_commit", "cycle.before_export",
]
_IGNORED = {"run", "created_at", "finished_at", "started_at", "seconds", "attempts", "config", "versions", "settled_at", "status", "stop_reason"}
SECONDS = re.compile(r'"seconds": ?[0-9.e-]+')  # inside the verdicts of a lesson


def drive(state: Path, run: str = "", fault: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WEAKSPOT_FAULT": fault} if fault else dict(os.environ)
    return subprocess.run([sys.executable, "-m", "tests.e2e.driver", str(state), *([run] if run else [])], capture_output=True, text=True,
                          env=environment, timeout=240)


def facts(state: Path) -> dict[str, Any]:
    """Everything stored but times and the run's name."""
    with Store.read(state) as store:
        run = store.runs.get()
        tables = {}
        for table in ("probes", "samples", "weaknesses", "weakness_members", "map_points", "plans", "lessons", "funnels", "curricula", "adapters",
                      "decisions", "audits"):
            rows = [{key: value for key, value in row.items() if key not in _IGNORED | {"id"}} for row in store.db[table].rows]
            tables[table] = sorted(repr(sorted((k, SECONDS.sub("", str(v)).replace(run["run"], "RUN")) for k, v in row.items())) for row in rows)
        return {"champion": run["champion"], "status": run["status"], "reason": run["stop_reason"], **tables}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    state = tmp_path_factory.mktemp("undisturbed")
    done = drive(state)
    assert done.returncode == 0, done.stderr
    found = facts(state)
    assert found["champion"] and len(found["decisions"]) == 2 and found["audits"]
    return found


@pytest.mark.parametrize("point", POINTS)
def test_killed_and_resumed_equals_undisturbed(point: str, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    # odd points die in the first cycle, even ones in the second
    count = 1 if POINTS.index(point) % 2 == 0 or point.startswith(("prepare", "noise", "audit", "evaluate.before_samples")) else 2
    killed = drive(tmp_path, fault=f"{point}@{count}:kill")
    assert killed.returncode == -9, f"{point} was never reached: {killed.stderr[-800:]}"
    with Store.read(tmp_path) as store:
        run = store.runs.get()["run"]
    resumed = drive(tmp_path, run)
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    found = facts(tmp_path)
    for name, value in undisturbed.items():
        assert found[name] == value, f"{name} differs after a kill at {point}"
