"""How the strategies that end on a verdict of their own ask: with which settings, which failures, which options, and what becomes of a broken reply."""

from __future__ import annotations

import importlib
from collections import defaultdict
from dataclasses import replace

import pytest

from curricula.strategies.contract import list_strategies
from probes.errors import WeakspotError
from tests.curricula.teachers import (
    SEEDS,
    Teacher,
    brief,
    failure,
    figs,
    lessons,
    reasons,
    shown,
    write,
)

NEAR = tuple(figs(n) for n in range(40, 60))
SETTINGS = {
    "textbook": {"outline": (0.7, 400), "section": (0.7, 700), "exercises": (0.7, 1200)},
    "persona": {"personas": (1.0, 600), "hard": (0.7, 500), "grade_school": (0.7, 500), "constrained": (0.7, 500), "code": (0.7, 500), "solve": (0.8, 500), "solve_code": (0.2, 700), "relax": (0.3, 300)},
    "topic_tree": {"topics": (1.0, 300), "subtopics": (1.0, 300), "question": (0.7, 400), "revise": (0.7, 500), "work_out": (0.7, 500), "score": (0.0, 120)},
    "constitution": {"draft": (0.7, 500), "critique": (0.7, 250), "revise": (0.7, 500)},
}
"""Temperature and longest reply of each request; a hot judge, a cold brainstorm or a cut-off answer would each cost lessons."""
READ = [(name, purpose) for name, purposes in {"textbook": ("outline", "exercises"), "persona": ("personas", "hard", "grade_school", "constrained", "code"), "topic_tree": ("topics", "subtopics", "question", "revise", "score"), "constitution": ("problems",)}.items() for purpose in purposes]
OPTIONS = [("textbook", "exercises"), ("persona", "hard"), ("persona", "grade_school"), ("persona", "constrained"), ("topic_tree", "question"), ("constitution", "problems")]


def teacher_of(name: str, **more: object) -> Teacher:
    return importlib.import_module(f"tests.curricula.test_strategies_{name}").teacher(**more)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_request_has_its_temperature_and_length(name: str) -> None:
    asked = teacher_of(name)
    write(name, brief(n_lessons=8, seeds=NEAR), asked)
    found = defaultdict(set)
    for request in asked.requests:
        found[request.tag.rpartition("/")[2]].add((request.temperature, request.max_tokens))
    assert {purpose: found[purpose] for purpose in SETTINGS[name]} == {purpose: {settings} for purpose, settings in SETTINGS[name].items()}


@pytest.mark.parametrize(("name", "purpose"), READ)
def test_a_broken_reply_is_sent_back_with_the_form_of_its_own_prompt_and_ends_as_a_row_of_it(name: str, purpose: str) -> None:
    asked = teacher_of(name, **{purpose: "Sure!", "repair": "no"})
    found = write(name, brief(n_lessons=8, n_failures=9, seeds=NEAR[:1]), asked)
    form = asked.tagged(purpose)[0].prompt.split("Reply with JSON only, in this form:\n")[1].splitlines()[0]
    assert all(f"\n{form}\n" in request.prompt for request in asked.tagged("repair")) and len(asked.tagged("repair")) == len(asked.tagged(purpose))
    if purpose == "score":
        return  # a reason of its own
    rows = reasons(found)["unparsed after repair: no JSON in the reply"]
    assert {row.operator for row in rows} == {{"exercises": "exercise"}.get(purpose, purpose)} and {row.raw for row in rows} == {"Sure!"}
    for row in rows:
        assert row.parents and {parent for parent in row.parents if parent.startswith("p")} in [shown(request.prompt) for request in asked.tagged(purpose)]


@pytest.mark.parametrize(("name", "purpose"), [(name, purpose) for name, purpose in READ if purpose not in ("personas", "score")] + [("textbook", "section")])
def test_the_failures_take_turns(name: str, purpose: str) -> None:
    asked = teacher_of(name)
    write(name, brief(n_lessons=24, n_failures=9, seeds=NEAR[:1]), asked)
    sets = [shown(request.prompt) for request in asked.tagged(purpose)]
    assert {len(ids) for ids in sets} == {3} and (len(sets) == 1 or purpose == "subtopics" or len(set.union(*sets)) > 5)
    assert set.union(*(shown(request.prompt) for request in asked.requests)) == {f"p{i}" for i in range(9)}


@pytest.mark.parametrize(("name", "purpose"), OPTIONS)
def test_options_are_asked_for_where_the_failures_have_some(name: str, purpose: str) -> None:
    listed = tuple(replace(failure(i), prompt=f"Which of these is {i + 2} plus 1?\nA. {i + 2}\nB. {i + 3}\nC. {i + 9}\nAnswer with only the letter.", gold="B") for i in range(3))
    for failures, wanted in ((listed, True), (brief().failures, False)):
        asked = teacher_of(name)
        write(name, brief(n_lessons=8, failures=failures, seeds=NEAR[:2]), asked)
        assert {"List the options" in request.prompt for request in asked.tagged(purpose)} == {wanted}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_lesson_is_dressed_as_a_failure_that_its_prompt_showed(name: str) -> None:
    heads = dict(zip([f"p{i}" for i in range(7)], ("Q:", "Question:", "Problem:", "Task:", "Exercise:", "Input:", "Prompt:"), strict=True))
    failures = tuple(replace(failure(i), prompt=f"{head} {failure(i).prompt}") for i, head in enumerate(heads.values()))
    made = [row for row in lessons(write(name, brief(n_lessons=24, failures=failures, seeds=SEEDS if name in ("textbook", "persona") else ()), teacher_of(name))) if row.verifier != "code"]
    assert len({row.prompt.split()[0] for row in made}) > 3
    for row in made:
        assert row.prompt.split()[0] in {heads[parent] for parent in row.parents if parent in heads}, row.prompt


@pytest.mark.parametrize(("name", "needs"), {"textbook": "teacher, corpus", "persona": "teacher, corpus", "topic_tree": "teacher", "constitution": "teacher"}.items())
def test_what_a_strategy_needs_is_in_the_list_and_asked_for(name: str, needs: str) -> None:
    assert [info.needs for info in list_strategies() if info.name == name] == [needs]
    if "corpus" in needs:
        with pytest.raises(WeakspotError, match="needs human-made tasks"):
            write(name, brief(seeds=()), teacher_of(name))
    else:
        assert lessons(write(name, brief(seeds=()), teacher_of(name)))
