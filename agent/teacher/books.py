"""Books calls that run side by side: before each one what it may cost, after it what it did cost and said.

All that is to be written at one moment goes into one transaction (group commit: DeWitt 1984), because a transaction
a call would stand still for the disk some hundred times a second. A reservation is durable before its call is
sent; an answer and its cost become durable together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from agent.teacher.contract import BudgetExceeded, Ledger, ResponseCache
from probes.errors import WeakspotError

REST = 2.0  # times the last transaction's seconds, before the next: two thirds of the time stay for calls on a slow disk


class Books:
    """A ledger and a cache, for one event loop at a time."""

    def __init__(self, ledger: Ledger, cache: ResponseCache) -> None:
        self.n_open = 0
        """Reservations whose calls have not come back."""
        self._ledger = ledger
        self._cache = cache
        self._jobs: list[tuple[Callable[[], Any], asyncio.Future[Any], bool]] = []
        self._settled = asyncio.Event()
        self._free_at = 0.0

    async def reserve(self, usd: float, tag: str, model: str) -> int:
        """Set aside the most a call may cost, in US dollars; the entry's id.

        Where only the reservations of calls in flight stand in the way, it waits for them: they come back cheaper.

        Raises:
            BudgetExceeded: what is settled and `usd` together pass the cap.
        """

        n_open = 0

        def book() -> int:
            nonlocal n_open
            n_open = self.n_open
            entry = self._ledger.reserve(usd, tag, model)
            self.n_open += 1
            return entry

        while True:
            settled = self._settled
            try:
                return await self._write(book)
            except BudgetExceeded:
                if n_open == 0:  # when it was refused: since then the last one may have come back, cheaper
                    raise
                await settled.wait()

    async def settle(self, entry: int, usd: float, tokens_in: int, tokens_out: int, *, keep: tuple[str, str] | None = None) -> None:
        """Book the real cost; `keep` is the key and body of an answer for the cache."""

        def book() -> None:
            self._ledger.settle(entry, usd, tokens_in, tokens_out)
            if keep is not None:
                self._cache.put(*keep)
            self.n_open -= 1

        await self._write(book, is_owed=True)
        self._settled.set()
        self._settled = asyncio.Event()

    def cached(self, key: str) -> str | None:
        """The body of a paid answer, or None."""
        return self._cache.get(key)

    def written(self) -> None:
        """Write what still waits to be written. For when no call runs any more, cut short or not."""
        self._flush()
        self.n_open = 0

    async def _write(self, job: Callable[[], Any], *, is_owed: bool = False) -> Any:
        """The job's result; one that `is_owed` is done even where nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._jobs.append((job, done, is_owed))
        if len(self._jobs) == 1:
            loop.call_later(max(0.0, self._free_at - time.monotonic()), self._flush)
        return await done

    def _flush(self) -> None:
        jobs = [(job, done) for job, done, is_owed in self._jobs if is_owed or not done.cancelled()]
        self._jobs = []
        if not jobs:
            return
        results: list[Any] = []
        begun = time.monotonic()
        try:
            with self._ledger.together():
                for job, _ in jobs:
                    try:
                        results.append(job())
                    except WeakspotError as refusal:  # of this one call: the others' entries stand
                        results.append(refusal)
        except Exception as error:  # the database's: none of the entries is in it, so every call must hear
            results = [error] * len(jobs)
        for (_, done), result in zip(jobs, results, strict=True):
            if done.done():
                continue
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)
        self._free_at = time.monotonic() + REST * (time.monotonic() - begun)
