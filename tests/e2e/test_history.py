"""Three cycles with a student that is weak at what it is told to be: the history tells the story, and its sums are right."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.config import load_config
from agent.fakes import Script, scripted_student
from agent.loop import start
from agent.store import Store
from agent.watch import SilentWatcher
from tests.agent.cli.conftest import Weakspot, weakspot  # noqa: F401  the fixture
from tests.e2e.driver import SETTINGS

WEAK = Script(base_skill=0.8, weak_at=("roman", "plural", "opposite", "month", "past"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    settings = [*SETTINGS, "suites.limit=700", "limits.cycles=3", "plan.lessons_per_cycle=120", "limits.plateau=9"]
    assert start(load_config(None, settings, {}), folder, SilentWatcher(), open_student=scripted_student(WEAK)).status == "finished"
    return folder


@pytest.fixture(scope="module")
def store(state: Path) -> Iterator[Store]:
    with Store.read(state) as opened:
        yield opened


def test_the_history_tells_what_was_weak_what_was_done_and_what_came_of_it(weakspot: Weakspot, state: Path) -> None:  # noqa: F811
    told = weakspot("weaknesses", "--history", "--json", "--state", state).data["weaknesses"]
    form = next(one for one in told if one["kind"] == "format")
    assert [row["state"] for row in form["cycles"]] == ["format_only", "closed", "closed"]
    assert form["cycles"][0]["gain"] > 0.3 and form["total"]["gain"] == pytest.approx(form["cycles"][0]["gain"])
    skills = [one for one in told if one["kind"] == "skill" and one["first_cycle"] == 1]
    words = " ".join(one["label"] for one in skills)
    assert len(skills) >= 3 and "roman" in words and "plural" in words
    for one in skills:
        first, second = one["cycles"][:2]
        assert first["state"] == "open" and first["lessons"] and first["tokens"] and second["change"] < 0
        assert second["state"] in ("closed", "improving", "open") and one["total"]["gain"] >= first["gain"] > 0
    assert sum(one["cycles"][1]["state"] in ("closed", "improving") for one in skills) >= 3, "small ones can't prove that they improved"
    shown = weakspot("weaknesses", "--history", "--state", state).out
    for one in told:
        assert f"{one['weakness']} {one['label']}" in shown
    assert "closed since cycle 2, 0 of" in shown and "in 1 promotion" in shown and "\x1b" not in shown
    assert told[0]["is_open"] and shown.index(told[0]["weakness"]) < shown.index(form["weakness"]), "open ones come first"


def test_show_tells_the_same_of_one_with_its_lessons(weakspot: Weakspot, state: Path) -> None:  # noqa: F811
    told = weakspot("weaknesses", "--history", "--json", "--state", state).data["weaknesses"]
    one = next(one for one in told if one["kind"] == "skill" and one["first_cycle"] == 1 and one["state"] == "closed")
    data = weakspot("show", one["weakness"], "--state", state, "--json").data
    assert {key: data[key] for key in ("lineage", "total", "state", "label")} == {key: one[key] for key in ("lineage", "total", "state", "label")}
    assert [row["gain"] for row in data["cycles"]] == [row["gain"] for row in one["cycles"]]
    assert len(data["members"]) == data["cycles"][0]["n"], "the members it had when it was last open"
    out = weakspot("show", one["weakness"], "--state", state).out
    assert "since cycle" in out and "lessons by symbolic" in out and "failures in cycle 1" in out and one["label"] in out


def test_what_the_weaknesses_cost_adds_up_to_what_the_cycles_cost(state: Path, store: Store) -> None:
    run = store.runs.get()["run"]
    sums: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    with sqlite3.connect(state / "weakspot.db") as plain:
        for cycle, *values in plain.execute("SELECT cycle, lessons, tokens, seconds FROM v_weakness_ledger WHERE run = ?", [run]):
            for key, value in zip(("lessons", "tokens", "seconds"), values, strict=True):
                sums[cycle][key] += value
    for cycle in (1, 2, 3):
        curriculum = store.lessons.curriculum(run, cycle)
        spent = {row["stage"]: row["seconds"] for row in store.runs.stages(run) if row["cycle"] == cycle}
        assert curriculum
        assert sums[cycle]["lessons"] == len(store.lessons.kept(run, cycle=cycle)) > 0
        assert sums[cycle]["tokens"] == sum(item["n_tokens"] for item in curriculum["recipe"]["rows"] if item["part"] != "anchor") > 0
        assert sums[cycle]["seconds"] == pytest.approx(spent["teach"] + spent["train"])


def test_a_gain_counts_once_as_form_or_as_skill(store: Store) -> None:
    """The first candidate repairs the format of everything; what its skill gains count is right by content only after it."""
    run = store.runs.get()["run"]
    decision: dict[str, Any] = store.decisions.of_cycle(run, 1) or {}
    kinds = {row["weakness"]: row["kind"] for row in store.weaknesses.of_cycle(run, 1)}
    fixed: dict[str, int] = defaultdict(int)
    for row in decision["details"]["per_weakness"]:
        fixed[kinds[row["weakness"]]] += row["fixed"]
    by_content = len([flip for flip in store.decisions.flips(run, 1, "lenient") if flip["split"] == "gate" and flip["flip"] == "fixed"])
    by_both = len([flip for flip in store.decisions.flips(run, 1, "strict") if flip["split"] == "gate" and flip["flip"] == "fixed"])
    assert 0 < fixed["skill"] <= by_content and fixed["format"] == by_both - by_content


def test_narrow_terminals_lose_columns_not_sense(state: Path, store: Store) -> None:
    from rich.console import Console

    from agent.report.history import history_facts, history_on_terminal

    facts = history_facts(store, store.runs.get()["run"])
    for width in (80, 100, 120):
        console = Console(width=width, record=True, highlight=False, file=open("/dev/null", "w"))  # noqa: SIM115
        for part in history_on_terminal(facts, console.width):
            console.print(part)
        lines = console.export_text().splitlines()
        assert max(map(len, lines)) <= width and not any("…" in line for line in lines if "since cycle" not in line and not line.startswith("W"))
        assert any("wrong" in line and "95 %" in line and "gate" in line and "fix/brk" in line for line in lines)
    assert main(["weaknesses", "--history", "--state", str(state)]) == 0
