"""When a weakness counts as stuck: taught twice, and it did not move."""

from __future__ import annotations

import pytest

from agent.stages.diagnose import idle_cycles


@pytest.mark.parametrize(
    ("past", "idle"),
    [
        ([("open", 0)], 0),
        ([("open", 9)], 1),
        ([("open", 9), ("open", 9)], 2),
        ([("open", 9), ("open", 0), ("stuck", 9)], 2),  # a cycle without lessons says nothing
        ([("open", 9), ("open", 9), ("improving", 9)], 1),  # the second cycle's lessons moved it
        ([("open", 9), ("closed", 0), ("regressed", 9), ("open", 9)], 2),
        ([("open", 9), (None, 0), ("open", 9)], 1),  # not diagnosed between
    ],
)
def test_cycles_taught_in_vain(past: list[tuple[str | None, int]], idle: int) -> None:
    assert idle_cycles([{"state": state, "lessons": lessons} for state, lessons in past]) == idle
