"""diagnose: the champion's failures become weaknesses with evidence, known again from cycle to cycle."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from agent.context import RunContext, StageResult
from agent.stages.examine import samples_of
from agent.state import CycleState
from agent.store import Store

GONE = "closed"


def diagnose(context: RunContext, state: CycleState) -> StageResult:
    """Find the weaknesses of the diagnose split; none, or the target reached, ends the run as a success."""
    from agent.diagnosis import diagnose as find

    run, cycle, settings = state["run"], state["cycle"], context.config
    pairs = samples_of(context, "diagnose", state["champion"])
    probes = [probe for probe, _ in pairs]
    previous = _previous(context, run)
    # one seed for all cycles: an unchanged champion must give unchanged weaknesses
    found = find(probes, [sample for _, sample in pairs], previous=previous, seed=context.seed("diagnose"))
    rows = [_row(rank, weakness, found.states[weakness.id], probes) for rank, weakness in enumerate(found.weaknesses, 1)]
    known = {row["id"]: row for row in previous}
    rows += [_departed_row(len(rows) + rank, gone, known[gone.id]) for rank, gone in enumerate(found.departed, 1)]
    members = [{"weakness": weakness.id, "suite": probes[at].suite, "probe_id": probes[at].probe_id, "is_failure": int(at in set(weakness.failures))}
               for weakness in found.weaknesses for at in weakness.members]
    points = [{"suite": probe.suite, "probe_id": probe.probe_id, "x": x, "y": y, "failure_type": kind}
              for probe, (x, y), kind in zip(probes, found.coordinates, found.failure_types, strict=True)]
    decision = ""
    if not found.weaknesses:
        decision = "converged"
    elif settings.limits.target is not None and state["accuracy"] >= settings.limits.target:
        decision = "target"

    def write(store: Store) -> None:
        store.weaknesses.add(run, cycle, rows, members, points)
        if decision:
            reason = "nothing weak is left" if decision == "converged" else f"accuracy {state['accuracy']:.1%} reached the target"
            store.decisions.record(run, cycle, {
                "decision": decision, "reason": reason, "champion": state["champion"], "candidate": "", "look": 0, "p_value": None, "level": None,
                "details": {"reasons": [reason]}})

    update: dict[str, Any] = {"n_weaknesses": len(found.weaknesses)}
    if decision:
        update["decision"] = decision
    return StageResult(update, _summary(found), write)


def _previous(context: RunContext, run: str) -> list[dict[str, Any]]:
    """Every weakness of the run so far, as the matcher reads it."""
    rows = []
    for row in context.store.weaknesses.latest(run):
        states = [past["state"] for past in context.store.weaknesses.history(run, row["weakness"])][1:]
        idle = len(list(takewhile(lambda past: past in ("open", "stuck"), reversed(states))))
        rows.append({**row, "id": row["weakness"], "idle_cycles": idle})
    return rows


def _row(rank: int, weakness: Any, state: str, probes: list[Any]) -> dict[str, Any]:
    return {"weakness": weakness.id, "rank": rank, "label": weakness.label, "kind": weakness.kind, "state": state, "n": weakness.n,
            "n_failures": weakness.n_failures, "failure_rate": weakness.failure_rate, "ci_low": weakness.ci_low, "ci_high": weakness.ci_high,
            "lift": weakness.lift, "p_value": weakness.p_value, "stability": weakness.stability, "x": weakness.coordinates[0],
            "y": weakness.coordinates[1], "keywords": list(weakness.keywords), "failure_types": weakness.failure_types,
            "medoids": [f"{probes[at].suite}/{probes[at].probe_id}" for at in weakness.medoids]}


def _departed_row(rank: int, gone: Any, known: dict[str, Any]) -> dict[str, Any]:
    """A weakness that was not found again keeps its line in the ledger, with what its probes say now."""
    from agent.statistics.intervals import clopper_pearson

    rate = gone.failure_rate or 0.0
    n_failures = round(rate * gone.n)
    interval = clopper_pearson(n_failures, gone.n) if gone.n else None
    return {"weakness": gone.id, "rank": rank, "label": known["label"], "kind": known["kind"], "state": gone.state, "n": gone.n,
            "n_failures": n_failures, "failure_rate": rate, "ci_low": interval.low if interval else 0.0, "ci_high": interval.high if interval else 1.0,
            "lift": 0.0, "p_value": 1.0, "stability": 0.0, "x": known["x"], "y": known["y"], "keywords": known["keywords"], "failure_types": {},
            "medoids": known["medoids"]}


def _summary(found: Any) -> str:
    if not found.weaknesses:
        return "nothing weak is left"
    worst = found.weaknesses[0]
    counts = ", ".join(f"{count} {kind}" for kind, count in found.counts.items())
    return f"{len(found.weaknesses)} weaknesses, first: {worst.label} ({worst.n_failures} of {worst.n}); failures: {counts}"
