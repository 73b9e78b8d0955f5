"""Dress a teacher's bare task as the suite puts its questions and wants its answers.

Problem, answer and working go in, the user and the assistant turn of a lesson come out: in the wrapping of a failure
whose answer is of the same kind, or bare where there is none. Worked lessons ask for the steps and end on the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from curricula.lesson import Failure
from curricula.strategies.fit.surface import (
    AnswerShape,
    Reading,
    answer_kind,
    final_answer,
    read_prompts,
    read_shape,
)

WORKED = 'Think step by step and end with a line that says "The answer is ...".'
FINAL = "The answer is "


@dataclass(frozen=True)
class Dressed:
    """The two turns of a lesson and the answer as it stands in them."""

    prompt: str
    completion: str
    answer: str
    verifier: str
    """`numeric` for numbers, else `exact`."""


class Wardrobe:
    """How one weakness's suite looks: read once from its failures."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.readings: list[Reading] = read_prompts(failures)
        self.shape: AnswerShape = read_shape(failures) if failures else AnswerShape()

    @property
    def has_options(self) -> bool:
        """Some failure lists options in its prompt."""
        return any(reading.options for reading in self.readings)

    def dress(self, problem: str, answer: str, solution: str, shown: Sequence[int] = ()) -> Dressed:
        """A lesson in the suite's own form; `shown` are the failures (by index) that the task was written from."""
        final = final_answer(answer)
        model = self._model(problem, final, shown)
        if model is None:
            return Dressed(problem.strip(), final, final, _verifier(final))
        if model.options:
            return Dressed(model.wrap(problem), final, final, "exact")
        worn = self.shape.dress(final.rstrip("."))
        return Dressed(model.wrap(problem), self.shape.complete(worn, solution), worn, _verifier(final))

    def dress_worked(self, problem: str, answer: str, solution: str, shown: Sequence[int] = ()) -> Dressed:
        """The same with its working, which the prompt then asks for; a closing "only the number" is left out."""
        if self.shape.is_worked:
            return self.dress(problem, answer, solution, shown)
        final = final_answer(answer).rstrip(".")
        model = self._model(problem, final, shown) or Reading("")
        bare = problem.strip().removesuffix(model.tail.strip()).rstrip() or problem.strip()
        prompt = replace(model, tail=f"\n{WORKED}").wrap(bare)
        return Dressed(prompt, f"{solution.strip()}\n{FINAL}{final}.", final, _verifier(final))

    def _model(self, problem: str, final: str, shown: Sequence[int]) -> Reading | None:
        """The failure that lends its wrapping: with an answer of the same kind, chosen by the problem's own hash."""
        kind = answer_kind(final)
        for indices in (shown, range(len(self.readings))):
            alike = [self.readings[i] for i in indices if answer_kind(self.readings[i].gold) == kind or _is_label(self.readings[i], final)]
            if alike:
                digest = hashlib.sha256(problem.encode("utf-8", "replace")).digest()
                return alike[int.from_bytes(digest[:8], "big") % len(alike)]
        return None


def _is_label(reading: Reading, final: str) -> bool:
    return reading.options is not None and final.strip("().:").upper() in reading.options.labels


def _verifier(answer: str) -> str:
    return "numeric" if answer_kind(answer) == "number" else "exact"
