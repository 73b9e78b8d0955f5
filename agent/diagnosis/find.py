"""Find what the student is bad at.

Scored samples go in, weaknesses come out. A weakness is a region of the probes where failures are denser than around
it, with an interval to prove it. What no evidence separates stays together; what belongs nowhere stays out. The
same rows and seed give the same weaknesses, in any row order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from agent.diagnosis import shape
from agent.diagnosis.clustering import Hierarchies, build_hierarchies, stability
from agent.diagnosis.embedding import clean_texts, embed_texts, map_coordinates, strip_boilerplate
from agent.diagnosis.evidence import Criteria, Region, find_regions
from agent.diagnosis.labels import class_terms, majority_hint, make_labels, medoid_rows
from agent.diagnosis.outline import OutlineNode, outline_rows
from agent.diagnosis.phrases import texts_to_embed
from agent.diagnosis.weakness import Weakness, weakness_id
from agent.statistics.intervals import clopper_pearson

MAX_LEAVES = 8_000  # distinct rows in a tree; beyond, the rest joins its nearest of a sample (trees cost their square)


@dataclass(frozen=True)
class Finding:
    """Weaknesses with what was computed on the way."""

    weaknesses: list[Weakness]
    coordinates: np.ndarray
    """Shape (n, 2): each row's place on the map."""
    outline: tuple[OutlineNode, ...] = ()
    """The hierarchy with accuracies, for people; the root alone where none was built."""


def find_weaknesses(
    texts: Sequence[Any],
    correct: Sequence[Any],
    *,
    metadata: Sequence[Mapping[str, Any]] | None = None,
    seed: int = 0,
) -> list[Weakness]:
    """Group failures into weaknesses, worst first: format before skill, then by failures above the target.

    `texts` (n strings; None and NaN count as empty) and `correct` (n truth values; None and NaN count as failed)
    are parallel, and so is `metadata`, whose keys `suite`, `task` (features, and part of the label), `skill`
    (label only), `failure_type`, `answer`, `gold` and `phrase` (what is embedded instead of the text, where nearly all
    rows have one) are read where present. A failure typed `format` is
    evidence for the format weakness, and counts as a pass of skill. Fewer than 5 failures give an empty list:
    that is success.

    Raises:
        ValueError: lengths differ.
    """
    return analyse(texts, correct, metadata=metadata, seed=seed).weaknesses


def analyse(
    texts: Sequence[Any],
    correct: Sequence[Any],
    *,
    metadata: Sequence[Mapping[str, Any]] | None = None,
    seed: int = 0,
    criteria: Criteria | None = None,
) -> Finding:
    """`find_weaknesses` with the map, and with criteria that a user may have set.

    Raises:
        ValueError: lengths differ.
    """
    if len(texts) != len(correct) or (metadata is not None and len(metadata) != len(texts)):
        raise ValueError(
            f"texts ({len(texts)}), correct ({len(correct)}) and metadata "
            f"({'none' if metadata is None else len(metadata)}) must be parallel"
        )
    criteria = criteria or Criteria()
    rows = _Rows.of(texts, correct, metadata)
    if not rows.texts:
        return Finding([], np.zeros((0, 2)))
    if rows.is_passed.all():
        whole = outline_rows(None, rows.texts, np.zeros(len(rows.texts)), rows.has_skill, [])
        return Finding([], map_coordinates(rows.texts, seed), whole)
    leaves = _Leaves.of(rows)
    points = leaves.places
    coordinates = map_coordinates(rows.texts, seed, points=leaves.map_places(rows.texts, rows.tags, rows.embedded))
    form = shape.form_weaknesses(
        rows.types, rows.is_passed.tolist(), rows.answers, rows.golds, criteria.min_members
    )
    formed = {row for group in form for row in group.failures if group.is_set_aside}
    hierarchies, regions = None, []
    if (~rows.has_skill).sum() >= criteria.min_members:
        hierarchies = build_hierarchies(leaves.points)
        counted = np.array([row not in formed for row in range(len(rows.texts))])
        n = np.bincount(leaves.of_row, weights=counted, minlength=len(leaves.points))
        k = np.bincount(leaves.of_row, weights=counted & rows.has_skill, minlength=len(leaves.points))
        regions = find_regions(hierarchies.tree, leaves.points, n, k, seed=seed, criteria=criteria)
    regions.sort(key=lambda region: (region.passes - region.n * region.target, int(region.leaves.min())))
    found = _format_weaknesses(form, rows, points, coordinates)
    if hierarchies is not None:
        found += _skill_weaknesses(regions, hierarchies, leaves, rows, formed, points, coordinates)
    tree = hierarchies.tree if hierarchies else None
    lines = outline_rows(tree, strip_boilerplate(rows.embedded), leaves.of_row, rows.has_skill, found)
    return Finding(found, coordinates, lines)


