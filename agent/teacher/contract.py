"""What the LLM teacher needs from the rest: settings, a cache of paid answers, a ledger with a cap.

The store implements the last two on SQLite (`open.py`); `memory.py` does so without a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from probes.errors import WeakspotError


class Progress(Protocol):
    """Is told how far the teacher is; `agent.watch.Watcher.progress` is one."""

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        """`done` of `total` units of `what` are finished; `note` says what it cost."""
        ...


class BudgetExceeded(WeakspotError):
    """The next call could cost more than what is left. Raised before the call, never after."""


class ModelSettings(Protocol):
    """One model at one address, with its key and price; `agent.config.ModelConfig` is one."""

    @property
    def model(self) -> str: ...
    @property
    def api_base(self) -> str | None: ...
    @property
    def api_key_env(self) -> str | None: ...
    @property
    def usd_per_million_in(self) -> float | None: ...
    @property
    def usd_per_million_out(self) -> float | None: ...


class TeacherSettings(ModelSettings, Protocol):
    """The `teacher` group of the configuration; `agent.config.TeacherConfig` is one."""

    @property
    def fallbacks(self) -> Sequence[ModelSettings]: ...
    @property
    def temperature(self) -> float: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def max_tries(self) -> int: ...


class ResponseCache(Protocol):
    """Answers already paid for, by the hash of their whole request."""

    def get(self, key: str) -> str | None:
        """The stored body, or None."""
        ...

    def put(self, key: str, body: str) -> None:
        """Keep a good body; errors are never put here."""
        ...


class Ledger(Protocol):
    """An account with a cap that holds while calls are in flight."""

    def reserve(self, usd: float, tag: str, model: str) -> int:
        """Set aside the most a call of `model` may cost; the entry's id.

        Raises:
            BudgetExceeded: spent, reserved and `usd` together pass the cap. Nothing is set aside.
        """
        ...

    def settle(self, entry: int, usd: float, tokens_in: int, tokens_out: int) -> None:
        """Replace the reservation by what the call did cost."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """What is booked and cached inside becomes durable at once, at its end."""
        ...


@dataclass(frozen=True)
class TeacherCheck:
    """What the canary requests said of a teacher that answers."""

    warnings: tuple[str, ...]
    """Canaries it got wrong: usable, but expect a thin funnel."""
    answer: str
    """Its reply to the first canary."""
    seconds: float
