"""The leakage report: what was kept out of training because it holds a probe, by place and rule, with the pairs.

Store queries go in; one JSON-ready dictionary a cycle comes out. Prompts of audit probes stay sealed;
the lessons that hold them are shown, for they came from elsewhere.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from agent.report.wording import count, percent
from agent.store import Store

PAIRS_SHOWN = 40  # in a report; `weakspot leakage --json` has all

PLACES = {"lesson": "teacher's lessons", "seed": "seeds", "anchor": "anchors", "earlier": "earlier lessons"}
RULES = {
    "exact": "the probe itself", "contained": "the probe inside it", "same item": "the probe in asking words of its own", "reordered": "its sentences in another order",
    "coverage": "more than half of it in 8-grams", "13-gram": "13 words in a row", "same content": "the same numbers, rare words and answer",
    "reworded": "the same problem in other words", "variant": "the same problem with other numbers or names",
}


def leakage_facts(store: Store, run: str, cycle: int, limit: int | None = PAIRS_SHOWN) -> dict[str, Any] | None:
    """What one cycle checked, by which thresholds, and what it kept out; None where nothing was checked.

    `checked`: rows by place. `counts`: dropped rows by place and rule. `pairs`: the rows with their probes, at most `limit`.
    """
    checked = store.leaks.checked(run, cycle)
    if checked is None:
        return None
    rows = store.leaks.of_cycle(run, cycle)
    counts = Counter((row["place"], row["rule"]) for row in rows)
    return {"cycle": cycle, "checked": checked["checked"], "n_dropped": len(rows),
            "counts": [{"place": place, "rule": rule, "n": n} for (place, rule), n in sorted(counts.items())],
            "calibration": checked["calibration"], "pairs": rows if limit is None else rows[:limit]}


def leakage_sentence(facts: dict[str, Any]) -> str:
    """How much was checked and dropped, in one line."""
    places = ", ".join(f"{PLACES[place]} {n:,}" for place, n in sorted(facts["checked"].items()))
    dropped = ", ".join(f"{row['n']} {row['rule']} ({PLACES[row['place']]})" for row in facts["counts"])
    return f"checked against {facts['calibration']['n_probes']:,} prompts: {places or 'nothing'}. Kept out: {dropped or 'none'}."


def calibration_sentence(facts: dict[str, Any]) -> str:
    """The thresholds in force and what they are worth, in one line."""
    found = facts["calibration"]
    limits = found["thresholds"]
    line = f"Likeness from which on: reworded {limits['reworded']:.2f} ({limits['reworded_bare']:.2f} without numbers), variant {limits['variant']:.2f}"
    if not found["n_sampled"]:
        return f"{line}; measured on public data, as only {count(found['n_written'], 'probe')} here {'is' if found['n_written'] == 1 else 'are'} not from a template."
    recall = ", ".join(f"{kind} {percent(share)}" for kind, share in sorted(found["recall"].items()))
    return f"{line}; calibrated on {found['n_sampled']} of this run's probes: {percent(found['false_positive_rate'])} taken for another probe; found again when changed by rules: {recall}."
