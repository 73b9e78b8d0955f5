"""`diagnose` with wrong golds: they are typed and reported, and take no part in anything else."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from agent.diagnosis import diagnose
from agent.student.contract import Sample
from probes.scorers import score
from probes.suite import Probe

BOXES = [Probe("s", f"box {a} {b}", f"There are {a} boxes with {b} pens in each. How many pens?", str(a * b), "numeric")
         for a in range(2, 12) for b in range(2, 8)]  # fmt: skip
SUMS = [Probe("s", f"sum {a} {b}", f"What is {a} + {b}?", str(a + b), "numeric") for a in range(2, 12) for b in range(2, 8)]
WRONG = {probe.probe_id for probe in [*BOXES[3::19], *SUMS[5::19]]}
PROBES = [replace(probe, gold=str(int(probe.gold) + 4)) if probe.probe_id in WRONG else probe for probe in [*BOXES, *SUMS]]


def say(probes: list[Probe], knows_boxes: bool) -> list[Sample]:
    """A student that knows all sums, and boxes or not."""
    true = {probe.probe_id: probe.gold for probe in [*BOXES, *SUMS]}
    out = []
    for probe in probes:
        said = true[probe.probe_id] if knows_boxes or probe.probe_id.startswith("sum") else "1000"
        given = score("numeric", said, probe.gold)
        out.append(Sample("s", probe.probe_id, said, given.strict, given.lenient))
    return out


def test_wrong_golds_are_typed_and_members_of_nothing() -> None:
    found = diagnose(PROBES, say(PROBES, knows_boxes=False))
    assert {suspect.probe_id for suspect in found.suspects} == WRONG
    assert {probe.probe_id for probe, kind in zip(PROBES, found.failure_types, strict=True) if kind == "label_suspect"} == WRONG
    assert found.counts == {"label_suspect": len(WRONG), "wrong": 57}
    assert found.weaknesses
    for weakness in found.weaknesses:
        for row in (*weakness.members, *weakness.failures, *weakness.medoids):
            assert PROBES[row].probe_id not in WRONG
            assert PROBES[row].probe_id.startswith("box"), "rows of the clustered probes were taken for rows of all"
    assert found.strict_accuracy == found.lenient_accuracy == pytest.approx(57 / 114)
    assert (found.outline[0].n, found.outline[0].n_failures) == (114, 57), "the tree counts wrong golds"
    assert {node.weakness for node in found.outline if node.weakness} == {weakness.id for weakness in found.weaknesses}
    assert all(not found.assigned[row] for row, probe in enumerate(PROBES) if probe.probe_id in WRONG)
    places = {probe.probe_id[:3]: found.coordinates[row] for row, probe in enumerate(PROBES) if probe.probe_id not in WRONG}
    assert len(found.coordinates) == 120 and len(places) == 2
    assert {found.coordinates[row] for row, probe in enumerate(PROBES) if probe.probe_id in WRONG} <= set(found.coordinates) - {(0.0, 0.0)}


def test_a_student_that_knows_all_has_no_weakness_for_wrong_golds() -> None:
    found = diagnose(PROBES, say(PROBES, knows_boxes=True))
    assert found.weaknesses == []
    assert found.counts == {"label_suspect": len(WRONG)}
    assert found.strict_accuracy == 1.0


def test_order_of_rows_does_not_matter() -> None:
    samples = say(PROBES, knows_boxes=False)
    mixed = Random(4).sample(PROBES, len(PROBES))
    plain, again = diagnose(PROBES, samples), diagnose(mixed, Random(5).sample(samples, len(samples)))
    assert plain.suspects == again.suspects
    assert [one.id for one in plain.weaknesses] == [one.id for one in again.weaknesses]
    assert [set(plain.member_ids(one, PROBES)) for one in plain.weaknesses] == [set(again.member_ids(one, mixed)) for one in again.weaknesses]
    assert [plain.coordinates[PROBES.index(probe)] for probe in mixed] == again.coordinates


def test_a_weakness_of_which_wrong_golds_alone_are_left_is_settled_as_such() -> None:
    past = [{"id": "Wabc123", "label": "x", "members": sorted(f"s/{name}" for name in WRONG), "state": "open"}]
    (gone,) = diagnose(PROBES, say(PROBES, knows_boxes=True), previous=past).departed
    assert (gone.id, gone.state, gone.n) == ("Wabc123", "label_suspect", 0)
    past = [{"id": "Wabc123", "label": "x", "members": [f"s/{probe.probe_id}" for probe in BOXES], "state": "open"}]
    (gone,) = diagnose(PROBES, say(PROBES, knows_boxes=True), previous=past).departed
    assert gone.state == "label_suspect"  # three of its probes still fail, all by their golds


def test_every_gold_wrong_leaves_nothing() -> None:
    probes = [replace(probe, prompt=f"Who stood at door {i // 2}?", gold=f"name{i}", scorer="exact") for i, probe in enumerate(BOXES)]
    found = diagnose(probes, [Sample("s", probe.probe_id, "?", 0.0, 0.0) for probe in probes])
    assert found.weaknesses == []
    assert len(found.suspects) == 60
    assert found.coordinates == [(0.0, 0.0)] * 60
    assert found.strict_accuracy == 0.0


def test_an_earlier_weakness_is_known_again_among_wrong_golds() -> None:
    past = [{"id": "Wabc123", "label": "x", "members": [f"s/{probe.probe_id}" for probe in BOXES], "state": "open", "failure_rate": 1.0}]
    found = diagnose(PROBES, say(PROBES, knows_boxes=False), previous=past)
    assert [weakness.id for weakness in found.weaknesses][:1] == ["Wabc123"]
    assert found.departed == [] and "Wabc123" not in found.new_ids
    assert "Wabc123" in {node.weakness for node in found.outline}
