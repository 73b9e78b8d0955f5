"""`weakspot show`: one weakness, sample or lesson in full, with its history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import AsJson, console, write_json, write_lines, write_rich
from agent.cli.session import session_of
from agent.report.wording import DECISIONS, count, money, one_line, p_phrase, short, witnessed
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from agent.store import Store

MEMBERS_SHOWN = 12
LESSONS_SHOWN = 6


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="WEAKNESS|SAMPLE|LESSON", help="An id as reports print it: a weakness, suite/probe, or L and hex digits. Words search the prompts.")],
    run: Annotated[str | None, typer.Option(help="Run to look in; the latest by default.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """One weakness, sample or lesson in full.

    A weakness over cycles; a sample with all answers by base, champions and candidates; a lesson with its provenance.
    """
    with session_of(ctx).read() as store:
        found = find(store, store.runs.get(run)["run"], name)
    if as_json:
        write_json(found)
        return
    if found["kind"] == "weakness":
        _write_weakness(found)
    else:
        write_lines({"sample": _sample_lines, "lesson": _lesson_lines}[found["kind"]](found))


def find(store: Store, run: str, name: str) -> dict[str, Any]:
    """What `name` means in a run, with `kind` weakness, sample or lesson.

    Raises:
        WeakspotError: nothing is called so, or several things are.
    """
    history = store.weaknesses.history(run)
    ids = sorted({row["weakness"] for row in history})
    matching = [name] if name in ids else [found for found in ids if found.lower().startswith(name.lower())]
    if len(matching) == 1:
        return weakness_facts(store, run, matching[0], [row for row in history if row["weakness"] == matching[0]])
    lessons = store.lessons.find(name)
    if lessons and name.startswith("L"):
        return {"kind": "lesson", "lesson": lessons[0]["lesson"], "rows": [_decoded(row) for row in lessons if row["lesson"] == lessons[0]["lesson"]],
                "others": sorted({row["lesson"] for row in lessons} - {lessons[0]["lesson"]})}
    probes = store.samples.find_probe(run, name)
    if len(probes) == 1:
        return sample_facts(store, run, probes[0])
    if probes:
        listed = "\n".join(f"{row['suite']}/{row['probe_id']}  {one_line(row['prompt'], 70)}" for row in probes[:10])
        raise WeakspotError(f"{name!r} fits {count(len(probes), 'sample')}", where=listed, hint="give one of these ids")
    if len(matching) > 1:
        raise WeakspotError(f"{name!r} fits {count(len(matching), 'weakness', 'weaknesses')}", where=", ".join(matching), hint="give more of the id")
    raise WeakspotError(f"nothing in {run} is called {name!r}", where="looked in: weaknesses, lessons, sample ids, words of prompts",
                        hint="`weakspot weaknesses` lists weakness ids; a sample is written suite/probe, a lesson L123abc...")


def weakness_facts(store: Store, run: str, weakness: str, history: list[dict[str, Any]]) -> dict[str, Any]:
    """A weakness over cycles: lineage, evidence, what was planned, what it cost, what the gate said, its members as last seen open."""
    from agent.report.history import history_facts

    facts = history_facts(store, run, weakness)[0]
    for row in facts["cycles"]:
        row["plan"] = [plan for plan in store.weaknesses.plan(run, row["cycle"]) if plan["weakness"] == weakness]
    seen = next((row for row in reversed(history) if row["is_open"]), history[-1])
    return {"kind": "weakness", "run": run, **{key: value for key, value in facts.items() if key != "kind"}, "weakness_kind": facts["kind"],
            "evidence": {key: seen[key] for key in ("cycle", "keywords", "failure_types", "lift", "p_value", "stability", "medoids")},
            "members": store.weaknesses.members(run, seen["cycle"], weakness), "lessons": store.lessons.of_weakness(run, weakness, LESSONS_SHOWN)}


def sample_facts(store: Store, run: str, probe: dict[str, Any]) -> dict[str, Any]:
    """A probe with every stored answer: base, champions, candidates."""
    decisions = {row["candidate"]: row["decision"] for row in store.decisions.all(run) if row["candidate"]}
    answers = store.samples.answers(run, probe["suite"], probe["probe_id"])
    for answer in answers:
        answer["status"] = "base" if not answer["adapter"] else decisions.get(answer["adapter"], "candidate")
    shown = {**probe, "choices": json.loads(probe["choices"]), "meta": json.loads(probe["meta"])}
    return {"kind": "sample", "sample": f"{probe['suite']}/{probe['probe_id']}", **shown, "answers": answers,
            "weaknesses": store.weaknesses.of_probe(run, probe["suite"], probe["probe_id"]),
            "suspicions": store.suspects.of_probe(run, probe["suite"], probe["probe_id"])}


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "parents": json.loads(row["parents"]), "meta": json.loads(row["meta"])}


def _write_weakness(facts: dict[str, Any]) -> None:
    from agent.report.history import LEGEND, show_timeline, story

    evidence = facts["evidence"]
    write_lines([f"{facts['weakness']}: {one_line(facts['label'], 200)}", *story(facts),
                 f"{facts['weakness_kind']}; keywords: {', '.join(map(str, evidence['keywords'])) or 'none'}",
                 f"evidence of cycle {evidence['cycle']}: " + ", ".join(f"{n} {kind}" for kind, n in evidence["failure_types"].items() if n)
                 + f"; lift {evidence['lift']:.2g}, {p_phrase(evidence['p_value'])}, "
                 + (f"stability {evidence['stability']:.2f}" if evidence["stability"] else "no cluster of its own then, but its probes still failed more than others"), ""])
    write_rich([show_timeline(facts, console().width), LEGEND])
    write_lines(_weakness_lines(facts))


def _weakness_lines(facts: dict[str, Any]) -> Iterator[str]:
    planned = [(row["cycle"], plan) for row in facts["cycles"] for plan in row["plan"]]
    if planned:
        yield ""
        yield "planned"
    for cycle, plan in planned:
        yield f"  cycle {cycle}: {count(plan['n_lessons'], 'lesson')} by {plan['strategy']}: {plan['reason']}"
    failing = [member for member in facts["members"] if member["is_failure"]]
    yield ""
    yield f"failures in cycle {facts['evidence']['cycle']} ({min(MEMBERS_SHOWN, len(failing))} of {len(failing)})"
    for member in failing[:MEMBERS_SHOWN]:
        yield f"  {member['suite']}/{member['probe_id']}  {one_line(member['prompt'], 100)}  gold: {one_line(member['gold'], 40)}"
    if facts["lessons"]:
        yield ""
        yield "lessons, newest first"
    for row in facts["lessons"]:
        what = f"{one_line(row['prompt'], 80)} -> {one_line(row['completion'], 40)}" if row["prompt"] else one_line(row["raw"], 80)
        yield f"  {row['lesson'] or '(unparsed)'}  cycle {row['cycle']}, {row['outcome']}{' at ' + row['step'] + ': ' + row['reason'] if row['outcome'] != 'pass' else ''}: {what}"


def _sample_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['sample']}  split {facts['split']}, scorer {facts['scorer']}" + (f", group {one_line(facts['grp'])}" if facts["grp"] else "")
    if facts["split"] == "audit":
        yield "note: this is a sealed audit probe; do not tune anything by it"
    if facts["meta"]:
        yield f"meta: {one_line(json.dumps(facts['meta'], ensure_ascii=False), 200)}"
    yield from _block("prompt", facts["prompt"])
    if facts["choices"]:
        yield f"choices: {one_line(' | '.join(facts['choices']), 300)}"
    yield from _block("gold", facts["gold"])
    for row in facts["suspicions"]:
        yield f"suspect label in cycle {row['cycle']}: rather {one_line(row['says'], 60) or 'something else'}; {one_line(witnessed(row), 300)}"
    for row in facts["weaknesses"]:
        yield f"in {row['weakness']} ({one_line(row['label'], 60)}) in cycle {row['cycle']}, {'wrong' if row['is_failure'] else 'right'}"
    for answer in facts["answers"]:
        who = "base" if not answer["adapter"] else f"cycle {answer['cycle']}, {DECISIONS.get(answer['status'], answer['status'])}, adapter {short(answer['adapter'])}"
        margin = f", margin {answer['margin']:+.2f} nats" if answer["margin"] is not None else ""
        yield from _block(f"{who}: strict {answer['strict']:g}, lenient {answer['lenient']:g}, {answer['finish']} after {answer['n_tokens']} tokens{margin}", answer["response"])
    if not facts["answers"]:
        yield "no model has answered it yet"


def _lesson_lines(facts: dict[str, Any]) -> Iterator[str]:
    for row in facts["rows"]:
        yield f"{row['lesson']}  run {row['run']}, cycle {row['cycle']}: {row['outcome']}" + (f" at {row['step']}: {row['reason']}" if row["outcome"] != "pass" else "")
        if row["evidence"]:
            yield f"evidence: {one_line(row['evidence'], 300)}"
    row = facts["rows"][0]
    yield from _block("prompt", row["prompt"])
    yield from _block("completion", row["completion"])
    yield f"answer {one_line(row['answer'])!r}, verifier {row['verifier']}, check {one_line(row['check_text'])!r} ({row['check_kind'] or 'none: unverifiable'})"
    yield f"for {row['weakness'] or 'no weakness'}, by {row['strategy']}{' / ' + row['operator'] if row['operator'] else ''}, depth {row['depth']}, {money(row['cost_usd'])}"
    for label, value in (("teacher", row["teacher"]), ("teacher prompt", row["prompt_hash"]), ("source", row["source"]), ("parents", ", ".join(row["parents"]))):
        if value:
            yield f"{label}: {one_line(value, 300)}"
    if row["raw"]:
        yield from _block("as the teacher wrote it", row["raw"])
    if facts["others"]:
        yield f"also begin so: {', '.join(facts['others'])}"


def _block(title: str, text: str) -> Iterator[str]:
    yield f"{title}:"
    yield from (f"    {line}" for line in (text.split("\n") if text else ["(nothing)"]))
