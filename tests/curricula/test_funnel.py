"""The funnel: order of the steps, counts that add up, and when it stops pulling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curricula.filters.decontaminate import Decontaminator
from curricula.funnel import OFFERS_PER_LESSON, Order, judge
from curricula.lesson import Candidate, Lesson, Verdict
from probes.errors import WeakspotError
from probes.suite import Probe

INDEX = Decontaminator([Probe("basics", "p1", "What is 37 + 48?", gold="85")])


def candidate(prompt: str, answer: str = "5") -> Candidate:
    return Candidate(
        Lesson(prompt, answer, answer, strategy="symbolic", depth=1, weakness_id="w1"),
        weakness_id="w1",
        strategy="symbolic",
    )


def verify(lesson: Lesson) -> Verdict:
    outcomes = {"wrong": ("fail", "another answer"), "?": ("unverifiable", "no ground truth")}
    outcome, reason = outcomes.get(lesson.answer, ("pass", ""))
    return Verdict("verifier", outcome, reason)


def run(*orders: Order, before=(), **more):
    return judge(orders, accepted_before=before, decontaminator=INDEX, verify=verify, **more)


def order(candidates, n_lessons: int = 99, weakness: str = "w1") -> Order:
    return Order(weakness, "symbolic", candidates, n_lessons)


def test_every_step_drops_its_own_and_the_counts_add_up() -> None:
    earlier = candidate("Name a red fruit.", "cherry").lesson
    assert earlier is not None
    result = run(
        order(
            [
                candidate("What is 1 + 2?", "3"),
                Candidate(None, raw="I can't.", reason="no JSON", strategy="symbolic"),
                candidate("what is  1 + 2?", "3"),
                candidate("Name a fruit: red.", "cherry"),
                candidate("What is 37+48?", "85"),
                candidate("What is 9 + 9?", "wrong"),
                candidate("What is 8 + 9?", "?"),
                candidate("  ", "x"),
                candidate("What is 5 + 5?", "10"),
            ]
        ),
        before=[earlier],
    )
    assert [lesson.answer for lesson in result.kept] == ["3", "10"]
    assert [(row.verdict.step, row.verdict.outcome) for row in result.rejected] == [
        ("parse", "fail"),
        ("exact_duplicate", "fail"),
        ("near_duplicate", "fail"),
        ("contamination", "fail"),
        ("verifier", "fail"),
        ("verifier", "unverifiable"),
        ("parse", "fail"),
    ]
    assert [verdict.step for verdict in result.judged[0].verdicts] == [
        "parse",
        "exact_duplicate",
        "near_duplicate",
        "contamination",
        "verifier",
    ]
    counts = result.counts[0]
    assert (
        counts.asked,
        counts.parsed,
        counts.deduplicated,
        counts.decontaminated,
        counts.verified,
        counts.kept,
    ) == (9, 7, 5, 4, 2, 2)
    assert counts.reasons["verifier: unverifiable: no ground truth"] == 1
    assert counts.reasons["parse: no JSON"] == 1
    assert sum(counts.reasons.values()) == counts.asked - counts.kept


def test_a_refused_lesson_does_not_block_the_right_one() -> None:
    result = run(order([candidate("What is 2 + 2?", "wrong"), candidate("What is 2 + 2?", "4")]))
    assert [lesson.answer for lesson in result.kept] == ["4"]


def test_pulling_stops_when_the_order_is_filled() -> None:
    pulled = []

    def lazy() -> Iterator[Candidate]:
        for number in range(1000):
            pulled.append(number)
            yield candidate(f"What is {number} + 1?")

    result = run(order(lazy(), 5), order(lazy(), 3, "w2"))
    assert [(count.weakness_id, count.kept, count.wanted) for count in result.counts] == [
        ("w1", 5, 5),
        ("w2", 3, 3),
    ]
    assert len(pulled) == 5 + 8  # the second order meets the first one's five again
    assert len({lesson.prompt for lesson in result.kept}) == 8


def test_a_flood_of_duplicates_ends() -> None:
    def flood() -> Iterator[Candidate]:
        while True:
            yield candidate("What is 1 + 1?")

    result = run(order(flood(), 4))
    assert (result.counts[0].asked, result.counts[0].kept) == (4 * OFFERS_PER_LESSON, 1)
    assert "1 of 40 candidates kept (most often exact_duplicate" in result.warnings[0]


def test_a_teacher_that_gives_out_keeps_what_was_made() -> None:
    def poor() -> Iterator[Candidate]:
        yield candidate("What is 1 + 1?")
        raise WeakspotError("budget")

    result = run(order(poor()), order([candidate("What is 2 + 7?")], weakness="w2"))
    assert len(result.kept) == 1
    assert result.stopped is not None and result.stopped.message == "budget"
    assert [count.asked for count in result.counts] == [1, 0]


def test_a_cap_over_all_orders_holds() -> None:
    rows = [candidate(f"What is {number} + 1?") for number in range(20)]
    result = run(order(rows[:10], 8), order(rows[10:], 8, "w2"), max_lessons=10)
    assert [count.kept for count in result.counts] == [8, 2]


def test_nothing_offered_is_an_outcome() -> None:
    result = run(order([]), order([candidate("What is 1 + 1?")], 0, "w2"))
    assert result.kept == [] and result.warnings == [] and result.counts[0].asked == 0


def opinion(lessons: Sequence[Lesson]) -> list[Verdict]:
    return [Verdict("judge", "fail", "the judge refuses it") if "dull" in row.prompt else Verdict("judge", "pass") for row in lessons]


def test_a_judge_sees_only_what_passed_its_verifier_and_room_it_makes_is_filled() -> None:
    seen: list[str] = []

    def judging(lessons: Sequence[Lesson]) -> list[Verdict]:
        seen.extend(row.prompt for row in lessons)
        return opinion(lessons)

    rows = [candidate("A wrong sum", "wrong"), candidate("A dull sum of apples"), candidate("Unknown thing", "?"), candidate("Count the pears here"), candidate("Which plum is riper today")]
    result = run(order(rows, n_lessons=2), opinion=judging)
    assert seen == ["A dull sum of apples", "Count the pears here", "Which plum is riper today"]
    assert [lesson.prompt for lesson in result.kept] == seen[1:]
    refused = next(row for row in result.rejected if row.verdict.step == "judge")
    assert [verdict.step for verdict in refused.verdicts][-2:] == ["verifier", "judge"]
    assert (result.counts[0].verified, result.counts[0].kept, result.counts[0].reasons["judge: the judge refuses it"]) == (3, 2, 1)


def test_a_judge_without_money_ends_judging_and_what_was_verified_stands() -> None:
    def spent(lessons: Sequence[Lesson]) -> list[Verdict]:
        raise WeakspotError("the budget is spent")

    result = run(order([candidate("Count the pears here"), candidate("Which plum is riper today")], n_lessons=1), order([candidate("Name a tree")], weakness="w2"), opinion=spent)
    assert result.stopped is not None and [lesson.prompt for lesson in result.kept] == ["Count the pears here"]
    assert result.counts[1].asked == 0
