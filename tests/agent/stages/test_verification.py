"""What a run checks with: its corpus, its judge, its sandbox or none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import Config, VerifyConfig, load_config
from agent.stages.verification import judge_findings, require_verification, verifier_step
from agent.store import Store
from agent.teacher.settings import JudgeConfig, TeacherConfig
from curricula.filters.decontaminate import Decontaminator
from curricula.funnel import Order, judge
from curricula.lesson import Candidate, Lesson, Verdict
from curricula.sandbox import tiers
from curricula.verifiers import code
from probes.errors import WeakspotError
from tests.agent.report.builder import RUN, build_run

QUOTE = Lesson("Who rests?", 'The book says "Bread must rest before it is baked" [bread.txt].', "", "s", 1, verifier="citation")


def with_corpus(folder: Path) -> Config:
    return Config(verify=VerifyConfig(corpus=str(folder)))


def test_citations_are_checked_against_the_corpus_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    for folder, text in ((mine, "Bread must rest before it is baked."), (other, "Nothing rests.")):
        folder.mkdir()
        (folder / "bread.txt").write_text(text, encoding="utf-8")
    monkeypatch.setenv("WEAKSPOT_CORPUS", str(other))
    require_verification(with_corpus(mine))
    assert verifier_step(with_corpus(mine))(QUOTE).outcome == "pass"
    assert verifier_step(Config())(QUOTE).outcome == "fail", "without a corpus of its own a run takes the environment's"
    monkeypatch.delenv("WEAKSPOT_CORPUS")
    assert verifier_step(Config())(QUOTE).outcome == "unverifiable"
    assert load_config(None, [f"verify.corpus={mine}"], {}).config == with_corpus(mine)


@pytest.mark.parametrize(("files", "says"), [
    ({}, "no document"),
    ({"references.json": "{"}, "not one JSON object"),
    ({"a.txt": "x", "references.json": json.dumps({"10.1/2": "b.txt"})}, "'10.1/2' leads to no document"),
    ({"a.txt": "x", "references.json": json.dumps({"10.1/2": "../secret.txt"})}, "leads to no document"),
])
def test_a_corpus_that_can_not_serve_is_refused(tmp_path: Path, files: dict[str, str], says: str) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(WeakspotError) as caught:
        require_verification(with_corpus(folder))
    assert says in caught.value.message and "verify.corpus" in caught.value.where


def test_a_judge_of_any_of_the_teachers_families_is_refused() -> None:
    teacher = TeacherConfig(model="openai/gpt-4.1-mini", fallbacks=[{"model": "mistral/mistral-small"}])
    require_verification(Config(teacher=teacher, judge=JudgeConfig(model="anthropic/claude-haiku-4-5")))
    for model in ("azure/gpt-5", "openai/o3-mini", "mistral/codestral-2501"):
        with pytest.raises(WeakspotError, match="own family"):
            require_verification(Config(teacher=teacher, judge=JudgeConfig(model=model)))


def test_without_a_sandbox_code_is_unverifiable_and_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "not here"),))
    canary = tmp_path / "ran"
    solution = f"open({str(canary)!r}, 'w').close()\ndef double(n):\n    return 2 * n"
    row = Lesson("Write double.", f"```python\n{solution}\n```", solution, "persona", 1, verifier="code", check="assert double(2) == 4", check_kind="tests")
    result = judge([Order("w", "persona", [Candidate(row, weakness_id="w", strategy="persona")], 1)], accepted_before=(), decontaminator=Decontaminator(()), verify=verifier_step(Config()))
    assert result.kept == [] and result.judged[0].verdict.outcome == "unverifiable"
    assert not canary.exists()
    assert code.VERIFIER.verify(replace(row, check="")).outcome == "unverifiable"


class _Context:
    """What the gate's look at the judge reads."""

    run = RUN

    def __init__(self, store: Store) -> None:
        self.store = store


def test_grades_of_a_judge_that_was_not_calibrated_forbid_a_promotion(tmp_path: Path) -> None:
    build_run(tmp_path)
    with Store.open(tmp_path) as store:
        context = _Context(store)
        assert judge_findings(context, 2) == []  # type: ignore[arg-type]
        row = replace(QUOTE, prompt="Who rests now?")
        store.lessons.add_kept(RUN, 2, [row], [[Verdict("verifier", "pass"), Verdict("judge", "pass", "no opinion: the judge is disabled")]])
        assert judge_findings(context, 2) == []  # type: ignore[arg-type]
        store.lessons.add_kept(RUN, 2, [replace(row, prompt="Who bakes?")], [[Verdict("verifier", "pass"), Verdict("judge", "pass", evidence="correct 4")]])
        assert judge_findings(context, 2) == ["1 lessons of cycle 2 were graded by a judge that is not calibrated"]  # type: ignore[arg-type]
