"""teach: strategies write lessons for the planned weaknesses; what survives the funnel becomes the curriculum.

The teacher sees failures of the diagnose split only; what it writes is compared against every split. Rejected
rows are stored with their reason. Almost no lesson kept is an outcome (`no_data`); a mix that breaks its rules, or a teacher that is gone, an error.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agent.context import RunContext, StageResult
from agent.diagnosis.weakness import EVERYTHING
from agent.stages.brief import fit_seeds, make_brief, probe_index, wrong_only
from agent.stages.cost import say_forecast, teller
from agent.stages.experience import TAUGHT_FROM
from agent.stages.learnability import learnability_step
from agent.stages.nearness import near_failures
from agent.stages.real import anchor_names, domain_finder
from agent.stages.verification import calibrated_judge, rates_of_used, verifier_step
from agent.state import CycleState
from agent.store import Store
from agent.teacher.contract import BudgetExceeded
from agent.web_pages import read_web_rows, write_refused
from curricula.anchors.contract import load_sources, rows_of
from curricula.collapse.held import hold_out
from curricula.filters.leaks import LeakWatch
from curricula.funnel import FunnelResult, Order, judge
from curricula.lesson import Brief, Candidate, Lesson
from curricula.mix import Mix, build_mix
from curricula.mix_file import write_curriculum
from curricula.strategies.contract import find_strategy

MIN_LESSONS = 5  # fewer are no curriculum: one row's chance would be trained on, and no whole anchor fits beside them


def teach(context: RunContext, state: CycleState) -> StageResult:
    """Write, judge and mix one cycle's lessons."""
    run, cycle, store = state["run"], state["cycle"], context.store
    earlier = earlier_lessons(context, state)
    leaks = LeakWatch(probe_index(store, run))
    seeds, orders = fit_seeds(context.config.curriculum, leaks.at("seed")), []
    near, planned = near_failures(context, state), store.weaknesses.plan(run, cycle)
    pages = pages_of(context, cycle, [row["strategy"] for row in planned])
    for row in planned:
        brief = make_brief(store, run, cycle, row["weakness"], row["n_lessons"], model_key=context.student.model_key, champion=state["champion"],
                           seed=context.seed("teach", cycle, row["weakness"]), seeds=seeds, earlier=earlier, pages=pages, near=near)
        orders.append(order_of(context, brief, row["strategy"]))
    n_lessons = sum(order.n_lessons for order in orders)
    context.watcher.say(f"teaching {n_lessons} lessons for {len(orders)} weaknesses")
    say_forecast(context, orders)
    judging = calibrated_judge(context, cycle)
    funnel = judge(orders, accepted_before=earlier, decontaminator=leaks.at("lesson"), verify=verifier_step(context.config), opinion=judging.step,
                   learnable=learnability_step(context, state), tell=teller(context, n_lessons))
    for warning in funnel.warnings:
        context.watcher.say(f"warning: {warning}")
    budget: dict[str, Any] = {}
    if isinstance(funnel.stopped, BudgetExceeded):
        context.watcher.say(f"the teacher stopped early: {funnel.stopped.message}")
        budget = {"spent_budget_usd": context.config.limits.budget_usd}
    elif funnel.stopped is not None:
        raise funnel.stopped  # key, quota or server gone: the operator's turn; what was paid for is cached, so a resume repeats this for nothing
    rows, rates = _rows(funnel), [*judging.rows, *rates_of_used(context, funnel)]
    if len(funnel.kept) < MIN_LESSONS:
        return _no_data(state, funnel, rows, rates, leaks, budget)
    mix = mix_of(context, state, funnel.kept, earlier, leaks, seed=context.seed("mix", cycle))
    path = context.cycle_folder(cycle) / "curriculum.jsonl"
    sha256 = write_curriculum(mix, path)

    def write(opened: Store) -> None:
        _store_funnel(opened, run, cycle, funnel, rows, rates)
        opened.leaks.add(run, cycle, leaks)
        opened.lessons.add_curriculum(run, cycle, len(mix.rows), mix.n_tokens, mix.real_share, sha256, str(path.relative_to(opened.state_dir)), mix.recipe)

    asked = sum(count.asked for count in funnel.counts)
    return StageResult({"n_lessons": len(funnel.kept), "curriculum": sha256, **budget},
                       f"{len(funnel.kept)} of {asked} lessons kept; {len(mix.rows)} rows, {mix.n_tokens:,} tokens, {mix.real_share:.0%} real", write)


def pages_of(context: RunContext, cycle: int, strategies: Iterable[str]) -> tuple[Lesson, ...]:
    """Passages of the user's web pages where a strategy needs them; what each filter let through is said, every refused page stands in `web_pages.jsonl`."""
    if not any("pages" in find_strategy(name).needs for name in strategies):
        return ()
    rows, sifted = read_web_rows(context.config.web)
    for line in sifted.lines:
        context.watcher.say(f"web pages, {line}")
    write_refused(sifted, context.cycle_folder(cycle) / "web_pages.jsonl")
    return rows


def order_of(context: RunContext, brief: Brief, strategy: str) -> Order:
    """A strategy's candidates for one brief, not yet read."""
    writer = find_strategy(strategy)
    brief = wrong_only(brief) if "teacher" in writer.needs else brief
    return Order(brief.weakness_id, strategy, writer.write(brief, context.teacher, random.Random(brief.seed)), brief.n_lessons)


