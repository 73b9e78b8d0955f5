"""The loop offline with the scripted student: improves, stops by its rules, refuses, pauses, forgets nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.config import Loaded, load_config
from agent.fakes import AS_USUAL, Script, ScriptedStudent, scripted_student
from agent.loop import resume, start
from agent.stages.brief import EVERYTHING
from agent.store import Store
from agent.watch import SilentWatcher
from probes.errors import WeakspotError
from tests.e2e.driver import SETTINGS


def loaded(*more: str) -> Loaded:
    return load_config(None, [*SETTINGS, *more], {})


def run(state: Path, *more: str, script: Script = AS_USUAL, approve: bool = False):
    return start(loaded(*more), state, SilentWatcher(), approve=approve, open_student=scripted_student(script))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("state")
    assert run(state).status == "finished"
    return state


def test_each_cycle_has_a_tree_with_all_its_weaknesses(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        for cycle in range(1, store.weaknesses.last_cycle(name) + 1):
            nodes = store.weaknesses.outline(name, cycle)
            open_ones = {row["weakness"] for row in store.weaknesses.of_cycle(name, cycle) if row["is_open"]}
            assert {node["weakness"] for node in nodes if node["weakness"]} == open_ones != set()
            assert nodes[0]["n"] == len(store.samples.probes(name, "diagnose"))


def test_the_first_cycle_finds_the_answer_format_and_is_promoted(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        assert store.weaknesses.of_cycle(name, 1)[0]["kind"] == "format"
        assert store.decisions.of_cycle(name, 1)["decision"] == "promote"


def test_the_audit_is_read_once_and_says_how_much_was_gained(finished: Path) -> None:
    with Store.read(finished) as store:
        audit = store.decisions.audit(store.runs.get()["run"])
    assert audit and audit["look"] == 1
    assert audit["details"]["strict"]["ci_low"] > 0
    assert audit["details"]["strict"]["n"] == audit["details"]["n"] > 20


def test_no_gate_or_audit_probe_was_taught(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        sealed = {probe.prompt.lower() for split in ("gate", "audit", "protected") for probe in store.samples.probes(name, split)}
        taught = {lesson.prompt.lower() for lesson in store.lessons.kept(name)}
    assert taught and not taught & sealed


def test_every_kept_lesson_has_its_provenance(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        known = {row["weakness"] for row in store.weaknesses.history(name)}
        diagnose = {f"{p.suite}/{p.probe_id}" for p in store.samples.probes(name, "diagnose")} | {p.probe_id for p in store.samples.probes(name, "diagnose")}
        for lesson in store.lessons.kept(name):
            assert lesson.weakness_id in known | {EVERYTHING} and lesson.strategy == "symbolic" and lesson.depth == 1 and lesson.check
            assert set(lesson.parents) <= diagnose


def test_the_curriculum_is_a_file_with_its_real_share_within_bounds(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        for cycle in (1, 2):
            curriculum = store.lessons.curriculum(name, cycle)
            assert curriculum and 0.30 <= curriculum["real_share"] <= 0.70
            rows = [json.loads(line) for line in (finished / curriculum["path"]).read_text().splitlines()]
            assert len(rows) == curriculum["n_rows"]
            assert all(row["prompt"][0]["role"] == "user" and row["completion"][0]["role"] == "assistant" for row in rows)


def test_lessons_accumulate_over_cycles(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
        first, second = (store.lessons.curriculum(name, cycle) for cycle in (1, 2))
    assert first and second and second["n_rows"] > first["n_rows"]


def test_the_champion_is_not_examined_twice(tmp_path: Path) -> None:
    students: list[ScriptedStudent] = []

    def opener(config, state_dir, watcher):
        students.append(ScriptedStudent(state_dir))
        return students[-1]

    start(loaded(), tmp_path, SilentWatcher(), open_student=opener)
    asked = [n for suite, adapter, n in students[0].evaluated if suite == "basics" and adapter == ""]
    with Store.read(tmp_path) as store:
        sizes = [row["n"] for row in store.samples.split_sizes(store.runs.get()["run"]) if row["suite"] == "basics"]
    noise = min(64, max(sizes))
    assert sum(asked) <= sum(sizes) + noise + max(sizes) and sorted(set(sizes) & set(asked)) == sorted(set(sizes)), "each split once, some gate probes for the noise, failures for their nearness"


def test_a_candidate_that_breaks_what_is_protected_is_rejected(tmp_path: Path) -> None:
    run(tmp_path, "limits.cycles=1", script=Script(forgets=0.3))
    with Store.read(tmp_path) as store:
        name = store.runs.get()["run"]
        decision = store.decisions.of_cycle(name, 1)
        assert decision["decision"] == "reject" and "basics_protected" in decision["reason"]
        assert store.runs.get()["champion"] == ""
        assert store.decisions.adapters(name)[0]["status"] == "rejected"
        assert (tmp_path / store.decisions.adapters(name)[0]["path"]).is_dir(), "rejected adapters are kept"
        assert store.decisions.audit(name) is None


def test_training_that_fails_leaves_the_champion_and_the_run_goes_on(tmp_path: Path) -> None:
    outcome = run(tmp_path, script=Script(fails_training=True))
    with Store.read(tmp_path) as store:
        assert [row["decision"] for row in store.decisions.all(outcome.run)] == ["failed_train", "failed_train"]
        assert store.runs.get()["champion"] == ""
    assert outcome.status == "finished"


def test_plateau_stops_the_run(tmp_path: Path) -> None:
    outcome = run(tmp_path, "limits.cycles=9", "limits.plateau=2", script=Script(fails_training=True))
    assert "plateau" in outcome.reason


def test_target_stops_the_run(tmp_path: Path) -> None:
    outcome = run(tmp_path, "limits.target=0.3", "limits.cycles=5")
    assert "target" in outcome.reason
    with Store.read(tmp_path) as store:
        assert store.decisions.all(outcome.run)[-1]["decision"] == "target"


def test_approval_pauses_before_training_and_resume_goes_on(tmp_path: Path) -> None:
    paused = run(tmp_path, "limits.cycles=1", approve=True)
    assert paused.status == "paused"
    with Store.read(tmp_path) as store:
        assert store.runs.stage(paused.run, 1, "teach") and not store.runs.stage(paused.run, 1, "train")
    outcome = resume(paused.run, tmp_path, SilentWatcher(), open_student=scripted_student())
    assert outcome.status == "finished"
    with Store.read(tmp_path) as store:
        assert store.decisions.of_cycle(paused.run, 1)["decision"] == "promote"


def test_resume_under_another_config_names_the_keys(finished: Path) -> None:
    with Store.read(finished) as store:
        name = store.runs.get()["run"]
    with pytest.raises(WeakspotError) as caught:
        resume(name, finished, SilentWatcher(), given=loaded("plan.lessons_per_cycle=80", "seed=8"), open_student=scripted_student())
    assert "plan.lessons_per_cycle (60 -> 80)" in caught.value.where and "seed (7 -> 8)" in caught.value.where
    assert f"--resume {name}" in caught.value.hint


def test_a_finished_run_can_be_given_more_cycles(tmp_path: Path) -> None:
    first = run(tmp_path, "limits.cycles=1")
    second = resume(first.run, tmp_path, SilentWatcher(), cycles=2, open_student=scripted_student())
    with Store.read(tmp_path) as store:
        assert [row["cycle"] for row in store.decisions.all(second.run)] == [1, 2]


def test_an_altered_adapter_is_refused_and_the_champion_serves(tmp_path: Path) -> None:
    paused = run(tmp_path, "limits.cycles=1", approve=True)

    class Damaging(ScriptedStudent):
        def effect(self, adapter, other, prompts):
            file = self._adapters / adapter / "adapter_model.safetensors"
            file.write_bytes(b"x" + file.read_bytes()[1:])
            return 1.0

    resume(paused.run, tmp_path, SilentWatcher(), open_student=lambda config, state_dir, watcher: Damaging(state_dir))
    with Store.read(tmp_path) as store:
        decision = store.decisions.of_cycle(paused.run, 1)
        assert decision["decision"] == "reject" and "altered" in decision["reason"]
        assert store.runs.get()["champion"] == ""


def test_too_little_disk_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WeakspotError, match="of disk are free"):
        run(tmp_path, "limits.disk_mb=999999999")


def test_interrupt_saves_and_resumes(tmp_path: Path) -> None:
    class Impatient(ScriptedStudent):
        def train(self, curriculum, params, progress=None):
            raise KeyboardInterrupt

    stopped = start(loaded("limits.cycles=1"), tmp_path, SilentWatcher(), open_student=lambda c, s, w: Impatient(s))
    assert stopped.status == "interrupted"
    assert resume(stopped.run, tmp_path, SilentWatcher(), open_student=scripted_student()).status == "finished"


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    from agent.loop import dry_run

    facts = dry_run(loaded(), tmp_path, SilentWatcher())
    assert facts["suites"][0]["splits"]["gate"] > 20 and facts["smallest_detectable_gain"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rows", [
    [{"id": str(i), "prompt": f"What is {i} + 1?", "answer": str(i + 1), "scorer": "numeric"} for i in range(30)],
    [{"id": str(i), "prompt": f"What is {i // 2} + 1?", "answer": str(i), "scorer": "numeric"} for i in range(300)],
], ids=["too small to split", "one question with two answers"])
def test_dry_run_refuses_what_a_run_refuses_in_the_same_words(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    from agent.loop import dry_run

    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(WeakspotError) as rehearsed:
        dry_run(loaded(f"suites.probes=[{path}]"), tmp_path / "none", SilentWatcher())
    with pytest.raises(WeakspotError) as refused:
        run(tmp_path / "state", f"suites.probes=[{path}]")
    assert (str(rehearsed.value), rehearsed.value.exit_code) == (str(refused.value), refused.value.exit_code)
    assert not (tmp_path / "none").exists()


def test_approval_is_remembered_over_a_kill_and_over_cycles(tmp_path: Path) -> None:
    class Killed(ScriptedStudent):
        def evaluate(self, suite, probes, adapter="", progress=None):
            raise KeyboardInterrupt

    stopped = start(loaded(), tmp_path, SilentWatcher(), approve=True, open_student=lambda c, s, w: Killed(s))
    assert stopped.status == "interrupted"
    for cycle in (1, 2):
        waiting = resume(stopped.run, tmp_path, SilentWatcher(), open_student=scripted_student())
        assert waiting.status == "paused" and f"cycle {cycle}" in waiting.reason
    assert resume(stopped.run, tmp_path, SilentWatcher(), open_student=scripted_student()).status == "finished"


def test_a_curriculum_touched_during_the_pause_is_refused(tmp_path: Path) -> None:
    paused = run(tmp_path, "limits.cycles=1", approve=True)
    with Store.read(tmp_path) as store:
        path = tmp_path / store.lessons.curriculum(paused.run, 1)["path"]
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    with pytest.raises(WeakspotError, match="altered"):
        resume(paused.run, tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        assert store.runs.get()["champion"] == "" and not store.decisions.adapters(paused.run)


def write_suite(path: Path, n: int, question: str = "What is the code of item {i}?") -> str:
    words = ["amber", "birch", "cedar", "delta", "ember", "frost", "grove", "haven", "islet", "jetty", "kiosk", "lodge", "maple", "north", "ocean", "pearl", "quartz", "river", "stone", "tulip"]
    rows = [{"id": f"{i}", "prompt": question.format(i=f"{words[i % 20]} {words[i // 20 % 20]}"), "answer": words[(7 * i) % 20]} for i in range(n)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_failures_that_nothing_separates_are_carried_over_two_cycles(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "codes.jsonl", 150)
    outcome = run(tmp_path / "state", f"suites.probes=[{suite}]", "suites.protected=[]", "limits.plateau=5", script=Script(fails_training=True))
    assert outcome.status == "finished"
    with Store.read(tmp_path / "state") as store:
        assert {row["cycle"] for row in store.decisions.all(outcome.run)} == {1, 2}


def test_the_same_question_in_two_suites_is_refused(tmp_path: Path) -> None:
    one = write_suite(tmp_path / "one.jsonl", 100)
    two = write_suite(tmp_path / "two.jsonl", 100, "what is the  CODE of item {i}")
    with pytest.raises(WeakspotError, match="ask the same question"):
        run(tmp_path / "state", f"suites.probes=[{one}, {two}]", "suites.protected=[]")


def test_the_time_of_a_run_counts_what_lies_outside_the_cycles(finished: Path) -> None:
    with Store.read(finished) as store:
        outside = [row["stage"] for row in store.runs.stages(store.runs.get()["run"]) if row["cycle"] == 0]
    assert outside == ["prepare", "noise", "audit"]
