"""The same weakness, cycle after cycle: ids that last, and what became of each.

Weaknesses found now and those of earlier cycles go in; for each new one the id it continues comes out. The one
thing to know: probes of the diagnose split stay the same over a run, so members decide, and labels only help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.diagnosis.weakness import Weakness
from agent.statistics.intervals import clopper_pearson

State = Literal["open", "improving", "closed", "regressed", "stuck", "format_only"]
MEMBER_WEIGHT = 0.8
MIN_SCORE = 0.3  # a region that lost half its rows still scores .4; below this two share too little to be one
IMPROVED_BY = 0.05  # a fall of the failure rate that is worth a word, if chance alone does not explain it
STUCK_AFTER = 2  # taught cycles without improvement


@dataclass(frozen=True)
class Previous:
    """What is read of a weakness of an earlier cycle; missing keys get the defaults."""

    id: str
    label: str = ""
    members: frozenset[str] = frozenset()
    """As "suite/probe_id"."""
    kind: str = "skill"
    state: str = "open"
    failure_rate: float | None = None
    idle_cycles: int = 0
    """Cycles in a row in which it was taught and did not improve."""

    @classmethod
    def of(cls, row: Mapping[str, Any], full_names: Mapping[str, str] | None = None) -> Previous:
        """From a stored row; `full_names` maps bare probe ids among the members to "suite/probe_id"."""
        names = full_names or {}
        members = (str(member) for member in row.get("members") or ())
        return cls(
            id=str(row.get("id") or row["weakness"]),
            label=str(row.get("label") or ""),
            members=frozenset(names.get(member, member) for member in members),
            kind=str(row.get("kind") or "skill"),
            state=str(row.get("state") or "open"),
            failure_rate=row.get("failure_rate"),
            idle_cycles=int(row.get("idle_cycles") or 0),
        )


def match_weaknesses(
    found: Sequence[Weakness], members: Sequence[frozenset[str]], previous: Sequence[Previous]
) -> dict[int, Previous]:
    """Which earlier weakness each found one (by position) continues; absent means new.

    Best assignment (Hungarian method) of 0.8 member overlap + 0.2 label similarity among pairs of one kind;
    overlap is the mean of Jaccard and containment, so that a weakness that shrank or grew is still itself. Format
    weaknesses are matched by what their label says is wrong, since their members change as answers do.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not found or not previous:
        return {}
    earlier = sorted(previous, key=lambda one: one.id)
    scores = np.zeros((len(found), len(earlier)))
    for i, weakness in enumerate(found):
        for j, one in enumerate(earlier):
            if weakness.kind != one.kind:
                continue
            if weakness.kind == "format":
                scores[i, j] = float(_form(weakness.label) == _form(one.label))
            else:
                overlap = _overlap(members[i], one.members)
                likeness = _likeness(weakness.label, one.label)
                scores[i, j] = MEMBER_WEIGHT * overlap + (1 - MEMBER_WEIGHT) * likeness if overlap else 0.0
    rows, columns = linear_sum_assignment(-np.round(scores, 9))
    return {int(i): earlier[int(j)] for i, j in zip(rows, columns, strict=True) if scores[i, j] >= MIN_SCORE}


def next_state(weakness: Weakness, previous: Previous | None) -> State:
    """What to call a weakness that was found now.

    `format_only` for the kind; `regressed` if it had been closed; `improving` if its failure rate fell by 5 points
    or more and the old rate lies above the new interval; `stuck` after two taught cycles without that; else `open`.
    """
    if previous is not None and previous.state == "closed":
        return "regressed"
    if weakness.kind == "format":
        return "format_only"
    if previous is None:
        return "open"
    if previous.failure_rate is not None:
        fell = previous.failure_rate - weakness.failure_rate
        bound = clopper_pearson(weakness.n_failures, weakness.n, 0.90, "upper").high
        if fell >= IMPROVED_BY and previous.failure_rate > bound:
            return "improving"
    return "stuck" if previous.idle_cycles >= STUCK_AFTER else "open"


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    if not first or not second:
        return 0.0
    common = len(first & second)
    return (common / len(first | second) + common / min(len(first), len(second))) / 2


def _likeness(first: str, second: str) -> float:
    """Dice coefficient of the labels' words."""
    one, two = set(re.findall(r"\w+", first.lower())), set(re.findall(r"\w+", second.lower()))
    return 2 * len(one & two) / (len(one) + len(two)) if one and two else 0.0


def _form(label: str) -> str:
    """`refuses`, `is cut off` or the wrong shape, as `shape` words them."""
    for word in ("refuses", "cut off"):
        if word in label:
            return word
    return "shape"
