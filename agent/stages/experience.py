"""What a run has been through, as the plan reads it: looks at the gate, funnels, costs, gains that no weakness explains.

Store queries go in, the plain data of `agent.planning` comes out. Nothing is kept in memory between cycles: a resumed run reads
the same rows and plans the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from agent.planning.effects import Trial
from agent.planning.forecast import Costs
from agent.planning.yields import Funnel
from agent.store import Store

TAUGHT_FROM = ("promote", "inconclusive", "no_data", "failed_train")  # decisions whose cycle's lessons are trained on again; a rejected candidate's are not
MOVED = ("improving", "regressed", "closed")  # states that say so

Lessons = dict[tuple[str, str], int]


def trials(store: Store, run: str, cycle: int) -> list[Trial]:
    """Every look before `cycle`, a row a weakness, untaught ones too: they show the shock that was common to all."""
    found = []
    for decision in _decisions(store, run, cycle):
        rows = [row for row in decision["details"].get("per_weakness") or [] if row["n"]]
        if not rows:
            continue
        known = {row["weakness"]: row for row in store.weaknesses.of_cycle(run, decision["cycle"])}
        lessons = unjudged(store, run, decision["cycle"])
        for (weakness, strategy), kept in _kept(store, run, decision["cycle"]).items():
            lessons[weakness, strategy] = lessons.get((weakness, strategy), 0) + kept
        found += [Trial(decision["cycle"], row["weakness"], known[row["weakness"]]["kind"], 1 - known[row["weakness"]]["failure_rate"], row["n"], row["fixed"], row["broken"],
                        {strategy: kept for (weakness, strategy), kept in lessons.items() if weakness == row["weakness"]}) for row in rows if row["weakness"] in known]
    return found


def unjudged(store: Store, run: str, cycle: int) -> Lessons:
    """Kept lessons by (weakness, strategy) that cycle `cycle` inherits and that its champion was not trained on."""
    waiting: Lessons = {}
    for decision in _decisions(store, run, cycle):
        if decision["decision"] == "promote":
            waiting = {}
        elif decision["decision"] in TAUGHT_FROM:
            for pair, kept in _kept(store, run, decision["cycle"]).items():
                waiting[pair] = waiting.get(pair, 0) + kept
    return waiting


def failed_tries(past: Sequence[Mapping[str, Any]], gained: Mapping[int, bool]) -> int:
    """Judged cycles in a row, latest first, in which a weakness was taught and did not gain, since its accuracy last moved.

    `past`: its ledger, oldest first, the present cycle last. `gained`: by cycle with a look, whether its gate items show a gain
    (interval above zero). Its accuracy moved where the diagnosis says so, or where the rate of the cycle before lies outside the
    new 95 % interval: up or down, what it needs is no longer what was tried in vain.
    """
    tries = 0
    for row in reversed(past):
        if row["lessons"] and row["cycle"] in gained:
            if gained[row["cycle"]]:
                break
            tries += 1
        if row["state"] in MOVED or (row["change"] is not None and not row["ci_low"] <= row["failure_rate"] - row["change"] <= row["ci_high"]):
            break
    return tries


def gains_seen(store: Store, run: str, cycle: int) -> dict[str, dict[int, bool]]:
    """By weakness and cycle with a look: whether its gate items show a gain, whatever became of the candidate."""
    seen: dict[str, dict[int, bool]] = {}
    for decision in _decisions(store, run, cycle):
        if not decision["look"]:
            continue
        shown = {row["weakness"] for row in decision["details"].get("per_weakness") or [] if _shows_gain(row)}
        for weakness, _ in _kept(store, run, decision["cycle"]):
            seen.setdefault(weakness, {})[decision["cycle"]] = weakness in shown
    return seen


def _shows_gain(row: Mapping[str, Any]) -> bool:
    """Shrunk interval above zero; a format weakness has none, so its flips are tested."""
    from agent.statistics.paired import mcnemar_exact

    if row.get("shrunk_low") is not None:
        return float(row["shrunk_low"]) > 0
    return mcnemar_exact(row["fixed"], row["broken"]) <= 0.025


def funnels(store: Store, run: str, cycle: int) -> list[Funnel]:
    """Orders before `cycle` with what was paid for them; one that was cut short by the budget says nothing of its strategy."""
    found = []
    paid: defaultdict[tuple[int, str], float] = defaultdict(float)
    for cost in store.money.costs(run):
        paid[cost["cycle"], str(cost["tag"]).partition("/")[0]] += cost["usd"]
    for number in range(1, cycle):
        rows = store.lessons.funnel(run, number)
        stage = store.runs.stage(run, number, "teach")
        was_cut = bool(stage and (stage["product"] or {}).get("spent_budget_usd") is not None)
        wanted = Counter[str]()
        for row in rows:
            wanted[row["strategy"]] += row["wanted"]
        found += [Funnel(number, row["weakness"], row["strategy"], row["wanted"], row["asked"], row["kept"],
                         paid[number, row["strategy"]] * row["wanted"] / max(1, wanted[row["strategy"]])) for row in rows if not was_cut or row["kept"] >= row["wanted"]]
    return found


def costs(store: Store, run: str, cycle: int, orders: Sequence[Funnel], *, has_price: bool, max_tokens: int | None) -> Costs:
    """What earlier cycles say of money, tokens and time; unknown where none was trained."""
    wanted: Counter[str] = Counter()
    usd: defaultdict[str, float] = defaultdict(float)
    for row in orders:
        wanted[row.strategy] += row.wanted
        usd[row.strategy] += row.usd
    per_order = {strategy: usd[strategy] / n for strategy, n in wanted.items() if n}
    carried = sum(sum(_kept(store, run, row["cycle"]).values()) for row in _decisions(store, run, cycle) if row["decision"] in TAUGHT_FROM)
    for number in range(cycle - 1, 0, -1):
        curriculum = store.lessons.curriculum(run, number)
        stages = {row["stage"]: row["seconds"] for row in store.runs.stages(run) if row["cycle"] == number and row["finished_at"]}
        if curriculum is None or not {"teach", "train", "gate"} <= set(stages):
            continue
        own = [row["n_tokens"] for row in curriculum["recipe"].get("rows", []) if row["part"] != "anchor"]
        ordered = sum(row["wanted"] for row in store.lessons.funnel(run, number))
        return Costs(per_order, sum(own) / len(own) if own else None, carried, curriculum["real_share"], max_tokens, stages["train"] / max(1, curriculum["n_tokens"]),
                     stages["teach"] / max(1, ordered), stages["gate"], has_price)
    return Costs(per_order, n_carried=carried, max_tokens=max_tokens, has_price=has_price)


def unexplained(store: Store, run: str, cycle: int, score: str) -> list[float]:
    """Of each look before `cycle`, the gain in the gate's score (a share) that lies in no weakness's items."""
    found = []
    for decision in _decisions(store, run, cycle):
        whole = decision["details"].get("gate")
        if not decision["look"] or not whole or not whole["n"]:
            continue
        kinds = {row["weakness"]: row["kind"] for row in store.weaknesses.of_cycle(run, decision["cycle"])}
        own = [row for row in decision["details"].get("per_weakness") or [] if score == "strict" or kinds.get(row["weakness"]) != "format"]
        found.append(whole["gain"] - sum(row["fixed"] - row["broken"] for row in own) / whole["n"])
    return found


def _decisions(store: Store, run: str, cycle: int) -> list[dict[str, Any]]:
    return [row for row in store.decisions.all(run) if row["cycle"] < cycle]


def _kept(store: Store, run: str, cycle: int) -> Lessons:
    return {(row["weakness"], row["strategy"]): row["kept"] for row in store.lessons.funnel(run, cycle) if row["kept"]}
