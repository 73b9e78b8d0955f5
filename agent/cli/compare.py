"""`weakspot compare`: two models on the same probes, item by item."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agent.cli.output import AsJson, console, write_json, write_rich
from agent.cli.session import session_of
from probes.errors import WeakspotError

EXIT_REGRESSION = 100


class Score(StrEnum):
    """Values of `--score`."""

    strict = "strict"
    lenient = "lenient"


def compare(
    ctx: typer.Context,
    before: Annotated[str | None, typer.Argument(metavar="A", help="RUN (its champion), RUN:CYCLE (that cycle's candidate), base or latest. With --control: the run.", show_default=False)] = None,
    after: Annotated[str | None, typer.Argument(metavar="B", help="The same; its run's probes are compared.", show_default=False)] = None,
    is_control: Annotated[bool, typer.Option("--control", help="Train arms from one parent: targeted, untargeted, random human-made.")] = False,
    cycle: Annotated[int | None, typer.Option(min=1, help="With --control: whose plan; the newest by default.", show_default=False)] = None,
    n_seeds: Annotated[int, typer.Option("--seeds", min=1, help="With --control: repetitions of each arm.")] = 1,
    n_lessons: Annotated[int | None, typer.Option("--lessons", min=5, help="With --control: lessons an arm; the run's own number by default.", show_default=False)] = None,
    has_curve: Annotated[bool, typer.Option("--curve", help="With --control: half of the lessons too, to say how many each arm needs.")] = False,
    score: Annotated[Score | None, typer.Option(help="Default: the gate's score of B's run.", show_default=False)] = None,
    splits: Annotated[list[str] | None, typer.Option("--split", help="diagnose, gate, protected or audit; repeatable. Default: gate and protected.", show_default=False)] = None,
    n_samples: Annotated[int, typer.Option("--samples", min=0, help="Samples shown of each kind; --json has all.")] = 5,
    fail_on_regression: Annotated[bool, typer.Option("--fail-on-regression", help="Exit with 100 when B is measurably worse on any suite (one-sided exact tests, .05 over all suites).")] = False,
    as_json: AsJson = False,
) -> None:
    """Two models on the same probes, item by item.

    Fixed, broken and still wrong with an exact one-sided McNemar test and a 95 % interval, per suite and per weakness, and the
    samples, broken ones first. Only stored answers are compared: nothing is asked, and the two may come from different runs.

    With --control models are trained: from the parent of one cycle, on equally many lessons and tokens, once with the cycle's
    plan, once over all skills, once on human-made rows alone. None of them can become champion.
    """
    if is_control:
        _control(ctx, before, after, cycle, n_seeds, n_lessons, has_curve, splits, as_json)
        return
    if before is None or after is None:
        raise WeakspotError("compare needs two models", hint="weakspot compare base latest, or weakspot compare --control")
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


def _control(ctx: typer.Context, run: str | None, after: str | None, cycle: int | None, n_seeds: int, n_lessons: int | None, has_curve: bool,
             splits: list[str] | None, as_json: bool) -> None:
    from agent import loop
    from agent.cli.display import watching
    from agent.report.control import control_headline, control_tables

    if after is not None or len(splits or []) > 1:
        raise WeakspotError("--control compares the arms of one run on one split", hint="weakspot compare --control RUN --split audit")
    with watching(None) as watcher:
        facts = loop.compare_control(run, session_of(ctx).state_dir, watcher, cycle=cycle, n_seeds=n_seeds, n_lessons=n_lessons, has_curve=has_curve,
                                     split=(splits or ["gate"])[0])
    if as_json:
        write_json({"headline": control_headline(facts), **facts})
    else:
        write_rich(control_tables(facts))