@dataclass(frozen=True)
class _Rows:
    """The input, cleaned, in the caller's order."""

    texts: list[str]
    embedded: list[str]
    """What is clustered and named: capability phrases where the set has them, else `texts`."""
    is_passed: np.ndarray
    has_skill: np.ndarray
    """Passed, or failed by format alone."""
    types: list[str]
    answers: list[str]
    golds: list[str]
    tags: list[str]
    """Suite and task: a feature."""
    hints: list[list[str]]
    """Per hint field (skill, task, suite): each row's value."""

    @classmethod
    def of(
        cls, texts: Sequence[Any], correct: Sequence[Any], metadata: Sequence[Mapping[str, Any]] | None
    ) -> _Rows:
        info = [dict(entry or {}) for entry in metadata] if metadata is not None else [{} for _ in texts]
        passed = np.array([_truth(value) for value in correct], dtype=bool)
        types = [
            "" if ok else str(entry.get("failure_type") or "") for ok, entry in zip(passed, info, strict=True)
        ]

        def column(name: str) -> list[str]:
            return [str(entry[name]) if entry.get(name) is not None else "" for entry in info]

        cleaned = clean_texts(texts)
        return cls(
            texts=cleaned,
            embedded=texts_to_embed(cleaned, info),
            is_passed=passed,
            has_skill=passed | np.array([kind == "format" for kind in types], dtype=bool),
            types=types,
            answers=column("answer"),
            golds=column("gold"),
            tags=[f"{suite} {task}" for suite, task in zip(column("suite"), column("task"), strict=True)],
            hints=[column(name) for name in ("skill", "task", "suite")],
        )


@dataclass(frozen=True)
class _Leaves:
    """Distinct rows: equal texts must not be told apart, so they share one leaf, whatever their outcome."""

    points: np.ndarray
    """Shape (m, d), in an order that depends on content alone."""
    of_row: np.ndarray
    """Shape (n,): the leaf of each row."""
    places: np.ndarray
    """Shape (n, d): each row's own vector; that of its leaf unless leaves are a sample."""

    @classmethod
    def of(cls, rows: _Rows) -> _Leaves:
        named = list(zip(rows.embedded, rows.tags, strict=True))
        golds: dict[tuple[str, str], str] = {}
        for key, gold in zip(named, rows.golds, strict=True):
            golds[key] = min(gold, golds.get(key, gold))
        keys = sorted(golds)
        number = {key: index for index, key in enumerate(keys)}
        of_row = np.array([number[key] for key in named])
        points = embed_texts(
            [text for text, _ in keys],
            [tag for _, tag in keys],
            [golds[key] for key in keys] if rows.embedded == rows.texts else None,  # a phrase has no numbers
        )
        if len(keys) <= MAX_LEAVES:
            return cls(points, of_row, points[of_row])
        from sklearn.neighbors import NearestNeighbors

        sample = np.sort(np.random.default_rng(0).choice(len(keys), MAX_LEAVES, replace=False))
        nearest = NearestNeighbors(n_neighbors=1).fit(points[sample]).kneighbors(points, return_distance=False)[:, 0]
        nearest[sample] = np.arange(MAX_LEAVES)
        return cls(points[sample], nearest[of_row], points[of_row])

    def map_places(self, texts: Sequence[str], tags: Sequence[str], embedded: Sequence[str]) -> np.ndarray:
        """`places`, but one for all rows of a text: that of its first phrase and tag in the alphabet."""
        first: dict[str, int] = {}
        for row in sorted(range(len(texts)), key=lambda row: (embedded[row], tags[row])):
            first.setdefault(texts[row], row)
        return self.places[[first[text] for text in texts]]


