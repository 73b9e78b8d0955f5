"""Paired tests and intervals against scipy, statsmodels, published values and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar

from agent.statistics.paired import (
    group_p_value,
    mcnemar_exact,
    non_inferior,
    paired_difference,
    sign_flip_exact,
    tango_score,
)


def scores(fixed: int, broken: int, both: int, neither: int) -> tuple[list[int], list[int]]:
    champion = [0] * fixed + [1] * broken + [1] * both + [0] * neither
    candidate = [1] * fixed + [0] * broken + [1] * both + [0] * neither
    return champion, candidate


@pytest.mark.parametrize(
    ("fixed", "broken"), [(1, 0), (0, 1), (5, 5), (12, 3), (3, 12), (40, 20), (900, 800)]
)
def test_mcnemar_equals_scipy_and_statsmodels(fixed: int, broken: int) -> None:
    p_value = mcnemar_exact(fixed, broken)
    assert p_value == pytest.approx(binomtest(fixed, fixed + broken, alternative="greater").pvalue, rel=1e-9)
    if fixed > broken:
        table = [[7, broken], [fixed, 9]]
        assert min(1.0, 2 * p_value) == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_no_discordant_item_is_no_evidence() -> None:
    assert mcnemar_exact(0, 0) == 1.0
    assert mcnemar_exact(0, 7) == 1.0
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 2)


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_mcnemar_properties(fixed: int, broken: int) -> None:
    p_value = mcnemar_exact(fixed, broken)
    assert 0 <= p_value <= 1
    assert mcnemar_exact(fixed + 1, broken) <= p_value <= mcnemar_exact(fixed, broken + 1) + 1e-12
    assert sign_flip_exact([1] * fixed + [-1] * broken) == pytest.approx(p_value, abs=1e-12)


def test_sign_flip_counts_by_hand() -> None:
    assert sign_flip_exact([]) == 1.0
    assert sign_flip_exact([0, 0]) == 1.0
    assert sign_flip_exact([3]) == 0.5
    assert sign_flip_exact([3, 2]) == 0.25
    assert sign_flip_exact([3, -2]) == 0.5  # +3-2, +3+2 of four
    assert sign_flip_exact([2, 2, -2]) == 0.5  # at least two of three positive


def test_groups_that_flip_together_are_less_evidence() -> None:
    champion, candidate = scores(fixed=10, broken=0, both=5, neither=5)
    alone = group_p_value(champion, candidate, [""] * 20)
    grouped = group_p_value(champion, candidate, ["a"] * 5 + ["b"] * 5 + [""] * 10)
    assert alone == mcnemar_exact(10, 0) == 2**-10
    assert grouped == 0.25


def test_tango_interval_equals_published_values() -> None:
    """Fagerland, Lydersen, Laake 2014: 1 and 7 discordant of 21 give -0.517 to -0.026."""
    interval = paired_difference(*scores(fixed=1, broken=7, both=1, neither=12))
    assert interval.gain == pytest.approx(-6 / 21)
    assert (round(interval.ci_low, 3), round(interval.ci_high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(
    ("n", "fixed", "broken", "delta"),
    [(21, 1, 7, -0.1), (160, 40, 20, 0.05), (50, 12, 2, 0.4), (50, 0, 0, -0.02), (50, 0, 5, 0.03)],
)
def testtango_score_equals_numerical_constrained_likelihood(
    n: int, fixed: int, broken: int, delta: float
) -> None:
    def loss(q: float) -> float:
        parts = ((fixed, q + delta), (broken, q), (n - fixed - broken, 1 - 2 * q - delta))
        return -sum(k * np.log(max(p, 1e-300)) for k, p in parts if k)

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    expected = (fixed - broken - n * delta) / np.sqrt(n * (2 * q + delta - delta**2))
    assert tango_score(n, fixed, broken, delta) == pytest.approx(expected, abs=1e-5)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 80))
@settings(max_examples=60, deadline=None)
def test_interval_holds_the_gain_and_mirrors(fixed: int, broken: int, same: int) -> None:
    champion, candidate = scores(fixed, broken, same, 0)
    ours, mirrored = paired_difference(champion, candidate), paired_difference(candidate, champion)
    assert -1 <= ours.ci_low <= ours.gain <= ours.ci_high <= 1
    assert ours.ci_low == pytest.approx(-mirrored.ci_high, abs=1e-9)
    lower = paired_difference(champion, candidate, one_sided=True)
    assert ours.ci_low - 1e-12 <= lower.ci_low
    assert lower.ci_high == 1.0


def test_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    n, p_fixed, p_broken = 60, 0.12, 0.06
    hits = 0
    for fixed, broken, _ in rng.multinomial(n, [p_fixed, p_broken, 1 - p_fixed - p_broken], size=400):
        one = paired_difference(*scores(fixed, broken, n - fixed - broken, 0))
        hits += one.ci_low <= p_fixed - p_broken <= one.ci_high
    assert 0.925 <= hits / 400 <= 0.985


def test_no_items_and_nothing_changed() -> None:
    nothing = paired_difference([], [])
    assert (nothing.n, nothing.gain, nothing.ci_low, nothing.ci_high) == (0, 0.0, -1.0, 1.0)
    same = paired_difference([1, 0] * 50, [1, 0] * 50)
    assert same.ci_low < 0 < same.ci_high < 0.05
    grouped = paired_difference([1, 0] * 50, [1, 0] * 50, groups=["a", "b"] * 50)
    assert (grouped.ci_low, grouped.ci_high) == (same.ci_low, same.ci_high)


def test_cluster_bootstrap_widens_and_is_deterministic() -> None:
    rng = np.random.default_rng(0)
    effect = rng.choice([-1, 0, 1], p=[0.2, 0.4, 0.4], size=20)
    champion = [1 if step < 0 else 0 for step in effect for _ in range(6)]
    candidate = [1 if step > 0 else 0 for step in effect for _ in range(6)]
    groups = [str(group) for group in range(20) for _ in range(6)]
    free = paired_difference(champion, candidate)
    bound = paired_difference(champion, candidate, groups=groups)
    assert bound.method == "tango+cluster-bootstrap"
    assert bound.ci_high - bound.ci_low > 1.5 * (free.ci_high - free.ci_low)
    order = rng.permutation(len(groups))
    shuffled = paired_difference(
        [champion[i] for i in order], [candidate[i] for i in order], groups=[groups[i] for i in order]
    )
    assert shuffled == bound


def test_non_inferior_needs_items_not_only_equality() -> None:
    few = non_inferior([1] * 40, [1] * 40, margin=0.02)
    many = non_inferior([1] * 400, [1] * 400, margin=0.02)
    assert (few.gain, few.is_met) == (0.0, False)
    assert many.is_met
    fell = non_inferior([1] * 400, [1] * 350 + [0] * 50, margin=0.02)
    assert not fell.is_met
    assert fell.upper < 0
    assert fell.discordance == pytest.approx(50 / 400)
    assert not non_inferior([], [], margin=0.02).is_met


def test_non_inferiority_is_wrong_at_most_at_its_level() -> None:
    """The candidate truly lost exactly the margin; it may be called non-inferior in at most 5 %."""
    rng = np.random.default_rng(5)
    n, margin = 300, 0.05
    wrong = sum(
        non_inferior(*scores(fixed, broken, n - fixed - broken, 0), margin=margin).is_met
        for fixed, broken, _ in rng.multinomial(n, [0.05, 0.05 + margin, 0.90 - margin], size=600)
    )
    assert wrong / 600 <= 0.075


def test_refuses_what_is_not_paired_zero_one() -> None:
    with pytest.raises(ValueError, match="not paired"):
        paired_difference([1], [1, 0])
    with pytest.raises(ValueError, match="0 or 1"):
        paired_difference([0.5], [1])
    with pytest.raises(ValueError, match="groups"):
        paired_difference([1, 1], [1, 0], groups=["a"])
    with pytest.raises(ValueError, match="margin"):
        non_inferior([1], [1], margin=-0.1)
    with pytest.raises(ValueError, match="alpha"):
        non_inferior([1], [1], margin=0.1, alpha=0.6)
