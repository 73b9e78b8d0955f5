"""`weakspot strategies`: the list with its costs, a trial without and with a teacher, and what is refused before money is spent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.store import Store
from curricula.lesson import Lesson, Verdict
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import RUN, build_run
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good


def weakness_of(state: Path) -> str:
    with Store.read(state) as store:
        return max(store.weaknesses.of_cycle(RUN, 1), key=lambda row: row["n_failures"])["weakness"]


def test_the_list_names_source_needs_and_what_a_kept_lesson_cost(weakspot: Weakspot, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in weakspot("strategies", "--json").data}
    assert rows["alpaca"]["kept"] == 0 and rows["alpaca"]["usd_per_kept"] is None and rows["retrieve"]["needs"] == "corpus"
    build_run(tmp_path / "state")
    with Store.open(tmp_path / "state") as store:
        for usd in (0.02, 0.01):
            store.money.settle(store.money.reserve(RUN, 1, "alpaca/targeted", 0.05), usd, 10, 10)
        store.money.reserve(RUN, 1, "alpaca/solve", 0.03)  # never answered: it may be on the bill
        lesson = Lesson("p", "c", "c", strategy="alpaca", depth=1, operator="targeted")
        store.lessons.add_kept(RUN, 1, [lesson, Lesson("q", "c", "c", strategy="alpaca", depth=1, operator="targeted")])
        store.lessons.add_rejected(RUN, 1, [(Lesson("", "", "", strategy="alpaca", depth=1, operator="seeded"), Verdict("parse", "fail", "no"))])
    row = {row["name"]: row for row in weakspot("strategies", "--json").data}["alpaca"]
    assert (row["kept"], row["refused"], row["usd"], row["usd_per_kept"]) == (2, 1, pytest.approx(0.06), pytest.approx(0.03))
    assert row["operators"] == {"targeted": {"kept": 2, "refused": 0}, "seeded": {"kept": 0, "refused": 1}}
    shown = weakspot("strategies")
    assert shown.code == 0 and "Stanford Alpaca" in shown.out and "$0.03" in shown.out and "symbolic         nothing" in shown.out


def test_a_strategy_without_a_teacher_is_tried_for_nothing(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    weakness = weakness_of(tmp_path / "state")
    before = (tmp_path / "state" / "weakspot.db").read_bytes()
    ran = weakspot("strategies", "try", "retrieve", "--weakness", weakness, "--n", "2")
    assert ran.code == 0 and f"retrieve on {weakness}" in ran.out and "funnel: wanted 2" in ran.out and "kept of offered: nearest" in ran.out
    data = weakspot("strategies", "try", "retrieve", "-w", weakness, "-n", "2", "--json").data
    assert data["cost_usd"] == 0 and data["requests"] == [] and all(row["depth"] == 0 for row in data["candidates"])
    assert (tmp_path / "state" / "weakspot.db").read_bytes() == before, "nothing is stored"


def test_with_a_teacher_it_shows_prompts_lessons_refusals_and_stays_in_its_budget(weakspot: Weakspot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-planted-7")
    build_run(tmp_path / "state")
    weakness = weakness_of(tmp_path / "state")
    n = {"asked": 0}

    def answer(body: dict[str, Any]) -> Step:
        n["asked"] += 1
        k = 100 * n["asked"]
        lessons = [{"problem": f"A baker has {k + i} rolls and sells {i + 9}. How many stay?", "solution": "", "answer": str(k - 9 + (i == 3)), "check": f"{k + i} - {i + 9}"}
                   for i in range(4)]  # fmt: skip
        return good(json.dumps({"hypothesis": "taking away", "lessons": lessons}), tokens_in=1000, tokens_out=500)

    with ScriptedServer(answer=answer) as server:
        sets = [word for pair in ("teacher.model=openai/scripted", f"teacher.api_base={server.url}", "teacher.api_key_env=TEACHER_KEY",
                                  "teacher.usd_per_million_in=1", "teacher.usd_per_million_out=2") for word in ("--set", pair)]  # fmt: skip
        ran = weakspot("strategies", "try", "error_analysis", "-w", weakness, "--n", "5", *sets)
        assert ran.code == 0, ran.err
        assert "prompt error_analysis/siblings, asked 2 times" in ran.out and "The student's answer:" in ran.out
        assert "refused at verifier: answer and check differ" in ran.out and "> A baker has 100 rolls" in ran.out
        assert "2 requests, 2,000 tokens in, 1,000 out, $0.0040" in ran.out and "sibling 5/" in ran.out
        assert "sk-planted-7" not in ran.out + ran.err
        poor = weakspot("strategies", "try", "error_analysis", "-w", weakness, "--budget-usd", "0.0001", *sets)
        assert poor.code == 0 and "stopped: the next teacher call may cost" in poor.out and "0 requests" not in poor.err
    with Store.read(tmp_path / "state") as store:
        assert not any(row["tag"].startswith("error_analysis") for row in store.money.costs(RUN)), "no run is charged"


def test_what_cannot_be_tried_is_refused_before_anything_is_asked(weakspot: Weakspot, tmp_path: Path) -> None:
    assert "no database" in weakspot("strategies", "try", "retrieve", "-w", "W-00").err
    build_run(tmp_path / "state")
    weakness = weakness_of(tmp_path / "state")
    ran = weakspot("strategies", "try", "alpaca", "-w", weakness)
    assert ran.code == 2 and "the teacher is 'symbolic'" in ran.err and "--set teacher.model=" in ran.err
    ran = weakspot("strategies", "try", "alpacca", "-w", weakness)
    assert ran.code == 2 and "did you mean 'alpaca'?" in ran.err
    ran = weakspot("strategies", "try", "retrieve", "-w", "W-nope")
    assert ran.code == 2 and "has no weakness 'W-nope'" in ran.err and weakness in ran.err


def test_where_every_web_page_is_refused_the_trial_says_which_filter_did_it(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    (tmp_path / "page.html").write_text("<html><body><p>The ferry leaves at noon and the cook is late again.</p></body></html>")
    (tmp_path / "seed.txt").write_text("Let $f$ be a continuous function. Then the sum of its values converges to an integral, and the proof follows.\n\n" * 60)
    asked = ("strategies", "try", "web_math", "-w", weakness_of(tmp_path / "state"), "-n", "2", "--set", f"web.pages=[{tmp_path / 'page.html'}]", "--set", f"web.seed_text=[{tmp_path / 'seed.txt'}]")
    shown = weakspot(*asked)
    assert shown.code == 0 and "web pages, " in shown.out and "0 passages in 0 pages" in shown.out
    data = weakspot(*asked, "--json").data
    assert [row["source"] for row in data["pages"]["refused"]] and data["candidates"] == [] and "no passages" in data["stopped"]
