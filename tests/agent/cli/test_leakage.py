"""Leaks where users look: `weakspot leakage` and the reports; foreign text is harmless, audit prompts stay sealed."""

from __future__ import annotations

from pathlib import Path

from agent.store import Store
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import RUN


def test_leaks_of_every_cycle_with_their_probes(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("leakage", "--json", "--state", finished_dir)
    assert ran.code == 0 and [facts["cycle"] for facts in ran.data["cycles"]] == [1, 2, 3]
    with Store.read(finished_dir) as store:
        prompts = {f"{p.suite}/{p.probe_id}": (split, p.prompt) for split in ("diagnose", "gate", "audit", "protected") for p in store.samples.probes(RUN, split)}
    for facts in ran.data["cycles"]:
        assert facts["checked"] == {"anchor": 2, "lesson": 2} and facts["n_dropped"] == 3 == len(facts["pairs"])
        assert {(row["place"], row["split"]) for row in facts["pairs"]} == {("lesson", "gate"), ("anchor", "audit"), ("anchor", "protected")}
        for row in facts["pairs"]:
            split, prompt = prompts[f"{row['suite']}/{row['probe_id']}"]
            assert (row["split"], row["rule"]) == (split, "contained") and prompt in row["prompt"]
            assert row["probe_prompt"] == ("" if split == "audit" else prompt)


def test_text_is_harmless_and_one_cycle_can_be_asked_for(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("leakage", "--cycle", "2", "--state", finished_dir)
    assert ran.code == 0 and "Kept out: 2 contained (anchors), 1 contained (teacher's lessons)" in ran.out and "cycle 1" not in ran.out
    assert "\x1b" not in ran.out and "\u202e" not in ran.out
    assert weakspot("leakage", "--cycle", "9", "--state", finished_dir).code == 2


def test_the_reports_show_them(weakspot: Weakspot, finished_dir: Path) -> None:
    for kind in ("md", "html"):
        text = weakspot("report", "--format", kind, "-o", "-", "--state", finished_dir).out
        assert text.count("contained (anchors)") == 3 and "measured on public data" in text
    assert "weakspot leakage shows the pairs" in weakspot("report", "--state", finished_dir).out
