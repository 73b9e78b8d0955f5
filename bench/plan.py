"""`make bench-plan`: does the plan find the better strategy, how long does that take, and what does learning cost where nothing is to be learnt.

A simulated student with eight weaknesses and three strategies; everything that decides is the product's own: the allocation, the
belief, the gate's test at the level its spending rule leaves. Gains, items and noise are drawn; true effects are known here, and
that world is not the model that the belief assumes (gains saturate in accuracy, flips are binomial, lessons of a rejected candidate are
dropped, effects of pairs have noise of their own). Writes `bench/results/plan.json` and prints tables.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from agent.planning.allocate import allocate
from agent.planning.budget import Need, share_budget, whole_numbers
from agent.planning.effects import DOSE, Arm, Trial, believe
from agent.planning.forecast import Costs, Forecast, Group, coverage, forecast
from agent.planning.yields import Funnel, yields
from agent.statistics.simulation import mcnemar_p
from agent.statistics.spending import spend

ROOT = Path(__file__).parent.parent
SEED = 20261125
ALPHA = 0.10
N_CYCLES = 20
LESSONS = 320
CHURN = 0.15  # share of answers that change either way when nothing was learnt; the demo's later cycles had 18 to 22 % in all
POLICIES = ("thompson", "uniform", "greedy", "oracle")


@dataclass(frozen=True)
class World:
    """What is true and the plan does not know."""

    effects: tuple[float, ...]
    """Share of the room that enough lessons of each strategy fill."""
    kept: tuple[float, ...] = (0.9, 0.9, 0.9)
    """Share of each strategy's orders that is kept."""
    n_weaknesses: int = 8
    n_gate: int = 681
    on_pair: float = 0.06
    """Standard deviation of a pair's own effect around its strategy's."""
    shock: float = 0.02
    turn: int = 0
    """From this cycle on the first strategy does nothing; 0: never."""
    late: int = 0
    """From this cycle on the last strategy fills .6 of the room, as if its teacher had been mended; 0: never."""
    solved: int = 0
    """Before this cycle the first half of the weaknesses becomes solved, as by another's hand; 0: never."""


@dataclass
class Past:
    """One simulated run under one policy."""

    accuracy: np.ndarray
    trials: list[Trial]
    funnels: list[Funnel]
    pending: dict[tuple[str, str], int]
    tries: np.ndarray
    look: int = 0


Policy = Callable[[World, Past, int, np.ndarray, int], dict[tuple[str, str], int]]


def orders_of(policy: str, world: World, past: Past, cycle: int, true: np.ndarray, seed: int, explore: float = 0.25) -> dict[tuple[str, str], int]:
    """Lessons ordered by (weakness, strategy)."""
    strategies = [f"s{at}" for at in range(len(world.effects))]
    needs = [Need(f"W{at}", "skill", round(100 * (1 - accuracy)), float(accuracy), int(tries))
             for at, (accuracy, tries) in enumerate(zip(past.accuracy, past.tries, strict=True)) if accuracy < 0.9]
    if not needs:
        return {}
    arms = [Arm(need.weakness, need.kind, strategy) for need in needs for strategy in strategies]
    if policy == "uniform":
        shares = share_budget(needs, LESSONS, explore)
        return {(share.weakness, strategy): n for share in shares for strategy, n in zip(strategies, whole_numbers([share.n_lessons / len(strategies)] * len(strategies), share.n_lessons), strict=True)}
    if policy == "oracle":
        shares = share_budget(needs, LESSONS, explore)
        return {(share.weakness, f"s{int(np.argmax(true[int(share.weakness[1:])] * np.array(world.kept)))}"): share.n_lessons for share in shares}
    belief, kept = believe(past.trials, arms, cycle), yields(past.funnels, arms, cycle)
    if policy == "greedy":
        best: dict[str, tuple[float, str]] = {}
        for at, arm in enumerate(arms):
            best[arm.weakness] = max(best.get(arm.weakness, (-9.0, "")), (float(belief.mean[at]) * kept[at].mean, arm.strategy))
        if cycle == 1:  # nothing is known: each weakness takes a strategy by turn
            best = {need.weakness: (0.0, strategies[at % len(strategies)]) for at, need in enumerate(needs)}
        promised = [replace(need, promise=max(0.05, best[need.weakness][0] / 0.3)) if cycle > 1 else need for need in needs]
        return {(share.weakness, best[share.weakness][1]): share.n_lessons for share in share_budget(promised, LESSONS, 0.0)}
    return {(part.weakness, part.strategy): part.n_lessons for part in allocate(needs, belief, kept, LESSONS, explore, seed)}


