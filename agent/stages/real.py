"""Which real data a run's curricula draw on, and which domain a row belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from agent.config import CurriculumConfig
from agent.diagnosis.weakness import EVERYTHING
from agent.store import Store
from curricula.anchors.contract import Source
from curricula.lesson import Lesson


def anchor_names(settings: CurriculumConfig) -> list[str]:
    """All sources of anchors, those of domains included, each once."""
    return list(dict.fromkeys([*settings.anchors, *(name for domain in settings.domains for name in domain.anchors)]))


def domain_finder(store: Store, run: str, settings: CurriculumConfig, sources: Sequence[Source]) -> Callable[[Lesson], str]:
    """A function from a row to the name of its domain, "" for none.

    An anchor belongs to the domain that names its source; a lesson to the domain of the suite that most failures of its
    weakness are from, as the weakness was last seen open; one that aims at none, to that of the probe it was written from.
    """
    of_source = {name: domain.name for domain in settings.domains for name in domain.anchors}
    of_row = {row.lesson_id: of_source[source.name] for source in sources if source.name in of_source for row in source.rows}
    of_suite = {suite: domain.name for domain in settings.domains for suite in domain.suites}
    suites = {name: probe.suite for probe in store.samples.probes(run, "diagnose") for name in (probe.probe_id, f"{probe.suite}/{probe.probe_id}")}
    known: dict[str, str] = {}

    def find(lesson: Lesson) -> str:
        if not settings.domains:
            return ""
        if not lesson.weakness_id:
            return of_row.get(lesson.lesson_id, "")
        if lesson.weakness_id == EVERYTHING:
            return of_suite.get(next((suites[parent] for parent in lesson.parents if parent in suites), ""), "")
        if lesson.weakness_id not in known:
            known[lesson.weakness_id] = of_suite.get(_suite_of(store, run, lesson.weakness_id), "")
        return known[lesson.weakness_id]

    return find


def _suite_of(store: Store, run: str, weakness: str) -> str:
    """The suite that most failing members of a weakness are from; "" where it has none."""
    for row in reversed(store.weaknesses.history(run, weakness)):
        suites = Counter(member["suite"] for member in store.weaknesses.members(run, row["cycle"], weakness) if member["is_failure"])
        if suites:
            return suites.most_common(1)[0][0]
    return ""
