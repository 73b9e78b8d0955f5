"""What a failed call means, and secrets in texts: the parts without a server."""

from __future__ import annotations

import email.utils
import time

import pytest

from agent.teacher.outcomes import read_error
from agent.teacher.price import is_loopback
from agent.teacher.redact import MASK, redact, redact_known


class Failed(Exception):
    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status_code = status
        self.litellm_response_headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (TimeoutError(), "retry"),
        (Failed(408, "slow"), "retry"),
        (Failed(429, "slow down"), "retry"),
        (Failed(502, "bad gateway", server="x"), "retry"),
        (ConnectionRefusedError("refused"), "retry"),
        (Failed(400, "too long"), "drop"),
        (Failed(400, "response_format: json_schema is not supported"), "no_schema"),
        (Failed(413, "too large"), "drop"),
        (Failed(401, "no"), "stop"),
        (Failed(402, "pay"), "stop"),
        (Failed(403, "no"), "stop"),
        (Failed(404, "which model?"), "stop"),
        (Failed(429, "insufficient_quota"), "stop"),
    ],
)
def test_each_error_has_one_action(error: Exception, action: str) -> None:
    assert read_error(error).action == action


def test_only_calls_that_were_surely_not_done_are_free() -> None:
    free = [Failed(429, "x"), Failed(401, "x"), Failed(400, "x"), Failed(503, "x", server="y")]
    assert [read_error(error).may_be_billed for error in free] == [False] * 4
    assert (
        read_error(TimeoutError()).may_be_billed
        and read_error(Failed(500, "Expecting value: line 1")).may_be_billed
    )


def test_retry_after_is_seconds_or_a_date() -> None:
    in_a_minute = email.utils.formatdate(time.time() + 60, usegmt=True)
    for value, low, high in [
        ("7", 7, 7),
        ("0.5", 0.5, 0.5),
        (in_a_minute, 55, 61),
        ("-3", 0, 0),
        ("nan", 0, 0),
        ("soon", 0, 0),
    ]:
        assert low <= read_error(Failed(429, "x", Retry_After=value)).retry_after_s <= high


def test_secrets_are_masked_in_every_form(monkeypatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "value-of-some-key")
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    text = "value-of-some-key, sk-proj-abc***xyz, Bearer abcdefgh12345678, AIzaSyA1234567890abcdefghij, abc, mine-9876"
    clean = redact(text, "mine-9876")
    assert clean == f"{MASK}, {MASK}, Bearer {MASK}, {MASK}, abc, {MASK}"
    assert redact_known("the skill sk-ating-is-fun stays") == "the skill sk-ating-is-fun stays"


def test_loopback_is_recognised_and_lookalikes_are_not() -> None:
    here = ["http://127.0.0.1:80/v1", "http://localhost", "http://[::1]:8080/v1", "http://127.9.9.9"]
    away = [
        None,
        "",
        "http://localhost.evil.org",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.org/v1",
        "https://api.openai.com",
    ]
    assert all(map(is_loopback, here)) and not any(map(is_loopback, away))
