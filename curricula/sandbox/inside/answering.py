"""The jail of the solution: runs it, then answers calls of its functions. Knows nothing of the tests."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from curricula.sandbox.inside.wire import Gone, Line, NotPlain, packed, unpacked


def main(payload: dict[str, Any], reader: int, writer: int) -> None:
    """Say which functions there are, then answer until nobody asks."""
    line = Line(reader, writer)
    scope: dict[str, Any] = {"__name__": "solution"}
    exec(compile(payload["solution"], "<solution>", "exec"), scope)
    line.send({"functions": [name for name, value in scope.items() if callable(value) and not name.startswith("__")]})
    while True:
        try:
            asked = line.receive()
        except Gone:
            return
        line.send(_answer(scope, asked))


def _answer(scope: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    arguments, named = unpacked(asked["arguments"]), unpacked(asked["named"])
    try:
        value = scope[asked["function"]](*arguments, **named)
        return {"value": packed(value), "arguments": packed(arguments)}
    except NotPlain as error:
        return {"opaque": str(error)}
    except RecursionError:
        return {"raised": "RecursionError", "message": ""}
    except Exception as error:
        return {"raised": type(error).__name__, "message": str(error)[:500]}
