"""Makes a stage idempotent: done once, stored once, found ever after.

The product and the stage's rows are written in one transaction. LangGraph may run a node twice (its
sqlite saver does not order writes before the next checkpoint, langgraph issue 8039); the second time
finds the product here.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from agent import faults
from agent.context import RunContext, StageResult
from agent.graph import Node
from agent.state import CycleState
from probes.errors import WeakspotError

Stage = Callable[[RunContext, CycleState], StageResult]


def journalled(context: RunContext, name: str, stage: Stage) -> Node:
    """Wrap a stage function into a graph node that runs at most once to its end."""

    def node(state: CycleState) -> dict[str, Any]:
        run, cycle = state["run"], state["cycle"]
        inputs = _inputs_hash(context, state)
        row = context.store.runs.stage(run, cycle, name)
        if row and row["finished_at"]:
            if row["inputs_hash"] != inputs:
                raise WeakspotError(f"stage {name!r} of cycle {cycle} was done with other inputs", where=f"run {run}", exit_code=1,
                                    hint="start a fresh run: weakspot run")
            return row["product"]
        context.watcher.stage(run, cycle, name)
        context.store.runs.begin_stage(run, cycle, name, inputs)
        faults.point(f"{name}.start")
        begun = time.monotonic()
        result = stage(context, state)
        seconds = time.monotonic() - begun
        faults.point(f"{name}.before_commit")
        with context.store.transaction():
            result.write(context.store)
            faults.point(f"{name}.inside_commit")
            context.store.runs.finish_stage(run, cycle, name, result.update, seconds)
        faults.point(f"{name}.after_commit")
        context.watcher.done(run, cycle, name, result.summary, seconds)
        return result.update

    return node


def _inputs_hash(context: RunContext, state: CycleState) -> str:
    body = {"config": context.config.hash(), "model": context.student.model_key, **state}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
