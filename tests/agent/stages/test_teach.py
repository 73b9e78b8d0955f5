"""teach: which lessons of earlier cycles are trained on again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from agent.stages.teach import _earlier
from agent.store import Store
from curricula.lesson import Lesson
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
        assert _earlier(context, state) == lessons  # type: ignore[arg-type]
        witness = {"name": "solver", "says": "8", "weight": 3, "because": "the prompt comes to 8"}
        store.suspects.add(RUN, 2, [{"suite": "s", "probe_id": "p0", "gold": "7", "says": "8", "witnesses": [witness]}])
        assert _earlier(context, state) == lessons[1:]  # type: ignore[arg-type]
        (row,) = store.suspects.of_cycle(RUN, 2)
        assert (row["prompt"], row["witnesses"]) == ("Question 0?", [witness])
        assert store.suspects.of_cycle(RUN, 1) == []
        assert [found["cycle"] for found in store.suspects.of_probe(RUN, "s", "p0")] == [2]
