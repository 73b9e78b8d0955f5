"""The forecast: an interval that holds what it promises, a power that is the gate's, errors that are learnt from, costs that add up."""

from __future__ import annotations

import numpy as np
import pytest

from agent.planning.effects import Arm, Belief, believe, room, taught
from agent.planning.forecast import Costs, Forecast, Group, coverage, forecast
from agent.planning.words import expectation, outcome
from agent.statistics.power import mcnemar_power

ARM = Arm("W1", "skill", "s")
SURE = Belief((ARM,), np.array([0.6]), np.array([[1e-12]]))


def look_ahead(belief: Belief = SURE, lessons: float = 60.0, n_gate: int = 400, unexplained: tuple[float, ...] = (), costs: Costs | None = None, seed: int = 1, **more: object) -> Forecast:
    return forecast([Group("W1", "skill", 0.5, 0.5, {"s": lessons})], belief, {"s": 70}, costs or Costs({}), n_gate=n_gate, discordance=0.2, level=0.06, unexplained=unexplained, n_kept=lessons, seed=seed, **more)  # type: ignore[arg-type]


def test_the_gain_is_share_times_room_times_taught_times_effect() -> None:
    found = look_ahead()
    assert found.gain == pytest.approx(0.5 * room("skill", 0.5) * taught(60) * 0.6, abs=0.004)
    assert look_ahead(lessons=0.0).gain == pytest.approx(0.0, abs=0.004)
    assert look_ahead(seed=1) == look_ahead(seed=1)


def test_the_interval_holds_four_of_five_outcomes_of_its_own_world() -> None:
    found, rng = look_ahead(), np.random.default_rng(5)
    came = found.gain + rng.normal(0, (0.03**2 + 0.03**2 + 0.2 / 400) ** 0.5, 4000)
    assert ((came >= found.gain_low) & (came <= found.gain_high)).mean() == pytest.approx(0.8, abs=0.03)
    assert look_ahead(n_gate=50).gain_high - look_ahead(n_gate=50).gain_low > found.gain_high - found.gain_low
    unsure = look_ahead(believe([], [ARM], 1))
    assert unsure.gain_high - unsure.gain_low > found.gain_high - found.gain_low


def test_power_lies_where_the_exact_test_has_it_and_protected_suites_lower_promotion() -> None:
    found = look_ahead(protected_pass=0.5, lessons=8.0)
    assert found.power is not None and found.promotion == pytest.approx(found.power / 2)
    low, high = mcnemar_power(400, found.gain - 0.04, 0.2, 0.06), mcnemar_power(400, found.gain + 0.04, 0.2, 0.06)
    assert low < found.power < high
    assert (look_ahead(n_gate=50, lessons=8.0).power or 1) < found.power
    assert look_ahead(is_mcnemar=False).power is None
    assert look_ahead(is_mcnemar=False, smallest_gain=-1.0).power == 1.0


def test_it_learns_from_what_its_model_leaves_out() -> None:
    assert look_ahead(unexplained=(-0.08, -0.08, -0.08)).gain < look_ahead().gain - 0.04
    assert look_ahead(unexplained=(-0.08,)).gain > look_ahead(unexplained=(-0.08, -0.08, -0.08)).gain


def test_cost_comes_from_earlier_cycles_or_is_not_known() -> None:
    found = look_ahead(costs=Costs({"s": 0.01}, 30.0, 40, 0.5, None, 0.02, 0.1, 50.0, has_price=True))
    assert found.n_lessons == 70 and found.n_tokens == 2 * 30 * (40 + 60)
    assert found.usd == pytest.approx(0.7) and found.seconds == pytest.approx(6000 * 0.02 + 70 * 0.1 + 50)
    assert look_ahead(costs=Costs({}, has_price=True)).usd is None and look_ahead(costs=Costs({})).usd == 0
    assert look_ahead(costs=Costs({"s": 0.0}, 30.0, 40, 0.5, 2000, 0.02, 0.1, 50.0)).n_tokens == 2000
    text = " ".join(expectation({**vars(look_ahead(costs=Costs({}, has_price=True))), "cycle": 3, "usd_left": 0.4}))
    assert "cycle 3" in text and "time unknown" in text and "$0.40 at most" in text


def test_coverage_is_told_and_a_bad_one_named() -> None:
    assert coverage([(0.0, 0.1, 0.05), (0.0, 0.1, 0.2)])[:2] == (1, 2)
    rows = [{"gain": 0.1, "gain_low": 0.0, "gain_high": 0.2, "came": came} for came in (0.1, -0.1, -0.1, -0.1, -0.1, None)]
    assert outcome(rows[5:]) == ""
    assert "1 of 5" in outcome(rows) and "-16.0 points" in outcome(rows) and "trust the intervals less" in outcome(rows)
    assert "trust" not in outcome(rows[:1])
