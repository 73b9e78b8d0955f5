"""The gate stage: watching by e-value, margins, integrity, A/A, and what is said before a cycle."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import GateConfig, load_config
from agent.context import RunContext
from agent.fakes import Script, ScriptedStudent, scripted_student
from agent.loop import resume, start
from agent.stages.integrity import integrity_findings
from agent.stages.peek import PEEK_EVERY, slices
from agent.stages.power import sentences, visible
from agent.store import Store
from agent.student.contract import Progress, Sample
from agent.watch import SilentWatcher
from probes.errors import WeakspotError
from probes.splits import unit_of
from probes.suite import Probe, Suite
from tests.e2e.driver import SETTINGS


class Listener(SilentWatcher):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def run(state: Path, *more: str, script: Script | None = None, watcher: SilentWatcher | None = None):
    return start(load_config(None, [*SETTINGS, "limits.cycles=1", *more], {}), state, watcher or SilentWatcher(), open_student=scripted_student(script or Script()))


def decision_of(state: Path, cycle: int = 1) -> dict:
    with Store.read(state) as store:
        return store.decisions.of_cycle(store.runs.get()["run"], cycle)


def test_watching_ends_as_soon_as_it_is_clear_and_asks_no_more(tmp_path: Path) -> None:
    run(tmp_path, "gate.test=e_value", "suites.limit=1200")
    made = decision_of(tmp_path)
    test = made["details"]["test"]
    assert made["decision"] == "promote" and test["ended"] == "crossed" and test["e_value"] >= 1 / made["level"]
    assert made["p_value"] == pytest.approx(1 / test["e_value"])
    assert made["details"]["gate"]["n"] < test["n_planned"] / 2 and test["peeks"][0]["n"] >= PEEK_EVERY
    with Store.read(tmp_path) as store:
        answered = list(store.samples.of_model(store.runs.get()["run"], made["candidate"], ["gate"]))
    assert len(answered) == made["details"]["gate"]["n"], "the rest was never asked"


def test_a_hopeless_candidate_is_given_up_early_and_protected_suites_are_not_asked(tmp_path: Path) -> None:
    """Training makes this student worse at everything."""

    class Worse(ScriptedStudent):
        def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None) -> list[Sample]:
            answers = super().evaluate(suite, probes, adapter, progress)
            return [replace(answer, strict=0.0, lenient=0.0) for answer in answers] if adapter else answers

    start(load_config(None, [*SETTINGS, "limits.cycles=1", "gate.test=e_value", "suites.limit=1200", "gate.score=lenient"], {}), tmp_path, SilentWatcher(),
          open_student=lambda config, state, watcher: Worse(state))
    made = decision_of(tmp_path)
    assert made["decision"] == "reject" and made["details"]["test"]["ended"] == "futile" and "worse on the gate" in made["reason"]
    assert made["details"]["protected"] == [] and made["details"]["gate"]["n"] < made["details"]["test"]["n_planned"] / 2


def test_slices_keep_groups_whole_and_do_not_follow_the_suites() -> None:
    probes = [Probe("ab"[i > 150], f"p{i}", f"What is {i}?", "x", group=f"g{i // 3}") for i in range(300)]
    parts = slices(probes, "key")
    assert sorted(probe.probe_id for part in parts for probe in part) == sorted(probe.probe_id for probe in probes)
    assert all(len(part) >= PEEK_EVERY for part in parts[:-1]) and {probe.suite for probe in parts[0]} == {"a", "b"}
    homes = {unit_of(probe): {at for at, part in enumerate(parts) if probe in part} for probe in probes}
    assert all(len(home) == 1 for home in homes.values())
    assert slices(probes[::-1], "key") == parts and slices(probes, "other") != parts


def test_copies_of_a_question_are_one_unit() -> None:
    one, other = Probe("s", "a", "What is 1 + 1?", "2"), Probe("s", "b", "What is 1 + 1?", "2")
    assert unit_of(one) == unit_of(other) != unit_of(replace(one, prompt="What is 1 + 2?"))
    assert unit_of(replace(one, group="g")) == unit_of(Probe("s", "z", "else", "x", group="g")) != unit_of(Probe("t", "z", "else", "x", group="g"))


@pytest.fixture
def choices_suite(tmp_path: Path) -> Path:
    rows = []
    for a, b in random.Random(3).sample([(a, b) for a in range(2, 60) for b in range(2, 60)], 400):
        wrong = sorted({str(a + b + step) for step in (-2, 1, 3)})
        rows.append({"id": f"s{a}-{b}", "prompt": f"What is {a} + {b}?", "answer": str(a + b), "choices": [*wrong, str(a + b)], "scorer": "loglikelihood"})
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_margins_decide_where_they_were_chosen(tmp_path: Path, choices_suite: Path) -> None:
    run(tmp_path / "state", "gate.test=margin", f"suites.probes=[{choices_suite}]")
    made = decision_of(tmp_path / "state")
    test = made["details"]["test"]
    assert test["name"] == "margin" and test["margin_ci_low"] <= test["margin_gain"] <= test["margin_ci_high"]
    assert {"gate", "score"} <= {rule["name"] for rule in made["details"]["rules"]} and "nats" in made["reason"]
    with Store.read(tmp_path / "state") as store:
        row = store.runs.get()
        pairs = store.samples.pairs(row["run"], (row["model_key"], ""), (row["model_key"], made["candidate"]), ["gate"])
    assert test["margin_gain"] == pytest.approx(sum(pair["margin_after"] - pair["margin_before"] for pair in pairs) / len(pairs))


def test_margins_without_choices_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(WeakspotError) as caught:
        run(tmp_path, "gate.test=margin")
    assert "'numeric'" in caught.value.where and "gate.test=mcnemar" in caught.value.hint
    with Store.read(tmp_path) as store:
        assert store.db.execute("SELECT count(*) FROM samples").fetchone()[0] == 0


def test_aa_is_stored_and_an_engine_that_drifts_promotes_nothing(tmp_path: Path) -> None:
    """Asked a second time, this student knows more: then so might any candidate."""

    class Drifting(ScriptedStudent):
        def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None) -> list[Sample]:
            is_again = (suite.name, adapter) in [(name, model) for name, model, _ in self.evaluated] and suite.name == "basics" and not adapter and len(probes) < 60
            answers = super().evaluate(suite, probes, adapter, progress)
            return [replace(answer, strict=1.0, lenient=1.0) for answer in answers] if is_again else answers

    start(load_config(None, [*SETTINGS, "limits.cycles=1"], {}), tmp_path, SilentWatcher(), open_student=lambda config, state, watcher: Drifting(state))
    made = decision_of(tmp_path)
    noise = made["details"]["noise"]
    assert noise["up"] > 20 and noise["down"] == 0 and noise["p_value"] < 0.001
    assert made["decision"] == "inconclusive" and "the engine drifts" in made["reason"]
    with Store.read(tmp_path) as store:
        assert len(store.samples.repeats(store.runs.get()["run"])) == noise["n"]


def test_integrity_names_what_was_tampered_with(tmp_path: Path) -> None:
    outcome = run(tmp_path)
    loaded = load_config(None, SETTINGS, {})
    with Store.open(tmp_path) as store:
        student = ScriptedStudent(tmp_path)
        context = RunContext(outcome.run, loaded.config, store, student, None, SilentWatcher())
        adapter = store.decisions.adapters(outcome.run)[0]
        assert integrity_findings(context, 1, adapter, []) == []
        assert "not trained on the curriculum" in integrity_findings(context, 1, {**adapter, "curriculum_sha256": "0"}, [])[0]
        strict = replace(context, config=loaded.config.model_copy(update={"curriculum": loaded.config.curriculum.model_copy(update={"real_min": 0.99, "real_max": 1.0})}))
        assert "human-made share" in integrity_findings(strict, 1, adapter, [])[0]
        probe = store.samples.probes(outcome.run, "audit")[0]
        odd = (probe, Sample("basics", probe.probe_id, "", 0, 0, margin=float("inf")))
        assert "not finite" in integrity_findings(context, 1, adapter, [odd])[0]
        row = store.lessons.curriculum(outcome.run, 1)
        path = tmp_path / row["path"]
        leaked = {**json.loads(path.read_text().splitlines()[0]), "prompt": [{"role": "user", "content": f"  {probe.prompt.upper()}"}]}
        path.write_text(path.read_text() + json.dumps(leaked) + "\n")
        found = integrity_findings(context, 1, adapter, [])
        assert "1 training rows ask a held-out probe" in found and len(found) == 2
        path.unlink()
        assert "is gone" in integrity_findings(context, 1, adapter, [])[0]


def test_a_finding_rejects_the_candidate_however_good_it_is(tmp_path: Path) -> None:
    class Tampering(ScriptedStudent):
        def effect(self, adapter: str, other: str, prompts: Sequence[str]) -> float:
            path = next((tmp_path / "runs").glob("*/cycle-001/curriculum.jsonl"))
            path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
            return super().effect(adapter, other, prompts)

    start(load_config(None, [*SETTINGS, "limits.cycles=1"], {}), tmp_path, SilentWatcher(), open_student=lambda config, state, watcher: Tampering(state))
    made = decision_of(tmp_path)
    assert made["decision"] == "reject" and "integrity: the adapter was not trained on the curriculum that was verified" in made["reason"]
    assert made["details"]["gate"]["gain"] > 0.2


def test_what_can_be_seen_is_said_before_each_cycle(tmp_path: Path) -> None:
    listener = Listener()
    outcome = run(tmp_path, "gate.margin=0.02", watcher=listener)
    resume(outcome.run, tmp_path, listener, cycles=2, open_student=scripted_student())
    gates = [line for line in listener.said if line.startswith("gate, look")]
    assert "look 1:" in gates[0] and "a guess" in gates[0] and "of gate.min_effect it takes about" in gates[0]
    with Store.read(tmp_path) as store:
        n_looks = store.decisions.n_looks(outcome.run)
    assert f"look {n_looks}:" in gates[-1] and "as at the last look" in gates[-1]
    assert any("protected basics_protected: 120 items can show" in line and "harmless candidates pass. About" in line for line in listener.said)


def test_the_demo_hears_that_its_protected_suite_is_small() -> None:
    facts = visible(GateConfig(), 681, {"basics_protected": 524})
    row = facts["protected"][0]
    assert row["harmless_passes"] == pytest.approx(0.37, abs=0.02) and row["n_needed"] == pytest.approx(1870, rel=0.02)
    text = sentences(facts)[1]
    assert "only 37% of harmless candidates pass. About 1,870 items would do, or gate.margin=0.039" in text
    enough = sentences(visible(GateConfig(), 681, {"basics_protected": 2500}))[1]
    assert "would do" not in enough and "of harmless candidates pass" in enough
    later = visible(GateConfig(), 681, {"basics_protected": 524}, look=3, discordance={"gate": 0.1, "basics_protected": 0.05}, has_champion=True)
    assert later["level"] < facts["level"] and later["protected"][0]["alpha"] < 0.05 and not later["is_guess"]
    assert visible(GateConfig(test="margin"), 100, {})["smallest_gain"] is None
    assert visible(GateConfig(test="e_value"), 681, {})["smallest_gain"] > facts["smallest_gain"]
