"""gate: champion, candidate and base answer the same held-out probes; a paired test decides.

Every number behind the decision is stored, and for a promotion the champion pointer moves in the same
transaction. A candidate that can't be loaded is quarantined: rejected with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agent.context import RunContext, StageResult
from agent.stages.collapse import watch_collapse
from agent.stages.examine import samples_of
from agent.stages.form import form_gains
from agent.stages.integrity import integrity_findings
from agent.stages.noise import noise_facts
from agent.stages.peek import GateAnswers, gate_answers
from agent.stages.peek import scores_of as _scores
from agent.stages.power import power_of
from agent.stages.verification import judge_facts, judge_findings
from agent.state import CycleState
from agent.statistics.decision import Decision, GateInputs, ProtectedScores, decide
from agent.statistics.paired import PairedDifference, group_p_value, paired_difference
from agent.statistics.shrinkage import GroupGain, shrink_gains
from agent.statistics.spending import spend, spend_on_base
from agent.store import Store
from agent.student.contract import BadAdapter, Sample
from probes.splits import unit_of
from probes.suite import Probe

Pairs = Sequence[tuple[Probe, Sample]]
ALPHA_PROTECTED = 0.05  # one-sided level of each non-inferiority test


def gate(context: RunContext, state: CycleState) -> StageResult:
    """Compare the candidate with the champion and the base on the gate split and on protected suites."""
    run, cycle, champion, candidate = state["run"], state["cycle"], state["champion"], state["candidate"]
    adapter = context.store.decisions.adapter(run, candidate)
    assert adapter is not None, "the train stage stores it in the transaction that leads here"
    settings, look = context.config.gate, context.store.decisions.n_looks(run) + 1
    try:
        answers = gate_answers(context, champion, candidate, spend(settings.alpha, None, look), spend_on_base(ALPHA_PROTECTED, None, look))
        after_protected = samples_of(context, "protected", candidate, "protected") if answers.ended != "futile" else []
        watched = watch_collapse(context, state)
    except BadAdapter as damage:
        return _refused(state, damage.message)
    before, after, first = answers.champion, answers.candidate, answers.base
    before_protected = samples_of(context, "protected", champion, "protected") if after_protected else []
    first_protected = samples_of(context, "protected", "", "protected") if after_protected else []

    protected = {}
    for suite in context.store.samples.suites(run, "protected") if after_protected else []:
        groups = [unit_of(probe) for probe, _ in first_protected if probe.suite == suite.name]
        of = {name: _scores(pairs, settings.protected_score, suite.name) for name, pairs in
              (("champion", before_protected), ("candidate", after_protected), ("base", first_protected))}
        protected[suite.name] = ProtectedScores(of["champion"], of["candidate"], of["base"] if champion else None, groups)
    other, is_margin, noise = "lenient" if settings.score == "strict" else "strict", settings.test == "margin", noise_facts(context)
    decision = decide(GateInputs(
        champion=_scores(before, settings.score), candidate=_scores(after, settings.score),
        base=_scores(first, settings.score) if champion else None,
        champion_lenient=_scores(before, "lenient"), candidate_lenient=_scores(after, "lenient"), groups=[unit_of(probe) for probe, _ in before],
        protected=protected, alpha_total=settings.alpha, look=look, looks_planned=None, margin=settings.margin, alpha_protected=ALPHA_PROTECTED,
        min_effect=settings.min_effect, noise_floor=noise["nats"] if is_margin else noise["share"], noise_p=noise["p_value"], effect_logits=adapter["effect"],
        integrity=[*integrity_findings(context, cycle, adapter, [*after, *after_protected]), *judge_findings(context, cycle), *watched.findings],
        test=settings.test,
        champion_margin=_margins(before) if is_margin else None, candidate_margin=_margins(after) if is_margin else None,
        n_planned=answers.n_planned, e_peak=answers.peak))
    per_weakness, members = _per_weakness(context, state, before, after, "lenient")  # skills by content,
    per_weakness += form_gains(context.store.weaknesses.of_cycle(run, cycle), before, after)  # format by form: a repaired shape is no gain in skill
    details = _details(context, decision, answers, first_protected, before_protected, after_protected)
    details |= {"judge": judge_facts(context, cycle), "collapse": watched.facts(), "noise": noise, "forecast": power_of(context), "per_weakness": per_weakness}

    def write(store: Store) -> None:
        store.decisions.add_gate_members(run, cycle, members)
        watched.write(store, run, cycle, candidate)
        store.decisions.record(run, cycle, {
            "decision": decision.decision, "reason": "; ".join(decision.reasons), "champion": champion, "candidate": candidate,
            "look": decision.look, "p_value": decision.p_value, "level": decision.level, "details": details})

    gain = details[other]["gain"]
    return StageResult({"decision": decision.decision},
                       f"{decision.decision}: {decision.reasons[0]}; {other} {100 * gain:+.1f} points", write)


def paired_facts(before: Pairs, after: Pairs, score: str, name_before: str = "champion", name_after: str = "candidate") -> dict[str, Any]:
    """Paired difference of two models in one score: n, both accuracies, fixed, broken, gain, 95 % interval, p."""
    old, new = _scores(before, score), _scores(after, score)
    groups = [unit_of(probe) for probe, _ in before]
    difference: PairedDifference = paired_difference(old, new, groups=groups)
    return {"n": difference.n, name_before: sum(old) / max(1, len(old)), name_after: sum(new) / max(1, len(new)),
            "fixed": difference.fixed, "broken": difference.broken, "gain": difference.gain, "ci_low": difference.ci_low,
            "ci_high": difference.ci_high, "p_value": group_p_value(old, new, groups)}


def protected_facts(context: RunContext, base: Pairs, after: Pairs, name: str, before: Pairs | None = None) -> list[dict[str, Any]]:
    """For each protected suite: accuracies, gain over the base and its one-sided 95 % lower bound."""
    from agent.statistics.paired import non_inferior

    rows = []
    settings = context.config.gate
    for suite in context.store.samples.suites(context.run, "protected"):
        old, new = _scores(base, settings.protected_score, suite.name), _scores(after, settings.protected_score, suite.name)
        test = non_inferior(old, new, settings.margin, ALPHA_PROTECTED, [unit_of(probe) for probe, _ in base if probe.suite == suite.name])
        row = {"suite": suite.name, "n": len(old), "discordance": test.discordance, "base": sum(old) / max(1, len(old)), name: sum(new) / max(1, len(new)),
               "gain": test.gain, "ci_low": test.lower, "margin": settings.margin, "is_met": test.is_met, "score": settings.protected_score}
        if before is not None:
            champion = _scores(before, settings.protected_score, suite.name)
            row["champion"] = sum(champion) / max(1, len(champion))
        rows.append(row)
    return rows


def _details(context: RunContext, decision: Decision, answers: GateAnswers, first_protected: Pairs, before_protected: Pairs,
             after_protected: Pairs) -> dict[str, Any]:
    """Everything behind the verdict, for the store, `decision.json` and the report."""
    score, before, after = context.config.gate.score, answers.champion, answers.candidate
    strict, lenient = paired_facts(before, after, "strict"), paired_facts(before, after, "lenient")
    primary = strict if score == "strict" else lenient
    return {
        "rules": [{**asdict(rule), "is_met": rule.passed} for rule in decision.rules], "reasons": decision.reasons,
        "gate": {**primary, "score": score}, "strict": strict, "lenient": lenient, "format_only": decision.format_only,
        "test": {"name": decision.test, "n_planned": decision.n_planned, "ended": answers.ended, "e_value": decision.e_value, "peeks": answers.peeks_as_dicts(),
                 "margin_gain": decision.margin_gain, "margin_ci_low": decision.margin_ci_low, "margin_ci_high": decision.margin_ci_high},
        "needs": [asdict(need) for need in decision.needs],
        "protected": protected_facts(context, first_protected, after_protected, "candidate", before_protected) if after_protected else [],
        "smallest_detectable_gain": decision.smallest_detectable, "noise_floor": context.store.runs.get(context.run)["noise_floor"]}


def _per_weakness(context: RunContext, state: CycleState, before: Pairs, after: Pairs, score: str) -> tuple[list[dict[str, Any]], list[tuple[str, str, str]]]:
    """Gate items are given to the weakness whose diagnose probes they resemble most; gains are shrunk, never decisive.

    Also returns (weakness, suite, probe id) of every gate probe that was given to one.
    """
    from agent.diagnosis.assign import nearest_weakness

    weaknesses = [row for row in context.store.weaknesses.of_cycle(state["run"], state["cycle"]) if row["kind"] != "format"]
    members = {row["weakness"]: [member["prompt"] for member in context.store.weaknesses.members(state["run"], state["cycle"], row["weakness"])]
               for row in weaknesses}
    others = _untouched_prompts(context, state, members)
    assigned = nearest_weakness(members, others, [probe.prompt for probe, _ in before])
    rows, groups = [], []
    old, new = _scores(before, score), _scores(after, score)
    for weakness in weaknesses:
        at = [index for index, name in enumerate(assigned) if name == weakness["weakness"]]
        fixed, broken = sum(new[i] > old[i] for i in at), sum(new[i] < old[i] for i in at)
        groups.append(GroupGain(weakness["weakness"], len(at), fixed, broken))
        rows.append({"weakness": weakness["weakness"], "label": weakness["label"], "n": len(at), "before": sum(old[i] for i in at) / max(1, len(at)),
                     "after": sum(new[i] for i in at) / max(1, len(at)), "fixed": fixed, "broken": broken})
    facts = [{**row, "gain": gain.gain, "shrunk_gain": gain.shrunk, "shrunk_low": gain.ci_low, "shrunk_high": gain.ci_high, "p_value": gain.p_value,
              "q_value": gain.q_value} for row, gain in zip(rows, shrink_gains(groups), strict=True)]
    return facts, [(name, probe.suite, probe.probe_id) for name, (probe, _) in zip(assigned, before, strict=True) if name]


def _untouched_prompts(context: RunContext, state: CycleState, members: dict[str, list[str]]) -> list[str]:
    weak = {prompt for prompts in members.values() for prompt in prompts}
    return [probe.prompt for probe in context.store.samples.probes(state["run"], "diagnose") if probe.prompt not in weak]


def _margins(pairs: Pairs) -> list[float]:
    """Gold margins in nats; `noise.measure_noise` made sure that every gate probe has one."""
    return [sample.margin for _, sample in pairs if sample.margin is not None]


def _refused(state: CycleState, reason: str) -> StageResult:
    def write(store: Store) -> None:
        store.decisions.record(state["run"], state["cycle"], {
            "decision": "reject", "reason": reason, "champion": state["champion"], "candidate": state["candidate"], "look": 0,
            "p_value": None, "level": None, "details": {"reasons": [reason]}})

    return StageResult({"decision": "reject"}, f"reject: {reason}", write)
