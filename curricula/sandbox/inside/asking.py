"""The jail of the tests: runs them against stand-ins that ask the solution's jail, and reports how that went."""

from __future__ import annotations

import builtins
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from curricula.sandbox.inside.wire import Gone, Line, NotPlain, packed, unpacked


def main(payload: dict[str, Any], reader: int, writer: int) -> None:
    """Examine, then write the report as one JSON object."""
    report = json.dumps(examine(payload["tests"], payload["entry_point"], Line(reader, payload["partner_writer"]))).encode()
    while report:
        report = report[os.write(writer, report) :]


def stand_in(name: str, line: Line, calls: list[str]) -> Any:
    """A function that lets the solution's function of that name do the work; its name joins `calls` each time."""

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        line.send({"function": name, "arguments": packed(list(arguments)), "named": packed(named)})
        answer = line.receive()
        if "opaque" in answer:
            raise NotPlain(str(answer["opaque"]))
        if "raised" in answer:
            kind = getattr(builtins, str(answer["raised"]), None)
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                kind = RuntimeError
            try:
                error = kind(str(answer["message"]))
            except TypeError:  # UnicodeDecodeError and its like want five arguments
                error = RuntimeError(str(answer["message"]))
            raise error
        for mine, after in zip(arguments, unpacked(answer["arguments"]), strict=True):
            _follow(mine, after)
        return unpacked(answer["value"])

    call.__name__ = name
    return call


def _follow(mine: Any, after: Any) -> None:
    """A list, dict, set or bytearray that the solution changed in place is changed here too."""
    if type(mine) is type(after) and isinstance(mine, (list, dict, set, bytearray)) and mine != after:
        if isinstance(mine, (list, bytearray)):
            mine[:] = after
        else:
            mine.clear()
            mine.update(after)


def examine(tests: str, entry_point: str, line: Line) -> dict[str, Any]:
    """Run the tests: at module level, then `check(candidate)`, then every `test...()`."""
    calls: list[str] = []
    try:
        functions = line.receive()["functions"]
        entry = entry_point or functions[-1]
        scope: dict[str, Any] = {"__name__": "tests", **{name: stand_in(name, line, calls) for name in functions}, "candidate": stand_in(entry, line, calls)}
        exec(compile(tests, "<tests>", "exec"), scope)
        own = {name: value for name, value in scope.items() if type(value).__name__ == "function" and value.__code__.co_filename == "<tests>"}
        if "check" in own:
            own["check"](scope["candidate"])
        for name, value in own.items():
            if name.startswith("test") and value.__code__.co_argcount == 0:
                value()
    except Gone:
        return {"outcome": "fail", "why": "the solution's process ended", "n_calls": len(calls)}
    except NotPlain as error:
        return {"outcome": "opaque", "why": str(error), "n_calls": len(calls)}
    except AssertionError as error:
        return {"outcome": "fail", "why": f"a test failed: {error}"[:300], "n_calls": len(calls)}
    except BaseException as error:
        return {"outcome": "fail", "why": f"{type(error).__name__}: {error}"[:300], "n_calls": len(calls)}
    return {"outcome": "pass", "why": "", "n_calls": len(calls)}
