"""A ledger and a response cache that last as long as the process: for `doctor`, scripts and tests."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from agent.teacher.contract import BudgetExceeded


@dataclass
class MemoryCache:
    """Implements `ResponseCache`."""

    bodies: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """The stored body, or None."""
        return self.bodies.get(key)

    def put(self, key: str, body: str) -> None:
        """Keep a body."""
        self.bodies[key] = body


@dataclass
class MemoryEntry:
    """One line of the account."""

    tag: str
    usd: float
    model: str = ""
    is_settled: bool = False
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class MemoryLedger:
    """Implements `Ledger`."""

    budget_usd: float
    entries: list[MemoryEntry] = field(default_factory=list)

    @property
    def spent_usd(self) -> float:
        """Settled plus still reserved."""
        return sum(entry.usd for entry in self.entries)

    def reserve(self, usd: float, tag: str, model: str = "") -> int:
        """Set aside `usd`, or raise `BudgetExceeded`."""
        check_budget(self.spent_usd, usd, self.budget_usd)
        self.entries.append(MemoryEntry(tag, usd, model))
        return len(self.entries) - 1

    def settle(self, entry: int, usd: float, tokens_in: int, tokens_out: int) -> None:
        """Book the real cost."""
        before = self.entries[entry]
        self.entries[entry] = MemoryEntry(before.tag, usd, before.model, True, tokens_in, tokens_out)

    def together(self) -> AbstractContextManager[None]:
        """Nothing to make durable."""
        return nullcontext()


def check_budget(spent_usd: float, usd: float, budget_usd: float) -> None:
    """Refuse a call that could pass the cap.

    Raises:
        BudgetExceeded: `spent_usd` plus `usd` is above `budget_usd`.
    """
    if usd > 0 and spent_usd + usd > budget_usd:
        raise BudgetExceeded(
            f"the next teacher call may cost ${usd:.4f}, which passes the budget of ${budget_usd:.2f}",
            where=f"spent or reserved so far: ${spent_usd:.4f}",
            hint="raise limits.budget_usd and resume: weakspot run --resume",
            exit_code=1,
        )
