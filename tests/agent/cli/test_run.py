"""`weakspot run`: what it hands to the loop, and how it ends."""

from __future__ import annotations

import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.store import Store
from agent.watch import Watcher
from probes.errors import WeakspotError
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import RUN, build_run


@dataclass(frozen=True)
class Outcome:
    run: str
    status: str
    reason: str


class Loop(types.ModuleType):
    """Stands in for `agent.loop`: records its calls and answers with a status."""

    def __init__(self) -> None:
        super().__init__("agent.loop")
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.status = "finished"
        self.failure: WeakspotError | None = None

    def _end(self, name: str, **values: Any) -> Outcome:
        self.calls.append((name, values))
        if self.failure:
            raise self.failure
        return Outcome(RUN, self.status, "3 cycles done")

    def start(self, loaded: Any, state_dir: Path, watcher: Watcher, *, approve: bool = False) -> Outcome:
        build_run(state_dir)
        watcher.stage(RUN, 1, "evaluate")
        watcher.progress("basics", 1, 2)
        watcher.done(RUN, 1, "evaluate", "12 % right", 1.5)
        return self._end("start", loaded=loaded, state_dir=state_dir, approve=approve)

    def resume(self, run: str | None, state_dir: Path, watcher: Watcher, *, given: Any = None, cycles: int | None = None, budget_usd: float | None = None,
               approve: bool = False) -> Outcome:
        return self._end("resume", run=run, given=given, cycles=cycles, budget_usd=budget_usd, approve=approve)

    def dry_run(self, loaded: Any, state_dir: Path, watcher: Watcher) -> dict[str, Any]:
        self.calls.append(("dry_run", {"loaded": loaded}))
        return {"student": "smollm2-135m", "teacher": "symbolic", "strategies": ["symbolic"], "cycles": 3, "lessons_per_cycle": 320, "budget_usd": 1.0,
                "suites": [{"suite": "basics", "role": "probe", "n": 10, "splits": {"gate": 4}}], "smallest_detectable_gain": 0.041, "power_text": ["gate, look 1: 4 items see a gain of 4.1 points"]}


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    import agent

    stand_in = Loop()
    monkeypatch.setitem(sys.modules, "agent.loop", stand_in)
    monkeypatch.setattr(agent, "loop", stand_in, raising=False)
    return stand_in


def test_flags_become_settings_that_name_their_flag(weakspot: Weakspot, loop: Loop) -> None:
    Path("mine.yaml").write_text("seed: 3\nlimits: {cycles: 9}\n")
    ran = weakspot("run", "-c", "mine.yaml", "--cycles", "2", "--budget-usd", "0.5", "--seed", "11", "--suite", "a.jsonl", "--include-path", "tasks",
                   "--set", "train.lora_r=4", "--approve", "--state", "here")
    assert ran.code == 0, ran.err
    (name, values), loaded = loop.calls[0], loop.calls[0][1]["loaded"]
    assert name == "start" and values["approve"] and values["state_dir"] == Path("here")
    config = loaded.config
    assert (config.limits.cycles, config.limits.budget_usd, config.seed, config.train.lora_r) == (2, 0.5, 11, 4)
    assert config.suites.probes == [str(Path("a.jsonl").resolve())] and config.suites.include_path == [str(Path("tasks").resolve())]
    assert loaded.sources["limits.cycles"] == "--cycles" and loaded.sources["train.lora_r"] == "--set" and loaded.sources["seed"] == "--seed"


def test_config_yaml_in_this_folder_is_taken_unless_another_is_named(weakspot: Weakspot, loop: Loop) -> None:
    weakspot("run")
    Path("config.yaml").write_text("seed: 5\n")
    weakspot("run", "--state", "other")
    assert [call[1]["loaded"].config.seed for call in loop.calls] == [7, 5]


