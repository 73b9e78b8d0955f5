"""Forward chaining over Horn clauses: what follows, from what, and which premises can be spared.

Used by the engines alone: the `proof` verifier that checks what they derive has code of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Atom = tuple[str, ...]
"""Predicate and arguments; `X` and `Y` are variables. A predicate that begins with `not_` is the denial of a quality."""


@dataclass(frozen=True)
class Rule:
    """Conditions, conclusion, and which of its wordings it is told in."""

    conditions: tuple[Atom, ...]
    conclusion: Atom
    style: int = field(default=0, compare=False)


Premise = Atom | Rule
Ground = tuple[Rule, tuple[Atom, ...]]


def closure(premises: Sequence[Premise]) -> dict[Atom, Ground]:
    """Every derivable atom that is no premise, with its first (shallowest) ground."""
    known = {premise for premise in premises if isinstance(premise, tuple)}
    rules = [premise for premise in premises if isinstance(premise, Rule)]
    grounds: dict[Atom, Ground] = {}
    while True:
        fresh: dict[Atom, Ground] = {}
        for rule in rules:
            for bound, used in _bindings(rule.conditions, sorted(known), {}):
                conclusion = _fill(rule.conclusion, bound)
                if conclusion not in known:
                    fresh.setdefault(conclusion, (rule, used))
        if not fresh:
            return grounds
        grounds |= fresh
        known |= set(fresh)


def _bindings(conditions: Sequence[Atom], known: Sequence[Atom], bound: dict[str, str]) -> Iterator[tuple[dict[str, str], tuple[Atom, ...]]]:
    if not conditions:
        yield bound, ()
        return
    for fact in known:
        if fact[0] != conditions[0][0]:
            continue
        wider = dict(bound)
        if all(wider.setdefault(variable, name) == name for variable, name in zip(conditions[0][1:], fact[1:], strict=True)):
            for full, used in _bindings(conditions[1:], known, wider):
                yield full, (fact, *used)


def _fill(atom: Atom, bound: dict[str, str]) -> Atom:
    return (atom[0], *(bound.get(argument, argument) for argument in atom[1:]))


def trace(goal: Atom, grounds: dict[Atom, Ground]) -> tuple[tuple[Atom, Ground], ...]:
    """The steps that the goal rests on, each after those it needs."""
    steps: dict[Atom, Ground] = {}

    def visit(atom: Atom) -> None:
        if atom in grounds and atom not in steps:
            for fact in grounds[atom][1]:
                visit(fact)
            steps[atom] = grounds[atom]

    visit(goal)
    return tuple(steps.items())


def minimal(goal: Atom, grounds: dict[Atom, Ground]) -> tuple[list[Premise], tuple[tuple[Atom, Ground], ...]]:
    """Premises of which none can be spared, and the goal's proof from them."""
    steps = trace(goal, grounds)
    rested: list[Premise] = []
    for _, (rule, used) in steps:
        rested += [rule, *used]
    derived: set[Premise] = set(grounds)
    needed = [premise for premise in dict.fromkeys(rested) if premise not in derived]
    for premise in list(needed):
        fewer = [other for other in needed if other != premise]
        if goal in closure(fewer):
            needed = fewer
    return needed, trace(goal, closure(needed))


def depth_of(goal: Atom, proof: Sequence[tuple[Atom, Ground]]) -> int:
    """Steps on the longest way from a premise to the goal."""
    depths: dict[Atom, int] = {}
    for atom, (_, used) in proof:
        depths[atom] = 1 + max(depths.get(fact, 0) for fact in used)
    return depths[goal]
