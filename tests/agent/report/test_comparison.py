"""Comparing models by stored answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.report.comparison import compare_models, find_model
from agent.statistics.paired import mcnemar_exact
from agent.store import Store
from probes.errors import WeakspotError
from tests.agent.report.builder import MODEL, RUN, adapter_name, build_run


def test_names_mean_base_champion_and_candidates(store: Store) -> None:
    assert find_model(store, "base").adapter == ""
    assert find_model(store, "latest").adapter == find_model(store, "demo").adapter == adapter_name(3)
    assert find_model(store, f"{RUN}:2").adapter == adapter_name(2)
    assert find_model(store, "latest:base").adapter == ""
    with pytest.raises(WeakspotError, match="cycle 7"):
        find_model(store, "latest:7")


def test_counts_are_those_of_the_answers(store: Store) -> None:
    facts = compare_models(store, "base", "latest:2")
    rows = store.samples.pairs(RUN, (MODEL, ""), (MODEL, adapter_name(2)), ["gate"])
    total = facts["total"]
    assert total["n"] == len(rows) == total["fixed"] + total["broken"] + total["still_wrong"] + total["still_right"]
    assert total["still_wrong"] == sum(row["strict_before"] == row["strict_after"] == 0 for row in rows)
    assert total["p_better"] >= mcnemar_exact(total["fixed"], total["broken"])
    assert {row["suite"] for row in facts["suites"]} == {"basics", "basics_protected"}
    assert facts["regressions"] == ["basics_protected"] and "measurably worse: basics_protected" in facts["headline"]
    assert len(facts["samples"]["broken"]) == sum(row["broken"] for row in facts["suites"])


def test_the_other_way_round_swaps_fixed_and_broken(store: Store) -> None:
    there, back = compare_models(store, "base", "latest"), compare_models(store, "latest", "base")
    assert (there["total"]["fixed"], there["total"]["broken"]) == (back["total"]["broken"], back["total"]["fixed"])
    assert there["regressions"] == [] and back["regressions"] == ["basics"]


def test_the_audit_is_sealed_unless_named(store: Store) -> None:
    sealed = {probe.probe_id for probe in store.samples.probes(RUN, "audit")}
    facts = compare_models(store, "base", "latest")
    assert not sealed & {row["probe_id"] for rows in facts["samples"].values() for row in rows}
    assert compare_models(store, "base", "latest", splits=["audit"])["total"]["n"] == len(sealed)


def test_lenient_and_per_weakness(store: Store) -> None:
    strict, lenient = compare_models(store, "base", "latest"), compare_models(store, "base", "latest", score="lenient")
    assert lenient["total"]["before"] > strict["total"]["before"]
    assert {row["weakness"] for row in strict["weaknesses"]} >= {"W-00", "W-02"}
    assert all(row["fixed"] + row["broken"] <= row["n"] for row in strict["weaknesses"])


def test_runs_that_share_probes_can_be_compared(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=1, run="one-1")
    build_run(tmp_path, n_cycles=0, run="two-2", is_audited=False)
    with Store.read(tmp_path) as store:
        facts = compare_models(store, "two-2", "one-1")
    assert facts["a"]["run"] == "two-2" and facts["total"]["fixed"] > 20


def test_nothing_in_common_and_bad_splits_are_told(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=0, is_audited=False)
    with Store.open(tmp_path) as store:
        store.runs.update(RUN, model_key="unknown")
        with pytest.raises(WeakspotError, match="no probe in common"):
            compare_models(store, "base", "latest")
        with pytest.raises(WeakspotError, match="unknown split 'gat'"):
            compare_models(store, "base", "latest", splits=["gat"])


def test_every_probe_is_in_exactly_one_kind_with_its_sample(store: Store) -> None:
    facts = compare_models(store, "base", "latest")
    shown = sum(len(rows) for rows in facts["samples"].values())
    assert len(facts["samples"]["still wrong"]) == sum(row["still_wrong"] for row in facts["suites"])
    assert shown + sum(row["still_right"] for row in facts["suites"]) == sum(row["n"] for row in facts["suites"])
    wrong = facts["samples"]["still wrong"][0]
    assert wrong["strict_before"] == wrong["strict_after"] == 0 and wrong["prompt"] and "unit" not in wrong
    assert facts["strict"] == facts["total"] and facts["lenient"]["n"] == facts["strict"]["n"] and "lenient" in facts["headline"]


def test_the_same_model_twice_is_said_and_never_a_regression(store: Store) -> None:
    facts = compare_models(store, "latest", "latest:3")
    assert facts["is_same_model"] and "the same model" in facts["headline"] and facts["regressions"] == []
    assert facts["samples"]["fixed"] == facts["samples"]["broken"] == [] and facts["total"]["p_better"] == 1.0


def test_alarms_over_many_suites_are_corrected(store: Store) -> None:
    facts = compare_models(store, "base", "latest:2")
    from agent.statistics.intervals import benjamini_hochberg

    assert [row["q_worse"] for row in facts["suites"]] == benjamini_hochberg([row["p_worse"] for row in facts["suites"]])
    assert all(row["q_worse"] >= row["p_worse"] for row in facts["suites"])


def test_weaknesses_are_compared_on_their_gate_probes_with_intervals(tmp_path: Path) -> None:
    build_run(tmp_path)
    with Store.open(tmp_path) as store:
        probes = store.samples.probes(RUN, "gate")
        with store.transaction():
            store.decisions.add_gate_members(RUN, 3, [("W-02", probe.suite, probe.probe_id) for probe in probes if probe.meta["skill"] == "roman numerals"])
        facts = compare_models(store, "base", "latest")
        row = next(row for row in facts["weaknesses"] if row["weakness"] == "W-02")
        members = [pair for pair in store.samples.pairs(RUN, (MODEL, ""), (MODEL, adapter_name(3)), ["gate"]) if pair["probe_id"].startswith("roman")]
    assert (row["split"], row["n"], row["fixed"]) == ("gate", len(members), sum(pair["strict_after"] > pair["strict_before"] for pair in members))
    assert row["ci_low"] <= row["gain"] <= row["ci_high"] and row["q_better"] >= row["p_better"] and row["label"].startswith("roman")
    assert {other["split"] for other in facts["weaknesses"] if other["weakness"] != "W-02"} == {"diagnose"}


def test_probes_that_one_of_both_has_not_answered_are_counted(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=1, is_audited=False)
    with Store.open(tmp_path) as store:
        with store.transaction():
            store.db.execute("DELETE FROM samples WHERE adapter = ? AND probe_hash IN (SELECT probe_hash FROM probes WHERE split = 'gate' LIMIT 5)", [adapter_name(1)])
        facts = compare_models(store, "base", "latest:1")
    assert facts["n_unanswered"] == 5 and "5 probes left out" in facts["headline"]
