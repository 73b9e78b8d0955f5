"""Seeds and items are both chance: the interval holds for new ones of both."""

from __future__ import annotations

import numpy as np
import pytest

from agent.statistics.crossed import crossed_difference, lessons_for_gain
from agent.statistics.paired import paired_difference


def covered(seeds: int, items: int, sd_seed: float, sd_item: float, sd_rest: float, runs: int = 300) -> float:
    rng, zeros, hits = np.random.default_rng(7), [[0.0] * items] * seeds, 0
    for _ in range(runs):
        table = rng.normal(0, sd_seed, (seeds, 1)) + rng.normal(0, sd_item, (1, items)) + rng.normal(0, sd_rest, (seeds, items))
        found = crossed_difference(zeros, table.tolist())
        hits += found.ci_low <= 0 <= found.ci_high
    return hits / runs


@pytest.mark.parametrize("spread", [(0.02, 0.15, 0.45), (0.05, 0.0, 0.45), (0.0, 0.3, 0.1), (0.05, 0.3, 0.1)])
def test_the_interval_covers_the_truth_whatever_varies(spread: tuple[float, float, float]) -> None:
    assert covered(5, 150, *spread) >= 0.925  # 300 runs at .95: standard error 1.3 points


def test_answers_of_several_seeds_are_not_independent_items() -> None:
    rng = np.random.default_rng(3)
    by_item = rng.choice([-1.0, 0.0, 1.0], 200, p=[0.1, 0.75, 0.15])
    once = crossed_difference([[0.0] * 200] * 2, [by_item.tolist()] * 2)
    often = crossed_difference([[0.0] * 200] * 8, [by_item.tolist()] * 8)
    assert often.ci_high - often.ci_low > 0.85 * (once.ci_high - once.ci_low)  # eight copies of the same answers say no more


def test_a_seed_that_moves_everything_counts_once() -> None:
    table = [[1.0] * 100, [0.0] * 100, [1.0] * 100]
    found = crossed_difference([[0.0] * 100] * 3, table)
    assert found.ci_low < 0 < found.mean and found.per_seed == (1.0, 0.0, 1.0)


def test_one_seed_is_the_paired_interval() -> None:
    before, after = [0.0] * 30 + [1.0] * 30, [1.0] * 12 + [0.0] * 18 + [1.0] * 26 + [0.0] * 4
    found, paired = crossed_difference([before], [after]), paired_difference(before, after)
    assert (found.mean, found.ci_low, found.ci_high, found.n_seeds) == (paired.gain, paired.ci_low, paired.ci_high, 1)


def test_copies_of_an_item_are_one_item() -> None:
    rng = np.random.default_rng(5)
    table = rng.choice([-1.0, 0.0, 1.0], (4, 60), p=[0.15, 0.6, 0.25])
    alone = crossed_difference([[0.0] * 60] * 4, table.tolist())
    copied = crossed_difference([[0.0] * 300] * 4, np.repeat(table, 5, axis=1).tolist(), [i // 5 for i in range(300)])
    assert copied.mean == pytest.approx(alone.mean) and copied.ci_low == pytest.approx(alone.ci_low, abs=1e-3)


def test_equal_arms_differ_by_nothing() -> None:
    found = crossed_difference([[1.0, 0.0, 1.0]] * 3, [[1.0, 0.0, 1.0]] * 3)
    assert (found.mean, found.ci_low, found.ci_high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_tables_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="same seeds"):
        crossed_difference([[0.0, 1.0]], [[0.0]])


def test_lessons_for_a_gain_lie_on_straight_lines() -> None:
    curve = [(0.0, 0.0), (100.0, 0.04), (200.0, 0.06)]
    assert lessons_for_gain(curve, 0.02) == pytest.approx(50)
    assert lessons_for_gain(curve, 0.05) == pytest.approx(150)
    assert lessons_for_gain(curve, 0.07) is None and lessons_for_gain(curve, -0.01) == 0.0
