"""Verbs that look at a run: status, report, weaknesses, show, compare."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from agent.store import Store
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import RUN, adapter_name, build_run


def test_status_has_stages_decision_money_and_next_command(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("status", "--state", finished_dir)
    assert ran.code == 0 and ran.err == ""
    assert f"{RUN} finished: 3 cycles done" in ran.out and "spent $0.01 of $1.00" in ran.out and f"next: weakspot report {RUN}" in ran.out
    assert "cycle 3 promoted: better on the gate" in ran.out and "evaluate" in ran.out
    facts = weakspot("status", "demo", "--state", finished_dir, "--json").data
    assert facts["run"] == RUN and len(facts["stages"]) == 18
    assert [row["run"] for row in weakspot("status", "--all", "--json", "--state", finished_dir).data] == [RUN]
    assert RUN in weakspot("status", "--all", "--state", finished_dir).out


def test_an_unknown_run_names_those_there_are(weakspot: Weakspot, finished_dir: Path) -> None:
    for words in (["status", "nope"], ["report", "nope"], ["weaknesses", "nope"], ["show", "W-00", "--run", "nope"], ["compare", "base", "nope"]):
        ran = weakspot(*words, "--state", finished_dir)
        assert ran.code == 2 and "run 'nope' not found" in ran.err and RUN in ran.err


def test_a_damaged_database_is_told_apart(weakspot: Weakspot, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "weakspot.db").write_bytes(b"not a database" * 100)
    ran = weakspot("status")
    assert ran.code == 1 and "the database can't be used" in ran.err and "weakspot doctor" in ran.err


def test_report_on_the_terminal_and_as_json(weakspot: Weakspot, finished_dir: Path) -> None:
    shown = weakspot("report", "--state", finished_dir)
    assert shown.code == 0 and "on the audit split" in shown.out and "gate rules of cycle 3" in shown.out
    data = weakspot("report", "--format", "json", "--state", finished_dir).data
    assert data == weakspot("report", "--json", "--state", finished_dir).data
    assert [cycle["decision"] for cycle in data["cycles"]] == ["promote", "reject", "promote"]
    assert len(weakspot("report", "--cycle", "1", "--json", "--state", finished_dir).data["cycles"]) == 1


def test_report_files(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    html = weakspot("report", "--format", "html")
    assert html.out.strip() == f"state/runs/{RUN}/report.html" and Path(html.out.strip()).read_text().startswith("<!doctype html>")
    assert weakspot("report", "--cycle", "2", "--format", "html").out.strip() == f"state/runs/{RUN}/cycle-002/report.html"
    assert weakspot("report", "-o", "mine.md").code == 0 and Path("mine.md").read_text().startswith("# weakspot report")
    assert weakspot("report", "-o", "sub/mine.json").code == 0 and json.loads(Path("sub/mine.json").read_text())["run"] == RUN
    assert weakspot("report", "--format", "md").out.startswith("# weakspot report")
    assert weakspot("report", "--format", "html", "-o", "-").out.startswith("<!doctype html>")


def test_report_usage_errors(weakspot: Weakspot, finished_dir: Path, tmp_path: Path) -> None:
    assert "can't tell the format" in weakspot("report", "-o", "mine.txt", "--state", finished_dir).err
    assert weakspot("report", "--open", "--format", "md", "--state", finished_dir).code == 2
    (tmp_path / "file").write_text("")
    ran = weakspot("report", "-o", "file/report.html", "--state", finished_dir)
    assert ran.code == 1 and "can't be written" in ran.err and "-o" in ran.err


def test_weaknesses_and_their_history(weakspot: Weakspot, finished_dir: Path) -> None:
    shown = weakspot("weaknesses", "--state", finished_dir)
    assert "W-00" in shown.out and "roman numerals" in shown.out and "next: weakspot show W-00" in shown.out
    first = weakspot("weaknesses", "--cycle", "1", "--json", "--state", finished_dir).data
    assert first["cycle"] == 1 and first["weaknesses"][0]["id"] == "W-format" and first["weaknesses"][0]["example"]["prompt"]
    history = weakspot("weaknesses", "--history", "--json", "--state", finished_dir).data["weaknesses"]
    (roman,) = [row for row in history if row["weakness"] == "W-02"]
    assert [row["cycle"] for row in roman["cycles"]] == [1, 2, 3] and roman["is_open"] and roman["lineage"] == []
    # two promotions of 7 fixed and 1 broken of 20 each; the rejected candidate of cycle 2 does not count
    assert roman["total"]["gain"] == pytest.approx(0.6) and (roman["total"]["fixed"], roman["total"]["broken"]) == (14, 2)
    shown = weakspot("weaknesses", "--history", "--state", finished_dir)
    assert shown.err == "" and "6 weaknesses in 3 cycles, 4 open" in shown.out and "W-02 roman numerals" in shown.out
    assert "improving since cycle 2, 26 of 28 wrong; 28 of 28 in cycle 1 (-7.1 points)" in shown.out
    assert "+60.0 points in 2 promotions for 120 lessons: +0.50 a lesson" in shown.out
    assert "40 lessons, promoted, but no held-out item speaks of it" in shown.out, "the format weakness of this run has no gate figures"
    assert "(+30.0)" in shown.out, "the gain of a rejected candidate stands in brackets"
    assert "no weakness in cycle 9" in weakspot("weaknesses", "--cycle", "9", "--state", finished_dir).out


def test_the_tree_of_a_cycle(weakspot: Weakspot, finished_dir: Path) -> None:
    shown = weakspot("weaknesses", "--tree", "--cycle", "1", "--state", finished_dir)
    assert shown.code == 0 and "|- addition  [W-00]" in shown.out and "`- odd or even  [W-04]" in shown.out
    assert "<img src=x onerror=alert(1)>" in shown.out and "├" not in shown.out, "boxes are for terminals"
    stored = weakspot("weaknesses", "--tree", "--cycle", "1", "--json", "--state", finished_dir).data
    assert stored["cycle"] == 1 and stored["outline"][0]["label"] == "all probes" and len(stored["outline"]) == len(shown.out.splitlines()) - 3
    assert "has no tree of cycle 9" in weakspot("weaknesses", "--tree", "--cycle", "9", "--state", finished_dir).out
    assert weakspot("weaknesses", "--tree", "--history", "--state", finished_dir).code == 2


def test_show_a_weakness(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("show", "w-02", "--state", finished_dir)
    assert ran.code == 0 and "28 of 28 in cycle 1" in ran.out and "cycle 1: 60 lessons by symbolic" in ran.out and "optimistic" in ran.out
    data = weakspot("show", "W-02", "--json", "--state", finished_dir).data
    assert data["kind"] == "weakness" and [row["cycle"] for row in data["cycles"]] == [1, 2, 3] and data["cycles"][0]["lessons"] == 40


def test_show_a_sample_with_every_answer(weakspot: Weakspot, finished_dir: Path) -> None:
    with Store.read(finished_dir) as store:
        probe = next(probe for probe in store.samples.probes(RUN, "gate") if probe.meta["skill"] == "days")
    ran = weakspot("show", f"basics/{probe.probe_id}", "--state", finished_dir)
    assert ran.code == 0 and "base: strict" in ran.out and "cycle 2, rejected" in ran.out and probe.prompt in ran.out and "\x1b" not in ran.out
    data = weakspot("show", probe.probe_id, "--json", "--state", finished_dir).data
    assert [answer["status"] for answer in data["answers"]] == ["base", "promote", "reject", "promote"]
    assert [answer["adapter"] for answer in data["answers"]] == [adapter_name(cycle) for cycle in range(4)]


def test_a_sealed_sample_is_shown_with_a_warning(weakspot: Weakspot, finished_dir: Path) -> None:
    with Store.read(finished_dir) as store:
        sealed = store.samples.probes(RUN, "audit")[0]
    assert "sealed audit probe" in weakspot("show", sealed.probe_id, "--state", finished_dir).out


def test_show_a_lesson_with_its_provenance(weakspot: Weakspot, finished_dir: Path) -> None:
    with Store.read(finished_dir) as store:
        kept, refused = store.lessons.rows(RUN, 1, "pass")[0], store.lessons.rows(RUN, 1, "fail")[0]
    ran = weakspot("show", kept["lesson"][:9], "--state", finished_dir)
    assert ran.code == 0 and kept["prompt"] in ran.out and "by symbolic / sums" in ran.out and "engine" in ran.out
    ran = weakspot("show", refused["lesson"], "--state", finished_dir)
    assert "fail at near_duplicate: near duplicate of another lesson" in ran.out


def test_show_searches_prompts_and_says_when_it_is_ambiguous(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("show", "capital", "--state", finished_dir)
    assert ran.code == 2 and "fits 20 samples" in ran.err and "basics_protected/p-" in ran.err
    assert "fits 5 weaknesses" in weakspot("show", "W-0", "--state", finished_dir).err
    assert "nothing in" in weakspot("show", "zebra", "--state", finished_dir).err


def test_compare_and_its_exit_code(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("compare", "base", "latest", "--fail-on-regression", "--state", finished_dir)
    assert ran.code == 0 and "fixed" in ran.out and "per weakness" in ran.out
    worse = weakspot("compare", "base", f"{RUN}:2", "--fail-on-regression", "--json", "--state", finished_dir)
    assert worse.code == 100 and worse.data["regressions"] == ["basics_protected"]
    assert weakspot("compare", "base", f"{RUN}:2", "--state", finished_dir).code == 0
    assert weakspot("compare", "base", "latest", "--score", "lenient", "--split", "gate", "--json", "--state", finished_dir).data["score"] == "lenient"


def test_reading_changes_nothing(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    path = tmp_path / "state" / "weakspot.db"

    def content() -> list[str]:
        with sqlite3.connect(path) as connection:
            return list(connection.iterdump())

    before = content()
    for words in (["status"], ["report"], ["weaknesses"], ["show", "W-02"], ["compare", "base", "latest"], ["gate", "simulate", "--candidates", "100"], ["doctor"]):
        weakspot(*words)
    assert content() == before


@pytest.mark.parametrize("words", [["status"], ["report"], ["weaknesses"], ["weaknesses", "--tree"], ["show", "W-02"], ["compare", "base", "latest"]])
def test_foreign_text_reaches_no_terminal_raw(weakspot: Weakspot, finished_dir: Path, words: list[str]) -> None:
    out = weakspot(*words, "--state", finished_dir).out
    assert "\x1b" not in out and "\u202e" not in out and out


def test_compare_fits_80_columns(weakspot: Weakspot, finished_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.cli import output

    monkeypatch.setattr(output, "PIPED_WIDTH", 80)
    shown = weakspot("compare", "base", f"{RUN}:2", "--samples", "3", "--state", finished_dir).out
    assert max(map(len, shown.splitlines())) <= 80
    line = next(line for line in shown.splitlines() if line.strip().startswith("basics_protected "))
    assert line.split()[1:8] == ["120", "-26.7", "-35.6", "-18.4", "2", "34", "27"] and line.split()[8:] == ["<", "0.0001"], "nothing cut"
    assert "broken: 3 of" in shown and "fixed: 3 of" in shown and "still wrong: 3 of" in shown


def test_simulating_a_gate(weakspot: Weakspot, finished_dir: Path) -> None:
    ran = weakspot("gate", "simulate", "--candidates", "300", "--state", finished_dir, "--json")
    facts = ran.data
    assert ran.code == 0 and facts["run"] == RUN and facts["cycle"] == 3 and facts["n_candidates"] == 300
    ours, naive = facts["null"]["gates"][0], facts["null"]["gates"][-1]
    assert ours["run"] <= ours["long_run"] <= facts["null"]["allowed"] and naive["long_run"] > 0.95
    for row in facts["power"]:
        shown = [size["better"] for size in row["sizes"]]
        assert shown == sorted(shown) or max(a - b for a, b in zip(shown, shown[1:], strict=False)) < 0.05, "more items see more"
        assert row["promoted"] <= shown[1]
    gains = [row["sizes"][1]["better"] for row in facts["power"]]
    assert gains[-1] > gains[0] and facts["power"][1]["is_asked_for"]
    suite = facts["protected"][0]
    assert [size["n"] for size in suite["sizes"]] == [60, 120, 240, 480] and all(size["at_margin"] <= 0.09 for size in suite["sizes"])
    assert facts == weakspot("gate", "simulate", RUN, "--candidates", "300", "--state", finished_dir, "--json").data, "the same every time"
    text = weakspot("gate", "simulate", "--cycle", "2", "--candidates", "100", "--state", finished_dir)
    assert text.code == 0 and "no true gain: promoted" in text.out and "too small for its margin: basics_protected" in " ".join(text.out.split())


def test_simulating_without_answers_says_what_to_do(weakspot: Weakspot, tmp_path: Path, finished_dir: Path) -> None:
    build_run(tmp_path / "state", n_cycles=0, is_audited=False)
    ran = weakspot("gate", "simulate")
    assert ran.code == 2 and ran.out == "" and "no candidate of" in ran.err and "weakspot run --dry-run" in ran.err
    ran = weakspot("gate", "simulate", "--cycle", "9", "--state", finished_dir)
    assert ran.code == 2 and "cycle 9 of" in ran.err and "cycles that did: 1, 2, 3" in ran.err
    assert weakspot("gate", "simulate", "--candidates", "5", "--state", finished_dir).code == 2


def test_a_curriculum_of_an_older_version_says_so(weakspot: Weakspot, finished_dir: Path) -> None:
    for words in (["show"], ["rebuild"], ["explain", "1"]):
        ran = weakspot("mix", *words, "--state", finished_dir)
        assert ran.code == 2 and "before recipes named their sources" in ran.err and "curriculum.jsonl" in ran.err
