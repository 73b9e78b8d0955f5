"""The policies `verified` and `self_verified` of `bench.collapse`: what a run's funnel and mix make of lines of a small model.

Real lines and written ones go in; the lines that the next generation is trained on come out. Nothing here judges or mixes by
itself: lines become lessons and pass through `curricula.funnel` and `curricula.mix`. The policies differ in who made problem and check:

    verified       A human. Real lines are opened up to their calculation (`So he has 4 * 2 = <<4*2=`) and the model goes on, as often
                   as `curricula.strategies.rationales` asks for a hard problem. For `numeric`, the value that it comes to must be the
                   real line's. An opening that calculates nothing (`<<8=`) tells its answer and is not asked, nor is a real line
                   that has its `KEPT` lessons, from this generation or any before: easy ones would fill the curriculum.
    self_verified  The model. It writes whole lines, and those whose steps hold are looked at: for `numeric`, the numbers of the last
                   step must be the prompt's, its value the line's last number. Wanted: of each shape its share of the real lines.

What stands for what in a run:

    prompt, completion   the line with its marked results left out; the line
    operator             the shape of the marked steps, every digit a `#`: `##*#` for `12*4`
    template             the line without its numbers and names (`curricula.filters.wording`)
    depth                1: the small model is the teacher and writes from no lesson
    probes               the real lines whose loss is followed
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from curricula.filters.decontaminate import Decontaminator
from curricula.filters.wording import take_apart
from curricula.funnel import Order, judge
from curricula.lesson import Candidate, Lesson
from curricula.mix import build_mix
from curricula.strategies.rationales import KEPT, MORE_PER_MISS, SAMPLES
from curricula.strategies.votes import is_same
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate
from curricula.verifiers.contract import verify
from probes.suite import Probe

STEP = re.compile(r"<<([^<>=]+)=([^<>=]+)>>")
RESULT = re.compile(r"<<[^<>]*>>\s*-?[\d.,/]*")
REAL_MIN = 0.48  # the mix aims .02 above it: half of the tokens are real, as under `mix`
DRAWS = 20  # self_verified: lessons are looked for among at most so many times the lines wanted
TRIALS = SAMPLES * (1 + MORE_PER_MISS)  # verified: lines an opening, as many as `rationales` asks for where none is right


def marked_steps(line: str) -> list[tuple[str, str]]:
    """(calculation, result) of each `<<a*b=c>>`."""
    return STEP.findall(line)


def is_true(line: str) -> bool:
    """Whether a line has a marked step and all its steps hold."""
    steps = marked_steps(line)
    try:
        return bool(steps) and all(abs(evaluate(left).value - evaluate(right).value) < 1e-6 for left, right in steps)
    except ArithmeticRefused:
        return False


def shape_of(line: str) -> str:
    """The calculations of its steps with every digit a `#`, `;` between them."""
    return ";".join(re.sub(r"\d", "#", re.sub(r"[ ,]", "", left)) for left, _ in marked_steps(line))


def opening_of(line: str) -> str:
    """A line with a marked step up to the last one's `=`, which asks for its value; empty where it calculates nothing."""
    step = list(STEP.finditer(line))[-1]
    try:
        asks = evaluate(step[1]).n_operators > 0
    except ArithmeticRefused:
        asks = False
    return line[: step.end(1)] + "=" if asks else ""


def lesson_of(line: str, is_real: bool) -> Lesson:
    """A line with a marked step as a lesson; one that is not real has its own calculation for a check."""
    check, answer = marked_steps(line)[-1]
    prompt = RESULT.sub("?", line)
    if is_real:
        return Lesson(prompt, line, answer, "anchor", 0, source="real")
    return Lesson(prompt, line, answer, "own", 1, verifier="numeric", check=check, check_kind="expression", operator=shape_of(line),
                  meta={"template": " ".join(take_apart(prompt).skeleton)})


