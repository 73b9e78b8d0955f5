"""Error spending over many looks, power, and shrinkage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from agent.statistics.paired import mcnemar_exact, tango_score
from agent.statistics.power import (
    MOST_ITEMS,
    items_for_gain,
    items_for_margin,
    margin_power,
    mcnemar_power,
    smallest_detectable_gain,
    smallest_margin,
)
from agent.statistics.shrinkage import GroupGain, shrink_gains
from agent.statistics.spending import Kind, spend, spend_on_base


@given(st.sampled_from(["pocock", "even"]), st.integers(1, 40), st.floats(0.001, 0.5))
@settings(max_examples=50, deadline=None)
def test_planned_looks_spend_everything_and_no_more(kind: Kind, planned: int, alpha: float) -> None:
    levels = [spend(alpha, planned, look, kind) for look in range(1, planned + 1)]
    assert sum(levels) == pytest.approx(alpha)
    assert all(level > 0 for level in levels)
    assert spend(alpha, planned, planned + 1, kind) == 0.0


def test_harmonic_never_runs_out() -> None:
    levels = [spend(0.1, None, look) for look in range(1, 5000)]
    assert sum(levels) <= 0.1
    assert sum(levels) == pytest.approx(0.1, abs=1e-4)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(0.0608, abs=1e-4)


def test_default_kind_follows_the_plan() -> None:
    assert spend(0.1, 5, 2) == pytest.approx(0.02)
    assert spend(0.1, None, 2) == spend(0.1, None, 2, "harmonic")


def test_the_base_gets_its_own_account() -> None:
    assert spend_on_base(0.05, None, 2) == spend(0.05, None, 1) and spend_on_base(0.05, None, 4) == spend(0.05, None, 3)
    assert sum(spend_on_base(0.05, None, look) for look in range(2, 4000)) <= 0.05
    assert spend_on_base(0.05, 3, 9) == spend(0.05, 3, 3) > 0


def test_spending_refuses_nonsense() -> None:
    for wrong in ((0.0, 3, 1), (1.0, 3, 1), (0.1, 0, 1), (0.1, 3, 0)):
        with pytest.raises(ValueError, match="alpha_total|looks_planned|look"):
            spend(*wrong)
    with pytest.raises(ValueError, match="needs looks_planned"):
        spend(0.1, None, 1, "even")


def test_type_one_error_over_twenty_looks_of_the_same_gate() -> None:
    """No candidate is truly better, the gate set is reused. Spending holds alpha; a fixed .05 does not."""
    rng = np.random.default_rng(11)
    runs, looks, n = 400, 20, 200
    ability = rng.uniform(0.1, 0.9, size=(runs, n))
    table = np.array([[mcnemar_exact(f, b) for b in range(n + 1)] for f in range(n + 1)])
    false = {"harmonic": 0, "even": 0, "pocock": 0, "naive": 0}
    for run in range(runs):
        for kind in false:
            champion = rng.random(n) < ability[run]
            for look in range(1, looks + 1):
                candidate = rng.random(n) < ability[run]
                fixed, broken = int((candidate & ~champion).sum()), int((champion & ~candidate).sum())
                planned = None if kind == "harmonic" else looks
                level = 0.05 if kind == "naive" else spend(0.10, planned, look, kind)
                if table[fixed, broken] <= level:
                    false[kind] += 1
                    break
    assert max(false["harmonic"], false["even"], false["pocock"]) / runs <= 0.10
    assert false["naive"] / runs > 0.25


def test_power_equals_the_sum_over_every_outcome() -> None:
    for n, gain, discordance, alpha in [(40, 0.1, 0.2, 0.05), (60, 0.08, 0.1, 0.01), (50, 0.05, 0.05, 0.05)]:
        brute = sum(
            binom.pmf(d, n, discordance)
            * sum(
                binom.pmf(x, d, (discordance + gain) / (2 * discordance))
                for x in range(d + 1)
                if mcnemar_exact(x, d - x) <= alpha
            )
            for d in range(n + 1)
        )
        assert mcnemar_power(n, gain, discordance, alpha) == pytest.approx(brute, abs=1e-9)


def test_power_under_the_null_is_below_alpha() -> None:
    assert mcnemar_power(500, 0.0, 0.2, 0.05) <= 0.05


@pytest.mark.parametrize(
    ("n", "discordance", "expected"),
    [(50, 0.1, 0.1308), (200, 0.1, 0.0613), (200, 0.2, 0.0870), (600, 0.1, 0.0357), (2000, 0.2, 0.0272)],
)
def test_power_table_does_not_move(n: int, discordance: float, expected: float) -> None:
    assert smallest_detectable_gain(n, discordance, alpha=0.033) == pytest.approx(expected, abs=2e-4)


def test_smallest_gain_is_where_power_is_reached() -> None:
    gain = smallest_detectable_gain(300, 0.15, 0.05)
    assert mcnemar_power(300, gain, 0.15, 0.05) == pytest.approx(0.8, abs=1e-6)
    assert smallest_detectable_gain(0, 0.1, 0.05) == 1.0
    assert smallest_detectable_gain(3, 0.1, 0.05) == 1.0  # three items cannot reach .05
    assert smallest_detectable_gain(300, 0.1, 0.0) == 1.0
    with pytest.raises(ValueError, match="discordance"):
        smallest_detectable_gain(10, 1.5, 0.05)


def test_items_for_a_margin() -> None:
    assert items_for_margin(0.02, 0.0) == 133
    assert items_for_margin(0.02, 0.10) == 1565
    assert items_for_margin(0.05, 0.10) < items_for_margin(0.05, 0.20)


@pytest.mark.parametrize(("gain", "discordance", "alpha", "expected"), [(0.02, 0.2, 0.0608, 2949), (0.05, 0.2, 0.0608, 486), (0.02, 0.2, 0.001, 7811)])
def test_items_for_a_gain_reach_its_power_and_do_not_move(gain: float, discordance: float, alpha: float, expected: int) -> None:
    n = items_for_gain(gain, discordance, alpha)
    assert n == expected
    assert mcnemar_power(n, gain, discordance, alpha) >= 0.8 > mcnemar_power(int(0.97 * n), gain, discordance, alpha)
    assert items_for_gain(1e-5, 0.2, 0.05) == MOST_ITEMS
    with pytest.raises(ValueError, match="gain"):
        items_for_gain(0.0, 0.2, 0.05)


@pytest.mark.parametrize(("n", "margin", "discordance", "gain"), [(524, 0.02, 0.1, 0.0), (400, 0.05, 0.08, -0.02), (200, 0.03, 0.02, 0.0)])
def test_margin_power_equals_simulation(n: int, margin: float, discordance: float, gain: float) -> None:
    rng = np.random.default_rng(1)
    draws = rng.multinomial(n, [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance], size=20_000)
    passed = tango_score(n, draws[:, 0], draws[:, 1], -margin) > 1.6448536
    assert margin_power(n, margin, discordance, gain=gain) == pytest.approx(passed.mean(), abs=0.012)


def test_a_suite_of_the_size_the_formula_names_holds_its_margin_in_four_of_five_cases() -> None:
    for margin, discordance in ((0.02, 0.1), (0.05, 0.2), (0.03, 0.02), (0.04, 0.5)):
        assert margin_power(items_for_margin(margin, discordance), margin, discordance) == pytest.approx(0.81, abs=0.03)
    assert margin_power(133, 0.02, 0.0) == 1.0 and margin_power(132, 0.02, 0.0) == 0.0
    assert margin_power(0, 0.02, 0.1) == 0.0
    margin = smallest_margin(524, 0.1)
    assert margin == pytest.approx(0.035, abs=0.002) and margin_power(524, margin, 0.1) >= 0.8
    with pytest.raises(ValueError, match="margin"):
        margin_power(10, 0.0, 0.1)
    with pytest.raises(ValueError, match="discordance"):
        smallest_margin(10, 1.5)


def test_shrinkage_pulls_small_groups_more() -> None:
    small, large, quiet = shrink_gains(
        [GroupGain("small", 5, 3, 0), GroupGain("large", 200, 120, 0), GroupGain("quiet", 200, 2, 2)]
    )
    assert small.gain == large.gain == 0.6
    assert abs(small.shrunk - 0.6) > abs(large.shrunk - 0.6)
    assert abs(quiet.shrunk) < 0.05
    assert large.q_value < 0.001 < quiet.q_value
    assert small.ci_low <= small.shrunk <= small.ci_high
    assert small.ci_high - small.ci_low > large.ci_high - large.ci_low


def test_shrinkage_beats_raw_gains() -> None:
    """Simulated: 30 weaknesses of 10 items whose true gains scatter little."""
    rng = np.random.default_rng(2)
    raw_error = shrunk_error = 0.0
    for _ in range(40):
        truth = rng.normal(0.1, 0.05, 30).clip(-0.2, 0.4)
        groups = []
        for number, gain in enumerate(truth):
            fixed, broken, _ = rng.multinomial(10, [0.2 + gain / 2, 0.2 - gain / 2, 0.6])
            groups.append(GroupGain(str(number), 10, int(fixed), int(broken)))
        for one, gain in zip(shrink_gains(groups), truth, strict=True):
            raw_error += (one.gain - gain) ** 2
            shrunk_error += (one.shrunk - gain) ** 2
    assert shrunk_error < 0.3 * raw_error


def test_shrinkage_edge_cases() -> None:
    assert shrink_gains([]) == []
    (only,) = shrink_gains([GroupGain("only", 10, 2, 0)])
    assert only.shrunk == pytest.approx(0.2)
    empty = shrink_gains([GroupGain("empty", 0, 0, 0)])[0]
    assert (empty.gain, empty.shrunk, empty.p_value) == (0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="impossible"):
        shrink_gains([GroupGain("bad", 3, 2, 2)])
