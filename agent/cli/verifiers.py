"""`weakspot verifiers`: what can check a lesson, and how often each is wrong, measured here and now or in a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.output import AsJson, table, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import one_line

if TYPE_CHECKING:
    from curricula.verifiers.contract import VerifierInfo
    from curricula.verifiers.rates import Rates

RunOrNone = Annotated[str | None, typer.Argument(metavar="[RUN]", help="Run id, a unique beginning of it, or `latest`; the verifiers themselves by default.", show_default=False)]


def verifiers(ctx: typer.Context, run: RunOrNone = None, as_json: AsJson = False) -> None:
    """Every verifier with its error rates on the planted lessons that ship with weakspot; takes seconds.

    False accepts: wrong lessons that pass. False rejects: right ones that don't. With RUN: the rates that each of its cycles
    measured, its judge's calibration, and how often its teacher was wrong.
    """
    if run is not None:
        _of_run(ctx, run, as_json)
        return
    from curricula.sandbox.tiers import in_force
    from curricula.verifiers.contract import list_verifiers
    from curricula.verifiers.rates import measure

    rows = [(info, None if info.error or info.origin != "built in" else measure(info.name)) for info in list_verifiers()]
    if as_json:
        write_json([{**asdict(info), "rates": None if rates is None else asdict(rates)} for info, rates in rows])
        return
    write_rich([table("", ("verifier", "origin", "right", "wrong", "false accepts", "false rejects", "about"), (
        (info.name, info.origin, *_counts(rates), _about(info, rates, in_force())) for info, rates in rows), right=(2, 3, 4, 5), wrap=(6,))])
    write_lines(["measured on planted lessons by running them; on other data: make bench-verifiers"])


def _of_run(ctx: typer.Context, run: str, as_json: bool) -> None:
    from agent.report.terminal import rates_table
    from agent.report.verification import teacher_sentence, verification_facts

    with session_of(ctx).read() as store:
        name = store.runs.get(None if run == "latest" else run)["run"]
        cycles = sorted({stage["cycle"] for stage in store.runs.stages(name) if stage["stage"] == "teach" and stage["finished_at"]})
        found = [{"cycle": cycle, **verification_facts(store, name, cycle)} for cycle in cycles]
    if as_json:
        write_json({"run": name, "cycles": found})
        return
    if not found:
        write_lines([f"{name} has checked no lessons yet"])
    for facts in found:
        if facts["teacher"]:
            write_lines([f"cycle {facts['cycle']}: {teacher_sentence(facts['teacher'])}"])
        write_rich([rates_table(facts["rates"], f"cycle {facts['cycle']}")] if facts["rates"] else [f"cycle {facts['cycle']}: no lesson came to a verifier"])


def _counts(rates: Rates | None) -> tuple[str, ...]:
    return ("–",) * 4 if rates is None else (str(rates.n_right), str(rates.n_wrong), f"{rates.false_accept:.1%}", f"{rates.false_reject:.1%}")


def _about(info: VerifierInfo, rates: Rates | None, tier: str | None) -> str:
    if info.error:
        return f"can't be loaded: {one_line(info.error, 100)}"
    if rates is None:
        return "no rates here: calibrated in each run, on its own model, with 70 canaries" if info.name == "judge" else "no planted lessons"
    if rates.n_unverifiable:
        return "no sandbox here, so nothing was run: weakspot doctor" if info.name == "code" and tier is None else f"{rates.n_unverifiable} right lessons could not be verified"
    if rates.mistakes:
        return one_line("; ".join(rates.mistakes), 160)
    return f"{rates.seconds / (rates.n_right + rates.n_wrong) * 1000:,.1f} ms a lesson" + (f", sandbox: {tier}" if info.name == "code" else "")
