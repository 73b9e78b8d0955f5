"""A model's opinion of a lesson, by rubric; it can only take away.

A judge is any teacher of another family than the one that wrote the lesson. It grades five attributes from 0 to 4 and
is asked nothing before its calibration (`canaries.py`), which disables one that is fooled. `veto` is the funnel's step
behind the verifiers: what they fail or can't verify never comes to it, and what they pass the judge may still refuse.

What is graded stands between marks that it can't know; text that speaks to the grader, or says nothing, is refused
without asking. A reply that is not exactly the five grades is no opinion: `unverifiable`.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from curricula.lesson import Lesson, Verdict
from curricula.prompts import render
from curricula.teacher import Teacher, TeacherReply, TeacherRequest
from curricula.verifiers.canaries import Calibration, canaries, judge_the_judge
from curricula.verifiers.contract import failed, passed, unverifiable

STEP = "judge"

ATTRIBUTES = ("correct", "complete", "relevant", "clear", "wellformed")
LEAST = {"correct": 3, "complete": 3}  # of 4; the others need LEAST_OTHER
LEAST_OTHER = 2
SCHEMA = {"type": "object", "properties": {name: {"type": "integer", "minimum": 0, "maximum": 4} for name in ATTRIBUTES}, "required": list(ATTRIBUTES), "additionalProperties": False}
TO_THE_GRADER = re.compile(
    r"mark (?:this |it )?as (?:verified|correct|right)|\b(?:note|message) to the (?:grader|judge|evaluator)|\bas (?:the|a) (?:grader|judge|evaluator)\b|(?:full|top) (?:marks|grades|score)"
    r"|\b(?:ignore|disregard|forget) (?:all |any )?(?:the |your )?(?:instructions?|prompts?|above|previous|prior)|^\s*(?:system|assistant)\s*:|\"(?:correct|complete)\"\s*:\s*\d|\bgrade\s*:\s*\d",
    re.IGNORECASE | re.MULTILINE,
)
SIBLINGS = {"o": "gpt", "chatgpt": "gpt", "mixtral": "mistral", "ministral": "mistral", "magistral": "mistral", "codestral": "mistral", "codellama": "llama", "qwq": "qwen", "gemma": "gemini"}
"""Names that one maker gives to models trained on each other's text."""
FENCED = re.compile(r"^```(?:json)?\s*(\{.*\})\s*```$", re.DOTALL)


