"""An LLM teacher's words in the loop: phrases are asked once and used, names are shown, sealed probes never leave."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli import app
from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.watch import SilentWatcher
from tests.agent.diagnosis.test_phrases import shown
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good
from tests.e2e.driver import SETTINGS

KINDS = ("alpha", "beta", "gamma", "delta", "epsilon")


class Speaker(SilentWatcher):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        """Keep it."""
        self.said.append(text)


class WordsTeacher:
    """Phrases by the question's first words, a name for each weakness, and no lessons."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.phrase_prompts: list[str] = []
        self.name_prompts: list[str] = []
        self.other_prompts: list[str] = []

    def __call__(self, body: dict[str, Any]) -> Step:
        prompt = body["messages"][-1]["content"]
        with self._lock:
            if questions := shown(prompt):
                self.phrase_prompts.append(prompt)
                return good(json.dumps({str(k): self.phrase(question) for k, question in enumerate(questions, 1)}))
            if kinds := re.findall(r"^Kind (\d+):$", prompt, re.M):
                self.name_prompts.append(prompt)
                return good(json.dumps({k: f"minding <b>{KINDS[int(k) - 1]}</b> things {len(self.name_prompts) * 'o'}" for k in kinds}))
            self.other_prompts.append(prompt)
            return good("5")

    @staticmethod
    def phrase(question: str) -> str:
        """What is asked, without what it is asked about."""
        words = [word for word in re.findall(r"[a-z]+", question.lower()) if word not in ("answer", "with", "only", "the")]
        return f"handling questions about {words[0]} {words[len(words) // 2]}"


def settings(url: str, *more: str) -> Any:
    return load_config(None, [*SETTINGS, "suites.limit=400", "teacher.model=openai/scripted", f"teacher.api_base={url}", "limits.cycles=1", *more], {})


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WordsTeacher, list[str], str]:
    """Two runs in one state folder against one teacher, so the second finds every phrase."""
    state, teacher, watcher = tmp_path_factory.mktemp("state"), WordsTeacher(), Speaker()
    with ScriptedServer(answer=teacher) as server:
        first = start(settings(server.url), state, watcher, open_student=scripted_student()).run
        asked = len(teacher.phrase_prompts)
        start(settings(server.url), state, watcher, open_student=scripted_student())
        assert len(teacher.phrase_prompts) == asked > 0
    return state, teacher, watcher.said, first


def test_phrases_are_used_and_kept(told: tuple[Path, WordsTeacher, list[str], str]) -> None:
    state, teacher, said, run = told
    with Store.read(state) as store:
        probes = store.samples.probes(run, "diagnose")
        rows = list(store.db["phrases"].rows)
        assert {row["probe_hash"] for row in rows} == {probe.content_hash for probe in probes}
        assert any(f"of {len(probes)} probes, {len(probes)} asked for now" in line for line in said)
        assert any(f"of {len(probes)} probes, 0 asked for now" in line for line in said)
        assert not any("own texts" in line for line in said), said
        weak = [row for row in store.weaknesses.of_cycle(run, 1) if row["kind"] == "skill"]
        keywords = " ".join(word for row in weak for word in row["keywords"])
        assert weak and set(keywords.split()) <= {word for row in rows for word in row["phrase"].split()}


def test_no_sealed_probe_is_in_any_prompt_and_failures_are(told: tuple[Path, WordsTeacher, list[str], str]) -> None:
    state, teacher, _, run = told
    with Store.read(state) as store:
        diagnose = store.samples.probes(run, "diagnose")
        sealed = [probe for split in ("gate", "audit", "protected") for probe in store.samples.probes(run, split)]
        phrased, named = "\n".join(teacher.phrase_prompts), "\n".join(teacher.name_prompts)
        assert sealed and named
        assert not [probe.probe_id for probe in sealed if probe.prompt in phrased + named + "\n".join(teacher.other_prompts)]
        assert all(f"{probe.prompt}\nRight answer" in phrased for probe in diagnose)
        by_name = {f"{probe.suite}/{probe.probe_id}": probe for probe in diagnose}
        weak = [row for row in store.weaknesses.of_cycle(run, 1) if row["plain_label"]]
        assert weak
        for row in weak:
            for medoid in row["medoids"]:
                probe = by_name[medoid]
                answer = store.samples.answers(run, probe.suite, probe.probe_id)[0]["response"]
                assert f"Question: {probe.prompt}\nThe student's answer: {answer}\nThe right answer: {probe.gold}\n" in named


def test_names_are_shown_everywhere_and_ids_stay(told: tuple[Path, WordsTeacher, list[str], str]) -> None:
    state, _, _, run = told
    with Store.read(state) as store:
        rows = store.weaknesses.of_cycle(run, 1)
    labels = [row["label"] for row in rows]
    named = [row for row in rows if row["plain_label"]]
    assert len(set(labels)) == len(labels) and named and all(row["label"].startswith("minding ") and "<" not in row["label"] for row in named)
    assert all(row["kind"] == "skill" for row in named)
    listed = CliRunner().invoke(app, ["--state", str(state), "weaknesses", run, "--json"])
    assert listed.exit_code == 0 and {row["label"] for row in json.loads(listed.stdout)["weaknesses"]} >= {row["label"] for row in named}
    report = CliRunner().invoke(app, ["--state", str(state), "report", run, "--format", "md"])
    assert report.exit_code == 0 and named[0]["label"] in report.stdout
    with Store.read(state) as store:
        tree = {row["weakness"]: row for row in store.db["outline_nodes"].rows_where("run = ? AND weakness != ''", [run])}
    # one that holds nearly everything is the root, which is called so
    assert all(tree[row["weakness"]]["label"] == row["label"] or tree[row["weakness"]]["parent"] is None for row in named)


def test_off_asks_for_no_phrase_and_garbage_gives_the_same_diagnosis(tmp_path: Path) -> None:
    teacher, found = WordsTeacher(), []
    for name, server in (("off", ScriptedServer(answer=teacher)), ("garbage", ScriptedServer([good("I like turtles.")]))):
        with server:
            more = ["diagnosis.phrases=off"] if name == "off" else []
            run = start(settings(server.url, *more), tmp_path / name, watcher := Speaker(), open_student=scripted_student()).run
        with Store.read(tmp_path / name) as store:
            found.append([{**row, "run": "", "label": row["plain_label"] or row["label"], "plain_label": ""} for row in store.weaknesses.of_cycle(run, 1)])
            points = [dict(row, run="") for row in store.db["map_points"].rows]
        found[-1].append(points)
    assert teacher.phrase_prompts == [] and found[0] == found[1]
    assert any("usable" in line and "own texts" in line for line in watcher.said), watcher.said
