"""Leaks of every kind in a teacher's lessons, in seeds and in anchors: none of them is trained on, and the report names them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.watch import SilentWatcher
from curricula.anchors.contract import load_anchors
from curricula.collapse.held import hold_out
from curricula.filters.normalise import flat
from tests.agent.teacher.scripted_server import ScriptedServer, Step, good
from tests.e2e.driver import SETTINGS

WRITTEN = [  # problems written for themselves, as a suite of the user's would hold them
    ("Marta bakes 24 rolls on Friday and twice as many on Saturday. She sells 50 of them at the fair. How many rolls are left?", 22),
    ("A bus leaves the depot with 18 passengers. At the hospital 7 get off and 12 get on. How many passengers are on the bus now?", 23),
    ("Jonas reads 15 pages of his novel each evening. The novel has 240 pages. How many evenings does he need to finish it?", 16),
    ("A farmer packs 96 eggs into cartons that hold 12 eggs each. Then 3 cartons fall off the cart. How many full cartons remain?", 5),
    ("Lena saves 6 euros every week for a scooter that costs 150 euros. Her aunt adds 30 euros. How many weeks must Lena save?", 20),
    ("The school orchestra has 9 violins, 4 cellos and 2 flutes. Each player pays 5 euros for the trip. How much is paid altogether?", 75),
    ("A tank holds 300 litres of rain water. The gardener uses 25 litres a day. How much water is left after 8 dry days?", 100),
    ("Omar plants 7 rows of lettuce with 14 heads in each row. Slugs eat 20 heads. How many heads can Omar harvest?", 78),
]
VERBATIM = [text for text, _ in WRITTEN[:2]]
CHANGED = {
    "respaced": WRITTEN[2][0].upper().replace(" ", "  ").replace(".", " ;"),
    "numbers": "A farmer packs 84 eggs into cartons that hold 6 eggs each. Then 2 cartons fall off the cart. How many full cartons remain?",
    "names": "Sofia saves 6 euros every week for a scooter that costs 150 euros. Her aunt adds 30 euros. How many weeks must Sofia save?",
    "reordered": "Each player pays 5 euros for the trip. The school orchestra has 9 violins, 4 cellos and 2 flutes. How much is paid altogether?",
    "reworded": "The gardener waters with 25 litres every day. If the tank of rain water held 300 litres, what remains of the water after 8 dry days?",
    "inside": f"Read this and solve it step by step. {WRITTEN[7][0]} Explain how.",
}


class LeakyTeacher:
    """Writes clean sums among leaks of protected problems and of gate probes, each with a right answer and a true check."""

    def __init__(self, state: Path) -> None:
        self._state, self._lock = state, threading.Lock()
        self.leaks: list[str] = []
        self.prompts: list[str] = []
        self._n = 0

    def __call__(self, body: dict[str, Any]) -> Step:
        prompt = body["messages"][-1]["content"]
        with self._lock:
            self.prompts.append(prompt)
            if "new problem" not in prompt:
                return good("5")
            if not self.leaks:
                with Store.read(self._state) as store:
                    gate = [probe.prompt for probe in store.samples.probes(store.runs.get()["run"], "gate")][:6]
                self.leaks = [*VERBATIM, *CHANGED.values(), *gate[:3], *(text.upper() for text in gate[3:])]
            lessons = []
            for _ in range(4):
                self._n += 1
                number = 100 + self._n
                leak = self.leaks[self._n // 2 % len(self.leaks)] if self._n % 2 else f"A baker has {number} rolls and bakes 210 more. How many rolls are there now?"
                lessons.append({"problem": leak, "solution": f"{number} + 210 = {number + 210}", "answer": str(number + 210), "check": f"{number} + 210"})
            return good(json.dumps({"hypothesis": "adding", "lessons": lessons}))


def rows(path: Path, texts: list[tuple[str, str]]) -> str:
    path.write_text("".join(json.dumps({"prompt": prompt, "completion": completion}) + "\n" for prompt, completion in texts))
    return str(path)


def test_no_leak_is_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "x")
    suite = tmp_path / "written.jsonl"
    suite.write_text("".join(json.dumps({"id": f"w{i}", "prompt": text, "answer": str(gold), "scorer": "numeric"}) + "\n" for i, (text, gold) in enumerate(WRITTEN)))
    state = tmp_path / "state"
    planted = [(text, f"It is {gold}.") for text, gold in WRITTEN] + [(text, "It is 9.") for text in CHANGED.values()]
    clean = [(f"What do people in {city} call the oldest of their {thing}?", f"They call it the old {thing} of {city}, after the man who built it.")
             for city in ("Ghent", "Turin", "Porto", "Graz", "Lyon", "Basel", "Bergen", "Cork") for thing in ("bridges", "towers", "gates", "wells")]
    teacher = LeakyTeacher(state)
    with ScriptedServer(answer=teacher) as server:
        outcome = start(load_config(None, [
            *SETTINGS, "teacher.model=openai/scripted", f"teacher.api_base={server.url}", "teacher.api_key_env=TEACHER_KEY", "limits.cycles=1", "gate.margin=0.9",
            "plan.lessons_per_cycle=60", f"suites.protected=[{suite}]", f"curriculum.anchors=[{rows(tmp_path / 'anchors.jsonl', planted + clean)},lm-eval]",
            f"curriculum.seeds=[{rows(tmp_path / 'seeds.jsonl', planted + clean[:4])}]"], {}), state, SilentWatcher(), open_student=scripted_student())
    leaked = {text for text, _ in planted} | set(teacher.leaks)
    with Store.read(state) as store:
        curriculum = store.lessons.curriculum(outcome.run, 1)
        found = store.leaks.of_cycle(outcome.run, 1)
        kept = store.lessons.kept(outcome.run)
    trained = [json.loads(line)["prompt"][0]["content"] for line in (state / curriculum["path"]).read_text().splitlines()]
    held = {flat(text) for text in leaked}  # strategies add closing instructions, so a leak may stand inside a prompt
    assert [prompt for prompt in [*trained, *(lesson.prompt for lesson in kept)] if any(text in flat(prompt) for text in held)] == []
    assert len(kept) >= 10 and any(prompt in dict(clean) for prompt in trained), "what is clean is taught"
    by_place = {place: {row["prompt"] for row in found if row["place"] == place} for place in ("lesson", "seed", "anchor")}
    watched = {row.prompt for row in hold_out(load_anchors([str(tmp_path / "anchors.jsonl"), "lm-eval"]))[1]}  # in no curriculum, so nobody looks for leaks there
    assert by_place["seed"] == by_place["anchor"] & {text for text, _ in planted} == {text for text, _ in planted} - watched
    assert len(by_place["anchor"]) <= len(planted) + 3, "nearly all of lm-eval's exemplars are clean"
    assert all(any(text in prompt for text in teacher.leaks) for prompt in by_place["lesson"])
    assert len(by_place["lesson"]) >= 0.8 * len(teacher.leaks), "some wait in replies that were not read"
    assert not any(text in prompt for prompt in teacher.prompts for text, _ in planted), "no leaking seed was shown"
    assert {"exact", "contained", "reordered", "reworded", "variant"} <= {row["rule"] for row in found}
    assert {row["suite"] for row in found} == {"basics", "written"} and {row["split"] for row in found} == {"gate", "protected"}
