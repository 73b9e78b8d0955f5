"""The LLM teacher against a real HTTP server that answers, stalls, lies and refuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest

from agent.teacher.books import Books
from agent.teacher.contract import BudgetExceeded
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from agent.teacher.patience import Patience
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError
from tests.agent.teacher.scripted_server import (
    ScriptedServer,
    Step,
    broken,
    empty_choices,
    failing,
    good,
    rate_limited,
)

KEY = "sk-planted-0123456789abcdef"


@dataclass(frozen=True)
class Settings:
    model: str = "openai/scripted"
    api_base: str | None = None
    api_key_env: str | None = None
    temperature: float = 0.7
    max_tokens: int = 50
    timeout_s: float = 10.0
    concurrency: int = 4
    max_tries: int = 3
    usd_per_million_in: float | None = None
    usd_per_million_out: float | None = None
    fallbacks: tuple = ()


@pytest.fixture(scope="module", autouse=True)
def _warm_litellm() -> None:
    import litellm  # noqa: F401  slow; once for the module


class Bench:
    """A teacher, its server and what was recorded around it."""

    def __init__(self, server: ScriptedServer, **settings) -> None:
        self.slept: list[float] = []
        self.progress: list[tuple[int, int]] = []
        self.cache = settings.pop("cache", None) or MemoryCache()
        self.ledger = MemoryLedger(settings.pop("budget_usd", 1.0))
        self.teacher = LLMTeacher(
            Settings(api_base=server.url, **settings),
            self.cache,
            self.ledger,
            progress=lambda what, done, total, note="": self.progress.append((done, total)),
            backoff_s=0.0,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def ask(self, *prompts: str, **more):
        return self.teacher.ask([TeacherRequest(prompt, **more) for prompt in prompts])


@pytest.fixture
def bench(request):
    made: list = []

    def make(*script: Step, answer=None, **settings) -> tuple[Bench, ScriptedServer]:
        server = ScriptedServer(script, answer).__enter__()
        made.append((Bench(server, **settings), server))
        return made[-1]

    yield make
    for one, server in made:
        one.teacher.close()
        server.__exit__()


def echo(body: dict) -> Step:
    return good("re: " + body["messages"][-1]["content"])


def test_answers_come_in_order_with_their_costs(bench) -> None:
    one, server = bench(answer=echo, usd_per_million_in=1.0, usd_per_million_out=2.0)
    prompts = [f"question {i}" for i in range(12)]
    replies = one.ask(*prompts, system="Be brief.")
    assert [reply.text for reply in replies] == [f"re: {prompt}" for prompt in prompts]
    assert {reply.error for reply in replies} == {""}
    assert replies[0].cost_usd == pytest.approx(10e-6 + 2 * 5e-6)
    assert one.ledger.spent_usd == pytest.approx(12 * 20e-6)
    assert all(entry.is_settled for entry in one.ledger.entries)
    assert server.requests[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (server.requests[0]["max_tokens"], server.requests[0]["temperature"]) == (50, 0.7)
    assert one.progress[-1] == (12, 12)
    assert len({reply.prompt_hash for reply in replies}) == 12


def test_paid_answers_are_not_asked_for_again_and_copies_are_samples(bench) -> None:
    one, server = bench(good("a"), good("b"), good("c"))
    first = one.ask("same", "same", "other")
    again = one.ask("same", "same", "other")
    assert len(server.requests) == 3
    assert sorted(reply.text for reply in first) == ["a", "b", "c"]
    assert [reply.text for reply in again] == [reply.text for reply in first]
    assert all(reply.cached and reply.cost_usd == 0 for reply in again)
    assert one.ask("same", tag="another purpose")[0].cached is False


def test_rate_limit_waits_as_told_and_retries_once_per_layer(bench) -> None:
    one, server = bench(rate_limited(2), rate_limited(), good("8"))
    reply = one.ask("3+5?")[0]
    assert (reply.text, reply.error) == ("8", "")
    assert len(server.requests) == 3
    assert one.slept == [2.0, 0.0]
    assert [entry.usd for entry in one.ledger.entries] == [0.0, 0.0, 0.0]


def test_rate_limit_longer_than_the_deadline_gives_up_at_once(bench) -> None:
    one, server = bench(rate_limited(3600))
    assert "429" in one.ask("3+5?")[0].error
    assert len(server.requests) == 1 and one.slept == []


def test_concurrency_shrinks_on_429_and_grows_back(bench) -> None:
    n_seen = 0

    def answer(body: dict) -> Step:
        nonlocal n_seen
        n_seen += 1
        return rate_limited(0) if n_seen <= 4 else Step(good("x").body, hang_s=0.01)

    one, server = bench(answer=answer, concurrency=4, max_tries=9)
    replies = one.ask(*[str(i) for i in range(4)])
    assert [reply.error for reply in replies] == [""] * 4
    limiter = one.teacher._callers[0].limiter
    assert limiter is not None and limiter.limit < 4
    one.ask(*[str(i) for i in range(10, 40)])
    assert limiter.limit > 3.5
    assert server.most_in_flight <= 5


@pytest.mark.parametrize(
    ("step", "n_tries", "reason"),
    [
        (failing(500), 3, "the server failed (500): boom"),
        (failing(503), 10, "the server failed (503)"),
        (broken(), 3, "the body can't be read"),
        (broken(b"<html>"), 3, "the body can't be read"),
        (broken(b'{"choices": [{"message": {"content": "\xff"}}]}'), 3, "the body can't be read"),
        (empty_choices(), 2, "no choices"),
        (good(None), 2, "empty"),
        (good("  \n"), 2, "empty"),
        (good("x" * 300_000), 2, "300,000 characters"),
        (good("no", finish="content_filter"), 1, "content filter"),
        (failing(400, "context too long"), 1, "context too long"),
    ],
)
def test_a_failure_is_a_reply_with_its_reason(bench, step: Step, n_tries: int, reason: str) -> None:
    one, server = bench(step)
    reply = one.ask("3+5?")[0]
    assert (reply.text, len(server.requests)) == ("", n_tries)
    assert reason in reply.error
    assert one.cache.bodies == {}


def test_a_broken_body_is_repaired_by_one_more_try_and_booked_in_full(bench) -> None:
    one, _ = bench(broken(), good("8"), usd_per_million_in=1.0, usd_per_million_out=1.0)
    assert one.ask("3+5?")[0].text == "8"
    assert one.ledger.entries[0].usd > one.ledger.entries[1].usd > 0


def test_a_cut_reply_says_so(bench) -> None:
    one, _ = bench(good("The answer", finish="length"))
    assert one.ask("3+5?")[0].finish == "length"


@pytest.mark.parametrize(
    "step", [Step(good("late").body, hang_s=3.0), Step(good("slow").body, drip_s=0.2), Step(is_reset=True)]
)
def test_one_deadline_ends_hangs_drips_and_resets(bench, step: Step) -> None:
    one, _ = bench(step, timeout_s=0.5)
    started = time.monotonic()
    reply = one.ask("3+5?")[0]
    assert reply.error
    assert time.monotonic() - started < 2.0


def test_a_wrong_key_stops_the_teacher_and_is_never_shown(bench, monkeypatch) -> None:
    monkeypatch.setenv("MY_TEACHER", KEY)
    one, server = bench(
        failing(401, f"Incorrect API key provided: {KEY}"), api_key_env="MY_TEACHER", concurrency=2
    )
    with pytest.raises(WeakspotError) as caught:
        one.ask(*[str(i) for i in range(20)])
    assert "refused the key (401)" in str(caught.value)
    assert KEY not in str(caught.value) and "planted" not in repr(caught.value.args)
    assert server.keys[0] == f"Bearer {KEY}"
    assert len(server.requests) <= 2


def test_no_error_or_cached_text_carries_the_key(bench, monkeypatch) -> None:
    monkeypatch.setenv("MY_TEACHER", KEY)
    one, _ = bench(
        failing(500, f"bad {KEY} and sk-other-987654321"),
        good(f"your key is {KEY}"),
        api_key_env="MY_TEACHER",
        max_tries=1,
    )
    replies = one.ask("a") + one.ask("b")
    assert KEY not in repr(replies) + repr(one.cache.bodies)
    assert "sk-other" not in replies[0].error


@pytest.mark.parametrize("step", [failing(402), failing(429, "You exceeded your current quota")])
def test_a_used_up_quota_stops_the_teacher(bench, step: Step) -> None:
    one, server = bench(step)
    with pytest.raises(WeakspotError, match="quota"):
        one.ask("3+5?")
    assert len(server.requests) == 1


def test_a_server_that_is_gone_stops_the_teacher_before_all_requests_waited(bench) -> None:
    one, server = bench(failing(500), max_tries=1, concurrency=2)
    with pytest.raises(WeakspotError, match="stopped answering"):
        one.ask(*[str(i) for i in range(200)])
    assert len(server.requests) < 20


def test_missing_key_is_found_before_anything_is_asked(bench, monkeypatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    one, server = bench(good("5"), api_key_env="NOT_SET")
    with pytest.raises(WeakspotError) as caught:
        one.teacher.check()
    assert "NOT_SET" in caught.value.message and "export NOT_SET" in caught.value.hint
    assert server.requests == []


def test_the_providers_own_key_variable_is_named(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(WeakspotError, match="OPENAI_API_KEY"):
        LLMTeacher(Settings(model="openai/gpt-4o-mini"), MemoryCache(), MemoryLedger(1)).check()


def test_a_model_without_provider_is_explained() -> None:
    with pytest.raises(WeakspotError) as caught:
        LLMTeacher(Settings(model="some-model"), MemoryCache(), MemoryLedger(1)).check()
    assert "provider/model" in caught.value.hint


def test_unknown_price_refuses_unless_stated_or_loopback(monkeypatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    far = {"model": "openai/unheard-of", "api_base": "http://example.org/v1", "api_key_env": "A_KEY"}
    with pytest.raises(WeakspotError, match="price of openai/unheard-of"):
        LLMTeacher(Settings(**far), MemoryCache(), MemoryLedger(1)).check()
    with pytest.raises(WeakspotError, match="one half"):
        LLMTeacher(Settings(**far, usd_per_million_in=1.0), MemoryCache(), MemoryLedger(1)).check()
    stated = LLMTeacher(
        Settings(**far, max_tokens=100, usd_per_million_in=1.0, usd_per_million_out=2.0), MemoryCache(), MemoryLedger(1)
    )
    request = TeacherRequest("x" * 36, max_tokens=400)  # the configured 100 are the most
    assert stated.most_usd([request]) == pytest.approx((100 * 1 + 100 * 2) / 1e6)
    known = LLMTeacher(
        Settings(model="openai/gpt-4o-mini", api_key_env="A_KEY"), MemoryCache(), MemoryLedger(1)
    )
    assert 0 < known.most_usd([request]) < 0.001


def test_the_cap_holds_with_calls_in_flight(bench) -> None:
    # One call reserves (6 + 64 + 50) tokens = $120e-6 and costs $15e-6: the cap must bind on reservations.
    one, server = bench(
        Step(good("x").body, hang_s=0.02),
        usd_per_million_in=1.0,
        usd_per_million_out=1.0,
        budget_usd=400e-6,
        concurrency=8,
    )
    with pytest.raises(BudgetExceeded):
        one.ask(*[f"call{i:02d}" for i in range(80)])
    assert one.ledger.spent_usd <= 400e-6
    assert server.most_in_flight <= 3
    assert len(one.cache.bodies) == len(server.requests) > 0


def test_json_schema_is_sent_and_dropped_where_the_server_takes_none(bench) -> None:
    schema = {"type": "object"}

    def answer(body: dict) -> Step:
        return failing(400, "response_format is not supported") if "response_format" in body else good("{}")

    one, server = bench(answer=answer)
    assert one.ask("a", json_schema=schema)[0].text == "{}"
    assert one.ask("b", json_schema=schema)[0].text == "{}"
    assert ["response_format" in body for body in server.requests] == [True, False, False]
    assert server.requests[0]["response_format"]["json_schema"]["schema"] == schema


def test_check_warns_of_a_weak_teacher_and_refuses_a_silent_one(bench) -> None:
    weak, _ = bench(good("I like numbers."))
    checked = weak.teacher.check()
    assert len(checked.warnings) == 2 and "I like numbers." in checked.warnings[0]
    assert weak.cache.bodies == {}
    strong, _ = bench(answer=lambda body: good('{"answer": "5"}'))
    assert strong.teacher.check().warnings == ()
    silent, _ = bench(failing(500))
    with pytest.raises(WeakspotError, match="gives no answer"):
        silent.teacher.check()


def test_a_closed_port_is_refused_by_check_with_its_address() -> None:
    server = ScriptedServer([good("5")])
    url = server.url
    server._http.server_close()
    with pytest.raises(WeakspotError) as caught:
        LLMTeacher(Settings(api_base=url), MemoryCache(), MemoryLedger(1), backoff_s=0.0).check()
    assert url in str(caught.value)


def test_importing_the_client_does_not_import_litellm() -> None:
    code = "import sys, agent.teacher.engine; sys.exit('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sampling_settings_of_a_request_reach_the_server_and_are_left_out_where_there_are_none(bench) -> None:
    asked, server = bench(good("a"))
    asked.ask("x", top_p=0.5, presence_penalty=2.0, stop=("\n16.", "\n16 ."))
    asked.ask("y")
    special, plain = server.requests
    assert (special["top_p"], special["presence_penalty"], special["stop"]) == (0.5, 2.0, ["\n16.", "\n16 ."])
    assert not {"top_p", "presence_penalty", "stop"} & plain.keys()


def test_reservations_of_calls_in_flight_are_waited_for_not_taken_for_the_end(bench) -> None:
    # Each reserves $120e-6 and costs $15e-6: 20 calls cost less than the cap, 20 reservations four times as much.
    one, server = bench(Step(good("x").body, hang_s=0.02), usd_per_million_in=1.0, usd_per_million_out=1.0, budget_usd=600e-6, concurrency=16)
    assert [reply.error for reply in one.ask(*[f"call{i:02d}" for i in range(20)])] == [""] * 20
    assert one.ledger.spent_usd == pytest.approx(20 * 15e-6) and server.most_in_flight <= 5


def test_a_hang_is_begun_again_once_the_usual_seconds_are_known(bench) -> None:
    n = {"seen": 0}

    def answer(body: dict) -> Step:
        n["seen"] += 1
        return Step(good("x").body, hang_s=30.0) if n["seen"] == 3 else good("x")

    one, server = bench(answer=answer, timeout_s=20.0, concurrency=2)
    started = time.monotonic()
    replies = one.ask(*[str(i) for i in range(40)])
    assert [reply.error for reply in replies] == [""] * 40 and len(server.requests) == 41
    assert time.monotonic() - started < 9.0, "half of the deadline is what a hang would take if nothing were known"
    assert sum(entry.usd for entry in one.ledger.entries) == 0


def test_what_all_attempts_cost_is_the_reply_s_cost(bench) -> None:
    one, _ = bench(broken(), broken(), good("8"), usd_per_million_in=1.0, usd_per_million_out=1.0)
    reply = one.ask("3+5?")[0]
    assert reply.cost_usd == pytest.approx(one.ledger.spent_usd) and reply.cost_usd > 200e-6
    failed, _ = bench(broken(), usd_per_million_in=1.0, usd_per_million_out=1.0)
    assert failed.ask("3+5?")[0].cost_usd == pytest.approx(failed.ledger.spent_usd)


def test_one_connection_serves_many_calls_and_none_is_left_open() -> None:
    code = """
