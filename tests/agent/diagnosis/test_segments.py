"""Parts of a tree: the best assignment of accuracies, found exactly, and only where outcomes really follow the tree."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from agent.diagnosis.clustering import Tree, build_hierarchies
from agent.diagnosis.evidence import Criteria, find_regions
from agent.diagnosis.segments import GRID, PRICE, find_parts, has_structure, two_levels


def clouds(sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around as many axes as there are sizes, and the cloud of each."""
    rng = np.random.default_rng(seed)
    points = np.repeat(np.eye(len(sizes)), sizes, axis=0) + 0.08 * rng.normal(size=(sum(sizes), len(sizes)))
    return points / np.linalg.norm(points, axis=1, keepdims=True), np.repeat(np.arange(len(sizes)), sizes)


def tree_of(points: np.ndarray) -> Tree:
    return build_hierarchies(points).tree


def test_a_small_weakness_deep_in_the_tree_is_a_part_of_its_own() -> None:
    """Twelve rows among 600, nine clouds deep: it pays for itself once, not for every sibling on the way down."""
    points, cloud = clouds([60] * 9 + [48, 12])
    passes = np.where(cloud == 10, 0.0, 1.0)
    passes[np.flatnonzero(cloud != 10)[::4]] = 0.0  # three quarters right elsewhere
    parts = find_parts(tree_of(points), np.ones(600), passes)
    assert sorted(map(len, parts)) == [12, 588]
    assert set(cloud[min(parts, key=len)]) == {10}


def test_nothing_to_tell_apart_is_one_part() -> None:
    points, _ = clouds([40] * 6)
    passes = (np.arange(240) % 10 < 7).astype(float)
    assert [len(part) for part in find_parts(tree_of(points), np.ones(240), passes)] == [240]


@pytest.mark.parametrize("seed", range(6))
def test_the_parts_are_the_best_of_all_assignments(seed: int) -> None:
    """Against every choice of nodes with an accuracy of their own, on a tree of six leaves."""
    rng = np.random.default_rng(seed)
    points, _ = clouds([2, 2, 2], seed)
    rows = rng.integers(4, 30, 6).astype(float)
    passes = np.array([rng.binomial(int(n), rate) for n, rate in zip(rows, rng.choice([0.1, 0.8], 6), strict=True)], dtype=float)
    tree = tree_of(points)
    parents = {int(child): node for node in range(len(tree.left)) for child in (tree.left[node], tree.right[node]) if child >= 0}

    def value(parts: list[np.ndarray]) -> float:
        fit = sum(max(passes[p].sum() * np.log(GRID) + (rows[p] - passes[p]).sum() * np.log(1 - GRID)) for p in parts if len(p))
        return fit - PRICE * math.log(rows.sum()) * (len(parts) - 1)

    def assigned(own: set[int]) -> list[np.ndarray]:
        owner = []
        for leaf in range(6):
            node = leaf
            while node not in own and node in parents:
                node = parents[node]
            owner.append(node)
        return [np.flatnonzero(np.array(owner) == node) for node in {*own, tree.root}]

    choices = [{node for node, is_own in enumerate(flags) if is_own} for flags in product((False, True), repeat=tree.root)]
    best = max(value(assigned(own)) for own in choices)
    found = find_parts(tree, rows, passes)
    assert sorted(np.concatenate(found).tolist()) == list(range(6))
    assert value(found) == pytest.approx(best)


def test_structure_is_seen_where_it_is_and_rarely_where_it_is_not() -> None:
    points, cloud = clouds([30] * 8)
    tree, ones = tree_of(points), np.ones(240)
    alarms, hits = 0, 0
    for seed in range(60):
        rng = np.random.default_rng([1, seed])
        alarms += has_structure(tree, ones, (rng.random(240) < 0.7).astype(float), seed)
        hits += has_structure(tree, ones, (rng.random(240) < np.where(cloud == 2, 0.25, 0.75)).astype(float), seed)
    assert alarms <= 7, "5 % of 60 is 3; 8 or more happens by chance in 1 % of such tests"
    assert hits >= 54


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_passed_and_all_failed_have_no_structure(share: float) -> None:
    points, _ = clouds([10, 10])
    assert not has_structure(tree_of(points), np.ones(20), np.full(20, share), 0)


def test_the_high_level_is_not_dragged_down_by_the_weak_parts() -> None:
    n = np.array([400.0, 150, 150, 60])
    levels = two_levels(n, np.round(n * np.array([0.8, 0.2, 0.25, 0.75])))
    assert levels.high == pytest.approx(0.79, abs=0.02)
    assert levels.low == pytest.approx(0.225, abs=0.02)
    assert levels.weak_share == pytest.approx(300 / 760, abs=0.02)


def test_no_region_is_claimed_where_nothing_is_weak() -> None:
    points, _ = clouds([30] * 8)
    tree, ones = tree_of(points), np.ones(240)
    claims = 0
    for seed in range(60):
        passes = (np.random.default_rng([2, seed]).random(240) < 0.7).astype(float)
        claims += bool(find_regions(tree, points, ones, passes, seed=seed, criteria=Criteria()))
    assert claims <= 7
