"""Control arms with the scripted student: equal, resumable, sealed, and never champion."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.config import load_config
from agent.fakes import Script, scripted_student
from agent.faults import InjectedFault
from agent.loop import compare_control, start
from agent.stages.arms import ARMS
from agent.store import Store
from agent.watch import SilentWatcher
from probes.errors import WeakspotError
from tests.e2e.driver import SETTINGS

PLACES = ((1, 1), (2, 1), (2, 2))  # cycle and seed
WEAK = Script(weak_at=("month", "months"))


def run(state: Path, *more: str) -> str:
    return start(load_config(None, [*SETTINGS, *more], {}), state, SilentWatcher(), open_student=scripted_student(WEAK)).run


def compared(state: Path, **more: Any) -> dict[str, Any]:
    return compare_control(None, state, SilentWatcher(), open_student=scripted_student(WEAK), **more)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose every cycle was watched by a control."""
    state = tmp_path_factory.mktemp("state")
    run(state, "limits.cycles=2", "limits.control_every=1")
    compared(state, cycle=2, n_seeds=2)
    return state


def test_every_planned_cycle_has_three_arms_a_seed_in_equal_lessons_and_tokens(watched: Path) -> None:
    with Store.read(watched) as store:
        name = store.runs.get()["run"]
        arms = store.controls.arms(name)
        assert Counter((row["cycle"], row["seed"], row["arm"]) for row in arms) == {(c, s, arm): 1 for c, s in PLACES for arm in ARMS}
        for place in PLACES:
            own = {row["arm"]: row for row in arms if (row["cycle"], row["seed"]) == place}
            assert own["targeted"]["n_lessons"] == own["untargeted"]["n_lessons"] > 5
            assert own["random_real"]["n_lessons"] == 0 and own["random_real"]["real_share"] > own["untargeted"]["real_share"]
            tokens = [row["n_tokens"] for row in own.values()]
            assert max(tokens) - min(tokens) < 80  # one human-made row


def test_targeted_lessons_are_the_plan_s_and_untargeted_ones_aim_at_nothing(watched: Path) -> None:
    with Store.read(watched) as store:
        name = store.runs.get()["run"]
        planned = {row["weakness"] for row in store.weaknesses.plan(name, 2)}
        earlier = {lesson.lesson_id for lesson in store.lessons.kept(name, before_cycle=2)}
        for row in store.controls.arms(name, 2):
            lines = [json.loads(line) for line in (watched / row["path"]).read_text().splitlines()]
            new = {line["weakness"] for line in lines if line["depth"] > 0 and line["lesson_id"] not in earlier}
            assert new <= planned and len(new) > 1 if row["arm"] == "targeted" else new == ({"everything"} if row["arm"] == "untargeted" else set())


def test_no_arm_becomes_champion_and_the_run_ends_as_it_would_have(watched: Path, tmp_path: Path) -> None:
    run(tmp_path, "limits.cycles=2")
    with Store.read(watched) as store, Store.read(tmp_path) as alone:
        name, other = store.runs.get(), alone.runs.get()
        arms = {row["adapter"] for row in store.controls.arms(name["run"])}
        assert arms and arms.isdisjoint({name["champion"], *(row["adapter"] for row in store.decisions.adapters(name["run"]))})
        assert name["champion"] == other["champion"]
        told = [[(row["decision"], row["p_value"], row["candidate"]) for row in one.decisions.all(which["run"])] for one, which in ((store, name), (alone, other))]
        assert told[0] == told[1]


def test_a_control_beside_a_run_leaves_the_audit_sealed(watched: Path) -> None:
    with Store.read(watched) as store:
        name = store.runs.get()["run"]
        assert {row["split"] for row in store.controls.all(name)} == {"gate"}
        for row in store.controls.arms(name):
            assert not store.controls.scores(name, [row["adapter"]], "audit")


def test_the_difference_can_be_recomputed_from_the_stored_samples(watched: Path) -> None:
    with Store.read(watched) as store:
        name = store.runs.get()["run"]
        for row in store.controls.all(name):
            stored = next(one for one in row["details"]["differences"] if (one["arm"], one["minus"], one["where"], one["score"]) == ("targeted", "untargeted", "all", "strict"))
            means = {arm: next(store.db.query(
                "SELECT avg(s.strict) AS mean FROM control_arms c JOIN runs r USING (run) JOIN probes p ON p.run = c.run AND p.split = 'gate' JOIN samples s "
                "ON s.model_key = r.model_key AND s.adapter = c.adapter AND s.probe_hash = p.probe_hash WHERE c.run = ? AND c.cycle = ? AND c.arm = ?",
                [name, row["cycle"], arm]))["mean"] for arm in ARMS}
            assert stored["mean"] == pytest.approx(means["targeted"] - means["untargeted"])
            assert stored["n_seeds"] == row["cycle"] and stored["ci_low"] <= stored["mean"] <= stored["ci_high"]


def test_the_report_says_what_the_control_said(watched: Path) -> None:
    with Store.read(watched) as store:
        name = store.runs.get()["run"]
    text = (watched / "runs" / name / "report.md").read_text() if (watched / "runs" / name / "report.md").exists() else ""
    page = (watched / "runs" / name / "report.html").read_text()
    assert "did the target help?" in page and "targeted minus untargeted" in page
    assert not text or "## Control, cycle 1" in text


def test_the_command_trains_the_arms_and_says_what_they_say(watched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("agent.loop.compare_control", partial(compare_control, open_student=scripted_student(WEAK)))
    assert main(["--state", str(watched), "compare", "--control", "--cycle", "2", "--seeds", "2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["n_seeds"] == 2 and facts["split"] == "gate" and "targeted minus untargeted" in facts["headline"]
    assert main(["--state", str(watched), "compare", "--control", "--cycle", "2", "--seeds", "2"]) == 0
    said = capsys.readouterr().out
    assert "random human-made" in said and "seeds ahead" in said
    assert main(["--state", str(watched), "compare", "--control", "base", "latest"]) == 2
    assert main(["--state", str(watched), "compare"]) == 2 and "two models" in capsys.readouterr().err


def test_a_stopped_comparison_goes_on_and_trains_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "limits.cycles=1")
    monkeypatch.setenv("WEAKSPOT_FAULT", "control.before_commit@2:raise")
    with pytest.raises(InjectedFault):
        compared(tmp_path)
    monkeypatch.delenv("WEAKSPOT_FAULT")
    with Store.read(tmp_path) as store:
        before = store.controls.arms(store.runs.get()["run"])
    assert len(before) == 1
    facts = compared(tmp_path, has_curve=True)
    with Store.read(tmp_path) as store:
        after = store.controls.arms(store.runs.get()["run"])
    assert len(after) == 6 and before[0] in after
    assert facts["n_seeds"] == 1 and [point["lessons"] for point in facts["curves"]["targeted"]][0] == 0 and len(facts["curves"]["targeted"]) == 3


def test_the_audit_is_for_the_end_of_a_run(tmp_path: Path) -> None:
    run(tmp_path, "limits.cycles=1")
    assert compared(tmp_path, split="audit")["split"] == "audit"
    with Store.open(tmp_path) as store:
        store.runs.update(store.runs.get()["run"], status="interrupted")
    with pytest.raises(WeakspotError, match="sealed"):
        compared(tmp_path, split="audit")


def test_a_cycle_without_a_plan_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    run(tmp_path, "limits.cycles=1")
    with pytest.raises(WeakspotError, match="no plan") as refused:
        compared(tmp_path, cycle=7)
    assert "cycles with one: 1" in str(refused.value)
