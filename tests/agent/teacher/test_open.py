"""The teacher on a real database: the cap of the run, the cycle of an entry, the cache across restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import Config
from agent.store import Store
from agent.teacher.contract import BudgetExceeded
from agent.teacher.open import StoreCache, StoreLedger, open_teacher
from agent.watch import SilentWatcher
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError
from tests.agent.teacher.scripted_server import ScriptedServer, failing, good


class Lines(SilentWatcher):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def config_for(server: ScriptedServer, budget_usd: float = 1.0, **teacher) -> Config:
    teacher = {"model": "openai/scripted", "api_base": server.url, "max_tries": 1, **teacher}
    return Config.model_validate({"teacher": teacher, "limits": {"budget_usd": budget_usd}})


def started(tmp_path: Path, config: Config) -> Store:
    store = Store.open(tmp_path)
    store.runs.create("r1", config.to_yaml(), config.hash(), {})
    return store


def test_entries_carry_their_cycle_and_the_cap_is_the_runs(tmp_path: Path) -> None:
    config = Config()
    with started(tmp_path, config) as store:
        ledger = StoreLedger(store, "r1", 0.5)
        first = ledger.reserve(0.3, "check", "m")
        store.runs.begin_stage("r1", 2, "teach", "h")
        with pytest.raises(BudgetExceeded, match=r"budget of \$0.50"):
            ledger.reserve(0.3, "error_analysis", "m")
        ledger.settle(first, 0.1, 10, 5)
        ledger.reserve(0.3, "error_analysis", "m")
        assert store.money.spent_usd("r1") == pytest.approx(0.4)
        assert [(row["cycle"], row["tag"]) for row in store.money.costs("r1")] == [
            (0, "check"),
            (2, "error_analysis"),
        ]


def test_a_resumed_run_finds_its_paid_answers(tmp_path: Path) -> None:
    with ScriptedServer([good('{"answer": "5"}')]) as server:
        config = config_for(server, usd_per_million_in=1.0, usd_per_million_out=1.0)
        for is_resumed in (False, True):
            store = Store.open(tmp_path) if is_resumed else started(tmp_path, config)
            watcher = Lines()
            with store, open_teacher(config, store, "r1", watcher) as teacher:
                reply = teacher.ask([TeacherRequest("Write a lesson.", tag="error_analysis")])[0]
                assert reply.cached is is_resumed
            assert watcher.said[0].startswith("teacher openai/scripted")
            assert len(watcher.said) == 1
        assert len(server.requests) == 2 + 1  # neither the canaries nor the lesson are asked again


def test_a_weak_teacher_is_announced_and_a_silent_one_refused(tmp_path: Path) -> None:
    watcher = Lines()
    with ScriptedServer([good("hello")]) as server, started(tmp_path / "a", config_for(server)) as store:
        open_teacher(config_for(server), store, "r1", watcher).close()
    assert [line.split(",")[0] for line in watcher.said[1:]] == ["warning: weak teacher"] * 2
    with (
        ScriptedServer([failing(500)]) as server,
        started(tmp_path / "b", config_for(server)) as store,
        pytest.raises(WeakspotError, match="no answer"),
    ):
        open_teacher(config_for(server), store, "r1", SilentWatcher())


def test_no_budget_means_nothing_is_asked(tmp_path: Path) -> None:
    with ScriptedServer([good("5")]) as server:
        config = config_for(server, budget_usd=0.0, usd_per_million_in=1.0, usd_per_million_out=1.0)
        with started(tmp_path, config) as store, pytest.raises(BudgetExceeded):
            open_teacher(config, store, "r1", SilentWatcher())
        assert server.requests == []


def test_the_cache_keeps_the_first_body(tmp_path: Path) -> None:
    with started(tmp_path, Config()) as store:
        cache = StoreCache(store)
        assert cache.get("k") is None
        cache.put("k", "one")
        cache.put("k", "two")
        assert cache.get("k") == "one"
