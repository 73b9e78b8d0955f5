"""Where the rows of a curriculum come from, and the same curriculum again.

A run's stored recipe, its lessons and its sources of real data go in; one row's whole ancestry, or the bytes of
`curriculum.jsonl`, come out. A source that is not what it was is refused by name, never papered over.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from agent.diagnosis.weakness import EVERYTHING
from agent.store import Store
from curricula.anchors.contract import load_sources
from curricula.lesson import Lesson
from curricula.mix import Mix
from curricula.mix_file import curriculum_bytes, rebuild_mix
from probes.errors import WeakspotError

_SHOWN = ("prompt", "completion", "answer", "strategy", "operator", "depth", "verifier", "check", "check_kind", "weakness_id", "teacher", "prompt_hash", "source", "cost_usd")


def curriculum_of(store: Store, run: str, cycle: int | None) -> dict[str, Any]:
    """The stored curriculum of a cycle (the newest that has one where `cycle` is None), recipe decoded.

    Raises:
        WeakspotError: there is none, or it was made by a version that kept less.
    """
    cycles = [cycle] if cycle else range(store.weaknesses.last_cycle(run), 0, -1)
    for number in cycles:
        if row := store.lessons.curriculum(run, number):
            if "anchors" not in row["recipe"]:
                raise WeakspotError(f"the curriculum of cycle {number} was made before recipes named their sources of real data", hint=f"the file itself: {row['path']}")
            return row
    raise WeakspotError(f"{run} has no curriculum" + (f" of cycle {cycle}" if cycle else " yet"), hint=f"`weakspot report {run}` says what each cycle came to")


def rebuild(store: Store, run: str, cycle: int) -> tuple[Mix, bytes]:
    """The curriculum of a cycle, built again from the database and the sources of real data: the same bytes.

    Raises:
        WeakspotError: no such curriculum; a source is gone or changed (named); what comes out is not what was trained on.
    """
    row = curriculum_of(store, run, cycle)
    sources = load_sources(anchor["name"] for anchor in row["recipe"]["anchors"])
    stored = {anchor["name"]: anchor for anchor in row["recipe"]["anchors"]}
    if changed := [source for source in sources if source.sha256 != stored[source.name]["sha256"]]:
        lines = [f"{source.name}: {len(source.rows)} rows, sha256 {source.sha256[:12]}; then {stored[source.name]['n_rows']} rows, {stored[source.name]['sha256'][:12]}" for source in changed]
        raise WeakspotError(f"real data of cycle {cycle} has changed since", where="\n".join(lines), exit_code=1, hint="put the file back as it was; what was trained on is still in the run's folder")
    pool = [*store.lessons.kept(run, before_cycle=cycle + 1), *(lesson for source in sources for lesson in source.rows)]
    mix = rebuild_mix(row["recipe"], pool)
    body = curriculum_bytes(mix)
    digest = hashlib.sha256(body).hexdigest()
    if digest != row["sha256"]:
        raise WeakspotError(f"the rebuilt curriculum differs from the one trained on: {digest[:12]}, not {row['sha256'][:12]}", where=f"{run}, cycle {cycle}", exit_code=1,
                            hint="rows were changed in the database, or this version of weakspot writes rows otherwise")
    return mix, body


def explain(store: Store, run: str, cycle: int | None, name: str) -> dict[str, Any]:
    """One row of a curriculum with everything it came from; `name` is its line number or its lesson id (or the beginning of one).

    Raises:
        WeakspotError: no such row.
    """
    curriculum = curriculum_of(store, run, cycle)
    recipe, cycle = curriculum["recipe"], curriculum["cycle"]
    rows = recipe["rows"]
    wanted = [int(name) - 1] if name.isdecimal() else [i for i, row in enumerate(rows) if row["lesson_id"].startswith(name)]
    if len(wanted) != 1 or not 0 <= wanted[0] < len(rows):
        raise WeakspotError(f"no row {name!r} in the curriculum of cycle {cycle}" if not wanted or name.isdecimal() else f"{name!r} fits {len(wanted)} rows",
                            hint=f"a line number, 1 to {len(rows)}, or a lesson id as in {rows[0]['lesson_id']}")
    row = rows[wanted[0]]
    written = [found for found in store.lessons.find(row["lesson_id"]) if found["run"] == run and found["outcome"] == "pass" and found["cycle"] <= cycle]
    facts = {"run": run, "cycle": cycle, "line": wanted[0] + 1, "lesson": row["lesson_id"], "part": row["part"], "n_tokens": row["n_tokens"],
             "share": row["n_tokens"] / recipe["n_tokens"], "curriculum": curriculum["path"], "sha256": curriculum["sha256"]}
    if row["part"] == "anchor" or not written:
        return facts | _real(recipe, row)
    found = written[0]
    history = store.weaknesses.history(run, found["weakness"]) if found["weakness"] else []
    return facts | {key: found["weakness" if key == "weakness_id" else "check_text" if key == "check" else key] for key in _SHOWN} | {
        "label": history[-1]["label"] if history else "all skills" if found["weakness"] == EVERYTHING else "", "written_in_cycle": found["cycle"], "raw": found["raw"], "meta": json.loads(found["meta"]),
        "verdicts": json.loads(found["verdicts"]), "parents": _ancestry(store, run, json.loads(found["parents"]), {row["lesson_id"]})}


def _real(recipe: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """A human-made row: the file and line it is from, as the sources are now."""
    for source in load_sources(anchor["name"] for anchor in recipe["anchors"]):
        lesson: Lesson | None = next((lesson for lesson in source.rows if (lesson.lesson_id, lesson.row_hash) == (row["lesson_id"], row["row_hash"])), None)
        if lesson is not None:
            kept = {key: value for key, value in asdict(lesson).items() if key in _SHOWN}
            return kept | {"anchor": source.name, "origin": lesson.meta.get("origin", lesson.source), "verdicts": [], "parents": []}
    raise WeakspotError(f"{row['lesson_id']} is in none of the run's sources of real data any more", where=", ".join(anchor["name"] for anchor in recipe["anchors"]),
                        exit_code=1, hint="`weakspot mix rebuild` says which of them changed")


def _ancestry(store: Store, run: str, parents: list[str], seen: set[str]) -> list[dict[str, Any]]:
    """Each parent as a probe or a lesson with parents of its own, or by its bare name where neither is known."""
    found: list[dict[str, Any]] = []
    for parent in parents:
        if parent in seen:
            continue
        probes = store.samples.named(run, parent)
        lessons = [row for row in store.lessons.find(parent) if row["lesson"] == parent and row["run"] == run]
        if probes:
            found += [{"kind": "probe", "name": f"{probe['suite']}/{probe['probe_id']}", "split": probe["split"], "prompt": probe["prompt"], "gold": probe["gold"]} for probe in probes]
        elif lessons:
            row = lessons[0]
            found.append({"kind": "lesson", "name": parent, "cycle": row["cycle"], "strategy": row["strategy"], "teacher": row["teacher"], "source": row["source"], "prompt": row["prompt"],
                          "parents": _ancestry(store, run, json.loads(row["parents"]), seen | {parent})})
        else:
            found.append({"kind": "other", "name": parent})
    return found
