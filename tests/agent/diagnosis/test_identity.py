"""Known weaknesses evolve for eight cycles under noise: who is who is followed, and far better than by plain overlap."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.diagnosis.lineage import Lineage, trace
from agent.diagnosis.matching import Previous
from tests.agent.diagnosis.evolution import N_PROBES, Seen, evolve

CYCLES, SEEDS = 8, range(20)
NAMES = [f"s/{row}" for row in range(N_PROBES)]
FLOOR = {0.1: 0.98, 0.15: 0.98, 0.2: 0.98}  # measured: .991, .992, .995 of about 2,100 pairs
CEILING_NAIVE = {0.1: 0.65, 0.15: 0.45, 0.2: 0.20}  # measured: .599, .395, .160


def followed(seed: int, swapped: float) -> Iterator[tuple[Seen, Lineage]]:
    """What `trace` makes of a world, with what the store would keep between cycles."""
    known: dict[str, Previous] = {}
    for seen in evolve(seed, CYCLES, swapped):
        line = trace(seen.found, NAMES, ["wrong" if wrong else None for wrong in seen.failed], list(known.values()))
        for one in line.weaknesses:
            known[one.id] = Previous(one.id, one.label, frozenset(NAMES[row] for row in one.members), state=line.states[one.id], failure_rate=one.failure_rate)
        for gone in line.departed:
            known[gone.id] = Previous(gone.id, "", known[gone.id].members, state=gone.state, failure_rate=gone.failure_rate, merged_into=gone.merged_into)
        yield seen, line


def by_plain_overlap(seed: int, swapped: float) -> Iterator[tuple[Seen, list[str]]]:
    """The naive rule: greedily by Jaccard above one half."""
    known: dict[str, frozenset[str]] = {}
    for seen in evolve(seed, CYCLES, swapped):
        members = [frozenset(NAMES[row] for row in one.members) for one in seen.found]
        likeness = ((len(now & then) / len(now | then), i, name) for i, now in enumerate(members) for name, then in known.items())
        ids: dict[int, str] = {}
        for _, i, name in sorted((entry for entry in likeness if entry[0] > 0.5), reverse=True):
            if i not in ids and name not in ids.values():
                ids[i] = name
        for i, now in enumerate(members):
            known[ids.setdefault(i, f"N{len(known)}")] = now
        yield seen, [ids[i] for i in range(len(members))]


def share_right(series: Iterator[tuple[Seen, list[str]]]) -> tuple[int, int]:
    """Pairs of cycle (after the first) and weakness: (with the id it had before, or an unused one if it is new; all)."""
    first: dict[str, str] = {}
    used: set[str] = set()
    right = total = 0
    for cycle, (seen, ids) in enumerate(series):
        for name, given in zip(seen.truth, ids, strict=True):
            if cycle:
                total += 1
                right += given == first[name] if name in first else given not in used
            first.setdefault(name, given)
        used |= set(ids)
    return right, total


@pytest.mark.parametrize("swapped", [0.1, 0.15, 0.2])
def test_identity_survives_noise_splits_and_mergers(swapped: float) -> None:
    ours = [share_right((seen, [one.id for one in line.weaknesses]) for seen, line in followed(seed, swapped)) for seed in SEEDS]
    naive = [share_right(by_plain_overlap(seed, swapped)) for seed in SEEDS]
    total = sum(n for _, n in ours)
    assert total > 2000
    assert sum(right for right, _ in ours) / total >= FLOOR[swapped]
    assert sum(right for right, _ in naive) / total <= CEILING_NAIVE[swapped]


def test_splits_mergers_and_cures_are_told_apart() -> None:
    """At 15 % swapped. Measured: 138 of 140 splits, 136 of 140 mergers and 139 of 140 cures are told right; no split is made up."""
    right = dict.fromkeys(("split", "merged", "closed"), 0)
    total = dict.fromkeys(right, 0)
    claimed = 0
    for seed in SEEDS:
        before: dict[str, str] = {}
        for seen, line in followed(seed, 0.15):
            now = {name: one.id for name, one in zip(seen.truth, line.weaknesses, strict=True)}
            gone = {one.id: (one.state, one.merged_into) for one in line.departed}
            told = {
                "split": [line.split_from.get(now[child]) == now[parent] for child, parent in seen.split.items()],
                "merged": [gone.get(before[loser]) == ("merged", now[survivor]) for loser, survivor in seen.merged.items()],
                "closed": [gone.get(before[name]) == ("closed", "") for name in seen.closed],
            }
            for event, marks in told.items():
                right[event] += sum(marks)
                total[event] += len(marks)
            claimed += len(line.split_from)
            before |= now
    assert min(total.values()) == 140
    assert right["split"] >= 133 and right["merged"] >= 130 and right["closed"] >= 136
    assert claimed - right["split"] <= 4