def test_the_last_lines_say_what_came_of_it(weakspot: Weakspot, loop: Loop) -> None:
    ran = weakspot("run", "--display", "plain")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("gained, strict:") and any(line.startswith("cycle 2 found 4 weaknesses") and "rejected: fell" in line for line in lines)
    assert "cycle 1 evaluate: 12 % right (1.5 s)" in ran.err and "evaluate" not in ran.out


def test_the_file_to_open_is_named_when_it_is_there(weakspot: Weakspot, loop: Loop) -> None:
    folder = Path("state/runs") / RUN
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<html>")
    assert weakspot("run").out.splitlines()[-1] == f"open {folder / 'report.html'}"


def test_json_outcome(weakspot: Weakspot, loop: Loop) -> None:
    data = weakspot("run", "--json", "--display", "none").data
    assert data["status"] == "finished" and data["audit"]["gain"] > 0 and [cycle["decision"] for cycle in data["cycles"]] == ["promote", "reject", "promote"]


@pytest.mark.parametrize(("status", "words", "code"), [("finished", [], 0), ("interrupted", [], 130), ("failed", [], 1), ("paused", [], 0), ("paused", ["--approve"], 0)])
def test_exit_codes(weakspot: Weakspot, loop: Loop, status: str, words: list[str], code: int) -> None:
    loop.status = status
    ran = weakspot("run", *words)
    assert ran.code == code
    if status == "interrupted":
        assert f"weakspot run --resume {RUN}" in ran.out


def test_a_failure_prints_its_hint_and_exits_with_its_code(weakspot: Weakspot, loop: Loop) -> None:
    loop.failure = WeakspotError("another run is using state (pid 4)", hint="wait for it", exit_code=2)
    ran = weakspot("run")
    assert ran.code == 2 and "another run is using state (pid 4)\nhint: wait for it" in ran.err


@pytest.mark.parametrize(("words", "run"), [(["--resume"], None), (["--resume", "demo"], "demo"), (["--resume=demo"], "demo"), (["demo", "--resume"], "demo")])
def test_resume_takes_its_own_configuration(weakspot: Weakspot, loop: Loop, words: list[str], run: str | None) -> None:
    build_run(Path("state"))
    Path("config.yaml").write_text("seed: 5\n")
    weakspot("run", *words, "--cycles", "5")
    name, values = loop.calls[0]
    assert name == "resume" and values == {"run": run, "given": None, "cycles": 5, "budget_usd": None, "approve": False}


def test_resume_with_a_configuration_hands_it_over_to_be_checked(weakspot: Weakspot, loop: Loop) -> None:
    build_run(Path("state"))
    Path("other.yaml").write_text("seed: 5\n")
    weakspot("run", "--resume", "-c", "other.yaml")
    assert loop.calls[0][1]["given"].config.seed == 5
    with Store.read(Path("state")) as store:
        folder = Path("state/runs") / RUN
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(store.runs.get(RUN)["config"])
    weakspot("run", "--resume", "--set", "train.lora_r=99")
    given = loop.calls[1][1]["given"].config
    assert given.train.lora_r == 99 and given.name == "demo", "everything else as the run has it"


def test_a_rehearsal_writes_nothing(weakspot: Weakspot, loop: Loop) -> None:
    ran = weakspot("run", "--dry-run")
    assert ran.code == 0 and "suite basics (probe): 10 probes: 4 gate" in ran.out and "see a gain of 4.1 points" in ran.out and not Path("state").exists()
    assert weakspot("run", "--dry-run", "--json").data["cycles"] == 3


def test_a_rehearsal_of_an_lm_eval_task_says_what_it_cannot_know(weakspot: Weakspot) -> None:
    folder = Path("tasks")
    folder.mkdir()
    (folder / "my_task.yaml").write_text("task: my_task\n")
    ran = weakspot("run", "--dry-run", "--include-path", "tasks", "--suite", "my_task")
    assert ran.code == 0 and "suite my_task (probe): size known at the run\n" in ran.out and "the gate can see" not in ran.out
    assert re.search(r"suite basics_protected \(protected\): \d+ probes: never shown to a teacher\n", ran.out)
