"""Gate answers as the primary test wants them: all at once, or slice by slice until an e-value has seen enough.

The one thing to know: probes are sliced in an order hashed from their groups, never in suite order, so that what was
answered when watching ended is a random part of the gate; and a candidate, the champion and the base always answer
the same slices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from agent.context import RunContext
from agent.stages.examine import answers_to, samples_of
from agent.statistics.evalue import e_value, is_futile
from agent.statistics.paired import non_inferior
from agent.statistics.primary import group_flips
from agent.student.contract import Sample
from probes.splits import unit_of
from probes.suite import Probe

Pairs = list[tuple[Probe, Sample]]
PEEK_EVERY = 64  # probes between two looks: two full batches


@dataclass(frozen=True)
class Peek:
    """One look while the answers came in."""

    n: int
    fixed: int
    """Groups that rose."""
    broken: int
    e_value: float


@dataclass
class GateAnswers:
    """Champion, candidate and base on the same gate probes, in the same order."""

    n_planned: int
    champion: Pairs = field(default_factory=list)
    candidate: Pairs = field(default_factory=list)
    base: Pairs = field(default_factory=list)
    peeks: list[Peek] = field(default_factory=list)
    ended: str = "all answered"
    """`all answered`, `crossed` or `futile`."""

    @property
    def peak(self) -> float:
        """Largest e-value so far."""
        return max((peek.e_value for peek in self.peeks), default=0.0)

    def peeks_as_dicts(self) -> list[dict[str, float]]:
        """For `decision.json`."""
        return [asdict(peek) for peek in self.peeks]


def gate_answers(context: RunContext, champion: str, candidate: str, level: float, alpha_base: float) -> GateAnswers:
    """Everyone's answers on the gate split; under `gate.test: e_value` only as many as the decision needs.

    `level` is what this look may spend on being better, `alpha_base` on not being worse than the base.

    Raises:
        BadAdapter: the candidate can't be used.
    """
    if context.config.gate.test != "e_value":
        after = samples_of(context, "gate", candidate)
        return GateAnswers(len(after), samples_of(context, "gate", champion), after, samples_of(context, "gate", ""))
    probes = context.store.samples.probes(context.run, "gate")
    answers = GateAnswers(len(probes))
    for part in slices(probes, context.config.suites.split_key):
        for suite in context.store.samples.suites(context.run, "probe"):
            asked = [probe for probe in part if probe.suite == suite.name]
            answers.candidate += answers_to(context, suite, "gate", asked, candidate)
            answers.champion += answers_to(context, suite, "gate", asked, champion)
            answers.base += answers_to(context, suite, "gate", asked, "")
        _look(context, answers, alpha_base if champion else None, level)
        context.watcher.progress("gate watched", len(answers.candidate), len(probes))
        if answers.ended != "all answered":
            break
    return answers


def slices(probes: Sequence[Probe], key: str) -> list[list[Probe]]:
    """Whole groups in hashed order, `PEEK_EVERY` probes or a little more a slice; independent of row order."""
    units: dict[str, list[Probe]] = {}
    for probe in probes:
        units.setdefault(unit_of(probe), []).append(probe)
    parts: list[list[Probe]] = [[]]
    for unit in sorted(units, key=lambda name: hashlib.blake2b(f"{key}\x1f{name}".encode("utf-8", "surrogatepass")).digest()):
        if len(parts[-1]) >= PEEK_EVERY:
            parts.append([])
        parts[-1] += sorted(units[unit], key=lambda probe: probe.probe_id)
    return parts


def _look(context: RunContext, answers: GateAnswers, alpha_base: float | None, level: float) -> None:
    """Note this slice's e-value and say whether it is enough. Crossing alone is not: the base must be held as well."""
    settings = context.config.gate
    before, after, first = (scores_of(pairs, settings.score) for pairs in (answers.champion, answers.candidate, answers.base))
    groups = [unit_of(probe) for probe, _ in answers.candidate]
    fixed, broken = group_flips(before, after, groups)
    answers.peeks.append(Peek(len(after), fixed, broken, e_value(fixed, broken)))
    if answers.n_planned == len(after):
        return
    if answers.peak >= 1 / level:
        if alpha_base is None or non_inferior(first, after, settings.margin, alpha_base, groups).is_met:
            answers.ended = "crossed"
        return
    n_groups = len(set(groups))
    left = round(n_groups * (answers.n_planned / len(after) - 1))
    if is_futile(fixed, broken, n_groups, left, settings.min_effect, level):
        answers.ended = "futile"


def scores_of(pairs: Sequence[tuple[Probe, Sample]], score: str, suite: str | None = None) -> list[float]:
    """`strict` or `lenient` scores in order, of one suite or of all."""
    return [sample.strict if score == "strict" else sample.lenient for probe, sample in pairs if suite is None or probe.suite == suite]
