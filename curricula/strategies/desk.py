"""Where a strategy that asks a teacher does its work: requests out, replies in, candidates with all their provenance.

A strategy makes one `Desk` a brief. `ask` sends rendered prompts, `ask_items` reads JSON out of the replies and has a
broken one repaired once, `drafted` turns drafts into dressed lessons and gets the second answer that a verifier
compares with, `refused` makes the row of what became no lesson. `work` is the loop around it: small batches, so that
who stops pulling stops paying, and what was spent lies on the candidates of its batch, to the cent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

from curricula.lesson import Brief, Candidate, Failure, Lesson
from curricula.prompts import prompt_hash, render
from curricula.strategies.fit.dress import Dressed, Wardrobe
from curricula.strategies.fit.surface import answer_kind, final_answer
from curricula.strategies.replies import parse_items
from curricula.teacher import Teacher, TeacherRequest
from curricula.verifiers.choice import OPTION
from curricula.verifiers.code import FENCE
from probes.errors import WeakspotError

FAILURES_PER_REQUEST = 3  # more make a prompt long and its tasks a blend
REQUESTS_AT_ONCE = 8  # then the caller may have enough
SURPLUS = 1.5  # lessons offered per lesson wanted: verifiers and duplicates take their share
MOST = 3  # times the lessons wanted, whatever a batch holds
TRIES = 2  # times the planned number of batches, then a teacher that gives nothing is left alone
MAX_ANSWER = 400  # characters; a longer "final answer" is an essay
LATEX = re.compile(r"\\[A-Za-z]{2,}|[_^]\{|\$[^$\n]+\$")
SETTINGS = """a bakery|a train station|a school library|a vegetable garden|a bicycle shop|a football club|a small museum|a farm|
a birthday party|a post office|a swimming pool|a music lesson|a harbor|a zoo|a camping trip|a pet shop|a kitchen|a workshop|
a snowy day|a street market|a theater|a science class|a bus ride|a picnic|a toy store|a fire station|an orchard|a ski lodge|
a newspaper office|a neighborhood fair""".replace("\n", "").split("|")
"""One a request: otherwise equal prompts would be answered from the cache with equal lessons."""


@dataclass(frozen=True)
class Told:
    """One reply, with what a candidate must say of its origin."""

    text: str
    error: str
    is_cut: bool
    """It reached the token limit."""
    prompt_hash: str
    teacher: str = ""
    """Which model wrote it."""
    body: str = ""
    """With an error: what came instead of a text."""


@dataclass(frozen=True)
class Draft:
    """A task with its answer as a teacher wrote it, not yet a lesson."""

    problem: str
    answer: str
    told: Told
    """The reply that holds it."""
    solution: str = ""
    check: str = ""
    check_kind: str = ""
    """As in `Lesson`; empty lets `drafted` find a check."""
    operator: str = ""
    parents: tuple[str, ...] = ()
    depth: int = 1
    shown: tuple[int, ...] = ()
    """Failures (by index) that it was written from."""
    is_worked: bool = False
    """The lesson shows its working, whatever the golds look like."""
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Items:
    """What was read from one reply, after repair if there was one."""

    told: Told
    items: tuple[dict[str, str], ...]
    rejected: tuple[tuple[str, str], ...]
    """Reason and raw text of what could not be used; never empty where `items` is."""


class Desk:
    """One strategy at work on one brief.

    Raises:
        WeakspotError: there is no teacher.
    """

    def __init__(self, strategy: str, brief: Brief, teacher: Teacher | None) -> None:
        if teacher is None:
            raise WeakspotError(
                f"strategy {strategy!r} needs a teacher", hint="set teacher.model in the config, or use the strategy 'symbolic'"
            )
        self.strategy, self.brief, self.teacher = strategy, brief, teacher
        self.rng = Random(f"{strategy}:{brief.seed}")
        self.wardrobe = Wardrobe(brief.failures)
        self.wanted = round(SURPLUS * brief.n_lessons) if brief.failures else 0
        self._queue: list[int] = []
        self._settings: list[str] = []
        self._unassigned_usd = 0.0

    # What goes into a prompt.

    def next_failures(self, n: int = FAILURES_PER_REQUEST) -> tuple[int, ...]:
        """The next failures to show, by index: each is shown before any is shown twice."""
        if len(self._queue) < n:
            again = list(range(len(self.brief.failures)))
            self.rng.shuffle(again)
            self._queue += again
        chosen, self._queue = tuple(dict.fromkeys(self._queue[:n])), self._queue[n:]
        return chosen

    def failures(self, indices: Sequence[int]) -> tuple[Failure, ...]:
        """The failures at these indices."""
        return tuple(self.brief.failures[i] for i in indices)

    def setting(self) -> str:
        """Another setting for each request, so that no two prompts are equal before thirty have been."""
        if not self._settings:
            self._settings = self.rng.sample(SETTINGS, len(SETTINGS))
        return self._settings.pop()

    def request(self, purpose: str, variables: dict[str, Any], **settings: Any) -> TeacherRequest:
        """The prompt `<strategy>/<purpose>`, or a shared one where `purpose` names its folder, as a request."""
        template = purpose if "/" in purpose else f"{self.strategy}/{purpose}"
        tag = f"{self.strategy}/{purpose.rpartition('/')[2]}"
        return TeacherRequest(render(template, **variables), tag=tag, **settings)

    # What comes back.

    def ask(self, requests: Sequence[TeacherRequest]) -> list[Told]:
        """All replies, in order; what they cost goes to the next candidates."""
        replies = self.teacher.ask(requests) if requests else []
        self._unassigned_usd += sum(reply.cost_usd for reply in replies)
        return [
            Told(reply.text, reply.error, reply.finish == "length", reply.prompt_hash or prompt_hash(request.prompt), reply.teacher or self.teacher.name, reply.body)
            for request, reply in zip(requests, replies, strict=True)
        ]

    def ask_items(self, requests: Sequence[TeacherRequest], keys: Sequence[str], form: str) -> list[Items]:
        """Objects with `keys` from each reply; one that holds none is sent back once with the `form` it should have."""
        told = self.ask(requests)
        parsed = [parse_items(reply.text, keys) for reply in told]
        broken = [i for i, reply in enumerate(told) if not reply.error and not parsed[i].items]
        repairs = [
            self.request(
                "shared/repair",
                {"reason": parsed[i].reason or parsed[i].rejected[0][0], "form": form, "reply": told[i].text},
                temperature=0.0,
                max_tokens=requests[i].max_tokens,
                json_schema=requests[i].json_schema,
            )
            for i in broken
        ]
        for i, reply in zip(broken, self.ask(repairs), strict=True):
            again = parse_items(reply.text, keys) if not reply.error else parsed[i]
            if again.items:
                parsed[i], told[i] = again, replace(reply, prompt_hash=told[i].prompt_hash)
        found = []
        for reply, read in zip(told, parsed, strict=True):
            rejected = read.rejected
            if reply.error:
                rejected = ((f"teacher: {reply.error}", reply.body),)
            elif not read.items and not rejected:
                rejected = ((f"unparsed after repair: {read.reason}", reply.text),)
            found.append(Items(reply, read.items if not reply.error else (), rejected))
        return found

    # What is handed on.

    def drafted(self, drafts: Sequence[Draft]) -> list[Candidate]:
        """Lessons in the suite's dress. One without arithmetic or gold is put to the teacher once more, the problem
        alone: the two answers must agree, or no answer leaves it unverifiable."""
        lessons = [self._lesson(draft) for draft in drafts]
        open_ones = [i for i, lesson in enumerate(lessons) if not lesson.check]
        second = self.ask(
            [
                self.request("shared/solve", {"problem": lessons[i].prompt}, temperature=0.0, max_tokens=200)
                for i in open_ones
            ]
        )
        for i, reply in zip(open_ones, second, strict=True):
            if not reply.error and reply.text.strip():
                check = final_answer(reply.text.strip())[:MAX_ANSWER]
                lessons[i] = replace(lessons[i], check=check, check_kind="agreement")
        return [Candidate(lesson, weakness_id=self.brief.weakness_id, strategy=self.strategy) for lesson in lessons]

    def refused(
        self,
        reason: str,
        told: Told,
        *,
        raw: str = "",
        evidence: str = "",
        step: str = "strategy",
        operator: str = "",
        parents: tuple[str, ...] = (),
        depth: int = 1,
        meta: dict[str, Any] | None = None,
    ) -> Candidate:
        """The row of something that becomes no lesson; a teacher's error is told apart by itself."""
        if told.error:
            reason, step = f"teacher: {told.error}", "parse"
        return Candidate(
            None, raw or told.text or told.body, reason, self.brief.weakness_id, self.strategy, step, evidence=evidence, operator=operator, parents=parents,
            depth=depth, teacher=told.teacher or self.teacher.name, prompt_hash=told.prompt_hash, meta=meta or {},
        )  # fmt: skip

    def unreadable(self, entry: Items, operator: str = "", parents: tuple[str, ...] = ()) -> list[Candidate]:
        """Rows for what of a reply could not be read."""
        return [
            self.refused(reason, replace(entry.told, error=""), raw=raw, step="parse", operator=operator, parents=parents)
            for reason, raw in entry.rejected
        ]

    def parents(self, indices: Sequence[int]) -> tuple[str, ...]:
        """Probe ids of the failures at these indices."""
        return tuple(self.brief.failures[i].probe_id for i in indices)

    def work(self, per_batch: int, batch: Callable[[int], Iterable[Candidate]]) -> Iterator[Candidate]:
        """Call `batch(n)` for about `n` lessons at a time until `wanted` have been offered, or `TRIES` times the calls
        that this should have taken were made."""
        n_offered, n_left = 0, TRIES * -(-self.wanted // per_batch)
        while n_offered < self.wanted and n_left > 0:
            n_left -= 1
            for candidate in self._settled(list(batch(min(per_batch, self.wanted - n_offered)))):
                n_offered += candidate.lesson is not None
                yield candidate
                if n_offered >= MOST * self.brief.n_lessons:
                    return

    def _settled(self, candidates: list[Candidate]) -> list[Candidate]:
        """Candidates with an even share of what was spent since the last ones."""
        if not candidates:
            return []
        share, self._unassigned_usd = self._unassigned_usd / len(candidates), 0.0
        return [
            replace(c, cost_usd=share, lesson=replace(c.lesson, cost_usd=share) if c.lesson else None)
            for c in candidates
        ]

    def _lesson(self, draft: Draft) -> Lesson:
        worn = self._worn(draft)
        check, kind = draft.check, draft.check_kind
        if check and not kind:
            is_sum = worn.verifier == "numeric" and answer_kind(draft.answer) == "number"
            has_sign = any(sign in check.strip().lstrip("-") for sign in "+-*/%×÷x")
            check, kind = (check, "expression") if is_sum and has_sign else ("", "")
        return Lesson(
            prompt=worn.prompt,
            completion=worn.completion,
            answer=worn.answer,
            strategy=self.strategy,
            depth=draft.depth,
            verifier="vote" if kind == "vote" else worn.verifier,
            check=check,
            check_kind=kind,
            operator=draft.operator,
            weakness_id=self.brief.weakness_id,
            parents=draft.parents,
            teacher=draft.told.teacher or self.teacher.name,
            prompt_hash=draft.told.prompt_hash,
            raw=draft.told.text,
            meta=draft.meta,
        )

    def _worn(self, draft: Draft) -> Dressed:
        """The suite's dress, with the verifier that the answer calls for; code is taught as it is, in a fence."""
        if draft.check_kind == "tests":
            code = (FENCE.findall(draft.answer) or [draft.answer])[0].strip()
            return Dressed(draft.problem.strip(), f"```python\n{code}\n```", code, "code")
        dress = self.wardrobe.dress_worked if draft.is_worked else self.wardrobe.dress
        worn = dress(draft.problem, draft.answer, draft.solution, draft.shown)
        if LATEX.search(worn.answer):
            return replace(worn, verifier="math")
        has_options = self.wardrobe.has_options and len(OPTION.findall(worn.prompt)) > 1
        return replace(worn, verifier="choice") if has_options and worn.verifier == "exact" else worn


class Writer(Protocol):
    """What a strategy does at its desk."""

    def batch(self, n_lessons: int) -> Iterable[Candidate]:
        """Candidates of about `n_lessons` lessons, and rows for what became none."""
        ...


@dataclass(frozen=True)
class AtDesk:
    """A strategy that asks a teacher: for each brief a desk, and a writer at it until enough lessons were offered."""

    name: str
    source: str
    needs: str
    writer: Callable[[Desk], Writer]
    per_batch: int = 8
    """Lessons a batch; who stops pulling has paid for one batch too many at most."""

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """Yield lessons, and a row for everything that was asked for and dropped; without failures nothing is asked.

        Raises:
            WeakspotError: no teacher, or no human-made task for a strategy that needs some.
        """
        desk = Desk(self.name, brief, teacher)
        if desk.wanted:
            yield from desk.work(self.per_batch, self.writer(desk).batch)
