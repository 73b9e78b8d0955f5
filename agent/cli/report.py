"""`weakspot report`: what a run found and gained, on the terminal, as Markdown, JSON or one HTML file."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import AsJson, Run, write_json, write_rich
from agent.cli.session import session_of
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from agent.store import Store


class Format(StrEnum):
    """Values of `--format`."""

    html = "html"
    md = "md"
    json = "json"


def report(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="The run as it was after this cycle.", show_default=False)] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Without it: a summary for the terminal.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; '-' is stdout. HTML goes to the run folder by default.", show_default=False)] = None,
    is_opened: Annotated[bool, typer.Option("--open", help="Open the HTML report in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a run gained, found and rejected.

    Claims come from the audit split. Without --format, a summary for the terminal; the HTML file has the map and the samples.
    """
    from agent.report.facts import build_report

    chosen = _format(form, output, is_opened, as_json)
    with session_of(ctx).read() as store:
        facts = build_report(store, store.runs.get(run)["run"], cycle)
        target = output or (_default_html(store, facts, cycle) if chosen is Format.html else None)
    if chosen is None:
        from agent.report.terminal import render_terminal

        write_rich(render_terminal(facts))
        return
    text = _rendered(facts, chosen)
    if target is None or str(target) == "-":
        if chosen is Format.json:
            write_json(facts)
        else:
            typer.echo(text, nl=not text.endswith("\n"))
        return
    _write(target, text)
    typer.echo(str(target))
    if is_opened:
        import webbrowser

        webbrowser.open(target.resolve().as_uri())


def _format(form: Format | None, output: Path | None, is_opened: bool, as_json: bool) -> Format | None:
    if is_opened and form not in (None, Format.html):
        raise WeakspotError("--open shows the HTML report only", hint="leave --format away")
    by_suffix = {".html": Format.html, ".htm": Format.html, ".md": Format.md, ".json": Format.json}
    if form is None and output is not None and str(output) != "-":
        form = by_suffix.get(output.suffix.lower())
        if form is None:
            raise WeakspotError(f"can't tell the format from {str(output)!r}", hint="add --format html, md or json")
    return form or (Format.html if is_opened else Format.json if as_json else None)


def _rendered(facts: dict[str, Any], form: Format) -> str:
    if form is Format.html:
        from agent.report.html import render_html

        return render_html(facts)
    if form is Format.md:
        from agent.report.markdown import render_markdown

        return render_markdown(facts)
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def _default_html(store: Store, facts: dict[str, Any], cycle: int | None) -> Path:
    from agent.report.folder import REPORT, cycle_folder, run_folder

    return (run_folder(store, facts["run"]) if cycle is None else cycle_folder(store, facts["run"], cycle)) / REPORT


def _write(path: Path, text: str) -> None:
    from agent.report.folder import write_text

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise WeakspotError(f"the report can't be written: {error.strerror}", where=str(path), hint="name another file with -o", exit_code=1) from error
