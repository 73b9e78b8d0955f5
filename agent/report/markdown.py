"""A report as Markdown: for pull requests, logs and mail.

A report dictionary goes in, text comes out. Prompts, answers and lessons are hostile text: they stand in code
spans that they cannot leave, and control characters are made visible.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from agent.planning.words import outcome
from agent.report.control import ARM_HEAD, DIFFERENCE_HEAD, arm_rows, difference_rows, lessons_line
from agent.report.headline import FORMAT_ONLY
from agent.report.leakage import calibration_sentence, leakage_sentence
from agent.report.planned import FORECAST_COLUMNS, forecast_cells
from agent.report.tree import nested
from agent.report.verification import RATE_COLUMNS, rate_cells, teacher_sentence
from agent.report.wording import (
    DECISIONS,
    FUNNEL_STEPS,
    SUSPECTS,
    count,
    duration,
    interval,
    money,
    one_line,
    p_value,
    percent,
    percent_interval,
    points,
    short,
    state_words,
    times,
    witnessed,
)

SAMPLES_SHOWN = 10  # a kind and cycle; the HTML report has more
LEVELS_SHOWN = 1  # of the tree, besides the way to every weakness


def render_markdown(report: dict[str, Any]) -> str:
    """The whole report."""
    blocks = [f"# weakspot report: {plain(report['run'])}", f"**{plain(report['headline'])}**", _about(report)]
    if report["audit"]:
        blocks += ["## Gain on the audit split", _audit(report["audit"])]
    for facts in report["control"]:
        blocks += control_blocks(facts)
    if report["protected"]:
        blocks += ["## Protected suites", _protected(report["protected"])]
    if report["trend"]:
        blocks += ["## Trend per suite", _trend(report)]
    if report["cycles"]:
        blocks += ["## Cycles", _cycles(report["cycles"]), "\\* Gate gains are optimistic: the gate chose the champion. Claims come from the audit split."]
    if report["forecasts"]:
        blocks += ["## Forecasts", table(FORECAST_COLUMNS, (map(plain, forecast_cells(row)) for row in report["forecasts"])), plain(outcome(report["forecasts"]))]
    for facts in report["cycles"]:
        blocks += cycle_blocks(facts)
    blocks += collapse_blocks(report["collapse"])
    blocks += ["## How to reproduce", "```\n" + "\n".join(report["reproduce"]["commands"]) + "\n```", _reproduce(report)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def cycle_blocks(facts: dict[str, Any]) -> list[str]:
    """One cycle: reasons, weaknesses, rules, funnel, samples."""
    blocks = [f"## Cycle {facts['cycle']}: {DECISIONS.get(facts['decision'], facts['decision'])}",
              "\n".join(f"- {plain(reason)}" for reason in facts["reasons"])]
    if facts["format_only"]:
        blocks.append(f"Gain {FORMAT_ONLY}.")
    if facts["weaknesses"]:
        blocks.append(_weaknesses(facts["weaknesses"]))
    if facts["outline"]:
        blocks += ["Where they lie, by accuracy in substance (`weakspot weaknesses --tree` has the whole tree):", _outline(nested(facts["outline"]))]
    if facts["suspects"]:
        blocks += [f"### Suspect labels of cycle {facts['cycle']} ({len(facts['suspects'])})", SUSPECTS, _suspects(facts["suspects"])]
    if facts["rules"]:
        blocks.append(table(("rule", "met", "value", "threshold", "detail"),
                            ((rule["name"], "yes" if rule["is_met"] else "**no**", _number(rule["value"]), _number(rule["threshold"]), plain(rule["detail"] or ""))
                             for rule in facts["rules"])))
    if judged := [row for row in facts["weaknesses"] if row["gate"].get("shrunk_gain") is not None]:
        blocks.append(table(("weakness", "n", "fixed", "broken", "gain", "shrunk", "95 %", "q"),
                            ((f"{code(row['id'])} {plain(row['label'], 80)}", str(row["gate"]["n"]), str(row["gate"]["fixed"]), str(row["gate"]["broken"]), points(row["gate"]["gain"]),
                              points(row["gate"]["shrunk_gain"]), interval(row["gate"]["shrunk_low"], row["gate"]["shrunk_high"]), p_value(row["gate"]["q_value"])) for row in judged)))
    if facts["plan"]:
        blocks.append(table(("weakness", "strategy", "lessons ordered", "why"),
                            ((code(row["weakness"]), plain(row["strategy"]), str(row["n_lessons"]), plain(row["reason"])) for row in facts["plan"])))
    if facts["funnel"]["asked"]:
        blocks.append("Lessons: " + " → ".join(f"{facts['funnel'][step]} {step}" for step in FUNNEL_STEPS) + ". Refused: "
                      + (", ".join(f"{n} × {plain(reason)}" for reason, n in facts["funnel"]["reasons"].items()) or "none") + ".")
    if facts["leakage"]:
        blocks += [f"### Leakage in cycle {facts['cycle']} ({facts['leakage']['n_dropped']} rows kept out)", *_leakage(facts["leakage"])]
    if facts["verification"]["teacher"]:
        blocks.append(plain(teacher_sentence(facts["verification"]["teacher"])))
    if facts["verification"]["rates"]:
        blocks += ["What checked the lessons, and how often it is wrong on items of which the truth is known:",
                   table(RATE_COLUMNS, (map(plain, rate_cells(row)) for row in facts["verification"]["rates"]))]
    for flip in ("broken", "fixed"):
        shown = facts["samples"][flip][:SAMPLES_SHOWN]
        if shown:
            blocks += [f"### {flip.capitalize()} in cycle {facts['cycle']} ({len(shown)} of {facts['n_flips'][flip]})",
                       table(("sample", "prompt", "gold", "before", "after"),
                             ((code(f"{row['suite']}/{row['probe_id']}"), code(row["prompt"], 120), code(row["gold"], 40), code(row["before"], 60), code(row["after"], 60))
                              for row in shown))]
    return blocks


def _leakage(leakage: dict[str, Any]) -> list[str]:
    blocks = [f"{plain(leakage_sentence(leakage), 800)}\n\n{plain(calibration_sentence(leakage), 800)}"]
    if leakage["pairs"]:
        blocks.append(table(("row", "where", "rule", "likeness", "probe", "split", "prompt"),
                            ((code(row["lesson"]), row["place"], row["rule"], "–" if row["likeness"] is None else f"{row['likeness']:.2f}",
                              code(f"{row['suite']}/{row['probe_id']}", 60), row["split"] or "?", code(row["prompt"], 120)) for row in leakage["pairs"])))
    return blocks


def control_blocks(facts: dict[str, Any]) -> list[str]:
    """Did the target help: the arms of one comparison, their differences, lessons for the same gain."""
    blocks = [f"## Control, cycle {facts['cycle']} ({facts['split']} split)", f"{plain(facts['headline'])}"]
    if facts["n_seeds"]:
        blocks += [table(ARM_HEAD, arm_rows(facts)), table(DIFFERENCE_HEAD, difference_rows(facts)), lessons_line(facts)]
    return blocks


def table(header: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A pipe table; cells must be safe already (`plain` or `code`)."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def plain(text: object, limit: int = 400) -> str:
    """Foreign text in running text or a table cell: one line, nothing in it means anything to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", html.escape(one_line(text, limit), quote=False))


