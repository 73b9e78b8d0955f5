"""Weaknesses, their members, the map, the outline and the plan made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, pack

ENDED = ("closed", "merged", "label_suspect")  # states in which a weakness is not taught
_JSON = ("keywords", "failure_types", "medoids")
_NODE = ("parent", "label", "n", "n_failures", "accuracy", "ci_low", "ci_high", "weakness", "depth")


class Weaknesses:
    """Questions about what the student is bad at."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, run: str, cycle: int, rows: Iterable[dict[str, Any]], members: Iterable[dict[str, Any]], points: Iterable[dict[str, Any]]) -> None:
        """Store one cycle's weaknesses (columns of the table; `split_from` and `merged_into` may be absent), their members and the map's points."""
        key = {"run": run, "cycle": cycle}
        self._db.table("weaknesses").insert_all(({**key, "split_from": "", "merged_into": "", **row, **{name: pack(row[name]) for name in _JSON}} for row in rows), batch_size=BATCH)
        self._db.table("weakness_members").insert_all(({**key, **row} for row in members), batch_size=BATCH)
        self._db.table("map_points").insert_all(({**key, **row} for row in points), batch_size=BATCH)

    def of_cycle(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Weaknesses of one cycle, worst first, with `change` in failure rate since they were last seen."""
        rows = list(self._db.query("SELECT w.*, t.change FROM weaknesses w JOIN v_weakness_trend t USING (run, cycle, weakness) "
                                   "WHERE w.run = ? AND w.cycle = ? ORDER BY w.rank", [run, cycle]))
        return [_decoded(row) for row in rows]

    def history(self, run: str, weakness: str | None = None) -> list[dict[str, Any]]:
        """Every cycle's row of one weakness (or of all), oldest first."""
        rows = self._db.query("SELECT w.*, t.change FROM weaknesses w JOIN v_weakness_trend t USING (run, cycle, weakness) "
                              "WHERE w.run = ? AND (? IS NULL OR w.weakness = ?) ORDER BY w.weakness, w.cycle", [run, weakness, weakness])
        return [_decoded(row) for row in rows]

    def ledger(self, run: str, weakness: str | None = None) -> list[dict[str, Any]]:
        """Rows of `v_weakness_ledger`, by weakness and cycle: evidence, lineage, cost and held-out gain, each cycle's and in all.

        Who is charged (the columns add up to the cycle's own figures):
        - `lessons`, `refused`: written for it in that cycle, whatever became of the candidate.
        - `tokens`: training tokens of the rows in that cycle's curriculum that were ever written for it, earlier cycles' too.
        - `usd`: what its lessons cost, and of what the strategy's calls cost besides (replies without a lesson, calls paid
          before a kill) a share by lessons asked for. Calls that serve no strategy (the check, phrases, names, votes) are nobody's.
        - `seconds`: of `teach` by lessons asked for, of `train` by training tokens (real data is thus paid by all).
        - `gain` (share, 0 to 1; `fixed`, `broken` of `gate_n`): of the candidate of that cycle on the gate items nearest to
          it, optimistic, for the gate chose the champion. `total_gain` adds those of promoted candidates alone;
          `gain_per_lesson` divides it by all lessons so far, those in rejected candidates too.
        `state` and `n` are None in a cycle whose curriculum held its lessons while it was not diagnosed. Lessons that aim at
        nothing have a row of their own (`everything`, kind `none`), which was never diagnosed.
        """
        rows = self._db.query("SELECT * FROM v_weakness_ledger WHERE run = ? AND (? IS NULL OR weakness = ?) ORDER BY weakness, cycle",
                              [run, weakness, weakness])
        return [{**row, "label": row["label"] or "all skills", "kind": row["kind"] or "none"} for row in rows]

    def last_cycle(self, run: str) -> int:
        """Latest cycle that was diagnosed; 0 for none."""
        return next(self._db.query("SELECT coalesce(max(cycle), 0) AS cycle FROM stages WHERE run = ? AND stage = 'diagnose' "
                                   "AND finished_at IS NOT NULL", [run]))["cycle"]

    def latest(self, run: str) -> list[dict[str, Any]]:
        """For each weakness ever seen in the run, its newest row, with `members` (`suite/probe_id`) and their `prompts` as last seen open."""
        rows = list(self._db.query("SELECT * FROM weaknesses w WHERE run = ? AND cycle = (SELECT max(cycle) FROM weaknesses v "
                                   "WHERE v.run = w.run AND v.weakness = w.weakness) ORDER BY rank", [run]))
        for row in rows:
            _decoded(row)
            last = next(self._db.query("SELECT max(cycle) AS cycle FROM weakness_members WHERE run = ? AND weakness = ?", [run, row["weakness"]]))
            members = self.members(run, last["cycle"], row["weakness"])
            row["members"] = [f"{m['suite']}/{m['probe_id']}" for m in members]
            row["prompts"] = [m["prompt"] for m in members]
        return rows

    def members(self, run: str, cycle: int, weakness: str) -> list[dict[str, Any]]:
        """Rows of suite, probe_id, is_failure, prompt, gold."""
        return list(self._db.query(
            "SELECT m.suite, m.probe_id, m.is_failure, p.prompt, p.gold FROM weakness_members m JOIN probes p ON p.run = m.run AND p.suite = m.suite "
            "AND p.probe_id = m.probe_id WHERE m.run = ? AND m.cycle = ? AND m.weakness = ? ORDER BY m.suite, p.position", [run, cycle, weakness]))

    def of_probe(self, run: str, suite: str, probe_id: str) -> list[dict[str, Any]]:
        """Weaknesses that a probe belonged to, by cycle: cycle, weakness, label, kind, is_failure."""
        return list(self._db.query(
            "SELECT m.cycle, m.weakness, w.label, w.kind, m.is_failure FROM weakness_members m JOIN weaknesses w USING (run, cycle, weakness) "
            "WHERE m.run = ? AND m.suite = ? AND m.probe_id = ? ORDER BY m.cycle, w.rank", [run, suite, probe_id]))

    def map_points(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Rows of suite, probe_id, x, y, failure_type (None = right), weakness (or None), prompt, gold."""
        return list(self._db.query(
            "SELECT q.suite, q.probe_id, q.x, q.y, q.failure_type, p.prompt, p.gold, (SELECT m.weakness FROM weakness_members m JOIN weaknesses w "
            "USING (run, cycle, weakness) WHERE m.run = q.run AND m.cycle = q.cycle AND m.suite = q.suite AND m.probe_id = q.probe_id "
            "ORDER BY w.kind = 'format', w.rank LIMIT 1) AS weakness FROM map_points q JOIN probes p ON p.run = q.run AND p.suite = q.suite AND p.probe_id = q.probe_id "
            "WHERE q.run = ? AND q.cycle = ? ORDER BY q.suite, p.position", [run, cycle]))

    def add_outline(self, run: str, cycle: int, nodes: Iterable[dict[str, Any]]) -> None:
        """Store one cycle's outline: fields of `OutlineNode`, in reading order."""
        self._db.table("outline_nodes").insert_all(({"run": run, "cycle": cycle, "position": at, "node": node["id"],
                                                     **{key: node[key] for key in _NODE}} for at, node in enumerate(nodes)), batch_size=BATCH)

    def outline(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """The outline of one cycle in reading order: id, parent (None: the root), label, n, n_failures, accuracy, ci_low, ci_high, weakness, depth."""
        return list(self._db.query(f"SELECT node AS id, {', '.join(_NODE)} FROM outline_nodes WHERE run = ? AND cycle = ? ORDER BY position", [run, cycle]))

    def add_plan(self, run: str, cycle: int, rows: Iterable[dict[str, Any]], forecast: dict[str, Any] | None = None) -> None:
        """Rows of weakness, strategy, n_lessons, learnability, reason and `evidence` (a dictionary: what decided), and the cycle's forecast."""
        self._db.table("plans").insert_all(({"run": run, "cycle": cycle, **row, "evidence": pack(row.get("evidence") or {})} for row in rows), batch_size=BATCH)
        if forecast is not None:
            self._db.table("forecasts").insert({"run": run, "cycle": cycle, "details": pack(forecast)})

    def plan(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """The plan of one cycle, largest share first, evidence decoded."""
        rows = list(self._db.query("SELECT * FROM plans WHERE run = ? AND cycle = ? ORDER BY n_lessons DESC, weakness, strategy", [run, cycle]))
        for row in rows:
            row["evidence"] = json.loads(row["evidence"])
        return rows

    def forecasts(self, run: str) -> list[dict[str, Any]]:
        """What each cycle's plan expected (fields of `agent.planning.forecast.Forecast`), by `cycle`."""
        rows = self._db.query("SELECT cycle, details FROM forecasts WHERE run = ? ORDER BY cycle", [run])
        return [{**json.loads(row["details"]), "cycle": row["cycle"]} for row in rows]


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    row["is_open"] = row["state"] not in ENDED
    for name in _JSON:
        row[name] = json.loads(row[name])
    return row
