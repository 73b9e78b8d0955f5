"""`weakspot weaknesses`: what the student is bad at, with evidence, worst first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agent.cli.output import AsJson, Run, can_draw, console, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import count
from probes.errors import WeakspotError


def weaknesses(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="As found in this cycle; the latest diagnosed one by default.", show_default=False)] = None,
    is_history: Annotated[bool, typer.Option("--history", help="A timeline for every weakness there ever was.")] = False,
    is_tree: Annotated[bool, typer.Option("--tree", help="All probes as a tree of groups with their accuracy; weaknesses are marked.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the student is bad at, worst first.

    Id, label, size, failure rate with its interval, change since last seen, state and an example; then gold answers that
    are probably wrong. With --history a timeline for each: what it was in every cycle, what was spent on it, what the
    gate said, where it came from.
    """
    from agent.report.cycles import weakness_facts
    from agent.report.history import history_facts, history_on_terminal
    from agent.report.terminal import suspects_table, weaknesses_table

    if is_tree and is_history:
        raise WeakspotError("--tree and --history can't be combined", hint="the tree of one cycle: --tree --cycle N")
    with session_of(ctx).read() as store:
        name = store.runs.get(run)["run"]
        at = cycle or store.weaknesses.last_cycle(name)
        if is_tree:
            rows = store.weaknesses.outline(name, at)
        elif is_history:
            rows = history_facts(store, name)
        else:
            decision = store.decisions.of_cycle(name, at) or {"details": {}}
            rows = weakness_facts(store, name, at, decision["details"].get("per_weakness") or [])
        suspects = [] if is_history or is_tree else store.suspects.of_cycle(name, at)
    if is_tree:
        _write_tree(name, at, rows, as_json)
    elif as_json:
        write_json({"run": name, "cycle": None if is_history else at, "weaknesses": rows, "suspects": suspects})
    elif not rows:
        write_lines([f"{name} has found no weakness" + (f" in cycle {at}" if at else " yet: nothing was diagnosed")])
    elif is_history:
        n_open = sum(row["is_open"] for row in rows)
        write_lines([f"{name}: {count(len(rows), 'weakness', 'weaknesses')} in {count(at, 'cycle')}, {n_open} open", ""])
        write_rich(history_on_terminal(rows, console().width))
    else:
        write_rich([weaknesses_table(rows, f"weaknesses of {name}, cycle {at}")])
        write_lines([f"next: weakspot show {rows[0]['id']}"])
    if suspects and not as_json:
        write_rich([suspects_table(suspects, f"suspect labels of {name}, cycle {at}")])


def _write_tree(run: str, cycle: int, nodes: list[dict[str, Any]], as_json: bool) -> None:
    from agent.report.tree import BOXES, tree_lines

    if as_json:
        write_json({"run": run, "cycle": cycle, "outline": nodes})
    elif not nodes:
        write_lines([f"{run} has no tree" + (f" of cycle {cycle}" if cycle else " yet: nothing was diagnosed")])
    else:
        write_lines([f"probes of {run} as diagnosed in cycle {cycle}: right in substance, and weaknesses in brackets"])
        write_lines(tree_lines(nodes, is_ascii=not can_draw("".join(BOXES) + "–")))
        if weak := next((node["weakness"] for node in nodes if node["weakness"]), ""):
            write_lines([f"next: weakspot show {weak}"])
