"""How many calls may be in flight: shrinks when the provider says 429, grows back with success.

Additive increase, multiplicative decrease (Chiu and Jain 1989): each success adds 1/limit, so one full round adds
one; a 429 halves the limit, once for all calls that were in flight together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Limiter:
    """An adaptive semaphore for one event loop."""

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self.in_flight = 0
        self._most = most
        self._generation = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Wait for a free slot; yields the generation to hand to `shrink`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.in_flight < int(self.limit))
            self.in_flight += 1
        try:
            yield self._generation
        finally:
            self.in_flight -= 1
            async with self._changed:
                self._changed.notify_all()

    def grow(self) -> None:
        """A call succeeded."""
        self.limit = min(float(self._most), self.limit + 1 / self.limit)

    def shrink(self, generation: int) -> int:
        """A call of `generation` met a 429; the present generation, for its next attempt."""
        if generation == self._generation:
            self.limit = max(1.0, self.limit / 2)
            self._generation += 1
        return self._generation
