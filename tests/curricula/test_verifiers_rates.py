"""The planted lessons: enough of both kinds for every built-in verifier, and none of them judged wrongly."""

from __future__ import annotations

import pytest

from curricula.sandbox import tiers
from curricula.verifiers.contract import list_verifiers
from curricula.verifiers.rates import measure, planted

NAMES = [info.name for info in list_verifiers() if info.origin == "built in" and info.name != "judge"]


@pytest.mark.parametrize("name", NAMES)
def test_no_planted_lesson_is_judged_wrongly(name: str) -> None:
    if name == "code" and tiers.in_force() is None:
        pytest.skip(f"no tier holds here: {tiers.why_none()}")
    rates = measure(name)
    assert rates is not None
    assert rates.mistakes == ()
    assert (rates.false_accept, rates.false_reject, rates.n_unverifiable) == (0, 0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_right_and_wrong_ones_of_several_kinds(name: str) -> None:
    items = planted(name)
    assert sum(item.is_right for item in items) >= 4
    assert len({item.kind for item in items if not item.is_right}) >= 4


def test_without_planted_lessons_there_is_no_rate() -> None:
    assert measure("judge") is None


def test_without_a_sandbox_right_code_is_unverifiable_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "not here"),))
    rates = measure("code")
    assert rates is not None
    assert (rates.n_unverifiable, rates.false_reject, rates.false_accept) == (4, 1, 0)
