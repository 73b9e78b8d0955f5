"""One model takes over from another: with the unanswered requests, said aloud, and written into every reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent.config import load_config
from agent.store import Store
from agent.teacher.contract import BudgetExceeded
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from agent.teacher.open import StoreCache, StoreLedger
from curricula.strategies.contract import find_strategy
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError
from tests.agent.teacher.scripted_server import ScriptedServer, Step, failing, good
from tests.agent.teacher.test_engine import Settings, echo
from tests.curricula.teachers import brief


@dataclass(frozen=True)
class Other:
    model: str = "openai/other"
    api_base: str | None = None
    api_key_env: str | None = None
    usd_per_million_in: float | None = None
    usd_per_million_out: float | None = None


def canaries_then(*later: Step):
    """Right answers to both canaries, then the script."""
    script = list(later)

    def answer(body: dict) -> Step:
        prompt = body["messages"][-1]["content"]
        if "2+3" in prompt or "JSON object" in prompt:
            return good('{"answer": "5"}')
        return script.pop(0) if len(script) > 1 else script[0]

    return answer


def two(first: ScriptedServer, second: ScriptedServer, said: list[str], cache=None, **settings) -> LLMTeacher:
    fallbacks = (Other(api_base=second.url),)
    return LLMTeacher(Settings(api_base=first.url, fallbacks=fallbacks, **settings), cache or MemoryCache(), MemoryLedger(settings.pop("budget", 1.0)), say=said.append, backoff_s=0.0)


@pytest.mark.parametrize("gone", [failing(401, "key revoked"), failing(402), failing(404, "no such model"), failing(429, "You exceeded your current quota")])
def test_a_model_that_can_t_be_used_hands_over_what_is_not_answered(gone: Step) -> None:
    said: list[str] = []
    with ScriptedServer(answer=canaries_then(good("first"), good("first"), gone)) as first, ScriptedServer(answer=canaries_then(good("second"))) as second, two(first, second, said, concurrency=1) as teacher:
        replies = teacher.ask([TeacherRequest(f"q{i}") for i in range(6)])
        assert [reply.text for reply in replies] == ["first"] * 2 + ["second"] * 4
        assert [reply.teacher for reply in replies] == ["openai/scripted"] * 2 + ["openai/other"] * 4
        assert teacher.name == "openai/other" and len(said) == 1
        assert "openai/scripted can't be used" in said[0] and said[0].endswith("openai/other takes over")
        teacher.ask([TeacherRequest("later")])
        assert len(first.requests) == 3, "the one that is gone is not asked again"


def test_a_server_that_is_gone_loses_no_request() -> None:
    said: list[str] = []
    with ScriptedServer(answer=canaries_then(failing(500))) as first, ScriptedServer(answer=echo) as second, two(first, second, said, max_tries=1) as teacher:
        prompts = [f"q{i}" for i in range(40)]
        assert [reply.text for reply in teacher.ask([TeacherRequest(prompt) for prompt in prompts])] == [f"re: {prompt}" for prompt in prompts]
    assert "stopped answering" in said[0]


def test_the_check_passes_over_models_without_key_or_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    said: list[str] = []
    with ScriptedServer([good("I like turtles.")]) as silly, ScriptedServer(answer=canaries_then(good("x"))) as wise:
        settings = Settings(api_base=silly.url, api_key_env="NOT_SET", fallbacks=(Other("openai/silly", silly.url), Other("openai/wise", wise.url)))
        with LLMTeacher(settings, MemoryCache(), MemoryLedger(1.0), say=said.append, backoff_s=0.0) as teacher:
            assert teacher.check().warnings == () and teacher.name == "openai/wise"
    assert "NOT_SET" in said[0] and "every canary wrongly" in said[1]


def test_the_last_model_s_failure_raises_and_money_hands_nothing_over() -> None:
    said: list[str] = []
    with ScriptedServer([failing(401, "no")]) as first, ScriptedServer([failing(401, "nor here")]) as second, two(first, second, said) as teacher, pytest.raises(WeakspotError, match="nor here"):
        teacher.check()
    said.clear()
    with ScriptedServer([good("x")]) as first, ScriptedServer([good("x")]) as second:
        poor = two(first, second, said, usd_per_million_in=1000.0, usd_per_million_out=1000.0)
        poor._books._ledger.budget_usd = 0.01  # type: ignore[attr-defined]
        with poor, pytest.raises(BudgetExceeded):
            poor.ask([TeacherRequest("q")])
        assert said == [] and second.requests == []


def test_what_either_model_answered_is_found_again() -> None:
    said: list[str] = []
    cache = MemoryCache()
    with ScriptedServer(answer=canaries_then(good("first"), failing(401))) as first, ScriptedServer(answer=canaries_then(good("second"))) as second:
        requests = [TeacherRequest(f"q{i}") for i in range(3)]
        with two(first, second, said, cache, concurrency=1) as teacher:
            once = teacher.ask(requests)
        n_asked = len(first.requests) + len(second.requests)
        with two(first, second, said, cache) as teacher:
            again = teacher.ask(requests)
        assert len(first.requests) + len(second.requests) == n_asked
        assert [(reply.text, reply.teacher) for reply in again] == [(reply.text, reply.teacher) for reply in once]
        assert all(reply.cached for reply in again)


def test_rows_and_ledger_name_who_wrote_and_who_was_paid(tmp_path: Path) -> None:
    lesson = '{"hypothesis": "h", "lessons": [{"problem": "A baker has %d rolls and sells 97. How many stay?", "solution": "", "answer": "%d", "check": "%d - 97"}]}'
    with (
        ScriptedServer(answer=canaries_then(good(lesson % (512, 415, 512)), failing(401))) as first,
        ScriptedServer(answer=canaries_then(good(lesson % (613, 516, 613)))) as second,
        Store.open(tmp_path) as store,
    ):
        store.runs.create("r1", "", "", {})
        settings = Settings(api_base=first.url, fallbacks=(Other(api_base=second.url),), concurrency=1, max_tokens=3000)
        with LLMTeacher(settings, StoreCache(store), StoreLedger(store, "r1", 1.0), backoff_s=0.0) as teacher:
            import random

            found = list(find_strategy("error_analysis").write(brief(n_lessons=4), teacher, random.Random(1)))
        writers = {(candidate.lesson.prompt.split(" rolls")[0][-3:], candidate.lesson.teacher) for candidate in found if candidate.lesson}
        assert writers == {("512", "openai/scripted"), ("613", "openai/other")}
        assert {row["model"] for row in store.db.query("SELECT DISTINCT model FROM ledger")} == {"openai/scripted", "openai/other"}


def test_fallbacks_are_checked_before_anything_is_asked() -> None:
    def load(*sets: str):
        return load_config(None, list(sets), {}).config.teacher

    named = load("teacher.model=openai/a", "teacher.fallbacks=[openai/b, {model: openai/c, api_base: 'http://127.0.0.1:1/v1', usd_per_million_in: 1, usd_per_million_out: 2}]")
    assert [(other.model, other.api_base, other.usd_per_million_out) for other in named.fallbacks] == [("openai/b", None, None), ("openai/c", "http://127.0.0.1:1/v1", 2)]
    for wrong, why in [("teacher.fallbacks=[openai/a]", "named twice"), ("teacher.fallbacks=[symbolic]", "symbolic teacher"), ("teacher.fallbacks=[{modell: x}]", "model"), ("teacher.fallbacks=openai/b", "list")]:
        with pytest.raises(WeakspotError, match=why):
            load("teacher.model=openai/a", wrong)
    with pytest.raises(WeakspotError, match="need a litellm model"):
        load("teacher.fallbacks=[openai/a]")


def test_settings_of_the_teacher_hold_for_its_fallbacks() -> None:
    said: list[str] = []
    with ScriptedServer([failing(401)]) as first, ScriptedServer(answer=canaries_then(good("x"))) as second, two(first, second, said, temperature=0.3, max_tokens=17) as teacher:
        teacher.ask([replace(TeacherRequest("q"), max_tokens=900)])
        assert (second.requests[-1]["temperature"], second.requests[-1]["max_tokens"]) == (0.3, 17)
