"""`weakspot strategies`: the ways of writing lessons, what each has cost so far, and a trial of one before a run is spent on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.display import Display, watching
from agent.cli.output import AsJson, table, write_json, write_lines, write_rich
from agent.cli.session import Session, load, session_of
from agent.report.wording import FUNNEL_STEPS, count, money, one_line
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from agent.config import Config
    from agent.trial import Trial
    from curricula.funnel import Judged

RAW_SHOWN = 600  # characters of a rejected candidate; --json has all

app = typer.Typer(help="Ways of writing lessons: list them, or try one on a weakness.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Every strategy with its source, what it needs, and what a kept lesson has cost so far.

    `strategies try NAME --weakness W` shows prompts and lessons before a run is spent on it.
    """
    if ctx.invoked_subcommand is not None:
        return
    from curricula.strategies.contract import list_strategies

    spent = _spent(session_of(ctx))
    rows = [{**asdict(info), **spent.get(info.name, NOTHING_YET)} for info in list_strategies()]
    if as_json:
        write_json(rows)
        return
    write_rich([table("", ("strategy", "needs", "kept", "refused", "$ per kept", "source"), (
        (row["name"], row["needs"] or "nothing", row["kept"], row["refused"], money(row["usd_per_kept"]),
         one_line(f"can't be loaded: {row['error']}" if row["error"] else row["source"], 110)) for row in rows), right=(2, 3, 4), wrap=(5,))])
    write_lines(["in use: plan.strategies; next: weakspot strategies try NAME --weakness W"])


