"""The outline: readable, complete in its weaknesses, the same in any order."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from agent.diagnosis import diagnose
from agent.diagnosis.clustering import Tree
from agent.diagnosis.find import analyse
from agent.diagnosis.outline import MAX_GROUPS, MOST, ROOT_LABEL, Mark, OutlineNode, outline, outline_rows
from agent.statistics.intervals import clopper_pearson
from agent.student.contract import Sample
from probes.suite import Probe
from tests.agent.diagnosis.questions import answer, ask

TOPICS = ("weekday", "plural noun", "capital city", "paint color", "rhyming word", "roman numeral", "minute hour", "larger sum")
ROMAN = list(range(40, 48))


def tree_of(merges: list[tuple[int, int]], n_leaves: int) -> Tree:
    """Merges as scipy lists them: the i-th makes node n_leaves + i."""
    left, right = [-1] * n_leaves, [-1] * n_leaves
    for first, second in merges:
        left.append(first)
        right.append(second)
    order: list[int] = []
    start, stop = [0] * len(left), [0] * len(left)

    def walk(node: int) -> None:
        start[node] = len(order)
        if left[node] < 0:
            order.append(node)
        else:
            walk(left[node])
            walk(right[node])
        stop[node] = len(order)

    walk(len(left) - 1)
    return Tree(*(np.array(values) for values in (left, right, start, stop, order)))


def eight_topics() -> tuple[Tree, list[str], np.ndarray, np.ndarray]:
    """64 leaves, 8 of each topic, three rows each; topics pair up, then pairs merge. Roman numerals always fail."""
    merges, tops, node = [], [], 64
    for topic in range(8):
        top = 8 * topic
        for leaf in range(8 * topic + 1, 8 * topic + 8):
            merges.append((top, leaf))
            top, node = node, node + 1
        tops.append(top)
    while len(tops) > 1:
        merges.append((tops[0], tops[1]))
        tops, node = [*tops[2:], node], node + 1
    texts = [f"{TOPICS[leaf // 8]} {leaf}" for leaf in range(64)]
    passes = np.array([0 if leaf in ROMAN else 3 if leaf % 8 else 3 - leaf // 8 % 3 for leaf in range(64)])
    return tree_of(merges, 64), texts, np.full(64, 3), passes


def mark(leaves: list[int], n_leaves: int = 64, rows: int = 3, **more: object) -> Mark:
    counts = np.zeros(n_leaves, dtype=int)
    counts[leaves] = rows
    return Mark(**{"id": "W1", "label": "weak spot", "n_failures": rows * len(leaves), "rows": counts, **more})  # type: ignore[arg-type]


def bare(nodes: tuple[OutlineNode, ...]) -> list[OutlineNode]:
    """Without the numbers in reading order, as a set would see them."""
    labels = {node.id: node.label for node in nodes}
    return sorted((replace(node, id="", parent=labels.get(node.parent or "")) for node in nodes), key=str)


def check_structure(nodes: tuple[OutlineNode, ...], n: int) -> None:
    by_id = {node.id: node for node in nodes}
    assert nodes[0].parent is None and nodes[0].n == n and nodes[0].label == ROOT_LABEL
    assert [node.id for node in nodes] == [f"N{number}" for number in range(1, len(nodes) + 1)]
    for node in nodes[1:]:
        above = by_id[node.parent or ""]
        assert node.depth == above.depth + 1 and int(above.id[1:]) < int(node.id[1:])
        inner = any(other.parent == node.id and not other.weakness for other in nodes)
        assert node.weakness or not inner or node.n <= MOST * above.n, "a plain part that says nothing new was kept"
    for node in nodes:
        bounds = clopper_pearson(node.n - node.n_failures, node.n)
        assert node.accuracy == 1 - node.n_failures / node.n and (node.ci_low, node.ci_high) == (bounds.low, bounds.high)
        siblings = [other.label for other in nodes if other.parent == node.parent]
        assert len(set(siblings)) == len(siblings)


def test_groups_are_named_after_what_sets_them_apart() -> None:
    nodes = outline(*eight_topics())
    check_structure(nodes, 192)
    for topic in TOPICS:
        assert [node for node in nodes if topic in node.label and node.n == 24], topic
    worst = next(node for node in nodes if "roman numeral" in node.label and node.n == 24)
    assert worst.n_failures == 24 and worst.accuracy == 0
    first = [node for node in nodes if node.depth == 1]
    assert first == sorted(first, key=lambda node: -node.n_failures), "most failures first"


def test_small_nodes_are_folded_and_chains_collapse() -> None:
    tree, texts, rows, passes = eight_topics()
    nodes = outline(tree, texts, rows, passes)
    assert min(node.n for node in nodes) >= 5
    counts = [sum(other.parent == node.id for other in nodes) for node in nodes]
    assert 1 not in counts, "a single child repeats its parent"


@pytest.mark.parametrize("shape", ["caterpillar", "random", "balanced"])
def test_a_large_tree_stays_readable(shape: str) -> None:
    rng, n_leaves = Random(3), 1024
    open_nodes, merges = list(range(n_leaves)), []
    for node in range(n_leaves, 2 * n_leaves - 1):
        first = open_nodes.pop({"caterpillar": -1, "balanced": 0, "random": rng.randrange(len(open_nodes))}[shape])
        second = open_nodes.pop(0 if shape == "balanced" else rng.randrange(len(open_nodes)))
        merges.append((first, second))
        open_nodes.append(node)
    import sys

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)  # for `tree_of`, not for the outline
    try:
        tree = tree_of(merges, n_leaves)
    finally:
        sys.setrecursionlimit(limit)
    rows = np.array([3 if shape == "balanced" else rng.randint(1, 5) for _ in range(n_leaves)])
    passes = np.array([rng.randint(0, n) for n in rows.tolist()])
    spots = [mark(rng.sample(range(n_leaves), 20), n_leaves, 1, id=f"W{i}", label=f"weak {i}") for i in range(12)]
    nodes = outline(tree, [f"text {i % 7}" for i in range(n_leaves)], rows, passes, spots)
    check_structure(nodes, int(rows.sum()))
    assert len(nodes) <= 2 * MAX_GROUPS - 1 + len(spots) and max(node.depth for node in nodes) <= 11
    assert sorted(node.weakness for node in nodes if node.weakness) == sorted(spot.id for spot in spots)


def test_a_weakness_that_is_a_node_names_it() -> None:
    nodes = outline(*eight_topics(), [mark(ROMAN)])
    weak = [node for node in nodes if node.weakness]
    assert [(node.label, node.n, node.n_failures) for node in weak] == [("weak spot", 24, 24)]
    assert not [node for node in nodes if "roman" in node.label and node.n == 24], "the group and the weakness are one line"


def test_a_weakness_across_nodes_hangs_beneath_the_smallest_that_holds_most_of_it() -> None:
    leaves = [0, 4, 7, 8]  # three of one topic, one of another
    nodes = outline(*eight_topics(), [mark(leaves)])
    weak = next(node for node in nodes if node.weakness)
    above = next(node for node in nodes if node.id == weak.parent)
    assert "weekday" in above.label and above.n == 24 and (weak.n, weak.n_failures) == (12, 12)


def test_a_weakness_smaller_than_what_is_folded_is_shown() -> None:
    tree, texts, rows, passes = eight_topics()
    rows, passes = 100 * rows, 100 * passes
    rows[30], passes[30] = 5, 0
    for rows_of_it, label in ((5, "weak spot"), (4, "weak spot"), (1, "weak spot")):  # a leaf, nearly one, hardly
        nodes = outline(tree, texts, rows, passes, [mark([30], rows=rows_of_it)])
        assert min(node.n for node in nodes if not node.weakness) >= 189
        assert [(node.weakness, node.n, node.label) for node in nodes if node.n < 189] == [("W1", rows_of_it, label)]
        assert "paint color" in next(above.label for above in nodes for node in nodes if node.weakness and above.id == node.parent)


def test_failures_of_form_are_no_node_even_where_they_are_all_of_it() -> None:
    nodes = outline(*eight_topics(), [mark(list(range(64)), n_failures=190, is_skill=False, label="answer format")])
    assert nodes[0].weakness == "" and nodes[0].label == ROOT_LABEL
    assert nodes[1].label == "answer format" and nodes[1].parent == "N1" and nodes[1].n_failures == 190


def test_nearly_everything_weak_hangs_beneath_the_root() -> None:
    nodes = outline(*eight_topics(), [mark(list(range(62)), n_failures=100)])
    assert (nodes[0].weakness, nodes[0].n) == ("", 192) and (nodes[1].weakness, nodes[1].n, nodes[1].depth) == ("W1", 186, 1)


def test_everything_weak_is_the_root() -> None:
    nodes = outline(*eight_topics(), [mark(list(range(64)), n_failures=100)])
    assert (nodes[0].weakness, nodes[0].label, nodes[0].n_failures) == ("W1", ROOT_LABEL, 100)


def test_leaf_numbers_and_the_sides_of_the_tree_do_not_matter() -> None:
    tree, texts, rows, passes = eight_topics()
    weak = [mark(ROMAN), mark([0, 4, 7, 8], id="W2", label="other spot")]
    expected = bare(outline(tree, texts, rows, passes, weak))
    new = Random(1).sample(range(64), 64)  # leaf i is called new[i] now
    old = np.argsort(new)
    name = [*new, *range(64, 127)]
    merges = [(name[int(tree.right[node])], name[int(tree.left[node])]) for node in range(64, 127)]
    again = outline(tree_of(merges, 64), [texts[i] for i in old], rows[old], passes[old], [replace(one, rows=one.rows[old]) for one in weak])
    assert bare(again) == expected


def test_rows_in_any_order_give_the_same_outline() -> None:
    texts, subjects = ask(160)
    correct = answer(subjects, {"roman": 0.0, "rhyme": 0.1})
    first = analyse(texts, correct)
    check_structure(first.outline, 160)
    assert {node.weakness for node in first.outline if node.weakness} == {one.id for one in first.weaknesses} != set()
    shuffled = Random(2).sample(range(160), 160)
    assert analyse([texts[i] for i in shuffled], [correct[i] for i in shuffled]).outline == first.outline


def test_identical_texts_still_get_names_of_their_own() -> None:
    tree, _, rows, passes = eight_topics()
    check_structure(outline(tree, ["the same"] * 64, rows, passes), 192)


def test_a_leaf_of_many_texts_is_named_the_same_in_any_order() -> None:
    texts = ["apple tree", "zebra horse", "apple tree", "zebra foal"] * 10
    leaf = np.array([0, 1, 0, 1] * 10)
    tree = tree_of([(0, 1)], 2)
    forward = outline_rows(tree, texts, leaf, np.ones(40), [])
    assert [node.label for node in forward[1:]] == ["apple tree", "zebra foal"]
    assert outline_rows(tree, texts[::-1], leaf[::-1], np.ones(40), []) == forward


def test_without_rows_or_without_a_tree_there_is_an_answer() -> None:
    assert outline_rows(None, [], np.zeros(0), np.zeros(0), []) == ()
    assert analyse([], []).outline == ()
    only = analyse(["a", "b", "c"], [True, True, True]).outline
    assert [(node.label, node.n, node.accuracy) for node in only] == [(ROOT_LABEL, 3, 1.0)]


def test_ids_are_the_lasting_ones() -> None:
    texts, subjects = ask(160)
    right = answer(subjects, {"roman": 0.0, "rhyme": 0.1})
    probes = [Probe("s", f"p{i}", text, "x") for i, text in enumerate(texts)]
    samples = [Sample("s", f"p{i}", "x" if ok else "no", float(ok), float(ok)) for i, ok in enumerate(right)]
    first = diagnose(probes, samples)
    previous = [{"id": f"Wfff{i:03d}", "label": one.label, "members": first.member_ids(one, probes)} for i, one in enumerate(first.weaknesses)]
    again = diagnose(probes, samples, previous=previous)
    assert {node.weakness for node in again.outline if node.weakness} == {one["id"] for one in previous} != set()
