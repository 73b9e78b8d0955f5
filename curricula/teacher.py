"""What a strategy may ask of a teacher; `agent/teacher/` implements it, `agent/fakes.py` scripts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class TeacherRequest:
    """One chat request."""

    prompt: str
    """The user turn, rendered from a template in `curricula/prompts/`."""
    system: str = ""
    temperature: float = 0.7
    max_tokens: int = 700
    json_schema: dict | None = None
    """JSON schema the reply should follow; providers without support ignore it."""
    tag: str = ""
    """Strategy and purpose (`self_instruct/tasks`), for the ledger."""
    top_p: float | None = None
    """Nucleus sampling; None leaves it to the provider."""
    presence_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    """Strings at which the reply ends; providers take up to four."""


@dataclass(frozen=True)
class TeacherReply:
    """What came back, or why nothing did."""

    text: str
    error: str = ""
    """Empty, or why there is no usable text (timeout, refused, broken body ...): data, never raised."""
    body: str = ""
    """With an error: what came over the wire, where something did, cut to a few thousand characters."""
    finish: str = "stop"
    """`stop` or `length`."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    """Of all its attempts, in US dollars."""
    cached: bool = False
    prompt_hash: str = ""
    teacher: str = ""
    """Which model wrote it, where a teacher has several; empty: the teacher's name says so."""


class Teacher(Protocol):
    """Whoever writes lessons on request."""

    @property
    def name(self) -> str:
        """Who that is; may change from one request to the next where one model takes over from another."""
        ...

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        """Answer all requests, in order. A request that fails gives a reply with `error`.

        Raises:
            WeakspotError: the teacher as a whole can't be used (no key, quota gone, budget cap).
        """
        ...

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        ...


@runtime_checkable
class Priced(Protocol):
    """A teacher that says what a token costs."""

    @property
    def name(self) -> str:
        """As in `Teacher`."""
        ...

    @property
    def price(self) -> Price:
        """Of the model that is asked at present."""
        ...


class Price(Protocol):
    """What tokens cost."""

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """US dollars of one call."""
        ...
