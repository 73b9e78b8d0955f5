"""`diagnose`: samples in, typed and named weaknesses with a history out."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from agent.diagnosis import Diagnosis, diagnose
from agent.student.contract import Sample
from probes.suite import Probe
from tests.agent.diagnosis.questions import answer, ask

SENTENCE = "The answer to this question is {}."


def suite(n: int = 160) -> tuple[list[Probe], list[str]]:
    texts, subjects = ask(n)
    probes = [Probe("s", f"p{row}", text, gold="12", scorer="numeric") for row, text in enumerate(texts)]
    return probes, subjects


def say(probes: list[Probe], knows: list[bool], *, bare: bool) -> list[Sample]:
    """A student that knows some answers, and says all of them bare or in sentences."""
    out = []
    for probe, right in zip(probes, knows, strict=True):
        value = "12" if right else "99"
        response = value if bare else SENTENCE.format(value)
        out.append(Sample("s", probe.probe_id, response, float(right and bare), float(right)))
    return out


def history(probes: list[Probe], found: Diagnosis) -> list[dict]:
    """What the store keeps for the next cycle."""
    rows = [{**one.as_dict(), "members": found.member_ids(one, probes), "state": found.states[one.id]}
            for one in found.weaknesses]  # fmt: skip
    return json.loads(json.dumps(rows))


def test_format_first_then_skill_then_closed() -> None:
    """The story of a run: sentences at first, then bare answers, then the weak skill is learned, then lost again."""
    probes, subjects = suite()
    knows = answer(subjects, {"roman": 0.0}, 0.97)

    first = diagnose(probes, say(probes, knows, bare=False))
    assert first.strict_accuracy == 0.0
    assert first.lenient_accuracy == pytest.approx(sum(knows) / 160)
    assert first.counts == {"format": sum(knows), "wrong": 160 - sum(knows)}
    form, *skills = first.weaknesses
    assert form.label == "answer format: says a sentence instead of the bare number"
    assert first.states[form.id] == "format_only"
    assert skills
    assert {subjects[row] for one in skills for row in one.members} == {"roman"}
    assert set(first.new_ids) == {one.id for one in first.weaknesses}
    assert {first.assigned[row] for row, right in enumerate(knows) if right} == {form.id}

    second = diagnose(probes, say(probes, knows, bare=True), previous=history(probes, first))
    assert [one.kind for one in second.weaknesses] == ["skill"] * len(skills)
    assert [one.id for one in second.weaknesses] == [one.id for one in skills]
    assert second.new_ids == []
    (gone,) = second.departed
    # of the probes it held, those right in content, all are right in form now
    assert (gone.id, gone.state, gone.failure_rate, gone.n) == (form.id, "closed", 0.0, sum(knows))

    past = [
        *history(probes, second),
        {"id": form.id, "label": form.label, "kind": "format", "state": "closed"},
    ]
    third = diagnose(probes, say(probes, [True] * 160, bare=True), previous=past)
    assert third.weaknesses == []
    assert {one.id: one.state for one in third.departed} == {
        form.id: "closed", **{one.id: "closed" for one in skills}
    }  # fmt: skip

    closed = [{**row, "state": "closed"} for row in past]
    fourth = diagnose(probes, say(probes, knows, bare=False), previous=closed)
    assert {one.id for one in fourth.weaknesses} == {one.id for one in first.weaknesses}
    assert set(fourth.states.values()) == {"regressed"}


def test_order_of_probes_and_samples_does_not_matter() -> None:
    probes, subjects = suite()
    samples = say(probes, answer(subjects, {"days": 0.1}), bare=True)
    plain = diagnose(probes, samples)
    mixed, shuffled = Random(1).sample(probes, 160), Random(2).sample(samples, 160)
    again = diagnose(mixed, shuffled)
    assert plain.weaknesses
    assert [one.id for one in again.weaknesses] == [one.id for one in plain.weaknesses]
    for one, two in zip(plain.weaknesses, again.weaknesses, strict=True):
        assert set(plain.member_ids(one, probes)) == set(again.member_ids(two, mixed))
    where = {probe.probe_id: place for probe, place in zip(probes, plain.coordinates, strict=True)}
    assert [where[probe.probe_id] for probe in mixed] == again.coordinates


def test_equal_prompts_have_the_same_medoids_in_any_order() -> None:
    probes, subjects = suite()
    twins = [replace(probe, probe_id=f"q{row}") for row, probe in enumerate(probes)]
    both, knows = [*probes, *twins], answer(subjects * 2, {"days": 0.1})
    samples = say(both, knows, bare=True)
    plain = diagnose(both, samples)
    assert plain.weaknesses
    for seed in range(3):
        mixed = Random(seed).sample(both, len(both))
        again = diagnose(mixed, samples)
        assert [[mixed[row].probe_id for row in one.medoids] for one in again.weaknesses] == [
            [both[row].probe_id for row in one.medoids] for one in plain.weaknesses]
        assert all(list(one.members) == sorted(one.members) for one in again.weaknesses)


def test_bare_probe_ids_of_the_past_are_understood() -> None:
    probes, subjects = suite()
    samples = say(probes, answer(subjects, {"plural": 0.0}), bare=True)
    first = diagnose(probes, samples)
    past = [
        {
            "weakness": "Wabc123",
            "label": "x",
            "members": [probes[row].probe_id for row in first.weaknesses[0].members],
        }
    ]
    second = diagnose(probes, samples, previous=past)
    assert second.weaknesses[0].id == "Wabc123"
    assert "Wabc123" not in second.new_ids


def test_new_id_never_repeats_one_in_use() -> None:
    probes, subjects = suite()
    samples = say(probes, answer(subjects, {"plural": 0.0}), bare=True)
    own = diagnose(probes, samples).weaknesses[0].id
    taken = [{"id": own, "label": "something else", "members": ["s/gone"], "kind": "skill"}]
    found = diagnose(probes, samples, previous=taken)
    assert own not in {one.id for one in found.weaknesses}
    (gone,) = found.departed
    assert (gone.state, gone.n, gone.failure_rate) == ("open", 0, None)


def test_merged_weakness_says_where_it_went() -> None:
    probes, subjects = suite()
    samples = say(probes, answer(subjects, {"roman": 0.0}), bare=True)
    whole = diagnose(probes, samples)
    members = whole.member_ids(whole.weaknesses[0], probes)
    past = [
        {"id": "Waaaaa1", "label": "roman", "members": members},
        {"id": "Waaaaa2", "label": "part of it", "members": members[:6]},
    ]
    found = diagnose(probes, samples, previous=past)
    assert found.weaknesses[0].id == "Waaaaa1"
    (gone,) = [one for one in found.departed if one.id == "Waaaaa2"]
    assert (gone.state, gone.merged_into) == ("merged", "Waaaaa1")


def test_no_probes_and_missing_samples() -> None:
    nothing = diagnose([], [])
    assert (nothing.n, nothing.weaknesses, nothing.coordinates) == (0, [], [])
    probes, _ = suite(8)
    with pytest.raises(ValueError, match="1 probes have no sample, the first is"):
        diagnose(probes, say(probes, [True] * 8, bare=True)[:-1])
    with pytest.raises(ValueError, match="twice"):
        diagnose([probes[0]] * 2, say(probes, [True] * 8, bare=True))