import gc
import sys
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from curricula.teacher import TeacherRequest
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good
from tests.agent.teacher.test_engine import Settings

for turn in range(2):
    with ScriptedServer([Step(good("x").body, hang_s=0.01)]) as server:
        with LLMTeacher(Settings(api_base=server.url, concurrency=3), MemoryCache(), MemoryLedger(1.0)) as teacher:
            for i in range(4):
                teacher.ask([TeacherRequest(f"{i} {j}") for j in range(5)])
        print(len(server.peers))
with ScriptedServer([Step(good("x").body)]) as server:
    with LLMTeacher(Settings(api_base=server.url), MemoryCache(), MemoryLedger(1.0)) as teacher, LLMTeacher(Settings(api_base=server.url), MemoryCache(), MemoryLedger(1.0)) as judge:
        for i in range(3):
            teacher.ask([TeacherRequest(f"{i} {j}") for j in range(8)])
            judge.ask([TeacherRequest(f"{i} {j}") for j in range(8)])
            gc.collect()
"""
    ran = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=True)
    assert "nclosed client" not in ran.stderr and "nclosed connector" not in ran.stderr, ran.stderr
    assert "was destroyed" not in ran.stderr and "never awaited" not in ran.stderr, ran.stderr
    assert [int(n) for n in ran.stdout.split()] == [3, 3], "as many connections as calls in flight, then the same again"


def test_a_slot_is_free_while_the_last_answer_is_still_being_booked(bench, monkeypatch) -> None:
    one, server = bench(good("x"), concurrency=1)
    settle, waited = Books.settle, []

    async def slow(self: Books, *args, **more) -> None:
        for _ in range(200):
            if len(server.requests) >= 2:
                break
            await asyncio.sleep(0.01)
        waited.append(len(server.requests))
        await settle(self, *args, **more)

    monkeypatch.setattr(Books, "settle", slow)
    assert [reply.text for reply in one.ask("a", "b")] == ["x", "x"]
    assert waited == [2, 2] and server.most_in_flight == 1


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as in a terminal: a shell starts background jobs with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_keeps_what_was_answered_and_leaves_nothing_running(bench) -> None:
    one, server = bench(answer=lambda body: Step(good("x").body, hang_s=5.0) if "slow" in body["messages"][-1]["content"] else good("x"), concurrency=8)
    one.teacher._progress = lambda what, done, total, note="": signal.raise_signal(signal.SIGINT) if done == 3 else None
    with pytest.raises(KeyboardInterrupt):
        one.ask("a", "b", "c", "slow 1", "slow 2", *[f"later slow {i}" for i in range(20)])
    assert len(one.cache.bodies) == 3
    assert sum(entry.is_settled for entry in one.ledger.entries) == 3, "what was cut short stays booked"
    assert len(server.requests) <= len(one.ledger.entries) <= 3 + 8, "nothing was begun afterwards"
    one.teacher._progress = None
    assert [reply.cached for reply in one.ask("a", "b", "c", "d")] == [True, True, True, False]


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_while_an_answer_waits_to_be_booked_books_it(bench, monkeypatch) -> None:
    one, _ = bench(good("x"))
    settle = Books.settle

    async def interrupted(self: Books, *args, **more) -> None:
        self._free_at = time.monotonic() + 60  # the disk is to rest for a minute
        signal.raise_signal(signal.SIGINT)
        await settle(self, *args, **more)

    monkeypatch.setattr(Books, "settle", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.ask("a")
    assert len(one.cache.bodies) == 1 and all(entry.is_settled for entry in one.ledger.entries)


def test_silence_is_pause_enough_and_a_reset_is_not() -> None:
    for step, is_paused in ((Step(good("late").body, hang_s=1.2), False), (Step(is_reset=True), True)):
        slept: list[float] = []

        async def sleep(seconds: float, slept: list[float] = slept) -> None:
            slept.append(seconds)

        with ScriptedServer([step, good("x")]) as server, LLMTeacher(Settings(api_base=server.url, timeout_s=2.0), MemoryCache(), MemoryLedger(1.0), sleep=sleep, backoff_s=0.5) as teacher:
            assert teacher.ask([TeacherRequest("x")])[0].text == "x"
        assert len(slept) == 1 and (slept[0] > 0) is is_paused


def test_only_when_nothing_waits_is_a_hang_waited_for_by_all(bench, monkeypatch) -> None:
    told: dict[str, list[bool]] = {}

    def limit_s(self: Patience, kind: str, attempt: int, left_s: float, *, is_last: bool, do_others_wait: bool) -> float:
        told.setdefault(kind, []).append(do_others_wait)
        return left_s

    monkeypatch.setattr(Patience, "limit_s", limit_s)
    one, _ = bench(Step(good("x").body, hang_s=0.02), concurrency=2)
    one.teacher.ask([TeacherRequest("x", tag=str(i)) for i in range(6)])
    assert [told[str(i)][0] for i in (0, 1, 5)] == [True, True, False]


def test_an_answer_has_the_place_in_the_cache_that_it_always_had(bench) -> None:
    one, server = bench(good("x"))
    request = TeacherRequest("x", json_schema={"b": 1, "a": [2]}, stop=("é",), max_tokens=50)
    one.teacher.ask([request, request])
    bodies = [["openai/scripted", server.url, asdict(request), copy] for copy in (0, 1)]
    assert set(one.cache.bodies) == {hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() for body in bodies}
