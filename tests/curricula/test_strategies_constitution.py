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
    shown,
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
        assert row.completion.endswith(f"\nThe answer is {row.answer}.") and "ritique" not in row.completion and row.completion.count("The answer is") == 1
        assert "rejected" not in row.meta or row.meta["rejected"]["prompt"].endswith("?") and row.prompt.startswith(row.meta["rejected"]["prompt"])
    assert {row.meta["problem"] for row in kept} == {"seed", "sibling"}
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
    assert all(row.meta["rejected"]["completion"].startswith("Draft") for row in found), "the draft itself, whatever came between"
    before = [request.prompt.split("An answer:\n")[1].split()[0] for request in asked.tagged("revise")]
    assert before.count("Draft") == len(found) and before.count("Revision") == 3 * len(found), "each round works on what the one before left"
    assert all("A critique of it:\nStill wrong.\n" in request.prompt for request in asked.tagged("revise"))


def test_nothing_to_change_ends_the_rounds() -> None:
    asked = teacher(critique="I see nothing to change here.")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), asked))
    assert not asked.tagged("revise") and len(asked.tagged("critique")) == len(found) and {row.operator for row in found} == {"unchanged"}
    assert all("Nothing to change." in request.prompt.split("Now this one.")[0] for request in asked.tagged("critique")), "an example shows it"


def test_only_nothing_to_change_or_silence_ends_them() -> None:
    given = brief(n_lessons=4, seeds=NEAR)
    for critique in ("Nothing is said of what stays.", "To change: nothing but the sum."):
        assert {row.operator for row in lessons(write("constitution", given, teacher(critique=critique)))} == {"revised"}
    for silence in ("", " \n", TeacherReply("The sum is", error="timeout")):
        asked = teacher(critique=silence)
        assert {row.operator for row in lessons(write("constitution", given, asked))} == {"unchanged"} and not asked.tagged("revise")


def test_a_critic_sees_the_failures_that_the_problem_came_from_and_two_more() -> None:
    asked = teacher(critique="Nothing to change.")
    found = lessons(write("constitution", brief(n_lessons=12, n_failures=12, seeds=NEAR), asked))
    seen = {request.prompt.rsplit("\nProblem: ", 1)[1].split("\n\nAnswer")[0]: request.prompt for request in asked.tagged("critique")}
    for row in found:
        prompt = next(prompt for text, prompt in seen.items() if row.prompt.startswith(text))
        assert prompt.count("The right answer:") == len(shown(prompt)), "none twice"
        assert {parent for parent in row.parents if parent.startswith("p")} <= shown(prompt)
    n_shown = {origin: max(len(shown(prompt)) for text, prompt in seen.items() if any(row.prompt.startswith(text) and row.meta["problem"] == origin for row in found)) for origin in ("seed", "sibling")}
    assert n_shown == {"seed": 3, "sibling": 5}
    few = teacher(critique="Nothing to change.")
    write("constitution", brief(n_lessons=4, n_failures=4, seeds=()), few)
    assert all(request.prompt.count("The right answer:") == len(shown(request.prompt)) for request in few.tagged("critique"))


def test_a_version_is_another_text_than_the_one_before_and_may_be_the_draft_again() -> None:
    given = brief(n_lessons=4, seeds=NEAR)

    def back_and_forth(request: TeacherRequest, n: int) -> str:
        answer = request.prompt.split("An answer:\n")[1].split("\n\nA critique")[0]
        return answer.removeprefix("Again: ") if answer.startswith("Again: ") else f"Again: {answer}"

    def once(request: TeacherRequest, n: int) -> str:
        return back_and_forth(request, n) if "An answer:\nAgain" not in request.prompt else request.prompt.split("An answer:\n")[1].split("\n\nA critique")[0].replace(" ", "  ")

    assert {row.meta["rounds"] for row in lessons(write("constitution", given, teacher(critique="Wrong.", revise=back_and_forth)))} == {4}
    assert {row.meta["rounds"] for row in lessons(write("constitution", given, teacher(critique="Wrong.", revise=once)))} == {1}, "spaces change nothing"


def test_what_no_verifier_can_tell_passes_nowhere() -> None:
    open_ones = teacher(problems=lambda request, n: siblings(request, n).replace('"check": "', '"check": "about '), solve="")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=()), open_ones))
    assert found and not any(row.check or row.meta["draft_passes"] or row.meta["revision_passes"] for row in found)


def test_an_answer_of_one_line_is_its_own_working() -> None:
    [first, *_] = lessons(write("constitution", brief(n_lessons=4, seeds=()), teacher(draft=lambda request, n: f"The answer is {right(request)}")))
    assert first.completion == f"The answer is {first.answer}\nThe answer is {first.answer}."


def test_a_revision_without_an_answer_leaves_the_version_before() -> None:
    asked = teacher(critique="Wrong.", revise="I would rather not.")
    found = lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), asked))
    assert {row.operator for row in found} == {"unchanged"} and len(asked.tagged("revise")) == len(found)
    lost = teacher(critique="Wrong.", revise=lambda request, n: TeacherReply(revise(request, n), error="timeout"))
    assert {row.operator for row in lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), lost))} == {"unchanged"}, "what came with an error is no revision"
    same = teacher(critique="Wrong.", revise=lambda request, n: request.prompt.split("An answer:\n")[1].split("\n\nA critique")[0])
    assert {row.meta["rounds"] for row in lessons(write("constitution", brief(n_lessons=4, seeds=NEAR), same))} == {0}


def test_drafts_without_an_answer_and_errors_are_rows() -> None:
    asked = teacher(draft="Hm.")
    found = write("constitution", brief(n_lessons=2, seeds=NEAR), asked)
    check_provenance(found, "constitution", asked)
    assert set(reasons(found)) == {"the draft states no final answer"} and {row.operator for row in found} == {"draft"} and {row.raw for row in found} == {"Hm."}
    gone = TeacherReply("", error="timeout")
    half = TeacherReply("The answer is 3", error="timeout")
    assert set(reasons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(draft=half)))) == {"teacher: timeout"}
    assert set(reasons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(draft=gone)))) == {"teacher: timeout"}
    assert lessons(write("constitution", brief(n_lessons=2, seeds=NEAR), teacher(critique=gone))), "no critique, no change"


def test_the_constitution_is_data_with_both_requests() -> None:
    assert len(principles()) >= 8 and len({principle.name for principle in principles()}) == len(principles())
    assert all(len(principle.critique) > 40 and len(principle.revision) > 40 for principle in principles())
