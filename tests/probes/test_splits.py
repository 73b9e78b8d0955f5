"""Splits: groups stay together, shares are met, order changes nothing."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.errors import WeakspotError
from probes.splits import DEFAULT_SHARES, SPLITS, limit_suite, split_of, split_suite
from probes.suite import Probe, Suite


def suite(n: int = 600, wordings: int = 3) -> Suite:
    skills = ("sums", "sums", "roman")
    probes = tuple(
        Probe("s", f"p{i}", f"question {i}", "1", group=f"item-{i // wordings}", meta={"skill": skills[i // wordings % 3]})
        for i in range(n)
    )
    return Suite("s", "jsonl", probes)


def test_no_group_straddles_two_splits_and_nothing_is_lost():
    dealt = split_suite(suite(), "key")
    assert tuple(dealt) == SPLITS
    homes: dict[str, set[str]] = {}
    for name, probes in dealt.items():
        for probe in probes:
            homes.setdefault(probe.group, set()).add(name)
    assert all(len(home) == 1 for home in homes.values())
    assert sum(map(len, dealt.values())) == 600


def test_shares_are_met():
    counts = Counter(split_of(f"g{i}", "key") for i in range(10_000))
    for split, share in DEFAULT_SHARES.items():
        assert counts[split] / 10_000 == pytest.approx(share, abs=0.02)


@given(st.text(max_size=30), st.text(max_size=100), st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_a_split_depends_on_group_and_key_only(group, key, a, b, c):
    shares = {"diagnose": a, "gate": b, "audit": c}
    split = split_of(group, key, shares)
    assert split == split_of(group, key, dict(reversed(shares.items())))
    assert shares[split] > 0


def test_another_key_deals_anew():
    moved = sum(split_of(f"g{i}", "one") != split_of(f"g{i}", "two") for i in range(500))
    assert moved > 200


def test_probes_without_group_are_dealt_one_by_one():
    probes = tuple(Probe("s", f"p{i}", f"q{i}", "1") for i in range(100))
    assert all(split_suite(Suite("s", "jsonl", probes), "k").values())


@pytest.mark.parametrize("shares", [{"gate": 0.0}, {"gate": 1.0, "audit": -0.1}, {"train": 1.0}])
def test_shares_that_cannot_be_used_are_named(shares):
    with pytest.raises(WeakspotError, match="split shares"):
        split_of("g", "k", shares)


def test_a_limit_keeps_every_skill_by_its_share_and_different_groups():
    limited = limit_suite(suite(), 90, "key")
    assert Counter(p.meta["skill"] for p in limited.probes) == {"sums": 60, "roman": 30}
    assert len({p.group for p in limited.probes}) == 90


def test_a_limit_is_nested_and_blind_to_row_order():
    rows = list(suite().probes)
    random.Random(1).shuffle(rows)
    shuffled = Suite("s", "jsonl", tuple(rows))
    small, large = (limit_suite(suite(), n, "key") for n in (50, 200))
    assert {p.probe_id for p in small.probes} == {p.probe_id for p in limit_suite(shuffled, 50, "key").probes}
    assert {p.probe_id for p in small.probes} < {p.probe_id for p in large.probes}
    assert [p for p in suite().probes if p in small.probes] == list(small.probes)


def test_a_limit_above_the_size_changes_nothing_and_below_one_is_refused():
    assert limit_suite(suite(10), 10, "k") == suite(10)
    with pytest.raises(WeakspotError, match="limited to 0"):
        limit_suite(suite(10), 0, "k")
