"""Judge candidate lessons, cheapest check first, and count what each step let through.

Orders (a weakness, a strategy's candidates, how many lessons are wanted) go in; accepted lessons, every verdict of
every candidate and the funnel's counts come out. Steps: parse, the strategy's own rules, exact duplicate, near duplicate,
contamination, verifier and, where it is asked for, learnable. The first step that does not pass is final: nothing rescues a lesson, and what
can't be verified is dropped like what is wrong.

Candidates are pulled one by one and pulling stops when an order is filled, so a lazy strategy asks its teacher for no
more than is needed. Only `learnable` sees several at once, for it asks the student: never more than are still wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from curricula.anchors.rows import unstorable
from curricula.filters.dedup import Deduplicator
from curricula.filters.leaks import Checks
from curricula.lesson import Candidate, Lesson, Verdict
from probes.errors import WeakspotError

OFFERS_PER_LESSON = (
    10  # an order's candidates read at most, per lesson wanted: a flood of duplicates must end
)
LOW_YIELD = 0.1  # below this share kept, a person should look at the reasons
FEW_OFFERS = 10  # too few candidates to call a yield low


@dataclass(frozen=True)
class Order:
    """What one strategy offers for one weakness."""

    weakness_id: str
    strategy: str
    candidates: Iterable[Candidate]
    n_lessons: int
    """Accepted lessons wanted."""


@dataclass(frozen=True)
class Judged:
    """One candidate with every verdict it got, in order of the steps."""

    candidate: Candidate
    weakness_id: str
    strategy: str
    verdicts: tuple[Verdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The last one, which decided."""
        return self.verdicts[-1]

    @property
    def is_kept(self) -> bool:
        """Passed every step."""
        return self.verdict.outcome == "pass"


@dataclass(frozen=True)
class FunnelCounts:
    """How many candidates of one order were left after each step."""

    weakness_id: str
    strategy: str
    wanted: int
    asked: int
    """Candidates read from the strategy."""
    parsed: int
    deduplicated: int
    decontaminated: int
    verified: int
    kept: int
    reasons: dict[str, int]
    """Rejections by `step: reason`, most frequent first."""


@dataclass(frozen=True)
class FunnelResult:
    """Everything that was judged in one cycle."""

    judged: tuple[Judged, ...]
    counts: tuple[FunnelCounts, ...]
    stopped: WeakspotError | None = None
    """Why the teacher gave out before all orders were filled (budget, quota); what was kept until then stands."""

    @property
    def kept(self) -> list[Lesson]:
        """Accepted lessons, in the order they were judged."""
        return [
            row.candidate.lesson for row in self.judged if row.is_kept and row.candidate.lesson is not None
        ]

    @property
    def rejected(self) -> list[Judged]:
        """Candidates that failed a step; `.verdict` says which and why."""
        return [row for row in self.judged if not row.is_kept]

    @property
    def warnings(self) -> list[str]:
        """One line for each order that kept almost nothing, with its main reason."""
        lines = []
        for row in self.counts:
            if row.asked >= FEW_OFFERS and row.kept < LOW_YIELD * row.asked:
                reason, n_times = next(iter(row.reasons.items()))
                lines.append(
                    f"{row.weakness_id} by {row.strategy}: {row.kept} of {row.asked} candidates kept"
                    f" (most often {reason}, {n_times} times)"
                )
        return lines


