"""The LLM teacher: requests go in, replies come out in the same order, nothing is paid for twice.

A request that fails is a reply with `error`. What makes a model as a whole unusable (key, quota, wrong name, a server
that is gone, canaries) hands over to the next of `teacher.fallbacks`, with the requests that are not answered yet; only
the last one's failure, and the budget's end, raise. Who wrote a reply stands in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from agent.teacher.books import Books
from agent.teacher.caller import Caller, Stopped
from agent.teacher.canary import CANARIES, is_right
from agent.teacher.contract import (
    BudgetExceeded,
    Ledger,
    Progress,
    ResponseCache,
    TeacherCheck,
    TeacherSettings,
)
from agent.teacher.litellm_client import Connection, close_connections
from agent.teacher.outcomes import Answer, Failure
from agent.teacher.price import Price
from curricula.teacher import TeacherReply, TeacherRequest
from probes.errors import WeakspotError

BACKOFF_S = 1.0  # first back-off at most; doubles with each attempt

START_TOGETHER = 16  # requests; all 1,500 at once kept the first waiting for .3 s

_PLAIN = TeacherRequest("")


@dataclass(frozen=True)
class _Waiting:
    """A request without a reply."""

    position: int
    request: TeacherRequest
    body: str
    """The request as JSON."""
    copy: int
    """How many equal ones stand before it: each is a sample of its own."""


class LLMTeacher:
    """Implements `curricula.teacher.Teacher`. Close it, or use it in a `with` block.

    `say` is told when one model takes over from another. `sleep` and `backoff_s` are for tests.
    """

    def __init__(
        self,
        settings: TeacherSettings,
        cache: ResponseCache,
        ledger: Ledger,
        *,
        progress: Progress | None = None,
        say: Callable[[str], None] | None = None,
        backoff_s: float = BACKOFF_S,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._say = say
        self._books = Books(ledger, cache)
        self._runner: asyncio.Runner | None = None
        self._usd, self._n_tokens = 0.0, 0
        self._at = 0
        jitter = random.Random(seed)
        self._callers = [
            Caller(Connection(where, settings.timeout_s), self._books, settings, backoff_s=backoff_s, sleep=sleep, jitter=jitter)
            for where in (settings, *settings.fallbacks)
        ]

    @property
    def name(self) -> str:
        """The model that is asked at present."""
        return self._caller.name

    @property
    def price(self) -> Price:
        """What a token of that model costs.

        Raises:
            WeakspotError: no key, unknown model or price.
        """
        self._caller.connection.prepare()
        return self._caller.connection.price

    def check(self) -> TeacherCheck:
        """Find out before anything is spent whether this teacher can be used, and hand over if not.

        Key, model name and price first, at no cost; then two tiny canary requests, which are booked but never
        cached. A model that answers none of them is refused, and so is one that answers all of them wrongly while
        there is a fallback; else wrong answers are warnings: a weak teacher is still a teacher.

        Raises:
            WeakspotError: no key, unknown model or price, or nothing comes back, from the last model too.
            BudgetExceeded: there is no money for the canaries.
        """
        return self._run(self._usable())

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        """Answer all requests, in order; not callable from a running event loop.

        Equal requests in one call are different samples: the n-th one has its own place in the cache.

        Raises:
            BudgetExceeded: the cap would be passed; what was answered until then is in the cache.
            WeakspotError: key, quota, model or price, or the server is gone, and no fallback is left.
        """
        if not requests:
            return []
        return self._run(self._ask_all([self._configured(request) for request in requests]))

    def most_usd(self, requests: Sequence[TeacherRequest]) -> float:
        """The most these requests can cost at one attempt each, in US dollars."""
        self._caller.connection.prepare()
        return sum(self._caller.most_usd(self._configured(request)) for request in requests)

    def close(self) -> None:
        """End the event loop and its connections. Safe to call twice."""
        if self._runner is not None:
            try:
                self._runner.run(_wind_up())
            finally:
                self._runner.close()
                self._runner = None

    def __enter__(self) -> LLMTeacher:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def _caller(self) -> Caller:
        return self._callers[self._at]

    def _configured(self, request: TeacherRequest) -> TeacherRequest:
        """A request without a temperature of its own gets the configured one; none may be longer than configured."""
        temperature = self._settings.temperature if request.temperature == _PLAIN.temperature else request.temperature
        return replace(request, temperature=temperature, max_tokens=min(request.max_tokens, self._settings.max_tokens))

    def _run(self, work: Any) -> Any:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(self._booked(work))

    async def _booked(self, work: Awaitable[Any]) -> Any:
        """Its result, when all that it paid for is durable; also where it is interrupted."""
        try:
            return await work
        finally:
            await self._books.written()

    # Requests to replies.

    async def _ask_all(self, requests: list[TeacherRequest]) -> list[TeacherReply]:
        replies: list[TeacherReply | None] = [None] * len(requests)
        seen: Counter[str] = Counter()
        waiting = []
        for position, request in enumerate(requests):
            body = json.dumps(asdict(request), sort_keys=True)
            waiting.append(_Waiting(position, request, body, seen[body]))
            seen[body] += 1
            replies[position] = self._from_cache(waiting[-1])
        waiting = [item for item in waiting if replies[item.position] is None]
        while waiting:
            try:
                self._caller.connection.prepare()
                stopped = await self._ask_from(self._caller, waiting, replies)
            except WeakspotError as error:
                stopped = error
            if stopped is not None:
                await self._hand_over(stopped)
            waiting = [item for item in waiting if replies[item.position] is None]
        return [reply for reply in replies if reply is not None]

    async def _ask_from(self, caller: Caller, waiting: Sequence[_Waiting], replies: list[TeacherReply | None]) -> WeakspotError | None:
        """Fill `replies` as far as this model goes; why it stopped, if it did."""
        caller.begin()
        unreached: list[int] = []
        n_done = len(replies) - len(waiting)

        async def fill(item: _Waiting) -> None:
            nonlocal n_done
            try:
                called = await caller.ask(item.request, lambda answer: (self._key(caller, item), json.dumps(asdict(answer))))
            except Stopped:
                return
            replies[item.position] = self._reply(caller, item.request, called.outcome, called.usd, called.n_attempts)
            if isinstance(called.outcome, Failure) and called.outcome.action == "retry" and not called.outcome.is_unusable_body:
                unreached.append(item.position)
            n_done += 1
            self._tell(n_done, len(replies))

        filling = []
        for n, item in enumerate(waiting):
            filling.append(asyncio.ensure_future(fill(item)))
            if n % START_TOGETHER == 0:
                await asyncio.sleep(0)  # the first are on their way before the last is prepared
        await asyncio.gather(*filling)
        if caller.stopped is not None and not isinstance(caller.stopped, BudgetExceeded) and self._at + 1 < len(self._callers):
            for position in unreached:  # they failed because it was going; the next one can answer them
                replies[position] = None
        return caller.stopped

    async def _hand_over(self, reason: WeakspotError) -> None:
        """Take the next model, or raise `reason` where there is none or where money is what ran out."""
        if isinstance(reason, BudgetExceeded) or self._at + 1 >= len(self._callers):
            raise reason
        gone, self._at = self.name, self._at + 1
        if self._say is not None:
            self._say(f"teacher {gone} can't be used ({reason.message}); {self.name} takes over")
        await self._usable()

    async def _usable(self) -> TeacherCheck:
        """Ask canaries of the present model, and hand over until one passes."""
        try:
            self._caller.connection.prepare()
            return await self._canaries()
        except WeakspotError as error:
            await self._hand_over(error)
            return await self._usable()

    async def _canaries(self) -> TeacherCheck:
        started = time.monotonic()
        caller = self._caller
        replies: list[TeacherReply | None] = [None] * len(CANARIES)
        items = [_Waiting(position, self._configured(request), "", 0) for position, (_, request) in enumerate(CANARIES)]
        caller.begin()

        async def fill(item: _Waiting) -> None:
            called = await caller.ask(item.request)
            replies[item.position] = self._reply(caller, item.request, called.outcome, called.usd, called.n_attempts)

        results = await asyncio.gather(*(fill(item) for item in items), return_exceptions=True)
        for stop in results:
            if isinstance(stop, Stopped):
                raise stop.error
            if isinstance(stop, BaseException):
                raise stop
        answered = [reply for reply in replies if reply is not None]
        where = caller.connection.api_base or ""
        if all(reply.error for reply in answered):
            raise WeakspotError(f"the teacher {caller.name} gives no answer: {answered[0].error}", where=where,
                                hint="check teacher.model and teacher.api_base, and that the server is up")
        warnings = []
        for (name, request), reply in zip(CANARIES, answered, strict=True):
            said = reply.error or repr(reply.text.strip()[:80])
            if reply.error or not is_right(name, reply.text):
                warnings.append(f"canary {name}: asked {request.prompt!r}, got {said}")
        if len(warnings) == len(CANARIES) and self._at + 1 < len(self._callers):
            raise WeakspotError(f"the teacher {caller.name} answers every canary wrongly: {warnings[0]}", where=where)
        return TeacherCheck(tuple(warnings), answered[0].text, time.monotonic() - started)

    def _reply(self, caller: Caller, request: TeacherRequest, outcome: Answer | Failure, usd: float, n_attempts: int) -> TeacherReply:
        self._usd += usd
        if isinstance(outcome, Failure):
            reason = caller.connection.clean(outcome.reason) + (f" ({n_attempts} attempts)" if n_attempts > 1 else "")
            return TeacherReply("", error=reason, cost_usd=usd, prompt_hash=_prompt_hash(request), teacher=caller.name)
        self._n_tokens += outcome.tokens_in + outcome.tokens_out
        return TeacherReply(**asdict(outcome), cost_usd=usd, prompt_hash=_prompt_hash(request), teacher=caller.name)

    def _from_cache(self, item: _Waiting) -> TeacherReply | None:
        """From whichever of the models answered it: after a hand-over, a resumed run finds both."""
        for caller in self._callers:
            body = self._books.cached(self._key(caller, item))
            if body is not None:
                return TeacherReply(**json.loads(body), cached=True, prompt_hash=_prompt_hash(item.request), teacher=caller.name)
        return None

    def _key(self, caller: Caller, item: _Waiting) -> str:
        where = f"{json.dumps(caller.name)}, {json.dumps(caller.connection.api_base)}"
        return hashlib.sha256(f"[{where}, {item.body}, {item.copy}]".encode()).hexdigest()

    def _tell(self, n_done: int, total: int) -> None:
        if self._progress is not None:
            self._progress("teacher", n_done, total, f"${self._usd:.4f}, {self._n_tokens:,} tokens")


async def _wind_up() -> None:
    """End what an interrupted call left behind, then close the connections, while there is a loop to do it in."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await close_connections()


def _prompt_hash(request: TeacherRequest) -> str:
    return hashlib.sha256(json.dumps([request.system, request.prompt]).encode()).hexdigest()[:16]
