"""The loop with the real student, as a process that a test may kill: `python -m tests.e2e.real_driver STATE [RUN]`.

`REAL_DRIVER_SET` holds further settings, blank-separated: a tiny model folder tries the test itself in seconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agent.config import load_config
from agent.loop import resume, start
from agent.watch import SilentWatcher

SETTINGS = ["student.system_prompt=''", "suites.limit=130", "suites.protected_limit=40", "plan.lessons_per_cycle=40", "limits.cycles=1",
            "gate.margin=0.15", "seed=7", "collapse.texts=0", "train.epochs=1"]


def main(state: str, run: str = "") -> None:
    """Start a run in `state`, or go on with `run`."""
    if run:
        outcome = resume(run, Path(state), SilentWatcher())
    else:
        settings = [*SETTINGS, *os.environ.get("REAL_DRIVER_SET", "").split()]
        outcome = start(load_config(None, settings, {}), Path(state), SilentWatcher())
    sys.stdout.write(f"{outcome.run} {outcome.status} {outcome.reason}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
