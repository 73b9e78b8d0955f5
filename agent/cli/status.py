"""`weakspot status`: where a run is, its last decision, what was spent, the time left."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, Run, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import DECISIONS, duration, money


def status(
    ctx: typer.Context,
    run: Run = None,
    is_all: Annotated[bool, typer.Option("--all", help="One line for each run in the state folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where a run is, what it cost, how long it takes.

    Stages with seconds, the last decision, money spent, time left as guessed from finished cycles.
    """
    from agent.report.progress import STAGES, decision_sentence, run_progress, status_sentence

    with session_of(ctx).read() as store:
        names = [row["run"] for row in store.runs.all()] if is_all else [store.runs.get(run)["run"]]
        facts = [run_progress(store, name) for name in names]
    if as_json:
        write_json(facts if is_all else facts[0])
        return
    if is_all:
        write_rich([table("", ("run", "status", "cycle", "last decision", "time", "spent"), (
            (row["run"], "running" if row["is_alive"] else row["status"], f"{row['cycle']} of {row['cycles_planned']}",
             DECISIONS.get((row["last_decision"] or {}).get("decision", ""), "–"), duration(row["seconds"]), money(row["spent_usd"])) for row in facts))])
        return
    found = facts[0]
    write_lines([status_sentence(found)])
    decisions = {row["cycle"]: row["decision"] for row in found["decisions"]}
    rows = []
    for cycle in sorted({stage["cycle"] for stage in found["stages"]} | set(decisions)):
        of_cycle = {stage["stage"]: stage for stage in found["stages"] if stage["cycle"] == cycle}
        cells = [_cell(of_cycle.get(name)) for name in STAGES]
        rows.append([str(cycle), *cells, duration(sum(stage["seconds"] or 0.0 for stage in of_cycle.values())),
                     DECISIONS.get(decisions.get(cycle, ""), decisions.get(cycle, "–"))])
    if rows:
        write_rich([table("", ("cycle", *STAGES, "sum", "decision"), rows, right=range(1, 8))])
    budget = f" of {money(found['budget_usd'])}" if found["budget_usd"] is not None else ""
    write_lines([
        *([decision_sentence(found["last_decision"])] if found["last_decision"] else []),
        f"spent {money(found['spent_usd'])}{budget}, {duration(found['seconds'])} in stages" + (f", about {duration(found['eta_s'])} left" if found["eta_s"] is not None else ""),
        f"next: {found['next']}"])


def _cell(stage: dict | None) -> str:
    if stage is None:
        return "–"
    tries = f" ({stage['attempts']} tries)" if stage["attempts"] > 1 else ""
    return (duration(stage["seconds"]) if stage["finished_at"] else "…") + tries
