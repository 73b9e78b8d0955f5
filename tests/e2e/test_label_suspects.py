"""A suite in which one gold in twenty is wrong: no such probe reaches a teacher's prompt, a lesson or a training row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from agent.config import load_config
from agent.fakes import ScriptedStudent, ScriptedTeacher
from agent.loop import start
from agent.report.facts import build_report
from agent.report.html import render_html
from agent.report.markdown import render_markdown
from agent.store import Store
from agent.student.contract import Progress, Sample
from agent.watch import SilentWatcher
from curricula.teacher import TeacherRequest
from probes.registry import find_suite
from probes.scorers import score
from probes.suite import Probe, Suite
from tests.e2e.driver import SETTINGS

SKILLS = ("sums_two_digits", "differences", "times_table", "next_number")
TRUE = {probe.probe_id: probe for probe in find_suite("basics").probes if probe.meta["skill"] in SKILLS}
WRONG = frozenset(Random(11).sample(sorted(TRUE), len(TRUE) // 20))


class HonestStudent(ScriptedStudent):
    """Answers by the true golds, whatever the suite says."""

    def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None) -> list[Sample]:
        meant = [replace(probe, gold=TRUE[probe.probe_id].gold) if probe.probe_id in TRUE else probe for probe in probes]
        samples = super().evaluate(suite, meant, adapter, progress)
        scores = [score(probe.scorer, sample.response, probe.gold, probe.choices) for probe, sample in zip(probes, samples, strict=True)]
        return [replace(sample, strict=given.strict, lenient=given.lenient) for sample, given in zip(samples, scores, strict=True)]


def teach(request: TeacherRequest) -> str:
    """New sums with a check, a phrase for each numbered probe, 5 to anything else."""
    if "phrase" in request.tag:
        skills = ("adding two numbers", "taking one number from another", "continuing a sequence")
        return "\n".join(f"{n}. {skills[n % 3]}" for n in range(1, 31))
    if "new problem" not in request.prompt:
        return "5"
    rng = Random(request.prompt)
    pairs = [(rng.randint(100, 899), rng.randint(100, 899)) for _ in range(4)]
    return json.dumps({"hypothesis": "adding", "lessons": [
        {"problem": f"A baker has {a} rolls and bakes {b} more. How many rolls are there now?", "solution": f"{a} + {b} = {a + b}",
         "answer": str(a + b), "check": f"{a} + {b}"} for a, b in pairs]})  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ScriptedTeacher]:
    state = tmp_path_factory.mktemp("state")
    rows = [{"id": probe.probe_id, "prompt": probe.prompt, "answer": str(int(probe.gold) + 3) if probe.probe_id in WRONG else probe.gold,
             "scorer": "numeric", "group": probe.group} for probe in TRUE.values()]  # fmt: skip
    path = state / "sums.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    teacher = ScriptedTeacher(teach)
    loaded = load_config(None, [*SETTINGS, f"suites.probes=[{path}]", "suites.limit=null", "limits.cycles=1", "teacher.model=openai/scripted",
                                "plan.strategies=[error_analysis, symbolic]"], {})  # fmt: skip
    start(loaded, state, SilentWatcher(), open_student=lambda config, folder, watcher: HonestStudent(folder), open_teacher=lambda *_: teacher)
    return state, teacher


def test_most_wrong_golds_are_found_and_no_true_one(finished: tuple[Path, ScriptedTeacher]) -> None:
    with Store.read(finished[0]) as store:
        run = store.runs.get()["run"]
        asked = {probe.probe_id for probe in store.samples.probes(run, "diagnose")}
        suspects = {row["probe_id"] for row in store.suspects.of_cycle(run, 1)}
        types = {row["probe_id"]: row["failure_type"] for row in store.weaknesses.map_points(run, 1)}
    assert suspects <= WRONG
    assert len(suspects) >= 0.7 * len(asked & WRONG) >= 5
    assert {name for name, kind in types.items() if kind == "label_suspect"} == suspects


def test_nothing_of_them_is_clustered_shown_or_taught(finished: tuple[Path, ScriptedTeacher]) -> None:
    state, teacher = finished
    with Store.read(state) as store:
        run = store.runs.get()["run"]
        suspects = {row["probe_id"]: row["prompt"] for row in store.suspects.of_cycle(run, 1)}
        weaknesses = store.weaknesses.of_cycle(run, 1)
        members = {m["probe_id"] for row in weaknesses for m in store.weaknesses.members(run, 1, row["weakness"])}
        assert suspects and members and not members & set(suspects)
        lessons = store.lessons.kept(run, cycle=1)
        assert lessons and {lesson.strategy for lesson in lessons} == {"symbolic", "error_analysis"}
        assert not any(set(suspects) & set(lesson.parents) for lesson in lessons)
        rows = (state / store.lessons.curriculum(run, 1)["path"]).read_text(encoding="utf-8")
        assert not [prompt for prompt in suspects.values() if prompt in rows]
        assert not [name for name in suspects if f'"{name}"' in rows]
        shown = "\n".join(request.prompt for request in teacher.asked)
        assert any(probe.prompt in shown for probe in TRUE.values()), "failures are shown to the teacher"
        described = [request for request in teacher.asked if "phrase" in request.tag]
        assert len(described) > 5, "phrases were asked for"
        assert not [prompt for prompt in suspects.values() if prompt in shown]


def test_the_report_says_which_and_why(finished: tuple[Path, ScriptedTeacher]) -> None:
    with Store.read(finished[0]) as store:
        report = build_report(store, store.runs.get()["run"])
    row = report["cycles"][0]["suspects"][0]
    text, page = render_markdown(report), render_html(report)
    assert f"Suspect labels of cycle 1 ({len(report['cycles'][0]['suspects'])})" in text
    assert row["probe_id"] in text and row["witnesses"][0]["because"] in text.replace("\\", "")
    assert 'id="suspects"' in page and row["probe_id"] in page
