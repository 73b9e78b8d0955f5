"""What lessons of a run are checked with: its verifiers with its corpus, and its judge once the canaries have passed it.

How often each was wrong on items of which the truth is known is measured in every cycle in which it was used, and stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.config import Config
from agent.context import RunContext
from agent.teacher.contract import BudgetExceeded
from curricula.funnel import BatchStep, FunnelResult
from curricula.lesson import Lesson, Verdict
from curricula.verifiers.canaries import Calibration
from curricula.verifiers.citation import CitationVerifier
from curricula.verifiers.contract import verify
from curricula.verifiers.corpus import Corpus
from curricula.verifiers.judge import JudgeVerifier, family
from curricula.verifiers.rates import Rates, measure
from probes.errors import WeakspotError

MOST_FALSE_ACCEPTS = 0.0  # of planted lessons, which every verifier is made to tell apart: one that passes is a defect here


def require_verification(config: Config) -> None:
    """Find out before anything is spent whether corpus and judge can serve.

    Raises:
        WeakspotError: the corpus is missing, empty or its references are broken; the judge is no model of another family than the teacher.
    """
    if config.verify.corpus:
        try:
            Corpus(Path(config.verify.corpus)).require()
        except WeakspotError as error:
            raise WeakspotError(error.message, where=f"verify.corpus{f', {error.where}' if error.where else ''}", hint=error.hint) from error
    model = config.judge.model
    if not model:
        return
    if model == "symbolic":
        raise WeakspotError("judge.model 'symbolic' is no language model", where="judge.model", hint="name one, or leave it empty for no judge")
    teachers = [config.teacher.model, *(other.model for other in config.teacher.fallbacks)]
    if near := next((name for name in teachers if family(name) == family(model)), None):
        raise WeakspotError(f"judge {model!r} is of the teacher's own family, {family(model)!r}: models prefer what their like has written", where=f"judge.model, teacher {near!r}",
                            hint="name a model of another maker, or leave judge.model empty for no judge")


def verifier_step(config: Config) -> Callable[[Lesson], Verdict]:
    """The verifier that a lesson names; citations against the run's corpus where there is one."""
    own = {"citation": CitationVerifier(Path(config.verify.corpus))} if config.verify.corpus else {}
    return lambda lesson: verify(lesson, own)


@dataclass(frozen=True)
class Judging:
    """The judge of one cycle."""

    step: BatchStep | None
    """For the funnel; None without a judge, or with one that failed its calibration."""
    rows: list[dict[str, Any]]
    """For `verifier_rates`: one, or none without a judge."""


def calibrated_judge(context: RunContext, cycle: int) -> Judging:
    """Ask the judge its canaries; said whatever comes of it.

    Raises:
        WeakspotError: the judge can't be used at all (key, quota, server).
    """
    if context.judge is None:
        return Judging(None, [])
    judge, begun = JudgeVerifier(context.judge), time.perf_counter()
    try:
        found = judge.calibrate(f"{context.run}/{cycle}")
    except BudgetExceeded as spent:
        context.watcher.say(f"warning: no judge in this cycle: {spent.message}")
        return Judging(None, [_row("judge", judge.model, disabled=f"not calibrated: {spent.message}")])
    row = _of_judge(judge.model, found, time.perf_counter() - begun)
    if found.disabled:
        context.watcher.say(f"warning: judge {judge.model} is left out: {found.disabled}")
        return Judging(None, [row])
    context.watcher.say(f"judge {judge.model}: {found.false_accept:.0%} of wrong canaries taken, {found.false_reject:.0%} of right ones refused, kappa {found.kappa:.2f}")
    return Judging(judge.veto, [row])


def rates_of_used(context: RunContext, funnel: FunnelResult) -> list[dict[str, Any]]:
    """For `verifier_rates`: every verifier that judged a lesson of this cycle, run on its planted lessons."""
    used = sorted({row.candidate.lesson.verifier for row in funnel.judged if row.candidate.lesson is not None and any(verdict.step == "verifier" for verdict in row.verdicts)} - {"judge"})
    rows = []
    for name in used:
        rates = measure(name)
        rows.append(_row(name) if rates is None else _of_verifier(name, rates))
        if rates is not None and rates.false_accept > MOST_FALSE_ACCEPTS:
            context.watcher.say(f"warning: verifier {name} passes {rates.false_accept:.0%} of planted wrong lessons: {'; '.join(rates.mistakes)[:200]}")
        if rates is not None and rates.false_reject:
            why = f"{rates.n_unverifiable} could not be verified here" if rates.n_unverifiable else "; ".join(rates.mistakes)[:200]
            context.watcher.say(f"warning: verifier {name} does not pass {rates.false_reject:.0%} of planted right lessons: {why}")
    return rows


def judge_findings(context: RunContext, cycle: int) -> list[str]:
    """For the gate: lessons that a judge graded without a calibration that lets it."""
    found = []
    for at in range(1, cycle + 1):
        calibrated = any(row["verifier"] == "judge" and not row["disabled"] for row in context.store.verification.of_cycle(context.run, at))
        if not calibrated and (n := context.store.verification.n_opinions(context.run, at)):
            found.append(f"{n} lessons of cycle {at} were graded by a judge that is not calibrated")
    return found


def judge_facts(context: RunContext, cycle: int) -> dict[str, Any] | None:
    """For the decision: who judged, how its calibration went and how much it refused; None without a judge."""
    row = next((row for row in context.store.verification.of_cycle(context.run, cycle) if row["verifier"] == "judge"), None)
    if row is None:
        return None
    return {"model": row["model"], "is_calibrated": not row["disabled"], "disabled": row["disabled"], "false_accept": row["false_accept"],
            "false_reject": row["false_reject"], "n_graded": context.store.verification.n_opinions(context.run, cycle), **row["details"]}


def _row(verifier: str, model: str = "", *, n_right: int = 0, n_wrong: int = 0, false_accept: float | None = None, false_reject: float | None = None,
         disabled: str = "", details: dict[str, Any] | None = None, seconds: float = 0.0) -> dict[str, Any]:
    return {"verifier": verifier, "model": model, "n_right": n_right, "n_wrong": n_wrong, "false_accept": false_accept, "false_reject": false_reject,
            "disabled": disabled, "details": details or {}, "seconds": seconds}


def _of_verifier(name: str, rates: Rates) -> dict[str, Any]:
    return _row(name, n_right=rates.n_right, n_wrong=rates.n_wrong, false_accept=rates.false_accept, false_reject=rates.false_reject,
                details={"n_unverifiable": rates.n_unverifiable, "mistakes": list(rates.mistakes)}, seconds=rates.seconds)


def _of_judge(model: str, found: Calibration, seconds: float) -> dict[str, Any]:
    facts = asdict(found)
    return _row("judge", model, n_right=found.n_right, n_wrong=found.n_canaries - found.n_right, false_accept=found.false_accept, false_reject=found.false_reject,
                disabled=found.disabled, details={key: facts[key] for key in ("by_kind", "kappa", "swap_consistency")}, seconds=seconds)
