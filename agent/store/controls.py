"""Control comparisons: the arms that were trained from one parent, and what each comparison said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from agent.store.database import now, pack


class Controls:
    """Questions about what lessons without a target would have brought. Nothing here is ever a candidate."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_arm(self, row: dict[str, Any]) -> None:
        """One trained arm (columns of `control_arms` but `created_at`; `params` a dictionary). One that is there stays."""
        self._db.table("control_arms").insert({**row, "params": pack(row["params"]), "created_at": now()}, ignore=True)

    def arms(self, run: str, cycle: int | None = None, parent: str | None = None) -> list[dict[str, Any]]:
        """Trained arms, of one cycle and parent or of all, params decoded, by cycle, seed, share and arm."""
        rows = list(self._db.query("SELECT * FROM control_arms WHERE run = ? AND (? IS NULL OR cycle = ?) AND (? IS NULL OR parent = ?) "
                                   "ORDER BY cycle, lessons_wanted, seed, share, arm", [run, cycle, cycle, parent, parent]))
        for row in rows:
            row["params"] = json.loads(row["params"])
        return rows

    def record(self, run: str, cycle: int, split: str, details: dict[str, Any]) -> None:
        """What a comparison said of one cycle on one split; a later one with more seeds takes its place."""
        self._db.table("controls").upsert({"run": run, "cycle": cycle, "split": split, "details": pack(details), "created_at": now()}, pk=("run", "cycle", "split"))

    def all(self, run: str) -> list[dict[str, Any]]:
        """All comparisons of a run, by cycle and split, details decoded."""
        rows = list(self._db.query("SELECT * FROM controls WHERE run = ? ORDER BY cycle, split", [run]))
        for row in rows:
            row["details"] = json.loads(row["details"])
        return rows

    def scores(self, run: str, adapters: Sequence[str], split: str) -> list[dict[str, Any]]:
        """Probes of a split with one model's answer, for each of `adapters`: adapter, suite, probe_id, unit, strict, lenient, in suite order."""
        marks = ",".join("?" * len(adapters))
        return list(self._db.query(
            f"SELECT s.adapter, p.suite, p.probe_id, p.prompt, p.suite || '/' || CASE p.grp WHEN '' THEN p.prompt || p.choices ELSE p.grp END AS unit, "
            f"s.strict, s.lenient FROM probes p JOIN runs r ON r.run = p.run JOIN suites q ON q.run = p.run AND q.suite = p.suite "
            f"JOIN samples s ON s.model_key = r.model_key AND s.adapter IN ({marks}) AND s.probe_hash = p.probe_hash "
            f"WHERE p.run = ? AND p.split = ? ORDER BY q.rowid, p.position", [*adapters, run, split]))
