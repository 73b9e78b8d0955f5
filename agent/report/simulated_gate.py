"""What a run's gate would do on candidates whose true gain is known: made from the stored answers of one real pair.

A store and a run go in, one dictionary comes out: how often a candidate that is no better would be promoted, how often
one with a real gain would, by the number of gate items, and how often a harmless one would pass each protected suite.
Nothing is asked and nothing is written. Gains and falls are shares; the primary test is simulated on right and wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from agent.config import Config, GateConfig
from agent.report.wording import count, percent, points
from agent.statistics.intervals import wilson
from agent.statistics.power import items_for_gain, items_for_margin, smallest_detectable_gain
from agent.statistics.simulation import GroupedPair, grouped_pair, imagine
from agent.statistics.spending import spend, spend_on_base
from agent.store import Store
from probes.errors import WeakspotError

if TYPE_CHECKING:
    import numpy as np

GAINS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12)
TIMES = (0.5, 1.0, 2.0, 4.0)  # sizes of a suite, as multiples of what it is
LONG_RUN = 20  # cycles of the run in which naive gates fool themselves
ALPHA_PROTECTED = 0.05

Report = Callable[[str, int, int], None]


def simulate_gate(store: Store, run: str | None, *, cycle: int | None = None, n_candidates: int = 2000, progress: Report | None = None) -> dict[str, Any]:
    """Simulate the gate of a run's next look with the answers of the newest judged candidate, or of `cycle`'s.

    Raises:
        WeakspotError: no such run, or no candidate of it has answered the gate.
    """
    import numpy as np

    row = store.runs.get(run)
    config = Config.model_validate(yaml.safe_load(row["config"]))
    decision = _decision(store, row["run"], cycle)
    champion, candidate = (row["model_key"], decision["champion"]), (row["model_key"], decision["candidate"])
    settings, look = config.gate, store.decisions.n_looks(row["run"]) + 1
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{row['run']}/{decision['cycle']}".encode()).digest()[:4], "big"))
    answered = store.samples.pairs(row["run"], champion, candidate, ["gate"])
    if not answered:
        raise WeakspotError(f"no answers of cycle {decision['cycle']}'s candidate are stored on the gate", where=f"run {row['run']}", hint="choose another with --cycle")
    stored = _pair(answered, settings.score)
    n_gate = sum(size["n"] for size in store.samples.split_sizes(row["run"]) if size["split"] == "gate")
    gate = _gate_facts(stored, n_gate, settings, look)
    protected_pairs = {suite.name: _protected_pairs(store, row, decision, suite.name, settings.protected_score) for suite in store.samples.suites(row["run"], "protected")}
    protected_pairs = {suite: pairs for suite, pairs in protected_pairs.items() if pairs}
    gains = sorted({*GAINS, settings.min_effect})
    steps, done = 1 + len(gains) * len(TIMES) + len(protected_pairs) * len(TIMES), 0

    def tick(what: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(what, done, steps)

    null = _null(stored, gate["times"], settings, config.limits.cycles, n_candidates, rng)
    tick("no true gain")
    protected = []
    for suite, pairs in protected_pairs.items():
        protected.append(_protected_facts(suite, pairs, settings, look, n_candidates, rng, tick))
    harmless = float(np.prod([size["harmless"] for facts in protected for size in facts["sizes"] if size["times"] == 1.0])) if protected else 1.0
    power = []
    for gain in gains:
        sizes = []
        for times in TIMES:
            made = imagine(stored, gain, n_candidates, rng, times_items=gate["times"] * times)
            shown = float(((made.p_values <= gate["level"]) & (made.observed > 0)).mean())
            sizes.append({"times": times, "n": round(n_gate * times), "better": shown})
            tick("true gains")
        now = next(size["better"] for size in sizes if size["times"] == 1.0)
        power.append({"gain": gain, "is_asked_for": gain == settings.min_effect, "sizes": sizes, "promoted": now * harmless})
    facts = {"run": row["run"], "cycle": decision["cycle"], "champion": decision["champion"], "candidate": decision["candidate"], "score": settings.score,
             "test": settings.test, "n_candidates": n_candidates, "gate": gate, "null": null, "power": power, "protected": protected, "harmless_passes": harmless}
    return {"headline": _headline(facts, settings), **facts}


def _decision(store: Store, run: str, cycle: int | None) -> dict[str, Any]:
    judged = [row for row in store.decisions.all(run) if row["candidate"] and row["look"] > 0]
    if not judged:
        raise WeakspotError(f"no candidate of {run} has answered the gate yet", where="the simulation is made from stored answers",
                            hint="finish a cycle first: weakspot run --resume\nor see what the sizes can show: weakspot run --dry-run")
    found = [row for row in judged if cycle is None or row["cycle"] == cycle]
    if not found:
        raise WeakspotError(f"cycle {cycle} of {run} judged no candidate", where=f"cycles that did: {', '.join(str(row['cycle']) for row in judged)}")
    return found[-1]


def _pair(rows: Sequence[dict[str, Any]], score: str) -> GroupedPair:
    return grouped_pair([row[f"{score}_before"] for row in rows], [row[f"{score}_after"] for row in rows], [row["unit"] for row in rows])


def _gate_facts(stored: GroupedPair, n_gate: int, settings: GateConfig, look: int) -> dict[str, Any]:
    level = spend(settings.alpha, None, look)
    discordance = float((stored.fixed.sum() + stored.broken.sum()) / stored.n)
    return {"n": n_gate, "n_answered": stored.n, "n_groups": len(stored.sizes), "times": n_gate / stored.n, "fixed": int(stored.fixed.sum()), "broken": int(stored.broken.sum()),
            "discordance": discordance, "look": look, "level": level, "min_effect": settings.min_effect,
            "smallest_gain": smallest_detectable_gain(n_gate, discordance, level), "n_needed": items_for_gain(settings.min_effect, discordance, level)}


def _null(stored: GroupedPair, times: float, settings: GateConfig, cycles: int, n_candidates: int, rng: np.random.Generator) -> dict[str, Any]:
    """Share of candidates, and of runs, that promote without a true gain; protected suites are taken to pass, the worst case."""
    import numpy as np

    n_drawn = max(n_candidates, 4000)  # late looks spend little: rarer than one in a thousand must be seen
    made = imagine(stored, 0.0, n_drawn, rng, times_items=times)
    up = made.observed > 0
    rules = {"this gate": lambda look: spend(settings.alpha, None, look), "McNemar at .05 every cycle": lambda look: 0.05}
    rows = []
    for name, level_of in rules.items():
        shares = [float(((made.p_values <= level_of(look)) & up).mean()) for look in range(1, max(cycles, LONG_RUN) + 1)]
        rows.append({"gate": name, "first_look": shares[0], "run": _any(shares[:cycles]), "long_run": _any(shares[:LONG_RUN])})
    share = float(up.mean())
    rows.append({"gate": "higher is better", "first_look": share, "run": _any([share] * cycles), "long_run": _any([share] * LONG_RUN)})
    false_first = int(((made.p_values <= spend(settings.alpha, None, 1)) & up).sum())
    interval = wilson(false_first, n_drawn)
    return {"allowed": settings.alpha, "cycles": cycles, "long_run_cycles": LONG_RUN, "gates": rows, "first_look_low": interval.low, "first_look_high": interval.high,
            "luck": float(made.observed[up].mean()) if up.any() else 0.0, "spread": float(np.std(made.observed))}


def _any(shares: Sequence[float]) -> float:
    """Chance of at least one in independent tries."""
    none = 1.0
    for share in shares:
        none *= 1 - share
    return 1 - none


def _protected_pairs(store: Store, row: dict[str, Any], decision: dict[str, Any], suite: str, score: str) -> list[GroupedPair]:
    """Champion against candidate and, where the champion isn't the base, base against candidate."""
    key, found = row["model_key"], []
    for parent in dict.fromkeys([decision["champion"], ""]):
        rows = [pair for pair in store.samples.pairs(row["run"], (key, parent), (key, decision["candidate"]), ["protected"]) if pair["suite"] == suite]
        if rows:
            found.append(_pair(rows, score))
    return found


