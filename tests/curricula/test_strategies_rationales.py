"""Rationales rule by rule: verified samples, more trials on hard items, hints dropped, distinct paths, the filters."""

from __future__ import annotations

import re

import pytest

from curricula.strategies.desk import Told
from curricula.strategies.fit.dress import WORKED
from curricula.strategies.rationales import is_repetitive, path, read_trace
from curricula.strategies.votes import is_same, stated, vote
from curricula.teacher import TeacherReply, TeacherRequest
from curricula.verifiers.contract import verify
from tests.curricula.teachers import (
    Teacher,
    brief,
    check_provenance,
    cut,
    failure,
    figs,
    judged,
    lessons,
    reasons,
    right,
    siblings,
    write,
)

NEAR = (figs(17), figs(18), figs(19), figs(30))


def trace(text: str, answer: object) -> str:
    return f"<reasoning>\n{text}\n</reasoning>\n<answer>{answer}</answer>"


def sums(request: TeacherRequest) -> tuple[int, int]:
    has, gives = re.findall(r"has (\d+) \w+ and gives away (\d+)", request.prompt)[-1]
    return int(has), int(gives)


def good(request: TeacherRequest, n: int) -> str:
    """Right, by one of two paths, in one of several wordings."""
    a, b = sums(request)
    if n % 2:
        return trace(f"First we take one away: {a} - 1 = {a - 1}. Then the rest of them: {a - 1} - {b - 1} = {a - b}.", a - b)
    return trace(f"We subtract what goes{' right now' * (n % 4 == 0)}: {a} - {b} = {a - b}.", a - b)


def bad(request: TeacherRequest) -> str:
    a, b = sums(request)
    return trace(f"We add up what there is: {a} + {b} = {a + b}.", a + b)


def teacher(**more: object) -> Teacher:
    return Teacher(**{"problems": siblings, "sample": good, "rationalise": good, **more})  # type: ignore[arg-type]


def test_every_kept_trace_is_verified_and_carries_its_origin() -> None:
    asked = teacher()
    found = write("rationales", brief(n_lessons=8, seeds=NEAR), asked)
    check_provenance([c for c in found], "rationales", asked)
    kept = judged(found).kept
    assert len(kept) == len(lessons(found)) >= 12 and {verify(row).outcome for row in kept} == {"pass"}
    assert {row.check_kind for row in kept} == {"gold", "expression"}
    for row in kept:
        assert row.prompt.endswith(WORKED) and row.completion.endswith(f"\nThe answer is {row.answer}.") and "<reasoning>" not in row.completion
        assert row.parents[0].startswith("L" if row.check_kind == "gold" else "p")
        assert "only the number" not in row.prompt and row.meta["trials"] == 4 == row.meta["right"]


def test_the_shortest_right_trace_and_one_other_path_are_kept() -> None:
    found = write("rationales", brief(n_lessons=2, seeds=NEAR), teacher())
    by_problem: dict[str, list[str]] = {}
    for row in lessons(found):
        by_problem.setdefault(row.prompt, []).append(row.completion)
    for completions in by_problem.values():
        assert len(completions) == 2 and completions[0].startswith("We subtract what goes: ") and completions[1].startswith("First we take one")
    why = reasons(found)
    assert len(why["same path as a shorter one"]) == 2 * len(by_problem)
    many = teacher(sample=lambda request, n: trace(f"We go {n} and see: {sums(request)[0]} + {n} = {sums(request)[0] + n}, so it is clear.", right(request)))
    found = write("rationales", brief(n_lessons=2, seeds=NEAR), many)
    assert len(reasons(found)["two shorter ones are kept"]) == 2 * len({row.prompt for row in lessons(found)})


def test_wrong_samples_are_rows_with_both_answers_and_their_raw_text() -> None:
    asked = teacher(sample=lambda request, n: bad(request) if n % 4 == 0 else good(request, n))
    found = write("rationales", brief(n_lessons=4, seeds=NEAR), asked)
    wrong = reasons(found)["wrong final answer"]
    assert all(row.evidence.endswith("'") and "against" in row.evidence and "We add up" in row.raw and row.step == "strategy" for row in wrong)
    assert len(wrong) == len(asked.tagged("sample")) // 4 and not any("We add up" in row.completion for row in lessons(found))


