"""Nearness: what was almost right is worth lessons, what was far off is not."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import load_config
from agent.context import RunContext
from agent.fakes import Script, ScriptedStudent, scripted_student
from agent.loop import start
from agent.stages.brief import EVERYTHING, FEWEST, make_brief, wrong_only
from agent.stages.examine import samples_of
from agent.stages.nearness import NATS, nearness
from agent.store import Store
from agent.watch import SilentWatcher
from tests.e2e.driver import SETTINGS

WEAK = Script(weak_at=("month", "months"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    start(load_config(None, [*SETTINGS, "limits.cycles=1"], {}), folder, SilentWatcher(), open_student=scripted_student(WEAK))
    return folder


def context_of(store: Store, state: Path) -> RunContext:
    row = store.runs.get()
    return RunContext(row["run"], load_config(None, SETTINGS, {}).config, store, ScriptedStudent(state, WEAK), None, SilentWatcher())


def test_every_wrong_answer_has_a_nearness_that_falls_with_its_margin_and_right_ones_have_none(state: Path) -> None:
    with Store.open(state) as store:
        context = context_of(store, state)
        pairs = samples_of(context, "diagnose", "")
        near = nearness(context, pairs, "")
        wrong = [(probe, sample) for probe, sample in pairs if not sample.lenient]
        assert set(near) == {(probe.suite, probe.probe_id) for probe, _ in wrong} and wrong
        for probe, sample in wrong[:20]:
            asked = replace(probe, scorer="loglikelihood", choices=(probe.gold, sample.response.strip()))
            margin = context.student.evaluate(store.samples.suites(context.run, "probe")[0], [asked], "")[0].margin
            assert margin is not None and near[probe.suite, probe.probe_id] == pytest.approx(math.exp(min(0.0, margin) / NATS))
        assert len({round(value, 6) for value in near.values()}) > 5


def test_nearness_is_asked_once(state: Path) -> None:
    with Store.open(state) as store:
        context = context_of(store, state)
        pairs = samples_of(context, "diagnose", "")
        nearness(context, pairs, "")
        student = context.student
        assert isinstance(student, ScriptedStudent)
        before = len(student.evaluated)
        assert nearness(context, pairs, "") and len(student.evaluated) == before


def test_a_brief_keeps_the_near_failures_and_the_nearest_five_anyhow(state: Path) -> None:
    with Store.read(state) as store:
        row = store.runs.get()
        weakness = max((one for one in store.weaknesses.of_cycle(row["run"], 1) if one["is_open"]), key=lambda one: one["n_failures"])

        def brief(near):
            return make_brief(store, row["run"], 1, weakness["weakness"], 10, model_key=row["model_key"], champion="", seed=1, seeds=(), earlier=(), near=near)

        whole = brief(None)
        keys = [(failure.suite, failure.probe_id) for failure in whole.failures]
        assert len(keys) > 2 * FEWEST
        assert len(brief(dict.fromkeys(keys, 0.0)).failures) == FEWEST
        assert brief(dict.fromkeys(keys, 1.0)).failures == whole.failures
        half = {key: float(at % 2) for at, key in enumerate(keys)}
        assert {failure.probe_id for failure in brief(half).failures} == {key[1] for key in keys if half[key]}


def test_what_aims_at_nothing_shows_right_answers_too_but_not_to_a_teacher(state: Path) -> None:
    with Store.open(state) as store:
        row, context = store.runs.get(), context_of(store, state)
        pairs = samples_of(context, "diagnose", row["champion"])
        brief = make_brief(store, row["run"], 1, EVERYTHING, 10, model_key=row["model_key"], champion=row["champion"], seed=1, seeds=(), earlier=())
        right = {probe.probe_id for probe, sample in pairs if sample.strict}
        assert [failure.probe_id for failure in brief.failures] == [probe.probe_id for probe, _ in pairs] and right
        assert {failure.probe_id for failure in brief.failures if not failure.failure_type} == right
        assert right.isdisjoint(failure.probe_id for failure in wrong_only(brief).failures) and wrong_only(brief).failures


def test_a_quarter_of_the_plan_aims_at_nothing(state: Path) -> None:
    with Store.read(state) as store:
        run = store.runs.get()["run"]
        plan = {row["weakness"]: row["n_lessons"] for row in store.weaknesses.plan(run, 1)}
        assert plan[EVERYTHING] == 15 and sum(plan.values()) == 60
        assert next(row for row in store.weaknesses.ledger(run) if row["weakness"] == EVERYTHING)["label"] == "all skills"
