"""The database: one writer, all or nothing, unique journal, clean text."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from agent.store import Store
from agent.store.database import clean, database_path, pack
from agent.store.schema import MIGRATIONS
from agent.student.contract import Sample
from curricula.lesson import Lesson, Verdict
from probes.errors import WeakspotError
from probes.suite import Probe, Suite

PROBES = tuple(Probe("s", f"p{i}", f"What is {i} plus one?", str(i + 1), group=f"g{i}") for i in range(6))


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path) as opened:
        opened.runs.create("r1", "name: r1\n", "hash", {"python": "3"})
        opened.runs.update("r1", model_key="m")
        with opened.transaction():
            opened.samples.add_suite("r1", Suite("s", "jsonl", PROBES), "probe", {"diagnose": PROBES[:3], "gate": PROBES[3:]})
        yield opened


def test_second_writer_is_refused_and_told_who_holds_the_folder(store: Store) -> None:
    code = f"from pathlib import Path; from agent.store import Store; Store.open(Path({str(store.state_dir)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode != 0
    import os

    assert f"pid {os.getpid()}" in done.stderr and "another run is using" in done.stderr


def test_lock_is_free_again_after_close(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    Store.open(tmp_path).close()


def test_transaction_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.runs.update("r1", champion="a" * 64)
        store.samples.add("m", "", "s/gate", [(PROBES[0], Sample("s", "p0", "1", 1, 1))])
        raise ZeroDivisionError
    assert store.runs.get("r1")["champion"] == ""
    assert store.samples.known("m", "", PROBES) == {}


def test_samples_are_kept_once_per_model_adapter_and_probe(store: Store) -> None:
    store.samples.add("m", "", "s/gate", [(PROBES[0], Sample("s", "p0", "first", 0, 1))])
    store.samples.add("m", "", "s/gate", [(PROBES[0], Sample("s", "p0", "second", 1, 1))])
    store.samples.add("m", "ad", "s/gate", [(PROBES[0], Sample("s", "p0", "other", 1, 1))])
    assert store.samples.known("m", "", PROBES)[PROBES[0].content_hash].response == "first"
    assert store.samples.known("m", "ad", PROBES)[PROBES[0].content_hash].response == "other"


def test_a_stage_can_be_begun_twice_and_counts_its_attempts(store: Store) -> None:
    store.runs.begin_stage("r1", 1, "train", "h")
    store.runs.begin_stage("r1", 1, "train", "h")
    with store.transaction():
        store.runs.finish_stage("r1", 1, "train", {"candidate": "x"}, 1.5)
    row = store.runs.stage("r1", 1, "train")
    assert row and row["attempts"] == 2 and row["product"] == {"candidate": "x"}


def test_promotion_moves_the_pointer_and_retires_the_old_champion(store: Store) -> None:
    for cycle, name in ((1, "aa"), (2, "bb")):
        store.decisions.add_adapter("r1", cycle, {"adapter": name, "path": name, "params": {}, "curriculum_sha256": "", "steps": 1, "tokens": 1,
                                                  "first_loss": 1.0, "final_loss": 0.5, "seconds": 1.0, "effect": 1.0})
        with store.transaction():
            store.decisions.record("r1", cycle, {"decision": "promote", "reason": "", "champion": "", "candidate": name, "look": cycle,
                                                 "p_value": 0.01, "level": 0.05, "details": {}})
    assert store.runs.get("r1")["champion"] == "bb"
    assert [row["status"] for row in store.decisions.adapters("r1")] == ["former champion", "champion"]
    assert store.decisions.n_looks("r1") == 2


def test_fixed_and_broken_are_read_from_the_view(store: Store) -> None:
    store.decisions.add_adapter("r1", 1, {"adapter": "aa", "path": "aa", "params": {}, "curriculum_sha256": "", "steps": 1, "tokens": 1,
                                          "first_loss": 1.0, "final_loss": 0.5, "seconds": 1.0, "effect": 1.0})
    store.samples.add("m", "", "s/gate", [(p, Sample("s", p.probe_id, "x", strict, 1)) for p, strict in zip(PROBES[3:], (0, 1, 1), strict=True)])
    store.samples.add("m", "aa", "s/gate", [(p, Sample("s", p.probe_id, "y", strict, 1)) for p, strict in zip(PROBES[3:], (1, 0, 1), strict=True)])
    store.decisions.record("r1", 1, {"decision": "reject", "reason": "", "champion": "", "candidate": "aa", "look": 1, "p_value": 0.5,
                                     "level": 0.05, "details": {}})
    assert [row["change"] for row in store.decisions.changes("r1", 1)] == ["fixed", "broken", "still right"]


def test_lessons_come_back_as_they_went_in(store: Store) -> None:
    lesson = Lesson("What is 2 + 2?", "4", "4", "symbolic", 1, "numeric", "4", "engine", "sum", "W1", ("p0",), meta={"wording": 2})
    store.lessons.add_kept("r1", 1, [lesson])
    store.lessons.add_rejected("r1", 1, [(lesson, Verdict("verifier", "fail", "wrong"))])
    assert store.lessons.kept("r1") == [lesson]
    assert store.lessons.kept("r1", before_cycle=1) == []
    assert [row["outcome"] for row in store.lessons.rows("r1", 1)] == ["pass", "fail"]


def test_hostile_text_is_stored(store: Store) -> None:
    text = "lone \ud800 surrogate, NUL \x00, <script>"
    store.samples.add("m", "", "s/gate", [(PROBES[0], Sample("s", "p0", text, 0, 0))])
    stored = store.samples.known("m", "", PROBES)[PROBES[0].content_hash].response
    assert stored == clean(text) and "\x00" not in stored
    assert pack({"x": float("nan")}) == '{"x": null}'


def test_probes_are_found_by_their_words(store: Store) -> None:
    assert [row["probe_id"] for row in store.samples.find_probe("r1", "p3")] == ["p3"]
    assert {row["probe_id"] for row in store.samples.find_probe("r1", 'is 4 "plus')} == {"p4"}


def test_spending_counts_reservations_until_they_are_settled(store: Store) -> None:
    entry = store.money.reserve("r1", 1, "error_analysis", 0.5)
    assert store.money.spent_usd("r1") == 0.5
    store.money.settle(entry, 0.1, 10, 20)
    store.money.settle(entry, 9.9, 10, 20)
    assert store.money.spent_usd("r1") == pytest.approx(0.1)


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    database_path(tmp_path).write_bytes(b"SQLite format 3\x00" + b"garbage" * 500)
    with pytest.raises(WeakspotError, match="can't be used"):
        Store.open(tmp_path)
    with pytest.raises(WeakspotError, match="can't be used"):
        Store.open(tmp_path)


def test_readers_can_not_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Store.read(store.state_dir).runs.update("r1", status="x")


def test_unknown_run_lists_those_there_are(store: Store) -> None:
    with pytest.raises(WeakspotError) as caught:
        store.runs.get("nope")
    assert "r1" in caught.value.hint


def test_an_outline_comes_back_in_reading_order(store: Store) -> None:
    node = {"n": 9, "n_failures": 3, "accuracy": 2 / 3, "ci_low": 0.3, "ci_high": 0.9, "weakness": ""}
    nodes = [{"id": "N1", "parent": None, "label": "all probes", "depth": 0, **node}, {"id": "N10", "parent": "N1", "label": "<b>", "depth": 1, **node},
             {"id": "N2", "parent": "N1", "label": "second", "depth": 1, **node, "weakness": "W1"}]
    with store.transaction():
        store.weaknesses.add_outline("r1", 1, nodes)
    assert store.weaknesses.outline("r1", 1) == nodes and store.weaknesses.outline("r1", 2) == []
    with pytest.raises(sqlite3.IntegrityError):
        store.weaknesses.add_outline("r1", 2, nodes[1:])


def test_a_reader_completes_a_database_of_an_older_version(tmp_path: Path) -> None:
    path = database_path(tmp_path)
    MIGRATIONS.apply(Database(sqlite3.connect(path)), stop_before="m002_outline")
    with Store.read(tmp_path) as store:
        assert store.weaknesses.outline("r1", 1) == []
