"""`weakspot weaknesses`: what the student is bad at, with evidence, worst first."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, Run, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import one_line, percent, percent_interval, points


def weaknesses(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="As found in this cycle; the latest diagnosed one by default.", show_default=False)] = None,
    is_history: Annotated[bool, typer.Option("--history", help="Every cycle in which each weakness was seen.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the student is bad at, worst first.

    Id, label, size, failure rate with its interval, change since last seen, state and an example.
    """
    from agent.report.cycles import weakness_facts
    from agent.report.terminal import weaknesses_table

    with session_of(ctx).read() as store:
        name = store.runs.get(run)["run"]
        at = cycle or store.weaknesses.last_cycle(name)
        if is_history:
            rows = store.weaknesses.history(name)
        else:
            decision = store.decisions.of_cycle(name, at) or {"details": {}}
            rows = weakness_facts(store, name, at, decision["details"].get("per_weakness") or [])
    if as_json:
        write_json({"run": name, "cycle": None if is_history else at, "weaknesses": rows})
    elif not rows:
        write_lines([f"{name} has found no weakness" + (f" in cycle {at}" if at else " yet: nothing was diagnosed")])
    elif is_history:
        write_rich([table(f"weaknesses of {name} over cycles", ("id", "cycle", "label", "n", "wrong", "95 %", "change", "state"), (
            (row["weakness"], row["cycle"], one_line(row["label"], 60), row["n"], percent(row["failure_rate"]), percent_interval(row["ci_low"], row["ci_high"]),
             points(row["change"]), row["state"]) for row in rows), right=(1, 3, 4, 6), wrap=(2,))])
    else:
        write_rich([weaknesses_table(rows, f"weaknesses of {name}, cycle {at}")])
        write_lines([f"next: weakspot show {rows[0]['id']}"])
