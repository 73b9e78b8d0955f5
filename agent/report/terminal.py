"""A report on a terminal: the sentence, then tables a screen wide.

A report dictionary goes in, rich renderables come out; `agent.cli.output` decides where they go. Foreign text
passes `visible` and is never read as rich markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.report.leakage import leakage_sentence
from agent.report.table import make_table, plain
from agent.report.verification import RATE_COLUMNS, rate_cells, teacher_sentence
from agent.report.wording import (
    DECISIONS,
    FUNNEL_STEPS,
    SUSPECTS,
    duration,
    interval,
    money,
    one_line,
    p_value,
    percent,
    percent_interval,
    points,
    state_words,
    witnessed,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table

EXAMPLES_FROM = 120  # columns; below, labels would be squeezed to a few letters a line
SUSPECTS_SHOWN = 10  # on a terminal; Markdown, HTML and --json have all
STYLES = {"promote": "green", "reject": "red", "inconclusive": "yellow", "failed_train": "red", "no_data": "yellow", "running": "cyan"}


def render_terminal(report: dict[str, Any]) -> Iterator[RenderableType]:
    """Everything but samples and map, for a terminal of 80 columns or more."""
    from rich.text import Text

    from agent.report.planned import forecasts_table

    yield Text(visible_headline(report), style="bold")
    yield Text("")
    if report["cycles"]:
        yield cycles_table(report["cycles"])
    for facts in report["cycles"][-1:]:
        if facts["weaknesses"]:
            yield weaknesses_table(facts["weaknesses"], f"weaknesses found in cycle {facts['cycle']}")
        if facts["suspects"]:
            yield suspects_table(facts["suspects"], f"suspect labels of cycle {facts['cycle']}")
        if facts["rules"]:
            yield rules_table(facts)
        if facts["funnel"]["asked"]:
            yield Text("lessons of cycle {}: {}".format(facts["cycle"], ", ".join(f"{facts['funnel'][step]} {step}" for step in FUNNEL_STEPS)))
        if facts["leakage"]:
            yield Text(leakage_sentence(facts["leakage"]) + (" weakspot leakage shows the pairs." if facts["leakage"]["n_dropped"] else ""))
        if facts["verification"]["teacher"]:
            yield Text(teacher_sentence(facts["verification"]["teacher"]))
        if facts["verification"]["rates"]:
            yield rates_table(facts["verification"]["rates"], f"what checked the lessons of cycle {facts['cycle']}, measured on items of which the truth is known")
    if report["forecasts"]:
        yield forecasts_table(report["forecasts"])
    for facts in report["control"]:
        yield Text(f"control, cycle {facts['cycle']}: {facts['headline']}")
    if report["protected"]:
        yield protected_table(report["protected"])


def rates_table(rates: Iterable[dict[str, Any]], title: str) -> Table:
    """One line a verifier."""
    table = make_table(title, *RATE_COLUMNS, numeric=(1, 2, 3, 4))
    for row in rates:
        table.add_row(*(one_line(cell, 160) for cell in rate_cells(row)))
    return table


def visible_headline(report: dict[str, Any]) -> str:
    """The sentence, made harmless: a stop reason may quote foreign text."""
    return one_line(report["headline"], 1000)


def cycles_table(cycles: Iterable[dict[str, Any]]) -> Table:
    """One line a cycle."""
    from rich.text import Text

    table = make_table("cycles", "cycle", "decision", "gate*", "fixed", "broken", "p", "level", "weak", "lessons", "real", "time", "cost", numeric=(0, *range(2, 12)))
    for facts in cycles:
        gate = facts["gate"]
        table.add_row(str(facts["cycle"]), Text(DECISIONS.get(facts["decision"], facts["decision"]), style=STYLES.get(facts["decision"], "")),
                      points(gate["gain"]), str(gate["fixed"]), str(gate["broken"]), p_value(facts["p_value"]), p_value(facts["level"]),
                      str(facts["n_open"]), str(facts["funnel"]["kept"]), percent(facts["real_share"]), duration(facts["seconds"]), money(facts["cost_usd"]))
    table.caption = "* gate gains are optimistic: the gate chose the champion; claims come from the audit split"
    return table


def weaknesses_table(weaknesses: Iterable[dict[str, Any]], title: str) -> RenderableType:
    """Id, label, size, failure rate with interval, change, state; an example where the terminal is wide enough."""
    return _WeaknessesTable(list(weaknesses), title)


@dataclass(frozen=True)
class _WeaknessesTable:
    """Knows its width only when it is drawn."""

    weaknesses: list[dict[str, Any]]
    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        is_wide = options.max_width >= EXAMPLES_FROM
        table = make_table(self.title, "id", "label", "n", "wrong", "95 %", "change", "state", *(["example"] if is_wide else []), numeric=(2, 3, 5))
        if not is_wide:
            table.padding = (0, 0)
        for row in self.weaknesses:
            example = row.get("example") or {}
            shown = f"{one_line(example['prompt'], 60)} → {one_line(example['answer'], 40) or '(nothing)'}, not {one_line(example['gold'], 20)}" if example.get("prompt") else ""
            table.add_row(*map(plain, (row["id"], one_line(row["label"], 48), str(row["n"]), percent(row["failure_rate"]), percent_interval(row["ci_low"], row["ci_high"]),
                                        points(row["change"]), state_words(row), *([shown] if is_wide else []))))
        yield table


def suspects_table(suspects: Sequence[dict[str, Any]], title: str) -> Table:
    """Sample, gold, what it should rather be, and who says so; the first ten."""
    table = make_table(f"{title}: {len(suspects)}", "sample", "prompt", "gold", "rather", "detail")
    for row in suspects[:SUSPECTS_SHOWN]:
        table.add_row(*map(plain, (f"{row['suite']}/{row['probe_id']}", one_line(row["prompt"], 60), one_line(row["gold"], 20),
                                    one_line(row["says"], 20) or "?", one_line(witnessed(row), 120))))
    table.caption = SUSPECTS
    return table


def rules_table(facts: dict[str, Any]) -> Table:
    """Every gate rule of one cycle with its number."""
    table = make_table(f"gate rules of cycle {facts['cycle']}", "rule", "met", "value", "threshold", "detail", numeric=(2, 3))
    for rule in facts["rules"]:
        table.add_row(plain(rule["name"]), plain("yes" if rule["is_met"] else "NO"), _number(rule["value"]), _number(rule["threshold"]),
                      plain(one_line(rule["detail"] or "", 120)))
    return table


def protected_table(protected: Iterable[dict[str, Any]]) -> Table:
    """Base against champion on what must not fall."""
    table = make_table("protected", "suite", "n", "base", "champion", "change", "lower bound", "margin", "from", numeric=range(1, 7))
    for row in protected:
        table.add_row(plain(row["suite"]), str(row["n"]), percent(row["base"]), percent(row["champion"]), points(row["gain"]), points(row["ci_low"]),
                      points(-row["margin"] if row["margin"] is not None else None), row["from"])
    return table


def comparison_tables(facts: dict[str, Any], n_samples: int, width: int = 120) -> Iterator[RenderableType]:
    """What `compare` says of two models: counts, suites, weaknesses, then samples, broken ones first. Below 110 columns
    the columns that others imply are left out, so that no number is cut."""
    from rich.text import Text

    yield Text(visible_headline(facts), style="bold")
    yield Text("")
    yield _pairs_table(f"{one_line(facts['a']['name'])} → {one_line(facts['b']['name'])}, {facts['score']}", "suite", facts["suites"], width)
    for split in ("gate", "diagnose"):
        if rows := [row for row in facts["weaknesses"] if row["split"] == split]:
            yield _pairs_table(f"per weakness, on its probes of the {split} split", "weakness", rows, width)
    for flip in ("broken", "fixed", "still wrong"):
        rows = facts["samples"][flip]
        if rows[:n_samples]:
            table = make_table(f"{flip}: {min(n_samples, len(rows))} of {len(rows):,}", "sample", "prompt", "gold", "before", "after", folded=("sample",))
            for row in rows[:n_samples]:
                table.add_row(*map(plain, (f"{row['suite']}/{row['probe_id']}", one_line(row["prompt"], 70), one_line(row["gold"], 24),
                                            one_line(row["before"], 40), one_line(row["after"], 40))))
            yield table


def simulation_tables(facts: dict[str, Any]) -> Iterator[RenderableType]:
    """What `gate simulate` says: false promotions, power by gain and size, protected suites by size."""
    from rich.text import Text

    gate, null = facts["gate"], facts["null"]
    yield Text(visible_headline(facts), style="bold")
    yield Text(f"From the answers of cycle {facts['cycle']}'s candidate: {gate['fixed']} fixed, {gate['broken']} broken of {gate['n_answered']:,} gate items in "
               f"{gate['n_groups']:,} groups; {facts['n_candidates']:,} candidates a number."
               + (f" The run's gate.test is {facts['test']}; shown is McNemar on all items." if facts["test"] != "mcnemar" else ""))
    yield Text("")
    table = make_table("no true gain: promoted", "gate", "first look", f"in {null['cycles']} cycles", f"in {null['long_run_cycles']} cycles", numeric=(1, 2, 3))
    for row in null["gates"]:
        table.add_row(row["gate"], percent(row["first_look"]), percent(row["run"]), percent(row["long_run"]))
    table.caption = f"luck alone shows {points(null['luck'])} points where it shows a gain"
    yield table
    sizes = [f"{size['n']:,} items" for size in facts["power"][0]["sizes"]]
    table = make_table(f"true gain: shown at look {gate['look']}", "gain", *sizes, "promoted now", numeric=range(6))
    for row in facts["power"]:
        table.add_row(points(row["gain"]) + ("*" if row["is_asked_for"] else ""), *(percent(size["better"]) for size in row["sizes"]), percent(row["promoted"]))
    table.caption = f"* gate.min_effect, for which about {gate['n_needed']:,} items are needed; promoted now: shown, and every protected suite held by a harmless candidate"
    yield table
    for suite in facts["protected"]:
        table = make_table(f"protected {one_line(suite['suite'])}: passes {100 * suite['margin']:.1f} points", "items", "harmless", "fell by the margin", "fell twice that",
                       numeric=range(4))
        for size in suite["sizes"]:
            table.add_row(f"{size['n']:,}", *(percent(size[key]) for key in ("harmless", "at_margin", "beyond")))
        if suite["n_needed"]:
            table.caption = f"{100 * suite['discordance']:.0f} % of answers differ; about {suite['n_needed']:,} items let 80 % of harmless candidates pass"
        yield table


def _pairs_table(title: str, what: str, rows: Iterable[dict[str, Any]], width: int) -> Table:
    """One line a suite or weakness: before, after, what changed, and how sure that is."""
    is_wide = width >= 110
    columns = ("n", "before", "after", "gain", "95 %", "fixed", "broken", "still wrong", "p better", "p worse") if is_wide else (
        "n", "gain", "95 %", "fixed", "broken", "wrong", "p")
    table = make_table(title, what, *columns, numeric=range(1, len(columns) + 1), folded=(what,))
    table.collapse_padding = not is_wide
    for row in rows:
        name = row["suite"] if what == "suite" else f"{row['weakness']} {one_line(row['label'], 48 if is_wide else 32)}"
        cells = {"n": str(row["n"]), "before": percent(row["before"]), "after": percent(row["after"]), "gain": points(row["gain"]),
                 "95 %": interval(row["ci_low"], row["ci_high"]) if is_wide else f"{points(row['ci_low'])} {points(row['ci_high'])}", "fixed": str(row["fixed"]), "broken": str(row["broken"]),
                 "still wrong": str(row["still_wrong"]), "wrong": str(row["still_wrong"]), "p better": p_value(row["p_better"]), "p worse": p_value(row["p_worse"]),
                 "p": p_value(row["p_better"] if row["gain"] >= 0 else row["p_worse"])}
        worse = row.get("q_worse", 1.0) <= 0.05
        table.add_row(plain(name), *(plain(cells[column]) for column in columns), style="red" if worse else "")
    if not is_wide:
        table.caption = "wrong: still wrong; p: one-sided, of the gain or the fall"
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
