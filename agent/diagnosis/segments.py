"""Where on the tree do outcomes change: parts in which the student is about equally good.

A merge tree, rows and passes per leaf go in, disjoint parts that cover all leaves come out. A node either has the
accuracy of what is around it or its own, and an own one has a price: the best assignment is found exactly, by dynamic
programming over a grid of accuracies. (A cut of the tree, as in the scan statistics of Kulldorff 1997, would have to pay
for every sibling on the way down to a small weakness.) Whether there is anything to find is decided by a permutation test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent.diagnosis.clustering import Tree

GRID = np.array([0.02, *np.arange(0.05, 0.96, 0.05), 0.98])
PRICE = 0.75  # times log(rows): 1.5 times BIC's price of a parameter (Schwarz 1978), as a part has a rate and a place;
# with .5 parts are too many, with 1 weak topics of 30 rows are missed (docs/decisions/0007)
PERMUTATIONS = 199
AT_ONCE = 40  # permutations; more would fill memory: 20 numbers a node and permutation
ALPHA_STRUCTURE = 0.025  # chance of reporting anything where outcomes have nothing to do with the texts; .05 gave 9 of 200


@dataclass(frozen=True)
class Levels:
    """Two levels of accuracy that explain the parts best."""

    high: float
    """What the student reaches outside of its weaknesses."""
    low: float
    weak_share: float
    """Share of rows at the low level."""


def find_parts(tree: Tree, rows: np.ndarray, passes: np.ndarray) -> list[np.ndarray]:
    """Disjoint leaf sets of equal accuracy that cover all m leaves; `rows` and `passes` have shape (m,)."""
    alone, shared = _scores(tree, rows, passes[:, None], keep=True)
    rate = int(alone[-1][0].argmax())
    part = np.zeros(len(rows), dtype=int)
    n_parts, waiting = 1, [(tree.root, rate, 0)]
    while waiting:
        node, rate, number = waiting.pop()
        if tree.left[node] < 0:
            part[node] = number
            continue
        for child in (int(tree.left[node]), int(tree.right[node])):
            if shared[child][0, rate] > alone[child][0, rate] + 1e-9:
                waiting.append((child, int(alone[child][0].argmax()), n_parts))
                n_parts += 1
            else:
                waiting.append((child, rate, number))
    return [found for number in range(n_parts) if len(found := np.flatnonzero(part == number))]


def has_structure(tree: Tree, rows: np.ndarray, passes: np.ndarray, seed: int) -> bool:
    """Permutation test at 2.5 %: do the outcomes follow the tree more than shuffled ones would?"""
    total, passed = int(rows.sum()), int(passes.sum())
    if not 0 < passed < total:
        return False
    rng = np.random.default_rng(seed)
    leaf_of_row = np.repeat(np.arange(len(rows)), rows.astype(int))
    gains = [_gain(tree, rows, passes[:, None])]
    for begin in range(0, PERMUTATIONS, AT_ONCE):
        count = min(AT_ONCE, PERMUTATIONS - begin)
        shuffled = np.empty((len(rows), count))
        for column in range(count):
            chosen = leaf_of_row[rng.permutation(total)[:passed]]
            shuffled[:, column] = np.bincount(chosen, minlength=len(rows))
        gains.append(_gain(tree, rows, shuffled))
    gain = np.concatenate(gains)
    p_value = float(np.mean(gain >= gain[0] - 1e-9))  # the observed outcomes count themselves
    return bool(gain[0] > 1e-9 and p_value <= ALPHA_STRUCTURE)


def two_levels(n: np.ndarray, k: np.ndarray) -> Levels:
    """Fit two binomial levels to parts of `n` rows with `k` passes by expectation maximisation.

    The high one is what the rest of the probes is measured against: the mean would be dragged down by the
    weaknesses themselves.
    """
    overall = float(k.sum() / n.sum())
    high, share = min(0.98, overall + 0.15), 0.3
    low = max(0.02, high - 0.4)
    for _ in range(100):
        weak = math.log(share) + k * math.log(low) + (n - k) * math.log(1 - low)
        fine = math.log(1 - share) + k * math.log(high) + (n - k) * math.log(1 - high)
        belief = 1 / (1 + np.exp(np.clip(fine - weak, -50, 50)))
        before = (high, low, share)
        share = float(np.clip(np.average(belief, weights=n), 0.02, 0.8))
        low = float(np.clip((belief * k).sum() / max((belief * n).sum(), 1e-9), 0.02, 0.98))
        high = float(np.clip(((1 - belief) * k).sum() / max(((1 - belief) * n).sum(), 1e-9), 0.02, 0.98))
        if max(abs(a - b) for a, b in zip(before, (high, low, share), strict=True)) < 1e-6:
            break
    return Levels(max(high, low), min(high, low), share)


def _scores(
    tree: Tree, rows: np.ndarray, passes: np.ndarray, *, keep: bool = False
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(alone, shared): the best log-likelihood below each node at each rate of its own, or of its surroundings.

    `passes` has shape (m, b): b sets of outcomes at once; entries have shape (b, grid). Without `keep` all but the
    root's are dropped on the way.
    """
    price = PRICE * math.log(max(float(rows.sum()), math.e))
    hit, miss = np.log(GRID), np.log(1 - GRID)
    nothing = np.zeros((0, 0))
    alone, shared = [nothing] * (tree.root + 1), [nothing] * (tree.root + 1)
    for node in range(tree.root + 1):
        left, right = int(tree.left[node]), int(tree.right[node])
        if left < 0:
            k = passes[node][:, None]
            own = k * hit + (rows[node] - k) * miss
        else:
            own = shared[left] + shared[right]
            if not keep:
                shared[left] = shared[right] = nothing
        shared[node] = np.maximum(own, own.max(axis=1, keepdims=True) - price)
        if keep or node == tree.root:
            alone[node] = own
    return alone, shared


def _gain(tree: Tree, rows: np.ndarray, passes: np.ndarray) -> np.ndarray:
    """Log-likelihood gained over one accuracy for everything, shape (b,)."""
    k = passes.sum(axis=0)[:, None]
    flat = k * np.log(GRID) + (rows.sum() - k) * np.log(1 - GRID)
    return _scores(tree, rows, passes)[0][-1].max(axis=1) - flat.max(axis=1)
