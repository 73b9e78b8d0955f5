"""What a strategy's lessons do to a weakness, as believed from every look at the gate so far.

Looks go in (which lessons were new in a candidate, what its gate items say of each weakness), a joint normal belief over
the effects of all arms comes out. The one thing to know: lessons of several strategies that were taught together are judged
together. Their gain is modelled as the sum of each one's effect times its share of the lessons, and the posterior stays
correlated until a look tells them apart: credit is shared exactly as far as the evidence can't divide it.

    gain of a weakness = shock of the cycle + room x taught x sum over strategies of (share of the lessons x effect)
    effect             = level of the kind + strategy + strategy on this kind + weakness

`room` is (1 - accuracy) x learnability (docs/decisions/0002), `taught` is 1 - exp(-lessons / DOSE). All terms of the effect
have normal priors (a linear mixed model; the shrinkage of single weaknesses' gains is in it), so the posterior is exact
(Lindley and Smith 1972). Evidence fades by `FADE` a cycle, since student, failures and teachers change
(weighted linear bandits: Russac et al. 2019; discounted Thompson sampling: Raj and Kalyani 2017). A rejected
candidate's look counts like any other: what its lessons did was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from agent.planning.budget import Need, learnability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOSE = 20.0  # lessons that bring 63 % of what a weakness can gain in a cycle; the demo gave about 15 each
# Share of the room that enough lessons fill. Skill: the demo's later cycles gained 6 to 16 points overall on about 15 lessons a
# weakness at 26 % solved. Format: 197 fixed, 3 broken in the first cycle, of about 200 right in content (docs/log.md, three seeds)
PRIOR_EFFECT = {"skill": 0.3, "format": 0.9}
SPREAD_LEVEL = 0.15  # standard deviations of the priors, in the same unit: guesses, half of the prior effect at most
SPREAD_STRATEGY = 0.15
SPREAD_STRATEGY_ON_KIND = 0.08
SPREAD_WEAKNESS = 0.10
SHOCK = 0.03  # of a candidate's accuracy between training seeds, common to all weaknesses
MISFIT = 0.05  # of one weakness's gain beyond its items' luck: the model's own error
FADE = 0.8  # weight of evidence one cycle older; .93 was no better where nothing changed and slower where something did (docs/decisions/0009)


@dataclass(frozen=True)
class Arm:
    """A strategy for a weakness."""

    weakness: str
    kind: str
    strategy: str


@dataclass(frozen=True)
class Trial:
    """What one look at the gate says of one weakness."""

    cycle: int
    weakness: str
    kind: str
    accuracy: float
    """Of its diagnose probes before the lessons, 0 to 1; not the gate's, whose luck is in the gain already."""
    n: int
    """Gate items of the weakness; `fixed` and `broken` of them changed."""
    fixed: int
    broken: int
    lessons: Mapping[str, int]
    """Kept lessons by strategy that the candidate was trained on and the champion was not: those of earlier cycles without a
    verdict of their own (inconclusive, nothing made, training failed) are judged here, late."""


@dataclass(frozen=True)
class Belief:
    """Joint normal posterior of the effects of `arms`."""

    arms: tuple[Arm, ...]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    shock: float = SHOCK
    """Standard deviation of a cycle's shock."""

    def draws(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """`n` draws of all effects, one a row."""
        import numpy as np

        return np.asarray(self.mean + rng.standard_normal((n, len(self.arms))) @ self._root)

    @cached_property
    def _root(self) -> NDArray[np.float64]:
        """A square root of the covariance; it may be singular, so not Cholesky's."""
        import numpy as np

        values, vectors = np.linalg.eigh(self.covariance)
        return np.asarray(np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T)

    def spread(self, at: int) -> float:
        """Standard deviation of one effect."""
        return float(max(0.0, self.covariance[at, at])) ** 0.5


def room(kind: str, accuracy: float) -> float:
    """Largest gain, as a share of a weakness's items, that lessons can be hoped to bring: what is wrong times learnability."""
    return (1 - accuracy) * learnability(Need("", kind, 0, accuracy, 0))


def taught(n_lessons: float) -> float:
    """How far this many lessons go, 0 to 1, each bringing less than the one before."""
    import math

    return 1 - math.exp(-n_lessons / DOSE)


def believe(trials: Sequence[Trial], arms: Sequence[Arm], cycle: int) -> Belief:
    """The posterior of the arms' effects before `cycle`; of arms never tried it is what their relatives tell, or the prior."""
    import numpy as np

    names: dict[tuple[str, ...], int] = {}
    spreads: list[float] = []

    def at(name: tuple[str, ...], spread: float) -> int:
        if name not in names:
            names[name] = len(spreads)
            spreads.append(spread)
        return names[name]

    def parts(kind: str, weakness: str, strategy: str) -> list[int]:
        return [at(("level", kind), SPREAD_LEVEL), at(("strategy", strategy), SPREAD_STRATEGY),
                at(("strategy", strategy, kind), SPREAD_STRATEGY_ON_KIND), at(("weakness", weakness), SPREAD_WEAKNESS)]

    of_arm = [parts(arm.kind, arm.weakness, arm.strategy) for arm in arms]
    seen = [trial for trial in trials if trial.n]
    entries: list[dict[int, float]] = []
    for trial in seen:
        entry = {at(("shock", str(trial.cycle)), SHOCK): 1.0}
        lessons = sum(trial.lessons.values())
        for strategy, kept in trial.lessons.items():
            for name in parts(trial.kind, trial.weakness, strategy) if kept else ():
                entry[name] = entry.get(name, 0.0) + room(trial.kind, trial.accuracy) * taught(lessons) * kept / lessons
        entries.append(entry)
    design = np.zeros((len(seen), len(spreads)))
    for row, entry in enumerate(entries):
        design[row, list(entry)] = list(entry.values())
    expected = np.array([_expected(trial) for trial in seen])
    gains = np.array([(trial.fixed - trial.broken) / trial.n for trial in seen])
    noise = np.array([(_luck(trial) + MISFIT**2) / FADE ** max(0, cycle - 1 - trial.cycle) for trial in seen])
    prior = np.diag(1 / np.array(spreads) ** 2)
    covariance = np.linalg.inv(prior + design.T @ (design / noise[:, None])) if seen else np.diag(np.array(spreads) ** 2)
    mean = covariance @ (design.T @ ((gains - expected) / noise)) if seen else np.zeros(len(spreads))
    to_arms = np.zeros((len(arms), len(spreads)))
    for row, columns in enumerate(of_arm):
        to_arms[row, columns] = 1.0
    prior_mean = np.array([prior_effect(arm.kind) for arm in arms])
    return Belief(tuple(arms), prior_mean + to_arms @ mean, to_arms @ covariance @ to_arms.T)


def prior_effect(kind: str) -> float:
    """Effect believed before any evidence."""
    return PRIOR_EFFECT.get(kind, PRIOR_EFFECT["skill"])


def _expected(trial: Trial) -> float:
    """Gain that the prior means alone give this trial."""
    return room(trial.kind, trial.accuracy) * taught(sum(trial.lessons.values())) * prior_effect(trial.kind)


def _luck(trial: Trial) -> float:
    """Variance of the gain by which items happened to flip, with half a flip added each way (Agresti and Min 2005)."""
    n = trial.n + 1
    share, difference = (trial.fixed + trial.broken + 1) / n, (trial.fixed - trial.broken) / n
    return max(share - difference**2, 1e-12) / n
