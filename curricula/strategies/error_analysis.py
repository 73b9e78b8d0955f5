"""Ask an LLM what a student lacks, and for new problems that train it.

Each request shows one to three failures in full (problem, the student's answer, the right answer) and asks
for a hypothesis and sibling problems as JSON. A numeric answer comes with arithmetic that must give it; any
other answer is asked for once more in a separate request that shows the problem alone. What can't be parsed
is repaired once, then yielded as a candidate without lesson, with its reason and raw text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from curricula.lesson import Brief, Candidate, Failure, Lesson
from curricula.prompts import prompt_hash, render
from curricula.strategies.fit.surface import (
    AnswerShape,
    Reading,
    answer_kind,
    final_answer,
    read_prompts,
    read_shape,
)
from curricula.strategies.replies import ParsedReply, RawLesson, parse_reply
from curricula.teacher import Teacher, TeacherReply, TeacherRequest
from probes.errors import WeakspotError

LESSONS_PER_REQUEST = 4  # longer lists grow alike, and a cut-off reply loses more
FAILURES_PER_REQUEST = 3
SURPLUS = 1.5  # lessons asked for per lesson wanted: verifiers and duplicates take their share
REQUESTS_AT_ONCE = 8  # then the caller may have enough
TOKENS_PER_LESSON = 220
SETTINGS = """a bakery|a train station|a school library|a vegetable garden|a bicycle shop|a football club|a small museum|a farm|
a birthday party|a post office|a swimming pool|a music lesson|a harbor|a zoo|a camping trip|a pet shop|a kitchen|a workshop|
a snowy day|a street market|a theater|a science class|a bus ride|a picnic|a toy store|a fire station|an orchard|a ski lodge|
a newspaper office|a neighborhood fair""".replace("\n", "").split("|")
"""One a request: otherwise equal prompts would be answered from the cache with equal lessons."""
SCHEMA = {
    "type": "object",
    "properties": {
        "hypothesis": {"type": "string"},
        "lessons": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {key: {"type": "string"} for key in ("problem", "solution", "answer", "check")},
                "required": ["problem", "solution", "answer", "check"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["hypothesis", "lessons"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class _Ask:
    """One request and the failures it shows."""

    failures: tuple[Failure, ...]
    readings: tuple[Reading, ...]
    n_lessons: int
    request: TeacherRequest


@dataclass(frozen=True)
class _Answered:
    """A request with what was read from its reply, after repair if there was one."""

    ask: _Ask
    parsed: ParsedReply
    raw: str
    cost_usd: float
    prompt_hash: str
    failure: str = ""
    """The teacher's error; empty when it replied."""


