"""Everything a run did, in SQLite: one class per kind of question, one method per question.

    with Store.open(state_dir) as store:      # the supervisor: read-write, locked
        store.runs.create(...)
    Store.read(state_dir)                     # everyone else: read-only
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from agent.store.controls import Controls
from agent.store.database import RunLock, connect, database_path, transaction
from agent.store.decisions import Decisions
from agent.store.leaks import Leaks
from agent.store.lessons import Lessons
from agent.store.money import Money
from agent.store.panels import Panels
from agent.store.phrases import Phrases
from agent.store.runs import Runs
from agent.store.samples import Samples
from agent.store.suspects import Suspects
from agent.store.verification import Verification
from agent.store.weaknesses import Weaknesses


class Store:
    """The database with its questions grouped by subject."""

    def __init__(self, db: Database, state_dir: Path, lock: RunLock | None) -> None:
        self.db = db
        self.state_dir = state_dir
        self._lock = lock
        self.runs = Runs(db)
        self.samples = Samples(db)
        self.weaknesses = Weaknesses(db)
        self.suspects = Suspects(db)
        self.lessons = Lessons(db)
        self.leaks = Leaks(db)
        self.decisions = Decisions(db)
        self.controls = Controls(db)
        self.money = Money(db)
        self.phrases = Phrases(db)
        self.verification = Verification(db)
        self.panels = Panels(db)

    @classmethod
    def open(cls, state_dir: Path) -> Store:
        """Open read-write and lock the folder against a second supervisor.

        Raises:
            WeakspotError: locked by another process, damaged, or not writable.
        """
        try:
            lock = RunLock(state_dir)
        except OSError as error:
            from probes.errors import WeakspotError

            raise WeakspotError(f"state folder {state_dir} can't be written: {error.strerror}", hint="name another with --state") from error
        try:
            return cls(connect(database_path(state_dir)), state_dir, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, state_dir: Path) -> Store:
        """Open read-only. Raises WeakspotError when there is no database yet."""
        return cls(connect(database_path(state_dir), readonly=True), state_dir, None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside, or none of them."""
        with transaction(self.db):
            yield

    def close(self) -> None:
        """Close the connection and give up the lock. Safe to call twice."""
        self.db.conn.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
