"""Textbook rule by rule: outline, a grid without replacement, grounded sections, three to five checked exercises."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from curricula.sandbox import tiers
from curricula.strategies.textbook import AUDIENCES, STYLES
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import (
    SEEDS,
    Teacher,
    as_json,
    brief,
    check_provenance,
    cut,
    failure,
    figs,
    judged,
    lessons,
    reasons,
    write,
)

needs_sandbox = pytest.mark.skipif(tiers.in_force() is None, reason=f"no tier holds here: {tiers.why_none()}")
NEAR = tuple(figs(n) for n in range(40, 46))


def section(request: TeacherRequest, n: int) -> str:
    return f"Section {n}. " + " ".join(f"When {word} goes away, what is left is the difference of before and after." for word in ["water", "sand", "bread", "light", "noise"])


def exercises(request: TeacherRequest, n: int, n_items: int = 4) -> str:
    return as_json("exercises", *({"problem": f"Bo{i} owns {50 + 10 * n + i} nuts, and {i + 3} of these go bad. How many good ones has Bo{i}?", "solution": "Take away.",
                                   "answer": str(47 + 10 * n), "check": f"{50 + 10 * n + i} - {i + 3}"} for i in range(n_items)))  # fmt: skip


def teacher(**more: object) -> Teacher:
    answers = {"outline": lambda request, n: as_json("sections", *({"title": f"part {n}.{i}"} for i in range(6))), "section": section, "exercises": exercises, "repair": "no", "solve": "1"}
    return Teacher(**{**answers, **more})  # type: ignore[arg-type]


def test_exercises_become_lessons_that_know_their_section() -> None:
    asked = teacher()
    found = write("textbook", brief(n_lessons=12, seeds=NEAR), asked)
    check_provenance(found, "textbook", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) >= 18 and {row.check_kind for row in kept} == {"expression"}
    sections = {row.meta["section_id"]: row.meta["section"] for row in kept}
    assert all(text.startswith("Section") for text in sections.values()) and len(sections) == len(asked.tagged("section")) == len(asked.tagged("exercises"))
    assert Counter(row.meta["section_id"] for row in kept) == dict.fromkeys(sections, 4)
    assert all(any(text in request.prompt for request in asked.tagged("exercises")) for text in sections.values())
    assert all(row.prompt.endswith("Answer with only the number.") and row.completion == row.answer for row in kept)


def test_sections_are_grounded_in_one_or_two_human_texts_near_the_weakness() -> None:
    asked = teacher()
    found = write("textbook", brief(n_lessons=40, seeds=(*SEEDS, *NEAR)), asked)
    n_texts = Counter()
    for request in asked.tagged("section"):
        used = [row for row in (*NEAR, *SEEDS) if row.prompt in request.prompt and row.completion in request.prompt]
        n_texts[len(used)] += 1
    assert set(n_texts) == {1, 2}
    assert all(any(row.prompt in request.prompt for request in asked.tagged("section")) for row in NEAR), "each in its turn"
    assert all(row.prompt in asked.tagged("section")[0].prompt or row not in NEAR for row in NEAR if row.lesson_id in lessons(found)[0].parents)
    assert any(parent.startswith("L") for parent in lessons(found)[0].parents)
    assert any(row.prompt in asked.tagged("section")[0].prompt for row in NEAR) and not any(row.prompt in asked.tagged("section")[0].prompt for row in SEEDS)


def test_no_cell_of_the_grid_comes_twice_and_the_coverage_is_shown() -> None:
    asked = teacher(exercises=lambda request, n: exercises(request, n, 3))
    found = lessons(write("textbook", brief(n_lessons=130, seeds=NEAR), asked))
    cells = [tuple(row.meta["cell"]) for row in found if row.meta["exercise"] == 1]
    assert len(set(cells)) == len(cells) >= 60 and len(asked.tagged("outline")) == 1
    later = teacher()
    write("textbook", brief(n_lessons=2, seeds=NEAR, earlier=tuple(found)), later)
    assert "part 0.5" in later.tagged("outline")[0].prompt, "the next cycle plans another book"
    assert {cell[0] for cell in cells} == set(STYLES) and {cell[1] for cell in cells} == set(AUDIENCES) and len({cell[2] for cell in cells}) == 6
    size = len(STYLES) * len(AUDIENCES) * 6
    assert [row.meta["grid"] for row in found if row.meta["exercise"] == 1][:3] == [f"{i}/{size}" for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Too short.", "section of fewer than 60 words"),
        ("We say it often. " * 30 + failure(0).prompt + failure(1).prompt + failure(2).prompt + failure(3).prompt, "section quotes a failure"),
        (cut("We say it often. " * 30), "section cut off by its length"),
        (TeacherReply("", error="timeout"), "teacher: timeout"),
    ],
)
def test_unfit_sections_get_no_exercises(text: object, reason: str) -> None:
    asked = teacher(section=text)
    found = write("textbook", brief(n_lessons=2, seeds=NEAR), asked)
    assert set(reasons(found)) == {reason} and not asked.tagged("exercises") and not lessons(found)


def test_three_to_five_exercises_a_section() -> None:
    few = write("textbook", brief(n_lessons=2, seeds=NEAR), teacher(exercises=lambda request, n: exercises(request, n, 2)))
    assert set(reasons(few)) == {"fewer than 3 exercises"} and all("Bo1" in row.raw and row.meta["section"] for row in few)
    many = lessons(write("textbook", brief(n_lessons=2, seeds=NEAR), teacher(exercises=lambda request, n: exercises(request, n, 9))))
    assert len(many) == 5


def test_wrong_exercises_fail_at_the_verifier_and_broken_ones_are_rows() -> None:
    def mixed(request: TeacherRequest, n: int) -> str:
        items = json.loads(exercises(request, n, 5))["exercises"]
        items[1]["answer"] = "999"
        items[2]["answer"] = ""
        return json.dumps({"exercises": items})

    found = write("textbook", brief(n_lessons=4, seeds=NEAR), teacher(exercises=mixed))
    assert set(reasons(found)) == {"item without answer"} and "Bo2" in reasons(found)["item without answer"][0].raw
    result = judged(found)
    wrong = [row for row in result.rejected if row.verdict.step == "verifier"]
    assert {row.verdict.reason for row in wrong} == {"answer and check differ"} and len(result.kept) == 3 * len(wrong)
    for purpose in ("outline", "exercises"):
        why = set(reasons(write("textbook", brief(n_lessons=2, seeds=NEAR), teacher(**{purpose: "Sure!"}))))
        assert why == {"unparsed after repair: no JSON in the reply"}


@needs_sandbox
def test_exercises_that_ask_for_code_are_judged_by_running_them() -> None:
    def with_code(request: TeacherRequest, n: int) -> str:
        items = json.loads(exercises(request, n, 3))["exercises"]
        for i, sign in enumerate("-+"):
            items.append({"problem": f"Write left_{i}(has, loses): how many nuts of {n} are left?", "answer": f"```python\ndef left_{i}(has, loses):\n    return has {sign} loses\n```",
                          "tests": f"assert left_{i}(9, 4) == 5\nassert left_{i}(7, 7) == 0\nassert left_{i}(100, 1) == 99"})  # fmt: skip
        return json.dumps({"exercises": items})

    asked = teacher(exercises=with_code)
    result = judged(write("textbook", brief(n_lessons=2, seeds=NEAR), asked))
    [code] = [row for row in result.kept if row.operator == "code_exercise"]
    assert (code.verifier, code.check_kind, code.completion) == ("code", "tests", "```python\ndef left_0(has, loses):\n    return has - loses\n```")
    assert [row.verdict.reason for row in result.rejected] == ["the solution fails its tests"] and len(result.kept) == 4
    assert code.meta["exercise"] == 4 and code.prompt.startswith("Write left_0") and not asked.tagged("solve")
