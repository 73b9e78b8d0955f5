"""Bodies that are no lesson: each comes over HTTP and ends as a row with its reason in the database; nothing raises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from agent.stages.teach import _rows, _store_funnel
from agent.store import Store
from agent.teacher.body import MAX_CHARS
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from agent.teacher.open import StoreCache, StoreLedger
from curricula.filters.decontaminate import Decontaminator
from curricula.funnel import Order, judge
from curricula.strategies.contract import find_strategy
from curricula.teacher import TeacherRequest
from curricula.verifiers.contract import verify
from tests.agent.teacher.scripted_server import ScriptedServer, Step, broken, empty_choices, good
from tests.agent.teacher.test_engine import Settings
from tests.curricula.teachers import brief

LESSON = {"problem": "A baker has 512 rolls and sells 97. How many stay?", "solution": "512 - 97 = 415", "answer": "415", "check": "512 - 97"}
CONTENT = json.dumps({"hypothesis": "taking away", "lessons": [LESSON]})
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def body(message: dict[str, Any], **more: Any) -> bytes:
    whole = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "usage": USAGE,
             "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}], **more}
    return json.dumps(whole).encode()


def lesson(**changes: Any) -> Step:
    return good(json.dumps({"hypothesis": "h", "lessons": [{**LESSON, **changes}]}))


GOOD = good(CONTENT).body
CALL = {"content": None, "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": CONTENT}}]}
HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
KEPT = "kept"  # a good lesson in an odd wrapping
UNREADABLE = "can't be read"

BODIES: dict[str, tuple[Step, str]] = {
    "fenced": (good(f"Here you are:\n```json\n{CONTENT}\n```\nEnjoy!"), KEPT),
    "truncated in the lesson": (good(CONTENT[:60]), "unparsed after repair"),
    "cut by the token limit": (good(CONTENT[:60], finish="length"), "unparsed after repair"),
    "wrong schema": (good('{"foo": [1, 2, 3]}'), "JSON without a lesson"),
    "bare list of strings": (good('["one", "two"]'), "no JSON in the reply"),
    "lone surrogates": (lesson(problem="A baker \ud800 has 512 rolls and sells 97. How many stay?"), "characters that no file can hold"),
    "NUL": (lesson(problem="A baker\x00 has 512 rolls and sells 97. How many stay?"), "characters that no file can hold"),
    "control characters and ANSI": (lesson(answer="\x1b[31m416\x1b[0m"), "another kind"),
    "10 MB of text": (good("x" * 10_000_000), "10,000,000 characters"),
    "10 MB of JSON": (good(json.dumps({"lessons": [LESSON] * 70_000})), "characters"),
    "empty choices": (empty_choices(), "no choices"),
    "null choices": (good("x", choices=None), UNREADABLE),
    "choices an object": (good("x", choices={"0": 1}), UNREADABLE),
    "no message": (good("x", choices=[{"index": 0, "finish_reason": "stop"}]), UNREADABLE),
    "null content": (good(None), "empty"),
    "blank content": (good(" \n\t "), "empty"),
    "content a number": (Step(body({"content": 415})), UNREADABLE),
    "content a list of parts": (Step(body({"content": [{"type": "text", "text": CONTENT}]})), UNREADABLE),
    "refusal in its own field": (Step(body({"content": None, "refusal": "I can't help with that."})), "empty"),
    "refusal as text": (good("I'm sorry, I can't help with that."), "no JSON in the reply"),
    "content filter": (good("", finish="content_filter"), "content filter"),
    "a tool call instead": (Step(body(CALL)), "calls a tool"),
    "wrong content type": (Step(GOOD, headers={"content-type": "text/plain"}), KEPT),
    "an HTML page with status 200": (Step(HTML, headers={"content-type": "text/html"}), UNREADABLE),
    "an HTML page with status 502": (Step(HTML, 502, {"content-type": "text/html"}), "502"),
    "an error object with status 200": (Step(b'{"error": {"message": "overloaded"}}'), "overloaded"),
    "a JSON list": (Step(b"[1, 2]"), UNREADABLE),
    "a JSON string": (Step(b'"hello"'), UNREADABLE),
    "empty body": (Step(b""), UNREADABLE),
    "truncated JSON": (broken(), UNREADABLE),
    "invalid UTF-8": (broken(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), UNREADABLE),
    "BOM before the JSON": (Step(b"\xef\xbb\xbf" + GOOD), KEPT),
    "BOM before the text": (good("\ufeff" + CONTENT), KEPT),
    "deep nesting in the text": (good("[" * 20_000), "no JSON in the reply"),
    "deep nesting in the body": (Step(b'{"choices": ' + b"[" * 100_000), UNREADABLE),
    "NaN in the body": (Step(GOOD.replace(b'"created": 1', b'"created": NaN')), UNREADABLE),
    "NaN as answer": (lesson(answer=float("nan")), "another kind"),
    "duplicate keys": (good('{"lessons": [{"problem": "What is 1+1?", "answer": "3", "problem": "What is 512 - 97?", "answer": "416", "check": "512 - 97"}]}'), "differ"),
    "gzip that is none": (Step(GOOD, headers={"content-encoding": "gzip"}), "no connection"),
    "server-sent events": (Step(b"data: " + GOOD + b"\n\ndata: [DONE]\n\n", headers={"content-type": "text/event-stream"}), UNREADABLE),
    "usage missing": (good(CONTENT, usage=None), KEPT),
    "usage negative": (good(CONTENT, tokens_in=-5, tokens_out=-7), KEPT),
    "usage huge": (good(CONTENT, tokens_in=10**30, tokens_out=10**30), KEPT),
    "usage text": (good(CONTENT, usage={"prompt_tokens": "ten", "completion_tokens": [], "total_tokens": {}}), UNREADABLE),
    "cut in the middle": (Step(raw=b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n" + GOOD[:80]), "no connection"),
    "chunks cut": (Step(raw=b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n50\r\n" + GOOD[:80] + b"\r\n"), "no connection"),
    "chunk size that is none": (Step(raw=b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "no connection"),
    "no HTTP": (Step(raw=b"\x15\x03\x01 what?\r\n\r\n"), "no connection"),
}


# a body that its connection did not deliver, or that a parser gave up on without keeping it
NOTHING_LEFT = {"empty body", "deep nesting in the body", "gzip that is none", "cut in the middle", "chunks cut", "chunk size that is none", "no HTTP"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("state")) as opened:
        yield opened


def test_there_are_enough_of_them() -> None:
    assert len(BODIES) >= 30


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_body_ends_as_a_row_with_its_reason(name: str, store: Store) -> None:
    step, expected = BODIES[name]
    store.runs.create(name, "", "", {})
    strategy = find_strategy("error_analysis")
    with ScriptedServer([step]) as server:  # ports come again, and with them places in the cache: a name for each
        settings = Settings(model=f"openai/{name}", api_base=server.url, max_tokens=3000, max_tries=2, usd_per_million_in=1.0, usd_per_million_out=1.0, timeout_s=20)
        with LLMTeacher(settings, StoreCache(store), StoreLedger(store, name, 5.0), backoff_s=0.0) as teacher:
            order = Order("w1", strategy.name, strategy.write(brief(n_lessons=2), teacher, random.Random(1)), 2)
            funnel = judge([order], accepted_before=(), decontaminator=Decontaminator([]), verify=verify)
    assert funnel.stopped is None
    with store.transaction():
        _store_funnel(store, name, 1, funnel, _rows(funnel), [])
    rows = store.lessons.rows(name, 1)
    assert rows and all(row["outcome"] == "pass" or row["reason"] for row in rows)
    kept, reasons = [row for row in rows if row["outcome"] == "pass"], {row["reason"] for row in rows if row["outcome"] != "pass"}
    if expected is KEPT:
        assert len(kept) == 1 and "512" in kept[0]["prompt"]
    else:
        assert not kept and any(expected in reason for reason in reasons), reasons
        assert all(row["raw"] or name in NOTHING_LEFT for row in rows), "what could be read of the reply is kept"
        assert all(len(row["raw"]) <= MAX_CHARS for row in rows if row["reason"].startswith("teacher: "))
    assert 0 <= store.money.spent_usd(name) < 0.02 and not list(store.db.query("SELECT id FROM ledger WHERE settled_usd IS NULL"))


def test_the_raw_text_is_what_came_and_hides_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-0123456789abcdef"
    monkeypatch.setenv("PLANTED_KEY", key)
    pages = {"an HTML page with status 502": Step(HTML + key.encode(), 502, {"content-type": "text/html"}), "truncated JSON": broken(b'{"choices": [ ' + key.encode()),
             "content a number": BODIES["content a number"][0], "a JSON list": BODIES["a JSON list"][0], "null content": good(None)}
    wanted = {"an HTML page with status 502": HTML.decode() + "[secret]", "truncated JSON": '{"choices": [ [secret]', "content a number": '"content": 415', "a JSON list": "[1, 2]",
              "null content": '"content": null'}
    for name, step in pages.items():
        with ScriptedServer([step]) as server, LLMTeacher(Settings(api_base=server.url, api_key_env="PLANTED_KEY", max_tries=1), MemoryCache(), MemoryLedger(1.0), backoff_s=0.0) as teacher:
            reply = teacher.ask([TeacherRequest("x")])[0]
        assert reply.error and reply.text == "" and wanted[name] in reply.body and key not in reply.body, (name, reply)
        assert "reverse proxy" not in reply.body, "the client library's words are not the provider's"