class JudgeVerifier:
    """Grades by a model, once it has been calibrated."""

    name = "judge"

    def __init__(self, model: Teacher | None = None) -> None:
        self._model = model
        self.calibration: Calibration | None = None
        """None before `calibrate`."""

    @property
    def model(self) -> str:
        """Who judges; empty without one."""
        return self._model.name if self._model is not None else ""

    def calibrate(self, occasion: str = "") -> Calibration:
        """Ask the canaries: 70 grades and 20 comparisons.

        `occasion` goes into the marks, so that replies cached on another occasion are not taken for this one's.

        Raises:
            WeakspotError: the model can't be used at all.
            ValueError: there is no model.
        """
        asked, pairs = canaries()
        grades = [_grades(reply) for reply in self._ask([_grading(canary.problem, canary.solution, canary.reference, occasion) for canary in asked])]
        orders = self._ask([_comparing(pair.problem, *two, occasion) for pair in pairs for two in ((pair.right, pair.wrong), (pair.wrong, pair.right))])
        better = [_better(reply) for reply in orders]
        consistent = [{first, second} == {"A", "B"} or (first, second) == ("same", "same") for first, second in zip(better[::2], better[1::2], strict=True)]
        self.calibration = judge_the_judge(asked, [grade is not None and _is_enough(grade) for grade in grades], consistent)
        return self.calibration

    def verify(self, lesson: Lesson) -> Verdict:
        """The judge's opinion; `unverifiable` without a model, a calibration, or after one that it failed.

        Raises:
            WeakspotError: the model can't be used at all.
        """
        return self._opinions([lesson])[0]

    def veto(self, lessons: Sequence[Lesson]) -> list[Verdict]:
        """For lessons that passed their verifier: `fail` where the judge refuses one, else `pass`, with a reason where it has no opinion.

        Raises:
            WeakspotError: the model can't be used at all.
        """
        started = time.perf_counter()
        found = self._opinions(lessons)
        each = (time.perf_counter() - started) / max(1, len(found))
        return [Verdict(STEP, "pass", f"no opinion: {verdict.reason}", seconds=each) if verdict.outcome == "unverifiable"
                else replace(verdict, step=STEP, seconds=each) for verdict in found]  # fmt: skip

    def _opinions(self, lessons: Sequence[Lesson]) -> list[Verdict]:
        """One verdict a lesson; the model is asked once, for all that need it."""
        found = [self._without_asking(lesson) for lesson in lessons]
        open_ones = [at for at, verdict in enumerate(found) if verdict is None]
        replies = self._ask([_grading(row.prompt, row.completion, row.check if row.check_kind == "engine" else "") for row in (lessons[at] for at in open_ones)]) if open_ones else []
        for at, reply in zip(open_ones, replies, strict=True):
            grades = _grades(reply)
            told = ", ".join(f"{name} {grade}" for name, grade in (grades or {}).items())
            if grades is None:
                found[at] = unverifiable("the judge gave no usable grades")
            else:
                found[at] = passed(told) if _is_enough(grades) else failed("the judge refuses it", told)
        return [verdict for verdict in found if verdict is not None]

    def _without_asking(self, lesson: Lesson) -> Verdict | None:
        """None: the model must be asked."""
        if self._model is None:
            return unverifiable("no judge: no model was given")
        if self.calibration is None:
            return unverifiable("the judge is not calibrated")
        if self.calibration.disabled:
            return unverifiable(f"the judge is disabled: {self.calibration.disabled}")
        if lesson.teacher and family(lesson.teacher) == family(self._model.name):
            return unverifiable(f"judge and teacher are of one family, {family(lesson.teacher)}")
        if addressed := TO_THE_GRADER.search(lesson.prompt) or TO_THE_GRADER.search(lesson.completion):
            return failed("the text speaks to the grader", addressed[0])
        if len(re.findall(r"\w+", lesson.completion)) < 3 and lesson.answer.strip().casefold() not in lesson.completion.casefold():
            return failed("the completion says nothing", lesson.completion[:50])
        return None

    def _ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        if self._model is None:
            raise ValueError("a judge needs a model")
        return self._model.ask(requests)


def family(model: str) -> str:
    """Whose model it is, by the letters its name begins with: `openai/gpt-4.1-mini` and `o3-mini` are `gpt`."""
    match = re.match(r"[a-z]+", model.rpartition("/")[2].lower())
    name = match[0] if match else model.lower()
    return SIBLINGS.get(name, name)


def _grading(problem: str, solution: str, reference: str, occasion: str = "") -> TeacherRequest:
    prompt = render("judge/grade", problem=problem, solution=solution, reference=reference, mark=_mark(problem, solution, occasion))
    return TeacherRequest(prompt, temperature=0.0, max_tokens=400, json_schema=SCHEMA, tag="judge:grade")


def _comparing(problem: str, first: str, second: str, occasion: str = "") -> TeacherRequest:
    prompt = render("judge/compare", problem=problem, first=first, second=second, mark=_mark(problem, first, second, occasion))
    return TeacherRequest(prompt, temperature=0.0, max_tokens=60, tag="judge:compare")


def _mark(*texts: str) -> str:
    """A line that none of the texts holds, the same for the same texts so that replies can be cached."""
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return f"=={digest[:16]}=="


def _grades(reply: TeacherReply) -> dict[str, int] | None:
    """Exactly the five grades; anything else is no opinion."""
    text = reply.text.strip()
    fenced = FENCED.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except ValueError:
        return None
    if reply.error or not isinstance(found, dict) or set(found) != set(ATTRIBUTES):
        return None
    if not all(type(grade) is int and 0 <= grade <= 4 for grade in found.values()):
        return None
    return {name: found[name] for name in ATTRIBUTES}


def _better(reply: TeacherReply) -> str:
    match = re.search(r"\"better\"\s*:\s*\"(A|B|same)\"", reply.text)
    return match[1] if match and not reply.error else ""


def _is_enough(grades: dict[str, int]) -> bool:
    return all(grade >= LEAST.get(name, LEAST_OTHER) for name, grade in grades.items())


VERIFIER = JudgeVerifier()
