"""A plan and a forecast in sentences: why this much, why this strategy, what may come of it.

Parts of a plan and forecasts (as they are stored) go in, lines for people come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.planning.budget import BACK_OFF
from agent.report.wording import count, duration, interval, money, points


def chance(share: float) -> str:
    """A chance that does not pretend: `12 %`, `under 1 %`, `over 99 %`."""
    return "under 1 %" if share < 0.01 else "over 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def why(part: Mapping[str, Any], n_strategies: int) -> str:
    """Why a weakness gets lessons of this strategy. `part`: the fields of `Part` with n_failures, accuracy, n_looks, asked_per_kept, usd_per_order."""
    text = f"{count(part['n_failures'], 'failure')}, {part['accuracy']:.0%} solved"
    if tries := part["failed_tries"]:
        text += f", {count(tries, 'try', 'tries')} without gain" + (f" (share cut to {BACK_OFF**tries:.2g})" if part["kind"] != "format" else "")
    if n_strategies > 1:
        drawn = "the draw" if part["n_draws"] == 1 else f"{part['draws_won']} of {part['n_draws']} draws"
        text += f"; {part['strategy']} " + f"{f'won {drawn}' if part['draws_won'] else 'explores'} (best here: {chance(part['chance_best'])})"
    looks = f"after {count(part['n_looks'], 'look')}" if part["n_looks"] else "before any look"
    text += (f"; enough lessons fill {100 * part['effect']:.0f} % of the room, {100 * part['effect_low']:.0f} to {100 * part['effect_high']:.0f}, {looks}"
             f"; {100 * part['kept_share']:.0f} % of orders kept")
    if part["asked_per_kept"] is None:
        text += ", as a guess"
    elif part["asked_per_kept"] == "inf":
        text += ", none so far"
    elif part["asked_per_kept"] > 1.5:
        text += f", {part['asked_per_kept']:.1f} candidates each"
    if part["usd_per_order"]:
        text += f", {money(part['usd_per_order'])} an order"
    return text


def expectation(facts: Mapping[str, Any]) -> list[str]:
    """A forecast in two or three lines. `facts`: the fields of `Forecast` with cycle, usd_left."""
    line = f"cycle {facts['cycle']}: {points(facts['gain'])} points expected at the gate (80 %: {interval(facts['gain_low'], facts['gain_high'])})"
    if facts["power"] is not None:
        line += f"; seen there with {chance(facts['power'])}, promoted with {chance(facts['promotion'])} if nothing protected falls"
    cost = f"{count(facts['n_lessons'], 'lesson')} ordered, about {facts['n_kept']:.0f} kept"
    if facts["n_tokens"] is not None:
        cost += f"; {facts['n_tokens']:,} training tokens"
    cost += f"; {duration(facts['seconds'])} from here to the decision" if facts["seconds"] is not None else "; time unknown, no cycle was trained yet"
    if facts["usd"] is not None:
        cost += f"; {money(facts['usd'])}"
    elif facts["usd_left"] is not None:
        cost += f"; {money(facts['usd_left'])} at most, what these strategies cost is not known yet"
    return [f"{line}; {'learnt from ' + count(facts['n_looks'], 'look') if facts['n_looks'] else 'a guess before any look'}", cost]


def outcome(rows: list[dict[str, Any]]) -> str:
    """How the forecasts of a run fared, in a sentence; empty before the first outcome. `rows`: low, high, came of each."""
    from agent.planning.forecast import coverage

    met = [(row["gain_low"], row["gain_high"], row["came"]) for row in rows if row["came"] is not None]
    if not met:
        return ""
    inside, n, p = coverage(met)
    bias = sum(row["came"] - row["gain"] for row in rows if row["came"] is not None) / n
    return (f"forecasts: {inside} of {n} measured gains lie in their 80 % interval, on average {points(bias)} points from what was expected"
            + (f"; so few are unlikely by chance (p {p:.2g}): trust the intervals less" if p < 0.05 else ""))
