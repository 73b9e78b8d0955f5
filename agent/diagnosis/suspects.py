"""Gold answers that are probably wrong: contradicted by a proof, or by two witnesses who don't know of each other.

Probes and stored samples go in, suspects with what each witness says come out. No model is asked. The one thing to
know: a false suspect hides a true failure, so a witness that can't be trusted in this suite says nothing, and one
who confirms the gold counts as much as one who denies it.

    twins     the same prompt has another gold elsewhere        proof that one of them is wrong
    choices   the gold is none of the choices                   proof
    solver    the prompt states plain arithmetic or logic       proof
    rule      what nearly all golds of its wording obey         proof if only numbers differ, else one witness
    group     the other wordings of the same item agree         one witness, or two where the wordings proved to be alike
    student   champion, base and candidates read as that answer one witness, however many they are
    vote      an LLM's repeated, independent answers            one witness
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.diagnosis.witnesses import Bench, Key, Witness, is_same, reads_as
from agent.student.contract import Sample
from probes.suite import Probe

NEEDED = 2  # two witnesses of weight 1, after those for the gold are taken off
MIN_STANDING = 5.0  # times likelier that the student says the true answer than this very wrong one
NAMES = ("choices", "solver", "twins", "rule", "group", "vote", "student")


@dataclass(frozen=True)
class Suspect:
    """A gold that is probably wrong."""

    suite: str
    probe_id: str
    gold: str
    says: str
    """What the witnesses hold for right; "" where they only know that the gold can't be."""
    witnesses: tuple[Witness, ...]
    """Those against the gold, the weightiest first."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "witnesses": [asdict(witness) for witness in self.witnesses]}


def find_suspects(
    probes: Sequence[Probe],
    samples: Sequence[Sample] = (),
    *,
    others: Mapping[Key, Sequence[Sample]] | None = None,
    votes: Mapping[Key, str] | None = None,
    among: Sequence[Probe] = (),
) -> list[Suspect]:
    """Suspects by suite and probe id; the order of the rows changes nothing.

    `samples` are the champion's answers and may be missing; `others` holds answers of the base and of earlier
    candidates, `votes` an LLM's answer where its votes agreed, `among` more probes of the same suites: their golds
    help to find the rules, but are not judged. Works without any of them. About 0.6 s for 1,000 probes.
    """
    judged = {(probe.suite, probe.probe_id) for probe in probes}
    known = {(probe.suite, probe.probe_id): probe for probe in (*among, *probes)}
    ordered = [known[key] for key in sorted(known)]
    answered = {(sample.suite, sample.probe_id): sample for sample in samples}
    strata: dict[tuple[str, str], list[Probe]] = defaultdict(list)
    for probe in ordered:
        strata[probe.suite, str(probe.meta.get("task") or "")].append(probe)
    found = []
    for stratum in strata.values():
        bench = Bench.of(stratum, answered)
        for at, probe in enumerate(stratum):
            key = (probe.suite, probe.probe_id)
            if key not in judged:
                continue
            heard = bench.hear(at, (votes or {}).get(key, ""))
            if any(witness.weight > 0 for witness in heard):
                models = [answered[key]] if key in answered else []
                suspect = _judge(probe, heard, [*models, *(others or {}).get(key, ())], bench.standing(at))
                if suspect:
                    found.append(suspect)
    return sorted(found, key=lambda suspect: (suspect.suite, suspect.probe_id))


def _judge(probe: Probe, heard: list[Witness], models: list[Sample], standing: float) -> Suspect | None:
    """The answer with the most weight behind it, against what speaks for the gold."""
    against = [witness for witness in heard if witness.weight > 0]
    support = -sum(witness.weight for witness in heard if witness.weight < 0)
    if standing >= MIN_STANDING and any(reads_as(model, probe, probe.gold) for model in models):
        support += 1
    answers: list[str] = []
    for witness in against:
        if not any(is_same(witness.says, other) for other in answers):
            answers.append(witness.says)
    best: tuple[int, str, list[Witness]] = (0, "", [])
    for answer in answers:
        behind = [witness for witness in against if not witness.says or is_same(witness.says, answer)]
        said = [model for model in models if answer and reads_as(model, probe, answer)]
        is_meant = not any(reads_as(model, probe, probe.gold) for model in models)
        if standing >= MIN_STANDING and is_meant and 2 * len(said) > len(models):
            behind.append(Witness("student", answer, 1, f"{len(said)} of {len(models)} models answer so"))
        best = max(best, (sum(witness.weight for witness in behind), answer, behind), key=lambda entry: entry[0])
    weight, answer, behind = best
    if weight - support < NEEDED:
        return None
    behind = sorted(behind, key=lambda witness: (-witness.weight, NAMES.index(witness.name)))
    return Suspect(probe.suite, probe.probe_id, probe.gold, answer, tuple(behind))


def place_among(
    prompts: Sequence[str], kept: Sequence[int], coordinates: Sequence[Sequence[float]]
) -> list[tuple[float, float]]:
    """Map places of all prompts: `coordinates` for the rows in `kept` (parallel to it), the nearest of them for others.

    Suspects take no part in the map's making, but a user wants to see where they lie.
    """
    places = {row: (float(xy[0]), float(xy[1])) for row, xy in zip(kept, coordinates, strict=True)}
    missing = [row for row in range(len(prompts)) if row not in places]
    if missing and kept:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.neighbors import NearestNeighbors

        ordered = sorted(kept, key=lambda row: prompts[row])  # of equally near ones the same in any row order
        words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+")
        known = words.fit_transform([prompts[row] for row in ordered])
        index = NearestNeighbors(n_neighbors=1, metric="cosine").fit(known)
        found = index.kneighbors(words.transform([prompts[row] for row in missing]), return_distance=False)
        places |= {row: places[ordered[int(at)]] for row, (at,) in zip(missing, found, strict=True)}
    return [places.get(row, (0.0, 0.0)) for row in range(len(prompts))]
