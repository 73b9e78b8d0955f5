"""Capability phrases: what teachers wrote about probes, refused phrases with their reason.

Keyed by probe content, teacher and prompt, so any run of a state folder asks only for what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, clean, now, transaction


class Phrases:
    """Questions about phrases."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def known(self, teacher: str, recipe: str, probe_hashes: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of probe_hash, phrase, reason ("" where usable), cost_usd for those of `probe_hashes` that were asked for."""
        rows: list[dict[str, Any]] = []
        for start in range(0, len(probe_hashes), BATCH):
            part = probe_hashes[start:start + BATCH]
            rows += self._db.query(f"SELECT probe_hash, phrase, reason, cost_usd FROM phrases WHERE teacher = ? AND recipe = ? "
                                   f"AND probe_hash IN ({','.join('?' * len(part))})", [teacher, recipe, *part])
        return rows

    def add(self, teacher: str, recipe: str, rows: Iterable[dict[str, Any]]) -> None:
        """Keep rows of probe_hash, phrase, reason, cost_usd; a second attempt replaces the first. Its own transaction."""
        at = now()
        with transaction(self._db):
            self._db.table("phrases").upsert_all(
                ({"teacher": teacher, "recipe": recipe, **row, "phrase": clean(row["phrase"]), "reason": clean(row["reason"]), "created_at": at}
                 for row in rows), pk=("probe_hash", "teacher", "recipe"), batch_size=BATCH)
