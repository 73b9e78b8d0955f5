"""The belief on strategies' effects: it finds them, divides credit as far as it can, forgets, and never says more than it saw."""

from __future__ import annotations

import numpy as np
import pytest

from agent.planning.effects import SPREAD_STRATEGY, Arm, Belief, Trial, believe, prior_effect, room, taught

ARMS = [Arm("W1", "skill", "good"), Arm("W1", "skill", "bad")]


def trial(cycle: int, weakness: str, fixed: int, broken: int, kind: str = "skill", **lessons: int) -> Trial:
    return Trial(cycle, weakness, kind, 0.4, 60, fixed, broken, lessons)


def effect(belief: Belief, strategy: str) -> float:
    return next(float(mean) for arm, mean in zip(belief.arms, belief.mean, strict=True) if arm.strategy == strategy)


def test_before_any_evidence_it_is_the_prior_of_the_kind() -> None:
    belief = believe([], [*ARMS, Arm("F", "format", "good")], 1)
    assert belief.mean == pytest.approx([prior_effect("skill"), prior_effect("skill"), prior_effect("format")])
    assert belief.spread(0) == pytest.approx((0.15**2 + SPREAD_STRATEGY**2 + 0.08**2 + 0.10**2) ** 0.5)


def test_what_gained_is_believed_in_also_for_a_weakness_never_tried() -> None:
    looks = [trial(1, "W1", 20, 2, good=30), trial(1, "W2", 3, 3, bad=30), trial(2, "W3", 19, 2, good=30), trial(2, "W4", 3, 4, bad=30)]
    new = [Arm("W9", "skill", "good"), Arm("W9", "skill", "bad")]
    belief = believe(looks, new, 3)
    assert effect(belief, "good") > prior_effect("skill") > effect(belief, "bad")
    assert effect(belief, "good") - effect(belief, "bad") > 0.2


def test_lessons_taught_together_share_the_credit_until_a_look_tells_them_apart() -> None:
    together = [trial(1, "W1", 22, 2, good=15, bad=15)]
    belief = believe(together, ARMS, 2)
    assert belief.mean[0] == pytest.approx(belief.mean[1])
    assert belief.covariance[0, 1] < believe([], ARMS, 2).covariance[0, 1]  # more for the one now means less for the other
    much = believe([Trial(1, "W1", "skill", 0.4, 4000, 1100, 100, {"good": 15, "bad": 15})], ARMS, 2)
    assert 0.19 < room("skill", 0.4) * taught(30) * float(much.mean.mean()) < 0.25  # together they explain the gain of .25, not each by itself
    apart = believe([*together, trial(2, "W2", 2, 3, bad=30)], ARMS, 3)
    assert effect(apart, "bad") < belief.mean[1]
    assert effect(apart, "good") - effect(apart, "bad") > 0.1


def test_a_shock_of_the_whole_cycle_is_not_the_lessons_merit() -> None:
    alone = believe([trial(1, "W1", 12, 2, good=30)], ARMS, 2)
    with_untaught = believe([trial(1, "W1", 12, 2, good=30), *(trial(1, f"U{i}", 10, 2) for i in range(6))], ARMS, 2)
    assert effect(with_untaught, "good") < effect(alone, "good")


def test_old_evidence_fades() -> None:
    look = [trial(1, "W1", 25, 1, good=30)]
    assert believe(look, ARMS, 12).spread(0) > believe(look, ARMS, 2).spread(0)
    assert effect(believe([trial(1, "W1", 25, 1, good=30), trial(9, "W1", 1, 6, good=30)], ARMS, 10), "good") < effect(
        believe([trial(1, "W1", 1, 6, good=30), trial(9, "W1", 25, 1, good=30)], ARMS, 10), "good")


def test_few_items_move_it_less_than_many() -> None:
    few, many = Trial(1, "W1", "skill", 0.4, 6, 2, 0, {"good": 30}), Trial(1, "W1", "skill", 0.4, 120, 40, 0, {"good": 30})
    assert prior_effect("skill") < effect(believe([few], ARMS, 2), "good") < effect(believe([many], ARMS, 2), "good")


def test_draws_have_the_mean_and_covariance_they_claim() -> None:
    belief = believe([trial(1, "W1", 22, 2, good=15, bad=15)], ARMS, 2)
    draws = belief.draws(20_000, np.random.default_rng(3))
    assert draws.mean(axis=0) == pytest.approx(belief.mean, abs=0.01)
    assert np.cov(draws.T) == pytest.approx(belief.covariance, abs=0.003)


def test_the_posterior_covers_what_is_true_in_its_own_world() -> None:
    """Effects drawn from the priors, gains from the model: 80 % intervals hold 80 %."""
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(300):
        level, strategies, weak = rng.normal(0.3, 0.15), rng.normal(0, 0.15, 2) + rng.normal(0, 0.08, 2), rng.normal(0, 0.1, 6)
        looks = []
        for cycle in (1, 2):
            shock = rng.normal(0, 0.03)
            for number in range(6):
                pick = int(rng.integers(2))
                gain = shock + room("skill", 0.4) * taught(30) * (level + strategies[pick] + weak[number]) + rng.normal(0, 0.05)
                up = float(np.clip((0.1 + gain) / 0.6, 0, 1))
                looks.append(Trial(cycle, f"W{number}", "skill", 0.4, 80, int(rng.binomial(48, up)), int(rng.binomial(32, 0.1 / 0.4)), {"ab"[pick]: 30}))
        belief = believe(looks, [Arm("W0", "skill", "a"), Arm("W0", "skill", "b")], 3)
        inside += abs(belief.mean[0] - (level + strategies[0] + weak[0])) <= 1.2816 * belief.spread(0)
    assert 0.74 <= inside / 300 <= 0.88
