"""The hierarchy as a reader wants it: a few dozen named regions with their accuracy, weaknesses in their place.

A merge tree over thousands of leaves goes in, at most about 60 nodes come out, in reading order. The one thing to
know: a node's accuracy counts skill (a right answer in the wrong shape is right), a weakness carries its own
numbers, so a format weakness may be worse than the node it hangs under.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from agent.diagnosis.clustering import Tree
from agent.diagnosis.labels import LABEL_TERMS, class_terms
from agent.diagnosis.weakness import Weakness
from agent.statistics.intervals import clopper_pearson

MAX_GROUPS = 30  # nodes without children: with those above them at most 59, two screens
MIN_ROWS = 5  # like a weakness; fewer have an interval as wide as the scale
MIN_SHARE = 0.01  # of all rows
OPENED_FROM = 4  # times the smallest node: parts of fewer rows have intervals too wide to differ
SAME_REGION = 0.8  # Jaccard overlap from which a node and a weakness are one line, not two
MOST = 0.5  # a part with more of its parent than this says nothing new: its own parts take its place
LABEL_LEAVES = 400  # texts that one node's labels are taken from: 4,000 texts of 80 words take 2.4 s, with all of them 5.3 s
MIN_LABEL_TEXTS = 20  # of a small part
ROOT_LABEL = "all probes"
MIXED = "mixed questions"


@dataclass(frozen=True)
class OutlineNode:
    """One line of the outline. Shares and bounds lie between 0 and 1."""

    id: str
    """`N` and its number in reading order, from `N1`, the root."""
    parent: str | None
    label: str
    """Unique among its siblings: a weakness's own label, or what its texts say more often than the rest of the parent."""
    n: int
    n_failures: int
    accuracy: float
    ci_low: float
    """95 % Clopper-Pearson interval of the accuracy."""
    ci_high: float
    weakness: str
    """Id of the weakness that this node is; "" for the others."""
    depth: int
    """0 at the root."""


@dataclass(frozen=True)
class Mark:
    """A found weakness, as rows per leaf."""

    id: str
    label: str
    n_failures: int
    rows: np.ndarray
    """Shape (m,): how many of each leaf's rows belong to it."""
    is_skill: bool = True
    """Failures of form are counted otherwise than a node's, so they never are a node themselves."""


def outline_rows(
    tree: Tree | None,
    texts: Sequence[str],
    of_leaf: np.ndarray,
    is_passed: np.ndarray,
    weaknesses: Sequence[Weakness],
) -> tuple[OutlineNode, ...]:
    """`outline` for rows (n) that each belong to a leaf; without a tree, the root and the weaknesses.

    `texts` are best free of shared boilerplate; a leaf is named after the first of its texts by alphabet, so that the
    order of rows changes nothing.
    """
    if not len(texts):
        return ()
    if tree is None:
        tree = Tree(np.array([-1]), np.array([-1]), np.array([0]), np.array([1]), np.array([0]))
        of_leaf = np.zeros(len(texts), dtype=int)
    n_leaves = len(tree.order)
    named = [""] * n_leaves
    for leaf, text in sorted(zip(of_leaf.tolist(), texts, strict=True), reverse=True):
        named[leaf] = text
    return outline(
        tree,
        named,
        np.bincount(of_leaf, minlength=n_leaves),
        np.bincount(of_leaf, weights=is_passed, minlength=n_leaves),
        [
            Mark(
                one.id,
                one.label,
                one.n_failures,
                np.bincount(of_leaf[list(one.members)], minlength=n_leaves),
                one.kind == "skill",
            )
            for one in weaknesses
        ],
    )


def outline(
    tree: Tree, texts: Sequence[str], rows: np.ndarray, passes: np.ndarray, weaknesses: Sequence[Mark] = ()
) -> tuple[OutlineNode, ...]:
    """The tree cut down to what can be read, in reading order: parents before children, worst siblings first.

    `texts`, `rows` and `passes` (m,) are one text, the number of rows and of passed rows per leaf. Nodes below
    max(5, 1 % of the rows) are folded into their parent, chains of single children collapse, and a part with more
    than half of its parent gives way to its own parts. Of nodes four times as large, those are opened first below
    which accuracies differ most. A skill weakness is the node that it overlaps by 80 %, else it hangs beneath the
    smallest node that holds most of it (and is no smaller); every one is shown. The root is a weakness only where that is everything.
    """
    if not rows.sum():
        return ()
    cut = _Cut(tree, rows, passes, weaknesses)
    return tuple(_lines(cut, texts, cut.root, None, ROOT_LABEL, 0, count(1)))


