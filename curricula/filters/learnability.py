"""Keep lessons that the student can learn from now: what it always gets right teaches nothing, what it never gets right is out of reach.

Lessons go in, verdicts come out. How often the student answers a lesson's prompt rightly is estimated by `by_rollouts` (it
answers each `N_ROLLOUTS` times) or `by_probability` (the probability that it writes the lesson's own answer, one forward
pass). Kept is 1/8 to 7/8; of a probability, what eight rollouts would more likely keep than not. Below that a lesson passes only where it shows its steps: a bare
answer to what is out of reach is learned by heart. Above it a small share is kept as replay.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from curricula.lesson import Lesson, Verdict
from probes.scorers import score

STEP = "learnable"
N_ROLLOUTS = 8
LOW, HIGH = 1 / N_ROLLOUTS, 1 - 1 / N_ROLLOUTS
EVEN = 1 - 0.5 ** (1 / N_ROLLOUTS)  # .083: the probability at which one of eight rollouts is right half of the time
BOUNDS = {"rollouts": (LOW, HIGH), "margin": (EVEN, 1 - EVEN)}
REPLAY_SHARE = 0.1  # of the lessons that pass, for what is mastered: the mix has its own replay of earlier lessons
STEP_WORDS = 5  # words of a completion beyond its answer from which it counts as worked
ROOM_TOKENS = 16  # beside the lesson's own answer, for a student that answers in a sentence

Estimate = Callable[[Sequence[Lesson]], list[float]]
"""Lessons to the share, 0 to 1, of the student's answers that are right."""


@dataclass
class LearnabilityFilter:
    """The funnel's last step; counts what it let pass, so that replay stays a share of it."""

    estimate: Estimate
    how: str
    """A key of `BOUNDS`; the verdict's evidence names it."""
    _n_passed: int = field(default=0, init=False)
    _n_replayed: int = field(default=0, init=False)

    def check(self, lessons: Sequence[Lesson]) -> list[Verdict]:
        """A verdict for each lesson, in order; `seconds` is an even share of the whole."""
        started = time.perf_counter()
        shares = self.estimate(lessons) if lessons else []
        seconds = (time.perf_counter() - started) / max(1, len(lessons))
        return [replace(self._judge(lesson, share), seconds=seconds) for lesson, share in zip(lessons, shares, strict=True)]

    def _judge(self, lesson: Lesson, share: float) -> Verdict:
        evidence = f"right {share:.2f} of the time by {self.how}"
        low, high = BOUNDS[self.how]
        if share > high:
            if self._n_replayed + 1 > REPLAY_SHARE * (self._n_passed + 1):
                return Verdict(STEP, "fail", "mastered already", evidence)
            self._n_replayed += 1
            reason = "mastered, kept as replay"
        elif share < low:
            if not is_worked(lesson):
                return Verdict(STEP, "fail", "out of reach without steps", evidence)
            reason = "out of reach, taught with steps"
        else:
            reason = ""
        self._n_passed += 1
        return Verdict(STEP, "pass", reason, evidence)


def is_worked(lesson: Lesson) -> bool:
    """Does the completion show how the answer comes about?"""
    return len(lesson.completion.split()) >= len(lesson.answer.split()) + STEP_WORDS


def by_rollouts(lessons: Sequence[Lesson], answers: Sequence[Sequence[str]]) -> list[float]:
    """Share of each lesson's sampled answers that are right in substance (the lenient score)."""
    return [
        sum(score(scorer_of(lesson), answer, lesson.answer).lenient for answer in own) / len(own)
        for lesson, own in zip(lessons, answers, strict=True)
    ]


def by_probability(logprobs: Sequence[float]) -> list[float]:
    """The probability of drawing a lesson's own answer at temperature 1, from its log-probability in nats."""
    return [math.exp(min(0.0, logprob)) for logprob in logprobs]


def scorer_of(lesson: Lesson) -> str:
    """How an answer is compared with the lesson's: as a number where its verifier does so."""
    return "numeric" if lesson.verifier in ("numeric", "math") else "exact"