def one_run(world: World, policy: str, seed: int, n_cycles: int = N_CYCLES, explore: float = 0.25, *, has_forecast: bool = False) -> list[dict[str, Any]]:
    """Follow one policy; a row a cycle: accuracy gained so far, share of the lessons by strategy, and what was forecast (low, high, power, measured)."""
    rng = np.random.default_rng([SEED, seed])
    n, k = world.n_weaknesses, len(world.effects)
    accuracy = rng.uniform(0.1, 0.7, n)
    true = np.clip(np.array(world.effects)[None, :] + rng.normal(0, world.on_pair, (n, k)), 0, 1)
    past = Past(accuracy, [], [], {}, np.zeros(n, int))
    begin, items, given = accuracy.copy(), world.n_gate // n, 0.0
    rows: list[dict[str, Any]] = []
    for cycle in range(1, n_cycles + 1):
        if world.turn and cycle == world.turn:
            true[:, 0] = 0.0
        if world.late and cycle == world.late:
            true[:, -1] = 0.6
        if world.solved and cycle == world.solved:
            half = n // 2
            given += float((np.maximum(past.accuracy[:half], 0.95) - past.accuracy[:half]).sum() / n)
            past.accuracy[:half] = np.maximum(past.accuracy[:half], 0.95)
            past.tries[:half] = 0
        orders = orders_of(policy, world, past, cycle, true, 7919 * seed + cycle, explore)
        expected = _expected(world, past, cycle, orders) if has_forecast and orders else None
        kept = {pair: int(rng.binomial(wanted, world.kept[int(pair[1][1:])])) for pair, wanted in orders.items() if wanted}
        past.funnels += [Funnel(cycle, weakness, strategy, orders[weakness, strategy], orders[weakness, strategy], number) for (weakness, strategy), number in kept.items()]
        candidate, lessons = _taught(past, world, kept, true, rng)
        fixed, broken = _flips(past.accuracy, candidate, items, rng)
        past.look += 1
        past.trials += [Trial(cycle, f"W{at}", "skill", float(past.accuracy[at]), items, int(fixed[at]), int(broken[at]),
                              {strategy: number for (weakness, strategy), number in lessons.items() if weakness == f"W{at}"}) for at in range(n)]
        is_promoted = bool(mcnemar_p(fixed.sum(), broken.sum()) <= spend(ALPHA, None, past.look) and fixed.sum() > broken.sum())
        taught_now = np.array([any(weakness == f"W{at}" and number for (weakness, _), number in lessons.items()) for at in range(n)])
        if is_promoted:
            past.tries = np.where(candidate > past.accuracy + 0.05, 0, past.tries + taught_now)
            past.accuracy, past.pending = candidate, {}
        else:
            past.tries = past.tries + taught_now
            past.pending = lessons if fixed.sum() > broken.sum() else {}
        measured = float((fixed.sum() - broken.sum()) / (items * n))
        whole = sum(orders.values()) or float("nan")  # nothing weak is left: no share of anything
        rows.append({"gained": float((past.accuracy - begin).mean()) - given, "promoted": is_promoted,
                     "forecast": (expected.gain_low, expected.gain_high, expected.promotion, measured) if expected else None, "on_solved": sum(number for (weakness, _), number in orders.items() if int(weakness[1:]) < n // 2) / whole,
                     "share": [sum(number for (_, strategy), number in orders.items() if strategy == f"s{at}") / whole for at in range(k)]})
    return rows


def _expected(world: World, past: Past, cycle: int, orders: dict[tuple[str, str], int]) -> Forecast:
    """What the product would have said before this cycle."""
    arms = [Arm(f"W{at}", "skill", f"s{number}") for at in range(world.n_weaknesses) for number in range(len(world.effects))]
    belief, kept = believe(past.trials, arms, cycle), dict(zip(arms, yields(past.funnels, arms, cycle), strict=True))
    groups = []
    for at in range(world.n_weaknesses):
        lessons = {strategy: wanted * kept[Arm(weakness, "skill", strategy)].mean + past.pending.get((weakness, strategy), 0)
                   for (weakness, strategy), wanted in orders.items() if weakness == f"W{at}"}
        groups.append(Group(f"W{at}", "skill", float(past.accuracy[at]), 1 / world.n_weaknesses, lessons))
    return forecast(groups, belief, {}, Costs({}), n_kept=0.0, n_gate=world.n_gate, discordance=0.2, level=spend(ALPHA, None, past.look + 1), unexplained=[0.0] * past.look, seed=cycle)


def _taught(past: Past, world: World, kept: dict[tuple[str, str], int], true: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, dict[tuple[str, str], int]]:
    """True accuracy of the candidate, and the lessons that are new in it: this cycle's and those of inconclusive ones before."""
    lessons = dict(past.pending)
    for pair, number in kept.items():
        lessons[pair] = lessons.get(pair, 0) + number
    gain = np.zeros(world.n_weaknesses)
    for (weakness, strategy), number in lessons.items():
        at = int(weakness[1:])
        of_weakness = sum(other for (name, _), other in lessons.items() if name == weakness)
        room = (1 - past.accuracy[at]) * max(0.15, 4 * past.accuracy[at] * (1 - past.accuracy[at]))
        gain[at] += room * (1 - np.exp(-of_weakness / DOSE)) * (number / of_weakness if of_weakness else 0) * true[at, int(strategy[1:])]
    return np.clip(past.accuracy + gain + rng.normal(0, world.shock), 0.02, 0.98), lessons


def _flips(before: np.ndarray, after: np.ndarray, items: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Fixed and broken gate items by weakness: the gain, and churn both ways."""
    right = rng.binomial(items, before)
    churn = CHURN / 2 * np.minimum(1, 4 * before * (1 - before) + 0.3)
    up = np.clip((np.maximum(after - before, 0) + churn) / np.maximum(1 - before, 0.02), 0, 1)
    down = np.clip((np.maximum(before - after, 0) + churn) / np.maximum(before, 0.02), 0, 1)
    return rng.binomial(items - right, up), rng.binomial(right, down)


WORLDS: dict[str, World] = {
    "one clearly better (.5, .25, .15)": World((0.5, 0.25, 0.15)),
    "one slightly better (.35, .25, .25)": World((0.35, 0.25, 0.25)),
    "all equal (.3)": World((0.3, 0.3, 0.3)),
    "one keeps nothing": World((0.3, 0.3, 0.3), kept=(0.9, 0.9, 0.0)),
    "the best becomes bad at cycle 8": World((0.5, 0.3, 0.15), turn=8),
    "the worst becomes the best at cycle 5": World((0.3, 0.2, 0.05), late=5),
    "half the weaknesses solved at cycle 6": World((0.5, 0.25, 0.15), solved=6),
}


def study(world: World, n_runs: int, policies: Sequence[str] = POLICIES, n_cycles: int = N_CYCLES, explore: float = 0.25) -> dict[str, Any]:
    """Means over runs: accuracy gained by cycle, share of the lessons by strategy and cycle, regret against the oracle with its 95 % interval."""
    found: dict[str, Any] = {}
    for policy in policies:
        runs = [one_run(world, policy, seed, n_cycles, explore) for seed in range(n_runs)]
        found[policy] = {"gained": np.array([[row["gained"] for row in run] for run in runs]), "share": np.array([[row["share"] for row in run] for run in runs]),
                         "on_solved": np.array([[row["on_solved"] for row in run] for run in runs]),
                         "promotions": float(np.mean([sum(row["promoted"] for row in run) for run in runs]))}
    oracle = found["oracle"]["gained"] if "oracle" in found else None
    out = {}
    for policy, facts in found.items():
        mean = facts["gained"].mean(axis=0)
        out[policy] = {"gained": mean.round(4).tolist(), "share": np.nanmean(facts["share"], axis=0).round(3).tolist(), "on_solved": np.nanmean(facts["on_solved"], axis=0).round(3).tolist(),
                       "least_share": np.nanmin(facts["share"], axis=(0, 1)).round(3).tolist(), "promotions": round(facts["promotions"], 2)}
        if oracle is not None:
            for at in (5, 10, 20):
                if at <= n_cycles:
                    lost = (oracle - facts["gained"])[:, at - 1]
                    out[policy][f"regret_{at}"] = [round(float(lost.mean()), 4), round(float(1.96 * lost.std(ddof=1) / len(lost) ** 0.5), 4)]
    return out


def calibration(world: World, n_runs: int, n_cycles: int = 10) -> dict[str, Any]:
    """How often the measured gain came within the 80 % interval, by cycle, and whether promotions came as often as was said."""
    runs = [one_run(world, "thompson", seed, n_cycles, has_forecast=True) for seed in range(n_runs)]
    by_cycle = []
    for at in range(n_cycles):
        met = [run[at]["forecast"] for run in runs if run[at]["forecast"]]
        by_cycle.append(round(coverage([(low, high, came) for low, high, _, came in met])[0] / max(1, len(met)), 3))
    every = [(row["forecast"][2], row["promoted"]) for run in runs for row in run if row["forecast"]]
    bands = {}
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = [(said, came) for said, came in every if low <= said < high]
        if inside:
            bands[f"{low:g} to {min(high, 1):g}"] = {"n": len(inside), "said": round(float(np.mean([said for said, _ in inside])), 3), "came": round(float(np.mean([came for _, came in inside])), 3)}
    return {"n_runs": n_runs, "within_80_by_cycle": by_cycle, "promotion": bands}


def cycles_until(shares: Sequence[Sequence[float]], best: int, level: float) -> int | None:
    """First cycle from which on the best strategy's mean share stays at `level` or more."""
    held = [share[best] >= level for share in shares]
    for at in range(len(held)):
        if all(held[at:]):
            return at + 1
    return None


def main(n_runs: int = 50) -> None:
    """All worlds at three sizes of the gate, then the exploration floor."""
    begun = time.monotonic()
    results: dict[str, Any] = {"command": "python -m bench.plan", "n_runs": n_runs, "n_cycles": N_CYCLES, "lessons": LESSONS, "worlds": {}}
    for name, world in WORLDS.items():
        for n_gate in ((200, 400, 681) if name in list(WORLDS)[:3] else (681,)):
            found = study(replace(world, n_gate=n_gate), n_runs)
            found["cycles_until_half"] = cycles_until(found["thompson"]["share"], -1 if world.late else 0, 0.5)
            results["worlds"][f"{name}, {n_gate} items"] = found
            _say(f"{name}, {n_gate} items", found)
    results["explore"] = {}
    for name in (list(WORLDS)[0], next(name for name, world in WORLDS.items() if world.late)):
        for explore in (0.0, 0.1, 0.25, 0.5):
            facts = study(WORLDS[name], n_runs, ("thompson", "oracle"), explore=explore)["thompson"]
            results["explore"][f"{name}, {explore:g}"] = facts
            sys.stdout.write(f"explore_share {explore}, {name}: regret " + " ".join(f"{facts[f'regret_{at}'][0]:+.3f}±{facts[f'regret_{at}'][1]:.3f}" for at in (5, 10, 20)) + "\n")
    results["calibration"] = {name: calibration(WORLDS[name], max(10, n_runs // 5)) for name in list(WORLDS)[:3]}
    for name, facts in results["calibration"].items():
        sys.stdout.write(f"forecasts, {name}: within the 80 % interval by cycle {facts['within_80_by_cycle']}; promotion said and came {facts['promotion']}\n")
    results["seconds"] = round(time.monotonic() - begun)
    path = ROOT / "bench" / "results" / "plan.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{results['seconds']} s; {path.relative_to(ROOT)}\n")


def _say(name: str, found: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{name}\n")
    for policy in POLICIES:
        facts = found[policy]
        shares = " ".join("/".join(f"{100 * share:.0f}" for share in facts["share"][at - 1]) for at in (1, 3, 5, 10, 20))
        sys.stdout.write(f"  {policy:9} gained {facts['gained'][4]:.3f} {facts['gained'][9]:.3f} {facts['gained'][19]:.3f}; regret "
                         + " ".join(f"{facts[f'regret_{at}'][0]:+.3f}±{facts[f'regret_{at}'][1]:.3f}" for at in (5, 10, 20))
                         + f"; % of the lessons by strategy at cycles 1 3 5 10 20: {shares}; promotions {facts['promotions']}\n")
    sys.stdout.write(f"  the best strategy holds half of the lessons from cycle {found['cycles_until_half']} on\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
