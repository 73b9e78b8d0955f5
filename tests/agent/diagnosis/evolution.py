"""Known weaknesses that shrink, grow, split, merge, close and come back, seen through noise: what a ledger must follow.

A world of probes and true weaknesses goes through cycles; each cycle shows what a diagnosis would have found: the
true members with a share of them swapped for random other probes, and who failed. Which weakness is which, is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from agent.diagnosis.weakness import Weakness, weakness_id

N_PROBES = 1200
N_START = 12
FAILS_INSIDE, FAILS_OUTSIDE = 0.8, 0.12


@dataclass(frozen=True)
class Seen:
    """One cycle as a diagnosis sees it, and the truth behind it."""

    found: list[Weakness]
    truth: list[str]
    """Name of the true weakness, parallel to `found`."""
    failed: list[bool]
    """By row."""
    split: dict[str, str] = field(default_factory=dict)
    """True names: child -> parent, in the cycle in which it happened."""
    merged: dict[str, str] = field(default_factory=dict)
    """Loser -> survivor."""
    closed: tuple[str, ...] = ()


def evolve(seed: int, n_cycles: int, swapped: float) -> list[Seen]:
    """`n_cycles` cycles; in each one after the first, every kind of event happens to some weakness.

    The larger part of a split keeps its name and the larger partner of a merger survives; `swapped` (0 to 1) of
    each weakness's members are replaced by random probes when it is looked at, anew in every cycle.
    """
    rng = Random(seed)
    free = list(range(N_PROBES))
    rng.shuffle(free)
    true: dict[str, set[int]] = {}
    for number in range(N_START):
        true[f"T{number}"] = {free.pop() for _ in range(rng.randint(20, 60))}
    asleep: dict[str, set[int]] = {}
    cycles = [_look(rng, true, swapped)]
    fresh = N_START
    for _ in range(1, n_cycles):
        split, merged, closed = {}, {}, []
        busy = rng.sample(sorted(true), len(true))
        returning = list(asleep)[0] if asleep else None
        shrinking, growing = busy.pop(), busy.pop()
        for probe in rng.sample(sorted(true[shrinking]), len(true[shrinking]) * 3 // 10):
            true[shrinking].remove(probe)
            free.insert(0, probe)
        true[growing] |= {free.pop() for _ in range(min(len(free) - 60, len(true[growing]) * 4 // 10))}
        parent = max(busy, key=lambda name: (len(true[name]), name))
        busy.remove(parent)
        child, fresh = f"T{fresh}", fresh + 1
        true[child] = set(rng.sample(sorted(true[parent]), len(true[parent]) * rng.randint(25, 40) // 100))
        true[parent] -= true[child]
        split[child] = parent
        clear = [(one, two) for one in busy for two in busy if len(true[two]) * 4 <= len(true[one]) * 3]
        if clear:
            survivor, loser = rng.choice(clear)
            busy.remove(survivor)
            busy.remove(loser)
            true[survivor] |= true.pop(loser)
            merged[loser] = survivor
        gone = busy.pop()
        asleep[gone] = true.pop(gone)
        closed.append(gone)
        if returning:
            true[returning] = asleep.pop(returning)
        if len(free) > 120:
            name, fresh = f"T{fresh}", fresh + 1
            true[name] = {free.pop() for _ in range(rng.randint(20, 40))}
        cycles.append(_look(rng, true, swapped, split, merged, tuple(closed)))
    return cycles


def _look(rng: Random, true: dict[str, set[int]], swapped: float, split=None, merged=None, closed=()) -> Seen:  # type: ignore[no-untyped-def]
    inside = set().union(*true.values())
    failed = [rng.random() < (FAILS_INSIDE if row in inside else FAILS_OUTSIDE) for row in range(N_PROBES)]
    taken: set[int] = set()
    found, truth = [], []
    for name in rng.sample(sorted(true), len(true)):
        members = sorted(true[name] - taken)
        lost = set(rng.sample(members, round(swapped * len(members))))
        others = [row for row in rng.sample(range(N_PROBES), 4 * len(lost) + 8) if row not in true[name] and row not in taken]
        rows = sorted((set(members) - lost) | set(others[: len(lost)]))
        taken |= set(rows)
        found.append(_weakness(rows, failed))
        truth.append(name)
    return Seen(found, truth, failed, split or {}, merged or {}, tuple(closed))


def _weakness(rows: list[int], failed: list[bool]) -> Weakness:
    failures = tuple(row for row in rows if failed[row])
    return Weakness(
        id=weakness_id("skill", map(str, rows)), label="", keywords=(), members=tuple(rows), failures=failures, n=len(rows),
        n_failures=len(failures), failure_rate=len(failures) / len(rows), ci_low=0.0, ci_high=1.0, lift=1.0, p_value=0.0,
        medoids=(), stability=1.0, coordinates=(0.0, 0.0),
    )  # fmt: skip