def test_hard_items_get_more_trials_and_easy_ones_do_not() -> None:
    def sample(request: TeacherRequest, n: int) -> str:
        is_hard = "17 figs" in request.prompt
        return bad(request) if is_hard and "earlier attempts" not in request.prompt else good(request, n)

    asked = teacher(sample=sample)
    found = write("rationales", brief(n_lessons=8, seeds=NEAR), asked)
    n_trials = {n: sum(f"{n} figs" in r.prompt for r in asked.tagged("sample")) for n in (17, 18)}
    assert n_trials == {17: 4 + 8, 18: 4}
    first, again = [{r.prompt for r in asked.tagged("sample") if "17 figs" in r.prompt and ("earlier attempts" in r.prompt) == is_again} for is_again in (False, True)]
    assert len(first) == 1 == len(again) and first != again, "else the cache would give the first samples again"
    assert all(r.temperature == 0.8 for r in asked.tagged("sample"))
    row = next(row for row in lessons(found) if "17 figs" in row.prompt)
    assert row.meta["trials"] == 12 and not asked.tagged("rationalise")


def test_an_item_is_hard_where_fewer_than_two_samples_are_right() -> None:
    n_of = {17: 0, 18: 0}

    def sample(request: TeacherRequest, n: int) -> str:
        number = next((k for k in n_of if f"{k} figs" in request.prompt), None)
        if number is None or "earlier attempts" in request.prompt:
            return good(request, n)
        n_of[number] += 1
        return good(request, n) if n_of[number] <= {17: 1, 18: 2}[number] else bad(request)

    asked = teacher(sample=sample)
    write("rationales", brief(n_lessons=8, seeds=NEAR), asked)
    assert [sum(f"{n} figs" in r.prompt for r in asked.tagged("sample")) for n in (17, 18)] == [4 + 6, 4], "two more for each of the three that were wrong"


def test_the_filters_begin_where_they_say() -> None:
    def read(n_words: int) -> str:
        return read_trace(Told(trace(" ".join(f"w{i}" for i in range(n_words)), 13), "", False, "h"), "sampled").reason

    assert [read(n) for n in (4, 5, 250, 251)] == ["no reasoning", "", "", "longer than 250 words"]
    once = [f"w{i}" for i in range(30)]
    assert not is_repetitive(" ".join(once + once[:24])), "20 of 50 runs of five words were there before"
    assert is_repetitive(" ".join(once + once[:25])), "21 of 51"


def test_a_hopeless_item_is_rationalised_with_a_hint_that_the_lesson_does_not_hold() -> None:
    asked = teacher(sample=lambda request, n: bad(request) if "17 figs" in request.prompt else good(request, n))
    found = write("rationales", brief(n_lessons=4, seeds=NEAR), asked)
    [request] = asked.tagged("rationalise")
    assert "Right answer: 13" in request.prompt
    [row] = [row for row in lessons(found) if row.operator == "rationalised"]
    assert "17 figs" in row.prompt and "Right answer" not in row.prompt + row.completion and verify(row).outcome == "pass"


