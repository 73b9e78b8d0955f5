"""What strategies are told in a real cycle: failures of the diagnose split, human tasks without a probe in them; what is stored of refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.config import CurriculumConfig, load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.stages.brief import fit_seeds
from agent.store import Store
from agent.watch import SilentWatcher
from curricula.filters.decontaminate import Decontaminator
from probes.errors import WeakspotError
from probes.registry import find_suite
from probes.splits import split_suite
from tests.curricula.test_strategies_alpaca import teacher
from tests.e2e.driver import SETTINGS


def test_a_cycle_of_an_llm_strategy_keeps_held_out_probes_from_the_teacher_and_stores_every_refusal(tmp_path: Path) -> None:
    rows = [{"prompt": f"Name thing number {i} that {word} is good for.", "completion": word} for i, word in enumerate(["rope", "clay", "wool", "brass", "slate", "cork", "chalk"])]
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = teacher(name="I can not say.", solve=lambda request, n: "12" if n % 4 else "13")
    sets = [*SETTINGS, "limits.cycles=1", "plan.strategies=[alpaca]", f"curriculum.seeds=[{tmp_path}/seeds.jsonl]", "teacher.model=openai/scripted", "plan.lessons_per_cycle=30", "diagnosis.phrases=off"]
    outcome = start(load_config(None, sets, {}), tmp_path / "state", SilentWatcher(), open_student=scripted_student(), open_teacher=lambda *_: asked)
    sent = "\n".join(request.prompt for request in asked.requests)
    with Store.read(tmp_path / "state") as store:
        diagnose = {probe.prompt for probe in store.samples.probes(outcome.run, "diagnose")}
        held_out = {probe.prompt for split in ("gate", "audit", "protected") for probe in store.samples.probes(outcome.run, split)}
        assert any(prompt in sent for prompt in diagnose) and not any(prompt in sent for prompt in held_out - diagnose)
        kept = store.lessons.kept(outcome.run)
        refused = [row for row in store.lessons.rows(outcome.run, 1) if row["outcome"] != "pass"]
    assert kept and all(lesson.strategy == "alpaca" and lesson.depth == 1 for lesson in kept)
    assert refused and all(row["reason"] and row["raw"] and row["prompt_hash"] and row["operator"] and row["parents"] != "[]" and row["teacher"] for row in refused)
    assert {row["step"] for row in refused} >= {"verifier"}


def test_a_human_task_that_holds_a_probe_of_any_split_is_no_seed(tmp_path: Path) -> None:
    probes = [probe for split in split_suite(find_suite("basics"), "weakspot").values() for probe in split[:2]]
    rows = [{"prompt": f"Here is one: {probe.prompt}", "completion": probe.gold} for probe in probes] + [{"prompt": "What do geese guard?", "completion": "Rome"}]
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = CurriculumConfig(seeds=[f"{tmp_path}/seeds.jsonl"])
    assert [seed.prompt for seed in fit_seeds(settings, Decontaminator(find_suite("basics").probes))] == ["What do geese guard?"]
    assert len(fit_seeds(CurriculumConfig(anchors=["gsm8k_cot"]), Decontaminator(()))) == 8, "without seeds the anchors serve"


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["plan.strategies=[alpacca]"], "no strategy is named 'alpacca'"),
        (["plan.strategies=[symbolic, alpaca]"], "strategy 'alpaca' asks a language model and the teacher is 'symbolic'"),
        (["plan.strategies=[retrieve]", "curriculum.anchors=[]"], "strategy 'retrieve' needs human-made rows"),
        (["plan.strategies=[retrieve]", "curriculum.seeds=[gone.jsonl]"], "no anchor file"),
        (["plan.strategies=[web_math]"], "strategy 'web_math' takes passages of web pages and none are named"),
        (["plan.strategies=[web_math]", "web.pages=[.]"], "judges pages against seed text and none is named"),
        (["plan.strategies=[web_math]", "web.pages=[gone]", "web.seed_text=[gsm8k_cot]"], "no file or folder"),
        (["curriculum.anchors=[bbh_cott]"], "unknown anchor source 'bbh_cott'"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_spent(tmp_path: Path, sets: list[str], message: str) -> None:
    with pytest.raises(WeakspotError, match=message):
        start(load_config(None, [*SETTINGS, *sets], {}), tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        assert store.runs.all() == [] and list(store.db["samples"].rows) == []
