"""A language model as teacher, through litellm: any provider, or any OpenAI-compatible server.

Requests go in, replies come out in the same order; a request that fails is a reply with `error`, and only what
makes the teacher as a whole unusable (key, quota, budget, wrong model, a server that is gone) raises. Each call goes
through the same gates: cache, ledger reservation, a slot of the adaptive limiter, one deadline that covers all its
attempts, one layer of retries (litellm's and the provider client's own are off), settlement.

litellm is imported here and nowhere else, and only when the first call is near: it takes seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from agent.teacher.canary import CANARIES, is_right
from agent.teacher.contract import Ledger, Progress, ResponseCache, TeacherCheck, TeacherSettings
from agent.teacher.limiter import Limiter
from agent.teacher.outcomes import Answer, Failure, read_error, read_response
from agent.teacher.price import Price, find_price, is_loopback
from agent.teacher.redact import redact, redact_known
from curricula.teacher import TeacherReply, TeacherRequest
from probes.errors import WeakspotError

BACKOFF_S = 1.0  # first back-off at most; doubles with each attempt
MAX_BACKOFF_S = 30.0
MAX_UNUSABLE_BODIES = 2  # an answer that is no answer is paid for; a third try rarely helps
CONSECUTIVE_FAILURES = (
    10  # requests in a row without any answer: the server is gone, the rest would only wait
)
TEMPLATE_TOKENS = 64  # allowance for chat markup in a reservation

_PLAIN = TeacherRequest("")


class _Stopped(Exception):
    """The teacher can't be used any more; carries the error to raise once calls in flight have ended."""

    def __init__(self, error: WeakspotError) -> None:
        super().__init__(error.message)
        self.error = error


