"""How far a run is, as data: stages with seconds, last decision, money, and a guess of the time left."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import yaml

from agent.report.wording import DECISIONS
from agent.store import Store

STAGES = ("evaluate", "diagnose", "plan", "teach", "train", "gate")


def run_progress(store: Store, run: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """Where a run is. `eta_s` comes from its finished cycles; None before the first, and when it has ended.

    Raises:
        WeakspotError: no such run.
    """
    row = store.runs.get(run)
    config = yaml.safe_load(row["config"]) or {}
    stages = [{key: stage[key] for key in ("cycle", "stage", "started_at", "finished_at", "seconds", "attempts")} for stage in store.runs.stages(row["run"])]
    decisions = store.decisions.all(row["run"])
    decided = {decision["cycle"] for decision in decisions}
    current = next((stage for stage in reversed(stages) if stage["finished_at"] is None), None)
    is_alive = row["status"] == "running" and _holder_lives(store)
    n_planned = config.get("limits", {}).get("cycles", 0)
    seconds = [sum(stage["seconds"] or 0.0 for stage in stages if stage["cycle"] == cycle) for cycle in sorted(decided)]
    eta = None
    if is_alive and seconds:
        running = sum(stage["seconds"] or 0.0 for stage in stages if stage["cycle"] not in decided and stage["cycle"] > 0)
        if current is not None:
            running += max(0.0, ((now or datetime.now(UTC)) - datetime.fromisoformat(current["started_at"])).total_seconds())
        eta = max(0.0, sum(seconds) / len(seconds) * (n_planned - len(decided)) - running)
    last = decisions[-1] if decisions else None
    return {
        "run": row["run"], "status": row["status"], "is_alive": is_alive, "stop_reason": row["stop_reason"], "student": row["student"],
        "created_at": row["created_at"], "finished_at": row["finished_at"], "champion": row["champion"],
        "cycle": current["cycle"] if current else max((stage["cycle"] for stage in stages), default=0), "cycles_planned": n_planned,
        "stage": current["stage"] if current else None, "stages": stages,
        "last_decision": {key: last[key] for key in ("cycle", "decision", "reason", "p_value", "level")} if last else None,
        "decisions": [{"cycle": decision["cycle"], "decision": decision["decision"]} for decision in decisions],
        "spent_usd": store.money.spent_usd(row["run"]), "budget_usd": config.get("limits", {}).get("budget_usd"),
        "seconds": sum(stage["seconds"] or 0.0 for stage in stages), "eta_s": eta, "next": _next(row, is_alive),
    }


def status_sentence(facts: dict[str, Any]) -> str:
    """One line: what the run is doing now."""
    if facts["is_alive"]:
        where = f"cycle {facts['cycle']} of {facts['cycles_planned']}, {facts['stage']}" if facts["stage"] else f"cycle {facts['cycle']} of {facts['cycles_planned']}"
        return f"{facts['run']} is running: {where}"
    if facts["status"] == "running":
        return f"{facts['run']} was stopped without a word in cycle {facts['cycle']}; nothing finished is lost"
    return f"{facts['run']} {facts['status']}{': ' + facts['stop_reason'] if facts['stop_reason'] else ''}"


def decision_sentence(last: dict[str, Any]) -> str:
    """One line: how the last cycle ended."""
    return f"cycle {last['cycle']} {DECISIONS.get(last['decision'], last['decision'])}: {last['reason']}"


def _next(row: dict[str, Any], is_alive: bool) -> str:
    if is_alive:
        return "weakspot status"
    return f"weakspot report {row['run']} --open" if row["status"] == "finished" else f"weakspot run --resume {row['run']}"


def _holder_lives(store: Store) -> bool:
    """Whether the process named in the lock file exists. Only looked at: taking the lock could turn a supervisor away."""
    try:
        pid = int((store.state_dir / "run.lock").read_text(encoding="utf-8").strip())
        if pid <= 0:
            return False
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
