"""plan: the lesson budget is shared over weaknesses by failure mass times learnability.

Naive targeting (largest failure mass first) measured worse than no targeting; the learnable middle
measured better (docs/decisions/0002). So a weakness that is never solved gets little, one that is solved
sometimes gets most, and a share is spread evenly so that nothing starves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.context import RunContext, StageResult
from agent.state import CycleState

HOPELESS = 0.15  # learnability of a weakness never yet solved: it gets lessons, but few
BACK_OFF = 0.5  # each cycle in which a weakness was taught and did not move halves its share


@dataclass(frozen=True)
class Need:
    """One weakness as the plan sees it."""

    weakness: str
    kind: str
    n_failures: int
    accuracy: float
    """Lenient share right among its members, 0 to 1."""
    failed_tries: int
    """Cycles in a row in which it was taught and stayed."""


@dataclass(frozen=True)
class Share:
    """One weakness's part of the budget."""

    weakness: str
    n_lessons: int
    learnability: float
    reason: str


def learnability(need: Need) -> float:
    """How much a lesson may bring, 0 to 1: highest where the student is right half of the time."""
    if need.kind == "format":
        return 1.0
    return max(HOPELESS, 4 * need.accuracy * (1 - need.accuracy)) * BACK_OFF**need.failed_tries


def share_budget(needs: Sequence[Need], total: int, explore_share: float) -> list[Share]:
    """Split `total` lessons; the shares add up to it exactly (largest remainders), in the order given."""
    if not needs:
        return []
    worth = [need.n_failures * learnability(need) for need in needs]
    whole = sum(worth) or 1.0
    exact = [total * (explore_share / len(needs) + (1 - explore_share) * value / whole) for value in worth]
    counts = [int(amount) for amount in exact]
    by_remainder = sorted(range(len(needs)), key=lambda i: (counts[i] - exact[i], needs[i].weakness))
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return [Share(need.weakness, count, learnability(need),
                  f"{need.n_failures} failures, {need.accuracy:.0%} solved" + (f", {need.failed_tries} tries without gain" if need.failed_tries else ""))
            for need, count in zip(needs, counts, strict=True)]


def plan(context: RunContext, state: CycleState) -> StageResult:
    """Give each weakness its number of lessons and its strategy."""
    run, cycle, settings = state["run"], state["cycle"], context.config
    open_ones = [row for row in context.store.weaknesses.of_cycle(run, cycle) if row["is_open"] and row["n_failures"]]
    weaknesses = open_ones[: settings.diagnosis.max_weaknesses]
    needs = [_need(context, state, row) for row in weaknesses]
    shares = [share for share in share_budget(needs, settings.plan.lessons_per_cycle, settings.plan.explore_share) if share.n_lessons]
    rows: list[dict[str, Any]] = []
    for share in shares:
        parts = _even(share.n_lessons, len(settings.strategies))
        rows += [{"weakness": share.weakness, "strategy": strategy, "n_lessons": part, "learnability": share.learnability, "reason": share.reason}
                 for strategy, part in zip(settings.strategies, parts, strict=True) if part]
    return StageResult({"n_weaknesses": len(weaknesses)},
                       f"{sum(row['n_lessons'] for row in rows)} lessons over {len(shares)} weaknesses by {', '.join(settings.strategies)}",
                       lambda store: store.weaknesses.add_plan(run, cycle, rows))


def _need(context: RunContext, state: CycleState, row: dict[str, Any]) -> Need:
    members = context.store.weaknesses.members(state["run"], state["cycle"], row["weakness"])
    right = 1 - row["n_failures"] / row["n"] if row["n"] else 0.0
    return Need(row["weakness"], row["kind"], row["n_failures"], right if members else 0.0, _failed_tries(context, state, row["weakness"]))


def _failed_tries(context: RunContext, state: CycleState, weakness: str) -> int:
    """Latest cycles in a row that taught this weakness and were not promoted."""
    tries = 0
    for cycle in range(state["cycle"] - 1, 0, -1):
        decision = context.store.decisions.of_cycle(state["run"], cycle)
        taught = any(row["weakness"] == weakness for row in context.store.weaknesses.plan(state["run"], cycle))
        if not taught or decision is None or decision["decision"] == "promote":
            break
        tries += 1
    return tries


def _even(total: int, parts: int) -> list[int]:
    return [total // parts + (index < total % parts) for index in range(parts)]
