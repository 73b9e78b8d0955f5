"""What became of every weakness: continued, split, merged into another, closed, or still there though not found.

Weaknesses found now and those of earlier cycles go in; lasting ids, states, parents and the fate of each one that
was not found again come out. The one thing to know: "not found again" is no cure. A weakness is closed only if its
own probes say so; if another weakness holds its failures it was merged; else it stays open with the members it had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.diagnosis.evidence import ABSOLUTE_TARGET
from agent.diagnosis.matching import STUCK_AFTER, Previous, State, has_fallen, match_weaknesses, next_state
from agent.diagnosis.weakness import Weakness
from agent.statistics.intervals import binomial_lower_tail, clopper_pearson
from agent.store.weaknesses import ENDED

MIN_FAILURES = 5  # in all: fewer are success, no interval over them says anything
MAJORITY = 0.5  # of failures that must have come from (split) or gone to (merge) one weakness


@dataclass(frozen=True)
class Departed:
    """A weakness of an earlier cycle that was not found again."""

    id: str
    state: State
    """`closed`: its probes fail no more than others. `merged`: its failures belong to another weakness now.
    `label_suspect`: what still fails has a doubtful gold. Else it is still there (`open`, `stuck`, `improving`,
    `regressed`) with the members it had."""
    n: int
    """Its probes that were answered now."""
    failure_rate: float | None
    """Of those, by the score of its kind."""
    merged_into: str = ""
    """Id of the weakness that holds most of its failures, for `merged`."""
    members: tuple[int, ...] = ()
    """Rows of its probes, ascending."""
    failures: tuple[int, ...] = ()
    p_value: float = 1.0
    """Chance of so few passes if it were as good as the probes around it (exact binomial), for those still there."""


@dataclass(frozen=True)
class Lineage:
    """The weaknesses of one cycle in the light of the earlier ones."""

    weaknesses: list[Weakness]
    """As found, with lasting ids."""
    states: dict[str, State]
    """By id, of those found."""
    new_ids: list[str]
    """Never seen before."""
    split_from: dict[str, str]
    """Id of a weakness that is new or was merged -> id of the one that held most of its members till now."""
    departed: list[Departed]


def trace(
    found: Sequence[Weakness],
    names: Sequence[str],
    types: Sequence[str | None],
    previous: Sequence[Previous],
    prompts: Sequence[str] = (),
) -> Lineage:
    """Give each found weakness its id, state and parent, and each of the others its fate.

    `names` ("suite/probe_id") and `types` (failure type, None for right) are parallel to the rows that `found`
    speaks of, `prompts` too where given. One child of a weakness that split keeps its id (the better match), the
    others name it as parent. Of those that merged the better match goes on, the others are `merged`; if one of
    them is found apart again, it gets its old id back.
    """
    members = [frozenset(names[row] for row in one.members) for one in found]
    asked = dict(zip(names, prompts or [""] * len(names), strict=True))
    matched = match_weaknesses(found, members, previous, asked=asked)
    weaknesses = _with_ids(found, matched, {one.id for one in previous})
    continued = {one.id for one in matched.values()}
    split_from = {
        one.id: parent
        for position, one in enumerate(weaknesses)
        if one.kind != "format" and (position not in matched or matched[position].state == "merged")
        if (parent := _parent(one, names, previous))
    }
    rows = {name: row for row, name in enumerate(names)}
    failed = [kind not in (None, "format", "label_suspect") for kind in types]
    return Lineage(
        weaknesses=weaknesses,
        states={one.id: next_state(one, matched.get(position)) for position, one in enumerate(weaknesses)},
        new_ids=[one.id for position, one in enumerate(weaknesses) if position not in matched],
        split_from=split_from,
        departed=[
            _fate(one, sorted(rows[name] for name in one.members if name in rows), weaknesses, types, failed)
            for one in previous
            if one.id not in continued
        ],
    )


def _with_ids(found: Sequence[Weakness], matched: Mapping[int, Previous], known: set[str]) -> list[Weakness]:
    """Ids of earlier cycles where matched; a new weakness never takes an id that is in use."""
    out: list[Weakness] = []
    used = set(known)
    for position, weakness in enumerate(found):
        if position in matched:
            out.append(replace(weakness, id=matched[position].id))
            continue
        own, bump = weakness.id, 0
        while own in used:
            bump += 1
            own = f"W{(int(weakness.id[1:], 16) + bump) % 16**6:06x}"
        used.add(own)
        out.append(replace(weakness, id=own))
    return out


def _parent(weakness: Weakness, names: Sequence[str], previous: Sequence[Previous]) -> str:
    """The earlier weakness that held most of these failures; "" where none did. Of equals, one that was open."""
    failures = {names[row] for row in weakness.failures}
    held = [
        (len(failures & one.members), one.state not in ENDED, one.id)
        for one in previous
        if one.kind != "format" and one.state != "merged" and one.id != weakness.id
    ]
    share, _, name = max(held, default=(0, False, ""))
    return name if share > MAJORITY * len(failures) else ""


def _fate(
    one: Previous,
    rows: Sequence[int],
    weaknesses: Sequence[Weakness],
    types: Sequence[str | None],
    failed: Sequence[bool],
) -> Departed:
    """Closed, merged, or still there; `failed` is by content.

    Closed if its failure rate is no higher than that of the probes around it (those of no skill weakness, at most
    half), or fell (`has_fallen`) and is no longer significantly higher (one-sided 95 % Clopper-Pearson bound).
    """
    doubted = [row for row in rows if types[row] == "label_suspect"]  # they say nothing of the student
    rows = [row for row in rows if types[row] != "label_suspect"]
    failures = tuple(row for row in rows if failed[row])
    if one.state != "merged" and len(doubted) > len(failures):
        rate = len(failures) / len(rows) if rows else None
        return Departed(one.id, "label_suspect", len(rows), rate, "", tuple(rows), failures)
    if not rows:  # nothing to say: its probes were not asked
        return Departed(one.id, _as_it_was(one), 0, None, one.merged_into)
    if one.kind == "format":  # found by type, above a share that is tolerated: not found is below it
        form = tuple(row for row in rows if types[row] in ("format", "refusal", "truncated"))
        return Departed(one.id, "closed", len(rows), len(form) / len(rows), "", tuple(rows), form)
    rate = len(failures) / len(rows)
    skills = [other for other in weaknesses if other.kind != "format"]
    inside = {row for other in skills for row in other.members} | set(rows)
    around = [failed[row] for row in range(len(failed)) if row not in inside and types[row] != "label_suspect"]
    usual = min(sum(around) / len(around) if around else 1.0, 1 - ABSOLUTE_TARGET)
    departed = Departed(one.id, "closed", len(rows), rate, "", tuple(rows), failures)
    if one.state == "merged":
        return replace(departed, state="merged", merged_into=one.merged_into)
    is_weak = clopper_pearson(len(failures), len(rows), 0.95, "lower").low > usual
    fell = has_fallen(one, len(rows), len(failures))
    is_cured = rate <= usual or sum(failed) < MIN_FAILURES or (fell and not is_weak)
    if is_cured or (one.state == "closed" and not is_weak):
        return departed
    held = {other.id: len(set(other.failures) & set(failures)) for other in skills}
    host = max(held, key=lambda name: (held[name], name), default="")
    if host and held[host] > MAJORITY * len(failures):
        return replace(departed, state="merged", merged_into=host)
    departed = replace(departed, p_value=binomial_lower_tail(len(rows) - len(failures), len(rows), 1 - usual))
    if one.state == "closed":
        return replace(departed, state="regressed")
    return replace(departed, state="improving" if fell else "stuck" if one.idle_cycles >= STUCK_AFTER else "open")


def _as_it_was(one: Previous) -> State:
    return one.state if one.state in ENDED else "open"  # type: ignore[return-value]
