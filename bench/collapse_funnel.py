"""The policy `verified` of `bench.collapse`: what a run's funnel and mix make of the lines that a small model writes.

Real lines and written ones go in; the lines that the next generation is trained on come out. Nothing here judges or mixes by
itself: lines become lessons and pass through `curricula.funnel` and `curricula.mix`. What stands for what:

    prompt, completion   the line with its marked results left out; the line
    verifier             the arithmetic of all marked steps holds
    operator             which operations the steps use, `*+` for one that multiplies and adds: the kind of sum
    template             the line without numbers and names (`curricula.filters.wording`)
    depth                1: the teacher is the small model, and it writes from no lesson
    protected probes     the real lines whose loss is followed
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from curricula.filters.decontaminate import Decontaminator
from curricula.filters.wording import take_apart
from curricula.funnel import Order, judge
from curricula.lesson import Candidate, Lesson, Verdict
from curricula.mix import build_mix
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate

STEP = re.compile(r"<<([^<>=]+)=([^<>=]+)>>")
RESULT = re.compile(r"<<[^<>]*>>\s*-?[\d.,/]*")
REAL_MIN = 0.48  # the mix aims .02 above it: half of the tokens are real, as under `mix`
DRAWS = 20  # lines are looked for among at most so many times the lines wanted


def is_true(line: str) -> bool:
    """Whether a line has a marked step and all its steps hold."""
    steps = STEP.findall(line)
    try:
        return bool(steps) and all(abs(evaluate(left).value - evaluate(right).value) < 1e-6 for left, right in steps)
    except ArithmeticRefused:
        return False


def kind_of(line: str) -> str:
    """Operations of its steps, sorted, each once: `*+`; empty where a step only states a number."""
    return "".join(sorted({sign for left, _ in STEP.findall(line) for sign in re.findall(r"[-+*/]", left)}))


def lesson_of(line: str, depth: int) -> Lesson:
    """One line as a lesson; depth 0 is a real one."""
    prompt, steps = RESULT.sub("?", line), STEP.findall(line)
    return Lesson(prompt, line, steps[-1][1] if steps else "", "anchor" if depth == 0 else "own", depth, check=steps[-1][0] if steps else "", check_kind="expression",
                  operator="" if depth == 0 else kind_of(line), source="real" if depth == 0 else "", meta={"template": " ".join(take_apart(prompt).skeleton)})


@dataclass
class Accepted:
    """Lessons that the generations before left, and how to find and mix more."""

    real: list[Lesson]
    decontaminator: Decontaminator
    lessons: list[Lesson] = field(default_factory=list)
    new: list[Lesson] = field(default_factory=list)
    """Of the last generation."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why lines of the last generation were not kept; false ones are not counted."""

    def add(self, draw: Callable[[int], list[str]], n: int, by_kind: bool) -> None:
        """Look for `n` lessons in what `draw(turn)` gives, a list of lines a turn."""
        wanted = {"": n}
        if by_kind:
            kinds = [kind_of(row.completion) for row in self.real]
            wanted = {kind: round(n * kinds.count(kind) / len(kinds)) for kind in sorted(set(kinds))}
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for turn in range(DRAWS):
            for line in draw(turn):
                if is_true(line):
                    found[kind_of(line) if by_kind else ""][line] = None
            if all(len(found[kind]) >= n_wanted for kind, n_wanted in wanted.items()):
                break
        orders = [Order(kind, "own", (Candidate(lesson_of(line, 1)) for line in found[kind]), n_wanted) for kind, n_wanted in wanted.items() if n_wanted]
        result = judge(orders, accepted_before=[*self.real, *self.lessons, *self.new], decontaminator=self.decontaminator, verify=_verify)
        self.lessons += self.new
        self.new = result.kept
        self.reasons = {}
        for count in result.counts:
            for reason, times in count.reasons.items():
                self.reasons[reason] = self.reasons.get(reason, 0) + times

    def curriculum(self, tokenizer: Any, seed: int) -> list[str]:
        """The lines to train on."""
        def count(rows: Sequence[tuple[str, str]]) -> list[int]:
            return [len(one.ids) + 1 for one in tokenizer.encode_batch([completion for _, completion in rows])]

        n_real = sum(count([(row.prompt, row.completion) for row in self.real]))
        mix = build_mix([*self.real, *self.new], self.lessons, [], [], count_tokens=count, real_min=REAL_MIN, real_max=1.0, max_tokens=2 * n_real, seed=seed, policy="both")
        self.recipe = mix.recipe
        return [row.lesson.completion for row in mix.rows]


def _verify(lesson: Lesson) -> Verdict:
    return Verdict("verifier", "pass" if is_true(lesson.completion) else "fail")
