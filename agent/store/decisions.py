"""Adapters, gate decisions, the champion pointer and audits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, now, pack


class Decisions:
    """Questions about what was promoted and why."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_adapter(self, run: str, cycle: int, row: dict[str, Any]) -> None:
        """A trained adapter in status `candidate` (columns of `adapters`; `params` a dictionary)."""
        self._db.table("adapters").insert({"run": run, "cycle": cycle, "status": "candidate", **row, "params": pack(row["params"])}, ignore=True)

    def adapter(self, run: str, adapter: str) -> dict[str, Any] | None:
        """One adapter's row, or None."""
        return next(iter(self._db.query("SELECT * FROM adapters WHERE run = ? AND adapter = ?", [run, adapter])), None)

    def adapters(self, run: str) -> list[dict[str, Any]]:
        """All adapters of a run, by cycle."""
        return list(self._db.query("SELECT * FROM adapters WHERE run = ? ORDER BY cycle", [run]))

    def n_looks(self, run: str) -> int:
        """How many times the gate split has been looked at."""
        return next(self._db.query("SELECT count(*) AS n FROM decisions WHERE run = ? AND look > 0", [run]))["n"]

    def record(self, run: str, cycle: int, row: dict[str, Any]) -> None:
        """Store a decision and, for `promote`, move the champion pointer. Call inside one transaction.

        `row`: decision, reason, champion, candidate, look, p_value, level, details (a dictionary).
        """
        self._db.table("decisions").insert({"run": run, "cycle": cycle, **row, "details": pack(row["details"]), "created_at": now()})
        status = {"promote": "champion", "reject": "rejected", "inconclusive": "inconclusive"}.get(row["decision"])
        if row["decision"] == "promote":
            self._db.execute("UPDATE adapters SET status = 'former champion' WHERE run = ? AND status = 'champion'", [run])
            self._db.execute("UPDATE runs SET champion = ? WHERE run = ?", [row["candidate"], run])
        if status:
            self._db.execute("UPDATE adapters SET status = ? WHERE run = ? AND adapter = ?", [status, run, row["candidate"]])

    def of_cycle(self, run: str, cycle: int) -> dict[str, Any] | None:
        """Decision of one cycle, details decoded, or None."""
        return next((row for row in self.all(run) if row["cycle"] == cycle), None)

    def all(self, run: str) -> list[dict[str, Any]]:
        """All decisions of a run, by cycle, details decoded."""
        rows = list(self._db.query("SELECT * FROM decisions WHERE run = ? ORDER BY cycle", [run]))
        for row in rows:
            row["details"] = json.loads(row["details"])
        return rows

    def changes(self, run: str, cycle: int, change: str | None = None, suite: str | None = None) -> list[dict[str, Any]]:
        """Rows of `v_fixed_broken` for one cycle: suite, probe_id, prompt, gold, before, after, change ..."""
        return list(self._db.query("SELECT * FROM v_fixed_broken WHERE run = ? AND cycle = ? AND (? IS NULL OR change = ?) AND (? IS NULL OR suite = ?) "
                                   "ORDER BY suite, probe_id", [run, cycle, change, change, suite, suite]))

    def flips(self, run: str, cycle: int, score: str) -> list[dict[str, Any]]:
        """Rows of `v_fixed_broken` of one cycle whose `score` (`strict` or `lenient`) went up or down, as `flip` fixed or broken."""
        column = {"strict": "strict", "lenient": "lenient"}[score]
        return list(self._db.query(f"SELECT *, CASE WHEN {column}_after > {column}_before THEN 'fixed' ELSE 'broken' END AS flip FROM v_fixed_broken "
                                   f"WHERE run = ? AND cycle = ? AND {column}_after <> {column}_before ORDER BY suite, probe_id", [run, cycle]))

    def discordance(self, run: str, score: str, protected_score: str) -> dict[str, float]:
        """Share of answers that differed at the newest look between champion and candidate: the gate's under "gate", else by suite."""
        rows = list(self._db.query("SELECT v.* FROM v_paired v JOIN decisions d ON d.run = v.run AND d.cycle = v.cycle WHERE v.run = ? AND v.against = 'champion' "
                                   "AND d.look = (SELECT max(look) FROM decisions WHERE run = v.run AND look > 0)", [run]))
        at_gate = [row for row in rows if row["split"] == "gate"]
        found = {row["suite"]: (row[f"{protected_score}_fixed"] + row[f"{protected_score}_broken"]) / row["n"] for row in rows if row["split"] == "protected"}
        if at_gate:
            found["gate"] = sum(row[f"{score}_fixed"] + row[f"{score}_broken"] for row in at_gate) / sum(row["n"] for row in at_gate)
        return found

    def add_gate_members(self, run: str, cycle: int, rows: Iterable[tuple[str, str, str]]) -> None:
        """Which weakness each gate probe was counted under: (weakness, suite, probe_id)."""
        self._db.table("gate_members").insert_all(({"run": run, "cycle": cycle, "weakness": weakness, "suite": suite, "probe_id": probe_id}
                                                   for weakness, suite, probe_id in rows), batch_size=BATCH)

    def gate_members(self, run: str) -> tuple[int, dict[tuple[str, str], str]]:
        """The newest cycle that assigned gate probes to weaknesses (0: none), and (suite, probe_id) to weakness."""
        newest = next(self._db.query("SELECT max(cycle) AS cycle FROM gate_members WHERE run = ?", [run]))["cycle"] or 0
        rows = self._db.query("SELECT * FROM gate_members WHERE run = ? AND cycle = ?", [run, newest])
        return newest, {(row["suite"], row["probe_id"]): row["weakness"] for row in rows}

    def add_audit(self, run: str, adapter: str, details: dict[str, Any]) -> None:
        """Store what the sealed split says of one champion; `look` counts the readings."""
        look = next(self._db.query("SELECT count(*) AS n FROM audits WHERE run = ?", [run]))["n"] + 1
        self._db.table("audits").insert({"run": run, "adapter": adapter, "look": look, "details": pack(details), "created_at": now()})

    def audit(self, run: str, adapter: str | None = None) -> dict[str, Any] | None:
        """The newest audit of a run (or of one adapter), details decoded."""
        rows = list(self._db.query("SELECT * FROM audits WHERE run = ? AND (? IS NULL OR adapter = ?) ORDER BY look DESC LIMIT 1", [run, adapter, adapter]))
        if not rows:
            return None
        rows[0]["details"] = json.loads(rows[0]["details"])
        return rows[0]
