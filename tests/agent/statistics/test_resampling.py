"""Sign-flip and bootstrap over groups, and continuous scores, against scipy and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, permutation_test

from agent.statistics.continuous import mean_difference
from agent.statistics.paired import sign_flip_exact
from agent.statistics.resampling import EXACT_GROUPS, bootstrap_means, group_sums, sign_flip


def test_sign_flip_equals_scipy_exactly_and_by_draws() -> None:
    rng = np.random.default_rng(4)
    few, many = rng.normal(0.4, 1, 10), rng.normal(0.15, 1, 60)
    exact = permutation_test((few,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf)
    assert sign_flip(few) == pytest.approx(exact.pvalue, abs=1e-12)
    drawn = permutation_test((many,), np.mean, permutation_type="samples", alternative="greater", n_resamples=50_000, vectorized=True, rng=1)
    assert sign_flip(many) == pytest.approx(drawn.pvalue, abs=0.008)


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None)
def test_on_whole_numbers_it_is_the_exact_count(differences: list[int]) -> None:
    exact = sign_flip_exact(differences)
    tolerance = 1e-12 if sum(map(abs, differences)) <= EXACT_GROUPS else 0.008
    assert sign_flip(differences) == pytest.approx(exact, abs=tolerance)


def test_copies_of_an_item_are_one_piece_of_evidence() -> None:
    differences = [0.3, 0.5, -0.1, 0.9, 0.2]
    copied = [step for step in differences for _ in range(10)]
    groups = [str(at) for at in range(5) for _ in range(10)]
    assert sign_flip(copied, groups) == sign_flip(differences)
    assert sign_flip(copied) < 0.001 < sign_flip(differences)
    alone = mean_difference([0.0] * 5, differences)
    together = mean_difference([0.0] * 50, copied, groups)
    assert (together.ci_low, together.ci_high) == pytest.approx((alone.ci_low, alone.ci_high))


def test_nothing_changed_is_no_evidence_and_nonsense_is_refused() -> None:
    assert sign_flip([0.0] * 30) == sign_flip([]) == 1.0
    assert bootstrap_means([], None) == []
    with pytest.raises(ValueError, match="finite"):
        sign_flip([1.0, float("nan")])
    with pytest.raises(ValueError, match="groups"):
        sign_flip([1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match="no items"):
        mean_difference([], [])
    with pytest.raises(ValueError, match="not paired"):
        mean_difference([1.0], [])
    assert group_sums([1.0, 2.0, 4.0], ["a", "", "a"]).tolist() == [[2.0, 1.0], [5.0, 2.0]]


def test_the_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(6)
    before, after, groups = rng.normal(0, 2, 90), rng.normal(0.4, 2, 90), [f"g{i // 3}" for i in range(90)]
    order = rng.permutation(90)
    one = mean_difference(list(before), list(after), groups)
    other = mean_difference(list(before[order]), list(after[order]), [groups[i] for i in order])
    assert (one.p_value, one.ci_low, one.ci_high) == pytest.approx((other.p_value, other.ci_low, other.ci_high), abs=1e-9)


def test_bootstrap_interval_equals_scipys() -> None:
    rng = np.random.default_rng(8)
    before, after = rng.normal(0, 1, 200), rng.normal(0.2, 1, 200)
    ours = mean_difference(list(before), list(after))
    theirs = bootstrap((after - before,), np.mean, n_resamples=9999, method="percentile", rng=3).confidence_interval
    assert (ours.ci_low, ours.ci_high) == pytest.approx((theirs.low, theirs.high), abs=0.02)
    assert ours.mean == pytest.approx(float((after - before).mean()))


def test_false_alarms_of_the_sign_flip_are_at_most_the_level() -> None:
    """Heavy tails and groups of four that move together; a t test over items would be wrong in far more than 5 %."""
    rng = np.random.default_rng(9)
    wrong = 0
    for _ in range(200):
        shared = np.repeat(rng.standard_t(2, 12), 4)
        wrong += sign_flip(shared + rng.normal(0, 0.3, 48), [str(i // 4) for i in range(48)]) <= 0.05
    assert wrong / 200 <= 0.09
