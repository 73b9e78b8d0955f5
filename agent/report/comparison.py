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
from agent.statistics.intervals import benjamini_hochberg
from agent.statistics.paired import group_p_value, paired_difference
from agent.store import Store
from probes.errors import WeakspotError

SPLITS = ("gate", "protected")
KNOWN_SPLITS = ("diagnose", "gate", "protected", "audit")
ALPHA_WORSE = 0.05  # chance of any false alarm over all suites, if nothing fell
FLIPS = ("broken", "fixed", "still wrong")


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
    for row, q_value in zip(suites, benjamini_hochberg([row["p_worse"] for row in suites]), strict=True):
        row["q_worse"] = q_value  # over all suites: ten suites at .05 each would alarm in 40 % of comparisons of equal models
    improved = [row for row in rows if row["split"] != "protected"] or rows
    total = {name: _counts(improved, name) for name in ("strict", "lenient")}
    facts: dict[str, Any] = {
        "a": asdict(a), "b": asdict(b), "is_same_model": (a.model_key, a.adapter) == (b.model_key, b.adapter), "score": score, "splits": list(splits),
        "n_unanswered": _unanswered(store, b.run, splits, len(rows)), "total": total[score], **total, "suites": suites,
        "weaknesses": _per_weakness(store, a, b, rows, score),
        "samples": {flip: [_sample(row) for row in rows if _flip(row, score) == flip] for flip in FLIPS},
        "regressions": [row["suite"] for row in suites if row["q_worse"] <= ALPHA_WORSE]}
    return {"headline": _headline(facts), **facts}


def _counts(rows: Sequence[dict[str, Any]], score: str) -> dict[str, Any]:
    old, new = [row[f"{score}_before"] for row in rows], [row[f"{score}_after"] for row in rows]
    groups = [row["unit"] for row in rows]
    difference = paired_difference(old, new, groups=groups)
    right = sum(1 for x, y in zip(old, new, strict=True) if x == y == 1)
    return {"n": difference.n, "before": sum(old) / len(old), "after": sum(new) / len(new), "gain": difference.gain, "ci_low": difference.ci_low,
            "ci_high": difference.ci_high, "fixed": difference.fixed, "broken": difference.broken, "still_right": right,
            "still_wrong": difference.n - difference.fixed - difference.broken - right,
            "p_better": group_p_value(old, new, groups), "p_worse": group_p_value(new, old, groups)}


def _per_weakness(store: Store, a: Model, b: Model, rows: Sequence[dict[str, Any]], score: str) -> list[dict[str, Any]]:
    """Gains by weakness of B's run: on the gate probes that its newest decision counted under each, else on the weakness's own
    diagnosed probes, where both models answered them."""
    labels = {row["weakness"]: row["label"] for row in store.weaknesses.latest(b.run)}
    cycle, assigned = store.decisions.gate_members(b.run)
    names = {**{row["weakness"]: row["label"] for row in (store.weaknesses.of_cycle(b.run, cycle) if cycle else [])}, **labels}
    at_gate = [{**row, "weakness": assigned[row["suite"], row["probe_id"]]} for row in rows if (row["suite"], row["probe_id"]) in assigned]
    found = _weakness_rows(_grouped(at_gate, "weakness"), names, "gate", score)
    seen = {row["weakness"] for row in found}
    diagnosed = {f"{row['suite']}/{row['probe_id']}": row for row in store.samples.pairs(b.run, (a.model_key, a.adapter), (b.model_key, b.adapter), ["diagnose"])}
    members = {weakness["weakness"]: [diagnosed[name] for name in weakness["members"] if name in diagnosed]
               for weakness in store.weaknesses.latest(b.run) if weakness["weakness"] not in seen}
    return found + _weakness_rows({name: part for name, part in members.items() if part}, names, "diagnose", score)


def _weakness_rows(parts: dict[str, list[dict[str, Any]]], names: dict[str, str], split: str, score: str) -> list[dict[str, Any]]:
    """Counts by weakness with the interval and p values corrected for their number, largest fall first."""
    made = [{"weakness": name, "label": names.get(name, ""), "split": split, **_counts(part, score)} for name, part in parts.items()]
    for side in ("better", "worse"):
        for row, q_value in zip(made, benjamini_hochberg([row[f"p_{side}"] for row in made]), strict=True):
            row[f"q_{side}"] = q_value
    return sorted(made, key=lambda row: (row["gain"], row["weakness"]))


def _unanswered(store: Store, run: str, splits: Sequence[str], n_both: int) -> int:
    """Probes of these splits that one of the two models has not answered: they are left out, and that is said."""
    return sum(row["n"] for row in store.samples.split_sizes(run) if row["split"] in splits) - n_both


def _grouped(rows: Iterable[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _flip(row: dict[str, Any], score: str) -> str:
    before, after = row[f"{score}_before"], row[f"{score}_after"]
    if after == before:
        return "still right" if after == 1 else "still wrong"
    return "fixed" if after > before else "broken"


def _sample(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("grp", "unit")}


def _headline(facts: dict[str, Any]) -> str:
    if facts["is_same_model"]:
        return f"{facts['a']['name']} and {facts['b']['name']} are the same model: every answer is the same."
    total, other = facts["total"], "lenient" if facts["score"] == "strict" else "strict"
    p = ("better: " + p_phrase(total["p_better"])) if total["gain"] >= 0 else ("worse: " + p_phrase(total["p_worse"]))
    text = (f"{percent(total['before'])} to {percent(total['after'])} on {count(total['n'], 'probe')} ({points(total['gain'])} points, 95 % interval "
            f"{interval(total['ci_low'], total['ci_high'])}, {p}): {total['fixed']} fixed, {total['broken']} broken, {total['still_wrong']} still wrong; "
            f"{other} {points(facts[other]['gain'])} ({interval(facts[other]['ci_low'], facts[other]['ci_high'])})")
    if facts["n_unanswered"]:
        text += f"; {count(facts['n_unanswered'], 'probe')} left out, not answered by both"
    return f"{text}; measurably worse: {', '.join(facts['regressions'])}." if facts["regressions"] else f"{text}."
