"""diagnose: the champion's failures become weaknesses with evidence, known again from cycle to cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.context import RunContext, StageResult
from agent.diagnosis.weakness import Weakness
from agent.stages.annotate import names_of, phrases_of, with_names, without_names
from agent.stages.examine import samples_of
from agent.state import CycleState
from agent.store import Store
from agent.store.weaknesses import ENDED
from agent.student.contract import Sample
from agent.teacher.contract import BudgetExceeded
from probes.suite import Probe

if TYPE_CHECKING:
    from agent.diagnosis import Departed, Diagnosis

MIN_FAILURES = 5  # fewer are success: no interval over them says anything
GENERAL = "W000000"  # what nothing separates; one id, so that its history is one line


def diagnose(context: RunContext, state: CycleState) -> StageResult:
    """Find the weaknesses of the diagnose split; none, or the target reached, ends the run as a success."""
    from agent.diagnosis import Criteria, find_suspects
    from agent.diagnosis import diagnose as find

    run, cycle, settings = state["run"], state["cycle"], context.config
    pairs = samples_of(context, "diagnose", state["champion"])
    probes, samples = [probe for probe, _ in pairs], [sample for _, sample in pairs]
    previous = without_names(_previous(context, run))
    suspects = find_suspects(probes, samples, others=_other_answers(context, state, probes), votes=_votes(context, probes, samples),
                             among=_other_probes(context))
    doubted = {(suspect.suite, suspect.probe_id) for suspect in suspects}  # no phrase is asked for these: the teacher never sees such a gold
    # one seed for all cycles: an unchanged champion must give unchanged weaknesses
    found = find(probes, samples, previous=previous, seed=context.seed("diagnose"), suspects=suspects,
                 criteria=Criteria(target=settings.diagnosis.target, margin=settings.diagnosis.margin),
                 phrases=phrases_of(context, [probe for probe in probes if (probe.suite, probe.probe_id) not in doubted]))
    still_there = [gone for gone in found.departed if gone.n and gone.state not in ENDED]
    weaknesses = found.weaknesses or _general(found, probes, {at for gone in still_there for at in gone.members})
    rows = [{**_row(rank, weakness, found.states.get(weakness.id, "open"), probes), "split_from": found.split_from.get(weakness.id, "")}
            for rank, weakness in enumerate(weaknesses, 1)]
    known = {row["id"]: row for row in previous}
    ended = [gone for gone in found.departed if gone not in still_there]
    rows += [_departed_row(len(rows) + rank, gone, known[gone.id], found) for rank, gone in enumerate([*still_there, *ended], 1)]
    names = names_of(context, found.weaknesses, pairs, previous)
    rows = with_names(rows, names)
    open_ones: list[Weakness | Departed] = [*weaknesses, *still_there]
    members = [{"weakness": weakness.id, "suite": probes[at].suite, "probe_id": probes[at].probe_id, "is_failure": int(at in failures)}
               for weakness in open_ones for failures in [set(weakness.failures)] for at in weakness.members]
    points = [{"suite": probe.suite, "probe_id": probe.probe_id, "x": x, "y": y, "failure_type": kind}
              for probe, (x, y), kind in zip(probes, found.coordinates, found.failure_types, strict=True)]
    outline = _outline(found, names, rows[len(found.weaknesses):len(open_ones)])
    decision = ""
    if not open_ones:
        decision = "converged"
    elif settings.limits.target is not None and state["accuracy"] >= settings.limits.target:
        decision = "target"

    def write(store: Store) -> None:
        store.weaknesses.add(run, cycle, rows, members, points)
        store.weaknesses.add_outline(run, cycle, outline)
        store.suspects.add(run, cycle, [suspect.as_dict() for suspect in found.suspects])
        if decision:
            reason = "nothing weak is left" if decision == "converged" else f"accuracy {state['accuracy']:.1%} reached the target"
            store.decisions.record(run, cycle, {
                "decision": decision, "reason": reason, "champion": state["champion"], "candidate": "", "look": 0, "p_value": None, "level": None,
                "details": {"reasons": [reason]}})

    update: dict[str, Any] = {"n_weaknesses": len(open_ones)}
    if decision:
        update["decision"] = decision
    return StageResult(update, _summary(rows, found.counts), write)


def _outline(found: Diagnosis, names: dict[str, str], beside: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tree as it is stored; weaknesses it does not know (not found again but still there, or failures that nothing
    separates) hang beneath the root at its end, or are the root where that is everything."""
    nodes = [{**asdict(node), "label": names.get(node.weakness) or node.label if node.parent else node.label} for node in found.outline]
    for row in beside if nodes else ():
        if row["weakness"] == GENERAL and row["n"] == nodes[0]["n"]:
            nodes[0]["weakness"] = GENERAL
            continue
        nodes.append({"id": f"N{len(nodes) + 1}", "parent": nodes[0]["id"], "label": row["label"], "n": row["n"], "n_failures": row["n_failures"],
                      "accuracy": 1 - row["failure_rate"], "ci_low": 1 - row["ci_high"], "ci_high": 1 - row["ci_low"], "weakness": row["weakness"], "depth": 1})
    return nodes


def _other_answers(context: RunContext, state: CycleState, probes: Sequence[Probe]) -> dict[tuple[str, str], list[Sample]]:
    """What the base and earlier candidates said to these probes, where they were asked: witnesses of the golds."""
    adapters = {"", *(row["adapter"] for row in context.store.decisions.adapters(state["run"]))} - {state["champion"]}
    answers: dict[tuple[str, str], list[Sample]] = {}
    for adapter in sorted(adapters):
        for sample in context.store.samples.known(context.student.model_key, adapter, probes).values():
            answers.setdefault((sample.suite, sample.probe_id), []).append(sample)
    return answers


