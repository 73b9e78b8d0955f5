"""The targeting benchmark with the scripted student: arms of one parent on the sealed split, and a second call that trains only what is missing."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from agent.fakes import ScriptedStudent, scripted_student
from agent.stages.arms import ARMS
from agent.store import Store
from bench import targeting
from probes.registry import find_suite
from probes.splits import split_suite

ROOT = Path(__file__).parent.parent
DATA = next((path for path in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if path.exists()), None)


def test_arms_are_judged_on_the_audit_and_a_second_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    students: list[ScriptedStudent] = []

    def opener(*args):
        students.append(scripted_student()(*args))
        return students[-1]

    monkeypatch.setattr(targeting, "open_real_student", opener)
    monkeypatch.setattr(targeting, "RESULTS", tmp_path / "targeting.json")
    given = Namespace(run_seed=3, lessons=40, data=tmp_path, state=tmp_path, set=["suites.limit=240"])
    with Store.open(tmp_path) as store:
        facts = targeting.one_more(store, "basics", given, 1, ARMS[:2])
        n_asked = len(students[0].evaluated)
        again = targeting.one_more(store, "basics", given, 1, ARMS)
        assert facts["split"] == "audit" and [arm["arm"] for arm in facts["arms"]] == list(ARMS[:2])
        assert [arm["arm"] for arm in again["arms"]] == list(ARMS) and again["arms"][:2] == facts["arms"]
        assert len(students[1].evaluated) < n_asked / 2
        assert store.runs.get()["champion"] == store.decisions.of_cycle(facts["run"], 1)["candidate"]
    targeting.write("basics", again)
    stored = json.loads((tmp_path / "targeting.json").read_text())["suites"]["basics"]
    assert "targeted – untargeted" in targeting.table("basics", stored)


@pytest.mark.skipif(DATA is None or not (DATA / "bbh").exists(), reason="BIG-Bench-Hard is not here")
def test_no_question_of_big_bench_hard_is_both_asked_and_taught(tmp_path: Path) -> None:
    assert DATA is not None
    probes, pool = targeting.write_bbh(DATA, tmp_path)
    suite = find_suite(str(probes))
    asked, taught = {probe.prompt for probe in suite.probes}, {json.loads(line)["prompt"] for line in pool.read_text().splitlines()}
    assert len(asked) > 1000 and len(taught) > 1000 and asked.isdisjoint(taught)
    groups = {name: {probe.group for probe in own} for name, own in split_suite(suite, "weakspot").items()}
    assert groups["gate"].isdisjoint(groups["audit"]) and groups["diagnose"].isdisjoint(groups["audit"])
