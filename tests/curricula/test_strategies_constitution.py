"""Constitutional revision: principles drawn, critique and revision in rounds, an end, pairs, and the measured gain."""

from __future__ import annotations

from curricula.strategies.constitution import principles
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import (
    Teacher,
    brief,
    check_provenance,
    figs,
    judged,
    lessons,
    reasons,
    right,
    siblings,
    write,
)

NEAR = tuple(figs(n) for n in range(40, 50))


def draft(request: TeacherRequest, n: int) -> str:
    """Wrong every other time."""
    return f"Draft {n}: we count what stays.\nThe answer is {right(request) + n % 2}"


def revise(request: TeacherRequest, n: int) -> str:
    return f"Revision {n}: we take away what goes.\nThe answer is {right(request)}"


def critique(request: TeacherRequest, n: int) -> str:
    is_good = right(request) == int(request.prompt.rsplit("The answer is ", 1)[1].split()[0])
    return "Nothing to change." if is_good else "The difference is one too high."


def teacher(**more: object) -> Teacher:
    return Teacher(**{"problems": siblings, "draft": draft, "critique": critique, "revise": revise, **more})  # type: ignore[arg-type]


def test_revisions_become_lessons_and_drafts_the_rejected_side() -> None:
    asked = teacher()
    found = write("constitution", brief(n_lessons=8, seeds=NEAR), asked)
    check_provenance(found, "constitution", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) == 14
    for row in kept:
        if row.operator == "revised":
            assert row.completion.startswith("Revision") and row.meta["rejected"]["completion"].startswith("Draft") and row.meta["rounds"] == 1
            assert row.meta["principles"][0] in {principle.name for principle in principles()} and row.raw.startswith("Revision")
        else:
            assert row.completion.startswith("Draft") and "rejected" not in row.meta and row.meta["rounds"] == 0
        assert row.completion.endswith(f"\nThe answer is {row.answer}.") and "ritique" not in row.completion
    assert {row.operator for row in kept} == {"revised", "unchanged"}


def test_the_verifier_accepts_revisions_more_often_than_drafts_and_the_numbers_say_so() -> None:
    found = lessons(write("constitution", brief(n_lessons=8, seeds=NEAR), teacher()))
    before, after = (sum(row.meta[key] for row in found) for key in ("draft_passes", "revision_passes"))
    assert (before, after) == (7, 14)
    worse = lessons(write("constitution", brief(n_lessons=8, seeds=NEAR), teacher(critique="Too high!", revise=lambda request, n: revise(request, n) + "5")))
    assert sum(row.meta["revision_passes"] for row in worse) == 0 < sum(row.meta["draft_passes"] for row in worse), "a constitution that harms is seen to"


def test_wrong_revisions_fail_at_the_verifier_with_their_raw_text() -> None:
    asked = teacher(critique="Too high!", revise=lambda request, n: revise(request, n) + ("5" if n % 2 else ""))
    rows = judged(write("constitution", brief(n_lessons=4, seeds=NEAR), asked)).rejected
    assert rows and {row.verdict.reason for row in rows} == {"answer and check differ"}
    assert all(row.candidate.lesson.raw.startswith("Revision") for row in rows if row.candidate.lesson)


def test_there_are_at_most_four_rounds_each_under_another_principle() -> None:
    asked = teacher(critique="Still wrong.")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), asked))
    assert {row.meta["rounds"] for row in found} == {4} and all(len(set(row.meta["principles"])) == 4 for row in found)
    assert len(asked.tagged("critique")) == 4 * len(found) == len(asked.tagged("revise"))
    for principle in principles():
        n_asked = sum(principle.critique in request.prompt for request in asked.tagged("critique"))
        assert n_asked == sum(principle.revision in request.prompt for request in asked.tagged("revise"))
    assert len({name for row in found for name in row.meta["principles"]}) > 4, "drawn at random"


def test_nothing_to_change_ends_the_rounds() -> None:
    asked = teacher(critique="I see nothing to change here.")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), asked))
    assert not asked.tagged("revise") and len(asked.tagged("critique")) == len(found) and {row.operator for row in found} == {"unchanged"}
    assert all("Nothing to change." in request.prompt.split("Now this one.")[0] for request in asked.tagged("critique")), "an example shows it"


def test_a_revision_without_an_answer_leaves_the_version_before() -> None:
    asked = teacher(critique="Wrong.", revise="I would rather not.")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), asked))
    assert {row.operator for row in found} == {"unchanged"} and len(asked.tagged("revise")) == len(found)
    same = teacher(critique="Wrong.", revise=lambda request, n: request.prompt.split("An answer:\n")[1].split("\n\nA critique")[0])
    assert {row.meta["rounds"] for row in lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), same))} == {0}


def test_drafts_without_an_answer_and_errors_are_rows() -> None:
    assert set(reasons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(draft="Hm.")))) == {"the draft states no final answer"}
    gone = TeacherReply("", error="timeout")
    assert set(reasons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(draft=gone)))) == {"teacher: timeout"}
    assert lessons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(critique=gone))), "no critique, no change"


def test_the_constitution_is_data_with_both_requests() -> None:
    assert len(principles()) >= 8 and len({principle.name for principle in principles()}) == len(principles())
    assert all(len(principle.critique) > 40 and len(principle.revision) > 40 for principle in principles())
