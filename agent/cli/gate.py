"""`weakspot gate`: what the gate would do, before anything is spent on it."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.display import Display, watching
from agent.cli.output import AsJson, Run, write_json, write_rich
from agent.cli.session import session_of

app = typer.Typer(help="The test that decides on promotion.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def about() -> None:
    """The test that decides on promotion."""


@app.command()
def simulate(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="Use the candidate of this cycle; the newest judged one by default.", show_default=False)] = None,
    n_candidates: Annotated[int, typer.Option("--candidates", min=100, max=100_000, help="Simulated candidates for each number; 2,000 are right to 2 points.")] = 2000,
    display: Annotated[Display | None, typer.Option(help="Progress on stderr; rich on a terminal, else plain.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Imagine thousands of candidates from a run's stored answers, and see what its gate does with them.

    How often one that is no better would be promoted, how often one with a real gain would, with half, twice and four times the
    items, and how often a harmless one passes each protected suite: to size suites and margins. Nothing is asked or written.
    """
    from agent.report.simulated_gate import simulate_gate
    from agent.report.terminal import simulation_tables

    with session_of(ctx).read() as store, watching(display) as watcher:
        facts = simulate_gate(store, run, cycle=cycle, n_candidates=n_candidates, progress=watcher.progress)
    if as_json:
        write_json(facts)
    else:
        write_rich(simulation_tables(facts))
