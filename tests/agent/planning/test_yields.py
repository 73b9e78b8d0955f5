"""What is kept of an order: learnt per strategy and weakness, an order counts as a few trials, and money is a price."""

from __future__ import annotations

import math

import pytest

from agent.planning.effects import Arm
from agent.planning.yields import Funnel, yields

HERE, ELSEWHERE = Arm("W1", "skill", "s"), Arm("W2", "skill", "s")


def test_before_any_order_four_of_five_are_expected() -> None:
    (found,) = yields([], [HERE], 1)
    assert found.mean == pytest.approx(0.8) and found.asked_per_kept is None and found.usd_per_order == 0


def test_what_keeps_nothing_here_may_keep_all_elsewhere() -> None:
    rows = [Funnel(1, "W1", "s", 40, 80, 0), Funnel(1, "W2", "s", 40, 44, 40), Funnel(1, "W3", "s", 40, 40, 40)]
    here, elsewhere = yields(rows, [HERE, ELSEWHERE], 2)
    assert here.mean < 0.5 < 0.75 < elsewhere.mean


def test_one_large_failed_order_is_no_certainty_and_several_are_nearly() -> None:
    (once,) = yields([Funnel(1, "W1", "s", 300, 300, 0)], [HERE], 2)
    (often,) = yields([Funnel(cycle, f"W{number}", "s", 40, 80, 0) for cycle in (1, 2, 3) for number in (1, 2, 3)], [HERE], 4)
    assert 0.2 < once.mean < 0.6 and often.mean < 0.12 and often.asked_per_kept == math.inf


def test_price_and_effort_are_the_strategys_over_all_weaknesses() -> None:
    rows = [Funnel(1, "W1", "s", 10, 30, 10, 0.2), Funnel(1, "W2", "s", 30, 50, 30, 0.2), Funnel(1, "W2", "other", 30, 50, 30, 9.0)]
    found = yields(rows, [HERE], 2)[0]
    assert found.usd_per_order == pytest.approx(0.01) and found.asked_per_kept == pytest.approx(2.0)


def test_a_strategy_that_was_mended_is_believed_again() -> None:
    bad = [Funnel(cycle, "W1", "s", 40, 80, 0) for cycle in (1, 2)]
    (before,) = yields(bad, [HERE], 3)
    (after,) = yields([*bad, *(Funnel(cycle, "W1", "s", 40, 44, 40) for cycle in (3, 4, 5, 6))], [HERE], 7)
    assert after.mean > before.mean + 0.3