def code(text: object, limit: int = 200) -> str:
    """Foreign text as a code span, its delimiter longer than any run of back-ticks inside."""
    body = one_line(text, limit).replace("|", "¦")  # a pipe would end the table cell even inside a code span
    if not body:
        return "*(nothing)*"
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", body)), default=0) + 1)
    pad = " " if body.startswith("`") or body.endswith("`") else ""
    return f"{ticks}{pad}{body}{pad}{ticks}"


def _about(report: dict[str, Any]) -> str:
    return (f"Student {code(report['student'])}, teacher {code(report['teacher'])}, {count(len(report['cycles']), 'cycle')}, "
            f"{money(report['money']['spent_usd'])}, {duration(report['seconds'])} of stages, status {report['status']}"
            + (f": {plain(report['stop_reason'])}" if report["stop_reason"] else "") + ".")


def _audit(audit: dict[str, Any]) -> str:
    rows = [(score, str(facts["n"]), percent(facts["base"]), percent(facts["champion"]), points(facts["gain"]), interval(facts["ci_low"], facts["ci_high"]),
             str(facts["fixed"]), str(facts["broken"]), p_value(facts.get("p_value")))
            for score in ("strict", "lenient") if (facts := audit[score])]
    text = table(("score", "n", "base", "champion", "gain", "95 % interval", "fixed", "broken", "p"), rows)
    return text + f"\n\nRead {times(audit['look'] or 1)}." + (f" The gain is {FORMAT_ONLY}." if audit["format_only"] else "")


def _protected(protected: Sequence[dict[str, Any]]) -> str:
    return table(("suite", "n", "base", "champion", "change", "lower bound", "margin", "from"),
                 ((plain(row["suite"]), str(row["n"]), percent(row["base"]), percent(row["champion"]), points(row["gain"]), points(row["ci_low"]),
                   points(-row["margin"] if row["margin"] is not None else None), row["from"]) for row in protected))


