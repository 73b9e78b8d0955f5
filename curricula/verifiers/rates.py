"""How often a verifier is wrong on lessons of which the truth is known: measured by running it, never written down.

The planted lessons ship with the package (`planted/`). They are small and chosen to cover every way of being wrong that
a verifier names, so a rate of 0 says that nothing is broken here, not that nothing can be; `make bench-verifiers`
measures on data that the verifiers were not made from.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from curricula.lesson import Lesson
from curricula.verifiers.citation import CitationVerifier
from curricula.verifiers.contract import find_verifier


@dataclass(frozen=True)
class Planted:
    """One lesson with the truth about it."""

    lesson: Lesson
    is_right: bool
    kind: str
    """What is right or wrong with it."""


@dataclass(frozen=True)
class Rates:
    """What came of a verifier's planted lessons."""

    n_right: int
    n_wrong: int
    false_reject: float
    """Share of the right ones that did not pass, 0 to 1."""
    false_accept: float
    """Share of the wrong ones that passed, 0 to 1."""
    n_unverifiable: int
    """Right ones of which it could say nothing: no sandbox, no corpus."""
    mistakes: tuple[str, ...]
    """Kind and reason of each wrong verdict."""
    seconds: float


def planted(name: str) -> list[Planted]:
    """The planted lessons of a built-in verifier; none for plug-ins and for `judge`, which its canaries calibrate."""
    path = resources.files("curricula.verifiers.planted") / f"{name}.jsonl"
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Planted(Lesson(row["prompt"], row["completion"], row["answer"], "planted", row.get("depth", 1), verifier=name, check=row["check"], check_kind=row["check_kind"],
                       operator=row.get("operator", ""), source=row.get("source", ""), meta=row["meta"]), row["right"], row["kind"])
        for row in rows
    ]  # fmt: skip


def measure(name: str) -> Rates | None:
    """Run a verifier on its planted lessons; None where there are none.

    Raises:
        WeakspotError: no verifier has that name, or it does not load.
    """
    items = planted(name)
    if not items:
        return None
    corpus = Path(str(resources.files("curricula.verifiers.planted") / "corpus"))
    verifier = CitationVerifier(corpus) if name == "citation" else find_verifier(name)
    started = time.perf_counter()
    verdicts = [(item, verifier.verify(item.lesson)) for item in items]
    right = [verdict.outcome for item, verdict in verdicts if item.is_right]
    wrong = [verdict.outcome for item, verdict in verdicts if not item.is_right]
    mistakes = tuple(f"{item.kind}: {verdict.outcome} {verdict.reason}".strip() for item, verdict in verdicts if item.is_right != (verdict.outcome == "pass"))
    return Rates(
        len(right), len(wrong), 1 - right.count("pass") / len(right), wrong.count("pass") / len(wrong), right.count("unverifiable"), mistakes, time.perf_counter() - started)
