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

from agent.statistics.paired import (
    NonInferiority,
    PairedDifference,
    Scores,
    group_p_value,
    mcnemar_exact,
    non_inferior,
    paired_difference,
)
from agent.statistics.power import items_for_margin, smallest_detectable_gain
from agent.statistics.spending import Kind, spend

ALPHA_WORSE = 0.05  # level at which a candidate counts as measurably worse; errs towards rejecting


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
    """One-sided level of each non-inferiority test."""
    min_effect: float = 0.02
    """The gain worth having; a gate that cannot see it with 80 % power decides nothing against a candidate."""
    noise_floor: float = 0.0
    """Share of items on which the same model differs from itself (A/A run)."""
    effect_logits: float | None = None
    """Largest logit difference between candidate and champion; None: not measured."""
    integrity: Sequence[str] = ()
    """Findings that forbid promotion (contamination, non-finite weights, hash mismatch); empty is good."""


@dataclass(frozen=True)
class Rule:
    """One condition of promotion."""

    name: str
    value: float | None
    threshold: float | None
    passed: bool
    detail: str


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

    Promote iff every rule passes: `effect`, `integrity`, `gate` (exact one-sided McNemar, or the sign-flip test
    over groups where that is larger, at this look's level), `noise_floor`, `base`, and for each protected suite
    `protected:<suite>:champion` and `protected:<suite>:base`. Reject on evidence against it: an integrity
    finding, no effect, no gain or a measurable loss, a protected suite measurably down, or no gain shown by a
    gate that could have seen `min_effect`. Otherwise inconclusive.

    Raises:
        ValueError: score lists of unequal length or with values other than 0 and 1, settings out of range.
    """
    primary = paired_difference(inputs.champion, inputs.candidate, groups=inputs.groups)
    level = spend(inputs.alpha_total, inputs.looks_planned, inputs.look, inputs.spending)
    p_value = group_p_value(inputs.champion, inputs.candidate, inputs.groups)
    discordance = (primary.fixed + primary.broken) / primary.n if primary.n else 0.0
    smallest = smallest_detectable_gain(primary.n, discordance, level)
    lenient = None
    if inputs.champion_lenient is not None and inputs.candidate_lenient is not None:
        lenient = paired_difference(inputs.champion_lenient, inputs.candidate_lenient, groups=inputs.groups)
    against: list[str] = []
    open_questions: list[str] = []
    rules = [
        _effect(inputs.effect_logits, against),
        _integrity(inputs.integrity, against),
        _gate(primary, p_value, level, smallest, inputs, against, open_questions),
        _noise_floor(primary, inputs.noise_floor, open_questions),
    ]
    margin_base = inputs.margin if inputs.margin_base is None else inputs.margin_base
    if inputs.base is not None:
        test = non_inferior(inputs.base, inputs.candidate, margin_base, inputs.alpha_protected, inputs.groups)
        rules.append(_not_worse("base", "the gate against the base", test, inputs, against, open_questions))
    for suite, scores in inputs.protected.items():
        parents = [("champion", scores.champion, inputs.margin)]
        if scores.base is not None:
            parents.append(("base", scores.base, margin_base))
        for parent, before, margin in parents:
            test = non_inferior(before, scores.candidate, margin, inputs.alpha_protected, scores.groups)
            where = f"{suite} against the {parent}"
            rules.append(
                _not_worse(f"protected:{suite}:{parent}", where, test, inputs, against, open_questions)
            )
    if all(rule.passed for rule in rules):
        verdict: Literal["promote", "reject", "inconclusive"] = "promote"
        reasons = [f"better on the gate: {_flips(primary)}, p {p_value:.2g} at level {level:.2g}"]
    elif against:
        verdict, reasons = "reject", against + open_questions
    else:
        verdict, reasons = "inconclusive", open_questions
    format_only = bool(
        level > 0 and p_value <= level and primary.gain > 0 and lenient is not None and lenient.ci_low <= 0
    )
    if format_only and lenient is not None:
        reasons.append(
            f"format only: the lenient score moved by {_points(lenient.gain)}, "
            f"interval {_points(lenient.ci_low)} to {_points(lenient.ci_high)}"
        )
    return Decision(
        decision=verdict,
        reasons=reasons,
        rules=rules,
        n=primary.n,
        fixed=primary.fixed,
        broken=primary.broken,
        gain=primary.gain,
        ci_low=primary.ci_low,
        ci_high=primary.ci_high,
        p_value=p_value,
        level=level,
        look=inputs.look,
        smallest_detectable=smallest,
        lenient_fixed=lenient.fixed if lenient else None,
        lenient_broken=lenient.broken if lenient else None,
        lenient_gain=lenient.gain if lenient else None,
        lenient_ci_low=lenient.ci_low if lenient else None,
        lenient_ci_high=lenient.ci_high if lenient else None,
        format_only=format_only,
    )


def _effect(effect: float | None, against: list[str]) -> Rule:
    if effect is None:
        against.append("the adapter's effect on the logits was not measured")
        return Rule("effect", None, 0.0, False, "not measured")
    if not math.isfinite(effect):
        against.append("the adapter makes the logits non-finite")
        return Rule("effect", None, 0.0, False, "non-finite logits")
    if effect <= 0:
        against.append("the adapter changes no logit: it was not applied, or learned nothing")
    return Rule("effect", float(effect), 0.0, effect > 0, f"largest logit difference {effect:.3g}")


def _integrity(findings: Sequence[str], against: list[str]) -> Rule:
    against.extend(f"integrity: {finding}" for finding in findings)
    detail = "; ".join(findings) or "no findings"
    return Rule("integrity", float(len(findings)), 0.0, not findings, detail)


def _gate(
    primary: PairedDifference,
    p_value: float,
    level: float,
    smallest: float,
    inputs: GateInputs,
    against: list[str],
    open_questions: list[str],
) -> Rule:
    passed = primary.n > 0 and level > 0 and p_value <= level
    p_worse = mcnemar_exact(primary.broken, primary.fixed)
    if primary.n == 0:
        open_questions.append("the gate has no items")
    elif passed:
        pass
    elif p_worse <= ALPHA_WORSE:
        against.append(f"worse on the gate: {_flips(primary)}, p {p_worse:.2g}")
    elif primary.gain <= 0:
        against.append(f"no gain on the gate: {_flips(primary)}")
    elif level <= 0:
        open_questions.append(
            f"look {inputs.look} is beyond the {inputs.looks_planned} planned: no error left to spend"
        )
    elif smallest > inputs.min_effect:
        open_questions.append(
            f"gain not shown ({_flips(primary)}, p {p_value:.2g} at level {level:.2g}), but {primary.n} items see "
            f"only {_points(smallest)} or more and {_points(inputs.min_effect)} was asked for: add gate items"
        )
    else:
        against.append(
            f"gain not shown: {_flips(primary)}, p {p_value:.2g} at level {level:.2g}, "
            f"though {primary.n} items see {_points(smallest)}"
        )
    return Rule("gate", p_value, level, passed, f"{_flips(primary)}, look {inputs.look}")


def _noise_floor(primary: PairedDifference, noise_floor: float, open_questions: list[str]) -> Rule:
    """The gain must exceed the share of items that flip when nothing changed."""
    if not math.isfinite(noise_floor):
        open_questions.append("the noise floor is not a number")
        return Rule("noise_floor", primary.gain, None, False, "the noise floor is not a number")
    passed = noise_floor <= 0 or primary.gain > noise_floor
    detail = f"gain {_points(primary.gain)}, the same model twice differs on {_points(noise_floor)}"
    if not passed and primary.gain > 0:
        open_questions.append(f"within the noise of the engine: {detail}")
    return Rule("noise_floor", primary.gain, float(noise_floor), passed, detail)


def _not_worse(
    name: str,
    where: str,
    test: NonInferiority,
    inputs: GateInputs,
    against: list[str],
    open_questions: list[str],
) -> Rule:
    detail = (
        f"{where}: {_points(test.gain)} on {test.n} items, lower bound {_points(test.lower)}, "
        f"margin {_points(-test.margin)}"
    )
    if not test.is_met:
        if test.n and (test.gain < -test.margin or test.upper < 0):
            against.append(f"fell: {detail}")
        elif test.margin > 0:
            needed = items_for_margin(min(test.margin, 0.999), test.discordance, inputs.alpha_protected)
            open_questions.append(f"not shown to hold: {detail}; about {needed} items would show it")
        else:
            open_questions.append(f"not shown to hold: {detail}")
    return Rule(name, test.lower, -test.margin, test.is_met, detail)


def _flips(difference: PairedDifference) -> str:
    return (
        f"{difference.fixed} fixed, {difference.broken} broken of {difference.n} ({_points(difference.gain)})"
    )


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"