def answer_to(real: Lesson, line: str) -> Candidate:
    """A line that begins as a real one does, to be checked by the value of that one; `rationales` too sorts out other values first."""
    if not marked_steps(line):
        return Candidate(None, line, "no marked step")
    lesson = lesson_of(line, False)
    if not is_same(lesson.answer, real.answer):
        return Candidate(None, line, "wrong final answer", step="strategy")
    return Candidate(replace(lesson, check=real.answer, check_kind="gold", parents=(real.lesson_id,)))


class Accepted:
    """What the funnel kept, generation by generation, beside the real lines."""

    def __init__(self, real: Sequence[str], held: Sequence[str]) -> None:
        """`real` are trained on, `held` must not be."""
        self._real = [lesson_of(line, True) for line in real]
        shapes = Counter(map(shape_of, real))
        self._plan = {shape: n / len(real) for shape, n in sorted(shapes.items())}
        self._decontaminator = Decontaminator(Probe("held", lesson.lesson_id, lesson.prompt, lesson.answer, "numeric") for lesson in (lesson_of(line, True) for line in held))
        self._before: list[Lesson] = []
        self.new: list[Lesson] = []
        """Kept in the last generation."""
        self.n_asked = 0
        """Lines that the funnel looked at in the last generation."""
        self.refused: dict[str, int] = {}
        """Those of them that were not kept, by `step: reason`."""

    def answer(self, go_on: Callable[[Sequence[str], int], Sequence[str]]) -> None:
        """`verified`: look for lessons in `go_on(openings, turn)`, one line an opening, in `TRIALS` turns, until a real line has `KEPT`."""
        n_had = Counter(lesson.parents[0] for lesson in (*self._before, *self.new))
        opened = [(row, opening) for row in self._real if n_had[row.lesson_id] < KEPT and (opening := opening_of(row.completion))]
        turns = [go_on([opening for _, opening in opened], turn) for turn in range(TRIALS)]
        self._judge([Order(row.lesson_id, "own", [answer_to(row, line) for line in lines], KEPT - n_had[row.lesson_id])
                     for (row, _), *lines in zip(opened, *turns, strict=True)])

    def look(self, written: Sequence[str], draw: Callable[[int], Sequence[str]], n: int) -> None:
        """`self_verified`: look for `n` lessons in the lines `written` and, as long as a shape lacks some, in `draw(1)`, `draw(2)` and so on."""
        wanted = {shape: round(n * share) for shape, share in self._plan.items() if round(n * share)}
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for turn in range(DRAWS):
            for line in draw(turn) if turn else written:
                if is_true(line):
                    found[shape_of(line)][line] = None
            if all(len(found[shape]) >= n_wanted for shape, n_wanted in wanted.items()):
                break
        self._judge([Order(shape, "own", [Candidate(lesson_of(line, False)) for line in found[shape]], n_wanted) for shape, n_wanted in wanted.items()])

    def _judge(self, orders: Sequence[Order]) -> None:
        self._before += self.new
        result = judge(orders, accepted_before=[*self._real, *self._before], decontaminator=self._decontaminator, verify=verify)
        self.new, self.n_asked = result.kept, len(result.judged)
        self.refused = dict(Counter(f"{row.verdict.step}: {row.verdict.reason}" for row in result.rejected))

    def curriculum(self, tokenizer: Any, seed: int) -> list[str]:
        """The real lines and as many tokens of accepted ones at most, as the mix chooses them, in training order."""
        def count(rows: Sequence[tuple[str, str]]) -> list[int]:
            return [len(row.ids) + 1 for row in tokenizer.encode_batch([completion for _, completion in rows])]

        n_real = sum(count([(row.prompt, row.completion) for row in self._real]))
        if not self.new and not self._before:
            return [row.completion for row in self._real]
        mix = build_mix([*self._real, *self.new], self._before, [], [], count_tokens=count, real_min=REAL_MIN, real_max=1.0, max_tokens=2 * n_real, seed=seed, policy="both")
        return [row.lesson.completion for row in mix.rows]
