"""Generations of a student on its own text, with the scripted one: who answers which prompt, the monitor's veto, and going on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.fakes import Script, ScriptedStudent, scripted_student
from agent.stages.real import anchor_names
from agent.store import Store
from agent.student.contract import TrainingFailed
from bench import collapse_student
from curricula.anchors.contract import load_sources, rows_of
from curricula.collapse.held import hold_out

ARGUMENTS = ["--generations", "2", "--rows", "12", "--texts", "40"]


def test_each_policy_is_followed_watched_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    students: list[ScriptedStudent] = []

    def opener(*args):
        students.append(scripted_student(Script(collapses=True))(*args))
        return students[-1]

    monkeypatch.setattr(collapse_student, "open_real_student", opener)
    results = tmp_path / "collapse_student.json"
    arguments = [*ARGUMENTS, "--state", str(tmp_path), "--results", str(results)]
    collapse_student.main(arguments)
    facts = json.loads(results.read_text())
    for policy in collapse_student.POLICIES:
        rows = facts["policies"][policy]
        assert [row["generation"] for row in rows] == [0, 1, 2] and rows[0] == facts["policies"]["replace"][0]
        assert not rows[0]["alarms"] and rows[1]["alarms"] and not rows[1]["is_vetoed"] and rows[2]["is_vetoed"]
    assert "vetoed" in capsys.readouterr().out

    real = {row.prompt: row.completion for row in rows_of(load_sources(anchor_names(collapse_student.load_config(None, [], {}).config.curriculum)))}
    held = {row.prompt for row in hold_out(rows_of(load_sources(anchor_names(collapse_student.load_config(None, [], {}).config.curriculum))))[1]}
    n_real = {"replace": 0, "mix": 6}
    for path in tmp_path.glob("runs/*/cycle-*/curriculum.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        texts = {row["prompt"][0]["content"]: row["completion"][0]["content"] for row in rows}
        assert len(texts) == 12 and not held & set(texts)
        assert sum(real[prompt] == answer for prompt, answer in texts.items()) == n_real[path.parts[-3].partition("-")[0]]

    trained = len(list(tmp_path.glob("runs/*/cycle-*/curriculum.jsonl")))
    before = results.read_text()
    monkeypatch.setattr(ScriptedStudent, "train", lambda *args, **kwargs: pytest.fail("trained again"))
    collapse_student.main(arguments)
    assert trained == 4 and results.read_text() == before
    with Store.read(tmp_path) as store:
        assert len(store.runs.all()) == 2


def test_an_adapter_that_changes_nothing_is_no_generation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collapse_student, "open_real_student", scripted_student(Script()))
    monkeypatch.setattr(ScriptedStudent, "effect", lambda *args, **kwargs: 0.0)
    with pytest.raises(TrainingFailed, match="does not change the base's logits: 12 rows are too few"):
        collapse_student.main([*ARGUMENTS, "--state", str(tmp_path), "--results", str(tmp_path / "results.json")])
