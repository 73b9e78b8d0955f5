"""What the collapse monitor measured, a row a cycle; cycle 0 is the base."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from agent.store.database import now, pack


class Panels:
    """Questions about collapse."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, run: str, cycle: int, adapter: str, body: dict[str, Any], alarms: list[str], is_vetoed: bool) -> None:
        """Store one measurement; a second one of the same cycle is ignored, for it is the same."""
        self._db.table("panels").insert({"run": run, "cycle": cycle, "adapter": adapter, "body": pack(body), "alarms": pack(alarms), "is_vetoed": int(is_vetoed),
                                         "created_at": now()}, ignore=True)

    def of_cycle(self, run: str, cycle: int) -> dict[str, Any] | None:
        """One measurement, decoded, or None."""
        return next((row for row in self.all(run) if row["cycle"] == cycle), None)

    def all(self, run: str) -> list[dict[str, Any]]:
        """Rows of cycle, adapter, body (panel, losses, provenance), alarms, is_vetoed, by cycle."""
        rows = list(self._db.query("SELECT * FROM panels WHERE run = ? ORDER BY cycle", [run]))
        return [{**row, "body": json.loads(row["body"]), "alarms": json.loads(row["alarms"]), "is_vetoed": bool(row["is_vetoed"])} for row in rows]
