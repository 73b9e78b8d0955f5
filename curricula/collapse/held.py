"""Real rows that are never trained on, so that a model's loss on them says something."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from curricula.lesson import Lesson

ONE_IN = 8  # real rows held out of every curriculum
LEAST = 20  # fewer held rows give no deciles; then none are held, for small sources need them all


def hold_out(rows: Sequence[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """Split real rows into those that may be trained on and those that are watched, by a hash of each row alone.

    A row stays on its side when others are added. With fewer than 160 rows or so nothing is held.
    """
    held = [row for row in rows if _is_held(row)]
    if len(held) < LEAST:
        return list(rows), []
    return [row for row in rows if not _is_held(row)], held


def _is_held(row: Lesson) -> bool:
    return int.from_bytes(hashlib.blake2b(f"held/{row.lesson_id}".encode(), digest_size=4).digest(), "big") % ONE_IN == 0
