"""The same weakness, cycle after cycle: which id a weakness found now continues, and what state it is in.

Weaknesses found now and those of earlier cycles go in; for each new one the id it continues comes out. The one
thing to know: probes of the diagnose split stay the same over a run, so members decide; labels help a little, and
texts speak only for a weakness whose probes are not among those asked now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.diagnosis.weakness import Weakness
from agent.statistics.intervals import clopper_pearson
from agent.store.weaknesses import ENDED

State = Literal["open", "improving", "closed", "regressed", "stuck", "format_only", "label_suspect", "merged"]
MEMBER_WEIGHT = 0.8
MIN_SCORE = 0.3  # a region that lost two thirds of its rows still scores .4; below this two share too little to be one
REVIVED_SCORE = 0.4  # a part of a weakness holds some of everything that was merged into it; that makes it none of those
MIN_LIKENESS = 0.5  # cosine of centroids; halves of `basics` by skill: same .86 to .97, others .33 at the 95th percentile
IMPROVED_BY = 0.05  # a fall of the failure rate that is worth a word, if chance alone does not explain it
STUCK_AFTER = 2  # taught cycles without improvement


@dataclass(frozen=True)
class Previous:
    """What is read of a weakness of an earlier cycle; missing keys get the defaults."""

    id: str
    label: str = ""
    members: frozenset[str] = frozenset()
    """As "suite/probe_id", as last seen open."""
    kind: str = "skill"
    state: str = "open"
    failure_rate: float | None = None
    idle_cycles: int = 0
    """Cycles in a row in which it was taught and did not improve, up to now."""
    merged_into: str = ""
    """Id of the weakness that holds its failures, where `state` is `merged`."""
    prompts: tuple[str, ...] = ()
    """Texts of its members, read only if those members are not asked any more."""

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
            merged_into=str(row.get("merged_into") or ""),
            prompts=tuple(row.get("prompts") or ()),
        )


def match_weaknesses(
    found: Sequence[Weakness],
    members: Sequence[frozenset[str]],
    previous: Sequence[Previous],
    *,
    asked: Mapping[str, str] | None = None,
) -> dict[int, Previous]:
    """Which earlier weakness each found one (by position) continues; absent means new.

    Best assignment (Hungarian method) of 0.8 member overlap + 0.2 label similarity among pairs of one kind;
    overlap is the mean of Jaccard and containment, so that a weakness that shrank, grew, split or merged is still
    itself. Format weaknesses are matched by what their label says is wrong, since their members change as answers
    do. `asked` maps every probe asked now to its text: an earlier weakness of which less than half is asked is
    known again by the TF-IDF centroid of its `prompts`.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not found or not previous:
        return {}
    earlier = sorted(previous, key=lambda one: one.id)
    scores = np.zeros((len(found), len(earlier)))
    likeness = _centroid_likeness(members, earlier, asked or {})
    for i, weakness in enumerate(found):
        for j, one in enumerate(earlier):
            if weakness.kind != one.kind:
                continue
            if weakness.kind == "format":
                scores[i, j] = float(_form(weakness.label) == _form(one.label))
            elif j in likeness:
                scores[i, j] = likeness[j][i] if likeness[j][i] >= MIN_LIKENESS else 0.0
            elif overlap := _overlap(members[i], one.members):
                scores[i, j] = MEMBER_WEIGHT * overlap + (1 - MEMBER_WEIGHT) * _alike(weakness.label, one.label)
    # pairs that are too weak to count must not decide over others through the sum
    scores = np.where(scores >= MIN_SCORE, np.round(scores, 9), 0.0)
    matched: dict[int, Previous] = {}
    for ended in (False, True):  # those still open first: what a merger swallowed must not claim its survivor
        columns = [j for j, one in enumerate(earlier) if (one.state in ENDED) is ended]
        rows = [i for i in range(len(found)) if i not in matched]
        part = scores[np.ix_(rows, columns)]
        for i, j in zip(*linear_sum_assignment(-part), strict=True):
            if part[i, j] >= (REVIVED_SCORE if earlier[columns[j]].state == "merged" else MIN_SCORE):
                matched[rows[i]] = earlier[columns[j]]
    return matched


def next_state(weakness: Weakness, previous: Previous | None) -> State:
    """What to call a weakness that was found now.

    `regressed` if it had been closed; `format_only` for the kind; `improving` if its failure rate fell by 5 points or
    more and the old rate lies above the new interval; `stuck` after two taught cycles without that; else `open`.
    """
    if previous is not None and previous.state == "closed":
        return "regressed"
    if weakness.kind == "format":
        return "format_only"
    if previous is None or previous.state == "merged":
        return "open"
    if has_fallen(previous, weakness.n, weakness.n_failures):
        return "improving"
    return "stuck" if previous.idle_cycles >= STUCK_AFTER else "open"


def has_fallen(previous: Previous, n: int, n_failures: int) -> bool:
    """Has the failure rate fallen by more than chance explains: 5 points or more, old rate above the new 90 % bound?"""
    if previous.failure_rate is None or not n:
        return False
    bound = clopper_pearson(n_failures, n, 0.90, "upper").high
    return previous.failure_rate - n_failures / n >= IMPROVED_BY and previous.failure_rate > bound


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Dice coefficient."""
    return 2 * len(first & second) / max(1, len(first) + len(second))


def _alike(first: str, second: str) -> float:
    """Dice coefficient of the labels' words."""
    one, two = set(re.findall(r"\w+", first.lower())), set(re.findall(r"\w+", second.lower()))
    return 2 * len(one & two) / (len(one) + len(two)) if one and two else 0.0


def _form(label: str) -> str:
    """`refuses`, `is cut off` or the wrong shape, as `shape` words them."""
    for word in ("refuses", "cut off"):
        if word in label:
            return word
    return "shape"


def _centroid_likeness(
    members: Sequence[frozenset[str]], earlier: Sequence[Previous], asked: Mapping[str, str]
) -> dict[int, list[float]]:
    """For each earlier weakness that is mostly not asked now: cosine of its TF-IDF centroid with each found one's."""
    gone = [j for j, one in enumerate(earlier) if one.prompts and 2 * len(one.members & asked.keys()) < len(one.members)]
    if not gone or not any(members):
        return {}
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    now = [[asked[name] for name in sorted(group) if name in asked] for group in members]
    then = [list(earlier[j].prompts) for j in gone]
    weighting = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+").fit(
        list(asked.values()) + [text for texts in then for text in texts]
    )

    def centroids(groups: Sequence[Sequence[str]]) -> np.ndarray:
        rows = [np.asarray(weighting.transform(texts or [""]).mean(axis=0)).ravel() for texts in groups]
        return np.array([row / (np.linalg.norm(row) or 1.0) for row in rows])

    cosine = centroids(then) @ centroids(now).T
    return {j: [float(value) for value in row] for j, row in zip(gone, cosine, strict=True)}
