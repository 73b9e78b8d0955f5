"""The benchmark of recipes with the scripted student: one curriculum, a row a recipe and seed, and nothing trained twice."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from agent.fakes import ScriptedStudent, scripted_student
from agent.store import Store
from bench import recipes
from probes.errors import WeakspotError


def test_every_recipe_meets_the_same_curriculum_and_no_row_is_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    students: list[ScriptedStudent] = []

    def opener(*args):
        students.append(scripted_student()(*args))
        return students[-1]

    monkeypatch.setattr(recipes, "open_real_student", opener)
    monkeypatch.setattr(recipes, "RESULTS", tmp_path / "recipes.json")
    given = Namespace(run_seed=3, lessons=60, seeds=1, recipes=["epochs=1", "epochs=3"])
    with Store.open(tmp_path) as store:
        first = recipes.measure(store, given)
        again = recipes.measure(store, Namespace(**{**vars(given), "recipes": ["epochs=3,batch_size=4", "epochs=2"]}))
    assert [row["recipe"] for row in again["rows"]] == ["epochs=1", "epochs=3", "epochs=2"] and again["rows"][:2] == first["rows"]
    assert [(row["train"]["epochs"], row["train"]["batch_size"]) for row in again["rows"]] == [(1, 4), (3, 4), (2, 4)], "a row says the whole recipe"
    assert again["curriculum"] == first["curriculum"] and json.loads((tmp_path / "recipes.json").read_text()) == again
    assert first["rows"][0]["gate"]["strict"] > first["base"]["gate"]["strict"] and first["base"]["protected"]["n"] > 400
    assert len(students[1].evaluated) == 0, "the base was examined again"
    assert recipes.table(again).count("\n") == 5


def test_a_mistyped_recipe_is_refused_before_anything_is_trained() -> None:
    assert recipes.recipe_of("epochs=2,batch_size=4").batch_size == 4
    with pytest.raises(WeakspotError, match="epoch"):
        recipes.recipe_of("epoch=2")
