"""The plan: every lesson is given out, the learnable middle gets most, nothing starves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.stages.plan import Need, learnability, share_budget

needs = st.lists(st.builds(Need, st.uuids().map(str), st.sampled_from(["skill", "format"]), st.integers(1, 500),
                           st.floats(0, 1), st.integers(0, 4)), min_size=1, max_size=20)


@given(needs, st.integers(1, 1000), st.floats(0, 1))
def test_shares_add_up_exactly(rows: list[Need], total: int, explore: float) -> None:
    shares = share_budget(rows, total, explore)
    assert sum(share.n_lessons for share in shares) == total
    assert all(share.n_lessons >= 0 for share in shares)


@given(needs, st.integers(200, 1000))
def test_exploration_reaches_everyone(rows: list[Need], total: int) -> None:
    assert all(share.n_lessons >= int(total * 0.25 / len(rows)) for share in share_budget(rows, total, 0.25))


def test_learnable_middle_beats_the_hopeless_of_equal_mass() -> None:
    hopeless, middle = share_budget([Need("a", "skill", 50, 0.0, 0), Need("b", "skill", 50, 0.5, 0)], 100, 0.0)
    assert middle.n_lessons > 4 * hopeless.n_lessons


def test_a_weakness_that_does_not_move_backs_off() -> None:
    assert learnability(Need("a", "skill", 50, 0.5, 2)) == learnability(Need("a", "skill", 50, 0.5, 0)) / 4


def test_format_is_always_worth_teaching() -> None:
    assert learnability(Need("a", "format", 50, 0.0, 3)) == 1.0


def test_nothing_weak_gives_nothing() -> None:
    assert share_budget([], 100, 0.2) == []
