"""What one cycle did, as plain data: decision, gate, weaknesses, curriculum, samples.

Store queries go in, one JSON-ready dictionary a cycle comes out. Every key is there even when the cycle is
still running or ended early (`no_data`, `converged`, `failed_train`); what is not known is None or empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from agent.report.leakage import leakage_facts
from agent.report.wording import FUNNEL_STEPS
from agent.store import Store
from agent.store.weaknesses import ENDED

SAMPLES_SHOWN = 60  # fixed and broken samples a cycle in a report; all are in samples.jsonl and `weakspot compare`
LESSONS_SHOWN = 8  # enough to see what was taught


def cycle_facts(store: Store, run: str, cycle: int, decision: dict[str, Any] | None, score: str) -> dict[str, Any]:
    """One cycle of a report. `decision` is its row of `decisions` (None while it runs), `score` the gate's."""
    row = decision or {}
    details = row.get("details") or {}
    stages = [stage for stage in store.runs.stages(run) if stage["cycle"] == cycle]
    funnel = store.lessons.funnel(run, cycle)
    curriculum = _curriculum(store.lessons.curriculum(run, cycle))
    weaknesses = weakness_facts(store, run, cycle, details.get("per_weakness") or [])
    flips = store.decisions.flips(run, cycle, score) if row.get("candidate") else []
    return {
        "cycle": cycle,
        "decision": row.get("decision") or "running",
        "reason": row.get("reason", ""),
        "reasons": details.get("reasons") or ([row["reason"]] if row.get("reason") else []),
        "p_value": row.get("p_value"), "level": row.get("level"), "look": row.get("look", 0),
        "champion": row.get("champion", ""), "candidate": row.get("candidate", ""), "decided_at": row.get("created_at"),
        "gate": details.get("gate") or {"n": 0, "fixed": 0, "broken": 0, "gain": None},
        "strict": details.get("strict"), "lenient": details.get("lenient"), "format_only": bool(details.get("format_only")),
        "rules": [_rule(rule) for rule in details.get("rules") or []],
        "protected": details.get("protected") or [],
        "smallest_detectable_gain": details.get("smallest_detectable_gain"), "noise_floor": details.get("noise_floor"),
        "noise": details.get("noise"), "test": details.get("test"), "needs": details.get("needs") or [], "forecast": details.get("forecast"),
        "weaknesses": weaknesses, "outline": store.weaknesses.outline(run, cycle), "suspects": store.suspects.of_cycle(run, cycle),
        "n_open": sum(row["state"] not in ENDED for row in weaknesses), "plan": store.weaknesses.plan(run, cycle),
        "funnel": {**_sums(funnel), "reasons": _reasons(funnel), "rows": funnel},
        "leakage": leakage_facts(store, run, cycle),
        "curriculum": curriculum,
        "real_share": curriculum["real_share"] if curriculum else None,
        "lessons": [_lesson(lesson) for lesson in store.lessons.pick(run, cycle, LESSONS_SHOWN)],
        "adapter": next((adapter for adapter in store.decisions.adapters(run) if adapter["cycle"] == cycle), None),
        "samples": {flip: _spread([sample for sample in flips if sample["flip"] == flip]) for flip in ("broken", "fixed")},
        "n_flips": {flip: sum(sample["flip"] == flip for sample in flips) for flip in ("broken", "fixed")},
        "stages": [{key: stage[key] for key in ("stage", "seconds", "attempts", "started_at", "finished_at")} for stage in stages],
        "seconds": sum(stage["seconds"] or 0.0 for stage in stages),
        "cost_usd": sum(cost["usd"] for cost in store.money.costs(run) if cost["cycle"] == cycle),
    }


def weakness_facts(store: Store, run: str, cycle: int, per_weakness: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Weaknesses of one cycle, worst first, each with its gate result, lessons, cost and an example."""
    gate = {row["weakness"]: row for row in per_weakness if row.get("n")}
    taught = {row["weakness"]: row for row in store.lessons.per_weakness(run) if row["cycle"] == cycle}
    facts = []
    for row in store.weaknesses.of_cycle(run, cycle):
        at_gate, lessons = gate.get(row["weakness"], {}), taught.get(row["weakness"], {})
        facts.append({
            "id": row["weakness"], **{key: row[key] for key in (
                "label", "kind", "state", "split_from", "merged_into", "rank", "n", "n_failures", "failure_rate", "ci_low", "ci_high", "change", "lift", "p_value",
                "stability", "keywords", "failure_types")},
            "gate": {key: at_gate.get(key) for key in ("n", "before", "after", "fixed", "broken", "gain", "shrunk_gain", "shrunk_low", "shrunk_high", "q_value")},
            "lessons": lessons.get("kept", 0), "refused": lessons.get("refused", 0), "cost_usd": lessons.get("cost_usd", 0.0),
            "example": example_of(store, run, row)})
    return facts


def example_of(store: Store, run: str, weakness: dict[str, Any]) -> dict[str, Any]:
    """The weakness's most typical failure: sample, prompt, gold, and what the champion of that cycle answered."""
    members = [member for member in store.weaknesses.members(run, weakness["cycle"], weakness["weakness"]) if member["is_failure"]]
    if not members:
        return {"sample": "", "prompt": "", "gold": "", "answer": ""}
    typical = {str(medoid) for medoid in weakness["medoids"]}
    member = next((m for m in members if typical & {f"{m['suite']}/{m['probe_id']}", m["probe_id"], m["prompt"]}), members[0])
    champion = champion_before(store, run, weakness["cycle"])
    answer = next((a["response"] for a in store.samples.answers(run, member["suite"], member["probe_id"]) if a["adapter"] == champion), "")
    return {"sample": f"{member['suite']}/{member['probe_id']}", "prompt": member["prompt"], "gold": member["gold"], "answer": answer}


def champion_before(store: Store, run: str, cycle: int) -> str:
    """The adapter in force when a cycle began; "" is the base."""
    promoted = [row["candidate"] for row in store.decisions.all(run) if row["cycle"] < cycle and row["decision"] == "promote"]
    return promoted[-1] if promoted else ""


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: rule.get(key) for key in ("name", "value", "threshold", "is_met", "detail")}


def _curriculum(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """The curriculum's row with its recipe summed up by part; the rows themselves are in curriculum.recipe.json."""
    if row is None:
        return None
    recipe = dict(row["recipe"])
    parts: dict[str, dict[str, int]] = {}
    for item in recipe.pop("rows", []):
        part = parts.setdefault(item["part"], {"n": 0, "n_tokens": 0})
        part["n"] += 1
        part["n_tokens"] += item["n_tokens"]
    return {**row, "recipe": recipe, "parts": parts}


def _sums(funnel: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {step: sum(row[step] for row in funnel) for step in FUNNEL_STEPS}


def _reasons(funnel: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in funnel:
        for reason, n in row["reasons"].items():
            counts[reason] = counts.get(reason, 0) + n
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _lesson(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("lesson", "weakness", "strategy", "operator", "prompt", "completion", "check_text", "check_kind", "teacher")}


def _spread(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most `SAMPLES_SHOWN`, chosen by hash so that no suite or skill crowds out the rest; protected suites first."""
    chosen = sorted(samples, key=lambda row: hashlib.sha256(f"{row['suite']}/{row['probe_id']}".encode()).digest())[:SAMPLES_SHOWN]
    keys = ("suite", "probe_id", "split", "prompt", "gold", "before", "after", "strict_before", "strict_after", "lenient_before", "lenient_after")
    return [{key: row[key] for key in keys} for row in sorted(chosen, key=lambda r: (r["split"] != "protected", r["suite"], r["probe_id"]))]
