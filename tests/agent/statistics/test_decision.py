"""The gate's decision: every rule can stop a promotion, and each says why."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.statistics.decision import GateInputs, ProtectedScores, decide
from agent.statistics.evalue import e_value
from agent.statistics.power import mcnemar_power
from agent.statistics.primary import Test
from agent.statistics.spending import spend


def gate(fixed: int, broken: int, same: int) -> tuple[list[int], list[int]]:
    return [0] * fixed + [1] * broken + [1] * same, [1] * fixed + [0] * broken + [1] * same


def inputs(fixed: int = 30, broken: int = 5, same: int = 265, **changes: object) -> GateInputs:
    champion, candidate = gate(fixed, broken, same)
    steady = [1] * 700 + [0] * 300
    return replace(
        GateInputs(
            champion=champion,
            candidate=candidate,
            base=champion,
            protected={"steady": ProtectedScores(steady, steady, steady)},
            effect_logits=1.5,
        ),
        **changes,
    )


def rule(decision, name: str):
    return next(one for one in decision.rules if one.name == name)


def test_promotes_when_every_rule_passes() -> None:
    decision = decide(inputs())
    assert decision.decision == "promote"
    assert all(one.passed for one in decision.rules)
    assert [one.name for one in decision.rules] == [
        "effect",
        "integrity",
        "same_model",
        "gate",
        "noise_floor",
        "base",
        "protected:steady:champion",
        "protected:steady:base",
    ]
    assert (decision.fixed, decision.broken, decision.n) == (30, 5, 300)
    assert "30 fixed, 5 broken" in decision.reasons[0]


def test_worse_is_rejected() -> None:
    decision = decide(inputs(fixed=5, broken=30))
    assert decision.decision == "reject"
    assert "worse on the gate" in decision.reasons[0]


def test_equal_is_rejected() -> None:
    decision = decide(inputs(fixed=0, broken=0, same=300))
    assert decision.decision == "reject"
    assert decision.p_value == 1.0
    assert "no gain" in decision.reasons[0]


def test_small_gain_on_a_small_gate_is_inconclusive() -> None:
    decision = decide(inputs(fixed=4, broken=2, same=60, min_effect=0.02))
    assert decision.decision == "inconclusive"
    assert "add gate items" in decision.reasons[0]
    assert decision.smallest_detectable > 0.02


def test_small_gain_on_a_gate_that_could_have_seen_it_is_rejected() -> None:
    decision = decide(inputs(fixed=8, broken=6, same=2986, min_effect=0.02))
    assert decision.smallest_detectable < 0.02
    assert decision.decision == "reject"
    assert "gain not shown" in decision.reasons[0]


def test_protected_fall_rejects_and_lack_of_items_is_inconclusive() -> None:
    before = [1] * 1000
    fell = ProtectedScores(before, [1] * 950 + [0] * 50)
    decision = decide(inputs(protected={"facts": fell}))
    assert decision.decision == "reject"
    assert not rule(decision, "protected:facts:champion").passed
    assert "fell: facts against the champion: -5.0 points" in decision.reasons[0]

    few = ProtectedScores([1] * 50, [1] * 50)
    decision = decide(inputs(protected={"facts": few}))
    assert decision.decision == "inconclusive"
    assert "about 133 items would show it" in decision.reasons[0]


def test_slow_slide_is_caught_by_the_base() -> None:
    base, champion = [1] * 1000, [1] * 990 + [0] * 10
    slid = ProtectedScores(champion, [1] * 975 + [0] * 25, base)
    decision = decide(inputs(protected={"facts": slid}, margin=0.03))
    assert rule(decision, "protected:facts:champion").passed
    assert not rule(decision, "protected:facts:base").passed
    assert decision.decision != "promote"


def test_worse_than_the_base_on_the_gate_is_not_promoted() -> None:
    champion = [0] * 60 + [1] * 240
    candidate = [1] * 20 + [0] * 40 + [1] * 240
    decision = decide(inputs(champion=champion, candidate=candidate, base=[1] * 300))
    assert rule(decision, "gate").passed
    assert not rule(decision, "base").passed
    assert decision.decision == "reject"


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"effect_logits": None}, "effect", "not measured"),
        ({"effect_logits": 0.0}, "effect", "changes no logit"),
        ({"effect_logits": math.nan}, "effect", "non-finite"),
        ({"integrity": ["3 lessons contain gate items"]}, "integrity", "3 lessons contain gate items"),
    ],
)
def test_integrity_vetoes_reject(changes: dict, name: str, words: str) -> None:
    decision = decide(inputs(**changes))
    assert decision.decision == "reject"
    assert not rule(decision, name).passed
    assert words in decision.reasons[0]


def test_gain_within_the_noise_floor_is_inconclusive() -> None:
    decision = decide(inputs(noise_floor=0.2))
    assert decision.decision == "inconclusive"
    assert not rule(decision, "noise_floor").passed
    assert decide(inputs(noise_floor=math.nan)).decision == "inconclusive"


def test_each_look_gets_harder_and_planned_looks_run_out() -> None:
    first, tenth = decide(inputs(fixed=14, broken=5)), decide(inputs(fixed=14, broken=5, look=10))
    assert first.decision == "promote"
    assert tenth.decision != "promote"
    beyond = decide(inputs(look=4, looks_planned=3))
    assert beyond.level == 0.0
    assert beyond.decision == "inconclusive"
    assert "beyond the 3 planned" in beyond.reasons[0]


def test_gain_of_one_group_is_not_a_gain_everywhere() -> None:
    decision = decide(inputs(fixed=30, broken=0, same=270, groups=["one passage"] * 30 + [""] * 270))
    assert decision.p_value == 0.5
    assert decision.decision == "inconclusive"


def test_format_only_gain_is_named() -> None:
    lenient = [1] * 300
    decision = decide(inputs(champion_lenient=lenient, candidate_lenient=lenient))
    assert decision.decision == "promote"
    assert decision.format_only
    assert "format only" in decision.reasons[-1]
    champion, candidate = gate(30, 5, 265)
    real = decide(inputs(champion_lenient=champion, candidate_lenient=candidate))
    assert not real.format_only
    assert real.lenient_gain == pytest.approx(25 / 300)


def test_inconclusive_says_what_it_would_take() -> None:
    few = decide(inputs(fixed=12, broken=9, same=279, base=None))
    (need,) = few.needs
    assert few.decision == "inconclusive" and (need.rule, need.n) == ("gate", 300) and need.n_needed > 300
    assert f"about {need.n_needed:,} items would show it" in few.reasons[0]
    level = spend(0.1, None, 2)
    assert mcnemar_power(need.n_needed, 0.02, 21 / 300, level) >= 0.8, "at the next look's level"
    small = decide(inputs(protected={"facts": ProtectedScores([1] * 50, [1] * 50)}))
    assert [one.rule for one in small.needs] == ["protected:facts:champion"] and decide(inputs()).needs == []


@pytest.mark.parametrize("test", ["mcnemar", "margin", "e_value"])
def test_identical_models_are_never_promoted(test: Test) -> None:
    champion, _ = gate(0, 0, 400)
    sure = [0.3] * 400
    decision = decide(inputs(champion=champion, candidate=champion, base=None, test=test, champion_margin=sure, candidate_margin=sure))
    assert decision.decision == "reject" and decision.p_value == 1.0 and not rule(decision, "gate").passed


@pytest.mark.parametrize("test", ["mcnemar", "margin", "e_value"])
def test_copies_of_a_question_do_not_make_a_gain(test: Test) -> None:
    champion, candidate = gate(3 * 20, 0, 40)
    groups = [str(at // 20) for at in range(100)]
    scores = {"champion": champion, "candidate": candidate, "base": None, "test": test, "champion_margin": champion, "candidate_margin": candidate}
    assert decide(inputs(**scores)).decision == "promote"
    grouped = decide(inputs(**scores, groups=groups))
    assert grouped.decision != "promote" and grouped.p_value >= 0.125


def test_an_e_value_decides_by_its_peak_and_asks_for_more_items_than_a_fixed_test() -> None:
    crossed = decide(inputs(test="e_value", base=None, n_planned=900))
    assert crossed.decision == "promote" and crossed.e_value == pytest.approx(e_value(30, 5)) and crossed.p_value == pytest.approx(1 / e_value(30, 5))
    assert "after 300 of 900 items" in crossed.reasons[0] and crossed.n_planned == 900
    sunk = decide(inputs(fixed=14, broken=9, test="e_value", e_peak=50.0))
    assert sunk.p_value == 0.02 and rule(sunk, "gate").passed, "what was crossed once stays crossed"
    undecided = decide(inputs(fixed=14, broken=9, same=277, test="e_value"))
    assert undecided.decision == "inconclusive" and undecided.needs[0].n_needed > decide(inputs(fixed=14, broken=9, same=277)).needs[0].n_needed


def test_margins_see_a_gain_that_answers_do_not_show_yet() -> None:
    rng = np.random.default_rng(7)
    champion, candidate = gate(6, 4, 190)
    before = rng.normal(1.0, 2.0, 200)
    after = before + rng.normal(0.3, 0.8, 200)
    common = {"champion": champion, "candidate": candidate, "base": None, "champion_margin": list(before)}
    assert decide(inputs(**common)).decision != "promote"
    by_margin = decide(inputs(**common, candidate_margin=list(after), test="margin"))
    assert by_margin.decision == "promote" and by_margin.margin_gain == pytest.approx(float((after - before).mean())) and "nats" in by_margin.reasons[0]
    less_often = decide(inputs(**{**common, "champion": candidate, "candidate": champion}, candidate_margin=list(after), test="margin"))
    assert rule(less_often, "score").passed, "4 fixed, 6 broken is not measurably worse"
    worse, better = gate(30, 4, 166)
    sold = decide(inputs(**{**common, "champion": better, "candidate": worse}, candidate_margin=list(after), test="margin"))
    assert sold.decision == "reject" and not rule(sold, "score").passed
    noisy = decide(inputs(**common, candidate_margin=list(after), test="margin", noise_floor=5.0))
    assert noisy.decision == "inconclusive" and "nats" in noisy.reasons[0]
    weak = decide(inputs(**common, candidate_margin=list(before + rng.normal(0.02, 0.8, 200)), test="margin", min_effect=0.02))
    assert weak.decision != "promote"
    with pytest.raises(ValueError, match="margins"):
        decide(inputs(test="margin"))
    with pytest.raises(ValueError, match="margins for"):
        decide(inputs(test="margin", champion_margin=[1.0], candidate_margin=[1.0]))


def test_a_model_that_differs_from_itself_decides_nothing() -> None:
    decision = decide(inputs(noise_p=0.004))
    assert decision.decision == "inconclusive" and "the engine drifts" in decision.reasons[0] and not rule(decision, "same_model").passed


def test_later_looks_ask_more_of_the_comparison_with_the_base() -> None:
    """The same candidate: held against champion and base at look 2, not shown against the base at look 9."""
    base, champion = [1] * 900 + [0] * 100, [1] * 900 + [0] * 100
    candidate = [1] * 885 + [0] * 15 + [1] * 10 + [0] * 90
    scores = {"p": ProtectedScores(champion, candidate, base)}
    second, ninth = decide(inputs(protected=scores, look=2)), decide(inputs(protected=scores, look=9))
    assert rule(second, "protected:p:base").passed and not rule(ninth, "protected:p:base").passed
    assert rule(ninth, "protected:p:champion").passed and "at level" in rule(ninth, "protected:p:base").detail


def test_no_items_is_inconclusive() -> None:
    decision = decide(GateInputs([], [], effect_logits=1.0))
    assert (decision.decision, decision.n) == ("inconclusive", 0)


def test_refuses_unpaired_lists() -> None:
    with pytest.raises(ValueError, match="not paired"):
        decide(inputs(candidate=[1]))


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 50),
    st.integers(1, 6),
    st.sampled_from([None, 3]),
    st.floats(allow_nan=True, allow_infinity=True),
)
@settings(max_examples=40, deadline=None)
def test_always_json_and_promotes_only_on_all_rules(
    fixed: int, broken: int, same: int, look: int, planned: int | None, noise: float
) -> None:
    champion, candidate = gate(fixed, broken, same)
    decision = decide(
        GateInputs(
            champion,
            candidate,
            champion,
            champion,
            candidate,
            protected={"p": ProtectedScores(champion, candidate)},
            look=look,
            looks_planned=planned,
            noise_floor=noise,
            effect_logits=1.0,
            margin=0.1,
        )
    )
    json.dumps(decision.as_dict(), allow_nan=False)
    assert (decision.decision == "promote") == all(one.passed for one in decision.rules)
    assert decision.reasons
