"""What the plan reads from a run: late verdicts, tries in vain, orders cut by the budget, and why it planned so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.stages.experience import failed_tries, funnels, gains_seen, trials, unexplained, unjudged
from agent.store import Store

RUN = "r"
WEAKNESS = {"label": "", "kind": "skill", "n": 50, "ci_low": 0.4, "ci_high": 0.8, "lift": 1.0, "p_value": 0.1, "stability": 1.0, "x": 0.0, "y": 0.0,
            "keywords": [], "failure_types": {}, "medoids": [], "state": "open", "n_failures": 30, "failure_rate": 0.6}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path) as opened:
        opened.runs.create(RUN, "", "", {})
        yield opened


def cycle(store: Store, number: int, decision: str, kept: dict[tuple[str, str], int], gate: dict[str, tuple[int, int, int]] | None = None, wanted: int = 10) -> None:
    """One cycle: weaknesses A and B, `kept` lessons, `gate` (n, fixed, broken) by weakness."""
    store.weaknesses.add(RUN, number, [{**WEAKNESS, "weakness": name, "rank": rank} for rank, name in enumerate("AB")], [], [])
    store.lessons.add_funnel(RUN, number, [{"weakness": weakness, "strategy": strategy, "wanted": wanted, "asked": 12, "parsed": n, "deduplicated": n, "decontaminated": n,
                                            "verified": n, "kept": n, "reasons": {}} for (weakness, strategy), n in kept.items()])
    rows = [{"weakness": name, "n": n, "fixed": fixed, "broken": broken, "shrunk_low": (fixed - broken) / n - 0.1} for name, (n, fixed, broken) in (gate or {}).items()]
    store.decisions.record(RUN, number, {"decision": decision, "reason": "", "champion": "", "candidate": f"c{number}" if gate else "", "look": number if gate else 0, "p_value": None,
                                         "level": None, "details": {"gate": {"gain": 0.05, "n": 100}, "per_weakness": rows} if gate else {}})


def test_lessons_without_a_verdict_are_judged_with_the_next_candidate_and_rejected_ones_are_not(store: Store) -> None:
    look = {"A": (40, 9, 1), "B": (40, 2, 2)}
    cycle(store, 1, "failed_train", {("A", "s"): 5})
    cycle(store, 2, "inconclusive", {("A", "s"): 7, ("B", "t"): 3}, look)
    cycle(store, 3, "reject", {("A", "t"): 4}, look)
    cycle(store, 4, "promote", {("B", "t"): 2}, look)
    cycle(store, 5, "reject", {("B", "s"): 6}, look)
    taught = {(row.cycle, row.weakness): dict(row.lessons) for row in trials(store, RUN, 6)}
    assert taught[2, "A"] == {"s": 12} and taught[2, "B"] == {"t": 3}  # cycle 1 came to be judged in cycle 2
    assert taught[3, "A"] == {"s": 12, "t": 4}
    assert taught[4, "A"] == {"s": 12} and taught[4, "B"] == {"t": 5}  # the rejected cycle's lessons are gone
    assert taught[5, "A"] == {} and taught[5, "B"] == {"s": 6}  # the champion knows the rest
    assert unjudged(store, RUN, 4) == {("A", "s"): 12, ("B", "t"): 3} and unjudged(store, RUN, 6) == {}
    assert [row.cycle for row in trials(store, RUN, 3)] == [2, 2]  # what is to come is not known
    assert {row.accuracy for row in trials(store, RUN, 6)} == {0.4}


def test_a_rejected_candidates_look_is_evidence_too_and_a_gain_in_it_no_failed_try(store: Store) -> None:
    cycle(store, 1, "reject", {("A", "s"): 5, ("B", "s"): 5}, {"A": (40, 12, 0), "B": (40, 1, 1)})
    assert len(trials(store, RUN, 2)) == 2
    assert gains_seen(store, RUN, 2) == {"A": {1: True}, "B": {1: False}}


def entry(number: int, lessons: int = 9, state: str = "open", rate: float = 0.6, change: float | None = 0.0) -> dict[str, Any]:
    return {"cycle": number, "lessons": lessons, "state": state, "failure_rate": rate, "ci_low": rate - 0.1, "ci_high": rate + 0.1, "change": change}


@pytest.mark.parametrize(("past", "gained", "tries"), [
    ([entry(1, 0, change=None)], {}, 0),
    ([entry(1, change=None), entry(2), entry(3, 0)], {1: False, 2: False}, 2),
    ([entry(1, change=None), entry(2), entry(3, 0)], {2: False}, 1),  # cycle 1 had no look: no verdict, no try
    ([entry(1, change=None), entry(2), entry(3, 0)], {1: False, 2: True}, 0),
    ([entry(1, change=None), entry(2), entry(3, 0, "improving", 0.3, -0.3)], {1: False, 2: False}, 0),
    ([entry(1, change=None), entry(2, rate=0.8, change=0.2), entry(3, 0)], {1: False, 2: False}, 1),  # it fell: a new start
    ([entry(1, change=None), entry(2, 0), entry(3), entry(4, 0)], {1: False, 3: False}, 2),  # a cycle without lessons says nothing
])
def test_tries_in_vain_since_it_last_moved(past: list[dict[str, Any]], gained: dict[int, bool], tries: int) -> None:
    assert failed_tries(past, gained) == tries


def test_orders_carry_their_cost_and_one_cut_by_the_budget_says_nothing(store: Store) -> None:
    cycle(store, 1, "promote", {("A", "s"): 10, ("B", "s"): 5}, {"A": (40, 9, 1)})
    store.money.settle(store.money.reserve(RUN, 1, "s/write", 1.0), 0.4, 10, 10)
    store.money.settle(store.money.reserve(RUN, 1, "names", 1.0), 0.1, 10, 10)
    found = {(row.weakness, row.strategy): row for row in funnels(store, RUN, 2)}
    assert found["A", "s"].usd == pytest.approx(0.2) and found["B", "s"].kept == 5
    store.runs.begin_stage(RUN, 1, "teach", "")
    store.runs.finish_stage(RUN, 1, "teach", {"spent_budget_usd": 0.5}, 1.0)
    assert [(row.weakness, row.kept) for row in funnels(store, RUN, 2)] == [("A", 10)]


def test_what_no_weakness_explains_is_the_rest_of_the_gain(store: Store) -> None:
    cycle(store, 1, "reject", {("A", "s"): 5}, {"A": (40, 9, 1)})
    cycle(store, 2, "no_data", {})
    assert unexplained(store, RUN, 3, "strict") == pytest.approx([0.05 - 8 / 100])
