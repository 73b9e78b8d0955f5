"""The report's dictionary: its numbers are those of the rows, at any moment of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.report import facts as facts_module
from agent.report.facts import build_report
from agent.report.headline import FORMAT_ONLY, closing_lines, headline
from agent.store import Store
from probes.errors import WeakspotError
from tests.agent.report.builder import MODEL, RUN, SKILLS, adapter_name, build_run


def test_promised_keys_are_there_and_it_is_json(report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert {"run", "student", "cycles", "audit", "protected", "headline", "trend", "versions", "config", "reproduce"} <= set(report)
    for facts in report["cycles"]:
        assert {"cycle", "decision", "p_value", "gate", "weaknesses", "funnel", "real_share", "seconds", "stages", "rules", "curriculum"} <= set(facts)
        assert {"n", "fixed", "broken", "gain"} <= set(facts["gate"])
    assert {"n", "base", "champion", "gain", "ci_low", "ci_high", "strict", "lenient"} <= set(report["audit"])
    assert {"suite", "base", "champion", "ci_low"} <= set(report["protected"][0])


def test_decisions_and_flips_are_those_of_the_samples(report: dict[str, Any], store: Store) -> None:
    assert [facts["decision"] for facts in report["cycles"]] == ["promote", "reject", "promote"]
    for facts in report["cycles"]:
        rows = store.samples.pairs(RUN, (MODEL, facts["champion"]), (MODEL, facts["candidate"]), ["gate"])
        assert facts["gate"]["n"] == len(rows)
        assert facts["gate"]["fixed"] == sum(row["strict_after"] > row["strict_before"] for row in rows)
        assert facts["gate"]["broken"] == sum(row["strict_after"] < row["strict_before"] for row in rows)
        assert facts["seconds"] == pytest.approx(sum(stage["seconds"] for stage in facts["stages"]))
        assert facts["funnel"]["kept"] == len(store.lessons.rows(RUN, facts["cycle"], "pass"))


def test_the_audit_compares_base_and_champion(report: dict[str, Any], store: Store) -> None:
    rows = store.samples.pairs(RUN, (MODEL, ""), (MODEL, adapter_name(3)), ["audit"])
    assert report["audit"]["n"] == len(rows)
    assert report["audit"]["gain"] == pytest.approx(sum(row["strict_after"] - row["strict_before"] for row in rows) / len(rows))
    assert report["audit"]["lenient"]["gain"] == pytest.approx(sum(row["lenient_after"] - row["lenient_before"] for row in rows) / len(rows))


def test_no_audit_probe_is_shown(report: dict[str, Any], store: Store) -> None:
    sealed = {probe.probe_id for probe in store.samples.probes(RUN, "audit")}
    shown = {row["probe_id"] for facts in report["cycles"] for flip in facts["samples"].values() for row in flip} | {p["probe_id"] for p in report["map"]["points"]}
    assert shown and not sealed & shown


def test_the_headline_claims_from_the_audit(report: dict[str, Any]) -> None:
    text = report["headline"]
    assert "3 cycles, 2 promoted" in text and "on the audit split" in text and "lenient" in text and "optimistic" not in text


def test_a_cycle_report_ends_with_that_cycle(store: Store) -> None:
    report = build_report(store, RUN, 2)
    assert [facts["cycle"] for facts in report["cycles"]] == [1, 2]
    assert report["champion"] == adapter_name(1)
    assert report["audit"] is None, "the audit was read for the champion of cycle 3"
    assert report["headline"].startswith("Cycle 2 (rejected)") and "optimistic" in report["headline"]


def test_unknown_cycle_names_those_there_are(store: Store) -> None:
    with pytest.raises(WeakspotError, match="no cycle 9") as error:
        build_report(store, RUN, 9)
    assert "1, 2, 3" in error.value.hint


def test_a_run_that_has_done_nothing_yet_has_a_report(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=0, status="running", is_audited=False)
    with Store.read(tmp_path) as store:
        report = build_report(store, RUN)
    assert report["cycles"] == [] and report["audit"] is None and report["protected"] == []
    assert "has not finished a stage" in report["headline"]
    assert closing_lines(report)[0].startswith("no candidate was promoted")


@pytest.mark.parametrize("decision", ["no_data", "converged", "failed_train", "target"])
def test_cycles_that_end_early_have_no_gate_numbers(tmp_path: Path, decision: str) -> None:
    build_run(tmp_path, n_cycles=0, status="running", is_audited=False)
    with Store.open(tmp_path) as store:
        store.runs.begin_stage(RUN, 1, "evaluate", "h")
        with store.transaction():
            store.decisions.record(RUN, 1, {"decision": decision, "reason": "because", "champion": "", "candidate": "", "look": 0, "p_value": None,
                                            "level": None, "details": {}})
        report = build_report(store, RUN)
    assert report["cycles"][0]["decision"] == decision and report["cycles"][0]["gate"]["gain"] is None and report["cycles"][0]["p_value"] is None
    assert "because" in report["headline"]
    assert any("because" in line for line in closing_lines(report))


def test_a_gain_of_format_alone_is_called_that(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=1, is_audited=False)
    with Store.open(tmp_path) as store:
        strict = {"n": 60, "base": 0.0, "champion": 0.5, "fixed": 30, "broken": 0, "gain": 0.5, "ci_low": 0.4, "ci_high": 0.6, "p_value": 1e-9}
        lenient = {**strict, "base": 0.48, "fixed": 2, "broken": 1, "gain": 0.02, "ci_low": -0.04, "ci_high": 0.08, "p_value": 0.5}
        with store.transaction():
            store.decisions.add_audit(RUN, adapter_name(1), {"n": 60, "score": "strict", "strict": strict, "lenient": lenient, "protected": [], "per_suite": []})
        report = build_report(store, RUN)
    assert report["audit"]["format_only"] and FORMAT_ONLY in report["headline"]
    assert any(FORMAT_ONLY in line for line in closing_lines(report))


def test_closing_lines_say_gained_rejected_protected_money_and_file(report: dict[str, Any]) -> None:
    lines = closing_lines(report, Path("state/report.html"))
    text = "\n".join(lines)
    assert lines[0].startswith("gained, strict:") and lines[1].startswith("gained, lenient:") and "95 % interval" in lines[0]
    assert "cycle 1 found 6 weaknesses, first: answer format: says more than the answer (42 of 44 wrong); promoted" in text
    assert "rejected: fell: basics_protected" in text and "protected basics_protected held" in text
    assert "spent $0.01 of $1.00" in text and lines[-1] == "open state/report.html"


def test_a_fall_beyond_the_margin_is_not_called_nothing(report: dict[str, Any]) -> None:
    fallen = {**report, "protected": [{"suite": "p", "n": 9, "base": 0.9, "champion": 0.8, "gain": -0.1, "ci_low": -0.2, "margin": 0.02, "from": "audit"}]}
    assert "protected suite p fell by 10.0, beyond its margin of 2.0" in headline(fallen)
    assert any("NOT shown to hold" in line for line in closing_lines(fallen))


def test_weaknesses_have_gate_lessons_and_an_example(report: dict[str, Any]) -> None:
    found = {row["id"]: row for row in report["cycles"][0]["weaknesses"]}
    assert found["W-format"]["kind"] == "format" and found["W-format"]["gate"]["n"] is None
    skill = found["W-03"]
    assert skill["gate"]["fixed"] == 7 and skill["lessons"] == 40 and skill["refused"] == 7
    assert skill["example"]["sample"].startswith("basics/days-") and skill["example"]["gold"] != skill["example"]["answer"]


def test_the_curriculum_is_summed_up_by_part(report: dict[str, Any]) -> None:
    curriculum = report["cycles"][0]["curriculum"]
    assert curriculum["parts"] == {"new": {"n": 160, "n_tokens": 3200}, "replay": {"n": 20, "n_tokens": 400}, "anchor": {"n": 60, "n_tokens": 1200}}
    assert "rows" not in curriculum["recipe"] and curriculum["n_rows"] == 241


def test_trend_has_base_and_each_candidate_with_bands(report: dict[str, Any]) -> None:
    assert [(step["cycle"], step["decision"]) for step in report["trend"]] == [(0, "base"), (1, "promote"), (2, "reject"), (3, "promote")]
    for step in report["trend"]:
        for row in step["suites"]:
            assert row["split"] in ("gate", "protected") and row["strict_low"] <= row["strict"] <= row["strict_high"]


def test_a_large_map_is_thinned_and_keeps_failures(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MAP_POINTS", 90)
    chart = build_report(store, RUN, 1)["map"]
    assert chart["n"] > len(chart["points"]) == 90
    assert set(chart["labels"]) == {"W-format", *(f"W-{n:02d}" for n in range(len(SKILLS)))}
    assert all(point["failure_type"] for point in chart["points"])


def test_commands_to_reproduce_name_the_state_folder_unless_it_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for state, expected in ((Path("state"), f"weakspot run -c state/runs/{RUN}/config.yaml"),
                            (tmp_path / "my state", f"weakspot --state '{tmp_path}/my state' run -c '{tmp_path}/my state/runs/{RUN}/config.yaml'")):
        build_run(state)
        with Store.read(state) as opened:
            commands = build_report(opened, RUN)["reproduce"]["commands"]
        assert commands[0] == expected
        assert len({command.split(" run")[0].split(" report")[0].split(" compare")[0] for command in commands}) == 1
