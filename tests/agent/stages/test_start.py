"""`train.start: champion`: the adapter goes on, on new lessons and a share of earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.watch import SilentWatcher
from tests.e2e.driver import SETTINGS


def test_a_candidate_goes_on_from_the_champion_with_its_replay(tmp_path: Path) -> None:
    start(load_config(None, [*SETTINGS, "train.start=champion", "curriculum.replay_share=0.25"], {}), tmp_path, SilentWatcher(), open_student=scripted_student())
    with Store.read(tmp_path) as store:
        run = store.runs.get()["run"]
        first, second = (json.loads(row["params"])["start"] for row in store.decisions.adapters(run))
        assert first == "" and second == store.decisions.of_cycle(run, 1)["candidate"]
        assert store.decisions.of_cycle(run, 1)["decision"] == "promote"
        parts = [row["part"] for row in store.lessons.curriculum(run, 2)["recipe"]["rows"]]
        n_new, n_old = parts.count("new"), parts.count("earlier") + parts.count("replay")
        assert 0 < n_old == round(n_new / 3) < len(store.lessons.kept(run, cycle=1))
