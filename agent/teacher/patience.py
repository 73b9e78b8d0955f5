"""How long one attempt may take before it counts as hanging and is begun again, learnt from the answers so far.

A hang shows nothing but silence, so the only clue is how long answers of the same kind took: three times the slowest
of the last hundred, doubled with every further attempt (RFC 6298, section 5.5). Until ten are known, half of what is
left. The last attempt gets all of it.
"""

from __future__ import annotations

from collections import defaultdict, deque

MARGIN = 3.0  # of 10,000 log-normal latencies with sigma .5, one exceeds three times the slowest of ten in 100 draws of 1,000
KNOWN = 10
REMEMBERED = 100
LEAST_S = 1.0  # below this, jitter of the machine is no hang


class Patience:
    """One per model. A kind is the request's tag: lengths and with them seconds differ from purpose to purpose."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def answered(self, kind: str, seconds: float) -> None:
        """An answer came."""
        self._seconds[kind].append(seconds)

    def limit_s(self, kind: str, attempt: int, left_s: float, *, is_last: bool) -> float:
        """Seconds for attempt number `attempt` (from 1), `left_s` before the call's deadline."""
        known = self._seconds[kind]
        if is_last:
            return left_s
        if len(known) < KNOWN:
            return left_s / 2
        return min(left_s, max(LEAST_S, MARGIN * max(known)) * 2.0 ** (attempt - 1))