def _votes(context: RunContext, probes: Sequence[Probe], samples: Sequence[Sample]) -> dict[tuple[str, str], str]:
    """What an LLM teacher answers to failed probes, where the configuration allows for it and the budget lasts."""
    from agent.diagnosis.vote import ask_votes, worth_asking

    limit = context.config.diagnosis.label_votes
    if not limit or context.teacher is None:
        return {}
    try:
        return ask_votes(worth_asking(probes, samples, limit), context.teacher)
    except BudgetExceeded as error:
        context.watcher.say(f"no votes on gold labels: {error.message}")
        return {}


def _other_probes(context: RunContext) -> list[Probe]:
    """Golds of the other splits help to find the rule that a wording's golds obey; no answer to them is looked at."""
    return [probe for split in ("gate", "audit") for probe in context.store.samples.probes(context.run, split)]


def _previous(context: RunContext, run: str) -> list[dict[str, Any]]:
    """Every weakness of the run so far, as the matcher reads it; what nothing separated is none."""
    past: dict[str, list[dict[str, Any]]] = {}
    for row in context.store.weaknesses.ledger(run):
        past.setdefault(row["weakness"], []).append(row)
    return [{**row, "id": row["weakness"], "idle_cycles": idle_cycles(past[row["weakness"]])}
            for row in context.store.weaknesses.latest(run) if row["weakness"] != GENERAL]


def idle_cycles(past: Sequence[dict[str, Any]]) -> int:
    """Latest cycles in a row, the last one of `past` included, that taught a weakness and did not move it.

    `past`: its ledger, oldest first. A cycle in which it was not taught says nothing and is passed over.
    """
    idle = 0
    for row in reversed(past):
        idle += bool(row["lessons"])
        if row["state"] not in ("open", "stuck"):
            break
    return idle


def _row(rank: int, weakness: Any, state: str, probes: list[Any]) -> dict[str, Any]:
    return {"weakness": weakness.id, "rank": rank, "label": weakness.label, "kind": weakness.kind, "state": state, "n": weakness.n,
            "n_failures": weakness.n_failures, "failure_rate": weakness.failure_rate, "ci_low": weakness.ci_low, "ci_high": weakness.ci_high,
            "lift": weakness.lift, "p_value": weakness.p_value, "stability": weakness.stability, "x": weakness.coordinates[0],
            "y": weakness.coordinates[1], "keywords": list(weakness.keywords), "failure_types": weakness.failure_types,
            "medoids": [f"{probes[at].suite}/{probes[at].probe_id}" for at in weakness.medoids]}


def _departed_row(rank: int, gone: Departed, known: dict[str, Any], found: Diagnosis) -> dict[str, Any]:
    """A weakness that was not found again keeps its line in the ledger, with what its probes say now."""
    from agent.statistics.intervals import clopper_pearson

    rate, n_failures = gone.failure_rate or 0.0, len(gone.failures)
    kinds = Counter(kind for at in gone.failures if (kind := found.failure_types[at]))
    interval = clopper_pearson(n_failures, gone.n) if gone.n else None
    return {"weakness": gone.id, "rank": rank, "label": known["label"], "kind": known["kind"], "state": gone.state, "n": gone.n,
            "n_failures": n_failures, "failure_rate": rate, "ci_low": interval.low if interval else 0.0, "ci_high": interval.high if interval else 1.0,
            "lift": rate / (1 - found.lenient_accuracy) if found.lenient_accuracy < 1 else 0.0, "p_value": gone.p_value, "stability": 0.0, "x": known["x"], "y": known["y"],
            "keywords": known["keywords"], "failure_types": dict(kinds), "medoids": known["medoids"], "merged_into": gone.merged_into}


def _general(found: Diagnosis, probes: Sequence[Probe], known: set[int]) -> list[Weakness]:
    """Failures that no evidence separates, but for those in `known` rows or with a suspect gold, are practised together;
    too few of them are success."""
    from agent.statistics.intervals import clopper_pearson

    doubted = {(suspect.suite, suspect.probe_id) for suspect in found.suspects}
    rows = [at for at, probe in enumerate(probes) if at not in known and (probe.suite, probe.probe_id) not in doubted]
    failures = tuple(at for at in rows if found.failure_types[at] is not None)
    if len(failures) < MIN_FAILURES:
        return []
    interval = clopper_pearson(len(failures), len(rows))
    spread = failures[:: max(1, len(failures) // 3)][:3]
    return [Weakness(
        GENERAL, "failures that nothing separates", (), tuple(rows), failures, len(rows), len(failures), len(failures) / len(rows), interval.low, interval.high,
        lift=1.0, p_value=1.0, medoids=spread, stability=1.0, coordinates=(0.0, 0.0), failure_types=dict(Counter(found.failure_types[at] or "" for at in failures)))]


def _summary(rows: Sequence[dict[str, Any]], counts: dict[str, int]) -> str:
    weak = [row for row in rows if row["state"] not in ENDED]
    if not weak:
        return "nothing weak is left"
    by_type = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"{len(weak)} weakness{'es' * (len(weak) > 1)}, first: {weak[0]['label']} ({weak[0]['n_failures']} of {weak[0]['n']}); failures: {by_type}"
