"""`weakspot probes`: what can be measured, and whether a suite is fit for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.display import Display, watching
from agent.cli.output import AsJson, table, write_json, write_lines, write_rich
from agent.cli.session import Session, load, session_of
from agent.report.wording import count, one_line
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from probes.check import Finding
    from probes.suite import Suite

EXIT_PROBLEMS = 100
OVERLAPS_SHOWN = 3
SUSPECTS_SHOWN = 5
PROTECTED_BUILT_IN = ("basics_protected",)

app = typer.Typer(help="Suites: list, show, write and check them.", no_args_is_help=True, rich_markup_mode=None)
IncludePath = Annotated[list[str] | None, typer.Option("--include-path", help="Folder of suites and lm-eval task YAML, which may run code; repeatable.", show_default=False)]
ConfigFile = Annotated[Path | None, typer.Option("-c", "--config", help="Whose include paths and student to use; ./config.yaml by default, where there is one.", show_default=False)]
Ref = Annotated[str, typer.Argument(metavar="SUITE", help="Built-in name, JSONL file, plug-in name, or lm-eval task.")]


@app.callback()
def about() -> None:
    """Suites: list, show, write and check them."""


@app.command("list")
def list_(config: ConfigFile = None, include_path: IncludePath = None, as_json: AsJson = False) -> None:
    """Every suite with a name here; any lm-eval task works as well."""
    from probes.registry import list_suites

    rows = list_suites(_folders(config, include_path))
    if as_json:
        write_json([asdict(row) for row in rows])
        return
    write_rich([table("", ("suite", "origin", "probes", "about"), (
        (row.name, row.origin, "–" if row.n_probes is None else f"{row.n_probes:,}", one_line(f"can't be loaded: {row.problem}" if row.problem else row.description or row.location, 100))
        for row in rows), right=(2,), wrap=(3,))])
    write_lines(["any lm-eval task or group works by its name too; your own: weakspot probes new NAME"])


@app.command()
def show(ctx: typer.Context, ref: Ref, n: Annotated[int, typer.Option("-n", min=0, help="Probes shown.")] = 5, config: ConfigFile = None,
         include_path: IncludePath = None, as_json: AsJson = False) -> None:
    """A suite's description, skills, sizes of its splits and first probes."""
    from probes.splits import split_suite

    suite = _find(session_of(ctx), ref, config, include_path)
    splits = {split: len(probes) for split, probes in split_suite(suite, "weakspot").items()}
    shown = suite.probes[:: max(1, len(suite.probes) // n)][:n] if n else ()
    if as_json:
        write_json({**_about(suite), "splits": splits, "probes": [asdict(probe) for probe in shown]})
        return
    facts = _about(suite)
    write_lines([f"{suite.name}: {count(facts['n'], 'probe')}, {count(facts['n_groups'], 'group')}, {suite.origin} {suite.location}".rstrip(),
                 *([one_line(suite.description, 400)] if suite.description else []),
                 f"scorers: {', '.join(f'{name} {amount}' for name, amount in facts['scorers'].items())}; answers of at most {suite.max_tokens} tokens",
                 f"splits by default: {', '.join(f'{amount} {split}' for split, amount in splits.items())} (a protected suite is not split)",
                 *([f"skills: {', '.join(f'{name} {amount}' for name, amount in facts['skills'].items())}"] if facts["skills"] else [])])
    for probe in shown:
        write_lines(["", f"{probe.probe_id}  {probe.scorer}" + (f", choices: {one_line(' | '.join(probe.choices), 120)}" if probe.choices else ""),
                     *(f"    {line}" for line in probe.prompt.split("\n")), f"    gold: {one_line(probe.gold, 200)}"])


@app.command()
def new(name: Annotated[str, typer.Argument(help="Name of the suite; the file is NAME.jsonl.")],
        folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("."), as_json: AsJson = False) -> None:
    """Write an example suite that shows everything a row can be."""
    from probes.example import write_example

    path = write_example(name, folder)
    if as_json:
        write_json({"path": str(path)})
    else:
        write_lines([str(path), f"put your problems there, then: weakspot probes check {path}"])


@app.command()
def check(ctx: typer.Context, ref: Ref, config: ConfigFile = None, include_path: IncludePath = None,
          is_protected: Annotated[bool, typer.Option("--protected", help="It is to be a protected suite, which is not split.")] = False, as_json: AsJson = False) -> None:
    """Whether a suite is fit to run; exits with 100 if not.

    Gold answers score 1, empty ones 0, ids are unique, near-duplicates keep together, nothing was taught before, and the splits
    that a run with this configuration would make are large enough. Gold answers that are probably wrong are noted.
    """
    from probes.check import check_suite

    session = session_of(ctx)
    try:
        suite = _find(session, ref, config, include_path)
    except WeakspotError as error:
        if Path(ref).is_file():  # a file that can't be read as a suite is a problem found
            error.exit_code = EXIT_PROBLEMS
        raise
    settings = load(config, []).config.suites
    is_protected = is_protected or suite.name in PROTECTED_BUILT_IN or bool({ref, str(Path(ref).resolve())} & set(settings.protected))
    findings = [*check_suite(suite, key=settings.split_key, shares=settings.shares, limit=settings.protected_limit if is_protected else settings.limit,
                             is_split=not is_protected), *_overlap(session, suite), *_doubtful_golds(suite)]
    findings.sort(key=lambda finding: not finding.is_problem)
    problems = [finding for finding in findings if finding.is_problem]
    if as_json:
        write_json({"suite": suite.name, "n": len(suite.probes), "is_fit": not problems, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            ids = f": {', '.join(finding.probe_ids)}{' ...' if finding.n_probes > len(finding.probe_ids) else ''}" if finding.probe_ids else ""
            amount = f" ({finding.n_probes})" if finding.n_probes else ""
            write_lines([f"{'PROBLEM' if finding.is_problem else 'note'}: {finding.what}{amount}{ids}" + (f"; {finding.hint}" if finding.hint else "")])
        write_lines([f"{suite.name}: {count(len(problems), 'problem')}" if problems else f"{suite.name}: no problem found; next: weakspot run --suite {ref}"])
    if problems:
        raise typer.Exit(EXIT_PROBLEMS)


def _folders(config: Path | None, include_path: list[str] | None) -> list[str]:
    return [*load(config, []).config.suites.include_path, *(include_path or [])]


def _find(session: Session, ref: str, config: Path | None, include_path: list[str] | None) -> Suite:
    """The suite; for an lm-eval task the configured student is started to describe it, and closed again."""
    from probes.registry import find_suite

    with _describing(session, config) as describe:
        return find_suite(ref, include_paths=_folders(config, include_path), describe=describe)


@contextmanager
def _describing(session: Session, config: Path | None) -> Iterator[Callable[[str, str], Suite]]:
    """A `describe_task` that starts a student only when it is called."""
    opened: list[Any] = []

    def describe(task: str, include_path: str) -> Suite:
        from agent.loop import open_real_student

        with watching(Display.plain) as watcher:
            opened.append(open_real_student(load(config, []).config, session.state_dir, watcher))
            return opened[-1].describe_task(task, include_path)

    try:
        yield describe
    finally:
        for student in opened:
            student.close()


def _about(suite: Suite) -> dict[str, Any]:
    scorers: dict[str, int] = {}
    skills: dict[str, int] = {}
    for probe in suite.probes:
        scorers[probe.scorer] = scorers.get(probe.scorer, 0) + 1
        if skill := probe.meta.get("skill"):
            skills[str(skill)] = skills.get(str(skill), 0) + 1
    return {"suite": suite.name, "origin": suite.origin, "location": suite.location, "description": suite.description, "max_tokens": suite.max_tokens,
            "n": len(suite.probes), "n_groups": len({probe.group or probe.probe_id for probe in suite.probes}), "scorers": scorers, "skills": skills}


def _doubtful_golds(suite: Suite) -> list[Finding]:
    """Golds that a proof or two witnesses contradict; no model is asked, so a run, which has answers too, may find more."""
    from agent.diagnosis.suspects import find_suspects
    from probes.check import Finding

    suspects = find_suspects(suite.probes)
    if not suspects:
        return []
    shown = suspects[:SUSPECTS_SHOWN]
    rather = "; ".join(f"{one_line(suspect.probe_id, 40)}: gold {one_line(suspect.gold, 40)!r}, rather {one_line(suspect.says, 40)!r} ({suspect.witnesses[0].because})" for suspect in shown)
    return [Finding("gold answers are probably wrong", False, tuple(suspect.probe_id for suspect in shown), len(suspects), rather)]


def _overlap(session: Session, suite: Suite) -> list[Finding]:
    """Lessons in this state folder that hold a probe of the suite: an adapter trained on them was told the answer."""
    from agent.store.database import database_path
    from probes.check import Finding

    if not database_path(session.state_dir).exists():
        return []
    from curricula.filters.decontaminate import Decontaminator

    index = Decontaminator(suite.probes)
    with session.read() as store:
        leaks = [verdict.evidence for row in store.runs.all() for lesson in store.lessons.kept(row["run"])
                 if (verdict := index.check(lesson)).outcome == "fail"]
    if not leaks:
        return []
    probes = list(dict.fromkeys(leaks))
    return [Finding("lessons of earlier runs hold probes of this suite", False, tuple(probes[:OVERLAPS_SHOWN]), len(probes),
                    "adapters of those runs will look better on it than they are")]

