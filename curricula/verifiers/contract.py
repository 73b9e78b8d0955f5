"""What a verifier is, and how verifiers are found.

`verify(lesson)` runs the verifier that the lesson names and times it. A verifier compares the lesson's answer
with its `check`, which was made independently of it; without a check the verdict is `unverifiable`, never
`pass`. Built in are the modules of this folder with a `VERIFIER`; packages add theirs under the entry point
group `weakspot.verifiers` (an object, a class or a factory without arguments).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, runtime_checkable

from curricula.lesson import Lesson, Verdict
from probes.errors import WeakspotError

GROUP = "weakspot.verifiers"
STEP = "verifier"


@runtime_checkable
class Verifier(Protocol):
    """A check of a lesson against ground truth."""

    name: str
    """`[a-z0-9_-]+`, as in `Lesson.verifier`."""

    def verify(self, lesson: Lesson) -> Verdict:
        """Judge one lesson; a bad lesson is a verdict, never an exception."""
        ...


@dataclass(frozen=True)
class VerifierInfo:
    """One row of the list of verifiers."""

    name: str
    origin: str
    """`built in`, or the entry point's `module:attribute`."""
    error: str = ""
    """Why a plug-in can't be loaded; empty when it can."""


def verify(lesson: Lesson, own: Mapping[str, Verifier] | None = None) -> Verdict:
    """The verdict of the verifier the lesson names, with the seconds it took.

    `own`: verifiers by name that go before those of the same name, such as one with the run's corpus.

    Raises:
        WeakspotError: no verifier has that name.
    """
    verifier = (own or {}).get(lesson.verifier) or find_verifier(lesson.verifier)
    started = time.perf_counter()
    verdict = verifier.verify(lesson)
    return replace(verdict, seconds=time.perf_counter() - started)


def passed(evidence: str = "") -> Verdict:
    """The answer agrees with the check."""
    return Verdict(STEP, "pass", evidence=evidence)


def failed(reason: str, evidence: str = "") -> Verdict:
    """The lesson is wrong or can't be read; final."""
    return Verdict(STEP, "fail", reason, evidence)


def unverifiable(reason: str) -> Verdict:
    """Nothing to compare with."""
    return Verdict(STEP, "unverifiable", reason)


def find_verifier(name: str) -> Verifier:
    """The verifier of that name, built in or from a plug-in.

    Raises:
        WeakspotError: there is none, or the plug-in of that name does not load.
    """
    built_in = _built_in()
    if name in built_in:
        return built_in[name]
    plug_ins = {point.name: point for point in _plug_ins()}
    if name in plug_ins:
        try:
            return _load(plug_ins[name])
        except Exception as error:  # a plug-in may fail in any way; the user must hear which one and how
            raise WeakspotError(
                f"verifier {name!r} does not load: {error}",
                where=f"entry point {plug_ins[name].value} of group {GROUP}",
                hint="repair or uninstall the package that provides it",
            ) from error
    known = sorted({*built_in, *plug_ins})
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "known verifiers: " + ", ".join(known)
    raise WeakspotError(f"no verifier is named {name!r}", hint=hint)


def list_verifiers() -> tuple[VerifierInfo, ...]:
    """All verifiers by name; a plug-in that does not load is listed with its error."""
    rows = [VerifierInfo(name, "built in") for name in _built_in()]
    for point in _plug_ins():
        try:
            _load(point)
        except Exception as error:  # named in the list instead of breaking it
            rows.append(VerifierInfo(point.name, point.value, f"{type(error).__name__}: {error}"))
        else:
            rows.append(VerifierInfo(point.name, point.value))
    return tuple(sorted(rows, key=lambda row: row.name))


def _built_in() -> dict[str, Verifier]:
    package = importlib.import_module("curricula.verifiers")
    found: dict[str, Verifier] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        if module_info.name == "contract":
            continue
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        if (verifier := getattr(module, "VERIFIER", None)) is not None:
            found[verifier.name] = verifier
    return found


def _plug_ins() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _load(point: EntryPoint) -> Verifier:
    loaded = point.load()
    verifier = loaded if hasattr(loaded, "verify") and not isinstance(loaded, type) else loaded()
    if not isinstance(verifier, Verifier):
        raise TypeError("it lacks one of name, verify")
    return verifier
