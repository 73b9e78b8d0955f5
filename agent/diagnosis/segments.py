"""Cut a tree where the outcomes say so: parts in which the student is about equally good.

A merge tree, rows and passes per leaf go in, tree nodes that cover all leaves come out. A cut must raise the Bernoulli
likelihood of the outcomes by more than BIC's price of a parameter (Schwarz 1978); whether there is anything to cut at
all is decided by a permutation test. Choosing the price by cross-validation was tried and brought nothing
(docs/decisions/0005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent.diagnosis.clustering import Tree

PERMUTATIONS = 199
ALPHA_STRUCTURE = 0.05  # chance of reporting anything where outcomes have nothing to do with the texts


@dataclass(frozen=True)
class Levels:
    """Two levels of accuracy that explain the parts best."""

    high: float
    """What the student reaches outside of its weaknesses."""
    low: float
    weak_share: float
    """Share of rows at the low level."""


def cut(tree: Tree, rows: np.ndarray, passes: np.ndarray, min_members: int) -> list[int]:
    """Nodes that together cover the tree with the best penalised likelihood, ascending.

    `rows` and `passes` have shape (m,). No part is smaller than `min_members` rows.
    """
    _, _, is_cut = _best(tree, tree.sums(rows), tree.sums(passes), _price(rows), min_members)
    found, waiting = [], [tree.root]
    while waiting:
        node = waiting.pop()
        if is_cut[node]:
            waiting += [int(tree.left[node]), int(tree.right[node])]
        else:
            found.append(node)
    return sorted(found)


def has_structure(tree: Tree, rows: np.ndarray, passes: np.ndarray, seed: int, min_members: int) -> bool:
    """Permutation test at 5 %: do the outcomes follow the tree more than shuffled ones would?"""
    total, passed = int(rows.sum()), int(passes.sum())
    if not 0 < passed < total:
        return False
    rng = np.random.default_rng(seed)
    leaf_of_row = np.repeat(np.arange(len(rows)), rows.astype(int))
    shuffled = np.empty((len(rows), PERMUTATIONS + 1))
    shuffled[:, 0] = passes
    for column in range(1, PERMUTATIONS + 1):
        chosen = leaf_of_row[rng.permutation(total)[:passed]]
        shuffled[:, column] = np.bincount(chosen, minlength=len(rows))
    n, k = tree.sums(rows), tree.sums(shuffled)
    whole, best, _ = _best(tree, n, k, _price(rows), min_members)
    gain = best[-1] - whole[-1]
    p_value = float(np.mean(gain >= gain[0] - 1e-9))  # the observed column counts itself
    return bool(gain[0] > 0 and p_value <= ALPHA_STRUCTURE)


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


def _price(rows: np.ndarray) -> float:
    return max(1.0, 0.5 * math.log(float(rows.sum())))


def _likelihood(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    rate = np.clip(k / np.maximum(n, 1e-9), 1e-9, 1 - 1e-9)
    return k * np.log(rate) + (n - k) * np.log(1 - rate)


def _best(
    tree: Tree, n: np.ndarray, k: np.ndarray, price: float, min_members: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(whole, best, is_cut): score of each node left whole, of its best cut, and whether that is more than one part.

    `k` may have shape (2m-1, b): b sets of outcomes at once.
    """
    sizes = n if k.ndim == 1 else n[:, None]
    whole = _likelihood(sizes, k) - price
    best = whole.copy()
    is_cut = np.zeros(best.shape, dtype=bool)
    for node in range(len(tree.order), len(n)):
        left, right = tree.left[node], tree.right[node]
        if n[left] < min_members or n[right] < min_members:
            continue
        parts = best[left] + best[right]
        is_cut[node] = parts > whole[node]
        best[node] = np.where(is_cut[node], parts, whole[node])
    return whole, best, is_cut