class _Cut:
    """What is shown of a tree. Arrays have one entry per node, `opened` are the nodes whose parts are shown."""

    def __init__(self, tree: Tree, rows: np.ndarray, passes: np.ndarray, marks: Sequence[Mark]) -> None:
        self.tree = tree
        self.root = len(tree.left) - 1
        self.n, self.k = tree.sums(rows), tree.sums(passes)
        self.minimum = max(MIN_ROWS, MIN_SHARE * self.n[self.root])
        self.first = np.arange(len(self.n))  # lowest leaf below: breaks ties by content
        for node in self._inner():
            self.first[node] = min(self.first[tree.left[node]], self.first[tree.right[node]])
        self.own: dict[int, Mark] = {}
        loose = self._place(marks)
        self.needed = np.zeros(len(self.n), dtype=bool)  # on the way to a weakness
        wanted = [*self.own, *(self._holder(mark, self.n >= self.minimum) for mark in loose)]
        self.needed[wanted] = True
        for node in self._inner():
            self.needed[node] |= self.needed[tree.left[node]] | self.needed[tree.right[node]]
        self.opened = self._open()
        shown = np.zeros(len(self.n), dtype=bool)
        pending = [self.root]
        while pending:
            shown[pending] = True
            pending = [child for node in pending for child in self.children(node)]
        self.hanging: dict[int, list[Mark]] = {}
        for mark in sorted(loose, key=lambda one: (-one.n_failures, one.label)):
            self.hanging.setdefault(self._holder(mark, shown), []).append(mark)

    def children(self, node: int) -> list[int]:
        """The parts shown below a node, those with most failures first."""
        parts = self._parts(node) if node in self.opened else []
        while large := [
            part
            for part in parts
            if part in self.opened and part not in self.own and self.n[part] > MOST * self.n[node]
        ]:
            parts = [part for part in parts if part != large[0]] + self._parts(large[0])
        return sorted(parts, key=lambda part: (self.k[part] - self.n[part], -self.n[part], self.first[part]))

    def _inner(self) -> range:
        """Nodes that are no leaves, children before parents."""
        return range(len(self.tree.order), len(self.tree.left))

    def _place(self, marks: Sequence[Mark]) -> list[Mark]:
        """Give weaknesses that are a node of the tree to that node; the others come back."""
        loose = []
        for mark in marks:
            common = self.tree.sums(mark.rows)
            overlap = np.round(common / np.maximum(mark.rows.sum() + self.n - common, 1), 9)
            best = min(range(len(overlap)), key=lambda node: (-overlap[node], self.n[node], self.first[node]))
            needed = 1.0 if best == self.root else SAME_REGION  # the root stays what it is: all rows
            if mark.is_skill and overlap[best] >= needed and best not in self.own:
                self.own[best] = mark
            else:
                loose.append(mark)
        return loose

    def _holder(self, mark: Mark, among: np.ndarray) -> int:
        """The smallest of some nodes that holds most of a weakness and is not smaller; the root holds all of it."""
        size = mark.rows.sum()
        holds = among & (self.n >= size) & (self.tree.sums(mark.rows) > MOST * size)
        holds[self.root] = True
        return min(np.flatnonzero(holds).tolist(), key=lambda node: (self.n[node], self.first[node]))

    def _parts(self, node: int) -> list[int]:
        """What a node falls into: its children, without small ones, a single child replaced by its own parts."""
        parts: list[int] = []
        pending = [node]
        while pending:
            at = pending.pop()
            below = [] if self.tree.left[at] < 0 else [int(self.tree.left[at]), int(self.tree.right[at])]
            below = [child for child in below if self.n[child] >= self.minimum or self.needed[child]]
            for child in below:
                is_passage = len(below) == 1 or self.n[child] < self.minimum
                (pending if is_passage and child not in self.own else parts).append(child)
        return parts

    def _open(self) -> set[int]:
        """Nodes to open: all on the way to a weakness, then those below which accuracies differ most."""
        differences = self._differences()
        opened: set[int] = set()
        queue: list[tuple[bool, float, float, int, int]] = []
        n_groups, shown = 1, [self.root]
        while shown or queue:
            for node in shown:
                parts = self._parts(node)
                is_free = not any(self.needed[part] for part in parts)
                if parts and (not is_free or self.n[node] >= OPENED_FROM * self.minimum):
                    place = (is_free, -differences[node], -self.n[node], int(self.first[node]), node)
                    heapq.heappush(queue, place)
            shown = []
            if not queue:
                break
            is_free, *_, node = heapq.heappop(queue)
            parts = self._parts(node)
            if not is_free or n_groups + len(parts) - 1 <= MAX_GROUPS:
                opened.add(node)
                n_groups += len(parts) - 1
                shown = parts
        return opened

    def _differences(self) -> np.ndarray:
        """Log-likelihood that is gained if every part below a node has an accuracy of its own."""
        from scipy.special import xlogy

        n, k = self.n, self.k
        fit = xlogy(k, k / np.maximum(n, 1)) + xlogy(n - k, (n - k) / np.maximum(n, 1))
        gained = np.zeros(len(n))
        for node in self._inner():
            left, right = self.tree.left[node], self.tree.right[node]
            gained[node] = gained[left] + gained[right]
            if min(n[left], n[right]) >= self.minimum:
                gained[node] += fit[left] + fit[right] - fit[node]
        return np.round(gained, 9)