def earlier_lessons(context: RunContext, state: CycleState) -> list[Lesson]:
    """Accepted lessons of the cycles before, but for those whose candidate was rejected, and those written from a probe
    whose gold has come under suspicion since."""
    doubted = {row["probe_id"] for row in context.store.suspects.of_cycle(state["run"], state["cycle"])}
    decided = {row["cycle"]: row["decision"] for row in context.store.decisions.all(state["run"])}
    return [lesson for cycle in range(1, state["cycle"]) if decided.get(cycle) in TAUGHT_FROM
            for lesson in context.store.lessons.kept(state["run"], cycle=cycle) if doubted.isdisjoint(lesson.parents)]


def mix_of(context: RunContext, state: CycleState, new: list[Lesson], earlier: list[Lesson], leaks: LeakWatch, *, seed: int) -> Mix:
    """This cycle's lessons, all accepted earlier ones (those on what is no longer weak are the replay), and anchors.

    Nothing earlier is left out while it fits: with replay held to 15 % the next candidate forgot what the champion had
    just learned (odd or even .74 to .26 in one cycle; docs/decisions/0004).
    """
    run, cycle, settings = state["run"], state["cycle"], context.config.curriculum
    if context.config.train.start == "champion" and state["champion"]:
        n_kept = min(len(earlier), round(len(new) * settings.replay_share / (1 - settings.replay_share)))
        earlier = random.Random(f"replay:{seed}").sample(earlier, n_kept)  # the champion knows the rest already
    open_ids = {row["weakness"] for row in context.store.weaknesses.of_cycle(run, cycle) if row["is_open"]}
    replay = [lesson for lesson in earlier if lesson.weakness_id not in open_ids]
    sources = load_sources(anchor_names(settings))
    mix = build_mix(
        new, [lesson for lesson in earlier if lesson.weakness_id in open_ids], hold_out(rows_of(sources))[0], replay, count_tokens=context.student.count_tokens, real_min=settings.real_min,
        real_max=settings.real_max, max_tokens=settings.max_tokens, seed=seed,
        decontaminate=leaks.at_mix().check, replay_share=settings.replay_share, max_operator_share=settings.max_operator_share, max_anchor_tokens=settings.max_anchor_tokens,
        max_row_tokens=context.config.train.max_length, policy=settings.policy, n_below_before=context.store.lessons.n_below_real_min(run, cycle),
        domains=settings.domains, domain_of=domain_finder(context.store, run, settings, sources))
    for warning in mix.recipe["warnings"]:
        context.watcher.say(f"warning: {warning}")
    return replace(mix, recipe=mix.recipe | {"anchors": [{"name": source.name, "sha256": source.sha256, "n_rows": len(source.rows)} for source in sources]})


def _rows(funnel: FunnelResult) -> list[dict[str, Any]]:
    return [{"weakness": count.weakness_id, "strategy": count.strategy, "wanted": count.wanted, "asked": count.asked, "parsed": count.parsed,
             "deduplicated": count.deduplicated, "decontaminated": count.decontaminated, "verified": count.verified, "kept": count.kept,
             "reasons": count.reasons}
            for count in funnel.counts if count.asked or count.weakness_id != EVERYTHING]  # what was never asked for everything is charged to nobody


def _store_funnel(store: Store, run: str, cycle: int, funnel: FunnelResult, rows: list[dict[str, Any]], rates: list[dict[str, Any]]) -> None:
    store.lessons.add_kept(run, cycle, funnel.kept, [judged.verdicts for judged in funnel.judged if judged.is_kept and judged.candidate.lesson is not None])
    store.lessons.add_rejected(run, cycle, ((judged.candidate.lesson or _without_lesson(judged.candidate, judged.weakness_id, judged.strategy),
                                             judged.verdicts) for judged in funnel.rejected))
    store.lessons.add_funnel(run, cycle, rows)
    store.verification.add(run, cycle, rates)


def _without_lesson(candidate: Candidate, weakness: str, strategy: str) -> Lesson:
    """An empty row that carries what is known of a candidate that became no lesson."""
    return Lesson("", "", "", strategy, candidate.depth, operator=candidate.operator, weakness_id=weakness, parents=candidate.parents,
                  teacher=candidate.teacher, prompt_hash=candidate.prompt_hash, raw=candidate.raw, cost_usd=candidate.cost_usd, meta=candidate.meta)


def _no_data(state: CycleState, funnel: FunnelResult, rows: list[dict[str, Any]], rates: list[dict[str, Any]], leaks: LeakWatch, budget: dict[str, Any]) -> StageResult:
    run, cycle = state["run"], state["cycle"]
    asked = sum(count.asked for count in funnel.counts)
    why = f"{len(funnel.kept)} lessons survived of {asked} candidates, at least {MIN_LESSONS} are needed" if asked else "no strategy had anything to offer for these weaknesses"
    if funnel.stopped is not None:
        why += f"; {funnel.stopped.message}"

    def write(store: Store) -> None:
        _store_funnel(store, run, cycle, funnel, rows, rates)
        store.leaks.add(run, cycle, leaks)
        store.decisions.record(run, cycle, {
            "decision": "no_data", "reason": why, "champion": state["champion"], "candidate": "", "look": 0, "p_value": None, "level": None,
            "details": {"reasons": [why, *funnel.warnings]}})

    return StageResult({"n_lessons": len(funnel.kept), "curriculum": "", "decision": "no_data", **budget}, why, write)
