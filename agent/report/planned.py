"""What a cycle was planned to do and expected to bring, and how the run's forecasts fared.

Store queries go in, one JSON-ready dictionary comes out, and the same as tables for a terminal. Gains are shares (0 to 1), money US
dollars, time seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agent.planning.words import chance, expectation, outcome
from agent.report.table import make_table
from agent.report.wording import DECISIONS, duration, interval, money, one_line, points
from agent.store import Store
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from rich.console import RenderableType

SPENT_AFTER = ("teach", "train", "gate")  # the stages that a forecast's seconds cover
FORECAST_KEYS = ("cycle", "gain", "gain_low", "gain_high", "power", "promotion", "n_lessons", "n_kept", "n_tokens", "seconds", "usd")


def plan_facts(store: Store, run: str, cycle: int | None = None) -> dict[str, Any]:
    """The plan of one cycle (None: the newest), largest part first, with its forecast and those of all cycles.

    Raises:
        WeakspotError: no such plan.
    """
    planned = sorted({row["cycle"] for row in store.runs.stages(run) if row["stage"] == "plan" and row["finished_at"]})
    if not planned or cycle is not None and cycle not in planned:
        raise WeakspotError(f"run {run} has no plan" + (f" of cycle {cycle}" if cycle else " yet"), hint=f"planned: {', '.join(map(str, planned)) or 'none; the first follows the first diagnosis'}")
    at = planned[-1] if cycle is None else cycle
    labels = {row["weakness"]: row["label"] for row in store.weaknesses.of_cycle(run, at)}
    parts = [{**{key: row[key] for key in ("weakness", "strategy", "n_lessons", "learnability", "reason", "evidence")}, "label": labels.get(row["weakness"], "all skills")}
             for row in store.weaknesses.plan(run, at)]
    met = forecast_facts(store, run)
    own = next((row for row in store.weaknesses.forecasts(run) if row["cycle"] == at), None)
    return {"run": run, "cycle": at, "parts": parts, "forecast": own, "expectation": expectation(own) if own else [], "forecasts": met, "outcome": outcome(met)}


def forecast_facts(store: Store, run: str, last: int | None = None) -> list[dict[str, Any]]:
    """One row a cycle up to `last`: what was expected, and beside it what came: `came` (measured gain), `is_inside`, `decision`,
    `came_kept`, `came_tokens`, `came_seconds`, `came_usd` (of its strategies' calls). None where it has not come yet."""
    decisions = {row["cycle"]: row for row in store.decisions.all(run)}
    found = []
    for row in store.weaknesses.forecasts(run):
        if last is not None and row["cycle"] > last:
            continue
        decision = decisions.get(row["cycle"])
        came = (decision["details"].get("gate") or {}).get("gain") if decision and decision["look"] else None
        stages = {stage["stage"]: stage["seconds"] for stage in store.runs.stages(run) if stage["cycle"] == row["cycle"] and stage["finished_at"]}
        funnel, curriculum = store.lessons.funnel(run, row["cycle"]), store.lessons.curriculum(run, row["cycle"])
        strategies = {order["strategy"] for order in funnel}
        found.append({**{key: row[key] for key in FORECAST_KEYS}, "decision": decision["decision"] if decision else None, "came": came,
                      "is_inside": None if came is None else row["gain_low"] <= came <= row["gain_high"],
                      "came_kept": sum(order["kept"] for order in funnel) if funnel else None, "came_tokens": curriculum["n_tokens"] if curriculum else None,
                      "came_seconds": sum(stages[name] for name in SPENT_AFTER) if set(SPENT_AFTER) <= set(stages) else None,
                      "came_usd": sum(cost["usd"] for cost in store.money.costs(run) if cost["cycle"] == row["cycle"] and str(cost["tag"]).partition("/")[0] in strategies) if funnel else None})
    return found


def plan_on_terminal(facts: dict[str, Any]) -> Iterator[RenderableType]:
    """The plan as a table with the reason of each part, its forecast in words, then the forecasts that met their outcome."""
    from rich.text import Text

    table = make_table(f"plan of cycle {facts['cycle']}", "weakness", "label", "strategy", "lessons", "detail", numeric=(3,))
    for part in facts["parts"]:
        table.add_row(*(Text(cell) for cell in (part["weakness"], one_line(part["label"], 40), part["strategy"], str(part["n_lessons"]), one_line(part["reason"], 400))))
    yield table
    yield from (Text(line) for line in facts["expectation"])
    if facts["outcome"]:
        yield Text("")
        yield forecasts_table(facts["forecasts"])


def forecasts_table(rows: Sequence[dict[str, Any]]) -> RenderableType:
    """Expected beside measured, a line a cycle."""
    from rich.text import Text

    table = make_table("forecasts", *FORECAST_COLUMNS, numeric=range(10))
    for row in rows:
        table.add_row(*map(Text, forecast_cells(row)))
    table.caption = outcome(list(rows)) or None
    return table


FORECAST_COLUMNS = ("cycle", "expected", "80 %", "measured", "inside", "promotion", "decision", "kept", "time", "cost")


def forecast_cells(row: dict[str, Any]) -> list[str]:
    """One forecast as short texts, in the order of `FORECAST_COLUMNS`; kept, time and cost as expected / came."""
    inside = {None: "–", True: "yes", False: "NO"}[row["is_inside"]]
    return [str(row["cycle"]), points(row["gain"]), interval(row["gain_low"], row["gain_high"]), points(row["came"]), inside,
            "–" if row["promotion"] is None else chance(row["promotion"]), DECISIONS.get(row["decision"] or "", row["decision"] or "–"),
            f"{row['n_kept']:.0f} / {'–' if row['came_kept'] is None else row['came_kept']}", f"{duration(row['seconds'])} / {duration(row['came_seconds'])}",
            f"{money(row['usd'])} / {money(row['came_usd'])}"]
