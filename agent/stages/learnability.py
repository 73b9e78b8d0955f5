"""Asks the student which lessons it can learn from now: its champion as it stands before the cycle's training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.context import RunContext
from agent.state import CycleState
from curricula.filters.learnability import (
    N_ROLLOUTS,
    ROOM_TOKENS,
    LearnabilityFilter,
    by_probability,
    by_rollouts,
)
from curricula.lesson import Lesson, Verdict


def learnability_step(context: RunContext, state: CycleState) -> Callable[[Sequence[Lesson]], list[Verdict]] | None:
    """The funnel's last step, as `curriculum.learnable` asks for it; None where it is off.

    By `margin` the whole completion is scored: a worked solution is then nearly always out of reach, and passes for its steps.
    """
    how, student, champion = context.config.curriculum.learnable, context.student, state["champion"]
    if how == "off":
        return None
    if how == "margin" and not champion:
        # An untaught base answers in sentences: of 46 probes its bare answers' probability kept none, rollouts 16 (docs/log.md).
        context.watcher.say("lessons are not filtered by curriculum.learnable=margin before there is a champion")
        return None

    def by_margin(lessons: Sequence[Lesson]) -> list[float]:
        return by_probability([answer.logprob for answer in student.answer_scores([(row.prompt, row.completion) for row in lessons], champion)])

    def by_trying(lessons: Sequence[Lesson]) -> list[float]:
        longest = max(student.count_tokens([("", row.completion) for row in lessons])) + ROOM_TOKENS
        seed = context.seed("rollouts", state["cycle"], lessons[0].lesson_id)
        return by_rollouts(lessons, student.rollouts([row.prompt for row in lessons], N_ROLLOUTS, max_tokens=longest, seed=seed, adapter=champion))

    return LearnabilityFilter(by_margin if how == "margin" else by_trying, how).check
