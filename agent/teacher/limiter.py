"""How many calls may be in flight at one provider: shrinks when it is overloaded, grows back with success.

Additive increase, multiplicative decrease (Chiu and Jain 1989), with the decrease in proportion to the share of calls
that were refused, once a round (DCTCP: Alizadeh 2010, section 3.2). Halving at every single refusal, as TCP does,
would hold 64 permitted calls at about 5 where one in twenty is refused at random: sqrt(1.5 / p) (Mathis 1997).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TOLERATED = 0.10  # share of refused calls that is taken for the provider's noise: at a true limit it wastes a tenth, unpaid
MIN_REFUSED = 3  # in a round: one or two are no evidence
MIN_ROUND = 4  # calls


class Limiter:
    """An adaptive semaphore for one event loop; `most` is the highest limit, and the first."""

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self.in_flight = 0
        self._most = most
        self._generation = 0
        self._n = self._n_refused = 0
        self._wait_s = 0.0
        self._paused_until = 0.0
        self._order = itertools.count()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []

    @property
    def do_others_wait(self) -> bool:
        """Whether some call waits for its slot."""
        return bool(self._waiting)

    @asynccontextmanager
    async def slot(self, *, is_retry: bool = False) -> AsyncIterator[int]:
        """Wait for a free slot, a retry before all that were not tried yet; yields the generation to hand to `report`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not is_retry, next(self._order), turn))
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free()
            raise
        try:
            yield self._generation
        finally:
            self._free()

    def report(self, generation: int, *, is_refused: bool, wait_s: float = 0.0) -> None:
        """A call ended. `is_refused`: the provider had no room for it; `wait_s`: what it asks all to wait, in seconds.

        Calls that began before the last decrease say nothing about the limit that it set.
        """
        if generation != self._generation:
            return
        self._n += 1
        if not is_refused:
            self.limit = min(float(self._most), self.limit + 1 / self.limit)
        else:
            self._n_refused += 1
            self._wait_s = max(self._wait_s, wait_s)
        round_ = max(MIN_ROUND, int(self.limit))
        if self._n < round_ and self._n_refused <= round_ / 2:
            return
        share = self._n_refused / self._n
        by_chance = self._n * TOLERATED + 2 * math.sqrt(self._n * TOLERATED * (1 - TOLERATED))
        if self._n_refused >= MIN_REFUSED and self._n_refused > by_chance:
            self.limit = max(1.0, self.limit * max(0.5, 1 - share))
            self._generation += 1
            if share >= 0.5:  # a provider that still takes most calls means the one that it told to wait
                self._paused_until = time.monotonic() + self._wait_s
        self._n = self._n_refused = 0
        self._wait_s = 0.0

    def _free(self) -> None:
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        pause_s = self._paused_until - time.monotonic()
        if pause_s > 0:
            if self._waiting:
                asyncio.get_running_loop().call_later(pause_s, self._admit)
            return
        while self._waiting and self.in_flight < int(self.limit):
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