class LLMTeacher:
    """Implements `curricula.teacher.Teacher`. Close it, or use it in a `with` block."""

    def __init__(
        self,
        settings: TeacherSettings,
        cache: ResponseCache,
        ledger: Ledger,
        *,
        progress: Progress | None = None,
        backoff_s: float = BACKOFF_S,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        self.name = settings.model
        self._settings = settings
        self._cache = cache
        self._ledger = ledger
        self._progress = progress
        self._backoff_s = backoff_s
        self._sleep = sleep
        self._jitter = random.Random(seed)
        self._runner: asyncio.Runner | None = None
        self._limiter: Limiter | None = None
        self._price: Price | None = None
        self._takes_schema = True
        self._failures_in_a_row = 0

    def check(self) -> TeacherCheck:
        """Find out before anything is spent whether this teacher can be used.

        Key, model name and price first, at no cost; then two tiny canary requests, which are booked but never
        cached. Wrong answers to them are warnings: a weak teacher is still a teacher.

        Raises:
            WeakspotError: no key, unknown model or price, or nothing comes back.
        """
        started = time.monotonic()
        self._prepare()
        replies = self._run([request for _, request in CANARIES], cached=False)
        if all(reply.error for reply in replies):
            raise WeakspotError(
                f"the teacher {self.name} gives no answer: {replies[0].error}",
                where=self._settings.api_base or "",
                hint="check teacher.model and teacher.api_base, and that the server is up",
            )
        warnings = []
        for (name, request), reply in zip(CANARIES, replies, strict=True):
            said = reply.error or repr(reply.text.strip()[:80])
            if reply.error or not is_right(name, reply.text):
                warnings.append(f"canary {name}: asked {request.prompt!r}, got {said}")
        return TeacherCheck(tuple(warnings), replies[0].text, time.monotonic() - started)

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        """Answer all requests, in order; not callable from a running event loop.

        Equal requests in one call are different samples: the n-th one has its own place in the cache.

        Raises:
            BudgetExceeded: the cap would be passed; what was answered until then is in the cache.
            WeakspotError: key, quota, model or price, or the server is gone.
        """
        if not requests:
            return []
        self._prepare()
        return self._run([self._configured(request) for request in requests], cached=True)

    def most_usd(self, requests: Sequence[TeacherRequest]) -> float:
        """The most these requests can cost at one attempt each, in US dollars: the forecast and the reservation."""
        self._prepare()
        return sum(self._reservation_usd(self._configured(request)) for request in requests)

    def close(self) -> None:
        """End the event loop and its connections. Safe to call twice."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __enter__(self) -> LLMTeacher:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _configured(self, request: TeacherRequest) -> TeacherRequest:
        """A request without a temperature of its own gets the configured one; none may be longer than configured."""
        temperature = self._settings.temperature if request.temperature == _PLAIN.temperature else request.temperature
        return replace(request, temperature=temperature, max_tokens=min(request.max_tokens, self._settings.max_tokens))

    # Before the first call: what can be known for nothing.

    def _prepare(self) -> None:
        if self._price is not None:
            return
        self._key()
        litellm = _import_litellm()
        try:
            _, provider, _, _ = litellm.get_llm_provider(self.name)
        except litellm.exceptions.BadRequestError:
            hint = (
                f"'openai/{self.name}' means any OpenAI-compatible server"
                if self._settings.api_base
                else "write it as provider/model, such as openai/gpt-4.1-mini"
            )
            raise WeakspotError(f"teacher.model '{self.name}' names no provider", hint=hint) from None
        if not self._key() and not is_loopback(self._settings.api_base):
            missing = litellm.validate_environment(self.name)["missing_keys"]
            if missing:
                raise _no_key(missing[0], provider)
        self._price = find_price(self._settings, litellm.model_cost)
        self._takes_schema = bool(self._settings.api_base) or bool(
            litellm.supports_response_schema(self.name)
        )

    def _key(self) -> str:
        name = self._settings.api_key_env
        if not name:
            return ""
        key = os.environ.get(name, "")
        if not key:
            raise _no_key(name, "the teacher")
        return key

    # The calls.

    def _run(self, requests: list[TeacherRequest], *, cached: bool) -> list[TeacherReply]:
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._limiter = Limiter(self._settings.concurrency)
        return self._runner.run(self._ask_all(requests, cached))

    async def _ask_all(self, requests: list[TeacherRequest], cached: bool) -> list[TeacherReply]:
        replies: list[TeacherReply | None] = [None] * len(requests)
        seen: Counter[str] = Counter()
        waiting = []
        for position, request in enumerate(requests):
            base = self._cache_key(request, 0)
            key = self._cache_key(request, seen[base])
            seen[base] += 1
            replies[position] = self._from_cache(key, request) if cached else None
            if replies[position] is None:
                waiting.append((position, request, key if cached else ""))
        stopped: list[_Stopped] = []
        n_done = len(requests) - len(waiting)

        async def fill(position: int, request: TeacherRequest, key: str) -> None:
            nonlocal n_done
            try:
                replies[position] = await self._ask_one(request, key, stopped)
            except _Stopped as stop:
                stopped.append(stop)
            n_done += 1
            if self._progress is not None:
                self._progress("teacher", n_done, len(requests))

        # Calls in flight when the teacher stops are let finish: they are paid, and their answers are cached.
        await asyncio.gather(*(fill(*item) for item in waiting))
        if stopped:
            raise stopped[0].error
        return [reply if reply is not None else TeacherReply("", error="not asked") for reply in replies]

    async def _ask_one(self, request: TeacherRequest, key: str, stopped: list[_Stopped]) -> TeacherReply:
        assert self._limiter is not None
        async with self._limiter.slot() as generation:
            if stopped:
                return TeacherReply("", error="not asked: the teacher stopped before")
            deadline = time.monotonic() + self._settings.timeout_s
            n_unusable, attempt = 0, 0
            while True:
                with_schema = request.json_schema is not None and self._takes_schema
                outcome, usd = await self._attempt(request, deadline - time.monotonic(), with_schema)
                if isinstance(outcome, Answer):
                    self._limiter.grow()
                    self._failures_in_a_row = 0
                    return self._reply(request, key, outcome, usd)
                if outcome.action == "no_schema" and with_schema:
                    self._takes_schema = False
                    continue
                attempt += 1
                n_unusable += outcome.is_unusable_body
                if outcome.is_rate_limit:
                    generation = self._limiter.shrink(generation)
                if outcome.action == "stop":
                    raise _Stopped(WeakspotError(self._clean(outcome.reason), hint=outcome.hint, exit_code=1))
                pause_s = max(outcome.retry_after_s, self._pause_s(attempt))
                is_last = attempt >= self._settings.max_tries or n_unusable >= MAX_UNUSABLE_BODIES
                if outcome.action != "retry" or is_last or time.monotonic() + pause_s >= deadline:
                    return self._give_up(request, outcome, attempt)
                await self._sleep(pause_s)

    async def _attempt(
        self, request: TeacherRequest, left_s: float, with_schema: bool
    ) -> tuple[Answer | Failure, float]:
        """One call, booked before and after; what came of it and its cost in US dollars."""
        most_usd = self._reservation_usd(request)
        try:
            entry = self._ledger.reserve(most_usd, request.tag or "teacher")
        except WeakspotError as error:
            raise _Stopped(error) from error
        outcome: Answer | Failure | None = None
        try:
            outcome = await self._call(request, left_s, with_schema)
        finally:
            usd = self._booked_usd(outcome, most_usd)
            tokens = (outcome.tokens_in, outcome.tokens_out) if isinstance(outcome, Answer) else (0, 0)
            self._ledger.settle(entry, usd, *tokens)
        return outcome, usd

    async def _call(self, request: TeacherRequest, left_s: float, with_schema: bool) -> Answer | Failure:
        litellm = _import_litellm()
        messages = [{"role": "system", "content": request.system}] if request.system else []
        messages.append({"role": "user", "content": request.prompt})
        more: dict[str, Any] = {}
        if with_schema:
            schema = {"name": "reply", "schema": request.json_schema}
            more["response_format"] = {"type": "json_schema", "json_schema": schema}
        if request.top_p is not None:
            more["top_p"] = request.top_p
        if request.presence_penalty:
            more["presence_penalty"] = request.presence_penalty
        if request.stop:
            more["stop"] = list(request.stop)
        try:
            async with asyncio.timeout(max(left_s, 0.001)):
                response = await litellm.acompletion(
                    model=self.name,
                    messages=messages,
                    api_base=self._settings.api_base,
                    api_key=self._key() or ("none" if is_loopback(self._settings.api_base) else None),
                    temperature=request.temperature,
                    max_tokens=request.max_tokens,
                    timeout=max(left_s, 0.001),
                    num_retries=0,
                    max_retries=0,
                    drop_params=True,
                    **more,
                )
                return read_response(response)
        except (
            Exception
        ) as error:  # whatever a client library raises is data: the reply's error, with its reason
            return read_error(error)

    def _booked_usd(self, outcome: Answer | Failure | None, most_usd: float) -> float:
        """What the ledger takes as cost: never less than what may be on the provider's bill."""
        assert self._price is not None
        if isinstance(outcome, Answer) and outcome.tokens_in + outcome.tokens_out > 0:
            return self._price.of(outcome.tokens_in, outcome.tokens_out)
        return 0.0 if isinstance(outcome, Failure) and not outcome.may_be_billed else most_usd

    def _reservation_usd(self, request: TeacherRequest) -> float:
        """No token is shorter than a byte, and no reply is longer than its limit."""
        assert self._price is not None
        schema = json.dumps(request.json_schema) if request.json_schema else ""
        n_bytes = len((request.system + request.prompt + schema).encode())
        return self._price.of(n_bytes + TEMPLATE_TOKENS, request.max_tokens)

    def _pause_s(self, attempt: int) -> float:
        """Exponential back-off with full jitter (Brooker 2015)."""
        return self._jitter.uniform(0, min(MAX_BACKOFF_S, self._backoff_s * 2 ** (attempt - 1)))

    # Replies.

    def _reply(self, request: TeacherRequest, key: str, answer: Answer, usd: float) -> TeacherReply:
        text = redact_known(answer.text, self._key())
        if key:
            self._cache.put(key, json.dumps({**asdict(answer), "text": text}))
        return TeacherReply(
            text,
            finish=answer.finish,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost_usd=usd,
            prompt_hash=_prompt_hash(request),
        )

    def _from_cache(self, key: str, request: TeacherRequest) -> TeacherReply | None:
        body = self._cache.get(key)
        if body is None:
            return None
        return TeacherReply(**json.loads(body), cached=True, prompt_hash=_prompt_hash(request))

    def _give_up(self, request: TeacherRequest, failure: Failure, attempts: int) -> TeacherReply:
        reason = self._clean(failure.reason) + (f" ({attempts} attempts)" if attempts > 1 else "")
        self._failures_in_a_row += failure.action == "retry" and not failure.is_unusable_body
        if self._failures_in_a_row >= max(CONSECUTIVE_FAILURES, 2 * self._settings.concurrency):
            hint = "check that the server is up, then: weakspot run --resume"
            raise _Stopped(
                WeakspotError(
                    f"the teacher {self.name} has stopped answering: {reason}", hint=hint, exit_code=1
                )
            )
        return TeacherReply("", error=reason, prompt_hash=_prompt_hash(request))

    def _cache_key(self, request: TeacherRequest, copy: int) -> str:
        body = [self.name, self._settings.api_base, asdict(request), copy]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def _clean(self, text: str) -> str:
        return redact(text, self._key())


def _prompt_hash(request: TeacherRequest) -> str:
    return hashlib.sha256(json.dumps([request.system, request.prompt]).encode()).hexdigest()[:16]


def _no_key(variable: str, who: str) -> WeakspotError:
    return WeakspotError(
        f"no key for {who}: the environment variable {variable} is not set",
        hint=f"export {variable}=...\nor name another variable in teacher.api_key_env, or use teacher.model: symbolic",
    )


def _import_litellm() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = (
        "True"  # else the import fetches a price list from the network
    )
    os.environ.setdefault(
        "LITELLM_MODE", "PRODUCTION"
    )  # else the import reads a .env file of the folder it is in
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)  # its error logs quote requests and keys
    return litellm
