"""Two models on the same probes: what was fixed, what broke, what is still wrong, and how sure that is.

Names of models go in (`base`, `latest`, `RUN`, `RUN:CYCLE`), one dictionary comes out. Only stored answers are
compared, so it costs nothing and works between runs whose suites share probes. The audit split stays sealed
unless it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from agent.report.wording import count, interval, p_phrase, percent, points
from agent.statistics.paired import group_p_value, paired_difference
from agent.store import Store
from probes.errors import WeakspotError

SPLITS = ("gate", "protected")
KNOWN_SPLITS = ("diagnose", "gate", "protected", "audit")
ALPHA_WORSE = 0.05  # one-sided level at which a suite counts as measurably worse


@dataclass(frozen=True)
class Model:
    """A base with an adapter, as the user named it."""

    name: str
    run: str
    model_key: str
    adapter: str
    """"" is the base."""


def find_model(store: Store, text: str, default_run: str | None = None) -> Model:
    """The model that `text` means: `base`, `latest`, a run (its champion) or `run:cycle` (that cycle's candidate).

    `base` is the base of `default_run` (None: the latest run).

    Raises:
        WeakspotError: no such run or cycle, or the cycle trained nothing.
    """
    if text == "base":
        row = store.runs.get(default_run)
        return Model("base", row["run"], row["model_key"], "")
    name, _, cycle = text.partition(":")
    row = store.runs.get(None if name == "latest" else name)
    if not cycle:
        return Model(row["run"], row["run"], row["model_key"], row["champion"])
    if cycle in ("0", "base"):
        return Model(f"{row['run']}:base", row["run"], row["model_key"], "")
    made = {str(adapter["cycle"]): adapter["adapter"] for adapter in store.decisions.adapters(row["run"])}
    if cycle not in made:
        raise WeakspotError(f"cycle {cycle} of {row['run']} has no adapter", where=f"cycles with one: {', '.join(made) or 'none'}",
                            hint="`weakspot status` shows how each cycle ended")
    return Model(f"{row['run']}:{cycle}", row["run"], row["model_key"], made[cycle])


def compare_models(store: Store, before: str, after: str, *, score: str | None = None, splits: Sequence[str] = SPLITS) -> dict[str, Any]:
    """Everything `weakspot compare` says; probes are those of `after`'s run (of `before`'s if `after` is `base`).

    `score` None takes the gate's score of that run.

    Raises:
        WeakspotError: unknown model or split, or no probe that both answered.
    """
    if unknown := [split for split in splits if split not in KNOWN_SPLITS]:
        raise WeakspotError(f"unknown split {unknown[0]!r}", hint=f"choose from: {', '.join(KNOWN_SPLITS)}")
    other = after if after != "base" else before
    home = find_model(store, other).run if other != "base" else None
    a, b = find_model(store, before, home), find_model(store, after, home)
    score = score or (yaml.safe_load(store.runs.get(b.run)["config"]) or {}).get("gate", {}).get("score", "strict")
    rows = store.samples.pairs(b.run, (a.model_key, a.adapter), (b.model_key, b.adapter), splits)
    if not rows:
        raise WeakspotError(f"{a.name} and {b.name} have answered no probe in common", where=f"splits: {', '.join(splits)}",
                            hint="a candidate answers the gate split only; try --split diagnose, or compare with its own run's base")
    suites = [{"suite": name, "split": found[0]["split"], **_counts(found, score)} for name, found in _grouped(rows, "suite").items()]
    facts: dict[str, Any] = {
        "a": asdict(a), "b": asdict(b), "score": score, "splits": list(splits), "suites": suites,
        "total": _counts([row for row in rows if row["split"] != "protected"] or rows, score),
        "weaknesses": _per_weakness(store, a, b, score),
        "samples": {flip: [_sample(row) for row in rows if _flip(row, score) == flip] for flip in ("broken", "fixed")},
        "regressions": [row["suite"] for row in suites if row["p_worse"] <= ALPHA_WORSE]}
    return {"headline": _headline(facts), **facts}


def _counts(rows: Sequence[dict[str, Any]], score: str) -> dict[str, Any]:
    old, new = [row[f"{score}_before"] for row in rows], [row[f"{score}_after"] for row in rows]
    groups = [row["grp"] for row in rows]
    difference = paired_difference(old, new, groups=groups)
    right = sum(1 for x, y in zip(old, new, strict=True) if x == y == 1)
    return {"n": difference.n, "before": sum(old) / len(old), "after": sum(new) / len(new), "gain": difference.gain, "ci_low": difference.ci_low,
            "ci_high": difference.ci_high, "fixed": difference.fixed, "broken": difference.broken, "still_right": right,
            "still_wrong": difference.n - difference.fixed - difference.broken - right,
            "p_better": group_p_value(old, new, groups), "p_worse": group_p_value(new, old, groups)}


def _per_weakness(store: Store, a: Model, b: Model, score: str) -> list[dict[str, Any]]:
    """Members of the run's weaknesses that both models answered, else what the gate stored for this very pair."""
    rows = {f"{row['suite']}/{row['probe_id']}": row for row in store.samples.pairs(b.run, (a.model_key, a.adapter), (b.model_key, b.adapter), ["diagnose"])}
    found = []
    for weakness in store.weaknesses.latest(b.run):
        members = [rows[name] for name in weakness["members"] if name in rows]
        if members:
            counts = _counts(members, score)
            found.append({"weakness": weakness["weakness"], "label": weakness["label"], "split": "diagnose",
                          **{key: counts[key] for key in ("n", "before", "after", "fixed", "broken", "gain")}})
    if found or a.run != b.run:
        return found
    for decision in store.decisions.all(b.run):
        if (decision["champion"], decision["candidate"]) == (a.adapter, b.adapter):
            return [{**row, "split": "gate"} for row in decision["details"].get("per_weakness") or []]
    return []


def _grouped(rows: Iterable[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _flip(row: dict[str, Any], score: str) -> str:
    before, after = row[f"{score}_before"], row[f"{score}_after"]
    return "fixed" if after > before else "broken" if after < before else "same"


def _sample(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "grp"}


def _headline(facts: dict[str, Any]) -> str:
    total = facts["total"]
    p = ("better: " + p_phrase(total["p_better"])) if total["gain"] >= 0 else ("worse: " + p_phrase(total["p_worse"]))
    text = (f"{percent(total['before'])} to {percent(total['after'])} on {count(total['n'], 'probe')} ({points(total['gain'])} points, 95 % interval "
            f"{interval(total['ci_low'], total['ci_high'])}, {p}): {total['fixed']} fixed, {total['broken']} broken, {total['still_wrong']} still wrong")
    return f"{text}; measurably worse: {', '.join(facts['regressions'])}." if facts["regressions"] else f"{text}."
