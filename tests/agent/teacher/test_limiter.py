"""The adaptive limit against providers of known capacity, in a loop without a network."""

from __future__ import annotations

import asyncio
import random
import time

from agent.teacher.limiter import TOLERATED, Limiter


def round_of(limiter: Limiter, n: int, n_refused: int) -> None:
    """All calls of one round end, refused ones first."""

    async def play() -> None:
        slots = [limiter.slot() for _ in range(n)]
        generations = [await slot.__aenter__() for slot in slots]
        for i, generation in enumerate(generations):
            limiter.report(generation, is_refused=i < n_refused)
        for slot in slots:
            await slot.__aexit__(None, None, None)

    asyncio.run(play())


def test_a_round_of_refusals_halves_the_limit_once_and_success_brings_it_back() -> None:
    limiter = Limiter(8)
    round_of(limiter, 8, 8)
    assert limiter.limit == 4.0
    round_of(limiter, 4, 4)
    assert limiter.limit == 2.0
    for _ in range(40):
        round_of(limiter, int(limiter.limit), 0)
    assert limiter.limit == 8.0


def test_the_decrease_is_in_proportion_to_the_share_refused() -> None:
    limiter = Limiter(40)
    round_of(limiter, 40, 10)
    assert limiter.limit == 30.0


def test_refusals_at_random_leave_the_limit_where_it_is() -> None:
    chance, limiter = random.Random(3), Limiter(64)
    seen = []
    for _ in range(100):
        n = int(limiter.limit)
        round_of(limiter, n, sum(chance.random() < TOLERATED / 2 for _ in range(n)))
        seen.append(limiter.limit)
    assert sum(seen) / len(seen) > 0.95 * 64


def test_the_limit_settles_at_the_capacity_of_the_provider() -> None:
    capacity, running, refused, limits = 10, 0, [], []

    async def call(limiter: Limiter) -> None:
        nonlocal running
        is_retry = False
        while True:
            async with limiter.slot(is_retry=is_retry) as generation:
                running += 1
                has_room = running <= capacity
                await asyncio.sleep(0.002 if has_room else 0)
                running -= 1
                limiter.report(generation, is_refused=not has_room)
                refused.append(not has_room)
                limits.append(limiter.limit)
            if has_room:
                return
            is_retry = True
            await asyncio.sleep(0.001)

    async def play() -> None:
        limiter = Limiter(64)
        await asyncio.gather(*(call(limiter) for _ in range(600)))

    asyncio.run(play())
    late = limits[len(limits) // 2 :]
    assert capacity * 0.7 < sum(late) / len(late) < capacity * 1.5
    assert sum(refused[len(refused) // 2 :]) / (len(refused) / 2) < 0.25


def test_the_limit_is_never_passed_and_never_below_one() -> None:
    async def play() -> int:
        limiter, running, most = Limiter(3), 0, 0

        async def call() -> None:
            nonlocal running, most
            async with limiter.slot() as generation:
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                limiter.report(generation, is_refused=True)
                running -= 1

        await asyncio.gather(*(call() for _ in range(50)))
        assert limiter.limit == 1.0 and limiter.in_flight == 0
        return most

    assert asyncio.run(play()) == 3


def test_what_the_provider_asks_all_to_wait_holds_back_every_call() -> None:
    async def play() -> float:
        limiter = Limiter(4)
        for _ in range(3):
            async with limiter.slot() as generation:
                limiter.report(generation, is_refused=True, wait_s=0.2)
        begun = time.monotonic()
        async with limiter.slot():
            return time.monotonic() - begun

    assert asyncio.run(play()) >= 0.15


def test_a_retry_goes_before_what_was_not_tried_yet() -> None:
    async def play() -> list[str]:
        limiter, order = Limiter(1), []

        async def call(name: str, is_retry: bool) -> None:
            async with limiter.slot(is_retry=is_retry):
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(call("first", False), call("second", False), call("again", True))
        return order

    assert asyncio.run(play()) == ["first", "again", "second"]


def test_a_waiting_call_that_is_cancelled_takes_no_slot() -> None:
    async def play() -> int:
        limiter = Limiter(1)
        async with limiter.slot():
            waiting = asyncio.create_task(limiter.slot().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with limiter.slot():
            return limiter.in_flight

    assert asyncio.run(play()) == 1
