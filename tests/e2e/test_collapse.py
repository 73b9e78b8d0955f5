"""The collapse monitor in whole runs: a healthy student raises no alarm, one that says the same to everything is stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.cli import main
from agent.fakes import Script
from agent.report.facts import build_report
from agent.report.html import render_html
from agent.report.markdown import render_markdown
from agent.stages.real import anchor_names
from agent.store import Store
from curricula.anchors.contract import load_anchors
from curricula.collapse.held import hold_out
from tests.e2e.test_loop import loaded, run

WATCHED = "collapse.texts=48"  # the other whole runs do without, for time


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("healthy")
    run(state, WATCHED)
    return state


@pytest.fixture(scope="module")
def collapsing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("collapsing")
    run(state, WATCHED, script=Script(collapses=True))
    return state


def test_a_healthy_student_raises_no_alarm(healthy: Path) -> None:
    with Store.read(healthy) as store:
        rows = store.panels.all(store.runs.get()["run"])
    assert [row["cycle"] for row in rows] == [0, 1, 2]
    assert not any(row["alarms"] for row in rows)
    assert rows[1]["body"]["provenance"]["real_share"] >= 0.3


def test_the_first_alarm_warns_and_the_second_forbids_the_promotion(collapsing: Path) -> None:
    with Store.read(collapsing) as store:
        name = store.runs.get()["run"]
        rows, decisions = store.panels.all(name), store.decisions.all(name)
    assert rows[1]["alarms"] and not rows[1]["is_vetoed"] and rows[2]["is_vetoed"]
    assert decisions[0]["decision"] == "promote" and decisions[1]["decision"] == "reject"
    assert any("collapse" in reason for reason in decisions[1]["details"]["reasons"])


def test_what_is_watched_is_never_trained_on(healthy: Path) -> None:
    watched = {row.prompt for row in hold_out(load_anchors(anchor_names(loaded().config.curriculum)))[1]}
    files = list(healthy.glob("runs/*/cycle-*/curriculum.jsonl"))
    prompts = {json.loads(line)["prompt"][-1]["content"] for file in files for line in file.read_text().splitlines()}
    assert len(watched) >= 20 and len(files) == 2 and not watched & prompts


def test_reports_and_the_verb_show_it(collapsing: Path, healthy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.read(collapsing) as store:
        report = build_report(store, store.runs.get()["run"])
    assert "## Collapse monitor" in render_markdown(report) and "promotion forbidden" in render_markdown(report)
    assert 'id="collapse"' in render_html(report) and "promotion forbidden" in render_html(report)
    capsys.readouterr()
    assert main(["--state", str(collapsing), "collapse", "--fail-on-alarm"]) == 100
    assert "promotion forbidden" in capsys.readouterr().out
    assert main(["--state", str(healthy), "collapse", "--fail-on-alarm", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [column["cycle"] for column in facts["columns"]] == [0, 1, 2]


def test_it_can_be_turned_off_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "limits.cycles=1")
    assert main(["--state", str(tmp_path), "collapse"]) == 0
    assert "turned off" in capsys.readouterr().out


def test_too_few_real_rows_are_said_and_stop_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, WATCHED, "curriculum.anchors=[bbh_cot]", "limits.cycles=1")
    assert main(["--state", str(tmp_path), "collapse"]) == 0
    assert "real rows, about 160 are needed" in capsys.readouterr().out
