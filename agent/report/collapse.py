"""What the collapse monitor measured in a run, as plain data: one column a measured model, one row a metric."""

from __future__ import annotations

from typing import Any

from agent.store import Store
from curricula.collapse.panel import METRICS

ABILITY = (("pass_1", "right at the first try, of diagnose probes"), ("pass_k", "right in one of four tries"), ("gap", "what more tries bring"))


def collapse_facts(store: Store, run: str) -> dict[str, Any]:
    """Columns (cycle 0 is the base) and rows with a cell a column; no column where nothing was measured.

    Returns `run`, `unmeasured` (why the newest candidate was not), `columns` (cycle, adapter, alarms, is_vetoed, real_share,
    deepest, loss_by_decile, n_texts) and `rows` (metric, says, cells of value, low, high, is_alarm).
    """
    stored = store.panels.all(run)
    measured = [row for row in stored if "panel" in row["body"]]
    columns = [_column(row) for row in measured]
    rows: list[dict[str, Any]] = []
    for metric in METRICS:
        cells = [{"value": row["body"]["panel"]["values"].get(metric.name), "low": row["body"]["panel"]["low"].get(metric.name),
                  "high": row["body"]["panel"]["high"].get(metric.name), "is_alarm": any(alarm.split()[0] == metric.name for alarm in row["alarms"])} for row in measured]
        rows.append({"metric": metric.name, "says": metric.says, "worse": metric.worse, "cells": cells})
    rows += [{"metric": name, "says": says, "worse": 0, "cells": [{"value": row["body"]["ability"].get(name), "low": None, "high": None, "is_alarm": False} for row in measured]}
             for name, says in ABILITY]
    unmeasured = stored[-1]["body"].get("unmeasured", "") if stored else ""
    return {"run": run, "unmeasured": unmeasured, "columns": columns if len(columns) > 1 else [], "rows": rows if len(columns) > 1 else []}


def _column(row: dict[str, Any]) -> dict[str, Any]:
    panel, origin = row["body"]["panel"], row["body"].get("provenance") or {}
    depths = [int(depth) for depth, tokens in (origin.get("tokens_by_depth") or {}).items() if tokens]
    return {"cycle": row["cycle"], "adapter": row["adapter"], "alarms": row["alarms"], "is_vetoed": row["is_vetoed"], "n_texts": panel["n_texts"],
            "real_share": origin.get("real_share"), "deepest": max(depths, default=0), "loss_by_decile": panel["loss_by_decile"]}
