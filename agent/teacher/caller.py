"""One model, asked through all its gates: a slot of the limiter, a reservation, a deadline, the only layer of retries.

A request goes in; its outcome comes out with what all attempts together cost. A failed request is data; what makes
the model as a whole unusable (key, quota, budget, a server that is gone) raises `Stopped`, for it and for all that
were not sent yet. Calls in flight at that moment are let finish: they are paid, and their answers are kept.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from agent.teacher.books import Books
from agent.teacher.contract import BudgetExceeded, TeacherSettings
from agent.teacher.limiter import Limiter
from agent.teacher.litellm_client import Connection
from agent.teacher.outcomes import Answer, Failure, no_answer
from agent.teacher.patience import Patience
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError

MAX_BACKOFF_S = 30.0
LOOK_AGAIN_S = 1.0
MAX_UNUSABLE = 2  # an answer that is no answer is paid for; a third try rarely helps
MAX_REFUSED = 10  # a refusal costs nothing but waiting, so the deadline ends them; this, where a provider refuses at once and for ever
SLACK = 1000  # tokens of markup, instructions and hidden reasoning that a provider may count beyond what was reserved
CONSECUTIVE_FAILURES = 10  # requests in a row without any answer: the server is gone, the rest would only wait


class Stopped(Exception):
    """The model can't be used any more; carries the error that says why."""

    def __init__(self, error: WeakspotError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True)
class Called:
    """What came of one request."""

    outcome: Answer | Failure
    usd: float
    """Booked for all its attempts, in US dollars."""
    n_attempts: int


@dataclass(frozen=True)
class _Bill:
    """What one call is to be settled with."""

    entry: int
    usd: float
    tokens_in: int
    tokens_out: int
    keep: tuple[str, str] | None
    """Key and body for the cache."""


@dataclass
class _Course:
    """One request on its way."""

    request: TeacherRequest
    keep: Callable[[Answer], tuple[str, str]] | None
    deadline: float = 0.0
    n_attempts: int = 0
    n_refused: int = 0
    n_unusable: int = 0
    usd: float = 0.0


