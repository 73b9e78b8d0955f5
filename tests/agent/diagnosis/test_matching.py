"""The same weakness keeps its id; what changed gets the right state."""

from __future__ import annotations

import pytest

from agent.diagnosis.matching import Previous, match_weaknesses, next_state
from agent.diagnosis.weakness import Weakness, weakness_id


def weakness(label: str, n: int = 40, failed: int = 30, kind: str = "skill") -> Weakness:
    return Weakness(
        id="W000000", label=label, keywords=(), members=tuple(range(n)), failures=tuple(range(failed)), n=n,
        n_failures=failed, failure_rate=failed / n, ci_low=0.0, ci_high=1.0, lift=1.0, p_value=0.0, medoids=(),
        stability=1.0, coordinates=(0.0, 0.0), kind=kind,
    )  # fmt: skip


def names(first: int, last: int) -> frozenset[str]:
    return frozenset(f"s/{number}" for number in range(first, last))


def matched(found: list[tuple[Weakness, frozenset[str]]], previous: list[Previous]) -> dict[int, str]:
    pairs = match_weaknesses([one for one, _ in found], [members for _, members in found], previous)
    return {position: one.id for position, one in pairs.items()}


def test_members_decide_and_labels_only_help() -> None:
    previous = [Previous("Wa", "roman, numeral", names(0, 40)), Previous("Wb", "plural, noun", names(40, 80))]
    found = [(weakness("noun, plural"), names(45, 80)), (weakness("plural, noun"), names(0, 38))]
    assert matched(found, previous) == {0: "Wb", 1: "Wa"}


def test_shrunk_grown_and_strange() -> None:
    previous = [Previous("Wa", "roman", names(0, 40))]
    assert matched([(weakness("x"), names(0, 20))], previous) == {0: "Wa"}
    assert matched([(weakness("x"), names(0, 80))], previous) == {0: "Wa"}
    assert matched([(weakness("x"), names(35, 80))], previous) == {}
    assert matched([(weakness("roman"), names(100, 140))], previous) == {}, "a label alone is no identity"


def test_one_id_is_given_once() -> None:
    previous = [Previous("Wa", "roman", names(0, 60))]
    found = [(weakness("roman"), names(0, 30)), (weakness("numeral"), names(30, 60))]
    assert matched(found, previous) == {0: "Wa"}


def test_order_of_the_past_does_not_matter() -> None:
    previous = [Previous(f"W{i}", "same", names(10 * i, 10 * i + 20)) for i in range(6)]
    found = [(weakness("same"), names(10 * i, 10 * i + 20)) for i in range(6)]
    assert matched(found, previous) == matched(found, previous[::-1]) == {i: f"W{i}" for i in range(6)}


def test_kinds_never_mix_and_format_is_known_by_its_fault() -> None:
    label = "answer format: says a sentence instead of the bare number"
    previous = [
        Previous("Wf", label, names(0, 10), "format"),
        Previous("Wr", "answer format: refuses or says nothing", names(0, 10), "format"),
        Previous("Ws", "roman", names(0, 40)),
    ]
    found = [
        (weakness("answer format: adds words or signs to the bare word", kind="format"), names(50, 90)),
        (weakness("answer format: refuses or says nothing", kind="format"), names(0, 90)),
        (weakness("roman"), names(0, 40)),
    ]
    assert matched(found, previous) == {0: "Wf", 1: "Wr", 2: "Ws"}


def test_nothing_to_match() -> None:
    assert matched([], [Previous("Wa")]) == {}
    assert matched([(weakness("a"), names(0, 9))], []) == {}
    assert matched([(weakness("a"), names(0, 9))], [Previous("Wa", "a")]) == {}


@pytest.mark.parametrize(
    ("now", "before", "state"),
    [
        (weakness("a"), None, "open"),
        (weakness("a"), Previous("Wa", failure_rate=0.76), "open"),
        (weakness("a", failed=14), Previous("Wa", failure_rate=0.75), "improving"),
        (weakness("a", n=6, failed=3), Previous("Wa", failure_rate=0.6), "open"),
        (weakness("a"), Previous("Wa", failure_rate=0.76, idle_cycles=2), "stuck"),
        (weakness("a", failed=14), Previous("Wa", failure_rate=0.75, idle_cycles=2), "improving"),
        (weakness("a"), Previous("Wa", state="closed", failure_rate=0.1), "regressed"),
        (weakness("a", kind="format"), None, "format_only"),
        (weakness("a", kind="format"), Previous("Wa", kind="format", state="closed"), "regressed"),
    ],
)
def test_states(now: Weakness, before: Previous | None, state: str) -> None:
    assert next_state(now, before) == state


def test_new_ids_depend_on_content_alone() -> None:
    one = weakness_id("skill", ["b", "a", "a"])
    assert one == weakness_id("skill", ["a", "b"])
    assert one != weakness_id("format", ["a", "b"]) != weakness_id("skill", ["a", "c"])
    assert len(one) == 7
    assert int(one[1:], 16) >= 0
