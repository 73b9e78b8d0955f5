"""`weakspot verifiers`: what can check a lesson, and how often each is wrong, measured here and now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.cli.output import AsJson, table, write_json, write_lines, write_rich
from agent.report.wording import one_line

if TYPE_CHECKING:
    from curricula.verifiers.contract import VerifierInfo
    from curricula.verifiers.rates import Rates


def verifiers(as_json: AsJson = False) -> None:
    """Every verifier with its error rates on the planted lessons that ship with weakspot; takes seconds.

    False accepts: wrong lessons that pass. False rejects: right ones that don't.
    """
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
