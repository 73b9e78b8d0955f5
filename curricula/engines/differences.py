"""Systems of difference constraints `x_b - x_a <= w`: what they leave open, by shortest paths.

The largest value that x_b - x_a can take is the length of the shortest path from a to b (Bellman 1958, Ford 1956;
Cormen et al., Introduction to Algorithms, section 24.4). A difference is determined when the largest value
one way is the negative of the largest value the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Constraint:
    """`x[to] - x[of] <= at_most`."""

    of: str
    to: str
    at_most: int


def exactly(of: str, to: str, difference: int) -> tuple[Constraint, Constraint]:
    """`x[to] - x[of] == difference`."""
    return Constraint(of, to, difference), Constraint(to, of, -difference)


def largest_differences(source: str, names: Sequence[str], constraints: Sequence[Constraint]) -> dict[str, float]:
    """For every name, the largest value of its distance from `source`; infinite where nothing bounds it.

    Raises:
        ValueError: the constraints contradict each other.
    """
    longest: dict[str, float] = {name: inf for name in names} | {source: 0}
    for _ in names:
        is_changed = False
        for constraint in constraints:
            if longest[constraint.of] + constraint.at_most < longest[constraint.to]:
                longest[constraint.to] = longest[constraint.of] + constraint.at_most
                is_changed = True
        if not is_changed:
            return longest
    raise ValueError("the constraints contradict each other")


def determined(of: str, to: str, names: Sequence[str], constraints: Sequence[Constraint]) -> int | None:
    """`x[to] - x[of]` if the constraints leave one value; else None."""
    up = largest_differences(of, names, constraints)[to]
    down = largest_differences(to, names, constraints)[of]
    return int(up) if up == -down and up < inf else None


def places(names: Sequence[str], constraints: Iterable[Constraint]) -> dict[str, int] | None:
    """Places 1 to n, each taken once, of names whose order is constrained; None if more than one order is possible.

    `wall` stands at place 0. A place that is certainly taken is closed to the others, until nothing changes: what that
    finds is certain, but some puzzles with one solution are not found to have one.
    """
    everyone, known = ["wall", *names], list(constraints)
    for name in names:
        known += [Constraint("wall", name, len(names)), Constraint(name, "wall", -1)]
    while True:
        upper = largest_differences("wall", everyone, known)
        lower = {name: -largest_differences(name, everyone, known)["wall"] for name in names}
        fixed = {name: int(upper[name]) for name in names if upper[name] == lower[name]}
        if len(fixed) == len(names):
            return fixed
        closed = [Constraint("wall", other, place - 1) for place in fixed.values() for other in names if other not in fixed and upper[other] == place]
        closed += [Constraint(other, "wall", -place - 1) for place in fixed.values() for other in names if other not in fixed and lower[other] == place]
        if not closed:
            return None
        known += closed
