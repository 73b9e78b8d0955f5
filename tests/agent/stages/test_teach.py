"""teach: which lessons of earlier cycles are trained on again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.config import Config
from agent.fakes import Script, ScriptedStudent
from agent.stages.learnability import learnability_step
from agent.stages.teach import earlier_lessons, mix_of
from agent.store import Store
from curricula.filters.decontaminate import Decontaminator
from curricula.filters.leaks import LeakWatch
from curricula.lesson import Lesson
from curricula.mix import MixError
from probes.suite import Probe, Suite

RUN = "r"


def test_lessons_from_a_probe_that_came_under_suspicion_are_not_taught_again(tmp_path: Path) -> None:
    probes = tuple(Probe("s", f"p{i}", f"Question {i}?", "7") for i in range(3))
    with Store.open(tmp_path) as store:
        store.runs.create(RUN, "name: x", "hash", {})
        store.samples.add_suite(RUN, Suite("s", "jsonl", probes), "probe", {"diagnose": probes})
        lessons = [Lesson(f"New {i}?", "7", "7", "error_analysis", 1, parents=(f"p{i}", "p2")) for i in range(2)]
        store.lessons.add_kept(RUN, 1, lessons)
        store.decisions.record(RUN, 1, {"decision": "promote", "reason": "", "champion": "", "candidate": "", "look": 1, "p_value": None,
                                        "level": None, "details": {}})
        context, state = SimpleNamespace(store=store), {"run": RUN, "cycle": 2}
        assert earlier_lessons(context, state) == lessons  # type: ignore[arg-type]
        witness = {"name": "solver", "says": "8", "weight": 3, "because": "the prompt comes to 8"}
        store.suspects.add(RUN, 2, [{"suite": "s", "probe_id": "p0", "gold": "7", "says": "8", "witnesses": [witness]}])
        assert earlier_lessons(context, state) == lessons[1:]  # type: ignore[arg-type]
        (row,) = store.suspects.of_cycle(RUN, 2)
        assert (row["prompt"], row["witnesses"]) == ("Question 0?", [witness])
        assert store.suspects.of_cycle(RUN, 1) == []
        assert [found["cycle"] for found in store.suspects.of_probe(RUN, "s", "p0")] == [2]


def test_proved_lessons_may_do_without_real_data_for_two_curricula_in_a_row_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps({"prompt": "Who lives here?", "completion": "A baker and her three sons."}) + "\n")
    warnings: list[str] = []

    def mix(cycle: int, policy: str, kind: str = "engine"):
        config = Config.model_validate({"curriculum": {"anchors": [str(tmp_path / "own.jsonl")], "policy": policy}})
        context = SimpleNamespace(store=store, config=config, student=ScriptedStudent(tmp_path), seed=lambda *names: 7, watcher=SimpleNamespace(say=warnings.append))
        lessons = [Lesson(f"Cycle {cycle}: what is {i} plus {i}?", str(2 * i), str(2 * i), "symbolic", 1, check=str(2 * i), check_kind=kind) for i in range(40)]
        made = mix_of(context, {"run": RUN, "cycle": cycle}, lessons, [], LeakWatch(Decontaminator([])), seed=7)  # type: ignore[arg-type]
        store.lessons.add_curriculum(RUN, cycle, len(made.rows), made.n_tokens, made.real_share, "x", "p", made.recipe)
        return made

    with Store.open(tmp_path) as store:
        store.runs.create(RUN, "name: x", "hash", {})
        for policy in ("mix", "both"):
            with pytest.raises(MixError, match="too little real data"):
                mix(1, policy)
        with pytest.raises(MixError, match="no lesson to mix"):
            mix(1, "verified", kind="agreement")
        first, second = mix(1, "verified"), mix(2, "verified")
        assert 0 < first.real_share < 0.3 and 0 < second.real_share < 0.3
        assert ["first of at most 2" in warnings[0], "second of at most 2" in warnings[1]] == [True, True]
        with pytest.raises(MixError, match="it was below that in the last 2 curricula"):
            mix(3, "verified")
        with (tmp_path / "own.jsonl").open("a") as stream:
            stream.writelines(json.dumps({"prompt": f"Who lives in house {i} of the lane?", "completion": "A baker and her three sons live there."}) + "\n" for i in range(60))
        assert mix(3, "verified").real_share >= 0.3
        assert mix(4, "verified").recipe["is_below_real_min"] is False and store.lessons.n_below_real_min(RUN, 5) == 0
        assert [row["name"] for row in first.recipe["anchors"]] == [str(tmp_path / "own.jsonl")]


@pytest.mark.parametrize(("how", "skill", "outcome", "reason"), [
    ("margin", 0.5, "pass", ""), ("margin", 0.01, "fail", "out of reach without steps"), ("margin", 0.95, "fail", "mastered already"),
    ("rollouts", 0.5, "fail", "out of reach without steps"),
])  # fmt: skip
def test_the_champion_says_what_is_learnable(tmp_path: Path, how: str, skill: float, outcome: str, reason: str) -> None:
    asked: list[tuple[str, str]] = []

    class Student(ScriptedStudent):
        def rollouts(self, prompts, n, *, max_tokens, seed, adapter=""):
            asked.append(("rollouts", adapter))
            assert n == 8 and max_tokens > 10
            return super().rollouts(prompts, n, max_tokens=max_tokens, seed=seed, adapter="")

        def answer_scores(self, rows, adapter=""):
            asked.append(("margin", adapter))
            return super().answer_scores(rows, "")

    said: list[str] = []

    def step(how: str, champion: str = "abc"):
        config = Config.model_validate({"curriculum": {"learnable": how}})
        context = SimpleNamespace(config=config, student=Student(tmp_path, Script(base_skill=skill)), seed=lambda *names: 7, watcher=SimpleNamespace(say=said.append))
        return learnability_step(context, {"run": RUN, "cycle": 1, "champion": champion})  # type: ignore[arg-type]

    assert step("off") is None and said == []
    assert (step(how, champion="") is None) == (how == "margin") == bool(said), "an untaught base's bare answers say nothing"
    check = step(how)
    assert check is not None
    (verdict,) = check([Lesson("What is 3 and 4?", "7", "7", "symbolic", 1)])
    assert (verdict.outcome, verdict.reason) == (outcome, reason) and asked == [(how, "abc")]
