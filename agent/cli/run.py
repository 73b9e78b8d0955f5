"""`weakspot run`: start, resume or rehearse a run, and say at the end what came of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.display import Display, watching
from agent.cli.output import AsJson, write_json, write_lines
from agent.cli.session import DEFAULT_CONFIG, Session, load, session_of
from agent.report.wording import money
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from agent.config import Loaded
    from agent.loop import RunOutcome

EXIT_INTERRUPTED = 130  # as a shell reports SIGINT; the state is saved


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[RUN]", help="With --resume: which run; the latest by default.", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option("-c", "--config", help="YAML file; ./config.yaml by default, where there is one.", show_default=False)] = None,
    cycles: Annotated[int | None, typer.Option(min=1, help="Most cycles.", show_default=False)] = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="Most money for the teacher, in US dollars.", show_default=False)] = None,
    suites: Annotated[list[str] | None, typer.Option("--suite", help="Suite to improve: built-in name, JSONL file, lm-eval task; repeatable.", show_default=False)] = None,
    include_path: Annotated[list[str] | None, typer.Option(help="Folder of lm-eval task YAML, which may run code; repeatable.", show_default=False)] = None,
    is_resumed: Annotated[bool, typer.Option("--resume", help="Go on with a run where it stopped.")] = False,
    is_rehearsal: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
    control_every: Annotated[int | None, typer.Option(min=0, help="After every so many cycles, train arms without a target beside it.", show_default=False)] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Pause before training, to look at the lessons.")] = False,
    display: Annotated[Display | None, typer.Option(help="Progress on stderr; rich on a terminal, else plain.", show_default=False)] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any key of the configuration, as in train.lora_r=16; repeatable.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Improve a student, cycle by cycle.

    A cycle evaluates, diagnoses, plans, teaches, trains and judges at the gate. Everything is stored as it is done: a run that was
    stopped goes on with --resume. At the end it says what was gained, what was rejected and why.
    """
    session = session_of(ctx)
    if name is not None and not is_resumed:
        meant = f"-c {name}" if Path(name).suffix in (".yaml", ".yml") else f"--resume {name}"
        raise WeakspotError(f"unexpected argument {name!r}", hint=f"did you mean: weakspot run {meant}")
    flags = _flags(seed=seed, suites=suites, include_path=include_path, control_every=control_every)
    limits = _flags(cycles=cycles, budget_usd=budget_usd)
    if is_resumed:
        if is_rehearsal:
            raise WeakspotError("--dry-run and --resume exclude each other", hint="`weakspot status` shows what a run has done")
        has_own = config is not None or bool(sets) or bool(flags)
        given = _named(load(config or _config_of(session, name), [*(sets or []), *flags]), flags) if has_own else None
        with watching(display) as watcher:
            from agent import loop

            outcome = loop.resume(name, session.state_dir, watcher, given=given, cycles=cycles, budget_usd=budget_usd, approve=approve)
    else:
        loaded = _named(load(config, [*(sets or []), *flags, *limits]), [*flags, *limits])
        with watching(display) as watcher:
            from agent import loop

            if is_rehearsal:
                _write_rehearsal(loop.dry_run(loaded, session.state_dir, watcher), as_json)
                return
            outcome = loop.start(loaded, session.state_dir, watcher, approve=approve)
    _write_outcome(session, outcome, as_json)
    raise typer.Exit(exit_code(outcome))


def exit_code(outcome: RunOutcome) -> int:
    """0 for a run that ended, or waits, by its own rule; 130 interrupted; 1 otherwise."""
    if outcome.status == "interrupted":
        return EXIT_INTERRUPTED
    return 0 if outcome.status in ("finished", "paused") else 1


KEY_OF_FLAG = {"seed": "seed", "suites": "suites.probes", "include_path": "suites.include_path", "cycles": "limits.cycles", "budget_usd": "limits.budget_usd", "control_every": "limits.control_every"}
NAME_OF_KEY = {"seed": "--seed", "suites.probes": "--suite", "suites.include_path": "--include-path", "limits.cycles": "--cycles", "limits.budget_usd": "--budget-usd", "limits.control_every": "--control-every"}


def _flags(**values: Any) -> list[str]:
    """Flags as `--set` strings; JSON is YAML."""
    return [f"{KEY_OF_FLAG[flag]}={json.dumps(value)}" for flag, value in values.items() if value is not None and value != []]


def _named(loaded: Loaded, flags: list[str]) -> Loaded:
    """Sources that name the flag the user typed, not the `--set` it was turned into."""
    keys = [flag.partition("=")[0] for flag in flags]
    return replace(loaded, sources={**loaded.sources, **{key: NAME_OF_KEY[key] for key in keys}})


def _config_of(session: Session, name: str | None) -> Path | None:
    """A resumed run's own configuration is what `--set` changes; ./config.yaml may be another one's."""
    with session.read() as store:
        folder = session.state_dir / "runs" / store.runs.get(name)["run"] / DEFAULT_CONFIG.name
    return folder if folder.is_file() else None


def _write_rehearsal(plan: dict[str, Any], as_json: bool) -> None:
    if as_json:
        write_json(plan)
        return
    lines = [f"student {plan.get('student')}, teacher {plan.get('teacher')}, strategies {', '.join(plan.get('strategies', []))}"]
    for suite in plan.get("suites", []):
        size = "size known at the run" if suite["n"] is None else f"{suite['n']} probes"
        splits = ", ".join(f"{n} {split}" for split, n in suite["splits"].items()) or ("never shown to a teacher" if suite["role"] == "protected" else "")
        lines.append(f"suite {suite['suite']} ({suite['role']}): {size}" + (f": {splits}" if splits else ""))
    lines.append(f"{plan.get('cycles')} cycles of {plan.get('lessons_per_cycle')} lessons, at most {money(plan.get('budget_usd'))}")
    lines += plan.get("power_text", [])
    write_lines([*lines, "nothing was written; start it without --dry-run"])


def _write_outcome(session: Session, outcome: RunOutcome, as_json: bool) -> None:
    """The last words: gained, rejected and why, protected, money, which file to open."""
    from agent.report.facts import build_report
    from agent.report.folder import REPORT, run_folder
    from agent.report.headline import closing_lines

    with session.read() as store:
        facts = build_report(store, outcome.run)
        html = run_folder(store, outcome.run) / REPORT
    if as_json:
        write_json({"run": outcome.run, "status": outcome.status, "reason": outcome.reason, "report": str(html) if html.is_file() else None,
                    **{key: facts[key] for key in ("headline", "student", "champion", "audit", "protected", "money", "seconds")},
                    "cycles": [{key: cycle[key] for key in ("cycle", "decision", "p_value", "gate", "reasons", "seconds")} for cycle in facts["cycles"]]})
    elif outcome.status == "finished":
        write_lines(closing_lines(facts, html if html.is_file() else None))
    elif outcome.status == "paused":
        write_lines([f"paused: {outcome.reason}", f"look at the lessons: {session.state_dir / 'runs' / outcome.run}"])
    else:
        write_lines([f"{outcome.status}: {outcome.reason}", f"go on with: weakspot run --resume {outcome.run}"])
