"""`weakspot collapse`: what the monitor saw, cycle by cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from agent.cli.output import AsJson, Run, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import percent

EXIT_ALARM = 100


def collapse(
    ctx: typer.Context,
    run: Run = None,
    as_json: AsJson = False,
    fail_on_alarm: Annotated[bool, typer.Option("--fail-on-alarm", help="Exit with 100 when the newest candidate raised an alarm.")] = False,
) -> None:
    """Diversity, tails and ability of each candidate against the base, on real text that nobody is trained on.

    Alarms of two candidates in a row forbid the second one's promotion.
    """
    from agent.report.collapse import collapse_facts

    with session_of(ctx).read() as store:
        facts = collapse_facts(store, store.runs.get(run)["run"])
    if as_json:
        write_json(facts)
    elif not facts["columns"]:
        write_lines([f"run {facts['run']}: no candidate has been measured" + (f" ({facts['unmeasured']})" if facts["unmeasured"] else "")])
    else:
        heads = ["metric", *("base" if column["cycle"] == 0 else f"cycle {column['cycle']}" for column in facts["columns"]), "says"]
        rows = [(row["metric"], *(_shown(cell) for cell in row["cells"]), row["says"]) for row in facts["rows"]]
        write_rich([table(f"collapse monitor, run {facts['run']} (! alarm)", heads, rows, right=range(1, len(heads) - 1), wrap=(len(heads) - 1,))])
        write_lines(_lines(facts))
    if fail_on_alarm and facts["columns"] and facts["columns"][-1]["alarms"]:
        raise typer.Exit(EXIT_ALARM)


def _shown(cell: dict[str, Any]) -> str:
    return "–" if cell["value"] is None else f"{cell['value']:.3g}" + ("!" if cell["is_alarm"] else "")


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for column in facts["columns"]:
        if column["real_share"] is not None:
            yield f"cycle {column['cycle']}: {percent(column['real_share'])} real, deepest lesson {column['deepest']}, loss by decile " + " ".join(f"{loss:+.2f}" for loss in column["loss_by_decile"])
        for alarm in column["alarms"]:
            yield f"cycle {column['cycle']}: alarm: {alarm}"
        if column["is_vetoed"]:
            yield f"cycle {column['cycle']}: promotion forbidden, the second alarm in a row"
    if not any(column["alarms"] for column in facts["columns"]):
        yield "no alarm"