def _trend(report: dict[str, Any]) -> str:
    rows = []
    for step in report["trend"]:
        for row in step["suites"]:
            rows.append((str(step["cycle"]), DECISIONS.get(step["decision"], step["decision"]), plain(row["suite"]), row["split"], str(row["n"]),
                         f"{percent(row['strict'])} ({percent_interval(row['strict_low'], row['strict_high'])})",
                         f"{percent(row['lenient'])} ({percent_interval(row['lenient_low'], row['lenient_high'])})"))
    return table(("cycle", "candidate", "suite", "split", "n", "strict", "lenient"), rows)


def _cycles(cycles: Sequence[dict[str, Any]]) -> str:
    return table(("cycle", "decision", "gate gain*", "fixed", "broken", "p", "level", "weaknesses", "lessons", "real share", "time", "cost"),
                 ((str(facts["cycle"]), DECISIONS.get(facts["decision"], facts["decision"]), points(facts["gate"]["gain"]), str(facts["gate"]["fixed"]),
                   str(facts["gate"]["broken"]), p_value(facts["p_value"]), p_value(facts["level"]), str(facts["n_open"]),
                   str(facts["funnel"]["kept"]), percent(facts["real_share"]), duration(facts["seconds"]), money(facts["cost_usd"])) for facts in cycles))


def _weaknesses(weaknesses: Sequence[dict[str, Any]]) -> str:
    return table(("id", "weakness", "n", "wrong", "95 %", "change", "state", "lessons", "gate: before", "after", "example"),
                 ((code(row["id"]), plain(row["label"], 80), str(row["n"]), percent(row["failure_rate"]), percent_interval(row["ci_low"], row["ci_high"]),
                   points(row["change"]), state_words(row), str(row["lessons"]), percent(row["gate"]["before"]), percent(row["gate"]["after"]),
                   code(row["example"]["prompt"], 80)) for row in weaknesses))


def _outline(siblings: Sequence[dict[str, Any]]) -> str:
    """A nested list: the first levels, and the way to every weakness."""
    lines = []
    for node in siblings:
        if node["depth"] > LEVELS_SHOWN and not (node["weakness"] or node["holds_weakness"]):
            continue
        name = f"**{plain(node['label'], 80)}** {code(node['weakness'])}" if node["weakness"] else plain(node["label"], 80)
        lines.append(f"{'  ' * node['depth']}- {name}: {percent(node['accuracy'])} right ({percent_interval(node['ci_low'], node['ci_high'])}), "
                     f"{node['n_failures']} of {node['n']} wrong")
        if below := _outline(node["children"]):
            lines.append(below)
    return "\n".join(lines)


def _suspects(suspects: Sequence[dict[str, Any]]) -> str:
    return table(("sample", "prompt", "gold", "rather", "because"),
                 ((code(f"{row['suite']}/{row['probe_id']}"), code(row["prompt"], 120), code(row["gold"], 40), code(row["says"], 40), plain(witnessed(row)))
                  for row in suspects))


def _reproduce(report: dict[str, Any]) -> str:
    facts = report["reproduce"]
    lines = [f"- seed {facts['seed']}, configuration {code(facts['config_hash'])}, student weights {code(short(facts['model_key']))}"]
    lines += [f"- cycle {row['cycle']}: adapter {code(short(row['adapter']))} ({row['decision']}), curriculum {code(short(row['curriculum_sha256']))}"
              for row in facts["adapters"]]
    lines.append("- " + ", ".join(f"{plain(name)} {plain(version)}" for name, version in sorted(report["versions"].items())))
    return "\n".join(lines)


def collapse_blocks(facts: dict[str, Any]) -> list[str]:
    """The collapse monitor: heading, table and alarms; nothing where no candidate was measured."""
    if not facts["columns"]:
        return ["## Collapse monitor", f"Not measured: {plain(facts['unmeasured'])}."] if facts["unmeasured"] else []
    heads = ["metric", *("base" if column["cycle"] == 0 else f"cycle {column['cycle']}" for column in facts["columns"]), "says"]
    rows = [[row["metric"], *(_number(cell["value"]) + (" **alarm**" if cell["is_alarm"] else "") for cell in row["cells"]), row["says"]] for row in facts["rows"]]
    alarms = [f"- cycle {column['cycle']}: {plain(alarm)}" for column in facts["columns"] for alarm in column["alarms"]]
    alarms += [f"- cycle {column['cycle']}: promotion forbidden, the second alarm in a row" for column in facts["columns"] if column["is_vetoed"]]
    return ["## Collapse monitor", table(heads, rows), "\n".join(alarms) or "No alarm."]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
