"""web_math: passages as their authors wrote them, cut where an answer begins, nearest first; the verifier that holds them to their page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curricula.lesson import Failure, Lesson
from curricula.verifiers.contract import verify
from curricula.web.document import extract
from curricula.web.passages import MOST_WORDS, passages, rows_of
from probes.errors import WeakspotError
from tests.curricula.teachers import brief, judged, lessons, write
from tests.curricula.web.pages import MATHS, page

ROWS = tuple(rows_of(extract(source, f"http://m.org/{name}") for name, source in MATHS.items()))
DICE = Failure("d0", "s", "Three fair dice are thrown. What is the probability that the sum of the dice is 3?", "1/6", "1/216", "wrong")


def cut(body: str, title: str = "A chapter") -> list[tuple[str, str, str]]:
    return [(row.form, row.prompt, row.completion) for row in passages(extract(page(title, body), "u"))]


def test_the_nearest_passage_comes_first_unchanged_and_is_real() -> None:
    found = lessons(write("web_math", brief(n_lessons=2, failures=(DICE,), pages=ROWS), None))
    first = found[0]
    assert first.prompt == "Two fair dice are thrown. What is the probability that the sum is 7?" and first.completion.startswith(r"There are $6 \cdot 6 = 36$")
    assert (first.depth, first.is_real, first.strategy, first.operator, first.check_kind) == (0, True, "web_math", "exercise", "gold")
    assert first.source == "http://m.org/probability#0" and first.parents == ("d0",) and first.meta["similarity"] > 0.05 and first.weakness_id
    assert first.meta["title"] == "Two dice" and len({row.meta["similarity"] for row in found}) == len(found) > 1
    assert [row.meta["similarity"] for row in found] == sorted((row.meta["similarity"] for row in found), reverse=True)
    assert len(found) == 6 and len(lessons(write("web_math", brief(n_lessons=1, failures=(DICE,), pages=ROWS), None))) == 3, "three times what is wanted"
    assert {(row.weakness_id, row.strategy) for row in write("web_math", brief(failures=(DICE,), pages=ROWS), None)} == {("W7", "web_math")}
    assert judged(write("web_math", brief(n_lessons=1, failures=(DICE,), pages=ROWS), None), 1).kept[0].lesson_id == first.lesson_id


def test_what_was_taught_is_not_offered_again_and_what_is_far_stays_out() -> None:
    first = lessons(write("web_math", brief(failures=(DICE,), pages=ROWS), None))[0]
    again = lessons(write("web_math", brief(failures=(DICE,), pages=ROWS, earlier=(first,)), None))
    assert first.lesson_id not in {row.lesson_id for row in again}
    [far] = write("web_math", brief(failures=(replace(DICE, prompt="Zymurgy quells fjords"),), pages=ROWS), None)
    assert (far.lesson, far.reason, far.step) == (None, "no passage is near the weakness", "strategy") and f"none of {len(ROWS)} passages" in far.evidence
    assert (far.operator, far.depth, far.weakness_id) == ("nearest", 0, "W7") and "cosine of 0.05" in far.evidence
    [taught] = write("web_math", brief(failures=(DICE,), pages=ROWS, earlier=ROWS), None)
    assert "none of 0 passages" in taught.evidence
    with pytest.raises(WeakspotError, match="no passages"):
        write("web_math", brief(failures=(DICE,)), None)


def test_the_failures_take_turns_and_an_answer_may_be_what_is_like_one() -> None:
    angles = replace(DICE, probe_id="d1", prompt="What do the alternate angles at a parallel line tell of the straight angle?")
    found = lessons(write("web_math", brief(n_lessons=2, failures=(DICE, angles), pages=ROWS), None))
    assert [(row.parents, row.source.split("#")[0]) for row in found[:2]] == [(("d0",), "http://m.org/probability"), (("d1",), "http://m.org/triangle")]
    assert "alternate" in found[1].completion and "alternate" not in found[1].prompt and found[1] in [replace(found[1], completion=row.completion) for row in ROWS], "unchanged"


def test_every_passage_of_every_page_stands_in_its_page() -> None:
    assert len(ROWS) >= 10 and {row.operator for row in ROWS} >= {"exercise", "proof", "section"}
    assert [verify(row).outcome for row in ROWS] == ["pass"] * len(ROWS)
    row = next(row for row in ROWS if row.operator == "exercise")
    for wrong, reason in (
        (replace(row, completion=row.completion.replace("number", "numeral")), "the page does not say that, or not in this order"),
        (replace(row, prompt=row.completion, completion=row.prompt), "the page does not say that, or not in this order"),
        (replace(row, depth=1), "a passage is a human-made row with its source"), (replace(row, source=""), "a passage is a human-made row with its source"), (replace(row, check=""), "no text of the page"),
    ):  # fmt: skip
        assert verify(wrong).outcome != "pass" and verify(wrong).reason == reason


@pytest.mark.parametrize("title", ["Number Fields: Class Groups - Notes", "Class Groups", "Algebra: Part 2: Fields: Class Groups | Notes"])
def test_a_section_stands_in_its_page_whatever_colons_its_title_and_heading_hold(title: str) -> None:
    [row] = rows_of([extract(page(title, f"<h2>Fields: the number of classes</h2><p>{SOLUTION}</p>"), "http://m.org/x")])
    assert row.prompt == title.split(" - ")[0].split(" | ")[0] + ": Fields: the number of classes" and verify(row).outcome == "pass"
    assert verify(replace(row, prompt=row.prompt.replace("the number", "the name"))).outcome == "fail"
    assert verify(replace(row, prompt=f"Quite another: {row.prompt}")).outcome == "fail", "only what the page calls itself may stand in front"


def test_a_lesson_of_a_teacher_is_no_passage() -> None:
    assert verify(Lesson("p", "c", "c", "alpaca", 1, "passage", check="p c", source="x")).outcome == "fail"


SOLUTION = "We divide both sides of the equation by three and find that $x = 4$ is the only solution of it."
LONG = " ".join(f"Sentence {i} says that $x_{{{i}}} = {i}$ holds." for i in range(12))


def test_forms() -> None:
    assert cut(f"<p>Exercise 3.1. Solve $3x = 12$.</p><p>Solution. {SOLUTION}</p><p>Exercise 3.2. Solve $x = 1$.</p>") == [("exercise", "Solve $3x = 12$.", SOLUTION)]
    assert cut(f"<p>Lemma 2. If $3x = 12$ then $x = 4$.</p><p>Proof. {SOLUTION}</p>") == [("proof", "Lemma 2. If $3x = 12$ then $x = 4$.", SOLUTION)]
    assert cut(f"<h2>4.1 How do I solve a linear equation?</h2><p>{SOLUTION}</p>") == [("question", "How do I solve a linear equation?", SOLUTION)]
    assert cut(f"<h2>2.3 Linear equations</h2><p>{SOLUTION}</p>", "Algebra - Notes") == [("section", "Algebra: Linear equations", SOLUTION)]
    [(form, prompt, completion)] = cut(f"<h2>Examples</h2><p>{LONG}</p>", "Examples")
    assert form == "continuation" and f"{prompt} {completion}" == LONG and prompt.endswith(".") and completion.startswith("Sentence 6")


def test_what_is_no_passage() -> None:
    assert cut(f"<h2>Linear equations</h2><p>{'Words without anything of it. ' * 5}</p>") == [], "no maths"
    assert cut("<h2>Linear equations</h2><p>$x$</p>") == [], "too short"
    assert cut(f"<p>{'A long one with $x$ in it ' * MOST_WORDS}.</p>") == [], "too long"
    assert cut(f"<p>{SOLUTION}</p><p>For example:</p><pre>x</pre>", "Notes") == [], "announces what was left out"
    assert cut("<p>void f(int *a, const b)</p><p>double g(x, y)</p>", "Notes") == [], "signatures"
    for row in ROWS:
        assert row.prompt.count("$") % 2 == 0 == row.completion.count("$") % 2
