"""The ledger and the teacher's response cache: nothing is paid for twice, nothing goes unbooked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database

from agent.store.database import now, transaction


class Money:
    """Append-only account of teacher calls."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._is_together = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Reservations, settlements and cached answers inside become durable at its end, all or none; not nested."""
        with transaction(self._db):
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def _commit(self) -> None:
        if not self._is_together:
            self._db.conn.commit()

    def spent_usd(self, run: str) -> float:
        """Settled plus still reserved, in US dollars."""
        return next(self._db.query("SELECT coalesce(sum(coalesce(settled_usd, reserved_usd)), 0) AS usd FROM ledger WHERE run = ?", [run]))["usd"]

    def reserve(self, run: str, cycle: int, tag: str, usd: float, model: str = "") -> int:
        """Book the most a call of `model` may cost before it is made; returns the entry's id."""
        cursor = self._db.conn.execute("INSERT INTO ledger (run, cycle, tag, reserved_usd, model, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                                       [run, cycle, tag, usd, model, now()])
        self._commit()
        return int(cursor.lastrowid or 0)

    def settle(self, entry: int, usd: float, tokens_in: int, tokens_out: int) -> None:
        """Replace a reservation by what the call did cost."""
        self._db.conn.execute("UPDATE ledger SET settled_usd = ?, tokens_in = ?, tokens_out = ?, settled_at = ? WHERE id = ? AND settled_usd IS NULL",
                              [usd, tokens_in, tokens_out, now(), entry])
        self._commit()

    def costs(self, run: str) -> list[dict[str, Any]]:
        """Rows of cycle, tag, calls, usd, tokens_in, tokens_out."""
        return list(self._db.query("SELECT * FROM v_cost WHERE run = ? ORDER BY cycle, tag", [run]))

    def per_strategy(self) -> dict[str, float]:
        """US dollars over all runs by the strategy that a tag (`self_instruct/tasks`) begins with; a call that failed is in it."""
        rows = self._db.query("SELECT substr(tag, 1, instr(tag, '/') - 1) AS strategy, sum(coalesce(settled_usd, reserved_usd)) AS usd FROM ledger "
                              "WHERE instr(tag, '/') > 0 GROUP BY strategy")
        return {row["strategy"]: row["usd"] for row in rows}

    def experience(self) -> list[dict[str, Any]]:
        """Over all runs, rows of strategy, model, wanted (planned lessons), requests, tokens_in, tokens_out, usd: one a cycle in which
        a strategy asked a teacher. Where two models shared a cycle, `wanted` is shared out by requests."""
        return list(self._db.query("""
            WITH bill AS (
                SELECT run, cycle, substr(tag, 1, instr(tag, '/') - 1) AS strategy, model, count(*) AS requests, sum(tokens_in) AS tokens_in,
                       sum(tokens_out) AS tokens_out, sum(coalesce(settled_usd, reserved_usd)) AS usd FROM ledger WHERE instr(tag, '/') > 0 GROUP BY 1, 2, 3, 4),
            work AS (SELECT run, cycle, strategy, sum(wanted) AS wanted FROM funnels GROUP BY 1, 2, 3)
            SELECT strategy, model, 1.0 * wanted * requests / sum(requests) OVER (PARTITION BY run, cycle, strategy) AS wanted, requests, tokens_in, tokens_out, usd
            FROM bill JOIN work USING (run, cycle, strategy) ORDER BY run, cycle, strategy, model"""))

    def tokens(self, run: str) -> int:
        """Tokens to and from the teacher so far."""
        return next(self._db.query("SELECT coalesce(sum(tokens_in + tokens_out), 0) AS n FROM ledger WHERE run = ?", [run]))["n"]

    def cached(self, key: str) -> str | None:
        """A stored teacher response, or None."""
        rows = list(self._db.query("SELECT body FROM teacher_cache WHERE key = ?", [key]))
        return rows[0]["body"] if rows else None

    def cache(self, key: str, body: str) -> None:
        """Keep a good response for ever."""
        self._db.conn.execute("INSERT OR IGNORE INTO teacher_cache (key, body, created_at) VALUES (?, ?, ?)", [key, body, now()])
        self._commit()
