"""How long silence is taken for work: by what is known of the answers, and by who waits."""

from __future__ import annotations

import random

import pytest

from agent.teacher.patience import LEAST_S, Patience


def known(n: int, seconds: float = 10.0) -> Patience:
    patience = Patience()
    for _ in range(n):
        patience.answered("kind", seconds)
    return patience


@pytest.mark.parametrize(("n", "meanwhile", "at_the_end"), [(0, 250, 250), (19, 250, 250), (20, 30, 30), (200, 20, 15), (500, 20, 12.5), (1000, 20, 11)])
def test_the_more_answers_are_known_the_sooner_a_hang_that_all_wait_for_is_one(n: int, meanwhile: float, at_the_end: float) -> None:
    patience = known(n)
    assert patience.limit_s("kind", 1, 500, is_last=False, do_others_wait=True) == pytest.approx(meanwhile)
    assert patience.limit_s("kind", 1, 500, is_last=False, do_others_wait=False) == pytest.approx(at_the_end)


def test_further_attempts_get_more_the_last_all_and_nobody_less_than_a_second() -> None:
    patience = known(1000)
    assert patience.limit_s("kind", 2, 500, is_last=False, do_others_wait=False) == pytest.approx(22)
    assert patience.limit_s("kind", 2, 20, is_last=False, do_others_wait=False) == 20
    assert patience.limit_s("kind", 4, 500, is_last=True, do_others_wait=False) == 500
    assert known(1000, 0.001).limit_s("kind", 1, 500, is_last=False, do_others_wait=False) == LEAST_S
    assert patience.limit_s("another", 1, 500, is_last=False, do_others_wait=False) == 250


def test_answers_are_hardly_ever_cut() -> None:
    chance, n_cut, n = random.Random(1), 0, 0
    for n_known in (200, 500, 1000):
        for _ in range(20):
            patience = Patience()
            for _ in range(n_known):
                patience.answered("kind", chance.lognormvariate(2, 0.5))
            limit_s = patience.limit_s("kind", 1, 1e9, is_last=False, do_others_wait=False)
            n_cut += sum(chance.lognormvariate(2, 0.5) > limit_s for _ in range(500))
            n += 500
    assert n_cut < 0.0015 * n, "three times the rate that is stated where the margins are"
