"""The teacher's words around a diagnosis: a phrase for every probe before it, a name for every new weakness after it.

Both are optional: without an LLM, or where it can't be used, the diagnosis rests on the probes' own texts and class
terms, and the user is told why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent.context import RunContext
from agent.diagnosis.names import Nameless, TypicalFailure, write_names
from agent.diagnosis.phrases import Phrase, recipe, why_unused, write_phrases
from agent.diagnosis.weakness import Weakness
from agent.student.contract import Sample
from probes.suite import Probe

PHRASE_SHARE = 0.2  # of the money left; lessons need the rest. Probes stay the same, so a run pays for phrases once


def phrases_of(context: RunContext, probes: Sequence[Probe]) -> dict[str, str]:
    """Capability phrases of diagnose probes by content hash; empty where there are none to use."""
    if context.teacher is None or context.config.diagnosis.phrases == "off" or not probes:
        return {}
    store, teacher, version = context.store, context.teacher, recipe()
    known = {row["probe_hash"]: Phrase(row["phrase"], row["reason"], row["cost_usd"])
             for row in store.phrases.known(teacher.name, version, [probe.content_hash for probe in probes])}

    def save(written: dict[str, Phrase]) -> None:
        store.phrases.add(teacher.name, version, ({"probe_hash": probe, "phrase": phrase.text, "reason": phrase.reason, "cost_usd": phrase.cost_usd}
                                                  for probe, phrase in written.items()))

    left_usd = context.config.limits.budget_usd - store.money.spent_usd(context.run)
    phrasing = write_phrases(probes, teacher, known=known, allowed_usd=PHRASE_SHARE * max(left_usd, 0.0), save=save, progress=context.watcher.progress)
    texts = phrasing.texts
    unused = why_unused([texts.get(probe.content_hash, "") for probe in probes])
    refused = Counter(phrase.reason for phrase in phrasing.of.values() if phrase.reason)
    why = ", ".join(f"{count} {reason}" for reason, count in refused.most_common(3))
    context.watcher.say(f"phrases: {len(texts)} of {len(probes)} probes, {phrasing.n_asked} asked for now" + (f"; refused: {why}" if why else ""))
    if phrasing.stopped or unused:
        context.watcher.say("warning: " + "; ".join(filter(None, (phrasing.stopped, unused))) + (" (diagnosed by the probes' own texts)" if unused else ""))
    return {} if unused else texts


def names_of(context: RunContext, weaknesses: Sequence[Weakness], pairs: Sequence[tuple[Probe, Sample]],
             earlier: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The teacher's names by weakness id. A weakness keeps the name it got; format weaknesses have their own wording.

    `earlier` are the run's weaknesses so far, `without_names`.
    """
    plain = {one.label.lower() for one in weaknesses}
    known = {row["weakness"]: row["name"] for row in earlier if row["name"] and row["name"].lower() not in plain}
    if context.teacher is None:
        return known
    nameless = [Nameless(one.id, one.label, one.keywords, tuple(
        TypicalFailure(pairs[at][0].prompt, pairs[at][1].response, pairs[at][0].gold) for at in one.medoids))
        for one in weaknesses if one.kind == "skill" and one.medoids and one.id not in known]
    taken = [*known.values(), *(row["label"] for row in earlier), *(one.label for one in weaknesses)]
    naming = write_names(nameless, context.teacher, taken=taken)
    if naming.stopped:
        context.watcher.say(f"warning: {naming.stopped} (weaknesses are named by their own words)")
    elif naming.refused:
        reasons = "; ".join(f"{weakness}: {reason}" for weakness, reason in list(naming.refused.items())[:3])
        context.watcher.say(f"names: {len(naming.names)} of {len(nameless)} weaknesses; refused {reasons}")
    return known | naming.names


def without_names(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored weaknesses as the matcher reads them: `label` of class terms, the teacher's name (or "") apart as `name`."""
    return [{**row, "label": row["plain_label"] or row["label"], "name": row["label"] if row["plain_label"] else ""} for row in rows]


def with_names(rows: Sequence[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    """Weaknesses as they are stored: what is shown is the teacher's name where there is one, class terms stay beside it."""
    return [{**row, "label": names.get(row["weakness"]) or row["label"],
             "plain_label": row["label"] if names.get(row["weakness"]) else ""} for row in rows]
