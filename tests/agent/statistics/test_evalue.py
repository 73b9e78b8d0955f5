"""The e-value: right by integration, valid at every moment, and what its freedom costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom

from agent.statistics.evalue import chance_to_cross, e_value, is_futile


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (1, 0), (0, 1), (7, 2), (2, 7), (30, 18)])
def test_it_is_the_mixture_of_likelihood_ratios(fixed: int, broken: int) -> None:
    ratio, _ = quad(lambda t: 2 * (2 * t) ** fixed * (2 * (1 - t)) ** broken, 0.5, 1)
    assert e_value(fixed, broken) == pytest.approx(ratio, rel=1e-8)


@given(st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_one_more_fixed_is_more_evidence(fixed: int, broken: int) -> None:
    here = e_value(fixed, broken)
    assert here >= 0 and e_value(fixed + 1, broken) >= here >= e_value(fixed, broken + 1)


@pytest.mark.parametrize("rate", [0.5, 0.4])
def test_under_the_null_its_expectation_is_at_most_one(rate: float) -> None:
    n = 40
    expected = sum(float(binom.pmf(k, n, rate)) * e_value(k, n - k) for k in range(n + 1))
    assert expected == pytest.approx(1.0) if rate == 0.5 else expected < 1


def test_watching_every_item_keeps_the_level_where_mcnemar_does_not() -> None:
    """1,000 runs of 300 discordant items of a candidate that is no better, looked at after each."""
    from agent.statistics.paired import mcnemar_exact

    rng, runs, n, level = np.random.default_rng(12), 1000, 300, 0.05
    fixed = (rng.random((runs, n)) < 0.5).cumsum(axis=1)
    crossed, naive = np.zeros(runs, bool), np.zeros(runs, bool)
    for seen in range(1, n + 1):
        counts = fixed[:, seen - 1]
        # both grow with the count: find the smallest that passes once, not once a run
        least = next((k for k in range(seen + 1) if e_value(k, seen - k) >= 1 / level), seen + 1)
        crossed |= counts >= least
        least = next((k for k in range(seen // 2, seen + 1) if mcnemar_exact(k, seen - k) <= level), seen + 1)
        naive |= counts >= least
    assert crossed.mean() <= level
    assert naive.mean() > 4 * level


def test_chance_to_cross_equals_simulation() -> None:
    rng = np.random.default_rng(3)
    chance = chance_to_cross(20, 10, 500, 0.2, 0.06, 0.05)
    more = rng.binomial(100, (0.2 + 0.06) / 0.4, 4000)
    assert chance == pytest.approx(np.mean([e_value(20 + k, 110 - k) >= 20 for k in more]), abs=0.025)
    assert chance_to_cross(0, 0, 0, 0.2, 0.02, 0.05) == 0.0
    assert chance_to_cross(60, 5, 0, 0.2, 0.02, 0.05) == 1.0


def test_futility_stops_the_hopeless_only() -> None:
    assert is_futile(5, 25, 200, 400, 0.02, 0.05), "measurably worse"
    assert is_futile(40, 40, 500, 50, 0.02, 0.05), "nothing so far and little left"
    assert not is_futile(30, 15, 200, 400, 0.02, 0.05)
    assert not is_futile(10, 9, 100, 3000, 0.05, 0.05)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        e_value(-1, 0)
    with pytest.raises(ValueError, match="level"):
        chance_to_cross(1, 1, 10, 0.2, 0.1, 0.0)
    with pytest.raises(ValueError, match="discordance"):
        chance_to_cross(1, 1, 10, 0.2, 0.3, 0.05)
