"""What came back from one call, and what a failed one means.

Works on any provider's exceptions by their `status_code` and headers, without importing a client library. A
failure is retried, drops the one request, or stops the teacher: nothing else is ever decided about it.
"""

from __future__ import annotations

import email.utils
import math
import time
from dataclasses import dataclass
from typing import Any

MAX_REPLY_CHARS = 200_000  # far beyond any lesson; a body of megabytes is a fault, not an answer
MAX_TOKENS = 2**40  # SQLite's integers end at 2**63, and sums of them must fit
_QUOTA = (
    "insufficient_quota",
    "exceeded your current quota",
    "billing",
    "credit balance",
    "payment required",
)
OVERLOADED = (503, 529)  # 529: Anthropic's
_BAD_SCHEMA = ("response_format", "json_schema", "grammar", "structured output")


@dataclass(frozen=True)
class Answer:
    """A usable reply."""

    text: str
    finish: str
    """`stop` or `length`."""
    tokens_in: int
    """0 where the provider does not say."""
    tokens_out: int


@dataclass(frozen=True)
class Failure:
    """A call that gave no usable reply."""

    action: str
    """`retry`, `drop` (this request), `stop` (the teacher) or `no_schema` (ask again without the JSON schema)."""
    reason: str
    hint: str = ""
    """For `stop`: what the user can do."""
    retry_after_s: float = 0.0
    is_overload: bool = False
    """The provider had no room for the call: too many at once, or too many a minute."""
    may_be_billed: bool = False
    """The provider may have done the work, so the reservation is booked as cost."""
    is_unusable_body: bool = False
    """Something came back, and it was no answer: worth one more try, not many."""
    is_silence: bool = False
    """Nothing came back for as long as it was waited for."""
    body: str = ""
    """What of the reply could be got hold of, cut."""


def read_response(response: Any) -> Answer | Failure:
    """Take the text out of a chat completion response."""
    choices = getattr(response, "choices", None)
    if not choices:
        return _unusable("the reply has no choices")
    message, finish = choices[0].message, choices[0].finish_reason
    text = _text(message.content)
    if finish == "content_filter" or getattr(message, "refusal", None):
        return Failure("drop", "refused by the provider's content filter", may_be_billed=True)
    if not text.strip():
        if getattr(message, "tool_calls", None) or getattr(message, "function_call", None):
            return _unusable("the reply calls a tool instead of answering")
        return _unusable("only hidden reasoning, cut off" if message.content is None and finish == "length" else "the reply is empty")
    if len(text) > MAX_REPLY_CHARS:
        return _unusable(f"the reply has {len(text):,} characters")
    usage = getattr(response, "usage", None)
    return Answer(
        text,
        "length" if finish == "length" else "stop",
        _count(getattr(usage, "prompt_tokens", 0)),
        _count(getattr(usage, "completion_tokens", 0)),
    )


def _text(content: Any) -> str:
    """Text of a message: a string, or the text parts of a list; whatever UTF-8 can't hold is replaced."""
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in content]
        content = "".join(part for part in parts if isinstance(part, str))
    return content.encode("utf-8", "replace").decode("utf-8").lstrip("\ufeff") if isinstance(content, str) else ""


def _count(tokens: Any) -> int:
    """A provider's token count; 0, which means unknown, for what is none."""
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens <= MAX_TOKENS else 0


def read_error(error: BaseException) -> Failure:
    """Decide what an exception of a call means."""
    status = getattr(error, "status_code", None)
    text = _message(error)
    lowered = text.lower()
    headers = _headers(error)
    if isinstance(error, TimeoutError) or status == 408 or "timeout" in type(error).__name__.lower():
        return no_answer()
    if status == 402 or (status in (403, 429) and any(word in lowered for word in _QUOTA)):
        return Failure(
            "stop",
            f"the teacher's quota is used up: {text}",
            "top up the account, then: weakspot run --resume",
        )
    if status in (401, 403):
        return Failure(
            "stop",
            f"the teacher refused the key ({status}): {text}",
            "check the key that teacher.api_key_env names",
        )
    if status == 404:
        return Failure(
            "stop",
            f"the teacher knows no such model or address: {text}",
            "check teacher.model and teacher.api_base",
        )
    if status == 429:
        return Failure("retry", "rate limited (429)", retry_after_s=_retry_after(headers), is_overload=True)
    if status == 400 and any(word in lowered for word in _BAD_SCHEMA):
        return Failure("no_schema", f"the server takes no JSON schema: {text}")
    if status in (400, 413, 422):
        return Failure("drop", f"the request was refused ({status}): {text}")
    if _is_broken_body(lowered, headers):
        return Failure("retry", f"the body can't be read: {text}", may_be_billed=True)
    if status is not None and status >= 500 and headers:
        is_overload = status in OVERLOADED or "overloaded" in lowered
        return Failure("retry", f"the server failed ({status}): {text}", retry_after_s=_retry_after(headers), is_overload=is_overload)
    return Failure("retry", f"no connection: {text}", may_be_billed=True)


def no_answer() -> Failure:
    """Silence for too long; the provider may still be at work."""
    return Failure("retry", "no answer within the deadline", may_be_billed=True, is_overload=True, is_silence=True)


def _unusable(reason: str) -> Failure:
    return Failure("retry", reason, may_be_billed=True, is_unusable_body=True)


def _is_broken_body(lowered: str, headers: dict[str, str]) -> bool:
    # Client libraries turn an unreadable body into a made-up 500 that carries no headers.
    signs = (
        "expecting value",
        "expecting property",
        "unterminated",
        "extra data",
        "can't decode",
        "delimiter",
        "not a list",
        "invalid response",
        "recursion depth",
    )
    return not headers and any(sign in lowered for sign in signs)


def _message(error: BaseException) -> str:
    text = str(getattr(error, "message", "") or error).strip() or type(error).__name__
    text = text.rsplit("Exception - ", 1)[-1].removeprefix("litellm.").split("\n")[0].split(" Traceback (most")[0]
    return text[:300]


def _headers(error: BaseException) -> dict[str, str]:
    found: dict[str, str] = {}
    for holder in (getattr(error, "response", None), error):
        for name in ("headers", "litellm_response_headers"):
            found.update({str(k).lower(): str(v) for k, v in dict(getattr(holder, name, None) or {}).items()})
    return found


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds; the header holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else 0.0
    except ValueError:
        moment = email.utils.parsedate_tz(value)
        return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else 0.0
