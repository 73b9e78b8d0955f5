"""Lessons kept and rejected, the funnel, and the curricula made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import repeat
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, clean, pack
from curricula.lesson import Lesson, Verdict


class Lessons:
    """Questions about what was taught, and what was refused."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_kept(self, run: str, cycle: int, lessons: Iterable[Lesson], verdicts: Sequence[Sequence[Verdict]] | None = None) -> None:
        """Store accepted lessons; `verdicts`, parallel to them, holds those of each in order of the steps."""
        given = repeat([Verdict("verifier", "pass")]) if verdicts is None else verdicts
        self._db.table("lessons").insert_all((_row(run, cycle, lesson, own) for lesson, own in zip(lessons, given, strict=False)), batch_size=BATCH)

    def add_rejected(self, run: str, cycle: int, rejected: Iterable[tuple[Lesson, Verdict | Sequence[Verdict]]]) -> None:
        """Store refused lessons with their verdicts, of which the last refused them; unparsed ones have an empty prompt and their raw text."""
        rows = ((lesson, [given] if isinstance(given, Verdict) else given) for lesson, given in rejected)
        self._db.table("lessons").insert_all((_row(run, cycle, lesson, own) for lesson, own in rows), batch_size=BATCH)

    def kept(self, run: str, *, before_cycle: int | None = None, cycle: int | None = None) -> list[Lesson]:
        """Accepted lessons of one cycle, or of all cycles before one."""
        rows = self._db.query("SELECT * FROM lessons WHERE run = ? AND outcome = 'pass' AND (? IS NULL OR cycle < ?) AND (? IS NULL OR cycle = ?) "
                              "ORDER BY id", [run, before_cycle, before_cycle, cycle, cycle])
        return [_lesson(row) for row in rows]

    def rows(self, run: str, cycle: int, outcome: str | None = None, limit: int = -1) -> list[dict[str, Any]]:
        """Raw rows of one cycle; `outcome` is `pass`, `fail` or `unverifiable`."""
        return list(self._db.query("SELECT * FROM lessons WHERE run = ? AND cycle = ? AND (? IS NULL OR outcome = ?) ORDER BY id LIMIT ?",
                                   [run, cycle, outcome, outcome, limit]))

    def pick(self, run: str, cycle: int, n: int) -> list[dict[str, Any]]:
        """`n` accepted lessons of one cycle in the order of their ids, which are hashes: random, and the same each time."""
        return list(self._db.query("SELECT * FROM lessons WHERE run = ? AND cycle = ? AND outcome = 'pass' ORDER BY lesson LIMIT ?", [run, cycle, n]))

    def per_weakness(self, run: str) -> list[dict[str, Any]]:
        """Rows of weakness, cycle, kept, refused, cost_usd."""
        return list(self._db.query(
            "SELECT weakness, cycle, sum(outcome = 'pass') AS kept, sum(outcome <> 'pass') AS refused, sum(cost_usd) AS cost_usd "
            "FROM lessons WHERE run = ? GROUP BY weakness, cycle ORDER BY weakness, cycle", [run]))

    def per_strategy(self) -> list[dict[str, Any]]:
        """Over all runs, rows of strategy, operator, kept, refused."""
        return list(self._db.query("SELECT strategy, operator, sum(outcome = 'pass') AS kept, sum(outcome <> 'pass') AS refused FROM lessons "
                                   "GROUP BY strategy, operator ORDER BY strategy, operator"))

    def of_weakness(self, run: str, weakness: str, limit: int) -> list[dict[str, Any]]:
        """Newest lessons written for one weakness, kept and refused."""
        return list(self._db.query("SELECT * FROM lessons WHERE run = ? AND weakness = ? ORDER BY cycle DESC, outcome = 'pass' DESC, lesson LIMIT ?",
                                   [run, weakness, limit]))

    def find(self, lesson: str) -> list[dict[str, Any]]:
        """Rows of a lesson id (or prefix of 6 or more characters), newest first."""
        return list(self._db.query("SELECT * FROM lessons WHERE lesson = ? OR (length(?) >= 6 AND lesson LIKE ? || '%') ORDER BY id DESC LIMIT 20",
                                   [lesson, lesson, lesson]))

    def add_funnel(self, run: str, cycle: int, rows: Iterable[dict[str, Any]]) -> None:
        """Counts per weakness and strategy (columns of `funnels`; `reasons` a dictionary)."""
        self._db.table("funnels").insert_all(({"run": run, "cycle": cycle, **row, "reasons": pack(row["reasons"])} for row in rows), batch_size=BATCH)

    def funnel(self, run: str, cycle: int) -> list[dict[str, Any]]:
        """Counts per weakness and strategy of one cycle."""
        rows = list(self._db.query("SELECT * FROM funnels WHERE run = ? AND cycle = ? ORDER BY kept DESC, weakness", [run, cycle]))
        for row in rows:
            row["reasons"] = json.loads(row["reasons"])
        return rows

    def add_curriculum(self, run: str, cycle: int, n_rows: int, n_tokens: int, real_share: float, sha256: str, path: str, recipe: dict[str, Any]) -> None:
        """The file that was trained on, with the recipe that rebuilds it."""
        self._db.table("curricula").insert({"run": run, "cycle": cycle, "n_rows": n_rows, "n_tokens": n_tokens, "real_share": real_share,
                                      "sha256": sha256, "path": path, "recipe": pack(recipe)})

    def curriculum(self, run: str, cycle: int) -> dict[str, Any] | None:
        """The curriculum of one cycle, recipe decoded."""
        for row in self._db.query("SELECT * FROM curricula WHERE run = ? AND cycle = ?", [run, cycle]):
            row["recipe"] = json.loads(row["recipe"])
            return row
        return None

    def n_below_real_min(self, run: str, before_cycle: int) -> int:
        """How many curricula in a row, the newest before a cycle first, had less human-made tokens than their rules ask."""
        below = [bool(row["below"]) for row in self._db.query(
            "SELECT coalesce(json_extract(recipe, '$.is_below_real_min'), 0) AS below FROM curricula WHERE run = ? AND cycle < ? ORDER BY cycle DESC",
            [run, before_cycle])]
        return below.index(False) if False in below else len(below)


