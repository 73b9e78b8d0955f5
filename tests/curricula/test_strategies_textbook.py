"""Textbook rule by rule: outline, a grid without replacement, grounded sections, three to five checked exercises."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP
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
    seed,
    shown,
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
    assert all(row.prompt.endswith("Answer with only the number.") and row.completion == row.answer and row.operator == "exercise" for row in kept)
    for first, then in zip(asked.tagged("section"), asked.tagged("exercises"), strict=True):
        title, readers = (first.prompt.split(f"\n{name}: ")[1].splitlines()[0] for name in ("Title of the section", "Readers"))
        assert f"({title}, for {readers})" in then.prompt and shown(first.prompt) == shown(then.prompt)
    asked_for = [tuple(request.prompt.split(f"\n{name}: ")[1].splitlines()[0] for name in ("Style", "Readers", "Title of the section")) for request in asked.tagged("section")]
    assert list(dict.fromkeys(tuple(row.meta["cell"]) for row in kept)) == asked_for


def test_a_lesson_descends_from_the_failures_and_the_texts_of_its_section() -> None:
    asked = teacher(section=lambda request, n: f"  {section(request, n)}\n\n")
    made = lessons(write("textbook", brief(n_lessons=40, n_failures=9, seeds=NEAR), asked))
    prompts = {section(request, n): request.prompt for n, request in enumerate(asked.tagged("section"))}
    for row in made:
        prompt = prompts[row.meta["section"]]
        assert set(row.parents) == shown(prompt) | {text.lesson_id for text in NEAR if text.prompt in prompt} and not row.meta["section"].startswith(" ")


def test_a_worked_suite_gets_the_way_as_the_section_teaches_it() -> None:
    failures = tuple(replace(failure(i), gold=f"She eats 2 of the {i + 3} figs that she has, so we take 2 away from {i + 3}. #### {i + 1}") for i in range(4))
    [first, *_] = lessons(write("textbook", brief(n_lessons=3, failures=failures, seeds=NEAR), teacher()))
    assert "Take away." in first.completion and first.completion.endswith(first.answer)


def test_texts_are_shown_with_their_answer_to_the_180th_word_and_none_twice() -> None:
    long = seed("Ann has figs, how many figs are left of them? " + "fig " * 171, "7", name="long")
    asked = teacher()
    write("textbook", brief(n_lessons=12, seeds=(long,)), asked)
    shown_text = "Text 1:\nAnn has figs, how many figs are left of them? " + "fig " * 169 + "fig\n"
    assert all(shown_text in request.prompt + "\n" and "Text 2" not in request.prompt for request in asked.tagged("section"))
    plain = teacher()
    write("textbook", brief(n_lessons=2, seeds=(seed(f"Ann has 9 figs. How many figs are left?\n{STEP_BY_STEP}"),)), plain)
    assert "Text 1:\nAnn has 9 figs. How many figs are left?\nSo it is 7.\nThe answer is 7.\n" in plain.tagged("section")[0].prompt


def test_texts_take_turns_and_far_ones_do_where_none_is_near() -> None:
    asked = teacher()
    write("textbook", brief(n_lessons=24, seeds=NEAR[:3]), asked)
    order = [NEAR.index(next(row for row in NEAR if row.prompt in part)) for request in asked.tagged("section") for part in request.prompt.split("\nText ")[1:]]
    assert order == [order[i % 3] for i in range(len(order))] and len(set(order)) == 3 and len(order) > 6
    far = tuple(seed(f"{word} quells fjords.") for word in ("Zymurgy", "Gryphon"))
    asked = teacher()
    assert lessons(write("textbook", brief(n_lessons=12, seeds=far), asked))
    assert all("quells fjords" in request.prompt for request in asked.tagged("section"))


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
    assert "List 6 sections" in later.tagged("outline")[0].prompt and (len(STYLES), len(AUDIENCES)) == (6, 5)
    assert {cell[0] for cell in cells} == set(STYLES) and {cell[1] for cell in cells} == set(AUDIENCES) and len({cell[2] for cell in cells}) == 6
    size = len(STYLES) * len(AUDIENCES) * 6
    assert [row.meta["grid"] for row in found if row.meta["exercise"] == 1][:3] == [f"{i}/{size}" for i in (1, 2, 3)]


def test_the_next_grid_names_the_last_thirty_titles_once_each() -> None:
    [row, *_] = lessons(write("textbook", brief(n_lessons=2, seeds=NEAR), teacher()))
    earlier = tuple(replace(row, meta={"cell": ["a", "b", f"title {i}"]}) for i in range(40) for _ in range(2))
    asked = teacher()
    write("textbook", brief(n_lessons=2, seeds=NEAR, earlier=(*earlier, replace(row, meta={}))), asked)
    assert f"Not these, which are written: {'; '.join(f'title {i}' for i in range(10, 40))}." in asked.tagged("outline")[0].prompt


def test_a_grid_holds_each_title_once_six_at_most_and_a_new_one_knows_the_old() -> None:
    def outline(request: TeacherRequest, n: int) -> str:
        return as_json("sections", *({"title": f"part {n}.{i}"} for i in ((0, 0, 1) if n == 0 else range(9))))

    asked = teacher(outline=outline, exercises=lambda request, n: exercises(request, n, 3))
    found = lessons(write("textbook", brief(n_lessons=130, seeds=NEAR), asked))
    cells = {tuple(row.meta["cell"]): row.meta["grid"] for row in found}
    first, second = asked.tagged("outline")
    assert "Not these" not in first.prompt and "Not these, which are written: part 0.0; part 0.1." in second.prompt
    assert {grid for cell, grid in cells.items() if cell[2].startswith("part 0")} == {f"{i}/60" for i in range(1, 61)}, "every cell once before a new grid"
    assert {cell[2] for cell in cells if cell[2].startswith("part 1")} <= {f"part 1.{i}" for i in range(6)} and all(grid.endswith("/180") for cell, grid in cells.items() if cell[2].startswith("part 1"))


class Batches(Teacher):
    """Notes how many sections go out together."""

    n_sections: list[int]

    def ask(self, requests):
        self.n_sections = [*getattr(self, "n_sections", []), len(requests)] if requests and requests[0].tag.endswith("/section") else getattr(self, "n_sections", [])
        return super().ask(requests)


@pytest.mark.parametrize(("n_lessons", "n_sections"), [(1, [1]), (3, [2]), (6, [3]), (12, [3, 2])])
def test_as_many_sections_at_once_as_its_exercises_need_and_three_at_most(n_lessons: int, n_sections: list[int]) -> None:
    asked = Batches(**teacher().answers)
    write("textbook", brief(n_lessons=n_lessons, seeds=NEAR), asked)
    assert asked.n_sections == n_sections
    vain = Batches(**teacher(section="Too short.").answers)
    write("textbook", brief(n_lessons=6, seeds=NEAR), vain)
    assert vain.n_sections == [3, 3], "twice the sections that its exercises need, then no more"


def words_of(request: TeacherRequest, first: int, n: int, which: int = 0) -> str:
    """A section that holds `n` words in a row of a failure that its prompt shows, from word `first` on."""
    prompt = failure(int(sorted(shown(request.prompt))[which][1:])).prompt.split()
    return f"{'We say it often. ' * 30}So {' '.join(prompt[first : first + n])}" + ("" if first >= 8 else " so we say it often.")


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(("first", "n", "is_quoted"), [(0, 7, False), (0, 8, True), (2, 8, True), (8, 8, True), (9, 7, False)])
def test_eight_words_in_a_row_of_any_failure_shown_are_a_quotation(first: int, n: int, is_quoted: bool, which: int) -> None:
    found = write("textbook", brief(n_lessons=2, seeds=NEAR), teacher(section=lambda request, number: words_of(request, first, n, which)))
    assert (set(reasons(found)) == {"section quotes a failure"}) is is_quoted and bool(lessons(found)) is not is_quoted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Too short.", "section of fewer than 60 words"),
        ("We say it often. " * 30 + failure(0).prompt + failure(1).prompt + failure(2).prompt + failure(3).prompt, "section quotes a failure"),
        (cut("We say it often. " * 30), "section cut off by its length"),
        (TeacherReply("", error="timeout"), "teacher: timeout"),
        (TeacherReply("We say it often. " * 30, error="timeout"), "teacher: timeout"),
        ("We say " * 29 + "it - once.", ""),
    ],
)
def test_unfit_sections_get_no_exercises(text: object, reason: str) -> None:
    asked = teacher(section=text)
    found = write("textbook", brief(n_lessons=2, seeds=NEAR), asked)
    if not reason:  # sixty words, and a dash is none
        assert lessons(found)
        return
    assert set(reasons(found)) == {reason} and not asked.tagged("exercises") and not lessons(found)
    assert all(row.operator == "section" and row.meta["cell"] and row.parents[:3] and {parent for parent in row.parents if parent.startswith("p")} in [shown(request.prompt) for request in asked.tagged("section")] for row in found)


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
