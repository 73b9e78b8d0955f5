"""What became of a weakness that was not found again, and where a new one came from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.diagnosis.lineage import Departed, Lineage, trace
from agent.diagnosis.matching import Previous
from agent.diagnosis.weakness import Weakness, weakness_id
from tests.agent.diagnosis.questions import ask

N = 200
NAMES = [f"s/{row}" for row in range(N)]


def found(rows: Sequence[int], failed: set[int]) -> Weakness:
    failures = tuple(row for row in rows if row in failed)
    return Weakness(
        id=weakness_id("skill", map(str, rows)), label="", keywords=(), members=tuple(rows), failures=failures, n=len(rows),
        n_failures=len(failures), failure_rate=len(failures) / len(rows), ci_low=0.0, ci_high=1.0, lift=1.0, p_value=0.0, medoids=(),
        stability=1.0, coordinates=(0.0, 0.0),
    )  # fmt: skip


def known(name: str, rows: range, state: str = "open", rate: float = 0.9, **more: object) -> Previous:
    return Previous(name, members=frozenset(NAMES[row] for row in rows), state=state, failure_rate=rate, **more)  # type: ignore[arg-type]


def look(regions: Sequence[Sequence[int]], failed: set[int], previous: list[Previous], suspects: set[int] = frozenset()) -> Lineage:  # type: ignore[assignment]
    types = ["label_suspect" if row in suspects else "wrong" if row in failed else None for row in range(N)]
    return trace([found(rows, failed) for rows in regions], NAMES, types, previous)


NOISE = set(range(100, 200, 10))  # one in ten fails everywhere else


def fate(failed: set[int], previous: Previous, regions: list[range] | None = None, suspects: set[int] = frozenset()) -> Departed:  # type: ignore[assignment]
    (gone,) = look(regions or [], failed | NOISE, [previous], suspects).departed
    return gone


@pytest.mark.parametrize(
    ("failed", "previous", "state"),
    [
        (set(range(0, 40, 10)), known("Wa", range(40)), "closed"),  # as many fail as elsewhere
        (set(range(36)), known("Wa", range(40)), "open"),  # nothing has changed, no cluster holds it
        (set(range(36)), known("Wa", range(40), idle_cycles=2), "stuck"),
        (set(range(20)), known("Wa", range(40)), "improving"),  # better, and still much worse than elsewhere
        (set(range(2)), known("Wa", range(8), rate=1.0), "closed"),  # better, and no longer shown to be worse than elsewhere
        (set(range(3)), known("Wa", range(40), "closed", 0.1), "closed"),
        (set(range(30)), known("Wa", range(40), "closed", 0.1), "regressed"),
        (set(range(30)), known("Wa", range(40), "merged", 0.9, merged_into="Wz"), "merged"),
    ],
)
def test_not_found_again_is_no_cure(failed: set[int], previous: Previous, state: str) -> None:
    gone = fate(failed, previous)
    assert (gone.state, gone.merged_into) == (state, previous.merged_into)
    assert gone.n == len(previous.members) and gone.failures == tuple(sorted(failed & set(range(gone.n))))


def test_failures_that_another_weakness_holds_were_merged_into_it() -> None:
    failed = set(range(55)) | NOISE
    line = look([range(60)], failed, [known("Wa", range(40)), known("Wb", range(40, 60))])
    assert [one.id for one in line.weaknesses] == ["Wa"]
    assert [(one.id, one.state, one.merged_into) for one in line.departed] == [("Wb", "merged", "Wa")]


def test_a_cured_part_of_a_larger_weakness_is_closed_not_merged() -> None:
    failed = set(range(36)) | {45, 55} | NOISE
    line = look([range(60)], failed, [known("Wa", range(40)), known("Wb", range(40, 60))])
    assert [(one.id, one.state) for one in line.departed] == [("Wb", "closed")]


def test_of_a_split_the_larger_part_keeps_the_id_and_the_other_names_its_parent() -> None:
    failed = set(range(55)) | NOISE
    line = look([range(40), range(40, 60)], failed, [known("Wa", range(60))])
    larger, smaller = line.weaknesses
    assert larger.id == "Wa" and line.new_ids == [smaller.id]
    assert line.split_from == {smaller.id: "Wa"} and line.departed == []


def test_what_was_merged_and_is_found_apart_again_gets_its_id_back() -> None:
    failed = set(range(55)) | NOISE
    past = [known("Wa", range(60)), known("Wb", range(40, 60), "merged", merged_into="Wa")]
    line = look([range(40), range(40, 60)], failed, past)
    assert [one.id for one in line.weaknesses] == ["Wa", "Wb"] and line.new_ids == []
    assert line.split_from == {"Wb": "Wa"} and line.states == {"Wa": "open", "Wb": "open"}


def test_what_was_merged_does_not_claim_a_part_of_its_survivor() -> None:
    failed = set(range(55)) | NOISE
    past = [known("Wa", range(60)), known("Wb", range(36, 60), "merged", merged_into="Wa")]
    line = look([range(20), range(20, 60)], failed, past)
    assert line.weaknesses[1].id == "Wa" and line.weaknesses[0].id in line.new_ids


def test_a_part_that_holds_some_of_what_was_merged_is_new() -> None:
    failed = set(range(60)) | NOISE
    past = [known("Wa", range(60)), known("Wb", range(40, 60), "merged", merged_into="Wa")]
    rest, part = look([[*range(28), *range(48, 60)], range(28, 48)], failed, past).weaknesses
    assert rest.id == "Wa" and part.id not in ("Wa", "Wb")


def test_one_that_is_still_open_goes_before_one_that_ended() -> None:
    failed = set(range(40)) | NOISE
    line = look([range(40)], failed, [known("Wa", range(38), "closed", 0.1), known("Wb", range(30))])
    assert [one.id for one in line.weaknesses] == ["Wb"]


def test_failures_with_doubtful_golds_are_no_open_weakness() -> None:
    gone = fate(set(range(36)), known("Wa", range(40)), suspects=set(range(34)))
    assert (gone.state, gone.failures) == ("label_suspect", (34, 35))


def test_too_few_failures_in_all_are_success() -> None:
    (gone,) = look([], {0, 1, 2}, [known("Wa", range(5), rate=0.8)]).departed
    assert gone.state == "closed"


def test_texts_decide_where_the_probes_were_replaced() -> None:
    """A probe set that changed: none of the old members is asked any more."""
    (old, old_subjects), (new, new_subjects) = ask(N, seed=0), ask(N, seed=1)
    past = [
        Previous(f"W-{subject}", members=frozenset({f"old/{subject}"}), failure_rate=0.9,
                 prompts=tuple(text for text, its in zip(old, old_subjects, strict=True) if its == subject))
        for subject in ("roman", "plural")
    ]  # fmt: skip
    regions = [found([row for row in range(N) if new_subjects[row] == subject], set(range(N))) for subject in ("plural", "roman", "days")]
    line = trace(regions, NAMES, ["wrong"] * N, past, new)
    assert [one.id for one in line.weaknesses][:2] == ["W-plural", "W-roman"]
    assert line.new_ids == [line.weaknesses[2].id]
    days = trace(regions[2:], NAMES, ["wrong"] * N, past, new)
    assert {(one.id, one.state, one.n) for one in days.departed} == {("W-roman", "open", 0), ("W-plural", "open", 0)}
