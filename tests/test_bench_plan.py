"""The plan's benchmark in short: it finds the better strategy, never starves one, does no harm where there is nothing to find, and turns with the world."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.plan import WORLDS, World, calibration, cycles_until, study

FLOOR = 0.25 / 3  # explore_share over three strategies


def test_it_finds_the_better_strategy_and_never_starves_the_others() -> None:
    found = study(World((0.5, 0.2, 0.1)), 10, ("thompson", "uniform", "oracle"), 6)
    shares = [share[0] for share in found["thompson"]["share"]]
    assert shares[0] == pytest.approx(1 / 3, abs=0.12) and min(shares[3:]) > 0.55
    assert min(found["thompson"]["least_share"]) >= 0.9 * FLOOR
    assert found["thompson"]["regret_5"][0] < 0.75 * found["uniform"]["regret_5"][0]
    assert found["oracle"]["regret_5"][0] == 0


def test_it_does_no_harm_where_all_are_equal() -> None:
    found = study(World((0.3, 0.3, 0.3), on_pair=0.0), 10, ("thompson", "uniform"), 6)
    assert found["thompson"]["gained"][-1] > found["uniform"]["gained"][-1] - 0.03


def test_what_keeps_nothing_loses_its_share_by_the_second_cycle() -> None:
    share = study(World((0.3, 0.3, 0.3), kept=(0.9, 0.9, 0.0)), 8, ("thompson",), 4)["thompson"]["share"]
    assert share[0][2] > 0.25 and max(at[2] for at in share[1:]) < 0.22


def test_it_turns_when_the_world_does() -> None:
    late = study(replace(WORLDS["the worst becomes the best at cycle 5"], late=3), 10, ("thompson",), 10)["thompson"]["share"]
    assert late[1][2] < 0.35 and late[9][2] > late[1][2] + 0.1
    solved = study(replace(WORLDS["half the weaknesses solved at cycle 6"], solved=3), 5, ("thompson",), 4)["thompson"]["on_solved"]
    assert solved[1] > 0.3 and solved[2:] == [0.0, 0.0]


def test_its_forecasts_mostly_hold_in_a_world_that_is_not_their_model() -> None:
    found = calibration(World((0.4, 0.25, 0.15)), 6, 4)
    assert sum(found["within_80_by_cycle"]) / 4 > 0.6


def test_from_when_on_a_share_is_held() -> None:
    assert cycles_until([[0.6], [0.4], [0.5], [0.7]], 0, 0.5) == 3
    assert cycles_until([[0.6], [0.4]], 0, 0.5) is None
