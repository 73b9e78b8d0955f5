"""What came over the wire where no answer could be read from it, for the row that says why.

Client libraries give up on a body in different places and keep it in different ones. A body that was cut off, or
compressed by no known rule, is nowhere: its connection counts as broken.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_CHARS = 4000  # of a body; enough to see what went wrong, and a fault of megabytes must not fill the database
_RECEIVED = re.compile(r"Received: (.*)\. Check the reverse proxy", re.DOTALL)  # litellm's words around a body that is no object


def body_of(error: BaseException | None, parsed: Any) -> str:
    """The body behind a failed call, cut; empty where nothing came or nothing is left of it.

    `parsed` is what the client had read before it gave up (text or JSON), None where it did not get that far.
    """
    found = parsed if parsed else _in_chain(error)
    if isinstance(found, bytes | bytearray):
        found = bytes(found[: 4 * MAX_CHARS]).decode("utf-8", "backslashreplace")
    if not isinstance(found, str):
        found = "" if found is None else json.dumps(found, default=str)
    return found[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")


def _in_chain(error: BaseException | None) -> Any:
    """Text that a JSON parser refused (`doc`), bytes that a decoder refused (`object`), a server's error page (`response`)."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    for one in reversed(seen):  # the cause has more than what was made of it
        if isinstance(one, json.JSONDecodeError):
            return one.doc
        if isinstance(one, UnicodeDecodeError):
            return one.object
        if text := _text_of(getattr(one, "response", None)):
            return text
    return next((match[1] for one in reversed(seen) if (match := _RECEIVED.search(str(one)))), None)


def _text_of(response: Any) -> str:
    try:
        return str(getattr(response, "text", "") or "")
    except RuntimeError:  # httpx.ResponseNotRead: a response that was never read has none
        return ""
