"""What flows along the edges of the graph: ids and small numbers, under 2 KB.

Rows live in the database; a node that needs them asks for them by run and cycle.
"""

from __future__ import annotations

from typing import TypedDict


class CycleState(TypedDict, total=False):
    """One cycle's way through the graph."""

    run: str
    cycle: int
    """1 for the first."""
    champion: str
    """Adapter in force when the cycle began; "" is the base."""
    accuracy: float
    """Share of the diagnose split answered right by the champion, in the gate's score."""
    n_weaknesses: int
    n_lessons: int
    """Lessons accepted in this cycle."""
    spent_budget_usd: float
    """Set when the teacher stopped at the budget: the budget it was."""
    curriculum: str
    """sha256 of the training file; "" when there was nothing to train on."""
    candidate: str
    """Adapter just trained; "" when training gave none."""
    decision: str
    """`promote`, `reject`, `inconclusive`, `converged`, `target`, `no_data` or `failed_train`."""
