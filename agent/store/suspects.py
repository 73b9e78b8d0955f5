"""Golds that are probably wrong, as each cycle's diagnosis found them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, pack


class Suspects:
    """Questions about suspect gold labels."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, run: str, cycle: int, rows: Iterable[dict[str, Any]]) -> None:
        """Rows of suite, probe_id, gold, says (the likely answer, or ""), witnesses (dicts of name, says, weight, because)."""
        self._db.table("label_suspects").insert_all(
            ({"run": run, "cycle": cycle, **row, "witnesses": pack(row["witnesses"])} for row in rows), batch_size=BATCH)

    def of_cycle(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Suspects of one cycle in suite order, each with its prompt and witnesses."""
        rows = self._db.query("SELECT l.*, p.prompt FROM label_suspects l JOIN probes p USING (run, suite, probe_id) JOIN suites s USING (run, suite) "
                              "WHERE l.run = ? AND l.cycle = ? ORDER BY s.rowid, p.position", [run, cycle])
        return [{**row, "witnesses": json.loads(row["witnesses"])} for row in rows]

    def of_probe(self, run: str, suite: str, probe_id: str) -> list[dict[str, Any]]:
        """What each cycle held against one probe's gold, by cycle."""
        rows = self._db.query("SELECT * FROM label_suspects WHERE run = ? AND suite = ? AND probe_id = ? ORDER BY cycle", [run, suite, probe_id])
        return [{**row, "witnesses": json.loads(row["witnesses"])} for row in rows]