@pytest.mark.parametrize(
    "said",
    ["As the right answer is 13, we take 4 away: 17 - 4 = 13.", "By the hint we see that 17 - 4 = 13 holds.", "We were told that 13 was given, and 17 - 4 = 13."]
    + [f"The {word} answer is 13, and so 17 - 4 = 13." for word in ("given", "provided", "correct", "expected", "known", "stated")],
)
def test_a_rationale_that_mentions_its_hint_is_dropped(said: str) -> None:
    asked = teacher(sample=lambda request, n: bad(request), rationalise=trace(said, 13))
    found = write("rationales", brief(n_lessons=2, seeds=NEAR[:1]), asked)
    assert reasons(found)["mentions the hint"] and not lessons(found)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("The answer is 13.", "not in the reasoning/answer form"),
        (trace("17 - 4 = 13 and that is it.", 13) + " Bye!", "not in the reasoning/answer form"),
        (cut("<reasoning>\nWe start with"), "cut off by its length"),
        (trace("17 - 4 = 13 and that is it.", ""), "no answer"),
        (trace("It is 13.", 13), "no reasoning"),
        (trace(" ".join(f"word{i}" for i in range(260)), 13), "longer than 250 words"),
        (trace("We take four away.\n" * 3 + "17 - 4 = 13", 13), "goes round in circles"),
        (trace("so we take the four away and look again " * 6, 13), "goes round in circles"),
    ],
)
def test_the_filters_drop_their_own(reply: object, reason: str) -> None:
    found = write("rationales", brief(n_lessons=2, seeds=NEAR[:1]), teacher(sample=lambda request, n: reply, rationalise=lambda request, n: reply))
    assert set(reasons(found)) == {reason} and not lessons(found)


def test_without_a_gold_answer_more_than_half_of_the_samples_must_agree() -> None:
    def words(request: TeacherRequest, n: int) -> str:
        return siblings(request, n).replace('"check": "', '"check": "no arithmetic ')

    asked = teacher(problems=words)
    found = write("rationales", brief(n_lessons=4, seeds=()), asked)
    assert {row.check_kind for row in lessons(found)} == {"vote"} and {verify(row).outcome for row in lessons(found)} == {"pass"}
    split = teacher(problems=words, sample=lambda request, n: good(request, n) if n % 2 else bad(request))
    found = write("rationales", brief(n_lessons=4, seeds=()), split)
    assert not lessons(found) and set(reasons(found)) == {"the samples do not agree"} and not split.tagged("rationalise")
    assert not any("earlier attempts" in request.prompt for request in split.requests), "nobody knows that they went wrong"


def test_copies_of_a_failure_and_of_an_earlier_problem_are_no_problems() -> None:
    asked = teacher(problems=lambda request, n: siblings(request, 0).replace("Bo has 20 nuts and gives away 6. How many does Bo keep?", failure(0).prompt))
    found = write("rationales", brief(n_lessons=8, seeds=()), asked)
    assert len(reasons(found)["copies a problem it was shown or wrote before"]) == len(asked.tagged("problems")) * 4 - 3


def test_paths_and_votes_are_compared_by_content() -> None:
    assert path("3 × 4 = 12, then 12 - 2=10.") == path("Well: 3*4 = 12. So 12 - 2 = 10") == ("3*4=12", "12-2=10")
    assert path("no numbers at all") == path("No numbers, at all!") != path("some numbers after all") and path("3 + 4 = 7") != path("4 + 3 = 7")
    assert is_repetitive("a\na\na") and not is_repetitive("a\na\nb")
    assert is_same("$1,200", "1200 dollars") or is_same("1,200", "1200") and not is_same("", "") and is_same("Red.", "red")
    assert vote(["4", "4.0", "5", ""]).n_agree == 2 and not vote(["4", "4.0", "5", ""]).is_majority and vote(["4", "4", "5"]).is_majority
    assert vote([]).answer == "" and stated("x\nThe answer is 5.") == "5" and stated("five") == ""


def test_a_teachers_error_is_a_row() -> None:
    assert read_trace(Told("", "timeout", False, "h"), "sampled").reason
    found = write("rationales", brief(n_lessons=2, seeds=NEAR[:1]), teacher(sample=TeacherReply("", error="timeout"), rationalise=TeacherReply("", error="timeout")))
    assert set(reasons(found)) == {"teacher: timeout"}


def test_a_seed_that_an_earlier_cycle_worked_on_is_left_out() -> None:
    first = lessons(write("rationales", brief(n_lessons=2, seeds=NEAR), teacher()))
    used = {row.parents[0] for row in first if row.check_kind == "gold"}
    asked = teacher()
    again = lessons(write("rationales", brief(n_lessons=2, seeds=NEAR, earlier=tuple(first)), asked))
    assert used and not used & {row.parents[0] for row in again}
