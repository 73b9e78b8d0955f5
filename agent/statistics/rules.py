"""The conditions of a promotion, one function each: a number, a threshold, met or not, and what it means if not.

Every function returns a `Rule` and, where it is not met, leaves a sentence in `Findings`: under `against` if the
evidence speaks against the candidate, under `open` if there is too little of it, then with how many items it would
take. `decision.decide` puts them together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.statistics.paired import NonInferiority, PairedDifference, mcnemar_exact
from agent.statistics.power import MOST_ITEMS, items_for_margin

ALPHA_WORSE = 0.05  # level at which a candidate counts as measurably worse; errs towards rejecting
ALPHA_DRIFT = 0.01  # level at which the same model asked twice counts as two different ones


@dataclass(frozen=True)
class Rule:
    """One condition of promotion."""

    name: str
    value: float | None
    threshold: float | None
    passed: bool
    detail: str


@dataclass(frozen=True)
class Need:
    """What an undecided rule would have needed."""

    rule: str
    n: int
    """Items there were."""
    n_needed: int
    """Items with which the question is decided in four of five cases; `power.MOST_ITEMS` stands for "no suite"."""
    assumes: str


@dataclass
class Findings:
    """What the rules that are not met have to say."""

    against: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def ask_for(self, sentence: str, need: Need) -> None:
        """An open question and the items that would settle it."""
        many = "more items than any suite has" if need.n_needed >= MOST_ITEMS else f"about {need.n_needed:,} items"
        self.open.append(f"{sentence}; {many} would show it ({need.assumes})")
        self.needs.append(need)


def effect_rule(effect: float | None, findings: Findings) -> Rule:
    """The adapter changes the logits, measurably."""
    if effect is None:
        findings.against.append("the adapter's effect on the logits was not measured")
        return Rule("effect", None, 0.0, False, "not measured")
    if not math.isfinite(effect):
        findings.against.append("the adapter makes the logits non-finite")
        return Rule("effect", None, 0.0, False, "non-finite logits")
    if effect <= 0:
        findings.against.append("the adapter changes no logit: it was not applied, or learned nothing")
    return Rule("effect", float(effect), 0.0, effect > 0, f"largest logit difference {effect:.3g}")


def integrity_rule(problems: Sequence[str], findings: Findings) -> Rule:
    """No integrity check found anything."""
    findings.against.extend(f"integrity: {problem}" for problem in problems)
    return Rule("integrity", float(len(problems)), 0.0, not problems, "; ".join(problems) or "no findings")


def same_model_rule(p_value: float, findings: Findings) -> Rule:
    """A/A: the same model asked twice is not told apart from itself (two-sided exact McNemar of its own flips)."""
    passed = p_value > ALPHA_DRIFT
    if not passed:
        findings.open.append(f"the same model asked twice differs from itself, p {p_value:.2g}: the engine drifts, and so would every comparison")
    return Rule("same_model", p_value, ALPHA_DRIFT, passed, "the base asked twice in other batches, two-sided")


def noise_floor_rule(gain: float, noise_floor: float, findings: Findings, *, is_in_nats: bool = False) -> Rule:
    """The gain exceeds what moves when nothing changed: the share of items that flip, or the mean absolute change of
    margins in nats."""
    if not math.isfinite(noise_floor):
        findings.open.append("the noise floor is not a number")
        return Rule("noise_floor", gain, None, False, "the noise floor is not a number")
    passed = noise_floor <= 0 or gain > noise_floor
    if is_in_nats:
        detail = f"gain {gain:+.3g} nats, the same model twice differs by {noise_floor:.3g} nats"
    else:
        detail = f"gain {points(gain)}, the same model twice differs on {100 * noise_floor:.1f} % of items"
    if not passed and gain > 0:
        findings.open.append(f"within the noise of the engine: {detail}")
    return Rule("noise_floor", gain, float(noise_floor), passed, detail)


def not_measurably_worse_rule(primary: PairedDifference, findings: Findings) -> Rule:
    """Where the test is on margins: the 0/1 score did not measurably fall meanwhile."""
    p_worse = mcnemar_exact(primary.broken, primary.fixed)
    passed = p_worse > ALPHA_WORSE
    if not passed:
        findings.against.append(f"surer of the gold but less often right: {flips(primary)}, p {p_worse:.2g}")
    return Rule("score", p_worse, ALPHA_WORSE, passed, f"{flips(primary)}; one-sided p that it fell")


def not_worse_rule(name: str, where: str, test: NonInferiority, alpha: float, findings: Findings) -> Rule:
    """Lost less than the margin: the one-sided lower bound of the gain stands above minus the margin."""
    detail = f"{where}: {points(test.gain)} on {test.n} items, lower bound {points(test.lower)} at level {alpha:.2g}, margin {points(-test.margin)}"
    if not test.is_met:
        if test.n and (test.gain < -test.margin or test.upper < 0):
            findings.against.append(f"fell: {detail}")
        elif test.margin > 0:
            needed = items_for_margin(min(test.margin, 0.999), test.discordance, alpha)
            assumed = f"if nothing truly fell and {100 * test.discordance:.0f} % of items differ"
            findings.ask_for(f"not shown to hold: {detail}", Need(name, test.n, max(needed, test.n + 1), assumed))
        else:
            findings.open.append(f"not shown to hold: {detail}")
    return Rule(name, test.lower, -test.margin, test.is_met, detail)


def flips(difference: PairedDifference) -> str:
    """`30 fixed, 5 broken of 300 (+8.3 points)`."""
    return f"{difference.fixed} fixed, {difference.broken} broken of {difference.n} ({points(difference.gain)})"


def points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * share:+.1f} points"
