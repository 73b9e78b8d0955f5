"""Learnability: the middle stays, the rest goes for a reason, and the funnel counts it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest

from curricula.filters.decontaminate import Decontaminator
from curricula.filters.learnability import LearnabilityFilter, by_probability, by_rollouts
from curricula.funnel import Order, judge
from curricula.lesson import Candidate, Lesson, Verdict


def lesson(i: int, completion: str = "", verifier: str = "numeric") -> Lesson:
    return Lesson(f"What is {i} and {i * 7} together, neighbour number {i}?", completion or str(8 * i), str(8 * i), "symbolic", 1, verifier=verifier, check=str(8 * i), check_kind="engine")


WORKED = "First take the tens, then the ones, and add both: the answer is {}"


@pytest.mark.parametrize(("share", "completion", "outcome", "reason"), [
    (0.0, "", "fail", "out of reach without steps"),
    (0.0, WORKED, "pass", "out of reach, taught with steps"),
    (0.124, "", "fail", "out of reach without steps"),
    (1 / 8, "", "pass", ""),
    (0.5, WORKED, "pass", ""),
    (7 / 8, "", "pass", ""),
])  # fmt: skip
def test_an_eighth_to_seven_eighths_is_kept(share: float, completion: str, outcome: str, reason: str) -> None:
    (verdict,) = LearnabilityFilter(lambda lessons: [share] * len(lessons), "rollouts").check([lesson(3, completion.format(24))])
    assert (verdict.step, verdict.outcome, verdict.reason) == ("learnable", outcome, reason)
    assert f"{share:.2f}" in verdict.evidence and "rollouts" in verdict.evidence


@pytest.mark.parametrize(("probability", "outcome"), [(0.08, "fail"), (0.09, "pass"), (0.91, "pass"), (0.92, "fail")])
def test_of_a_probability_is_kept_what_eight_rollouts_would_more_likely_keep_than_not(probability: float, outcome: str) -> None:
    (verdict,) = LearnabilityFilter(lambda lessons: [probability], "margin").check([lesson(3)])
    assert verdict.outcome == outcome
    assert (1 - (1 - probability) ** 8 > 0.5 and 1 - probability**8 > 0.5) == (outcome == "pass")


def test_of_what_is_mastered_a_tenth_stays_as_replay() -> None:
    shares = iter([1.0] * 50 + [0.5, 1.0] * 100)
    learnable = LearnabilityFilter(lambda lessons: [next(shares) for _ in lessons], "margin")
    verdicts = [verdict for _ in range(25) for verdict in learnable.check([lesson(i) for i in range(10)])]
    told = Counter(verdict.reason for verdict in verdicts)
    assert told["mastered, kept as replay"] == 11 and told[""] == 100 and told["mastered already"] == 139
    assert learnable.check([]) == []


def test_rollouts_are_read_leniently_and_the_probability_as_it_is() -> None:
    answers = [["24", "The answer is 24.", "I think 24", "42", "", "24 or 25", "twenty", "24"], ["no"] * 8]
    assert by_rollouts([lesson(3), lesson(4)], answers) == [0.5, 0.0]
    assert by_rollouts([Lesson("Opposite of hot?", "cold", "cold", "symbolic", 1)], [["cold", "It is cold.", "warm", "x"]]) == [0.5]
    assert by_probability([0.0, math.log(0.25), 1e-9]) == pytest.approx([1.0, 0.25, 1.0])


def funnel(learnable, n_lessons: int = 10, n_offered: int = 100):
    asked: list[int] = []

    def candidates():
        for i in range(n_offered):
            asked.append(i)
            yield Candidate(lesson(100 + i))

    made = judge([Order("w", "symbolic", candidates(), n_lessons)], accepted_before=[], decontaminator=Decontaminator([]),
                 verify=lambda lesson: Verdict("verifier", "pass"), learnable=learnable)  # fmt: skip
    return made, len(asked)


def test_the_funnel_goes_on_until_enough_is_learnable_and_counts_what_was_not() -> None:
    sizes: list[int] = []

    def only_even(lessons: Sequence[Lesson]) -> list[Verdict]:
        sizes.append(len(lessons))
        is_even = [int(row.answer) // 8 % 2 == 0 for row in lessons]
        return [Verdict("learnable", "pass") if even else Verdict("learnable", "fail", "mastered already", "right 1.00 of the time") for even in is_even]

    made, asked = funnel(only_even)
    (count,) = made.counts
    assert count.kept == len(made.kept) == 10 and count.verified == count.asked == asked
    assert count.verified - count.kept == count.reasons["learnable: mastered already"] >= 8
    assert sizes[0] == 10 and max(sizes) <= 10 and sum(sizes) == asked, "never more at once than are still wanted"
    assert all([v.step for v in row.verdicts] == ["parse", "exact_duplicate", "near_duplicate", "contamination", "verifier", "learnable"] for row in made.judged)


def test_an_order_that_nothing_fills_ends() -> None:
    made, asked = funnel(lambda lessons: [Verdict("learnable", "fail", "out of reach without steps")] * len(lessons))
    assert made.kept == [] and asked == 100
    made, asked = funnel(lambda lessons: [Verdict("learnable", "fail", "no")] * len(lessons), n_lessons=2)
    assert asked == 20, "ten offers for each lesson that is wanted"
    made, asked = funnel(None)
    assert len(made.kept) == asked == 10 and made.counts[0].verified == 10


def test_text_that_no_file_can_hold_ends_at_the_first_step() -> None:
    rows = [Candidate(Lesson(f"What {odd} is this?", "x", "x", "alpaca", 1, check="x", check_kind="engine")) for odd in ("\x00", "\ud800", "ok")]
    made = judge([Order("w", "alpaca", rows, 3)], accepted_before=[], decontaminator=Decontaminator([]), verify=lambda lesson: Verdict("verifier", "pass"))
    assert [row.verdict.step for row in made.judged] == ["parse", "parse", "verifier"]
    assert {row.verdict.evidence for row in made.rejected} == {"a NUL character", "half a surrogate pair"}