class ErrorAnalysisStrategy:
    """Failures in, sibling problems out, each with a check."""

    name = "error_analysis"
    source = "LLM2LLM (Lee 2024), section 3; error-type-guided generation as in SwS (Liang 2025)"
    needs = "teacher"

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """Yield lessons and unparsed replies, a few requests at a time; who stops pulling stops paying.

        Asks for about `SURPLUS * brief.n_lessons` lessons in all and tries as many requests again as fail.

        Raises:
            WeakspotError: no teacher was given.
        """
        if teacher is None:
            raise WeakspotError(
                "strategy 'error_analysis' needs a teacher",
                hint="set teacher.model in the config, or use the strategy 'symbolic'",
            )
        if not brief.failures or brief.n_lessons <= 0:
            return
        rng = Random(f"error_analysis:{brief.seed}")
        shape = read_shape(brief.failures)
        wanted = round(SURPLUS * brief.n_lessons)
        asks = _plan(brief, wanted, rng)
        n_requests_left = 2 * -(-wanted // LESSONS_PER_REQUEST)
        n_parsed = 0
        while n_parsed < wanted and n_requests_left > 0:
            needed = -(-(wanted - n_parsed) // LESSONS_PER_REQUEST)
            batch = list(islice(asks, min(needed, n_requests_left, REQUESTS_AT_ONCE)))
            n_requests_left -= len(batch)
            answered = _ask_and_repair(teacher, batch)
            lessons, rejected = _read(brief, answered, shape, teacher.name)
            yield from rejected
            for lesson in islice(_with_second_opinion(lessons, teacher), wanted - n_parsed):
                n_parsed += 1
                yield Candidate(lesson, weakness_id=brief.weakness_id, strategy=self.name)


def _plan(brief: Brief, wanted: int, rng: Random) -> Iterator[_Ask]:
    """Endless requests: every failure is shown before any is shown twice, each time with another setting."""
    readings = read_prompts(brief.failures)
    per_request = min(FAILURES_PER_REQUEST, -(-len(brief.failures) * LESSONS_PER_REQUEST // max(1, wanted)))
    queue: list[int] = []
    settings: list[str] = []
    while True:
        if len(queue) < per_request:
            again = list(range(len(brief.failures)))
            rng.shuffle(again)
            queue += again
        if not settings:
            settings = rng.sample(SETTINGS, len(SETTINGS))
        chosen = list(dict.fromkeys(queue[:per_request]))
        queue = queue[per_request:]
        failures, read = tuple(brief.failures[i] for i in chosen), tuple(readings[i] for i in chosen)
        n_lessons = min(LESSONS_PER_REQUEST, wanted)
        prompt = render(
            "error_analysis/siblings",
            failures=failures,
            n_lessons=n_lessons,
            setting=settings.pop(),
            has_options=any(reading.options for reading in read),
        )
        tokens = 120 + TOKENS_PER_LESSON * n_lessons
        yield _Ask(
            failures,
            read,
            n_lessons,
            TeacherRequest(prompt, "", 0.7, tokens, SCHEMA, "error_analysis/siblings"),
        )


def _ask_and_repair(teacher: Teacher, batch: Sequence[_Ask]) -> list[_Answered]:
    replies = teacher.ask([ask.request for ask in batch])
    answered = [_first_reading(ask, reply) for ask, reply in zip(batch, replies, strict=True)]
    broken = [i for i, entry in enumerate(answered) if not entry.failure and not entry.parsed.lessons]
    if broken:
        requests = []
        for i in broken:
            prompt = render("error_analysis/repair", reply=answered[i].raw, reason=answered[i].parsed.reason)
            requests.append(
                TeacherRequest(
                    prompt, "", 0.0, answered[i].ask.request.max_tokens, SCHEMA, "error_analysis/repair"
                )
            )
        for i, reply in zip(broken, teacher.ask(requests), strict=True):
            first, cost = answered[i], answered[i].cost_usd + reply.cost_usd
            parsed = ParsedReply("", (), first.parsed.reason) if reply.error else parse_reply(reply.text)
            raw = first.raw if not parsed.lessons else reply.text
            answered[i] = _Answered(first.ask, parsed, raw, cost, first.prompt_hash)
    return answered


def _first_reading(ask: _Ask, reply: TeacherReply) -> _Answered:
    parsed = ParsedReply("", (), reply.error) if reply.error else parse_reply(reply.text)
    return _Answered(
        ask,
        parsed,
        reply.text,
        reply.cost_usd,
        reply.prompt_hash or prompt_hash(ask.request.prompt),
        reply.error,
    )


def _read(
    brief: Brief, answered: Sequence[_Answered], shape: AnswerShape, teacher_name: str
) -> tuple[list[Lesson], list[Candidate]]:
    lessons: list[Lesson] = []
    rejected: list[Candidate] = []
    for entry in answered:
        if not entry.parsed.lessons:
            reason = (
                f"teacher: {entry.failure}"
                if entry.failure
                else f"unparsed after repair: {entry.parsed.reason}"
            )
            rejected.append(Candidate(None, entry.raw, reason, brief.weakness_id, ErrorAnalysisStrategy.name))
            continue
        share = entry.cost_usd / len(entry.parsed.lessons)
        for item in entry.parsed.lessons:
            reason = item.reason or _copied(item, entry.ask) or _of_other_kind(item, entry.ask)
            if reason:
                rejected.append(
                    Candidate(
                        None, item.raw or entry.raw, reason, brief.weakness_id, ErrorAnalysisStrategy.name
                    )
                )
            else:
                lessons.append(_lesson(brief, entry, item, shape, teacher_name, share))
    return lessons, rejected


def _copied(item: RawLesson, ask: _Ask) -> str:
    words = item.problem.lower().split()
    same = any(
        words == text.lower().split()
        for failure, reading in zip(ask.failures, ask.readings, strict=True)
        for text in (failure.prompt, reading.stem)
    )
    return "copies the failure it was shown" if same else ""


def _of_other_kind(item: RawLesson, ask: _Ask) -> str:
    """A word where every shown gold is a number, or the other way round: the wrapping would not fit it."""
    is_number = answer_kind(item.answer) == "number"
    are_numbers = {answer_kind(failure.gold) == "number" for failure in ask.failures}
    return (
        ""
        if is_number in are_numbers or any(r.options for r in ask.readings)
        else "answer of another kind than the failures' golds"
    )


def _lesson(
    brief: Brief, entry: _Answered, item: RawLesson, shape: AnswerShape, teacher_name: str, cost_usd: float
) -> Lesson:
    final = final_answer(item.answer)
    is_number = answer_kind(final) == "number"
    alike = [
        reading for reading in entry.ask.readings if answer_kind(reading.gold) == answer_kind(final)
    ] or entry.ask.readings
    model = alike[int(prompt_hash(item.problem), 16) % len(alike)]
    answer = final if model.options else shape.dress(final.rstrip("."))
    completion = answer if model.options else shape.complete(answer, item.solution)
    has_check = is_number and any(sign in item.check.strip().lstrip("-") for sign in "+-*/%×÷x")
    return Lesson(
        prompt=model.wrap(item.problem),
        completion=completion,
        answer=answer,
        strategy=ErrorAnalysisStrategy.name,
        depth=1,
        verifier="numeric" if is_number else "exact",
        check=item.check if has_check else "",
        check_kind="expression" if has_check else "",
        operator="sibling",
        weakness_id=brief.weakness_id,
        parents=tuple(failure.probe_id for failure in entry.ask.failures),
        teacher=teacher_name,
        prompt_hash=entry.prompt_hash,
        raw=entry.raw,
        cost_usd=cost_usd,
        meta={"hypothesis": entry.parsed.hypothesis, "solution": item.solution},
    )


def _with_second_opinion(lessons: Sequence[Lesson], teacher: Teacher) -> Iterator[Lesson]:
    """Lessons without arithmetic get the teacher's answer to the problem alone; no answer leaves them unverifiable."""
    open_ones = [i for i, lesson in enumerate(lessons) if not lesson.check]
    requests = [
        TeacherRequest(
            render("error_analysis/solve", problem=lessons[i].prompt),
            "",
            0.0,
            200,
            None,
            "error_analysis/solve",
        )
        for i in open_ones
    ]
    replies = dict(zip(open_ones, teacher.ask(requests), strict=True)) if requests else {}
    for i, lesson in enumerate(lessons):
        reply = replies.get(i)
        if reply is None:
            yield lesson
        elif reply.error or not reply.text.strip():
            yield replace(lesson, cost_usd=lesson.cost_usd + reply.cost_usd)
        else:
            check = final_answer(reply.text.strip())[:400]
            yield replace(
                lesson, check=check, check_kind="agreement", cost_usd=lesson.cost_usd + reply.cost_usd
            )


STRATEGY = ErrorAnalysisStrategy()
