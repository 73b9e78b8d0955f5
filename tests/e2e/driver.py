"""The loop with the scripted student, as a process that a test may kill: `python -m tests.e2e.driver STATE [RUN]`."""

from __future__ import annotations

import sys
from pathlib import Path

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import resume, start
from agent.watch import SilentWatcher

SETTINGS = ["suites.limit=240", "suites.protected_limit=120", "plan.lessons_per_cycle=60", "limits.cycles=2", "limits.disk_mb=1", "gate.margin=0.1", "collapse.texts=0"]


def main(state: str, run: str = "") -> None:
    """Start a run in `state`, or go on with `run`."""
    if run:
        outcome = resume(run, Path(state), SilentWatcher(), open_student=scripted_student())
    else:
        outcome = start(load_config(None, SETTINGS, {}), Path(state), SilentWatcher(), open_student=scripted_student())
    sys.stdout.write(f"{outcome.run} {outcome.status} {outcome.reason}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
