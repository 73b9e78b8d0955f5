"""diagnose: the champion's failures become weaknesses with evidence, known again from cycle to cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from agent.context import RunContext, StageResult
from agent.diagnosis.weakness import Weakness
from agent.stages.annotate import names_of, phrases_of, with_names, without_names
from agent.stages.examine import samples_of
from agent.state import CycleState
from agent.store import Store

if TYPE_CHECKING:
    from agent.diagnosis import Diagnosis

MIN_FAILURES = 5  # fewer are success: no interval over them says anything
GENERAL = "W000000"  # what nothing separates; one id, so that its history is one line


def diagnose(context: RunContext, state: CycleState) -> StageResult:
    """Find the weaknesses of the diagnose split; none, or the target reached, ends the run as a success."""
    from agent.diagnosis import diagnose as find

    run, cycle, settings = state["run"], state["cycle"], context.config
    pairs = samples_of(context, "diagnose", state["champion"])
    probes = [probe for probe, _ in pairs]
    previous = without_names(_previous(context, run))
    # one seed for all cycles: an unchanged champion must give unchanged weaknesses
    found = find(probes, [sample for _, sample in pairs], previous=previous, seed=context.seed("diagnose"),
                 phrases=phrases_of(context, probes))
    weaknesses = found.weaknesses or _general(found, len(probes))
    rows = [_row(rank, weakness, found.states.get(weakness.id, "open"), probes) for rank, weakness in enumerate(weaknesses, 1)]
    known = {row["id"]: row for row in previous}
    departed = [gone for gone in found.departed if gone.id not in {weakness.id for weakness in weaknesses}]
    rows += [_departed_row(len(rows) + rank, gone, known[gone.id]) for rank, gone in enumerate(departed, 1)]
    names = names_of(context, found.weaknesses, pairs, previous)
    rows = with_names(rows, names)
    members = [{"weakness": weakness.id, "suite": probes[at].suite, "probe_id": probes[at].probe_id, "is_failure": int(at in set(weakness.failures))}
               for weakness in weaknesses for at in weakness.members]
    points = [{"suite": probe.suite, "probe_id": probe.probe_id, "x": x, "y": y, "failure_type": kind}
              for probe, (x, y), kind in zip(probes, found.coordinates, found.failure_types, strict=True)]
    outline = [{**asdict(node), "label": names.get(node.weakness) or node.label if node.parent else node.label} for node in found.outline]
    if weaknesses and not found.weaknesses and outline:
        outline[0]["weakness"] = GENERAL
    decision = ""
    if not weaknesses:
        decision = "converged"
    elif settings.limits.target is not None and state["accuracy"] >= settings.limits.target:
        decision = "target"

    def write(store: Store) -> None:
        store.weaknesses.add(run, cycle, rows, members, points)
        store.weaknesses.add_outline(run, cycle, outline)
        if decision:
            reason = "nothing weak is left" if decision == "converged" else f"accuracy {state['accuracy']:.1%} reached the target"
            store.decisions.record(run, cycle, {
                "decision": decision, "reason": reason, "champion": state["champion"], "candidate": "", "look": 0, "p_value": None, "level": None,
                "details": {"reasons": [reason]}})

    update: dict[str, Any] = {"n_weaknesses": len(weaknesses)}
    if decision:
        update["decision"] = decision
    return StageResult(update, _summary(rows[:len(weaknesses)], found.counts), write)


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


def _general(found: Diagnosis, n: int) -> list[Weakness]:
    """Failures that no evidence separates are practised together; too few of them are success."""
    from agent.statistics.intervals import clopper_pearson

    failures = tuple(at for at, kind in enumerate(found.failure_types) if kind is not None)
    if len(failures) < MIN_FAILURES:
        return []
    interval = clopper_pearson(len(failures), n)
    spread = failures[:: max(1, len(failures) // 3)][:3]
    return [Weakness(
        GENERAL, "failures that nothing separates", (), tuple(range(n)), failures, n, len(failures), len(failures) / n, interval.low, interval.high,
        lift=1.0, p_value=1.0, medoids=spread, stability=1.0, coordinates=(0.0, 0.0), failure_types=found.counts)]


def _summary(weaknesses: Sequence[dict[str, Any]], counts: dict[str, int]) -> str:
    if not weaknesses:
        return "nothing weak is left"
    worst = weaknesses[0]
    by_type = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"{len(weaknesses)} weakness{'es' * (len(weaknesses) > 1)}, first: {worst['label']} ({worst['n_failures']} of {worst['n']}); failures: {by_type}"
