"""How long one attempt may take before it counts as hanging and is begun again, learnt from the answers so far.

A hang shows nothing but silence, so the only clue is how long answers of the same kind took: a multiple of the slowest
one known, doubled with every further attempt (RFC 6298, section 5.5). While other requests wait for their turn, a hang
costs one slot of many, and the multiple is generous; once none does, everybody waits for it, and the multiple is as
small as the number of known answers allows. Until some are known, half of what is left. The last attempt gets all of it.

A call cut although its answer would have come may be paid twice, and is booked as if it were.
"""

from __future__ import annotations

from collections import defaultdict, deque

# (answers known, times the slowest). Calls cut although they would have come, per million, at log-normal latencies with
# sigma .5 and 1: 95 at 3 x 20 known (sigma .5), 50 and 660 at 2 x 200.
MARGINS = ((200, 2.0), (20, 3.0))
# Of those still out when nothing waits any more: 560 and 730 at 1.1 x 1,000; 500 and 980 at 1.25 x 500; 380 and 1,560 at
# 1.5 x 200. Whatever the distribution, the next answer is slower than all n before it once in n + 1 times.
MARGINS_AT_THE_END = ((1000, 1.1), (500, 1.25), (200, 1.5), (20, 3.0))
REMEMBERED = 2000
LEAST_S = 1.0  # below this, jitter of the machine is no hang


class Patience:
    """One per model. A kind is the request's tag: lengths and with them seconds differ from purpose to purpose."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def answered(self, kind: str, seconds: float) -> None:
        """An answer came."""
        self._seconds[kind].append(seconds)

    def limit_s(self, kind: str, attempt: int, left_s: float, *, is_last: bool, do_others_wait: bool) -> float:
        """Seconds for attempt number `attempt` (from 1), `left_s` before the call's deadline; `do_others_wait`: for a slot."""
        known = self._seconds[kind]
        if is_last:
            return left_s
        margin = next((times for n, times in (MARGINS if do_others_wait else MARGINS_AT_THE_END) if len(known) >= n), None)
        if margin is None:
            return left_s / 2
        return min(left_s, max(LEAST_S, margin * max(known)) * 2.0 ** (attempt - 1))
