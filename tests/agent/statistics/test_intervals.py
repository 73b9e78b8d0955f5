"""Proportions and false discovery rate against scipy and statsmodels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, false_discovery_control
from statsmodels.stats.proportion import proportion_confint

from agent.statistics.intervals import (
    benjamini_hochberg,
    binomial_lower_tail,
    clopper_pearson,
    wilson,
)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 20), (3, 20), (10, 20), (20, 20), (17, 5000)])
def test_clopper_pearson_equals_scipy_and_statsmodels(k: int, n: int) -> None:
    ours = clopper_pearson(k, n, 0.95)
    scipys = binomtest(k, n).proportion_ci(0.95, method="exact")
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=1e-10)
    assert (ours.low, ours.high) == pytest.approx(proportion_confint(k, n, 0.05, method="beta"), abs=1e-10)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (17, 5000)])
def test_wilson_equals_scipy_and_statsmodels(k: int, n: int) -> None:
    ours = wilson(k, n, 0.9)
    scipys = binomtest(k, n).proportion_ci(0.9, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(proportion_confint(k, n, 0.1, method="wilson"), abs=1e-10)
    with pytest.raises(ValueError, match="need 0 <= k"):
        wilson(n + 1, n)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_one_sided_bounds_put_all_error_at_one_end() -> None:
    upper = clopper_pearson(3, 20, 0.95, "upper")
    assert upper.low == 0.0
    assert binom.cdf(3, 20, upper.high) == pytest.approx(0.05)
    lower = clopper_pearson(3, 20, 0.95, "lower")
    assert lower.high == 1.0
    assert binom.sf(2, 20, lower.low) == pytest.approx(0.05)


def test_no_items_say_nothing() -> None:
    interval = clopper_pearson(0, 0)
    assert (interval.low, interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0)])
def test_clopper_pearson_refuses_nonsense(k: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="need 0 <= k|confidence"):
        clopper_pearson(k, n, confidence)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=60, deadline=None)
def test_clopper_pearson_holds_the_estimate_and_mirrors(pair: tuple[int, int]) -> None:
    k, n = pair
    interval, mirrored = clopper_pearson(k, n), clopper_pearson(n - k, n)
    assert 0 <= interval.low <= k / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-9)


@pytest.mark.parametrize(("k", "n", "p"), [(0, 0, 0.5), (0, 9, 0.3), (4, 9, 0.3), (9, 9, 0.3), (-1, 9, 0.3)])
def test_lower_tail_equals_scipy(k: int, n: int, p: float) -> None:
    assert binomial_lower_tail(k, n, p) == pytest.approx(float(binom.cdf(k, n, p)) if n else 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_benjamini_hochberg_equals_scipy(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)), abs=1e-12)


def test_benjamini_hochberg_of_nothing_nan_and_nonsense() -> None:
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([math.nan, 0.01]) == [1.0, 0.02]
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([1.2])
