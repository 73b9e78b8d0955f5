"""The sentence on top of a report and the last lines of a run.

A report dictionary goes in, sentences come out. Only the audit split may claim a gain; without an audit the
sentence says that it speaks of the gate, which is optimistic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.report.wording import (
    DECISIONS,
    count,
    duration,
    interval,
    money,
    one_line,
    p_phrase,
    percent,
    points,
)
from agent.store.weaknesses import ENDED

FORMAT_ONLY = "explained by answer format alone: the lenient score did not move beyond noise"


def headline(report: dict[str, Any]) -> str:
    """One sentence: what was gained, how sure that is, what it cost."""
    cycles = report["cycles"]
    if not cycles:
        return f"Run {report['run']} has not finished a stage yet."
    parts = [f"{_subject(report)}: {_gain(report)}", *_fall(report["protected"]), money(report["money"]["spent_usd"]), duration(report["seconds"])]
    return ", ".join(parts) + "."


def closing_lines(report: dict[str, Any], html: Path | None = None) -> list[str]:
    """What `weakspot run` prints last: gained, rejected and why, protected, money and time, the file to open."""
    lines = _gained(report)
    lines += [_cycle_line(facts) for facts in report["cycles"]]
    for row in report["protected"]:
        held = row["ci_low"] is not None and row["margin"] is not None and row["ci_low"] > -row["margin"]
        word = "held" if held else "NOT shown to hold"
        lines.append(f"protected {row['suite']} {word}: {percent(row['base'])} to {percent(row['champion'])} "
                     f"(lower bound {points(row['ci_low'])}, margin {points(-row['margin'] if row['margin'] is not None else None)})")
    budget = report["money"]["budget_usd"]
    lines.append(f"spent {money(report['money']['spent_usd'])}{f' of {money(budget)}' if budget is not None else ''} and {duration(report['seconds'])}"
                 + (f"; stopped: {report['stop_reason']}" if report["stop_reason"] else ""))
    if html is not None:
        lines.append(f"open {html}")
    return lines


def _cycle_line(facts: dict[str, Any]) -> str:
    """What one cycle found and how it ended; for everything but a promotion, why."""
    weak = [row for row in facts["weaknesses"] if row["state"] not in ENDED]
    found = f" found {count(len(weak), 'weakness', 'weaknesses')}, first: {one_line(weak[0]['label'], 80)} ({weak[0]['n_failures']} of {weak[0]['n']} wrong);" if weak else ""
    line = f"cycle {facts['cycle']}{found} {DECISIONS.get(facts['decision'], facts['decision'])}"
    if facts["decision"] not in ("promote", "running"):
        return f"{line}: {'; '.join(facts['reasons']) or 'no reason stored'}"
    return f"{line}, gain {FORMAT_ONLY}" if facts["format_only"] else line


def _subject(report: dict[str, Any]) -> str:
    last = report["cycles"][-1]
    word = DECISIONS.get(last["decision"], last["decision"])
    if report["scope"] == "cycle" or last["decision"] == "running":
        return f"Cycle {last['cycle']} ({word})"
    n_promoted = sum(facts["decision"] == "promote" for facts in report["cycles"])
    return f"{count(len(report['cycles']), 'cycle')}, {n_promoted} promoted"


def _gain(report: dict[str, Any]) -> str:
    audit = report["audit"]
    if audit and audit["gain"] is not None:
        text = (f"{percent(audit['base'])} to {percent(audit['champion'])} on the audit split ({audit['score']}: {points(audit['gain'])} points, "
                f"95 % interval {interval(audit['ci_low'], audit['ci_high'])}, {p_phrase(audit['p_value'])}")
        other = "lenient" if audit["score"] == "strict" else "strict"
        if audit[other]:
            text += f"; {other}: {points(audit[other]['gain'])}, {interval(audit[other]['ci_low'], audit[other]['ci_high'])}"
        return text + ")" + (f", {FORMAT_ONLY}" if audit["format_only"] else "")
    last = report["cycles"][-1]
    if last["gate"]["gain"] is not None:
        champion, candidate = percent(last["gate"].get("champion")), percent(last["gate"].get("candidate"))
        text = (f"{champion} to {candidate} on the gate split ({points(last['gate']['gain'])} points, "
                f"{p_phrase(last['p_value'])}; optimistic, the audit split has not been read)")
        return text + (f", {FORMAT_ONLY}" if last["format_only"] else "")
    return last["reason"] or "nothing measured yet"


def _fall(protected: list[dict[str, Any]]) -> list[str]:
    known = [row for row in protected if row["gain"] is not None]
    beyond = [row for row in known if row["margin"] is not None and row["gain"] < -row["margin"]]
    if beyond:
        return [f"protected suite {row['suite']} fell by {-100 * row['gain']:.1f}, beyond its margin of {100 * row['margin']:.1f}" for row in beyond]
    if not known:
        return []
    worst = min(row["gain"] for row in known)
    return ["nothing protected fell" if worst >= 0 else f"nothing protected fell by more than {-100 * worst:.1f}"]


def _gained(report: dict[str, Any]) -> list[str]:
    audit = report["audit"]
    if not audit or audit["gain"] is None:
        if report["champion"]:
            return ["promoted, but the audit split has not been read: nothing is claimed yet"]
        return ["no candidate was promoted: the student is unchanged"]
    lines = []
    for score in (audit["score"], "lenient" if audit["score"] == "strict" else "strict"):
        facts = audit[score]
        if facts:
            lines.append(f"gained, {score}: {percent(facts['base'])} to {percent(facts['champion'])} on {count(facts['n'], 'audit probe')} "
                         f"({points(facts['gain'])} points, 95 % interval {interval(facts['ci_low'], facts['ci_high'])}, {p_phrase(facts.get('p_value'))})")
    if audit["format_only"]:
        lines.append(f"the gain is {FORMAT_ONLY}")
    return lines
