"""A jail that runs a program and calls its functions with given arguments; chained after `wire.py`."""

from __future__ import annotations

import random
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from curricula.sandbox.inside.wire import Line, NotPlain, packed, unpacked

NAME = "program.py"


def main(payload: dict[str, Any], reader: int, writer: int) -> None:
    """Say whether the program runs, then one line a call, in order."""
    line = Line(reader, writer)
    scope: dict[str, Any] = {"__name__": "program"}
    line.send(_done(lambda: exec(compile(payload["program"], NAME, "exec"), scope)))  # type: ignore[func-returns-value]
    for function, arguments in payload["calls"]:
        line.send(_done(lambda function=function, arguments=arguments: scope[function](*unpacked(arguments))))


def _done(act: Any) -> dict[str, Any]:
    try:
        # what a call left behind must not lead the next one
        random.seed()
        return {"value": packed(act())}
    except NotPlain as error:
        return {"raised": f"it gives a {error}, which is not plain data"}
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == NAME]
        where = f" (line {lines[-1]})" if lines else ""
        return {"raised": f"{type(error).__name__}: {str(error)[:300]}{where}"}
