"""`weakspot plan`: who gets lessons by which strategy, why, what is expected of it, and how earlier forecasts fared."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, Run, write_json, write_rich
from agent.cli.session import session_of


def plan(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="The plan of this cycle; the newest by default.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Who gets lessons by which strategy, and why.

    With what is expected of the cycle (gain with an 80 % interval, chance that the gate sees it and promotes, lessons, tokens, time,
    money) and, for cycles that were judged, what came of it.
    """
    from agent.report.planned import plan_facts, plan_on_terminal

    with session_of(ctx).read() as store:
        facts = plan_facts(store, store.runs.get(run)["run"], cycle)
    if as_json:
        write_json(facts)
    else:
        write_rich(plan_on_terminal(facts))
