"""`make bench-gate`: what the gate does over thousands of simulated runs, with the naive gates beside it.

Writes `bench/results/gate.json` and prints tables. Every true effect is known here, so every wrong promotion counts.
Items have their own difficulty (a chance between .1 and .9 of being answered rightly); the gate's items are the same in
all cycles of a run, and a promoted candidate's answers become those to beat: the setting in which a gate fools itself.
The judging functions are shown equal to `agent.statistics.decision.decide` in `tests/agent/statistics/test_simulation.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.statistics.evalue import e_value
from agent.statistics.intervals import wilson
from agent.statistics.power import items_for_margin, margin_power, mcnemar_power, smallest_detectable_gain
from agent.statistics.simulation import grouped_pair, holds, imagine, mcnemar_p, passes
from agent.statistics.spending import spend, spend_on_base

ROOT = Path(__file__).parent.parent
ALPHA, MARGIN = 0.10, 0.02
SEED = 20261124
Judge = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


def null_runs(n_runs: int = 2000, n_cycles: int = 20, n_items: int = 681, protected_items: int | None = None) -> dict[str, dict[str, float]]:
    """No candidate is truly better. Share of runs that promote anything, and the gain that the gate's own items then show.

    With `protected_items`, "this gate" must also hold a protected suite of that size, against champion and base.
    """
    judges: dict[str, Judge] = {
        "this gate": lambda cycle, fixed, broken: passes(fixed, broken, spend(ALPHA, None, cycle)),
        "McNemar at .05 every cycle": lambda cycle, fixed, broken: passes(fixed, broken, 0.05),
        "higher is better": lambda cycle, fixed, broken: fixed > broken}
    found = {name: _null(np.random.default_rng(SEED), judge, n_runs, n_cycles, n_items, protected_items if name == "this gate" else None)
             for name, judge in judges.items()}
    found["identical candidates"] = _null(np.random.default_rng(SEED), judges["this gate"], n_runs, n_cycles, n_items, None, is_identical=True)
    return found


def _null(rng: np.random.Generator, judge: Judge, n_runs: int, n_cycles: int, n_items: int, protected_items: int | None, is_identical: bool = False) -> dict[str, float]:
    ability = rng.uniform(0.1, 0.9, size=(n_runs, n_items)).astype(np.float32)
    champion = rng.random((n_runs, n_items), dtype=np.float32) < ability
    base, promotions = champion.copy(), np.zeros(n_runs, int)
    guarded = rng.uniform(0.4, 1.0, size=(n_runs, protected_items or 1)).astype(np.float32)
    guarded_champion = rng.random(guarded.shape, dtype=np.float32) < guarded
    guarded_base = guarded_champion.copy()
    for cycle in range(1, n_cycles + 1):
        candidate = champion.copy() if is_identical else rng.random((n_runs, n_items), dtype=np.float32) < ability
        promoted = judge(cycle, (candidate & ~champion).sum(axis=1), (champion & ~candidate).sum(axis=1))
        if protected_items:
            answers = rng.random(guarded.shape, dtype=np.float32) < guarded
            for parent, alpha in ((guarded_champion, 0.05), (guarded_base, spend_on_base(0.05, None, cycle))):
                promoted &= holds(protected_items, (answers & ~parent).sum(axis=1), (parent & ~answers).sum(axis=1), MARGIN, alpha)
            guarded_champion = np.where(promoted[:, None], answers, guarded_champion)
        champion = np.where(promoted[:, None], candidate, champion)
        promotions += promoted
    any_promoted = int((promotions > 0).sum())
    share = wilson(any_promoted, n_runs)
    return {"runs_promoting": any_promoted / n_runs, "low": share.low, "high": share.high, "promotions_a_run": float(promotions.mean()),
            "apparent_gain": float((champion.mean(axis=1) - base.mean(axis=1)).mean())}


def power(n_candidates: int = 20_000) -> list[dict[str, float]]:
    """Candidates with a known true gain: share promoted by the simulated gate against the formula."""
    rng, rows = np.random.default_rng(SEED), []
    for n in (200, 681, 2000):
        for gain in (0.02, 0.05, 0.10):
            for discordance in (0.10, 0.20):
                draws = rng.multinomial(n, [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance], size=n_candidates)
                level = spend(ALPHA, None, 1)
                rows.append({"n": n, "gain": gain, "discordance": discordance, "simulated": float(passes(draws[:, 0], draws[:, 1], level).mean()),
                             "formula": mcnemar_power(n, gain, discordance, level), "smallest_gain": smallest_detectable_gain(n, discordance, level)})
    return rows


def protected_power(n_candidates: int = 20_000) -> list[dict[str, float]]:
    """Harmless candidates (nothing but noise changed): share shown to hold a margin of 2 points."""
    rng, rows = np.random.default_rng(SEED), []
    for n in (131, 524, 1048, 2096, 4192):
        for discordance in (0.05, 0.12):
            draws = rng.multinomial(n, [discordance / 2, discordance / 2, 1 - discordance], size=n_candidates)
            rows.append({"n": n, "discordance": discordance, "simulated": float(holds(n, draws[:, 0], draws[:, 1], MARGIN).mean()),
                         "formula": margin_power(n, MARGIN, discordance), "n_needed": items_for_margin(MARGIN, discordance)})
    return rows


def trade(n_candidates: int = 20_000, n_items: int = 681, protected_items: int = 2000, gain: float = 0.10,
          falls: Sequence[float] = (0.0, 0.01, 0.02, 0.03, 0.05)) -> list[dict[str, float]]:
    """Candidates truly 10 points better on the target that pay with a protected suite: share promoted by the true fall."""
    rng, rows = np.random.default_rng(SEED), []
    for fall in falls:
        target = rng.multinomial(n_items, [(0.2 + gain) / 2, (0.2 - gain) / 2, 0.8], size=n_candidates)
        guarded = rng.multinomial(protected_items, [(0.1 - fall) / 2, (0.1 + fall) / 2, 0.9], size=n_candidates)
        better = passes(target[:, 0], target[:, 1], spend(ALPHA, None, 1))
        rows.append({"gain": gain, "fall": fall, "better": float(better.mean()),
                     "promoted": float((better & holds(protected_items, guarded[:, 0], guarded[:, 1], MARGIN)).mean())})
    return rows


def decline(n_runs: int = 500, n_cycles: int = 20, protected_items: int = 2000, step: float = 0.005, differing: float = 0.03) -> dict[str, dict[str, float]]:
    """Every candidate is much better on the target and truly loses half a point of a protected suite, each time within
    the margin of 2: the true fall after 20 cycles, with and without the comparison with the base, its error spent or not."""
    found = {}
    levels: dict[str, Callable[[int], float | None]] = {
        "against the champion alone": lambda look: None, "and the base, at .05 each time": lambda look: 0.05,
        "and the base, .05 spent": lambda look: spend_on_base(0.05, None, look)}
    for name, level_of in levels.items():
        rng = np.random.default_rng(SEED)
        falls, promotions = [], []
        for _ in range(n_runs):
            champion = rng.random(protected_items) < 0.8
            base, n_promoted = champion.copy(), 0
            for look in range(1, n_cycles + 1):
                draw, level = rng.random(protected_items), level_of(look)
                candidate = champion.copy()
                candidate[champion & (draw < (differing + step) / 2 / max(champion.mean(), 0.01))] = False
                candidate[~champion & (draw < (differing - step) / 2 / max(1 - champion.mean(), 0.01))] = True
                tests = [(champion, 0.05)] + ([(base, level)] if level is not None else [])
                if all(bool(holds(protected_items, np.array([(candidate & ~parent).sum()]), np.array([(parent & ~candidate).sum()]), MARGIN, alpha)[0])
                       for parent, alpha in tests):
                    champion, n_promoted = candidate, n_promoted + 1
            falls.append(n_promoted * step)
            promotions.append(n_promoted)
        found[name] = {"true_fall": float(np.mean(falls)), "largest_fall": float(np.max(falls)), "promotions": float(np.mean(promotions)),
                       "runs_beyond_margin": float(np.mean(np.array(falls) > MARGIN + 1e-9))}
    return found


def duplicates(n_candidates: int = 4000, n_items: int = 150, copies: int = 5) -> dict[str, float]:
    """No true gain, every question asked five times in the same words: share promoted at .05, counting copies or groups."""
    rng = np.random.default_rng(SEED)
    differ = rng.permutation(np.repeat([1, -1, 0], [20, 20, n_items - 40]))
    before = [int(step < 0) for step in differ for _ in range(copies)]
    after = [int(step > 0) for step in differ for _ in range(copies)]
    stored = grouped_pair(before, after, [str(at) for at in range(n_items) for _ in range(copies)])
    made = imagine(stored, 0.0, n_candidates, rng)
    net = np.round(made.observed * stored.n)
    discordant = 40 * copies
    as_items = mcnemar_p((discordant + net) / 2, (discordant - net) / 2)
    return {"copies": copies, "copies counted as items": float((as_items <= 0.05).mean()), "copies as one group": float((made.p_values <= 0.05).mean())}


def watching(n_candidates: int = 4000, n_items: int = 1000, discordance: float = 0.2, every: int = 64) -> list[dict[str, float]]:
    """Looking after every 64 items: promotions by the e-value and by a naively repeated McNemar, and the items it took."""
    rng, level, rows = np.random.default_rng(SEED), spend(ALPHA, None, 1), []
    looks = [*range(every, n_items, every), n_items]
    for gain in (0.0, 0.03, 0.06, 0.12):
        chances = [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance]
        steps = [rng.multinomial(here - before, chances, size=n_candidates) for before, here in zip([0, *looks], looks, strict=False)]
        fixed, broken = np.cumsum([s[:, 0] for s in steps], axis=0), np.cumsum([s[:, 1] for s in steps], axis=0)
        cache: dict[tuple[int, int], float] = {}
        values = np.array([[cache.setdefault((int(f), int(b)), e_value(int(f), int(b))) for f, b in zip(fs, bs, strict=True)] for fs, bs in zip(fixed, broken, strict=True)])
        crossed = values >= 1 / level
        first = np.where(crossed.any(axis=0), crossed.argmax(axis=0), len(looks) - 1)
        naive = (mcnemar_p(fixed, broken) <= level) & (fixed > broken)
        rows.append({"gain": gain, "e_value": float(crossed.any(axis=0).mean()), "naive_peeking": float(naive.any(axis=0).mean()),
                     "fixed_size": float(naive[-1].mean()), "items_used": float(np.array(looks)[first].mean())})
    return rows


def main() -> None:
    """Run everything, print the tables, write the file."""
    begun = time.monotonic()
    body: dict[str, Any] = {"settings": {"alpha": ALPHA, "margin": MARGIN, "runs": 2000, "cycles": 20, "seed": SEED}}
    body["null"] = {str(n): null_runs(n_items=n) for n in (200, 681, 1000)}
    body["null"]["681, protected 524"] = {"this gate": null_runs(protected_items=524)["this gate"]}
    print("No candidate truly better: 2,000 runs of 20 cycles, the same gate items reused")
    print(f"  {'items':>18}  {'gate':28} {'runs that promote':>26} {'apparent gain':>14}")
    for n, rows in body["null"].items():
        for name, row in rows.items():
            print(f"  {n:>18}  {name:28} {row['runs_promoting']:8.1%} ({row['low']:.1%} to {row['high']:.1%}) {100 * row['apparent_gain']:+10.2f}")
    body["power"] = power()
    print("Power at the first look: simulated, by formula")
    for row in body["power"]:
        print(f"  n {row['n']:5} gain {row['gain']:.2f} differing {row['discordance']:.2f}: {row['simulated']:.3f}  {row['formula']:.3f}")
    body["protected"] = protected_power()
    print("Harmless candidates that pass a margin of 2 points: simulated, by formula; items for 80 %")
    for row in body["protected"]:
        print(f"  n {row['n']:5} differing {row['discordance']:.2f}: {row['simulated']:.3f}  {row['formula']:.3f}  {row['n_needed']:,}")
    body["trade"] = trade()
    print("Ten points better on the target, paid with a protected suite (2,000 items, margin 2): promoted")
    for row in body["trade"]:
        print(f"  true fall {100 * row['fall']:.0f}: {row['promoted']:.3f} (better on the target: {row['better']:.3f})")
    body["decline"] = decline()
    print("Twenty candidates that each lose half a point of a protected suite: true fall after 20 cycles")
    for name, row in body["decline"].items():
        print(f"  {name:30} {100 * row['true_fall']:.1f} points, {row['runs_beyond_margin']:.1%} of runs beyond the margin ({row['promotions']:.1f} promotions, worst run {100 * row['largest_fall']:.1f})")
    body["duplicates"] = duplicates()
    print(f"No true gain, every question five times: promoted at .05 {body['duplicates']['copies counted as items']:.1%} by items, "
          f"{body['duplicates']['copies as one group']:.1%} by groups")
    body["watching"] = watching()
    print("Looking every 64 of 1,000 items: e-value, naive peeking, fixed size; items used by the e-value")
    for row in body["watching"]:
        print(f"  gain {row['gain']:.2f}: {row['e_value']:.3f}  {row['naive_peeking']:.3f}  {row['fixed_size']:.3f}  {row['items_used']:.0f}")
    body["seconds"] = round(time.monotonic() - begun, 1)
    print(f"{body['seconds']} s")
    (ROOT / "bench" / "results").mkdir(parents=True, exist_ok=True)
    (ROOT / "bench" / "results" / "gate.json").write_text(json.dumps(body, indent=2) + "\n")


if __name__ == "__main__":
    main()
