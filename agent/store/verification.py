"""How far the checks of a cycle can be trusted: verifiers' error rates, the judge's calibration, the teacher's errors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, pack


class Verification:
    """Questions about verifiers and what they found."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, run: str, cycle: int, rows: Iterable[dict[str, Any]]) -> None:
        """Columns of `verifier_rates` (shares 0 to 1, None where nothing was planted; `details` a dictionary)."""
        self._db.table("verifier_rates").insert_all(({"run": run, "cycle": cycle, **row, "details": pack(row["details"])} for row in rows), batch_size=BATCH)

    def of_cycle(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Rates of one cycle by verifier, details decoded."""
        rows = self._db.query("SELECT * FROM verifier_rates WHERE run = ? AND cycle = ? ORDER BY verifier", [run, cycle])
        return [{**row, "details": json.loads(row["details"])} for row in rows]

    def verdicts_of_teacher(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """What verifiers said of what a teacher wrote in one cycle: strategy, verifier, outcome, n."""
        return list(self._db.query(
            "SELECT l.strategy, l.verifier, json_extract(v.value, '$.outcome') AS outcome, count(*) AS n FROM lessons l, json_each(l.verdicts) v "
            "WHERE l.run = ? AND l.cycle = ? AND l.teacher NOT IN ('', l.strategy) AND json_extract(v.value, '$.step') = 'verifier' "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", [run, cycle]))  # an engine's lessons name their strategy as teacher

    def n_opinions(self, run: str, cycle: int) -> int:
        """Lessons of one cycle that a judge gave grades for."""
        return next(self._db.query("SELECT count(*) AS n FROM v_verdicts WHERE run = ? AND cycle = ? AND step = 'judge' AND reason NOT LIKE 'no opinion%'", [run, cycle]))["n"]
