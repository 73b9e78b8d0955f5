"""What the gate will be able to see, said before a cycle is paid for.

Sizes and the discordance of earlier looks go in, sentences come out. A gate that can't see the gain asked for, or a
protected suite that can't show its margin, makes good candidates `inconclusive` after everything was spent: the user
hears it first, with what would help.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.config import GateConfig
from agent.context import RunContext
from agent.statistics.evalue import smallest_crossing_gain
from agent.statistics.power import (
    items_for_gain,
    items_for_margin,
    margin_power,
    smallest_detectable_gain,
    smallest_margin,
)
from agent.statistics.spending import spend, spend_on_base

GUESSED_GATE = 0.20  # share of answers that differ between champion and candidate; the demo's later cycles had 18 to 22 %
GUESSED_PROTECTED = 0.12  # the demo's protected suite had 12 % (docs/log.md)
ALPHA_PROTECTED = 0.05
ENOUGH = 0.8  # power below which it is said


def visible(settings: GateConfig, n_gate: int, protected: Mapping[str, int], look: int = 1, discordance: Mapping[str, float] | None = None,
            *, has_champion: bool = False) -> dict[str, Any]:
    """What `n_gate` gate items and protected suites of these sizes can show at this look.

    `discordance`: share of answers that differ, by suite, the gate under "gate"; guessed where unknown. Gains, falls
    and margins are shares. `harmless_passes`: chance that a candidate which changed nothing but noise is shown to hold.
    """
    known = discordance or {}
    level, at_gate = spend(settings.alpha, None, look), known.get("gate", GUESSED_GATE)
    smallest = None
    if settings.test != "margin":  # nats have no scale before anything was measured
        by_test = smallest_crossing_gain if settings.test == "e_value" else smallest_detectable_gain
        smallest = by_test(n_gate, at_gate, level)
    # with a champion beside it, the comparison with the base is the harder one
    rows, alpha = [], spend_on_base(ALPHA_PROTECTED, None, look) if has_champion else ALPHA_PROTECTED
    for suite, n in protected.items():
        differ = known.get(suite, GUESSED_PROTECTED)
        rows.append({
            "suite": suite, "n": n, "alpha": alpha, "discordance": differ, "margin": settings.margin, "smallest_margin": smallest_margin(n, differ, alpha),
            "smallest_fall": smallest_detectable_gain(n, differ, ALPHA_PROTECTED),
            "harmless_passes": margin_power(n, settings.margin, differ, alpha) if settings.margin > 0 else 0.0,
            "n_needed": items_for_margin(settings.margin, differ, alpha) if settings.margin > 0 else None})
    return {"look": look, "level": level, "n": n_gate, "discordance": at_gate, "is_guess": "gate" not in known, "smallest_gain": smallest,
            "min_effect": settings.min_effect, "protected": rows,
            "n_needed": items_for_gain(settings.min_effect, at_gate, level) if settings.test == "mcnemar" else None}


def sentences(facts: Mapping[str, Any]) -> list[str]:
    """`visible` in words: one line for the gate, one for each protected suite."""
    why = "a guess" if facts["is_guess"] else "as at the last look"
    lines = []
    if facts["smallest_gain"] is not None:
        line = (f"gate, look {facts['look']}: {facts['n']:,} items see a gain of {_points(facts['smallest_gain'])} or more in 4 of 5 cases "
                f"({100 * facts['discordance']:.0f} % of answers differ, {why})")
        if facts["smallest_gain"] > facts["min_effect"] and facts["n_needed"]:
            line += f"; for the {_points(facts['min_effect'])} of gate.min_effect it takes about {facts['n_needed']:,}"
        lines.append(line)
    for row in facts["protected"]:
        line = f"protected {row['suite']}: {row['n']:,} items can show that less than {_points(row['smallest_margin'])} were lost"
        if row["harmless_passes"] < ENOUGH and row["n_needed"]:
            line = (f"{line}; gate.margin is {_points(row['margin'])}, so only {row['harmless_passes']:.0%} of harmless candidates pass. About {row['n_needed']:,} items "
                    f"would do, or gate.margin={_rounded_up(row['smallest_margin'])}")
        else:
            line += f", gate.margin is {_points(row['margin'])}: {row['harmless_passes']:.0%} of harmless candidates pass"
        lines.append(line)
    return lines


def power_of(context: RunContext) -> dict[str, Any]:
    """`visible` for the run's next look, with the discordance of its last one."""
    store, run = context.store, context.run
    sizes = {(row["suite"], row["split"]): row["n"] for row in store.samples.split_sizes(run)}
    n_gate = sum(n for (_, split), n in sizes.items() if split == "gate")
    protected = {suite: n for (suite, split), n in sizes.items() if split == "protected"}
    return visible(context.config.gate, n_gate, protected, store.decisions.n_looks(run) + 1, store.decisions.discordance(run, context.config.gate.score, context.config.gate.protected_score),
                   has_champion=bool(store.runs.get(run)["champion"]))


def say_power(context: RunContext) -> None:
    """Tell the user what the coming look can see."""
    for line in sentences(power_of(context)):
        context.watcher.say(line)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _rounded_up(share: float) -> str:
    """A margin as one would write it: three decimals, never below."""
    return f"{-(-share * 1000 // 1) / 1000:g}"
