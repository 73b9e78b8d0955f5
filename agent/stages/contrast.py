"""What the arms of a control comparison say: differences with intervals, and how many lessons each arm needs.

Stored answers go in, one dictionary comes out. Every arm is compared item by item and seed by seed, over all items and
over those that the plan aimed at. With one seed the chance of training is not in the interval, and `n_seeds` says so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from agent.context import RunContext
from agent.stages.arms import ARMS, RANDOM_REAL, TARGETED, UNTARGETED
from agent.state import CycleState
from agent.statistics.crossed import crossed_difference, lessons_for_gain

SCORES = ("strict", "lenient")
PARENT = "parent"


def contrast(context: RunContext, state: CycleState, split: str, wanted: int) -> dict[str, Any]:
    """Facts of one cycle's comparison on `split`: `score`, `n_seeds`, `arms`, `differences`, `curves`, `lessons_needed`.

    An arm counts for a seed once it has answered the whole split; a difference is over the seeds that both arms have. `where` of a difference is `all` or `aimed_at`: items nearest to a planned weakness.
    """
    run, cycle, parent = state["run"], state["cycle"], state["champion"]
    rows = [row for row in context.store.controls.arms(run, cycle, parent) if row["lessons_wanted"] == wanted]
    answers = _answers(context, split, [parent, *(row["adapter"] for row in rows)])
    items = sorted(answers[parent])
    by_key = {(row["seed"], row["share"], row["arm"]): row for row in rows if len(answers[row["adapter"]]) == len(items)}  # whole answers only
    done = {arm: sorted({row["seed"] for row in rows if (row["seed"], 1.0, arm) in by_key}) for arm in ARMS}
    seeds = [seed for seed in done[TARGETED] if seed in done[UNTARGETED]]
    units = [answers[parent][item]["unit"] for item in items]
    aimed = _aimed_at(context, state, {item: answers[parent][item]["prompt"] for item in items})
    facts: dict[str, Any] = {
        "cycle": cycle, "parent": parent, "split": split, "score": context.config.gate.score, "n_seeds": len(seeds), "lessons_wanted": wanted,
        "start": context.config.train.start, "arms": [_arm(arm, [by_key[seed, 1.0, arm] for seed in done[arm]], answers, items, aimed, parent) for arm in ARMS if done[arm]],
        "differences": [], "curves": {}, "lessons_needed": {}}
    if not seeds:
        return facts
    for name, at in (("all", range(len(items))), ("aimed_at", [at for at, item in enumerate(items) if item in aimed])):
        for one, other in ((TARGETED, UNTARGETED), (TARGETED, RANDOM_REAL), *((arm, PARENT) for arm in ARMS)):
            common = [seed for seed in done[one] if other == PARENT or seed in done[other]]
            for kind in SCORES if common and at else ():
                table = {arm: [[answers[parent if arm == PARENT else by_key[seed, 1.0, arm]["adapter"]][items[i]][kind] for i in at] for seed in common] for arm in (one, other)}
                found = crossed_difference(table[other], table[one], [units[i] for i in at])
                facts["differences"].append({"arm": one, "minus": other, "where": name, "score": kind, **asdict(found)})
    base = _mean(answers[parent], items, facts["score"])
    lessons = sum(by_key[seed, 1.0, UNTARGETED]["n_lessons"] for seed in seeds) / len(seeds)  # real rows count by the lessons whose place they take
    for arm in ARMS:
        curve = [(0.0, 0.0)]
        for share in sorted({row["share"] for row in rows}):
            own = [by_key[seed, share, arm] for seed in done[arm] if (seed, share, arm) in by_key]
            if own:
                curve.append((share * lessons, sum(_mean(answers[row["adapter"]], items, facts["score"]) for row in own) / len(own) - base))
        facts["curves"][arm] = [{"lessons": at, "gain": gain} for at, gain in curve]
    goal = facts["curves"][UNTARGETED][-1]["gain"]
    facts["lessons_needed"] = {"gain": goal, **{arm: lessons_for_gain([(point["lessons"], point["gain"]) for point in curve], goal) for arm, curve in facts["curves"].items()}}
    return facts


def _answers(context: RunContext, split: str, adapters: list[str]) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for row in context.store.controls.scores(context.run, adapters, split):
        found[row["adapter"]][row["suite"], row["probe_id"]] = row
    return found


def _arm(arm: str, rows: list[dict[str, Any]], answers: dict[str, Any], items: list[tuple[str, str]], aimed: set[tuple[str, str]], parent: str) -> dict[str, Any]:
    """Means over the seeds; accuracies as shares."""
    n, there = len(rows), [item for item in items if item in aimed]
    accuracy = {f"{kind}{name}": sum(_mean(answers[row["adapter"]], chosen, kind) for row in rows) / n if chosen else None
                for kind in SCORES for name, chosen in (("", items), ("_aimed_at", there))}
    return {"arm": arm, "n_items": len(items), "n_aimed_at": len(there), **accuracy, "parent_strict": _mean(answers[parent], items, "strict"),
            "parent_lenient": _mean(answers[parent], items, "lenient"), **{key: sum(row[key] for row in rows) / n for key in ("n_lessons", "n_rows", "n_tokens", "real_share", "seconds")}}


def _mean(found: dict[tuple[str, str], dict[str, Any]], items: list[tuple[str, str]], score: str) -> float:
    return sum(found[item][score] for item in items) / max(1, len(items))


def _aimed_at(context: RunContext, state: CycleState, prompts: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """Items nearest to a planned weakness of skill, as the gate gives items to weaknesses."""
    from agent.diagnosis.assign import nearest_weakness

    store, run, cycle = context.store, state["run"], state["cycle"]
    planned = {row["weakness"] for row in store.weaknesses.plan(run, cycle)}
    kinds = {row["weakness"]: row["kind"] for row in store.weaknesses.of_cycle(run, cycle)}
    members = {name: [member["prompt"] for member in store.weaknesses.members(run, cycle, name)] for name in planned if kinds.get(name) == "skill"}
    weak = {prompt for own in members.values() for prompt in own}
    others = [probe.prompt for probe in store.samples.probes(run, "diagnose") if probe.prompt not in weak]
    names = nearest_weakness(members, others, list(prompts.values()))
    return {item for item, name in zip(prompts, names, strict=True) if name}