def _protected_facts(suite: str, pairs: list[GroupedPair], settings: GateConfig, look: int, n_candidates: int, rng: np.random.Generator,
                     tick: Callable[[str], None]) -> dict[str, Any]:
    """By size: chance that a harmless candidate is shown to hold, and that one which truly fell by the margin, or twice it, is."""
    levels = [ALPHA_PROTECTED, spend_on_base(ALPHA_PROTECTED, None, look)][: len(pairs)]
    stored = pairs[0]
    discordance = float((stored.fixed.sum() + stored.broken.sum()) / stored.n)
    sizes = []
    for times in TIMES:
        row: dict[str, Any] = {"times": times, "n": round(stored.n * times)}
        for name, fall in (("harmless", 0.0), ("at_margin", settings.margin), ("beyond", 2 * settings.margin)):
            if fall > stored.turnable:  # so few answers differ that such a fall can't be made from them
                row[name] = None
                continue
            passed = 1.0
            for pair, level in zip(pairs, levels, strict=True):
                passed *= float(imagine(pair, -fall, n_candidates, rng, times_items=times, margin=settings.margin, alpha=level).is_held.mean())
            row[name] = passed
        sizes.append(row)
        tick(f"protected {suite}")
    return {"suite": suite, "n": stored.n, "n_groups": len(stored.sizes), "discordance": discordance, "margin": settings.margin, "levels": levels, "sizes": sizes,
            "n_needed": items_for_margin(settings.margin, discordance, min(levels)) if settings.margin > 0 else None}


def _headline(facts: dict[str, Any], settings: GateConfig) -> str:
    """One sentence: false promotions, and the chance of the gain asked for."""
    asked = next(row for row in facts["power"] if row["is_asked_for"])
    now = next(size for size in asked["sizes"] if size["times"] == 1.0)
    ours = facts["null"]["gates"][0]
    text = (f"A candidate that is truly {points(asked['gain'])} points better is shown to be in {percent(now['better'])} of cases by {count(now['n'], 'gate item')} "
            f"at look {facts['gate']['look']}, and promoted in {percent(asked['promoted'])}; one that is no better is promoted in {percent(ours['run'])} of runs of "
            f"{count(facts['null']['cycles'], 'cycle')} (allowed: {percent(settings.alpha)})")
    tight = [row["suite"] for row in facts["protected"] if next(size for size in row["sizes"] if size["times"] == 1.0)["harmless"] < 0.8]
    return text + (f"; too small for its margin: {', '.join(tight)}." if tight else ".")
