"""Run tests against a solution, each in a jail of its own, and say whether the solution passed.

The solution's interpreter never holds the tests, and the tests see nothing of it but plain data that it returned:
patching `assert`, leaving early, objects that equal everything or a printed `PASS` reach nobody. What a *test* program
says about itself can still be a lie; `curricula/verifiers/code.py` asks it about broken solutions too.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources

from curricula.sandbox.run import Limits, Program, run

LIMITS = Limits()


@dataclass(frozen=True)
class Examined:
    """How one examination went."""

    outcome: str
    """`pass`, `fail`, or `opaque`: a value crossed that is not plain data, so these tests can't be run apart from it."""
    why: str
    n_calls: int
    """Calls of the solution by the tests."""
    seconds: float


def examine(solution: str, tests: str, entry_point: str = "", limits: Limits = LIMITS) -> Examined:
    """Run `tests` against `solution`, both Python source.

    Tests are module-level asserts, a function `check(candidate)`, or functions `test...()`; they find the solution's
    functions by name, and `entry_point` (by default the last defined) also as `candidate`.

    Raises:
        NoSandbox: nothing was run.
    """
    asking = Program(inside("asking"), {"tests": tests, "entry_point": entry_point})
    answering = Program(inside("answering"), {"solution": solution})
    ended = run(asking, partner=answering, limits=limits)
    if ended.how == "timeout":
        return Examined("fail", f"not done after {limits.wall_s:g} s", 0, ended.seconds)
    if not ended.is_clean:
        return Examined("fail", f"the tests ended with {ended.how} {ended.code}", 0, ended.seconds)
    try:
        said = json.loads(ended.data)
        outcome, why, n_calls = said["outcome"], str(said["why"]), int(said["n_calls"])
    except (ValueError, KeyError, TypeError):
        return Examined("fail", "the tests ended without a report", 0, ended.seconds)
    if outcome not in ("pass", "opaque") or (outcome == "pass" and n_calls < 1):
        return Examined("fail", why or "the tests call nothing", n_calls, ended.seconds)
    return Examined(outcome, why, n_calls, ended.seconds)


@functools.cache
def inside(side: str) -> str:
    """The program of one side of the jail, with what it talks through: source to be run there."""
    folder = resources.files("curricula.sandbox.inside")
    texts = [(folder / name).read_text(encoding="utf-8").replace("from __future__ import annotations", "") for name in ("wire.py", f"{side}.py")]
    return "from __future__ import annotations\n" + "\n".join(texts) + "\nmain(payload, reader, writer)\n"
