"""One run as one dictionary: everything that a report says, before anyone decides how it looks.

Store queries go in, JSON-ready data comes out; terminal, Markdown, JSON and HTML are four ways to show it.
The one thing to know: claims (`headline`, `audit`, `protected`) come from the sealed audit split; gate numbers
chose the champion, so they are optimistic and labelled so.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from agent.report.collapse import collapse_facts
from agent.report.control import control_facts
from agent.report.cycles import cycle_facts
from agent.report.headline import headline
from agent.report.planned import forecast_facts
from agent.statistics.intervals import clopper_pearson
from agent.store import Store
from probes.errors import WeakspotError

DEFAULT_STATE = Path("state")  # what commands use without --state
MAP_POINTS = 4000  # an SVG map stays fluid up to about here; failures are kept before right answers


def build_report(store: Store, run: str, cycle: int | None = None) -> dict[str, Any]:
    """All facts of a run up to `cycle` (None: as far as it is).

    Shares are 0 to 1, gains differences of shares, time in seconds, money in US dollars. Works at any moment of
    a run: what is not known yet is None or empty.

    Raises:
        WeakspotError: no such run, or no such cycle in it.
    """
    row = store.runs.get(run)
    run = row["run"]
    config = yaml.safe_load(row["config"]) or {}
    score = config.get("gate", {}).get("score", "strict")
    decisions = {decision["cycle"]: decision for decision in store.decisions.all(run)}
    known = sorted({stage["cycle"] for stage in store.runs.stages(run) if stage["cycle"] > 0} | set(decisions))
    if cycle is not None and cycle not in known:
        raise WeakspotError(f"run {run} has no cycle {cycle}", hint=f"it has: {', '.join(map(str, known)) or 'none yet'}")
    cycles = [cycle_facts(store, run, number, decisions.get(number), score) for number in known if cycle is None or number <= cycle]
    champion = _champion_after(cycles)
    audit = _audit(store, run, champion, score)
    report: dict[str, Any] = {
        "run": run, "scope": "run" if cycle is None else "cycle", "status": row["status"], "stop_reason": row["stop_reason"],
        "created_at": row["created_at"], "finished_at": row["finished_at"],
        "student": row["student"] or config.get("student", {}).get("model", ""), "model_key": row["model_key"],
        "teacher": config.get("teacher", {}).get("model", ""), "score": score, "champion": champion,
        "cycles": cycles, "control": [row for row in control_facts(store, run) if cycle is None or row["cycle"] <= cycle], "audit": audit, "protected": _protected(audit, cycles),
        "trend": _trend(store, run, cycles), "suites": _suites(store, run),
        "noise_floor": row["noise_floor"], "forecasts": forecast_facts(store, run, cycle), "collapse": collapse_facts(store, run),
        "money": {"spent_usd": store.money.spent_usd(run), "budget_usd": config.get("limits", {}).get("budget_usd"), "costs": store.money.costs(run)},
        "seconds": sum(stage["seconds"] or 0.0 for stage in store.runs.stages(run)),
        "map": _map(store, run, cycles), "config": config, "config_hash": row["config_hash"], "versions": json.loads(row["versions"]),
    }
    report["reproduce"] = _reproduce(report, store.state_dir)
    return {"headline": headline(report), **report}


def _champion_after(cycles: Sequence[dict[str, Any]]) -> str:
    promoted = [facts["candidate"] for facts in cycles if facts["decision"] == "promote"]
    return promoted[-1] if promoted else ""


def _audit(store: Store, run: str, champion: str, score: str) -> dict[str, Any] | None:
    """What the sealed split says of a champion; None when it was not read for this one."""
    row = store.decisions.audit(run, champion)
    if row is None:
        return None
    details = row["details"]
    score = details.get("score") or score
    strict, lenient = details.get("strict") or {}, details.get("lenient") or {}
    primary = strict if score == "strict" else lenient
    is_format_only = bool(strict) and bool(lenient) and strict.get("ci_low", 0) > 0 and lenient.get("ci_low", 0) <= 0
    return {**{key: primary.get(key) for key in ("n", "base", "champion", "fixed", "broken", "gain", "ci_low", "ci_high", "p_value")},
            "score": score, "strict": strict or None, "lenient": lenient or None, "format_only": is_format_only,
            "protected": details.get("protected") or [], "per_suite": details.get("per_suite") or [],
            "look": row["look"], "adapter": row["adapter"], "read_at": row["created_at"]}


def _protected(audit: dict[str, Any] | None, cycles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Suites that must not fall, base against champion; from the last promotion's gate where there is no audit."""
    keys = ("suite", "n", "base", "champion", "gain", "ci_low", "margin")
    if audit and audit["protected"]:
        return [{**{key: row.get(key) for key in keys}, "from": "audit"} for row in audit["protected"]]
    promoted = [facts for facts in cycles if facts["decision"] == "promote"]
    if not promoted:
        return []
    return [{**{key: row.get(key) for key in keys}, "champion": row.get("candidate"), "from": "gate"} for row in promoted[-1]["protected"]]


