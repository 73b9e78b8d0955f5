"""`weakspot leakage`: what was kept out of training because it holds a probe, with the pairs."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, Run, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import one_line
from probes.errors import WeakspotError


def leakage(
    ctx: typer.Context,
    run: Run = None,
    cycle: Annotated[int | None, typer.Option(min=1, help="This cycle alone; all by default.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """What was kept out of training because it holds a probe, of any split of any suite.

    By cycle: how many lessons, seeds and anchors were checked, how many were dropped by which rule, the thresholds with
    their recall and false positives, and each dropped row with its probe. Prompts of the sealed audit split are not shown.
    """
    from agent.report.leakage import PLACES, RULES, calibration_sentence, leakage_facts, leakage_sentence

    with session_of(ctx).read() as store:
        name = store.runs.get(run)["run"]
        known = store.leaks.cycles(name)
        if cycle is not None and cycle not in known:
            raise WeakspotError(f"{name} checked nothing in cycle {cycle}", hint=f"it did in: {', '.join(map(str, known)) or 'none yet'}")
        found = [facts for at in known if cycle in (None, at) and (facts := leakage_facts(store, name, at, limit=None))]
    if as_json:
        write_json({"run": name, "cycles": found})
        return
    if not found:
        write_lines([f"{name} has checked no lessons yet"])
    for facts in found:
        write_lines([f"cycle {facts['cycle']}: {leakage_sentence(facts)}", calibration_sentence(facts), ""])
        if facts["counts"]:
            write_rich([table("", ("where", "rule", "dropped", "what it means"), (
                (PLACES[row["place"]], row["rule"], row["n"], RULES[row["rule"]]) for row in facts["counts"]), right=(2,))])
            write_rich([table("", ("row", "where", "rule", "likeness", "probe", "split", "prompt"), (
                (row["lesson"], row["place"], row["rule"], "–" if row["likeness"] is None else f"{row['likeness']:.2f}", one_line(f"{row['suite']}/{row['probe_id']}", 40),
                 row["split"] or "?", one_line(row["prompt"], 90)) for row in facts["pairs"]), right=(3,), wrap=(6,))])
