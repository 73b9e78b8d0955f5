"""The ROUGE-L pool against the package's own score on every pair."""

from __future__ import annotations

from random import Random

import pytest
from rouge_score.rouge_scorer import RougeScorer

from curricula.filters.rouge import RougePool

SCORER = RougeScorer(["rougeL"])


def brute(texts: list[str], text: str) -> float:
    return max((SCORER.score(other, text)["rougeL"].fmeasure for other in texts), default=0.0)


@pytest.mark.parametrize("floor", [0.0, 0.3, 0.7])
def test_the_pool_finds_what_comparing_with_everything_finds(floor: float) -> None:
    rng = Random(3)
    words = ["count", "the", "red", "green", "apples", "in", "a", "big", "small", "basket", "and", "the", "the"]
    texts = [" ".join(rng.choices(words, k=rng.randint(1, 12))) for _ in range(120)]
    pool = RougePool(texts)
    for _ in range(60):
        text = " ".join(rng.choices(words, k=rng.randint(1, 12)))
        best, found = brute(texts, text), pool.nearest(text, floor)
        assert found.score == (pytest.approx(best) if best > floor else 0.0)
        if found.text:
            assert SCORER.score(found.text, text)["rougeL"].fmeasure == pytest.approx(best)


def test_exactly_the_threshold_is_not_above_it() -> None:
    pool = RougePool(["a b c d e f g x y z"])
    assert pool.nearest("a b c d e f g k l m").score == 0.0, "7 of 10 words is .7, not more"
    assert pool.nearest("a b c d e f g x l m").score == pytest.approx(0.8)


def test_the_most_alike_come_best_first_and_an_empty_pool_gives_nothing() -> None:
    pool = RougePool(["how many figs", "how many figs are left", "name a color"])
    assert pool.most_alike("how many figs are gone", 2) == ["how many figs are left", "how many figs"]
    assert pool.most_alike("zebra", 2) == [] and RougePool().nearest("x").score == 0.0
    assert len(pool) == 3 and pool.nearest("...").score == 0.0
