"""The weakness: a region of the probes where failures are denser than around it, with its evidence.

Every module of this room speaks in this class; all row numbers index the lists that were passed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["skill", "format"]

EVERYTHING = "everything"  # weakness id of lessons that aim at none


@dataclass(frozen=True)
class Weakness:
    """One weak spot. Shares and bounds lie between 0 and 1."""

    id: str
    """`W` and 6 hex digits; kept across cycles by `matching`."""
    label: str
    """Unique among the weaknesses found together."""
    keywords: tuple[str, ...]
    """What its texts say more often than the others, most telling first."""
    members: tuple[int, ...]
    """All rows of the region, passed and failed, ascending: its failure rate needs both."""
    failures: tuple[int, ...]
    """The members that failed."""
    n: int
    n_failures: int
    failure_rate: float
    ci_low: float
    """95 % Clopper-Pearson interval of the failure rate."""
    ci_high: float
    lift: float
    """Failure rate over the failure rate of all rows."""
    p_value: float
    """Exact binomial: so few passes if the region were as good as its surroundings. The region was chosen by these outcomes, so
    it ranks; what holds the rate of false claims is the permutation test."""
    medoids: tuple[int, ...]
    """Up to three failures nearest to the middle, most typical first."""
    stability: float
    """How well the region is found again by other clusterings of the same rows: best Jaccard overlap, averaged."""
    coordinates: tuple[float, float]
    """Its middle on the 2-D map."""
    kind: Kind = "skill"
    """`format`: the answers fail by their shape, not by what they say."""
    failure_types: dict[str, int] = field(default_factory=dict)
    """Failures by type, where types were given."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        }


def weakness_id(kind: str, texts: Iterable[str]) -> str:
    """Id of a weakness never seen before: `W` + 6 hex digits over its kind and its members' texts, in any order."""
    digest = hashlib.sha256(kind.encode())
    for text in sorted(set(texts)):
        digest.update(b"\x00" + text.encode("utf-8", "surrogatepass"))
    return f"W{digest.hexdigest()[:6]}"