def _truth(value: Any) -> bool:
    """Passed? None and NaN are not; a score of less than 1 is not."""
    if value is None or value != value:
        return False
    return float(value) >= 1 if isinstance(value, Real) else bool(value)


def _format_weaknesses(
    form: list[shape.FormFailure], rows: _Rows, points: np.ndarray, coordinates: np.ndarray
) -> list[Weakness]:
    return [
        _weakness(
            label=group.label,
            keywords=group.keywords,
            members=group.members,
            failures=group.failures,
            p_value=group.p_value,
            stability_=1.0,  # found by type, not by clustering
            kind="format",
            rows=rows,
            points=points,
            coordinates=coordinates,
        )
        for group in form
    ]


def _skill_weaknesses(
    regions: list[Region],
    hierarchies: Hierarchies,
    leaves: _Leaves,
    rows: _Rows,
    formed: set[int],
    points: np.ndarray,
    coordinates: np.ndarray,
) -> list[Weakness]:
    weights = np.bincount(leaves.of_row, minlength=len(leaves.points)).astype(float)
    members = []
    for region in regions:
        chosen = np.isin(leaves.of_row, region.leaves)
        members.append([row for row in np.flatnonzero(chosen).tolist() if row not in formed])
    keywords = class_terms(strip_boilerplate(rows.embedded), members)
    hints = [
        next(filter(None, (majority_hint(values, group) for values in rows.hints)), "") for group in members
    ]
    labels = make_labels(keywords, hints)
    return [
        _weakness(
            label=labels[i],
            keywords=keywords[i],
            members=tuple(members[i]),
            failures=tuple(row for row in members[i] if not rows.has_skill[row]),
            p_value=region.p_value,
            stability_=stability(region.leaves, weights, hierarchies.others),
            kind="skill",
            rows=rows,
            points=points,
            coordinates=coordinates,
        )
        for i, region in enumerate(regions)
    ]


def _weakness(
    *,
    label: str,
    keywords: tuple[str, ...],
    members: tuple[int, ...],
    failures: tuple[int, ...],
    p_value: float,
    stability_: float,
    kind: Any,
    rows: _Rows,
    points: np.ndarray,
    coordinates: np.ndarray,
) -> Weakness:
    n, failed = len(members), len(failures)
    bounds = clopper_pearson(failed, n)
    passes = rows.is_passed if kind == "format" else rows.has_skill
    overall = float(np.mean(~passes))
    middle = (
        np.sort(coordinates[list(failures)], axis=0).mean(axis=0).round(4)
    )  # sorted: sums depend on order
    return Weakness(
        id=weakness_id(kind, (rows.texts[row] for row in members) if kind == "skill" else [label]),
        label=label,
        keywords=keywords,
        members=members,
        failures=failures,
        n=n,
        n_failures=failed,
        failure_rate=failed / n,
        ci_low=bounds.low,
        ci_high=bounds.high,
        lift=(failed / n) / overall if overall else 1.0,
        p_value=p_value,
        medoids=medoid_rows(points, rows.texts, failures),
        stability=stability_,
        coordinates=(float(middle[0]), float(middle[1])),
        kind=kind,
        failure_types=dict(sorted(Counter(rows.types[row] for row in failures if rows.types[row]).items())),
    )
