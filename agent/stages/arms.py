"""The curricula of a control comparison: the same parent, the same number of lessons, the same tokens.

A cycle's plan goes in, one equal curriculum an arm comes out. `targeted` is what the plan asks for; `untargeted` uses the
same strategies on every diagnose probe, right or wrong; `random_real` has human-made rows, drawn at random, in place of
lessons. Whatever else is in a curriculum (earlier lessons, anchors) is drawn by the same rules from the same pool.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from agent.context import RunContext
from agent.diagnosis.weakness import EVERYTHING
from agent.stages.brief import fit_seeds, make_brief, probe_index
from agent.stages.learnability import learnability_step
from agent.stages.nearness import near_failures
from agent.stages.real import anchor_names
from agent.stages.teach import earlier_lessons, mix_of, order_of, pages_of
from agent.stages.verification import verifier_step
from agent.state import CycleState
from curricula.anchors.contract import load_anchors
from curricula.collapse.held import hold_out
from curricula.equal import equal_tokens, with_real_rows
from curricula.filters.leaks import LeakWatch
from curricula.funnel import Order, judge
from curricula.lesson import Lesson
from curricula.mix import Mix
from probes.errors import WeakspotError

TARGETED, UNTARGETED, RANDOM_REAL = "targeted", "untargeted", "random_real"
ARMS = (TARGETED, UNTARGETED, RANDOM_REAL)
FEWEST = 5  # lessons an arm must have: see teach.MIN_LESSONS


@dataclass(frozen=True)
class Writing:
    """What one seed of a comparison is written from."""

    n_lessons: int
    seed: int
    shares: tuple[float, ...]
    """Parts of the lessons to train on, each a learning-curve point; 1.0 is all of them."""


def arm_mixes(context: RunContext, state: CycleState, writing: Writing) -> dict[tuple[str, float], Mix]:
    """One curriculum for each (arm, share), in equal tokens within a share.

    Smaller shares hold a subset of the larger ones' lessons. A strategy may run dry before `n_lessons`: then every arm has as few.

    Raises:
        WeakspotError: an arm has fewer than five lessons, the teacher stopped, or no mix keeps the rules.
    """
    leaks = LeakWatch(probe_index(context.store, state["run"]))
    earlier = earlier_lessons(context, state)
    seeds, pages = fit_seeds(context.config.curriculum, leaks.at("seed")), pages_of(context, state["cycle"], context.config.strategies)
    orders = {TARGETED: _targeted(context, state, writing, seeds, pages, earlier), UNTARGETED: [_untargeted(context, state, writing, seeds, pages, name, part)
              for name, part in _parts(context.config.strategies, writing.n_lessons)]}
    lessons = {arm: _written(context, state, arm, own, earlier, leaks) for arm, own in orders.items()}
    n_equal = min(len(own) for own in lessons.values())
    if n_equal < FEWEST:
        raise WeakspotError(f"a control arm has {n_equal} lessons, at least {FEWEST} are needed",
                            where=", ".join(f"{arm} {len(own)}" for arm, own in lessons.items()), hint="more lessons, or another strategy")
    drawn = {arm: random.Random(f"arm:{writing.seed}:{arm}").sample(own, n_equal) for arm, own in lessons.items()}
    anchors = leaks.at("anchor")
    real = [row for row in hold_out(load_anchors(anchor_names(context.config.curriculum)))[0] if anchors.check(row).outcome == "pass"]
    mixes: dict[tuple[str, float], Mix] = {}
    for share in writing.shares:
        n = max(1, round(share * n_equal))
        own = {arm: mix_of(context, state, rows[:n], earlier, leaks, seed=writing.seed) for arm, rows in drawn.items()}
        target = max(mix.n_tokens for mix in own.values())
        bare = own[UNTARGETED]
        own[RANDOM_REAL] = with_real_rows(bare, real, target, count_tokens=context.student.count_tokens, seed=writing.seed,
                                          max_row_tokens=context.config.curriculum.max_anchor_tokens)
        mixes |= {(arm, share): mix for arm, mix in equal_tokens(own, real, count_tokens=context.student.count_tokens, seed=writing.seed,
                                                                 max_row_tokens=context.config.curriculum.max_anchor_tokens).items()}
    return mixes


def _targeted(context: RunContext, state: CycleState, writing: Writing, seeds: tuple[Lesson, ...], pages: tuple[Lesson, ...],
              earlier: Sequence[Lesson]) -> list[Order]:
    """The plan's orders, scaled to the number of lessons."""
    rows = context.store.weaknesses.plan(state["run"], state["cycle"])
    counts = _scaled([row["n_lessons"] for row in rows], writing.n_lessons)
    near = near_failures(context, state)
    orders = []
    for row, n in zip(rows, counts, strict=True):
        if n:
            brief = make_brief(context.store, state["run"], state["cycle"], row["weakness"], n, model_key=context.student.model_key,
                               champion=state["champion"], seed=_mixed(writing.seed, row["weakness"]), seeds=seeds, earlier=earlier, pages=pages, near=near)
            orders.append(order_of(context, brief, row["strategy"]))
    return orders


def _untargeted(context: RunContext, state: CycleState, writing: Writing, seeds: tuple[Lesson, ...], pages: tuple[Lesson, ...], strategy: str, n: int) -> Order:
    """One order for all diagnose probes, whether the student fails them or not."""
    brief = make_brief(context.store, state["run"], state["cycle"], EVERYTHING, n, model_key=context.student.model_key, champion=state["champion"],
                       seed=_mixed(writing.seed, strategy), seeds=seeds, earlier=(), pages=pages)
    return order_of(context, brief, strategy)


def _written(context: RunContext, state: CycleState, arm: str, orders: Sequence[Order], earlier: Sequence[Lesson], leaks: LeakWatch) -> list[Lesson]:
    funnel = judge(orders, accepted_before=earlier, decontaminator=leaks.at("lesson"), verify=verifier_step(context.config), learnable=learnability_step(context, state))
    if funnel.stopped is not None:
        raise funnel.stopped
    context.watcher.say(f"{arm}: {len(funnel.kept)} lessons of {sum(count.asked for count in funnel.counts)} candidates")
    return funnel.kept


def _scaled(counts: Sequence[int], total: int) -> list[int]:
    """`counts` in proportion, adding up to `total` (largest remainders)."""
    whole = sum(counts) or 1
    exact = [total * count / whole for count in counts]
    floors = [int(amount) for amount in exact]
    for index in sorted(range(len(exact)), key=lambda i: floors[i] - exact[i])[: total - sum(floors)]:
        floors[index] += 1
    return floors


def _parts(names: Sequence[str], total: int) -> list[tuple[str, int]]:
    return [(name, part) for name, part in zip(names, _scaled([1] * len(names), total), strict=True) if part]


def _mixed(seed: int, name: str) -> int:
    return random.Random(f"arm:{seed}:{name}").getrandbits(31)
