"""How the two sides of an examination talk: one line of JSON a message, values as plain data.

What arrives is made of built-in types alone, whatever was sent: no object of the solution reaches the tests, so none
can pretend to be equal to anything.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_ITEMS = 100_000  # of an iterator that is read out
MOST_BYTES = 8_000_000  # of a message


class NotPlain(BaseException):
    """A value that is not plain data; not an Exception, so that tests can't swallow it."""


class Gone(BaseException):
    """The other side has ended."""


def packed(value: Any) -> Any:
    """A value as JSON data; raises NotPlain."""
    if value is None or isinstance(value, bool):
        return None if value is None else bool(value)
    if isinstance(value, str):
        return str.__str__(value) if type(value) is str else "".join(str.__iter__(value))
    if isinstance(value, int):
        number = int.__index__(value)
        return number if -(2**53) < number < 2**53 else ["i", hex(number)]
    if isinstance(value, float):
        return ["n", float.__repr__(value)]
    if isinstance(value, complex):
        return ["c", repr(complex.__add__(value, 0j).real), repr(complex.__add__(value, 0j).imag)]
    if isinstance(value, (bytes, bytearray)):
        return ["b" if isinstance(value, bytes) else "y", bytes(value).hex()]
    kinds: tuple[tuple[Any, str], ...] = ((list, "l"), (tuple, "t"), (set, "s"), (frozenset, "f"))
    for kind, code in kinds:
        if isinstance(value, kind):
            return [code, [packed(item) for item in kind.__iter__(value)]]
    if isinstance(value, dict):
        return ["d", [[packed(key), packed(item)] for key, item in dict.items(value)]]
    if isinstance(value, range):
        return ["r", value.start, value.stop, value.step]
    if type(value).__name__ in ("generator", "map", "filter", "zip", "enumerate", "reversed", "list_iterator", "chain", "dict_keys", "dict_values"):
        items = []
        for item in value:
            items.append(packed(item))
            if len(items) > MOST_ITEMS:
                raise NotPlain("an iterator without end")
        return ["g", items]
    raise NotPlain(type(value).__name__)


def unpacked(data: Any) -> Any:
    """The value behind JSON data; raises ValueError for what `packed` never makes."""
    if data is None or isinstance(data, (bool, int, str)):
        return data
    if isinstance(data, list) and data and isinstance(data[0], str):
        code, *rest = data
        if code in ("l", "t", "s", "f", "g") and len(rest) == 1:
            make: Any = {"l": list, "t": tuple, "s": set, "f": frozenset, "g": iter}[code]
            return make([unpacked(item) for item in rest[0]])
        if code == "d":
            return {unpacked(key): unpacked(item) for key, item in rest[0]}
        if code == "i":
            return int(rest[0], 16)
        if code == "n":
            return float(rest[0])
        if code == "c":
            return complex(float(rest[0]), float(rest[1]))
        if code in ("b", "y"):
            return (bytes if code == "b" else bytearray).fromhex(rest[0])
        if code == "r":
            return range(*rest)
    raise ValueError("not a value")


class Line:
    """Messages over two file descriptors."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing, self._waiting = incoming, outgoing, b""

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._outgoing, data) :]
        except BrokenPipeError as error:
            raise Gone from error

    def receive(self) -> dict[str, Any]:
        """Wait for one message; raises Gone at the end, for what is too long and for what is no message."""
        parts = [self._waiting]
        while b"\n" not in parts[-1]:
            more = os.read(self._incoming, 1 << 16)
            if not more or sum(map(len, parts)) > MOST_BYTES:
                raise Gone
            parts.append(more)
        line, _, self._waiting = b"".join(parts).partition(b"\n")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise Gone from error
        if not isinstance(message, dict):
            raise Gone
        return message
