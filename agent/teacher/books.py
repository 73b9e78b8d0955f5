"""Books calls that run side by side: before each one what it may cost, after it what it did cost and said.

All that comes while the disk is busy goes into the next transaction (group commit: DeWitt 1984), and the wait for the
disk is in a thread: calls go on meanwhile. Nothing else may use the ledger's connection until `written`. A reservation
is durable before its call is sent; an answer and its cost become durable together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from agent.teacher.contract import BudgetExceeded, Ledger, ResponseCache
from probes.errors import WeakspotError


class Books:
    """A ledger and a cache, for one event loop at a time."""

    def __init__(self, ledger: Ledger, cache: ResponseCache) -> None:
        self.n_open = 0
        """Reservations whose calls have not come back."""
        self._ledger = ledger
        self._cache = cache
        self._jobs: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._settled = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

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

        await self._write(book)
        self._settled.set()
        self._settled = asyncio.Event()

    def cached(self, key: str) -> str | None:
        """The body of a paid answer, or None."""
        return self._cache.get(key)

    async def written(self) -> None:
        """All that was to be written is durable. For when no call runs any more, cut short or not."""
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})
        self.n_open = 0

    async def _write(self, job: Callable[[], Any]) -> Any:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while self._jobs:
            jobs, self._jobs = self._jobs, []
            results: list[Any] = []
            try:
                with ExitStack() as scope:
                    scope.enter_context(self._ledger.together())
                    for job, _ in jobs:
                        try:
                            results.append(job())
                        except WeakspotError as refusal:  # of this one call: the others' entries stand
                            results.append(refusal)
                    commit = scope.pop_all()
                await asyncio.to_thread(commit.close)
            except Exception as error:  # the database's: none of the entries is in it, so every call must hear
                results = [error] * len(jobs)
            for (_, done), result in zip(jobs, results, strict=True):
                if done.done():
                    continue
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
