"""What a strategy is, and how strategies are found.

A strategy takes a `Brief` (one weakness with its failures), a teacher and a random generator, and yields
`Candidate`s lazily: who stops pulling stops paying. It never judges truth; verifiers do. Built in are the
modules of this folder with a `STRATEGY`; packages add theirs under the entry point group
`weakspot.strategies` (an object, a class or a factory without arguments).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from random import Random
from typing import Protocol, runtime_checkable

from curricula.lesson import Brief, Candidate
from curricula.teacher import Teacher
from probes.errors import WeakspotError

GROUP = "weakspot.strategies"


@runtime_checkable
class Strategy(Protocol):
    """One way of writing lessons."""

    name: str
    """`[a-z0-9_-]+`, as in the config."""
    source: str
    """Where the method comes from: paper and section."""
    needs: str
    """`teacher` if it asks an LLM, `corpus` if it takes human-made rows, `teacher, corpus` for both, `pages` if it takes passages of web pages, empty if it works alone."""

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """Yield candidates for the weakness, at most three times `brief.n_lessons`.

        Raises:
            WeakspotError: it needs a teacher and got none, or the teacher can't be used at all.
        """
        ...


@dataclass(frozen=True)
class StrategyInfo:
    """One row of the list of strategies."""

    name: str
    source: str
    needs: str
    origin: str
    """`built in`, or the entry point's `module:attribute`."""
    error: str = ""
    """Why a plug-in can't be loaded; empty when it can."""


def find_strategy(name: str) -> Strategy:
    """The strategy of that name, built in or from a plug-in.

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
                f"strategy {name!r} does not load: {error}",
                where=f"entry point {plug_ins[name].value} of group {GROUP}",
                hint="repair or uninstall the package that provides it",
            ) from error
    known = sorted({*built_in, *plug_ins})
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "known strategies: " + ", ".join(known)
    raise WeakspotError(f"no strategy is named {name!r}", hint=hint)


def list_strategies() -> tuple[StrategyInfo, ...]:
    """All strategies by name; a plug-in that does not load is listed with its error."""
    rows = [StrategyInfo(s.name, s.source, s.needs, "built in") for s in _built_in().values()]
    for point in _plug_ins():
        try:
            strategy = _load(point)
        except Exception as error:  # named in the list instead of breaking it
            rows.append(StrategyInfo(point.name, "", "", point.value, f"{type(error).__name__}: {error}"))
        else:
            rows.append(StrategyInfo(point.name, strategy.source, strategy.needs, point.value))
    return tuple(sorted(rows, key=lambda row: row.name))


def _built_in() -> dict[str, Strategy]:
    package = importlib.import_module("curricula.strategies")
    found: dict[str, Strategy] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        if module_info.ispkg or module_info.name == "contract":
            continue
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        if (strategy := getattr(module, "STRATEGY", None)) is not None:
            found[strategy.name] = strategy
    return found


def _plug_ins() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _load(point: EntryPoint) -> Strategy:
    loaded = point.load()
    strategy = loaded if hasattr(loaded, "write") and not isinstance(loaded, type) else loaded()
    if not isinstance(strategy, Strategy):
        raise TypeError("it lacks one of name, source, needs, write")
    return strategy
