"""Numbered items to a teacher and one line of text for each back: the reply's form, and a reader that forgives.

`{"1": "...", "2": "..."}` is asked for: short, and a server with grammar support can't skip an item. Weaker models
write something like it; whatever carries a number and a text is read, and nothing is guessed by position.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

PAIR = re.compile(
    r"""["']?(?P<number>\d{1,4})["']?\s*[:,]\s*"""  # "3": ... or {"number": 3, ...
    r"""(?:\{\s*)?(?:["']\w+["']\s*:\s*)?"""  # ... {"phrase": ...
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)')"""
)
LINE = re.compile(r"^[^\w\n]*(?:\w+ )?(\d{1,4})[^\w\n]*[.):\]-][^\w\n]*(\w[^\n]*)$", re.MULTILINE)
MARKUP = re.compile(r"<[^<>]{0,80}>|[`*_#|<>{}\[\]\\]+")
PLACEHOLDERS = frozenset(("...", "…", "string", "phrase", "name", "none", "n/a", "null", "unknown"))


def form(n: int) -> str:
    """How the reply to `n` items should look, for the prompt."""
    shown = ", ".join(f'"{number}": "..."' for number in range(1, min(n, 2) + 1))
    return "{" + shown + (f', ..., "{n}": "..."' if n > 2 else "") + "}"


def schema(n: int) -> dict[str, Any]:
    """JSON schema of the reply to `n` items."""
    numbers = [str(number) for number in range(1, n + 1)]
    return {
        "type": "object",
        "properties": {number: {"type": "string"} for number in numbers},
        "required": numbers,
        "additionalProperties": False,
    }


def read_numbered(text: str, n: int) -> dict[int, str]:
    """Text by number, 1 to `n`, each one clean line; numbers that the reply lacks are absent.

    Takes JSON whole, fenced, inside other text or cut off (a string that does not end is left out), lists of
    objects with a number and a text, Python quotes, and as a last resort lines such as `3. text`. The first text of
    a number counts.
    """
    found: dict[int, str] = {}
    for match in PAIR.finditer(text):
        value = match["double"] if match["double"] is not None else match["single"]
        found.setdefault(int(match["number"]), clean_line(_unescaped(value)))
    if not found:
        for number, rest in LINE.findall(text):
            found.setdefault(int(number), clean_line(rest))
    return {number: value for number, value in found.items() if 1 <= number <= n}


def clean_line(text: str) -> str:
    """One line without control and direction characters, markup, outer quotes or a final stop; "" for placeholders."""
    plain = MARKUP.sub(" ", text.replace("\\n", " "))
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in plain)
    plain = " ".join(plain.split()).strip(" \"'“”‘’.,;:-")
    return "" if plain.lower() in PLACEHOLDERS else plain


def clipped(text: str, most: int) -> str:
    """At most `most` characters, the middle left out: questions begin with their subject and end with what they ask."""
    return text if len(text) <= most else f"{text[: most // 2]} […] {text[-most // 2 :]}"


def plain_words(text: str) -> list[str]:
    """Lower-case words and numbers, for comparing what people would call the same text."""
    return re.findall(r"\w+", text.lower())


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:  # a stray backslash: LaTeX, a path
        return text
