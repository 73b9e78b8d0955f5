"""`weakspot mix`: what a curriculum is made of, where each row is from, and the same file again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.output import AsJson, Run, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import count, money, one_line, percent
from probes.errors import WeakspotError

app = typer.Typer(help="What is trained on, and where each row is from.", no_args_is_help=True, rich_markup_mode=None)
Cycle = Annotated[int | None, typer.Option(min=1, help="Of this cycle; the newest curriculum by default.", show_default=False)]


@app.callback()
def about() -> None:
    """What is trained on, and where each row is from."""


@app.command()
def show(ctx: typer.Context, run: Run = None, cycle: Cycle = None, as_json: AsJson = False) -> None:
    """What a curriculum is made of: real share, parts, data sets, operators, depth, and what was left out."""
    from agent.provenance import curriculum_of

    with session_of(ctx).read() as store:
        row = curriculum_of(store, store.runs.get(run)["run"], cycle)
    facts = {**row, "recipe": {key: value for key, value in row["recipe"].items() if key != "rows"}}
    if as_json:
        write_json(facts)
        return
    recipe = row["recipe"]
    rules = recipe["rules"]
    write_lines([f"curriculum of {row['run']}, cycle {row['cycle']}: {count(row['n_rows'], 'row')}, {row['n_tokens']:,} tokens, {percent(row['real_share'])} real"
                 f" (at least {percent(rules['real_min'])}, at most {percent(rules['real_max'])}; policy {rules['policy']}); of the tokens that carry loss {percent(recipe['real_share_of_answers'])}",
                 *(f"domain {name}: {percent(domain['real_share'])} real of {domain['n_tokens']:,} tokens" for name, domain in recipe.get("domains", {}).items()),
                 *(f"warning: {line}" for line in recipe["warnings"])])
    for title, key in (("part", "tokens_by_part"), ("data set", "real_tokens_by_source"), ("operator", "tokens_by_operator"), ("depth", "tokens_by_depth"), ("teacher", "tokens_by_teacher")):
        held = sorted(recipe[key].items(), key=lambda item: -item[1])
        write_rich([table("", [title, "tokens", "share"], [(name, f"{n:,}", percent(n / row["n_tokens"])) for name, n in held], right=(1, 2))])
    if recipe["left_out"]:
        write_lines(["left out: " + ", ".join(f"{n} {why}" for why, n in recipe["left_out"].items())])
    write_lines([f"next: weakspot mix explain 1 --run {row['run']}"])


@app.command()
def explain(
    ctx: typer.Context,
    row: Annotated[str, typer.Argument(metavar="ROW", help="Line number in curriculum.jsonl, or a lesson id.")],
    run: Annotated[str | None, typer.Option(help="Run to look in; the latest by default.", show_default=False)] = None,
    cycle: Cycle = None,
    as_json: AsJson = False,
) -> None:
    """Where one training row is from: file and line, or failures, teacher, prompt and verdicts, back to the beginning."""
    from agent.provenance import explain as explained

    with session_of(ctx).read() as store:
        facts = explained(store, store.runs.get(run)["run"], cycle, row)
    if as_json:
        write_json(facts)
    else:
        write_lines(_lines(facts))


@app.command()
def rebuild(
    ctx: typer.Context,
    run: Run = None,
    cycle: Cycle = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it here; by default into the run's folder where it is missing or altered.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Build a curriculum again from the database and the sources of real data, bit by bit the one that was trained on.

    Refused where a source has changed, with its name.
    """
    from agent.provenance import curriculum_of
    from agent.provenance import rebuild as rebuilt

    session = session_of(ctx)
    with session.read() as store:
        row = curriculum_of(store, store.runs.get(run)["run"], cycle)
        _, body = rebuilt(store, row["run"], row["cycle"])
    path = out or session.state_dir / row["path"]
    was = "missing" if not path.is_file() else "whole" if hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"] else "altered"
    if was != "whole":
        _write(path, body)
    if as_json:
        write_json({"run": row["run"], "cycle": row["cycle"], "sha256": row["sha256"], "path": str(path), "was": was})
    else:
        write_lines([f"{path}: {count(row['n_rows'], 'row')}, sha256 {row['sha256']}, " + ("as it was" if was == "whole" else f"written (it was {was})")])


def _write(path: Path, body: bytes) -> None:
    from curricula.mix_file import write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, body)
    except OSError as error:
        raise WeakspotError(f"{path} can't be written: {error.strerror}", hint="choose another place with -o", exit_code=1) from None


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"line {facts['line']} of {facts['curriculum']}: {facts['lesson']}, {facts['part']}, {facts['n_tokens']} tokens ({percent(facts['share'])})"
    yield f"prompt: {one_line(facts['prompt'], 300)}"
    yield f"completion: {one_line(facts['completion'], 300)}"
    if "anchor" in facts:
        yield f"human-made, from {facts['origin']} (source {facts['anchor']}, row {facts['source']})"
        return
    yield (f"written in cycle {facts['written_in_cycle']} for {facts['weakness_id'] or 'no weakness'}{' (' + one_line(facts['label'], 80) + ')' if facts['label'] else ''}"
           f" by {facts['strategy']}{' / ' + facts['operator'] if facts['operator'] else ''}, depth {facts['depth']}, {money(facts['cost_usd'])}")
    yield f"teacher: {facts['teacher'] or 'none'}" + (f", prompt {facts['prompt_hash']}" if facts["prompt_hash"] else "")
    if facts["source"]:
        yield f"source: {one_line(facts['meta'].get('origin') or facts['source'], 300)}"
    yield f"answer {one_line(facts['answer'], 80)!r}, verifier {facts['verifier']}, check {one_line(facts['check'], 80)!r} ({facts['check_kind'] or 'none'})"
    for verdict in facts["verdicts"]:
        yield f"  {verdict['step']}: {verdict['outcome']}" + (f", {one_line(verdict['reason'], 120)}" if verdict["reason"] else "") + (f" [{one_line(verdict['evidence'], 120)}]" if verdict["evidence"] else "")
    yield from _parents(facts["parents"], "")


def _parents(parents: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for parent in parents:
        told = {"probe": lambda p: f"probe {p['name']} ({p['split']}): {one_line(p['prompt'], 120)}",
                "lesson": lambda p: f"lesson {p['name']} of cycle {p['cycle']} by {p['strategy']}: {one_line(p['prompt'], 120)}"}.get(parent["kind"], lambda p: p["name"])
        yield f"{indent}from {told(parent)}"
        yield from _parents(parent.get("parents", []), indent + "  ")
