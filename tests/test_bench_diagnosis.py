"""The planted benchmark itself: what it plants, how it scores, and that every method runs on it."""

from __future__ import annotations

import numpy as np
import pytest

from agent.diagnosis.clustering import build_hierarchies
from agent.diagnosis.embedding import embed_texts
from bench.clusterings import METHODS, oracle
from bench.diagnosis import measure, ours, row, table, theirs, with_everything
from bench.planted import Items, load_items, score
from tests.agent.diagnosis.questions import ask


@pytest.fixture(scope="module")
def items() -> Items:
    texts, subjects = ask(240)
    natural = np.array(subjects)
    return Items("test", texts, [""] * 240, {"natural": natural, "coarse": np.where(natural < "m", "a", "b"), "fine": natural})


def test_outcomes_follow_what_is_planted(items: Items) -> None:
    planted, correct = items.plant("natural", 3, 0.2)
    inside = np.zeros(240, dtype=bool)
    inside[np.concatenate(planted)] = True
    assert correct[inside].mean() < 0.3 and 0.55 < correct[~inside].mean() < 0.85
    again, same = items.plant("natural", 3, 0.2)
    assert np.array_equal(correct, same) and all(np.array_equal(a, b) for a, b in zip(planted, again, strict=True))
    assert not np.array_equal(correct, items.plant("natural", 4, 0.2)[1])


def test_scores_by_hand() -> None:
    found = score([np.arange(8), np.arange(20, 22)], [np.arange(10), np.arange(40, 50)], 60)
    assert (found.precision, found.recall, found.n_weaknesses) == (0.5, 0.4, 2)
    assert found.f1 == pytest.approx(2 * 0.5 * 0.4 / 0.9) and found.item_f1 == pytest.approx(2 * 8 / (10 + 20))
    assert score([], [np.arange(3)], 5).f1 == 0.0


def test_every_method_runs_and_the_oracle_is_right(items: Items) -> None:
    points = embed_texts(items.texts)
    tree = build_hierarchies(points).tree
    rows = []
    for name, find in (("ours", ours(tree, points)), ("oracle", theirs(oracle(items.labels["natural"]))),
                       *((method.__name__, theirs(method(points, 0))) for method in METHODS)):
        rows.append(row(name, "natural", 0.2, measure(find, items, "natural", 0.2, 2), 0.0, 1.0, 0.0))
    assert all(one["f1_best"] >= one["f1_chosen"] >= 0 for one in rows)
    by_name = {one["method"]: one for one in rows}
    assert by_name["oracle"]["f1_best"] == 1.0 and by_name["ours"]["f1_chosen"] > 0.8
    assert table(rows).count("\n") == len(rows)


def test_a_claim_that_says_nothing_is_shown_for_what_it_is(items: Items) -> None:
    points = embed_texts(items.texts)
    plain = theirs(oracle(items.labels["natural"]))
    full = with_everything(plain)
    before, after = (measure(find, items, "natural", 0.2, 2)[0].chosen for find in (plain, full))
    assert after.recall == 1.0 and after.item_f1 < before.item_f1
    assert len(points) == 240


def test_built_in_items_have_labels_at_every_granularity() -> None:
    items = load_items(None)
    assert len(items.texts) > 3000
    coarse, natural, fine = (len(set(items.labels[name])) for name in ("coarse", "natural", "fine"))
    assert coarse < natural < fine
