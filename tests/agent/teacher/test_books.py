"""Bookkeeping in groups: one transaction for many calls, durable before a call is sent, and nothing changed afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from agent.store import Store
from agent.teacher.books import Books
from agent.teacher.contract import BudgetExceeded
from agent.teacher.memory import MemoryCache, MemoryLedger
from agent.teacher.open import StoreCache, StoreLedger


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path) as opened:
        opened.runs.create("r1", "", "", {})
        yield opened


def test_calls_of_one_moment_share_a_transaction_and_are_durable_when_it_returns(store: Store, tmp_path: Path) -> None:
    statements: list[str] = []
    store.db.conn.set_trace_callback(statements.append)

    async def play() -> None:
        books = Books(StoreLedger(store, "r1", 1.0), StoreCache(store))
        entries = await asyncio.gather(*(books.reserve(0.01, "t/a", "m") for _ in range(50)))
        with sqlite3.connect(tmp_path / "weakspot.db") as other:
            assert other.execute("SELECT count(*) FROM ledger").fetchone() == (50,)
        await asyncio.gather(*(books.settle(entry, 0.001, 1, 2, keep=(f"k{entry}", "body")) for entry in entries))
        assert books.n_open == 0

    asyncio.run(play())
    assert sum(statement.startswith("COMMIT") for statement in statements) <= 4
    assert store.money.spent_usd("r1") == pytest.approx(0.05) and store.money.cached("k7") == "body"


def test_one_refused_reservation_leaves_the_others_of_its_group(store: Store) -> None:
    async def play() -> list[object]:
        books = Books(StoreLedger(store, "r1", 0.025), StoreCache(store))
        first = [asyncio.create_task(books.reserve(0.01, "t/a", "m")) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert [task.done() for task in first] == [True, True, False], "the third waits for what the first two will leave"
        await books.settle(first[0].result(), 0.01, 1, 1)
        await books.settle(first[1].result(), 0.01, 1, 1)
        return await asyncio.gather(*first, return_exceptions=True)

    ends = asyncio.run(play())
    assert isinstance(ends[2], BudgetExceeded) and store.money.spent_usd("r1") == pytest.approx(0.02)


def test_a_database_that_fails_is_heard_by_every_call() -> None:
    class Full(MemoryLedger):
        def together(self):
            raise sqlite3.OperationalError("database or disk is full")

    async def play() -> list[object]:
        books = Books(Full(1.0), MemoryCache())
        return await asyncio.gather(*(books.reserve(0.01, "t", "m") for _ in range(3)), return_exceptions=True)

    assert [type(end) for end in asyncio.run(play())] == [sqlite3.OperationalError] * 3


def test_the_ledger_is_append_only(store: Store) -> None:
    entry = store.money.reserve("r1", 1, "t/a", 0.5, "m")
    store.money.settle(entry, 0.1, 1, 1)
    store.money.settle(entry, 0.0, 0, 0)
    assert store.money.spent_usd("r1") == pytest.approx(0.1), "the first settlement stands"
    for change in ("DELETE FROM ledger", "UPDATE ledger SET settled_usd = 0", "UPDATE ledger SET reserved_usd = 0"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.db.conn.execute(change)
        store.db.conn.rollback()


def test_a_refusal_beside_the_last_settlement_is_not_the_end(store: Store) -> None:
    async def play() -> int:
        books = Books(StoreLedger(store, "r1", 0.015), StoreCache(store))
        first = await books.reserve(0.01, "t/a", "m")
        second = asyncio.create_task(books.reserve(0.01, "t/a", "m"))
        await asyncio.sleep(0)  # it is in the same group, before the settlement that makes room for it
        await books.settle(first, 0.001, 1, 1)
        return await asyncio.wait_for(second, 5)

    assert asyncio.run(play()) > 0


def test_when_calls_are_cut_short_what_is_owed_is_written_and_what_was_not_sent_is_not(store: Store) -> None:
    async def play() -> None:
        books = Books(StoreLedger(store, "r1", 1.0), StoreCache(store))
        entry = await books.reserve(0.01, "t/a", "m")
        cut = [asyncio.create_task(books.settle(entry, 0.004, 1, 1, keep=("key", "body"))), asyncio.create_task(books.reserve(0.01, "t/a", "m"))]
        await asyncio.sleep(0)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        books.written()
        assert books.n_open == 0

    asyncio.run(play())
    assert store.money.cached("key") == "body" and store.money.spent_usd("r1") == pytest.approx(0.004)
