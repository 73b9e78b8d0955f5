"""Opening the database: one writer, many readers, a lock that names who holds it.

`connect` gives the supervisor its only read-write connection, and read-only ones to commands that look;
`RunLock` keeps a second supervisor out of a state folder. `Store.open` and `Store.read` put both together.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from agent.store.schema import MIGRATIONS
from probes.errors import WeakspotError

BATCH = 500  # rows an insert: per-row inserts measured 68 rows/s against 61,000 batched


def now() -> str:
    """UTC time, ISO-8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def database_path(state_dir: Path) -> Path:
    """Where the rows live."""
    return state_dir / "weakspot.db"


class RunLock:
    """An exclusive lock on a state folder, freed by the kernel when its holder dies."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.path = state_dir / "run.lock"
        self._file = open(self.path, "a+", encoding="utf-8")  # noqa: SIM115  held for the object's life
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise WeakspotError(f"another run is using {state_dir} (pid {holder})", where=str(self.path),
                                hint="`weakspot status` shows how far it is; wait for it, stop it, or use another folder with --state") from None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Give the folder back. Safe to call twice."""
        self._file.close()


def connect(path: Path, *, readonly: bool = False) -> Database:
    """A connection with the settings everything here relies on; migrates when writable.

    Raises:
        WeakspotError: no database there (read-only), damaged file, or a folder that can't be written.
    """
    try:
        if readonly:
            if not path.exists():
                raise WeakspotError(f"no database at {path}", hint="`weakspot run` makes one; --state names another folder")
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            if MIGRATIONS.pending(Database(connection)):  # written by an older version: its tables are completed first
                connection.close()
                connect(path).conn.close()
                connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, check_same_thread=False)  # LangGraph may call a node from its own thread, one at a time
        connection.execute("PRAGMA busy_timeout=5000")
        db = Database(connection)
        if not readonly:
            if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("quick_check failed")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            MIGRATIONS.apply(db)
        else:
            connection.execute("SELECT count(*) FROM runs").fetchone()
        return db
    except (sqlite3.Error, OSError) as error:
        raise WeakspotError(f"the database can't be used: {error}", where=str(path), hint="`weakspot doctor` checks it", exit_code=1) from error


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All or nothing, from BEGIN IMMEDIATE to COMMIT."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.conn.rollback()
        raise
    db.conn.commit()


def pack(value: Any) -> str:
    """JSON text as stored: sorted keys, no NaN (a NaN is stored as null)."""
    return json.dumps(_finite(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def clean(text: str) -> str:
    """Text that SQLite and UTF-8 can hold: lone surrogates replaced, NUL made visible."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\u2400")
