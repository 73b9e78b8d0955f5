"""What was kept out of training because it holds a probe, and where it came from.

Lessons pass through by place (`lesson`, `seed`, `anchor`, `earlier`); verdicts come out, and what was found is remembered, once a
place and row, for the leakage report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from curricula.filters.decontaminate import Decontaminator
from curricula.filters.semantic import Match
from curricula.lesson import Lesson, Verdict


class Checks(Protocol):
    """Whatever says of a lesson whether it holds a probe: a `Decontaminator`, or one place of a `LeakWatch`."""

    def check(self, lesson: Lesson) -> Verdict:
        """Step `contamination`."""
        ...


@dataclass(frozen=True)
class Leak:
    """One row that was kept out."""

    place: str
    """`lesson` (a teacher's), `seed` (human-made, would have been shown to a teacher), `anchor` (human-made, would have been
    trained on), `earlier` (accepted before)."""
    lesson: Lesson
    match: Match


class LeakWatch:
    """Counts checks and collects leaks over one cycle."""

    def __init__(self, decontaminator: Decontaminator) -> None:
        self.decontaminator = decontaminator
        self.n_checked: Counter[str] = Counter()
        """By place."""
        self._found: dict[tuple[str, str], Leak] = {}

    @property
    def leaks(self) -> list[Leak]:
        """In the order in which they were met."""
        return list(self._found.values())

    def at(self, place: str) -> Checks:
        """A check that files what it finds under `place`."""
        return _Place(self, lambda lesson: place)

    def at_mix(self) -> Checks:
        """The check of the mix, which sees anchors, earlier lessons and new ones; the last were checked before."""
        return _Place(self, lambda lesson: "anchor" if lesson.is_real else "earlier")

    def note(self, place: str, lesson: Lesson, match: Match | None) -> None:
        """Count a check and keep what it found."""
        self.n_checked[place] += 1
        if match is not None:
            self._found.setdefault((place, lesson.lesson_id), Leak(place, lesson, match))


@dataclass(frozen=True)
class _Place:
    watch: LeakWatch
    place_of: Callable[[Lesson], str]

    def check(self, lesson: Lesson) -> Verdict:
        verdict, match = self.watch.decontaminator.examine(lesson)
        self.watch.note(self.place_of(lesson), lesson, match)
        return verdict