def _trend(store: Store, run: str, cycles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Base and each candidate: accuracy per suite on the gate split and on protected suites, with 95 % intervals."""
    steps: list[dict[str, Any]] = [{"cycle": 0, "adapter": "", "decision": "base"}]
    steps += [{"cycle": facts["cycle"], "adapter": facts["candidate"], "decision": facts["decision"]} for facts in cycles if facts["candidate"]]
    for step in steps:
        rows = [row for row in store.samples.accuracy(run, step["adapter"]) if row["split"] in ("gate", "protected")]
        step["suites"] = [_with_interval(row) for row in rows]
    return [step for step in steps if step["suites"]]


def _with_interval(row: dict[str, Any]) -> dict[str, Any]:
    bands: dict[str, float] = {}
    for score in ("strict", "lenient"):
        found = clopper_pearson(round(row[score] * row["n"]), row["n"])
        bands |= {f"{score}_low": found.low, f"{score}_high": found.high}
    return {**row, **bands}


def _suites(store: Store, run: str) -> list[dict[str, Any]]:
    sizes: dict[str, dict[str, Any]] = {}
    for row in store.samples.split_sizes(run):
        sizes.setdefault(row["suite"], {"suite": row["suite"], "role": row["role"], "splits": {}})["splits"][row["split"]] = row["n"]
    for suite in store.samples.suites(run):
        if suite.name in sizes:
            sizes[suite.name] |= {"origin": suite.origin, "description": suite.description}
    return list(sizes.values())


def _map(store: Store, run: str, cycles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The newest diagnosed cycle's probes in two dimensions, with what the champion answered."""
    diagnosed = [facts for facts in cycles if facts["weaknesses"] or store.weaknesses.map_points(run, facts["cycle"])]
    if not diagnosed:
        return {"cycle": None, "n": 0, "points": [], "labels": {}, "legend": []}
    facts = diagnosed[-1]
    points = [point for point in store.weaknesses.map_points(run, facts["cycle"]) if point["x"] is not None and point["y"] is not None]
    kept = points
    if len(points) > MAP_POINTS:
        wrong, right = [p for p in points if p["failure_type"]], [p for p in points if not p["failure_type"]]
        kept = _thin(wrong, MAP_POINTS) + _thin(right, MAP_POINTS - min(len(wrong), MAP_POINTS))
    champion = next((earlier["candidate"] for earlier in reversed(cycles) if earlier["cycle"] < facts["cycle"] and earlier["decision"] == "promote"), "")
    answers = {(row["suite"], row["probe_id"]): row["response"] for row in store.samples.of_model(run, champion, ["diagnose"])}
    memberships: dict[tuple[str, str], list[str]] = {}
    for row in facts["weaknesses"]:
        for member in store.weaknesses.members(run, facts["cycle"], row["id"]):
            memberships.setdefault((member["suite"], member["probe_id"]), []).append(row["id"])
    shown = [{**point, "answer": answers.get((point["suite"], point["probe_id"]), ""), "weaknesses": memberships.get((point["suite"], point["probe_id"]), [])}
             for point in kept]
    return {"cycle": facts["cycle"], "n": len(points), "labels": {row["id"]: row["label"] for row in facts["weaknesses"]},
            "legend": [{key: row[key] for key in ("id", "label", "n", "n_failures")} for row in facts["weaknesses"]
                       if any(row["id"] in point["weaknesses"] for point in shown)],
            "points": shown}


def _thin(points: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most `most` points, evenly over the list."""
    if most <= 0:
        return []
    return points if len(points) <= most else [points[index * len(points) // most] for index in range(most)]


def _reproduce(report: dict[str, Any], state_dir: Path) -> dict[str, Any]:
    run = report["run"]
    weakspot = "weakspot" if state_dir == DEFAULT_STATE else f"weakspot --state {shlex.quote(str(state_dir))}"
    config = shlex.quote(str(state_dir / "runs" / run / "config.yaml"))
    return {
        "commands": [f"{weakspot} run -c {config}", f"{weakspot} report {run} --format html", f"{weakspot} compare base {run}"],
        "seed": report["config"].get("seed"), "config_hash": report["config_hash"], "model_key": report["model_key"],
        "champion": report["champion"], "adapters": [{"cycle": facts["cycle"], "adapter": facts["candidate"], "decision": facts["decision"],
                                                      "curriculum_sha256": (facts["curriculum"] or {}).get("sha256", "")}
                                                     for facts in report["cycles"] if facts["candidate"]],
    }
