"""The gate's verdict as a pure function: promote, reject or inconclusive, with every number behind it.

0/1 scores of champion, candidate and base on the same items go in; a `Decision` of named rules comes out, all of
it plain JSON. The one thing to know: promotion needs every rule; a rule that fails for want of items makes the
decision `inconclusive`, never a silent accept, and one that fails on evidence makes it `reject`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent.statistics.paired import PairedDifference, Scores, non_inferior, paired_difference
from agent.statistics.primary import (
    Primary,
    Test,
    gate_rule,
    primary_by_e_value,
    primary_by_margin,
    primary_by_score,
)
from agent.statistics.rules import (
    Findings,
    Need,
    Rule,
    effect_rule,
    flips,
    integrity_rule,
    noise_floor_rule,
    not_measurably_worse_rule,
    not_worse_rule,
    points,
    same_model_rule,
)
from agent.statistics.spending import Kind, spend, spend_on_base


@dataclass(frozen=True)
class ProtectedScores:
    """0/1 scores on one suite that must not fall, in the same item order."""

    champion: Scores
    candidate: Scores
    base: Scores | None = None
    """None: the champion is the base."""
    groups: Sequence[str] | None = None


@dataclass(frozen=True)
class GateInputs:
    """Everything the decision is made from."""

    champion: Scores
    """Strict scores on the gate items; the primary test."""
    candidate: Scores
    base: Scores | None = None
    """None: the champion is the base."""
    champion_lenient: Scores | None = None
    """Lenient scores, used only to say whether a gain is one of answer format alone."""
    candidate_lenient: Scores | None = None
    groups: Sequence[str] | None = None
    """Group of each gate item; "" stands alone. None: every item is independent."""
    protected: Mapping[str, ProtectedScores] = field(default_factory=dict)
    alpha_total: float = 0.10
    """Chance of ever promoting without a true gain, over all looks of the run."""
    look: int = 1
    """Which look at this gate this is; every evaluation of a candidate on it counts."""
    looks_planned: int | None = None
    """Cycles planned; None spends harmonically over any number of looks."""
    spending: Kind | None = None
    margin: float = 0.02
    """What a protected suite may lose against the champion, as a share."""
    margin_base: float | None = None
    """The same against the base; None: `margin`."""
    alpha_protected: float = 0.05
    """One-sided level of each non-inferiority test against the champion; of those against the base over the whole run."""
    min_effect: float = 0.02
    """The gain worth having (in nats for a test on margins); a gate that cannot see it with 80 % power decides nothing
    against a candidate."""
    noise_floor: float = 0.0
    """Share of items on which the same model differs from itself (A/A run); mean absolute change in nats for margins."""
    noise_p: float = 1.0
    """Two-sided p of those flips: small when the same model seems to be two."""
    test: Test = "mcnemar"
    """The primary test, chosen beforehand."""
    champion_margin: Sequence[float] | None = None
    """Gold log-probability margins in nats, where the test is on them."""
    candidate_margin: Sequence[float] | None = None
    n_planned: int | None = None
    """Gate items there are, where watching an e-value ended it early; None: as many as scores."""
    e_peak: float = 0.0
    """Largest e-value while watching."""
    effect_logits: float | None = None
    """Largest logit difference between candidate and champion; None: not measured."""
    integrity: Sequence[str] = ()
    """Findings that forbid promotion (contamination, non-finite weights, hash mismatch); empty is good."""


@dataclass(frozen=True)
class Decision:
    """The verdict and all its numbers; `as_dict()` is JSON."""

    decision: Literal["promote", "reject", "inconclusive"]
    reasons: list[str]
    """Sentences for people, the decisive one first."""
    rules: list[Rule]
    n: int
    fixed: int
    broken: int
    gain: float
    """Strict, on the gate. Optimistic: the gate chose the candidate; claims come from the audit split."""
    ci_low: float
    ci_high: float
    p_value: float
    level: float
    """What the spending rule leaves for this look."""
    look: int
    smallest_detectable: float
    """Gain this gate sees with 80 % power at this level and this discordance."""
    test: Test = "mcnemar"
    n_planned: int = 0
    """Gate items there are; more than `n` where watching ended it early."""
    e_value: float | None = None
    margin_gain: float | None = None
    """Mean change of the gold's margin in nats, where the test is on it, with its 95 % interval."""
    margin_ci_low: float | None = None
    margin_ci_high: float | None = None
    needs: list[Need] = field(default_factory=list)
    """What an inconclusive decision would have needed."""
    lenient_fixed: int | None = None
    lenient_broken: int | None = None
    lenient_gain: float | None = None
    lenient_ci_low: float | None = None
    lenient_ci_high: float | None = None
    format_only: bool = False
    """Strict gain significant, lenient gain not told from zero: a gain of answer format, not of skill."""

    def as_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers, strings; no NaN or infinity."""
        return asdict(self)


def decide(inputs: GateInputs) -> Decision:
    """Apply the promotion rules (design: gate.md, rule 3).

    Promote iff every rule passes: `effect`, `integrity`, `same_model` (A/A), `gate` (the primary test at this look's
    level), `score` (only where the test is on margins), `noise_floor`, `base`, and for each protected suite
    `protected:<suite>:champion` and `protected:<suite>:base`. Reject on evidence against it: an integrity finding, no
    effect, no gain or a measurable loss, a protected suite measurably down, or no gain shown by a gate that could have
    seen `min_effect`. Otherwise inconclusive, with the items it would take.

    Raises:
        ValueError: score lists of unequal length or with values other than 0 and 1, margins missing where the test
            is on them, settings out of range.
    """
    difference = paired_difference(inputs.champion, inputs.candidate, groups=inputs.groups)
    level = spend(inputs.alpha_total, inputs.looks_planned, inputs.look, inputs.spending)
    next_level = spend(inputs.alpha_total, inputs.looks_planned, inputs.look + 1, inputs.spending) or level
    primary = _primary(inputs, difference, level)
    lenient = None
    if inputs.champion_lenient is not None and inputs.candidate_lenient is not None:
        lenient = paired_difference(inputs.champion_lenient, inputs.candidate_lenient, groups=inputs.groups)
    findings = Findings()
    rules = [
        effect_rule(inputs.effect_logits, findings),
        integrity_rule(inputs.integrity, findings),
        same_model_rule(inputs.noise_p, findings),
        gate_rule(primary, difference, inputs.min_effect, next_level, inputs.look, inputs.looks_planned, findings),
    ]
    if inputs.test == "margin":
        rules.append(not_measurably_worse_rule(difference, findings))
    rules.append(noise_floor_rule(primary.gain, inputs.noise_floor, findings, is_in_nats=inputs.test == "margin"))
    rules += _not_worse_rules(inputs, findings)
    if all(rule.passed for rule in rules):
        verdict: Literal["promote", "reject", "inconclusive"] = "promote"
        reasons = [f"better on the gate: {_shown(primary, difference)}, p {primary.p_value:.2g} at level {level:.2g}"]
    elif findings.against:
        verdict, reasons = "reject", findings.against + findings.open
    else:
        verdict, reasons = "inconclusive", findings.open
    is_shown = level > 0 and primary.p_value <= level and difference.gain > 0
    format_only = bool(is_shown and lenient is not None and lenient.ci_low <= 0)
    if format_only and lenient is not None:
        reasons.append(f"format only: the lenient score moved by {points(lenient.gain)}, interval {points(lenient.ci_low)} to {points(lenient.ci_high)}")
    return Decision(
        decision=verdict,
        reasons=reasons,
        rules=rules,
        n=difference.n,
        fixed=difference.fixed,
        broken=difference.broken,
        gain=difference.gain,
        ci_low=difference.ci_low,
        ci_high=difference.ci_high,
        p_value=primary.p_value,
        level=level,
        look=inputs.look,
        smallest_detectable=primary.smallest if math.isfinite(primary.smallest) else 1.0,
        test=inputs.test,
        n_planned=primary.n_planned,
        e_value=primary.e_value,
        margin_gain=primary.margin.mean if primary.margin else None,
        margin_ci_low=primary.margin.ci_low if primary.margin else None,
        margin_ci_high=primary.margin.ci_high if primary.margin else None,
        needs=findings.needs,
        lenient_fixed=lenient.fixed if lenient else None,
        lenient_broken=lenient.broken if lenient else None,
        lenient_gain=lenient.gain if lenient else None,
        lenient_ci_low=lenient.ci_low if lenient else None,
        lenient_ci_high=lenient.ci_high if lenient else None,
        format_only=format_only,
    )


def _primary(inputs: GateInputs, difference: PairedDifference, level: float) -> Primary:
    if inputs.test == "margin":
        if inputs.champion_margin is None or inputs.candidate_margin is None:
            raise ValueError("the test is on margins, and there are none")
        return primary_by_margin(difference, inputs.champion_margin, inputs.candidate_margin, inputs.groups, level)
    if inputs.test == "e_value":
        n_planned = difference.n if inputs.n_planned is None else inputs.n_planned
        return primary_by_e_value(difference, inputs.champion, inputs.candidate, inputs.groups, level, n_planned, inputs.e_peak)
    return primary_by_score(difference, inputs.champion, inputs.candidate, inputs.groups, level)


def _not_worse_rules(inputs: GateInputs, findings: Findings) -> list[Rule]:
    """Against the base on the gate, then each protected suite against champion and base."""
    rules = []
    margin_base = inputs.margin if inputs.margin_base is None else inputs.margin_base
    alpha_base = spend_on_base(inputs.alpha_protected, inputs.looks_planned, inputs.look, inputs.spending)
    if inputs.base is not None:
        test = non_inferior(inputs.base, inputs.candidate, margin_base, alpha_base, inputs.groups)
        rules.append(not_worse_rule("base", "the gate against the base", test, alpha_base, findings))
    for suite, scores in inputs.protected.items():
        parents = [("champion", scores.champion, inputs.margin, inputs.alpha_protected)]
        if scores.base is not None:
            parents.append(("base", scores.base, margin_base, alpha_base))
        for parent, before, margin, alpha in parents:
            test = non_inferior(before, scores.candidate, margin, alpha, scores.groups)
            rules.append(not_worse_rule(f"protected:{suite}:{parent}", f"{suite} against the {parent}", test, alpha, findings))
    return rules


def _shown(primary: Primary, difference: PairedDifference) -> str:
    if primary.margin is not None:
        return f"margin of the gold {primary.margin.mean:+.3g} nats, {flips(difference)}"
    stopped = f" after {primary.n} of {primary.n_planned} items" if primary.n < primary.n_planned else ""
    return flips(difference) + stopped
