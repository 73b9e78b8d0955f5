"""Call functions of a foreign program in a jail: source and arguments go in, plain data comes out.

    called = call("def twice(x): return 2 * x", [("twice", (3,)), ("twice", ("ab",))])
    called.results[1].value == "abab"

One jail serves all calls of one `call` and is gone afterwards. What comes back is made of built-in types alone and is
the program's own word: a caller checks it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from curricula.sandbox.examine import inside
from curricula.sandbox.inside.wire import packed, unpacked
from curricula.sandbox.run import Limits, Program, run

LIMITS = Limits()


@dataclass(frozen=True)
class Result:
    """What one call gave."""

    value: Any = None
    error: str = ""
    """Why there is no value: the error with its line in the program."""


@dataclass(frozen=True)
class Called:
    """What came of a program and the calls."""

    results: tuple[Result, ...]
    """One a call, in order; fewer where the program ended early."""
    error: str = ""
    """Why it can't be used as a whole: it does not run, it ended early, it took too long, it wrote too much."""


def call(source: str, calls: Sequence[tuple[str, tuple[Any, ...]]], limits: Limits = LIMITS) -> Called:
    """Run the Python `source`, then each call (function name, arguments as plain data).

    Raises:
        NoSandbox: nothing was run.
    """
    payload = {"program": source, "calls": [[name, packed(list(arguments))] for name, arguments in calls]}
    ended = run(Program(inside("calling"), payload), limits=limits)
    said, broken = _read(ended.data)
    if ended.how == "timeout":
        error = f"not done after {limits.wall_s:g} s"
    elif ended.how == "flood":
        error = f"more than {limits.output_bytes:,} bytes of results"
    elif said and said[0].error:
        return Called((), f"it does not run: {said[0].error}")
    elif broken or len(said) != 1 + len(calls):
        error = f"it ended with {ended.how} {ended.code} before all calls were answered"
    else:
        error = ""
    return Called(tuple(said[1:]), error)


def _read(data: bytes) -> tuple[list[Result], bool]:
    """Results in order, and whether something was there that is none."""
    results = []
    for line in data.split(b"\n")[:-1]:
        try:
            message = json.loads(line)
            results.append(Result(error=str(message["raised"])) if "raised" in message else Result(unpacked(message["value"])))
        except (ValueError, KeyError, TypeError, RecursionError):
            return results, True
    return results, False
