"""`weakspot compare`: two models on the same probes, item by item."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agent.cli.output import AsJson, console, write_json, write_rich
from agent.cli.session import session_of

EXIT_REGRESSION = 100


class Score(StrEnum):
    """Values of `--score`."""

    strict = "strict"
    lenient = "lenient"


def compare(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="RUN (its champion), RUN:CYCLE (that cycle's candidate), base or latest.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same; its run's probes are compared.")],
    score: Annotated[Score | None, typer.Option(help="Default: the gate's score of B's run.", show_default=False)] = None,
    splits: Annotated[list[str] | None, typer.Option("--split", help="diagnose, gate, protected or audit; repeatable. Default: gate and protected.", show_default=False)] = None,
    n_samples: Annotated[int, typer.Option("--samples", min=0, help="Samples shown of each kind; --json has all.")] = 5,
    fail_on_regression: Annotated[bool, typer.Option("--fail-on-regression", help="Exit with 100 when B is measurably worse on any suite (one-sided exact tests, .05 over all suites).")] = False,
    as_json: AsJson = False,
) -> None:
    """Two models on the same probes, item by item.

    Fixed, broken and still wrong with an exact one-sided McNemar test and a 95 % interval, per suite and per weakness, and the
    samples, broken ones first. Only stored answers are compared: nothing is asked, and the two may come from different runs.
    """
    from agent.report.comparison import SPLITS, compare_models
    from agent.report.terminal import comparison_tables

    with session_of(ctx).read() as store:
        facts = compare_models(store, before, after, score=score.value if score else None, splits=splits or SPLITS)
    if as_json:
        write_json(facts)
    else:
        write_rich(comparison_tables(facts, n_samples, console().width))
    if fail_on_regression and facts["regressions"]:
        raise typer.Exit(EXIT_REGRESSION)
