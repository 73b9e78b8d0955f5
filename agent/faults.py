"""Fault points: where a test (or a brave user) makes the machine fail on purpose.

`WEAKSPOT_FAULT="train.before_rename@1:kill"` kills the process the first time that point is reached.
Actions: kill, raise, enospc, hang. Without the variable every point is a dictionary look-up.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import Counter

_reached: Counter[str] = Counter()


class InjectedFault(RuntimeError):
    """Raised by the action `raise`."""


def point(name: str) -> None:
    """Mark a durable effect. Fails as `WEAKSPOT_FAULT` says, else returns at once."""
    order = os.environ.get("WEAKSPOT_FAULT")
    if not order:
        return
    target, _, action = order.partition(":")
    wanted, _, count = target.partition("@")
    if wanted != name:
        return
    _reached[name] += 1
    if _reached[name] != int(count or 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "enospc":
        raise OSError(errno.ENOSPC, "No space left on device (injected)")
    if action == "hang":
        time.sleep(3600)
    raise InjectedFault(f"fault injected at {name}")