def _row(run: str, cycle: int, lesson: Lesson, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    verdict = verdicts[-1]
    return {
        "run": run, "cycle": cycle, "lesson": lesson.lesson_id if lesson.prompt else "", "outcome": verdict.outcome, "step": verdict.step,
        "reason": verdict.reason, "evidence": clean(verdict.evidence), "weakness": lesson.weakness_id, "strategy": lesson.strategy,
        "operator": lesson.operator, "depth": lesson.depth, "prompt": clean(lesson.prompt), "completion": clean(lesson.completion),
        "answer": clean(lesson.answer), "verifier": lesson.verifier, "check_text": clean(lesson.check), "check_kind": lesson.check_kind,
        "parents": pack(lesson.parents), "teacher": lesson.teacher, "prompt_hash": lesson.prompt_hash, "raw": clean(lesson.raw),
        "cost_usd": lesson.cost_usd, "source": lesson.source, "meta": pack(lesson.meta),
        "verdicts": pack([{**asdict(each), "evidence": clean(each.evidence)} for each in verdicts])}


def _lesson(row: dict[str, Any]) -> Lesson:
    return Lesson(
        prompt=row["prompt"], completion=row["completion"], answer=row["answer"], strategy=row["strategy"], depth=row["depth"],
        verifier=row["verifier"], check=row["check_text"], check_kind=row["check_kind"], operator=row["operator"],
        weakness_id=row["weakness"], parents=tuple(json.loads(row["parents"])), teacher=row["teacher"], prompt_hash=row["prompt_hash"],
        raw=row["raw"], cost_usd=row["cost_usd"], source=row["source"], meta=json.loads(row["meta"]))
