"""The configured LLM teacher on the run's own database: its ledger, its cap, its cache.

The teacher is checked here, before anything is spent; a weak one is announced, one that gives nothing is refused.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from agent.config import Config
from agent.store import Store
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import check_budget
from agent.watch import Watcher


class StoreLedger:
    """Implements `Ledger`: entries belong to a run and to the cycle it is in (0 before the first)."""

    def __init__(self, store: Store, run: str, budget_usd: float) -> None:
        self._store = store
        self._run = run
        self._budget_usd = budget_usd
        self._spent_usd = store.money.spent_usd(run)  # a sum over all entries at each call would grow with the run
        self._reserved: dict[int, float] = {}

    def reserve(self, usd: float, tag: str, model: str) -> int:
        """Set aside `usd`, or raise `BudgetExceeded`."""
        check_budget(self._spent_usd, usd, self._budget_usd)
        entry = self._store.money.reserve(self._run, self._store.runs.latest_cycle(self._run), tag, usd, model)
        self._spent_usd += usd
        self._reserved[entry] = usd
        return entry

    def settle(self, entry: int, usd: float, tokens_in: int, tokens_out: int) -> None:
        """Book the real cost."""
        self._store.money.settle(entry, usd, tokens_in, tokens_out)
        self._spent_usd += usd - self._reserved.pop(entry)

    def together(self) -> AbstractContextManager[None]:
        """One transaction."""
        return self._store.money.together()


class StoreCache:
    """Implements `ResponseCache`; shared by all runs of a state folder."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> str | None:
        """The stored body, or None."""
        return self._store.money.cached(key)

    def put(self, key: str, body: str) -> None:
        """Keep a body."""
        self._store.money.cache(key, body)


def open_teacher(config: Config, store: Store, run: str, watcher: Watcher) -> LLMTeacher:
    """Make and check the teacher of a run.

    Raises:
        WeakspotError: no key, unknown model or price, no budget for the canaries, or nothing comes back.
    """
    teacher = LLMTeacher(
        config.teacher,
        StoreCache(store),
        StoreLedger(store, run, config.limits.budget_usd),
        progress=watcher.progress,
        say=watcher.say,
        seed=config.seed,
    )
    if any(row["tag"] == "check" for row in store.money.costs(run)):
        # a resumed run may have no money left for canaries, nor need of its teacher
        watcher.say(f"teacher {teacher.name} was checked when the run began")
        return teacher
    try:
        checked = teacher.check()
    except BaseException:
        teacher.close()
        raise
    watcher.say(f"teacher {teacher.name} answers (checked in {checked.seconds:.1f} s)")
    for warning in checked.warnings:
        watcher.say(f"warning: weak teacher, {warning}")
    return teacher
