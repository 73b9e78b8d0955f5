"""Held-out gains by form: a format weakness is credited with form alone, and charged for form it breaks."""

from __future__ import annotations

from agent.stages.form import Pairs, form_scores
from agent.student.contract import Sample
from probes.suite import Probe

RIGHT, SHAPELESS, WRONG, REFUSED = ("4", 1.0, 1.0), ("It is 4.", 0.0, 1.0), ("5", 0.0, 0.0), ("", 0.0, 0.0)


def answers(*said: tuple[str, float, float]) -> Pairs:
    return [(Probe("s", f"p{i}", f"{i}?", "4"), Sample("s", f"p{i}", *one)) for i, one in enumerate(said)]


def test_only_items_right_in_content_before_and_after_speak_of_format() -> None:
    before = answers(SHAPELESS, SHAPELESS, RIGHT, RIGHT, WRONG, SHAPELESS, WRONG)
    after = answers(RIGHT, SHAPELESS, SHAPELESS, RIGHT, RIGHT, WRONG, SHAPELESS)
    assert form_scores("format", before, after) == ([0, 0, 1, 1], [1, 0, 0, 1])


def test_refusals_count_on_all_items_whatever_is_said_instead() -> None:
    before, after = answers(REFUSED, REFUSED, WRONG, RIGHT), answers(WRONG, REFUSED, REFUSED, RIGHT)
    assert form_scores("refusal", before, after) == ([0, 0, 1, 1], [1, 0, 0, 1])
