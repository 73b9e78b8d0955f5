"""The simulated gate is the real one, and the real one does what gate.md promises: small versions of `make bench-gate`."""

from __future__ import annotations

import numpy as np
import pytest

from agent.statistics.decision import GateInputs, ProtectedScores, decide
from agent.statistics.paired import group_p_value, mcnemar_exact, non_inferior
from agent.statistics.power import margin_power, mcnemar_power
from agent.statistics.simulation import grouped_pair, holds, imagine, mcnemar_p, passes
from agent.statistics.spending import spend
from bench.gate import decline, duplicates, null_runs, trade


def pair(fixed: int, broken: int, right: int, wrong: int) -> tuple[list[int], list[int]]:
    return [0] * fixed + [1] * broken + [1] * right + [0] * wrong, [1] * fixed + [0] * broken + [1] * right + [0] * wrong


def test_the_arrays_judge_as_the_gate_does() -> None:
    rng, verdicts = np.random.default_rng(21), []
    for _ in range(60):
        n, n_protected = int(rng.integers(40, 400)), int(rng.integers(40, 1500))
        fixed, broken = int(rng.integers(0, n // 6)), int(rng.integers(0, n // 10))
        up, down = int(rng.integers(0, n_protected // 30 + 1)), int(rng.integers(0, n_protected // 30 + 1))
        champion, candidate = pair(fixed, broken, n - fixed - broken, 0)
        before, after = pair(up, down, n_protected - up - down, 0)
        decision = decide(GateInputs(champion, candidate, protected={"p": ProtectedScores(before, after)}, effect_logits=1.0, look=2, margin=0.03))
        ours = bool(passes(np.array([fixed]), np.array([broken]), spend(0.1, None, 2))[0] and holds(n_protected, np.array([up]), np.array([down]), 0.03)[0])
        assert ours == (decision.decision == "promote"), (n, fixed, broken, n_protected, up, down)
        verdicts.append(ours)
    assert 5 < sum(verdicts) < 55
    counts = np.arange(30.0)
    assert mcnemar_p(counts, counts[::-1]) == pytest.approx([mcnemar_exact(int(f), int(b)) for f, b in zip(counts, counts[::-1], strict=True)])


def test_groups_are_judged_as_the_gate_does() -> None:
    """Candidates imagined from groups of three, against the scalar tests on the same candidates."""
    before, after = pair(45, 30, 150, 75)
    groups = [f"g{i // 3}" for i in range(300)]
    stored = grouped_pair(before, after, groups)
    made = imagine(stored, 0.03, 60, np.random.default_rng(5), margin=0.04)
    rng, chosen = np.random.default_rng(5), None
    chosen = rng.integers(0, 100, size=(60, 100))
    is_right = rng.random(chosen.shape) < 0.5 * (1 + 0.03 / stored.turnable)
    agreed = 0
    for at in range(60):
        old, new, names = [], [], []
        for place, (group, right) in enumerate(zip(chosen[at], is_right[at], strict=True)):
            f, b = stored.fixed[group], stored.broken[group]
            f, b = (max(f, b), min(f, b)) if right else (min(f, b), max(f, b))
            rest = int(stored.sizes[group] - f - b)
            old += [0] * int(f) + [1] * int(b) + [1] * rest
            new += [1] * int(f) + [0] * int(b) + [1] * rest
            names += [place] * int(stored.sizes[group])
        p_value = group_p_value(old, new, names)
        assert p_value == pytest.approx(made.p_values[at], abs=1e-9) or min(p_value, made.p_values[at]) > 0.1
        agreed += non_inferior(old, new, 0.04, groups=names).is_met == made.is_held[at]
    assert agreed >= 56, "only bootstrap noise at the bound may differ"


def test_imagined_power_is_that_of_the_formulas() -> None:
    before, after = pair(40, 35, 200, 125)
    stored = grouped_pair(before, after, range(400))
    rng = np.random.default_rng(2)
    for gain in (0.0, 0.05, 0.10, 0.25):
        share = (imagine(stored, gain, 4000, rng).p_values <= 0.05).mean()
        assert share == pytest.approx(mcnemar_power(400, gain, max(75 / 400, gain), 0.05), abs=0.03)
    held = imagine(stored, 0.0, 4000, rng, margin=0.05).is_held.mean()
    assert held == pytest.approx(margin_power(400, 0.05, 75 / 400), abs=0.03)
    double = imagine(stored, 0.05, 3000, rng, times_items=2).p_values
    assert (double <= 0.05).mean() == pytest.approx(mcnemar_power(800, 0.05, 75 / 400, 0.05), abs=0.03)
    assert imagine(stored, 0.05, 3000, rng).observed.mean() == pytest.approx(0.05, abs=0.003)
    assert imagine(stored, -0.03, 3000, rng).observed.mean() == pytest.approx(-0.03, abs=0.003)
    with pytest.raises(ValueError, match="paired"):
        grouped_pair([], [], [])


def test_null_candidates_promote_in_at_most_the_stated_share_of_runs_and_the_naive_gate_does_not() -> None:
    found = null_runs(n_runs=400, n_cycles=20, n_items=200)
    assert found["this gate"]["runs_promoting"] <= 0.10
    assert abs(found["this gate"]["apparent_gain"]) < 0.005
    assert found["higher is better"]["runs_promoting"] > 0.9 and found["higher is better"]["apparent_gain"] > 0.04
    assert found["McNemar at .05 every cycle"]["runs_promoting"] > 0.25
    assert found["identical candidates"]["runs_promoting"] == 0


def test_a_target_bought_with_a_protected_suite_is_not_promoted() -> None:
    found = {row["fall"]: row["promoted"] for row in trade(n_candidates=1000, falls=(0.0, 0.02, 0.05))}
    assert found[0.0] > 0.8 and found[0.02] <= 0.07 and found[0.05] == 0.0


def test_a_slow_decline_is_stopped_by_the_base() -> None:
    found = decline(n_runs=60)
    assert found["against the champion alone"]["runs_beyond_margin"] == 1.0
    assert found["and the base, at .05 each time"]["runs_beyond_margin"] > 0.2
    assert found["and the base, .05 spent"]["runs_beyond_margin"] <= 0.05


def test_copied_items_create_no_significance() -> None:
    found = duplicates(n_candidates=300, copies=5)
    assert found["copies counted as items"] > 0.15
    assert found["copies as one group"] <= 0.07