@app.command("try")
def try_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The strategy.")],
    weakness: Annotated[str, typer.Option("--weakness", "-w", help="Id of a weakness, as `weakspot weaknesses` prints it.")],
    run: Annotated[str | None, typer.Option(help="Run that found it; the latest by default.", show_default=False)] = None,
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Accepted lessons wanted.")] = 5,
    budget_usd: Annotated[float, typer.Option(min=0, help="Most that the teacher may cost, in US dollars.")] = 0.05,
    config: Annotated[Path | None, typer.Option("-c", "--config", help="Whose teacher and human tasks to use; the run's own by default.", show_default=False)] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting on top of ./config.yaml or the defaults; repeatable.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Write a few lessons for one weakness and show everything: prompts, lessons, refusals with reasons, cost. Nothing is stored."""
    from agent.teacher.engine import LLMTeacher
    from agent.teacher.memory import MemoryCache, MemoryLedger
    from agent.trial import needs_teacher, run_trial
    from curricula.strategies.contract import find_strategy

    strategy = find_strategy(name)
    with session_of(ctx).read() as store:
        row = store.runs.get(run)
        settings = load(config, sets or []).config if config or sets else _stored(row["config"])
        if not needs_teacher(strategy):
            trial = run_trial(store, row["run"], weakness, name, n, settings, None)
        else:
            if settings.teacher.model == "symbolic":
                raise WeakspotError(f"strategy {name!r} asks a language model and the teacher is 'symbolic'",
                                    hint="name one: --set teacher.model=openai/gpt-4.1-mini, or -c with a config that does")
            with watching(Display.plain) as watcher, LLMTeacher(settings.teacher, MemoryCache(), MemoryLedger(budget_usd), progress=watcher.progress, seed=settings.seed) as teacher:
                trial = run_trial(store, row["run"], weakness, name, n, settings, teacher)
    if as_json:
        write_json(_facts(trial, name))
    else:
        write_lines(_lines(trial, name))


NOTHING_YET: dict[str, Any] = {"kept": 0, "refused": 0, "usd": 0.0, "usd_per_kept": None, "operators": {}}


def _spent(session: Session) -> dict[str, dict[str, Any]]:
    """Lessons and money by strategy, over all runs of the state folder; empty where there is none."""
    from agent.store.database import database_path

    if not database_path(session.state_dir).exists():
        return {}
    with session.read() as store:
        rows, usd = store.lessons.per_strategy(), store.money.per_strategy()
    found: dict[str, dict[str, Any]] = {name: {**NOTHING_YET, "operators": {}, "usd": spent} for name, spent in usd.items()}
    for row in rows:
        entry = found.setdefault(row["strategy"], {**NOTHING_YET, "operators": {}})
        entry["kept"] += row["kept"]
        entry["refused"] += row["refused"]
        entry["operators"][row["operator"]] = {"kept": row["kept"], "refused": row["refused"]}
    for entry in found.values():
        entry["usd_per_kept"] = entry["usd"] / entry["kept"] if entry["kept"] else None
    return found


def _stored(text: str) -> Config:
    import yaml

    from agent.config import Config

    return Config.model_validate(yaml.safe_load(text))


def _facts(trial: Trial, name: str) -> dict[str, Any]:
    counts = asdict(trial.funnel.counts[0])
    return {
        "strategy": name, "weakness": trial.brief.weakness_id, "n_failures": len(trial.brief.failures),
        "requests": [asdict(request) for request in trial.requests], "candidates": [_row(row) for row in trial.funnel.judged],
        "funnel": counts, "operators": {name: {"kept": kept, "offered": offered} for name, (kept, offered) in trial.operators.items()},
        "cost_usd": trial.cost_usd, "tokens_in": trial.tokens[0], "tokens_out": trial.tokens[1],
        "pages": {"funnel": [asdict(row) for row in trial.pages.funnel], "refused": [asdict(row) for row in trial.pages.refused], "n_passages": len(trial.brief.pages)} if trial.pages else None,
        "stopped": trial.funnel.stopped.message if trial.funnel.stopped else "",
    }  # fmt: skip


def _row(judged: Judged) -> dict[str, Any]:
    verdict, candidate = judged.verdict, judged.candidate
    row = {"is_kept": judged.is_kept, "step": verdict.step, "outcome": verdict.outcome, "reason": verdict.reason, "evidence": verdict.evidence}
    if candidate.lesson is not None:
        return {**row, **asdict(candidate.lesson)}
    return {**row, **{key: value for key, value in asdict(candidate).items() if key not in ("lesson", "step", "reason", "evidence")}}


def _lines(trial: Trial, name: str) -> Iterator[str]:
    brief, counts = trial.brief, trial.funnel.counts[0]
    yield f"{name} on {brief.weakness_id}: {one_line(brief.label, 120)}; {count(len(brief.failures), 'failure')}, {count(brief.n_lessons, 'lesson')} wanted"
    if trial.pages:
        yield from (f"web pages, {line}" for line in trial.pages.lines)
        yield f"{len(trial.brief.pages)} passages in {count(len(trial.pages.documents), 'page')}"
    for request in trial.examples:
        n_asked = sum(other.tag == request.tag for other in trial.requests)
        yield ""
        yield f"prompt {request.tag}, asked {n_asked} times, the first of them:"
        if request.system:
            yield f"    [system] {request.system}"
        yield from (f"    {line}" for line in request.prompt.split("\n"))
    for judged in trial.funnel.judged:
        yield ""
        yield from _candidate_lines(judged)
    yield ""
    yield "funnel: " + ", ".join(f"{step} {getattr(counts, step)}" for step in FUNNEL_STEPS)
    for reason, n_times in counts.reasons.items():
        yield f"  {n_times} x {reason}"
    yield "kept of offered: " + ", ".join(f"{operator or name} {kept}/{offered}" for operator, (kept, offered) in trial.operators.items())
    if trial.requests:
        yield f"{count(len(trial.requests), 'request')}, {trial.tokens[0]:,} tokens in, {trial.tokens[1]:,} out, {money(trial.cost_usd)}"
    if trial.funnel.stopped:
        yield f"stopped: {trial.funnel.stopped.message}"


def _candidate_lines(judged: Judged) -> Iterator[str]:
    verdict, lesson = judged.verdict, judged.candidate.lesson
    evidence = f" ({one_line(verdict.evidence, 120)})" if verdict.evidence else ""
    yield "kept" if judged.is_kept else f"refused at {verdict.step}: {verdict.reason or verdict.outcome}{evidence}"
    if lesson is None:
        yield from (f"    {line}" for line in judged.candidate.raw[:RAW_SHOWN].split("\n"))
        return
    yield from (f"    > {line}" for line in lesson.prompt.split("\n"))
    yield from (f"    < {line}" for line in lesson.completion.split("\n"))
    yield f"    {lesson.operator or lesson.strategy}, depth {lesson.depth}, from {one_line(', '.join(lesson.parents), 80)}; check {one_line(lesson.check, 60)!r} ({lesson.check_kind or 'none'})"