def _lines(
    cut: _Cut, texts: Sequence[str], node: int, parent: str | None, label: str, depth: int, number: Iterator[int]
) -> Iterator[OutlineNode]:
    """A node and everything shown below it; at most log2(rows) deep, because no plain part holds most of its parent."""
    n, failed = round(cut.n[node]), round(cut.n[node] - cut.k[node])
    own = _line(f"N{next(number)}", parent, label, n, failed, depth, cut.own.get(node))
    yield own
    hanging = cut.hanging.get(node, [])
    for mark in hanging:
        yield _line(f"N{next(number)}", own.id, mark.label, 0, 0, depth + 1, mark)
    parts = cut.children(node)
    labels = _labels(cut, texts, node, parts, [mark.label for mark in hanging])
    for part, name in zip(parts, labels, strict=True):
        yield from _lines(cut, texts, part, own.id, name, depth + 1, number)


def _line(
    name: str, parent: str | None, label: str, n: int, failed: int, depth: int, mark: Mark | None
) -> OutlineNode:
    """A weakness speaks with its own numbers, so that they are those of every other table."""
    if mark is not None:
        label, n, failed = mark.label if parent else label, int(mark.rows.sum()), mark.n_failures
    bounds = clopper_pearson(n - failed, n)
    weakness = mark.id if mark else ""
    return OutlineNode(name, parent, label, n, failed, 1 - failed / n, bounds.low, bounds.high, weakness, depth)


def _labels(cut: _Cut, texts: Sequence[str], node: int, parts: list[int], taken: list[str]) -> list[str]:
    """A name for each part: what its texts say more often than the others below the same node."""
    if not parts:
        return []
    leaves = np.sort(cut.tree.leaves(node))
    step = math.ceil(len(leaves) / LABEL_LEAVES)
    chosen = leaves[::step] if step > 1 else leaves
    groups = []
    for part in parts:
        own = np.sort(cut.tree.leaves(part))
        groups.append(own[:: min(step, max(1, len(own) // MIN_LABEL_TEXTS))])
    chosen = np.unique(np.concatenate([chosen, *groups]))
    at = {leaf: index for index, leaf in enumerate(chosen.tolist())}
    terms = class_terms(
        [texts[leaf] for leaf in chosen], [[at[leaf] for leaf in group.tolist()] for group in groups]
    )
    used = {*taken, *(cut.own[part].label for part in parts if part in cut.own)}
    labels = []
    for part, words in zip(parts, terms, strict=True):
        if part in cut.own:
            labels.append(cut.own[part].label)
            continue
        choices = [", ".join(words[:length]) for length in range(LABEL_TERMS, len(words) + 1)]
        plain = choices[0] if choices else ", ".join(words) or MIXED
        choices = [*choices, plain, *(f"{plain} ({twin})" for twin in range(2, len(parts) + len(used) + 3))]
        labels.append(next(choice for choice in choices if choice not in used))
        used.add(labels[-1])
    return labels
