"""Which probes may be seen, which decide, which stay sealed.

A suite goes in with a key, three disjoint sets of probes come out: `diagnose` (the teacher may see
it), `gate` (decides about promotion) and `audit` (claims are made from it only). A probe's split is a
keyed hash of its group and of nothing else: near-duplicates never straddle two splits, and adding or
reordering rows moves no other row.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from probes.errors import WeakspotError
from probes.suite import Probe, Suite

SPLITS = ("diagnose", "gate", "audit")
DEFAULT_SHARES = {"diagnose": 0.4, "gate": 0.4, "audit": 0.2}
SMALLEST_GATE = 20  # below this no paired test at level .05 can pass: 2**-5 needs five discordant items
SMALLEST = {"diagnose": 5, "gate": SMALLEST_GATE, "audit": 5}
"""Probes that each split needs before a run starts."""


def split_of(group: str, key: str, shares: Mapping[str, float] = DEFAULT_SHARES) -> str:
    """The split of all probes of `group`.

    `key` is the run's secret or seed; another key deals the groups anew. `shares` need not add up to 1.

    Raises:
        WeakspotError: a share is negative or unknown, or all are zero.
    """
    unknown = sorted(set(shares) - set(SPLITS))
    total = sum(shares.get(split, 0.0) for split in SPLITS)
    if unknown or total <= 0 or min(shares.values()) < 0:
        raise WeakspotError(
            f"split shares {dict(shares)} cannot be used",
            hint=f"give non-negative shares of {', '.join(SPLITS)} with a positive sum, such as {DEFAULT_SHARES}",
        )
    point = _hash(group, key) / 2**64 * total
    for split in SPLITS:
        point -= shares.get(split, 0.0)
        if point < 0:
            return split
    return [split for split in SPLITS if shares.get(split, 0.0) > 0][-1]  # rounding at the upper end


def split_suite(
    suite: Suite, key: str, shares: Mapping[str, float] = DEFAULT_SHARES
) -> dict[str, tuple[Probe, ...]]:
    """Deal `suite` into its splits, each in the suite's order; every split is there, even if empty.

    Raises:
        WeakspotError: see `split_of`.
    """
    dealt: dict[str, list[Probe]] = {split: [] for split in SPLITS}
    for probe in suite.probes:
        dealt[split_of(group_of(probe), key, shares)].append(probe)
    return {split: tuple(probes) for split, probes in dealt.items()}


def shortfall(splits: Mapping[str, Sequence[Probe]]) -> str:
    """The first split that is too small for a run and what it lacks; "" when all are large enough."""
    for split, least in SMALLEST.items():
        if len(splits[split]) < least:
            return f"{len(splits[split])} probes to {split}, at least {least} are needed"
    return ""


def split_for_run(
    suite: Suite, key: str, shares: Mapping[str, float] = DEFAULT_SHARES
) -> dict[str, tuple[Probe, ...]]:
    """As `split_suite`, for a suite that is to be improved: every split must be large enough.

    Raises:
        WeakspotError: a split has fewer probes than `SMALLEST` asks for; see also `split_of`.
    """
    splits = split_suite(suite, key, shares)
    if lacking := shortfall(splits):
        n_groups = len({group_of(probe) for probe in suite.probes})
        raise WeakspotError(
            f"suite {suite.name!r} leaves {lacking}",
            where=f"{len(suite.probes)} probes in {n_groups} groups",
            hint="add probes, use finer groups, or change suites.diagnose, suites.gate and suites.audit",
        )
    return splits


def group_of(probe: Probe) -> str:
    """The probe's group; without one, the probe is a group of its own."""
    return probe.group or f"{probe.suite}/{probe.probe_id}"


def unit_of(probe: Probe) -> str:
    """What counts once in a test: the probe's group in its suite; without one its text, so that copies of a question
    are one. `unit` of `Samples.pairs` is the same in SQL."""
    return f"{probe.suite}/" + (probe.group or probe.prompt + json.dumps(list(probe.choices), ensure_ascii=False))


def limit_suite(suite: Suite, n_probes: int, key: str) -> Suite:
    """At most `n_probes` of `suite`, every skill by its share, as many different groups as possible.

    The choice depends on ids and `key`, not on row order, and is nested: a smaller limit keeps a subset
    of what a larger one keeps. Rows stay in the suite's order.

    Raises:
        WeakspotError: `n_probes` is below 1.
    """
    if n_probes < 1:
        raise WeakspotError(f"a suite cannot be limited to {n_probes} probes", hint="give 1 or more")
    if n_probes >= len(suite.probes):
        return suite
    strata: dict[str, list[Probe]] = defaultdict(list)
    for probe in suite.probes:
        strata[str(probe.meta.get("skill", ""))].append(probe)
    places: list[tuple[float, int, str]] = []
    for members in strata.values():
        for rank, probe in enumerate(_groups_first(members, key)):
            places.append(((rank + 0.5) / len(members), _hash(probe.probe_id, key), probe.probe_id))
    kept = {probe_id for _, _, probe_id in sorted(places)[:n_probes]}
    return replace(suite, probes=tuple(probe for probe in suite.probes if probe.probe_id in kept))


def _groups_first(probes: list[Probe], key: str) -> list[Probe]:
    """Shuffled by hash, one of each group before the second of any."""
    seen: dict[str, int] = defaultdict(int)
    turns: list[tuple[int, int, Probe]] = []
    for number, probe in _by_hash(probes, key):
        turns.append((seen[group_of(probe)], number, probe))
        seen[group_of(probe)] += 1
    return [probe for _, _, probe in sorted(turns, key=lambda turn: turn[:2])]


def _by_hash(probes: list[Probe], key: str) -> list[tuple[int, Probe]]:
    return sorted(((_hash(probe.probe_id, key), probe) for probe in probes), key=lambda pair: pair[0])


def _hash(text: str, key: str) -> int:
    """64 bits of keyed BLAKE2b; keys of any length."""
    digest = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"),
        key=hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).digest(),
        digest_size=8,
    )
    return int.from_bytes(digest.digest(), "big")
