"""Runs and the stage journal: what was started, how far it is, who is champion."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from agent.store.database import now, pack
from probes.errors import WeakspotError


class Runs:
    """Questions about whole runs and their stages."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, run: str, config_yaml: str, config_hash: str, versions: dict[str, str], *, approve: bool = False) -> None:
        """A new run in status `running`; `approve` makes every cycle pause before training."""
        self._db.table("runs").insert({"run": run, "created_at": now(), "status": "running", "config": config_yaml,
                                 "config_hash": config_hash, "versions": pack(versions), "approve": int(approve)})

    def get(self, run: str | None = None) -> dict[str, Any]:
        """One run by id, unique prefix, or the latest.

        Raises:
            WeakspotError: none such.
        """
        rows = list(self._db.query("SELECT * FROM runs ORDER BY created_at DESC, rowid DESC"))
        if not rows:
            raise WeakspotError("there is no run yet", hint="`weakspot run` starts one")
        if run in (None, "", "latest"):
            return rows[0]
        found = [row for row in rows if row["run"] == run] or [row for row in rows if row["run"].startswith(str(run))]
        if len(found) == 1:
            return found[0]
        names = ", ".join(row["run"] for row in (found or rows)[:6])
        problem = f"run {run!r} is ambiguous" if found else f"run {run!r} not found"
        raise WeakspotError(problem, hint=f"choose from: {names}")

    def all(self) -> list[dict[str, Any]]:
        """All runs, newest first."""
        return list(self._db.query("SELECT * FROM runs ORDER BY created_at DESC, rowid DESC"))

    def update(self, run: str, **values: Any) -> None:
        """Set columns of one run."""
        self._db.table("runs").update(run, values)

    def finish(self, run: str, status: str, reason: str) -> None:
        """Close a run: `finished`, `failed`, `paused` or `interrupted`."""
        self.update(run, status=status, stop_reason=reason, finished_at=now())

    def stage(self, run: str, cycle: int, stage: str) -> dict[str, Any] | None:
        """Journal row of a stage with its product decoded, or None if it never began."""
        rows = list(self._db.query("SELECT * FROM stages WHERE run = ? AND cycle = ? AND stage = ?", [run, cycle, stage]))
        if not rows:
            return None
        row = rows[0]
        row["product"] = json.loads(row["product"]) if row["product"] else None
        return row

    def latest_cycle(self, run: str) -> int:
        """The cycle that a run is in; 0 before the first."""
        return next(self._db.query("SELECT coalesce(max(cycle), 0) AS cycle FROM stages WHERE run = ?", [run]))["cycle"]

    def stages(self, run: str) -> list[dict[str, Any]]:
        """The journal of a run, in order of starting."""
        rows = list(self._db.query("SELECT * FROM stages WHERE run = ? ORDER BY rowid", [run]))
        for row in rows:
            row["product"] = json.loads(row["product"]) if row["product"] else None
        return rows

    def begin_stage(self, run: str, cycle: int, stage: str, inputs_hash: str) -> None:
        """Note that a stage starts; a second start counts as another attempt."""
        self._db.conn.execute(
            "INSERT INTO stages (run, cycle, stage, inputs_hash, started_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (run, cycle, stage) DO UPDATE SET attempts = attempts + 1, started_at = excluded.started_at, "
            "inputs_hash = excluded.inputs_hash", [run, cycle, stage, inputs_hash, now()])
        self._db.conn.commit()

    def finish_stage(self, run: str, cycle: int, stage: str, product: dict[str, Any], seconds: float) -> None:
        """Store a stage's product; call inside the transaction that stores its rows."""
        self._db.conn.execute("UPDATE stages SET product = ?, finished_at = ?, seconds = ? WHERE run = ? AND cycle = ? AND stage = ?",
                              [pack(product), now(), seconds, run, cycle, stage])
