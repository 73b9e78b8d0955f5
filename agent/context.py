"""What every stage is handed: the run's store, student, teacher, configuration and watcher."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.config import Config
from agent.store import Store
from agent.student.contract import Student
from agent.watch import Watcher
from curricula.teacher import Teacher


@dataclass(frozen=True)
class RunContext:
    """One run, opened."""

    run: str
    config: Config
    store: Store
    student: Student
    teacher: Teacher | None
    """None where every strategy in use works without one."""
    watcher: Watcher
    judge: Teacher | None = None
    """The model that may refuse lessons; None where none is configured."""

    @property
    def folder(self) -> Path:
        """`state/runs/<run>`."""
        return self.store.state_dir / "runs" / self.run

    def cycle_folder(self, cycle: int) -> Path:
        """`state/runs/<run>/cycle-001`, made if missing."""
        folder = self.folder / f"cycle-{cycle:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def seed(self, *names: object) -> int:
        """A 31-bit seed hashed from the run's seed and `names`: neighbours share nothing."""
        text = "\x1f".join([str(self.config.seed), *map(str, names)])
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


@dataclass(frozen=True)
class StageResult:
    """What a stage function hands to the journal."""

    update: dict[str, Any]
    """Goes into the graph's state and, as the product, into the journal."""
    summary: str
    """One line for the user."""
    write: Callable[[Store], None] = field(default=lambda store: None)
    """Stores the stage's rows; called inside the transaction that closes the stage."""
