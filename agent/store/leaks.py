"""What was kept out of training because it holds a probe, by cycle, and the thresholds that decided it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, clean, pack
from curricula.filters.leaks import Leak, LeakWatch


class Leaks:
    """Questions about contamination."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, run: str, cycle: int, watch: LeakWatch) -> None:
        """Store what one cycle checked and found."""
        self._db.table("leaks").insert_all((_row(run, cycle, leak) for leak in watch.leaks), batch_size=BATCH)
        self._db.table("leak_checks").insert({"run": run, "cycle": cycle, "checked": pack(watch.n_checked), "calibration": pack(asdict(watch.decontaminator.calibration))})

    def of_cycle(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Rows of one cycle with the split of the probe that each holds; what came from the teacher first."""
        return list(self._db.query(
            "SELECT l.*, p.split, CASE p.split WHEN 'audit' THEN '' ELSE p.prompt END AS probe_prompt FROM leaks l "
            "LEFT JOIN probes p USING (run, suite, probe_id) WHERE l.run = ? AND l.cycle = ? "
            "ORDER BY CASE l.place WHEN 'lesson' THEN 0 ELSE 1 END, l.place, l.rule, l.lesson", [run, cycle]))

    def checked(self, run: str, cycle: int) -> dict[str, Any] | None:
        """Rows checked by place, and the calibration; None where the cycle was written by an older version or not taught."""
        for row in self._db.query("SELECT checked, calibration FROM leak_checks WHERE run = ? AND cycle = ?", [run, cycle]):
            return {key: json.loads(text) for key, text in row.items()}
        return None

    def cycles(self, run: str) -> list[int]:
        """Cycles that checked anything."""
        return [row["cycle"] for row in self._db.query("SELECT cycle FROM leak_checks WHERE run = ? ORDER BY cycle", [run])]


def _row(run: str, cycle: int, leak: Leak) -> dict[str, Any]:
    suite, _, probe_id = leak.match.probe.partition("/")
    lesson = leak.lesson
    return {"run": run, "cycle": cycle, "place": leak.place, "lesson": lesson.lesson_id, "rule": leak.match.rule, "suite": suite, "probe_id": probe_id,
            "likeness": leak.match.score, "weakness": lesson.weakness_id, "strategy": lesson.strategy, "source": lesson.source,
            "prompt": clean(lesson.prompt), "completion": clean(lesson.completion)}