def judge(
    orders: Sequence[Order],
    *,
    accepted_before: Iterable[Lesson],
    decontaminator: Checks,
    verify: Callable[[Lesson], Verdict],
    learnable: Callable[[Sequence[Lesson]], list[Verdict]] | None = None,
    max_lessons: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> FunnelResult:
    """Fill the orders one after the other.

    `accepted_before`: lessons of earlier cycles, which new ones must not repeat. `learnable`: the last step, None leaves it
    out. `max_lessons`: over all orders together. `tell` is called after every candidate with how many were kept and how many
    read so far. A `WeakspotError` from a strategy's iterator (the teacher's budget or quota) ends judging and is handed back
    as `stopped`.
    """
    seen = Deduplicator.of(accepted_before)
    judged: list[Judged] = []
    counts: list[FunnelCounts] = []
    stopped: WeakspotError | None = None
    for order in orders:
        rows: list[Judged] = []
        room = order.n_lessons
        if max_lessons is not None:
            room = min(room, max_lessons - sum(row.is_kept for row in judged))
        if room > 0 and stopped is None:
            n_kept, n_read = sum(row.is_kept for row in judged), len(judged)
            stopped = _fill(order, room, rows, seen, decontaminator, verify, learnable, partial(_tell_on, tell, n_kept, n_read))
        judged += rows
        counts.append(_count(order, rows))
    return FunnelResult(tuple(judged), tuple(counts), stopped)


def _fill(
    order: Order,
    room: int,
    rows: list[Judged],
    seen: Deduplicator,
    decontaminator: Checks,
    verify: Callable[[Lesson], Verdict],
    learnable: Callable[[Sequence[Lesson]], list[Verdict]] | None,
    tell: Callable[[int, int], None],
) -> WeakspotError | None:
    offers = iter(order.candidates)
    n_kept, limit, stopped, is_exhausted = 0, OFFERS_PER_LESSON * order.n_lessons, None, False
    while n_kept < room and len(rows) < limit and not is_exhausted:
        taken: list[Judged] = []
        while sum(row.is_kept for row in taken) < room - n_kept and len(rows) + len(taken) < limit:
            try:
                candidate = next(offers)
            except StopIteration:
                is_exhausted = True
                break
            except WeakspotError as error:
                is_exhausted, stopped = True, error
                break
            row = Judged(
                candidate, order.weakness_id, order.strategy, _verdicts(candidate, seen, decontaminator, verify)
            )
            taken.append(row)
            if row.is_kept and candidate.lesson is not None:
                seen.add(candidate.lesson)  # also where the student then can't learn from it: its copy could not either
            tell(n_kept + sum(row.is_kept for row in taken), len(rows) + len(taken))
        taken = _with_last_step(taken, learnable) if learnable is not None else taken
        rows += taken
        n_kept += sum(row.is_kept for row in taken)
    return stopped


def _with_last_step(rows: list[Judged], learnable: Callable[[Sequence[Lesson]], list[Verdict]]) -> list[Judged]:
    """The rows, those that had passed everything with one verdict more."""
    verdicts = iter(learnable([row.candidate.lesson for row in rows if row.is_kept and row.candidate.lesson is not None]))
    return [replace(row, verdicts=(*row.verdicts, next(verdicts))) if row.is_kept and row.candidate.lesson is not None else row for row in rows]


def _tell_on(tell: Callable[[int, int], None] | None, kept_before: int, read_before: int, n_kept: int, n_read: int) -> None:
    if tell is not None:
        tell(kept_before + n_kept, read_before + n_read)


def _verdicts(
    candidate: Candidate,
    seen: Deduplicator,
    decontaminator: Checks,
    verify: Callable[[Lesson], Verdict],
) -> tuple[Verdict, ...]:
    lesson = candidate.lesson
    if lesson is None:
        reason = candidate.reason or "no lesson in the reply"
        verdict = Verdict(candidate.step, candidate.outcome, reason, candidate.evidence or candidate.raw[:200])
        return (verdict,) if verdict.step == "parse" else (Verdict("parse", "pass"), verdict)
    if not lesson.prompt.strip() or not lesson.completion.strip():
        return (Verdict("parse", "fail", "empty prompt or completion"),)
    if odd := unstorable(lesson.prompt) or unstorable(lesson.completion):
        return (Verdict("parse", "fail", "characters that no file can hold", odd),)
    verdicts = [Verdict("parse", "pass")]
    for step in (seen.check_exact, seen.check_near, decontaminator.check, verify):
        verdicts.append(step(lesson))
        if verdicts[-1].outcome != "pass":
            break
    return tuple(verdicts)


def _count(order: Order, rows: list[Judged]) -> FunnelCounts:
    passed = Counter(verdict.step for row in rows for verdict in row.verdicts if verdict.outcome == "pass")
    reasons = Counter(f"{row.verdict.step}: {_reason(row.verdict)}" for row in rows if not row.is_kept)
    n_kept = sum(row.is_kept for row in rows)
    return FunnelCounts(
        weakness_id=order.weakness_id,
        strategy=order.strategy,
        wanted=order.n_lessons,
        asked=len(rows),
        parsed=passed["parse"],
        deduplicated=passed["near_duplicate"],
        decontaminated=passed["contamination"],
        verified=passed["verifier"],
        kept=n_kept,
        reasons=dict(reasons.most_common()),
    )


def _reason(verdict: Verdict) -> str:
    return (
        verdict.reason if verdict.outcome == "fail" else f"{verdict.outcome}: {verdict.reason}".rstrip(": ")
    )
