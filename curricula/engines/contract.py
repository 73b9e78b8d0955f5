"""What an engine is, and how engines are found.

An engine makes questions of one skill: random numbers or words go into one of several wordings, and the
answer is computed, never guessed. Difficulty runs from 0 (smallest numbers, shortest lists) to 1. A
question carries no closing instruction ("Answer with ..."): the strategy copies that from the failures.

A family file has four blocks, always in this order: material (words and ranges), wordings, draws (one
function a skill), `ENGINES`. Dropping such a file into this folder is all it takes to add one.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Protocol

from probes.errors import WeakspotError


@dataclass(frozen=True)
class Item:
    """One question with its answer and the way there."""

    question: str
    answer: str
    """Bare: `42`, `yes`, `Monday`, `fig, plum`; the strategy dresses it as the failures' golds are dressed."""
    steps: str
    """Worked solution in a sentence or two, without the closing answer line."""
    params: dict[str, Any] = field(default_factory=dict)
    """`expression`: arithmetic with the answer as its value; `parts`: a list answer's members, in order; `listed`: the part of
    the question that names the possible answers, left out where options are shown; `problem` and `derivation`: Horn clauses
    and a proof in the notation of the `proof` verifier, which the strategy checks."""
    engine: str = ""
    wording: int = 0
    """Which of the engine's wordings was used."""
    difficulty: float = 0.0
    wrong: tuple[str, ...] = ()
    """Plausible wrong answers, for multiple choice."""


@dataclass(frozen=True)
class Draw:
    """What an engine's own function returns: the filling of a wording and the answer."""

    slots: Mapping[str, Any]
    answer: str
    steps: str
    params: dict[str, Any] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()


class Engine(Protocol):
    """One skill; `SkillEngine` and the reasoning-gym adapter both are one."""

    @property
    def name(self) -> str:
        """Unique among all engines, `[a-z0-9_.:-]+`."""
        ...

    @property
    def family(self) -> str:
        """Name of the file it lives in."""
        ...

    @property
    def n_wordings(self) -> int:
        """How many wordings `sample` chooses from; 1 when it can't be steered."""
        ...

    def sample(self, rng: Random, difficulty: float, wording: int | None = None) -> Item:
        """Draw one item. `difficulty` in 0..1; `wording` fixes the wording, else one is drawn."""
        ...


@dataclass(frozen=True)
class SkillEngine:
    """An engine made of wordings with `{slots}` and a function that draws what fills them."""

    name: str
    family: str
    wordings: tuple[str, ...]
    draw: Callable[[Random, float], Draw]

    @property
    def n_wordings(self) -> int:
        return len(self.wordings)

    def sample(self, rng: Random, difficulty: float, wording: int | None = None) -> Item:
        difficulty = min(1.0, max(0.0, difficulty))
        drawn = self.draw(rng, difficulty)
        index = rng.randrange(len(self.wordings)) if wording is None else wording % len(self.wordings)
        question = self.wordings[index].format_map(drawn.slots)
        question = question[0].upper() + question[1:]
        return Item(
            question, drawn.answer, drawn.steps, drawn.params, self.name, index, difficulty, drawn.wrong
        )


def words(text: str) -> tuple[str, ...]:
    """The words of a text: how long word lists are written down in this folder."""
    return tuple(text.split())


def scaled(easy: float, hard: float, difficulty: float) -> int:
    """A whole number on the straight line from `easy` (difficulty 0) to `hard` (difficulty 1)."""
    return round(easy + (hard - easy) * difficulty)


def log_scaled(easy: float, hard: float, difficulty: float) -> int:
    """Like `scaled`, but in equal factors: 10, 100, 1000 rather than 10, 505, 1000. Both ends above 0."""
    return round(easy * (hard / easy) ** difficulty)


@lru_cache(maxsize=1)
def list_engines() -> tuple[Engine, ...]:
    """Every engine of every family file in this folder, in name order.

    Raises:
        ValueError: two engines share a name.
    """
    found: dict[str, Engine] = {}
    package = importlib.import_module(__package__ or "curricula.engines")
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for engine in getattr(module, "ENGINES", ()):
            if engine.name in found:
                raise ValueError(f"two engines are named {engine.name!r}")
            found[engine.name] = engine
    return tuple(found[name] for name in sorted(found))


def find_engine(name: str) -> Engine:
    """The engine of that name.

    Raises:
        WeakspotError: there is none.
    """
    engines = {engine.name: engine for engine in list_engines()}
    if name in engines:
        return engines[name]
    near = difflib.get_close_matches(name, engines, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "known engines: " + ", ".join(engines)
    raise WeakspotError(f"no engine is named {name!r}", hint=hint)
