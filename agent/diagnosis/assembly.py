"""From samples to weaknesses with a history: what the diagnose stage calls.

Probes, the student's samples and the weaknesses of earlier cycles go in; typed failures, weaknesses with lasting ids
and states, and every probe's place on the map come out. Format comes first: a right answer in the wrong shape is no
failure of skill, so it is counted apart, and skills are judged by the lenient score. Probes whose gold is probably
wrong say nothing of the student: they are reported, and take no part in the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.diagnosis.evidence import Criteria
from agent.diagnosis.find import analyse
from agent.diagnosis.lineage import Departed, trace
from agent.diagnosis.matching import Previous, State
from agent.diagnosis.outline import OutlineNode
from agent.diagnosis.suspects import Suspect, find_suspects, place_among
from agent.diagnosis.typing import FailureType, failure_type
from agent.diagnosis.weakness import Weakness
from agent.student.contract import Sample
from probes.suite import Probe


@dataclass(frozen=True)
class Diagnosis:
    """All lists are parallel to the probes that were passed in."""

    weaknesses: list[Weakness]
    """Worst first, format before skill; `members` index the probes."""
    states: dict[str, State]
    """By weakness id."""
    new_ids: list[str]
    """Weaknesses never seen before."""
    split_from: dict[str, str]
    """Id of a weakness -> id of the one it was part of till now."""
    departed: list[Departed]
    """Known ones that were not found again: closed, merged, or still there."""
    failure_types: list[FailureType | None]
    """None: right by the strict score."""
    assigned: list[str]
    """Weakness a failure belongs to; "" for passes and failures that belong nowhere."""
    coordinates: list[tuple[float, float]]
    n: int
    strict_accuracy: float
    """Over the probes whose gold is not suspect."""
    lenient_accuracy: float
    counts: dict[str, int] = field(default_factory=dict)
    """Failures by type."""
    suspects: list[Suspect] = field(default_factory=list)
    """Golds that are probably wrong, whether the student failed there or not; members of nothing."""
    outline: tuple[OutlineNode, ...] = ()
    """The hierarchy for people, in reading order, with the lasting ids of the weaknesses."""

    def member_ids(self, weakness: Weakness, probes: Sequence[Probe]) -> list[str]:
        """A weakness's members as "suite/probe_id", for `previous` of the next cycle."""
        return [_name(probes[row]) for row in weakness.members]


def diagnose(
    probes: Sequence[Probe],
    samples: Sequence[Sample],
    *,
    previous: Sequence[Mapping[str, Any]] = (),
    seed: int = 0,
    criteria: Criteria | None = None,
    phrases: Mapping[str, str] | None = None,
    suspects: Sequence[Suspect] | None = None,
) -> Diagnosis:
    """Type, cluster, name, match.

    `samples` come in any order, one for each probe. `previous` holds every weakness of the run so far, closed ones
    too: `id` (or `weakness`), `label`, `members` ("suite/probe_id", or bare probe ids) and, where known, `kind`,
    `state`, `failure_rate`, `idle_cycles`, `merged_into`, `prompts`. `phrases` are the teacher's, by probe content hash.
    `suspects` are probes with golds that are probably wrong; None: what `find_suspects` makes of these rows alone. The
    diagnosis does not depend on the order of probes; about 10 s for 800 probes in a fresh process, 4 s in a warm one.

    Raises:
        ValueError: a probe without a sample, or the same probe twice.
    """
    answered = {(sample.suite, sample.probe_id): sample for sample in samples}
    keys = [(probe.suite, probe.probe_id) for probe in probes]
    if len(set(keys)) != len(keys):
        raise ValueError("the same probe was passed twice")
    if missing := [key for key in keys if key not in answered]:
        raise ValueError(f"{len(missing)} probes have no sample, the first is {missing[0]}")
    ordered = [answered[key] for key in keys]
    suspects = find_suspects(probes, ordered) if suspects is None else suspects
    doubted = {(suspect.suite, suspect.probe_id) for suspect in suspects}
    types = [failure_type(answered[key], probe, key in doubted) for key, probe in zip(keys, probes, strict=True)]
    kept = sorted((row for row, key in enumerate(keys) if key not in doubted), key=lambda row: keys[row])  # ties go by id, not by row
    metadata = [
        {
            "suite": probe.suite,
            "task": str(probe.meta.get("task") or ""),
            "skill": probe.meta.get("skill"),
            "failure_type": kind,
            "answer": sample.response,
            "gold": probe.gold,
            "phrase": (phrases or {}).get(probe.content_hash, ""),
        }
        for probe, sample, kind in ((probes[row], ordered[row], types[row]) for row in kept)
    ]
    finding = analyse(
        [probes[row].prompt for row in kept],
        [types[row] is None for row in kept],
        metadata=metadata,
        seed=seed,
        criteria=criteria,
    )
    full = {probe.probe_id: _name(probe) for probe in probes}
    lineage = trace(
        [_renumbered(one, kept) for one in finding.weaknesses],
        [_name(probe) for probe in probes],
        types,
        [Previous.of(row, full) for row in previous],
        [probe.prompt for probe in probes],
    )
    weaknesses = lineage.weaknesses
    lasting = {one.id: kept.id for one, kept in zip(finding.weaknesses, weaknesses, strict=True)}
    assigned = [""] * len(probes)
    for weakness in reversed(weaknesses):  # the worse one keeps a failure that two claim
        for row in weakness.failures:
            assigned[row] = weakness.id
    judged = [types[row] for row in kept]
    return Diagnosis(
        weaknesses=weaknesses,
        states=lineage.states,
        new_ids=lineage.new_ids,
        split_from=lineage.split_from,
        departed=lineage.departed,
        failure_types=types,
        assigned=assigned,
        coordinates=place_among([probe.prompt for probe in probes], kept, finding.coordinates.tolist()),
        n=len(probes),
        strict_accuracy=sum(kind is None for kind in judged) / max(1, len(kept)),
        lenient_accuracy=sum(kind in (None, "format") for kind in judged) / max(1, len(kept)),
        counts=dict(sorted(Counter(kind for kind in types if kind is not None).items())),
        suspects=list(suspects),
        outline=tuple(replace(node, weakness=lasting.get(node.weakness, "")) for node in finding.outline),
    )


def _name(probe: Probe) -> str:
    return f"{probe.suite}/{probe.probe_id}"


def _renumbered(weakness: Weakness, kept: Sequence[int]) -> Weakness:
    """Rows of the probes that were clustered, as rows of all probes."""
    members, failures = (tuple(sorted(kept[at] for at in rows)) for rows in (weakness.members, weakness.failures))
    medoids = tuple(kept[at] for at in weakness.medoids)
    return replace(weakness, members=members, failures=failures, medoids=medoids)
