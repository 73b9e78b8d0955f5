"""plan: the lesson budget is shared over weaknesses and strategies, by what earlier cycles brought, and what may come of it is said.

Failure mass times learnability is where a plan begins (docs/decisions/0002); from the second look on, Thompson sampling over what
the gate saw each strategy's lessons bring, and over what the funnel kept of them (docs/decisions/0009). The one thing to
know: all of it is read from the database and drawn with the cycle's own seed, so a killed run makes the same plan.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.context import RunContext, StageResult
from agent.diagnosis.weakness import EVERYTHING
from agent.planning.allocate import Part, allocate
from agent.planning.budget import Need, Share, learnability, share_budget, whole_numbers
from agent.planning.effects import Arm, Belief, Trial, believe
from agent.planning.forecast import Forecast, Group, forecast
from agent.planning.words import expectation, why
from agent.planning.yields import Funnel, Yield, yields
from agent.stages.experience import (
    costs,
    failed_tries,
    funnels,
    gains_seen,
    trials,
    unexplained,
    unjudged,
)
from agent.stages.nearness import near_failures
from agent.stages.power import power_of
from agent.state import CycleState

__all__ = ["Need", "Share", "learnability", "plan", "share_budget"]


def plan(context: RunContext, state: CycleState) -> StageResult:
    """Order each weakness its lessons, by strategy, and say what may be expected."""
    run, cycle, settings = state["run"], state["cycle"], context.config
    open_ones = [row for row in context.store.weaknesses.of_cycle(run, cycle) if row["is_open"] and row["n_failures"]]
    weaknesses = open_ones[: settings.diagnosis.max_weaknesses]
    needs = _needs(context, state, weaknesses, near_failures(context, state) or {})
    n_all = round(settings.plan.lessons_per_cycle * settings.plan.everything_share) if needs else 0
    arms = [Arm(need.weakness, need.kind, strategy) for need in needs for strategy in settings.strategies]
    looks, orders = trials(context.store, run, cycle), funnels(context.store, run, cycle)
    belief, kept = believe(looks, arms, cycle), yields(orders, arms, cycle)
    parts = allocate(needs, belief, kept, settings.plan.lessons_per_cycle - n_all, settings.plan.explore_share, context.seed("plan", cycle), allowance_usd=_allowance(context, cycle))
    rows = [_row(part, needs, kept[belief.arms.index(_arm(part, needs))], looks, len(settings.strategies)) for part in parts]
    over_all = dict(zip(settings.strategies, whole_numbers([n_all / len(settings.strategies)] * len(settings.strategies), n_all), strict=True))
    rows += [{"weakness": EVERYTHING, "strategy": strategy, "n_lessons": n, "learnability": 1.0, "reason": "all diagnose probes, right or wrong: plan.everything_share", "evidence": {}}
             for strategy, n in over_all.items() if n]
    outlook = _outlook(context, state, weaknesses, parts, belief, orders, over_all)
    facts = {**asdict(outlook), "cycle": cycle, "usd_left": settings.limits.budget_usd - context.store.money.spent_usd(run) if context.teacher else None}
    for line in expectation(facts):
        context.watcher.say(line)
    by_strategy = Counter[str](over_all)
    for part in parts:
        by_strategy[part.strategy] += part.n_lessons
    by_strategy = +by_strategy
    return StageResult({"n_weaknesses": len(weaknesses)},
                       f"{sum(by_strategy.values())} lessons over {len({part.weakness for part in parts})} weaknesses by "
                       + ", ".join(name if len(by_strategy) == 1 else f"{name} {n}" for name, n in by_strategy.most_common()),
                       lambda store: store.weaknesses.add_plan(run, cycle, rows, facts))


def _needs(context: RunContext, state: CycleState, rows: Sequence[dict[str, Any]], near: Mapping[tuple[str, str], float]) -> list[Need]:
    """The weaknesses as the budget sees them; the accuracy is that of the score of the kind, `near` the nearness of single failures."""
    seen = gains_seen(context.store, state["run"], state["cycle"])
    own = {row["weakness"]: [near[key] for member in context.store.weaknesses.members(state["run"], state["cycle"], row["weakness"])
                             if (key := (member["suite"], member["probe_id"])) in near] for row in rows}
    return [Need(row["weakness"], row["kind"], row["n_failures"], 1 - row["n_failures"] / row["n"],
                 failed_tries([entry for entry in context.store.weaknesses.ledger(state["run"], row["weakness"]) if entry["cycle"] <= state["cycle"]],
                              seen.get(row["weakness"], {})),
                 nearness=sum(own[row["weakness"]]) / len(own[row["weakness"]]) if own[row["weakness"]] else None) for row in rows]


def _allowance(context: RunContext, cycle: int) -> float | None:
    """US dollars that a lesson ordered may cost if what is left is to last for all cycles; None where none costs anything."""
    limits = context.config.limits
    if context.teacher is None or not limits.budget_usd:
        return None
    left = max(0.0, limits.budget_usd - context.store.money.spent_usd(context.run))
    return max(left, 1e-6) / max(1, limits.cycles - cycle + 1) / context.config.plan.lessons_per_cycle


def _arm(part: Part, needs: Sequence[Need]) -> Arm:
    return Arm(part.weakness, next(need.kind for need in needs if need.weakness == part.weakness), part.strategy)


def _row(part: Part, needs: Sequence[Need], kept: Yield, looks: Sequence[Trial], n_strategies: int) -> dict[str, Any]:
    """One row of the table, with what decided it."""
    need = next(need for need in needs if need.weakness == part.weakness)
    evidence = {**asdict(part), "kind": need.kind, "n_failures": need.n_failures, "accuracy": need.accuracy,
                "n_looks": sum(bool(look.lessons.get(part.strategy)) for look in looks if look.weakness == part.weakness),
                "asked_per_kept": "inf" if kept.asked_per_kept == math.inf else kept.asked_per_kept, "usd_per_order": kept.usd_per_order}
    return {"weakness": part.weakness, "strategy": part.strategy, "n_lessons": part.n_lessons, "learnability": part.learnability,
            "reason": why(evidence, n_strategies), "evidence": evidence}


def _outlook(context: RunContext, state: CycleState, weaknesses: Sequence[dict[str, Any]], parts: Sequence[Part], belief: Belief, orders: Sequence[Funnel],
             over_all: dict[str, int]) -> Forecast:
    """The forecast of this plan, with the gate as it will stand at its next look. Lessons that aim at nothing (`over_all`, by strategy) cost, and
    what they gain is no weakness's."""
    store, run, cycle, settings = context.store, state["run"], state["cycle"], context.config
    waiting = unjudged(store, run, cycle)
    n_probes = sum(row["n"] for row in store.samples.split_sizes(run) if row["split"] == "diagnose")
    groups = []
    for row in weaknesses:
        if row["kind"] == "format" and settings.gate.score == "lenient":
            continue  # a repaired shape moves the strict score alone
        lessons = {part.strategy: part.n_lessons * part.kept_share for part in parts if part.weakness == row["weakness"]}
        for (weakness, strategy), n in waiting.items():
            if weakness == row["weakness"] and strategy in settings.strategies:
                lessons[strategy] = lessons.get(strategy, 0.0) + n
        groups.append(Group(row["weakness"], row["kind"], 1 - row["n_failures"] / row["n"], row["n"] / max(1, n_probes), lessons))
    ordered = Counter[str](over_all)
    for part in parts:
        ordered[part.strategy] += part.n_lessons
    gate = power_of(context)
    return forecast(groups, belief, ordered, costs(store, run, cycle, orders, has_price=context.teacher is not None, max_tokens=settings.curriculum.max_tokens),
                    n_kept=sum(part.n_lessons * part.kept_share for part in parts), n_gate=gate["n"], discordance=gate["discordance"], level=gate["level"], protected_pass=math.prod(row["harmless_passes"] for row in gate["protected"]),
                    smallest_gain=gate["smallest_gain"], is_mcnemar=settings.gate.test == "mcnemar", unexplained=unexplained(store, run, cycle, settings.gate.score), seed=context.seed("forecast", cycle))
