"""Failure types: one sample of each, and the traps between them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.diagnosis.typing import failure_type
from agent.student.contract import Sample
from probes.suite import Probe

PROBE = Probe(suite="s", probe_id="1", prompt="What is 3 + 4?", gold="7", scorer="numeric")


def sample(response: str, strict: float = 0.0, lenient: float = 0.0, finish: str = "stop") -> Sample:
    return Sample("s", "1", response, strict, lenient, finish)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (sample("7", 1, 1), None),
        (sample("The answer is 7.", 0, 1), "format"),
        (sample("The answer is 7 because we add", 0, 1, "length"), "format"),
        (sample("To solve this problem, we need to", finish="length"), "truncated"),
        (sample(""), "refusal"),
        (sample("  \n"), "refusal"),
        (sample("I'm sorry, but I can't help with that."), "refusal"),
        (sample("I\u2019m sorry, I cannot answer."), "refusal"),
        (sample("As an AI language model, I do not have", finish="length"), "refusal"),
        (sample("I don't know."), "refusal"),
        (sample("8"), "wrong"),
        (sample("I cannon"), "wrong"),
        (sample("The word is sorry."), "wrong"),
        (sample("Sorry is the opposite of glad"), "wrong"),
    ],
)
def test_types(given: Sample, expected: str | None) -> None:
    assert failure_type(given, PROBE) == expected


def test_a_chosen_option_is_never_a_refusal() -> None:
    probe = replace(PROBE, scorer="loglikelihood", choices=("I don't know", "Yes"), gold="Yes")
    assert failure_type(sample("I don't know", finish="choice"), probe) == "wrong"


def test_a_gold_that_reads_like_a_refusal() -> None:
    probe = replace(PROBE, scorer="exact", gold="I don't know")
    assert failure_type(sample("I cannot say"), probe) == "wrong"
