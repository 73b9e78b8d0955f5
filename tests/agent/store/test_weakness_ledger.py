"""The weakness ledger: who is charged with what, whose gain counts, and that the columns add up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.store import Store
from curricula.lesson import Lesson, Verdict

RUN = "r1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        opened.runs.create(RUN, "name: r1\n", "h", {})
        yield opened


def weakness(name: str, rank: int, n_failures: int, state: str = "open", **more: Any) -> dict[str, Any]:
    return {"weakness": name, "rank": rank, "label": f"label of {name}", "kind": "skill", "state": state, "n": 20, "n_failures": n_failures,
            "failure_rate": n_failures / 20, "ci_low": 0.0, "ci_high": 1.0, "lift": 1.0, "p_value": 0.0, "stability": 1.0, "x": 0.0, "y": 0.0,
            "keywords": [], "failure_types": {}, "medoids": [], **more}


def lesson(name: str, number: int, usd: float = 0.0) -> Lesson:
    return Lesson(f"{name} {number}?", "1", "1", "error_analysis", 1, weakness_id=name, cost_usd=usd)


def funnel(name: str, asked: int, kept: int) -> dict[str, Any]:
    return {"weakness": name, "strategy": "error_analysis", "wanted": kept, "asked": asked, "parsed": asked, "deduplicated": asked, "decontaminated": asked,
            "verified": kept, "kept": kept, "reasons": {}}


def stage(store: Store, cycle: int, name: str, seconds: float) -> None:
    store.runs.begin_stage(RUN, cycle, name, "h")
    store.runs.finish_stage(RUN, cycle, name, {}, seconds)


def taught(store: Store, cycle: int, tokens: dict[str, int], decision: str, per_weakness: list[dict[str, Any]]) -> None:
    """Curriculum and decision of one cycle."""
    store.lessons.add_curriculum(RUN, cycle, 10, sum(tokens.values()), 0.3, "c", "p", {"tokens_by_weakness": tokens})
    store.decisions.record(RUN, cycle, {"decision": decision, "reason": "", "champion": "", "candidate": f"c{cycle}", "look": cycle, "p_value": 0.0,
                                        "level": 0.0, "details": {"per_weakness": per_weakness}})


def gate(name: str, n: int, fixed: int, broken: int) -> dict[str, Any]:
    return {"weakness": name, "n": n, "before": 0.2, "after": 0.2 + (fixed - broken) / n if n else 0.0, "fixed": fixed, "broken": broken}


def rows(store: Store, name: str) -> list[dict[str, Any]]:
    return store.weaknesses.ledger(RUN, name)


def test_costs_go_to_whom_they_were_spent_on_and_add_up(store: Store) -> None:
    store.weaknesses.add(RUN, 1, [weakness("Wa", 1, 15), weakness("Wb", 2, 5)], [], [])
    store.lessons.add_kept(RUN, 1, [lesson("Wa", 1, 0.02), lesson("Wa", 2, 0.02), lesson("Wb", 1, 0.01)])
    store.lessons.add_rejected(RUN, 1, [(lesson("Wa", 3, 0.01), Verdict("verifier", "fail", "wrong"))])
    store.lessons.add_funnel(RUN, 1, [funnel("Wa", 6, 2), funnel("Wb", 2, 1)])
    for tag, usd in (("error_analysis/siblings", 0.08), ("error_analysis/repair", 0.02), ("check", 0.5)):
        store.money.settle(store.money.reserve(RUN, 1, tag, 1.0), usd, 10, 10)
    stage(store, 1, "teach", 8.0)
    stage(store, 1, "train", 100.0)
    taught(store, 1, {"Wa": 300, "Wb": 100}, "promote", [gate("Wa", 10, 4, 1), gate("Wb", 0, 0, 0)])
    (a,), (b,) = rows(store, "Wa"), rows(store, "Wb")
    assert (a["lessons"], a["refused"], b["lessons"], b["refused"]) == (2, 1, 1, 0)
    # .10 was paid for the strategy, .06 of it stands on lessons; the rest goes by lessons asked for, 6 to 2
    assert (a["usd"], b["usd"]) == (pytest.approx(0.05 + 0.03), pytest.approx(0.01 + 0.01))
    assert a["seconds"] == pytest.approx(6.0 + 75.0) and b["seconds"] == pytest.approx(2.0 + 25.0)
    assert (a["tokens"], b["tokens"]) == (300, 100)
    assert (a["gain"], a["total_gain"], a["gain_per_lesson"]) == (pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.15))
    assert b["gain"] is None and b["total_gain"] == 0.0, "no gate item is nearest to it: nothing is known"


def test_only_promoted_candidates_add_to_the_gain_and_all_lessons_to_its_price(store: Store) -> None:
    for cycle, (decision, fixed) in enumerate((("promote", 5), ("reject", 9), ("inconclusive", 3), ("promote", 2)), 1):
        store.weaknesses.add(RUN, cycle, [weakness("Wa", 1, 16 - 2 * cycle)], [], [])
        store.lessons.add_kept(RUN, cycle, [lesson("Wa", 10 * cycle + i) for i in range(5)])
        taught(store, cycle, {"Wa": 100 * cycle}, decision, [gate("Wa", 20, fixed, 1)])
    history = rows(store, "Wa")
    assert [row["gain"] for row in history] == pytest.approx([0.2, 0.4, 0.1, 0.05])
    assert [row["total_gain"] for row in history] == pytest.approx([0.2, 0.2, 0.2, 0.25])
    assert [row["total_fixed"] for row in history] == [5, 5, 5, 7] and history[-1]["total_broken"] == 2
    assert [row["total_lessons"] for row in history] == [5, 10, 15, 20]
    assert history[-1]["gain_per_lesson"] == pytest.approx(0.25 / 20)
    assert [row["total_tokens"] for row in history] == [100, 300, 600, 1000]
    assert [row["change"] for row in history][1:] == pytest.approx([-0.1, -0.1, -0.1])


def test_where_they_came_from_and_went_is_kept(store: Store) -> None:
    store.weaknesses.add(RUN, 1, [weakness("Wa", 1, 15), weakness("Wb", 2, 5)], [], [])
    store.weaknesses.add(RUN, 2, [weakness("Wa", 1, 15), weakness("Wc", 2, 9, split_from="Wa"), weakness("Wb", 3, 5, "merged", merged_into="Wa")], [], [])
    assert [(row["state"], row["merged_into"]) for row in rows(store, "Wb")] == [("open", None), ("merged", "Wa")]
    assert [row["split_from"] for row in rows(store, "Wc")] == ["Wa"]
    assert {row["weakness"]: row["is_open"] for row in store.weaknesses.of_cycle(RUN, 2)} == {"Wa": True, "Wc": True, "Wb": False}


def test_lessons_that_are_still_trained_on_cost_after_their_weakness_is_gone(store: Store) -> None:
    store.weaknesses.add(RUN, 1, [weakness("Wa", 1, 15)], [], [])
    taught(store, 1, {"Wa": 50}, "promote", [])
    store.weaknesses.add(RUN, 2, [weakness("Wb", 1, 15)], [], [])
    taught(store, 2, {"Wa": 40, "Wb": 60}, "promote", [])
    first, second = rows(store, "Wa")
    assert (second["cycle"], second["state"], second["n"], second["tokens"], second["label"]) == (2, None, None, 40, first["label"])
    assert store.db.execute("SELECT sum(tokens) FROM v_weakness_ledger WHERE run = ? AND cycle = 2", [RUN]).fetchone()[0] == 100


def test_a_database_of_the_first_version_is_brought_up_to_date_when_it_is_read(tmp_path: Path) -> None:
    with Store.open(tmp_path) as opened:
        opened.runs.create(RUN, "name: r1\n", "h", {})
        opened.weaknesses.add(RUN, 1, [weakness("Wa", 1, 15)], [], [])
    with sqlite3.connect(tmp_path / "weakspot.db") as raw:
        raw.execute("DROP VIEW v_weakness_ledger")
        for column in ("split_from", "merged_into"):
            raw.execute(f"ALTER TABLE weaknesses DROP COLUMN {column}")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_weakness_ledger'")
    for _ in range(2):
        with Store.read(tmp_path) as store:
            assert [(row["weakness"], row["split_from"]) for row in store.weaknesses.ledger(RUN)] == [("Wa", None)]
            assert store.weaknesses.latest(RUN)[0]["merged_into"] == ""