class Caller:
    """Asks one model. `backoff_s`: the first pause is shorter than that; `jitter` draws how much."""

    def __init__(self, connection: Connection, books: Books, settings: TeacherSettings, *, backoff_s: float,
                 sleep: Callable[[float], Awaitable[Any]], jitter: random.Random) -> None:
        self.connection = connection
        self.stopped: WeakspotError | None = None
        """Why nothing more is sent."""
        self.limiter = Limiter(settings.concurrency)
        self._books = books
        self._settings = settings
        self._backoff_s = backoff_s
        self._sleep = sleep
        self._jitter = jitter
        self._patience = Patience()
        self._failures_in_a_row = 0

    @property
    def name(self) -> str:
        """The model."""
        return self.connection.name

    async def ask(self, request: TeacherRequest, keep: Callable[[Answer], tuple[str, str]] | None = None) -> Called:
        """Answer one request; `keep` makes the cache's key and body of its answer.

        Raises:
            Stopped: the model as a whole can't be used.
        """
        course = _Course(request, keep)
        retrying = AsyncRetrying(
            retry=retry_if_result(_may_come_right), wait=self._pause_s, stop=lambda state: self._is_over(course, state),
            sleep=self._sleep, retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome: Answer | Failure = await retrying(self._attempt, course)
        if isinstance(outcome, Answer):
            self._failures_in_a_row = 0
        elif outcome.action == "retry" and not outcome.is_unusable_body:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= max(CONSECUTIVE_FAILURES, 2 * self._settings.concurrency):
                self._stop(WeakspotError(f"the teacher {self.name} has stopped answering: {self.connection.clean(outcome.reason)}",
                                         hint="check that the server is up, then: weakspot run --resume", exit_code=1))
        return Called(outcome, course.usd, course.n_attempts)

    def most_usd(self, request: TeacherRequest) -> float:
        """The most that one attempt can cost."""
        return self.connection.price.of(*self.connection.most_tokens(request))

    def begin(self) -> None:
        """Try again, whatever stopped it before: money may have been added, a server started."""
        self.stopped = None

    async def _attempt(self, course: _Course) -> Answer | Failure:
        async with self.limiter.slot(is_retry=course.n_attempts > 0) as generation:
            if self.stopped is not None:
                raise Stopped(self.stopped)
            course.deadline = course.deadline or time.monotonic() + self._settings.timeout_s
            course.n_attempts += 1
            outcome, bill = await self._called(course)
            if isinstance(outcome, Failure) and outcome.action == "no_schema":
                await self._settle(course, bill)
                outcome, bill = await self._called(course)
            has_time = isinstance(outcome, Failure) and time.monotonic() + outcome.retry_after_s < course.deadline
            if isinstance(outcome, Answer):
                self.limiter.report(generation, is_refused=False)
            else:
                self.limiter.report(generation, is_refused=outcome.is_overload, wait_s=outcome.retry_after_s if has_time else 0.0)
            if isinstance(outcome, Failure) and outcome.action == "stop":  # before the slot is free: nobody may take it
                self.stopped = self.stopped or WeakspotError(self.connection.clean(outcome.reason), hint=outcome.hint, exit_code=1)
        await self._settle(course, bill)  # the slot is another's by now: the provider is done with this call
        if isinstance(outcome, Answer):
            return outcome
        course.n_unusable += outcome.is_unusable_body
        course.n_refused += outcome.is_overload and not outcome.may_be_billed
        if outcome.action == "stop" and self.stopped is not None:
            raise Stopped(self.stopped)
        return outcome

    async def _called(self, course: _Course) -> tuple[Answer | Failure, _Bill]:
        """One call with its reservation, not settled yet. Cut short from outside, it stays booked with the most it can cost."""
        request, connection = course.request, self.connection
        with_schema = request.json_schema is not None and connection.takes_schema
        most_usd = self.most_usd(request)
        try:
            entry = await self._books.reserve(most_usd, request.tag or "teacher", self.name)
        except BudgetExceeded as error:
            self._stop(error)
        begun = time.monotonic()
        outcome = await self._awaited(course, begun, connection.call(request, with_schema=with_schema))
        keep, tokens, usd = None, (0, 0), most_usd
        if isinstance(outcome, Answer):
            self._patience.answered(request.tag, time.monotonic() - begun)
            outcome = replace(outcome, text=connection.mask(outcome.text))
            keep = course.keep(outcome) if course.keep else None
            if self._is_plausible(request, outcome):
                tokens = (outcome.tokens_in, outcome.tokens_out)
                usd = connection.price.of(*tokens)
        elif outcome.action == "no_schema":
            connection.takes_schema, usd = False, 0.0
            if not with_schema:
                outcome = replace(outcome, action="drop")
        elif not outcome.may_be_billed:
            usd = 0.0
        return outcome, _Bill(entry, usd, *tokens, keep)

    async def _settle(self, course: _Course, bill: _Bill) -> None:
        course.usd += bill.usd
        await self._books.settle(bill.entry, bill.usd, bill.tokens_in, bill.tokens_out, keep=bill.keep)

    async def _awaited(self, course: _Course, begun: float, call: Coroutine[Any, Any, Answer | Failure]) -> Answer | Failure:
        """The call's outcome, or that it hangs. How long is too long may become known while it runs."""
        n_tries = course.n_attempts - course.n_refused
        running = asyncio.ensure_future(call)
        try:
            while True:
                limit_s = self._patience.limit_s(course.request.tag, n_tries, course.deadline - begun, is_last=n_tries >= self._settings.max_tries,
                                                 do_others_wait=self.limiter.do_others_wait)
                left_s = begun + limit_s - time.monotonic()
                if left_s <= 0:
                    return no_answer()
                if (await asyncio.wait({running}, timeout=min(left_s, LOOK_AGAIN_S)))[0]:
                    return running.result()
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})

    def _is_plausible(self, request: TeacherRequest, answer: Answer) -> bool:
        """Whether a provider's token counts can be true, with room for its own markup; else the reservation is booked."""
        most_in, most_out = self.connection.most_tokens(request)
        return answer.tokens_in + answer.tokens_out > 0 and answer.tokens_in <= 2 * most_in + SLACK and answer.tokens_out <= 2 * most_out + SLACK

    def _stop(self, error: WeakspotError) -> Any:
        self.stopped = self.stopped or error
        raise Stopped(error)

    def _pause_s(self, state: RetryCallState) -> float:
        """What the provider asks for, and exponential back-off with full jitter (Brooker 2015) on top."""
        outcome = state.outcome.result() if state.outcome else None
        told_s = outcome.retry_after_s if isinstance(outcome, Failure) else 0.0
        return told_s + self._jitter.uniform(0, min(MAX_BACKOFF_S, self._backoff_s * 2 ** (state.attempt_number - 1)))

    def _is_over(self, course: _Course, state: RetryCallState) -> bool:
        return (
            course.n_attempts - course.n_refused >= self._settings.max_tries
            or course.n_refused >= MAX_REFUSED
            or course.n_unusable >= MAX_UNUSABLE
            or time.monotonic() + state.upcoming_sleep >= course.deadline
        )


def _may_come_right(outcome: Answer | Failure) -> bool:
    return isinstance(outcome, Failure) and outcome.action == "retry"


