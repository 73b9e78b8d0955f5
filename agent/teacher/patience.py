"""How long one attempt may take before it counts as hanging and is begun again, learnt from the answers so far.

A hang shows nothing but silence, so the only clue is how long answers of the same kind took: a multiple of the slowest
one known, doubled with every further attempt (RFC 6298, section 5.5). Until some are known, half of what is left. The
last attempt gets all of it.
"""

from __future__ import annotations

from collections import defaultdict, deque

# Answers cut although they would have come, at log-normal latencies with sigma .5 (400 draws of 1,000 calls each): 38 of
# 400,000 at three times the slowest of 20, 21 at twice the slowest of 200.
MARGINS = ((200, 2.0), (20, 3.0))
REMEMBERED = 500
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
        margin = next((times for n, times in MARGINS if len(known) >= n), None)
        if margin is None:
            return left_s / 2
        return min(left_s, max(LEAST_S, margin * max(known)) * 2.0 ** (attempt - 1))
