"""Ask an LLM what a student lacks, and for new problems that train it.

Each request shows one to three failures in full (problem, the student's answer, the right answer) and asks
for a hypothesis and sibling problems as JSON. A numeric answer comes with arithmetic that must give it; any
other answer is asked for once more in a separate request that shows the problem alone. What can't be parsed
is repaired once, then yielded as a candidate without lesson, with its reason and raw text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.strategies.desk import (
    FAILURES_PER_REQUEST,
    REQUESTS_AT_ONCE,
    SURPLUS,
    AtDesk,
    Desk,
    Draft,
    Told,
)
from curricula.strategies.fit.surface import answer_kind
from curricula.strategies.replies import ParsedReply, RawLesson, parse_reply
from curricula.teacher import TeacherRequest

__all__ = ["FAILURES_PER_REQUEST", "LESSONS_PER_REQUEST", "STRATEGY", "SURPLUS"]

LESSONS_PER_REQUEST = 4  # longer lists grow alike, and a cut-off reply loses more
TOKENS_PER_LESSON = 220
FORM = '{"hypothesis": "...", "lessons": [{"problem": "...", "solution": "...", "answer": "...", "check": "..."}]}'
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
class _Answered:
    """The failures one request showed and what was read from its reply, after repair if there was one."""

    shown: tuple[int, ...]
    told: Told
    parsed: ParsedReply


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        # few lessons for many failures: more of them a request, so that each is shown
        per_lesson = -(-len(desk.brief.failures) * LESSONS_PER_REQUEST // max(1, desk.wanted))
        self.per_request = min(FAILURES_PER_REQUEST, per_lesson)
        self.n_lessons = min(LESSONS_PER_REQUEST, desk.wanted)

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """As many requests as `n_lessons` take, read, repaired, and answered a second time."""
        drafts: list[Draft] = []
        for entry in self._ask(-(-n_lessons // LESSONS_PER_REQUEST)):
            parents = self.desk.parents(entry.shown)
            if not entry.parsed.lessons:
                reason = f"unparsed after repair: {entry.parsed.reason}"
                yield self.desk.refused(reason, entry.told, step="parse", operator="sibling", parents=parents)
            for item in entry.parsed.lessons:
                if reason := item.reason or self._copied(item, entry) or self._of_other_kind(item, entry):
                    step = "parse" if item.reason else "strategy"
                    yield self.desk.refused(reason, entry.told, raw=item.raw, step=step, operator="sibling", parents=parents)
                    continue
                meta = {"hypothesis": entry.parsed.hypothesis, "solution": item.solution}
                drafts.append(
                    Draft(item.problem, item.answer, entry.told, item.solution, item.check, operator="sibling",
                          parents=parents, shown=entry.shown, meta=meta)
                )  # fmt: skip
        yield from self.desk.drafted(drafts[:n_lessons])

    def _ask(self, n_requests: int) -> list[_Answered]:
        desk = self.desk
        shown = [desk.next_failures(self.per_request) for _ in range(n_requests)]
        requests = [self._request(indices) for indices in shown]
        told = desk.ask(requests)
        parsed = [ParsedReply("", (), reply.error) if reply.error else parse_reply(reply.text) for reply in told]
        broken = [i for i, reply in enumerate(told) if not reply.error and not parsed[i].lessons]
        repairs = [
            desk.request(
                "shared/repair",
                {"reason": parsed[i].reason, "form": FORM, "reply": told[i].text},
                temperature=0.0,
                max_tokens=requests[i].max_tokens,
                json_schema=SCHEMA,
            )
            for i in broken
        ]
        for i, reply in zip(broken, desk.ask(repairs), strict=True):
            again = parse_reply(reply.text) if not reply.error else parsed[i]
            if again.lessons:
                parsed[i], told[i] = again, replace(reply, prompt_hash=told[i].prompt_hash)
        return [_Answered(*row) for row in zip(shown, told, parsed, strict=True)]

    def _request(self, shown: tuple[int, ...]) -> TeacherRequest:
        variables = {
            "failures": self.desk.failures(shown),
            "n_lessons": self.n_lessons,
            "setting": self.desk.setting(),
            "has_options": any(self.desk.wardrobe.readings[i].options for i in shown),
        }
        tokens = 120 + TOKENS_PER_LESSON * self.n_lessons
        return self.desk.request("siblings", variables, temperature=0.7, max_tokens=tokens, json_schema=SCHEMA)

    def _copied(self, item: RawLesson, entry: _Answered) -> str:
        words = item.problem.lower().split()
        texts = [(self.desk.brief.failures[i].prompt, self.desk.wardrobe.readings[i].stem) for i in entry.shown]
        same = any(words == text.lower().split() for pair in texts for text in pair)
        return "copies the failure it was shown" if same else ""

    def _of_other_kind(self, item: RawLesson, entry: _Answered) -> str:
        """A word where every shown gold is a number, or the other way round: the wrapping would not fit it."""
        is_number = answer_kind(item.answer) == "number"
        are_numbers = {answer_kind(self.desk.brief.failures[i].gold) == "number" for i in entry.shown}
        has_options = any(self.desk.wardrobe.readings[i].options for i in entry.shown)
        return "" if is_number in are_numbers or has_options else "answer of another kind than the failures' golds"


STRATEGY = AtDesk("error_analysis", "LLM2LLM (Lee 2024), section 3; error-type-guided generation as in SwS (Liang 2025)", "teacher", _Writer, per_batch=LESSONS_PER_REQUEST * REQUESTS_AT_ONCE)
