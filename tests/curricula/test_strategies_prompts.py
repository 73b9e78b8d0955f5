"""Every strategy that asks a teacher, on real failures: what its prompts must hold, and what they must never hold."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from agent.fakes import ScriptedStudent
from curricula import prompts
from curricula.filters.decontaminate import Decontaminator
from curricula.funnel import Order, judge
from curricula.lesson import Brief, Failure
from curricula.strategies.contract import find_strategy, list_strategies
from curricula.verifiers.contract import verify
from probes.errors import WeakspotError
from probes.registry import find_suite
from probes.splits import split_suite
from probes.suite import Probe
from tests.curricula import test_strategies_error_analysis as error_analysis
from tests.curricula.teachers import Teacher, brief, check_provenance, figs, write

ASKING = sorted(info.name for info in list_strategies() if "teacher" in info.needs and info.origin == "built in")
TEMPLATES = sorted(path.relative_to(prompts.FOLDER).with_suffix("").as_posix() for path in prompts.FOLDER.rglob("*.j2"))
OTHERS: dict[str, Any] = {
    "demos": [{"instruction": "Say so.", "input": "", "output": "so"}], "n_tasks": 20, "written": ["An old title"], "text": "A text.", "data_form": "a table",
    "persona": "A keeper of bees.", "has_options": False, "n_problems": 4, "n_lessons": 4, "setting": "a farm", "problem": "A problem?", "answer": "An answer.",
    "critique_request": "Check it.", "subtopic": "a subject", "topic": "an area", "n_topics": 6, "n_subtopics": 5, "how": "Make it longer.", "style": "a letter",
    "audience": "adults", "chunks": ["A chunk."], "section": "A section.", "known": ["an old area"],
    "program": "def solve(problem): ...", "reason": "it fails", "evidence": "in line 1",
}  # fmt: skip


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Probe]]:
    return {name: list(found) for name, found in split_suite(find_suite("basics"), "weakspot").items()}


@pytest.fixture(scope="module")
def failures(splits: dict[str, list[Probe]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Failure, ...]:
    """What the scripted student got wrong of a part of the diagnose split."""
    probes = splits["diagnose"][::60]
    samples = ScriptedStudent(tmp_path_factory.mktemp("student")).evaluate(find_suite("basics"), probes)
    found = [
        Failure(probe.probe_id, probe.suite, probe.prompt, sample.response, probe.gold, "wrong", probe.scorer, probe.choices)
        for probe, sample in zip(probes, samples, strict=True)
        if not sample.strict
    ]
    assert len(found) >= 12
    return tuple(found[:12])


def teacher_of(name: str) -> Teacher:
    """The scripted teacher of the strategy's own tests."""
    if name == "error_analysis":
        return Teacher(siblings=lambda request, n: error_analysis.good(request), solve="5")
    module = importlib.import_module(f"tests.curricula.test_strategies_{name}")
    if name == "self_instruct":
        return module.teacher(lambda request, n: module.listed(*(task.format(n=n + 3) for task in module.FRESH)))
    return module.teacher()


@pytest.mark.parametrize("template", [name for name in TEMPLATES if "failures" in prompts.declared_variables(name)])
def test_every_template_that_takes_failures_holds_each_of_them_whole(template: str, failures: tuple[Failure, ...]) -> None:
    needed = prompts.declared_variables(template) - {"failures"}
    demos = ["Say so."] if template == "self_instruct/tasks" else OTHERS["demos"]
    text = prompts.render(template, failures=failures, **{**{name: OTHERS[name] for name in needed}, **({"demos": demos} if "demos" in needed else {})})
    for failure in failures:
        assert f"{failure.prompt}\nThe student's answer:\n{failure.answer}\nThe right answer:\n{failure.gold}\n" in text + "\n"


def test_every_strategy_that_asks_has_a_template_with_failures() -> None:
    for name in ASKING:
        own = [template for template in TEMPLATES if template.startswith((f"{name}/", "shared/problems"))]
        assert any("failures" in prompts.declared_variables(template) for template in own), name


@pytest.mark.parametrize("name", ASKING)
def test_prompts_as_sent_hold_every_failure_and_no_held_out_probe(name: str, failures: tuple[Failure, ...], splits: dict[str, list[Probe]]) -> None:
    asked = teacher_of(name)
    seeds = tuple(figs(n) for n in range(40, 60))
    given = Brief("W7", "mixed", (), failures, 40, 1, 11, seeds=seeds)
    found = list(find_strategy(name).write(given, asked, None))  # type: ignore[arg-type]
    assert found
    sent = "\n\n".join(f"{request.system}\n{request.prompt}" for request in asked.requests)
    for failure in failures:
        assert f"{failure.prompt}\nThe student's answer:\n{failure.answer}\nThe right answer:\n{failure.gold}\n" in sent
    shown = {failure.prompt for failure in failures}
    sealed = [*splits["gate"], *splits["audit"], *find_suite("basics_protected").probes]
    assert [probe.prompt for probe in sealed if probe.prompt in sent and probe.prompt not in shown and len(probe.prompt) > 12] == []
    assert all(request.tag.split("/")[0] == name for request in asked.requests), "the ledger books by this name"


@pytest.mark.parametrize("name", ASKING)
def test_every_candidate_says_where_it_comes_from_and_the_money_adds_up(name: str) -> None:
    asked = teacher_of(name)
    found = write(name, brief(n_lessons=12, seeds=(*brief().seeds, *(figs(n) for n in range(40, 46)))), asked)
    check_provenance(found, name, asked)
    order = Order("W7", name, found, 99)
    result = judge([order], accepted_before=(), decontaminator=Decontaminator(()), verify=verify)
    counts = result.counts[0]
    assert counts.asked == len(found) == counts.kept + sum(counts.reasons.values()) and counts.kept > 0
    again = write(name, brief(n_lessons=12, seeds=(*brief().seeds, *(figs(n) for n in range(40, 46)))), teacher_of(name))
    assert [candidate.lesson for candidate in again] == [candidate.lesson for candidate in found], "same brief, same lessons"


@pytest.mark.parametrize("name", ASKING)
def test_who_stops_pulling_stops_paying_and_no_teacher_is_an_error(name: str) -> None:
    given = brief(n_lessons=400, seeds=(*brief().seeds, *(figs(n) for n in range(40, 60))))
    asked = teacher_of(name)
    stream = find_strategy(name).write(given, asked, None)  # type: ignore[arg-type]
    next(iter(stream))
    assert len(asked.requests) < 150
    with pytest.raises(WeakspotError, match="needs a teacher") as caught:
        next(iter(find_strategy(name).write(given, None, None)))  # type: ignore[arg-type]
    assert "teacher.model" in caught.value.hint
    assert list(find_strategy(name).write(brief(n_lessons=4, failures=()), teacher_of(name), None)) == []  # type: ignore[arg-type]
