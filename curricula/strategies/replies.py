"""Read lessons out of what a teacher wrote: JSON if it is JSON, and what can be saved if it is not quite.

Handles fences, text around the JSON, a bare list, a single object, trailing commas, Python quotes, raw line
breaks in strings, and a list cut off in the middle (whole items are kept). Nothing is guessed: an item that
lacks its problem or answer comes back as a reason.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_REPLY = 60_000  # characters; longer replies are cut: a runaway generation
MOST_BITS = 4000  # of a whole number; Python refuses to write down much longer ones
LISTS = ("lessons", "problems", "items", "questions")
PLACEHOLDERS = frozenset(("...", "…", "string", "<problem>", "<answer>", "problem", "answer"))


@dataclass(frozen=True)
class RawLesson:
    """One item of a reply."""

    problem: str
    solution: str
    answer: str
    check: str
    """Arithmetic expression, or empty."""
    reason: str = ""
    """Why the item can't be used; empty when it can."""
    raw: str = ""
    """The item's own JSON, kept for unusable ones."""


@dataclass(frozen=True)
class ParsedReply:
    """What a reply held."""

    hypothesis: str
    lessons: tuple[RawLesson, ...]
    reason: str = ""
    """Why nothing could be read; empty when something was."""


def parse_reply(text: str) -> ParsedReply:
    """Hypothesis and items of a teacher's reply; `reason` instead where there is nothing to read."""
    body = text[:MAX_REPLY].strip()
    if not body:
        return ParsedReply("", (), "empty reply")
    whole = _first_json(body)
    if isinstance(whole, dict):
        listed: list[Any] = next((whole[key] for key in LISTS if isinstance(whole.get(key), list)), [])
        items = [item for item in listed if isinstance(item, dict)]
        hypothesis = str(whole.get("hypothesis", "") or "")
    elif isinstance(whole, list):
        items, hypothesis = [item for item in whole if isinstance(item, dict)], ""
    else:
        items, hypothesis = [], ""
    if not items:
        items = _whole_objects(body)
        found = re.search(r'"hypothesis"\s*:\s*"((?:[^"\\]|\\.)*)"', body)
        hypothesis = hypothesis or (found[1] if found else "")
    if not items:
        return ParsedReply(
            hypothesis, (), "no JSON in the reply" if "{" not in body else "JSON without a lesson"
        )
    return ParsedReply(hypothesis.strip(), tuple(_lesson(item) for item in items))


@dataclass(frozen=True)
class ParsedItems:
    """Objects of a reply, every value as text."""

    items: tuple[dict[str, str], ...]
    """Whole objects that hold all the keys asked for, with text in them."""
    rejected: tuple[tuple[str, str], ...] = ()
    """Reason and JSON of objects that do not."""
    reason: str = ""
    """Why nothing could be read; empty when something was."""


def parse_items(text: str, keys: Sequence[str]) -> ParsedItems:
    """Objects with `keys` in a teacher's reply: a list of them, a list under any key, a single one, or the whole ones
    of a reply that was cut off. Keys that an object has beyond them come along."""
    body = text[:MAX_REPLY].strip()
    if not body:
        return ParsedItems((), reason="empty reply")
    objects = _objects(body, keys)
    if not objects:
        return ParsedItems((), reason="no JSON in the reply" if "{" not in body else f"JSON without {' and '.join(keys)}")
    items, rejected = [], []
    for found in objects:
        item = {name: as_text(value) for name, value in found.items()}
        missing = [key for key in keys if not item.get(key) or item[key].lower() in PLACEHOLDERS]
        if missing:
            rejected.append((f"item without {missing[0]}", json.dumps(found, ensure_ascii=False, default=str)))
        else:
            items.append(item)
    return ParsedItems(tuple(items), tuple(rejected))


def as_text(value: Any) -> str:
    """A value of a reply, or what a program returned, as the text it would be in a lesson; empty for what is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        return ", ".join(map(as_text, value))
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _objects(body: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    fenced = re.search(r"```(?:json)?\s*(.+?)(?:```|$)", body, re.DOTALL | re.IGNORECASE)
    for part in ([fenced[1]] if fenced else []) + [body]:
        for start in [match.start() for match in re.finditer(r"[{\[]", part)][:3]:
            value = _decode(part[start:])
            if isinstance(value, dict) and all(key in value for key in keys):
                return [value]  # before any list in it, such as its options
            for listed in [value, *(value.values() if isinstance(value, dict) else ())]:
                if isinstance(listed, list) and (found := [entry for entry in listed if isinstance(entry, dict)]):
                    return found
            if isinstance(value, dict) and any(key in value for key in keys):
                return [value]
    return _whole_objects(body, keys)


def _lesson(item: dict[str, Any]) -> RawLesson:
    raw = json.dumps(item, ensure_ascii=False, default=str)
    problem = as_text(item.get("problem") or item.get("question"))
    solution, answer, check = as_text(item.get("solution")), as_text(item.get("answer")), as_text(item.get("check"))
    reason = ""
    if not problem or problem.lower() in PLACEHOLDERS:
        reason = "lesson without a problem"
    elif not answer or answer.lower() in PLACEHOLDERS:
        reason = "lesson without an answer"
    elif len(answer) > 400:
        reason = "answer longer than 400 characters"
    if check.lower() in (*PLACEHOLDERS, "none", "null", "n/a", '""'):
        check = ""
    return RawLesson(
        problem,
        "" if solution.lower() in PLACEHOLDERS else solution,
        answer,
        check,
        reason,
        raw if reason else "",
    )


def _first_json(body: str) -> Any:
    """The reply's object with its list, or its list, mended if need be; None where neither can be decoded whole."""
    fenced = re.search(r"```(?:json)?\s*(.+?)(?:```|$)", body, re.DOTALL | re.IGNORECASE)
    for part in ([fenced[1]] if fenced else []) + [body]:
        starts = [match.start() for match in re.finditer(r"[{\[]", part)][:3]
        for start in starts:
            value = _decode(part[start:])
            if isinstance(value, dict) and any(isinstance(value.get(key), list) for key in LISTS):
                return value
            if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
                return value
    return None


def _decode(text: str) -> Any:
    decoder = json.JSONDecoder(strict=False)
    for candidate in (text, re.sub(r",\s*([}\]])", r"\1", text)):
        try:
            return decoder.raw_decode(candidate)[0]
        except (ValueError, RecursionError):
            continue
    end = max(text.rfind("}"), text.rfind("]"))
    try:
        return ast.literal_eval(text[: end + 1]) if 0 < end < 20_000 else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _whole_objects(body: str, keys: Sequence[str] = ("problem", "question")) -> list[dict[str, Any]]:
    """Complete objects with one of the keys inside a text that is not JSON as a whole, e.g. cut off."""
    found: list[dict[str, Any]] = []
    at = 0
    while (at := body.find("{", at)) >= 0:
        value = _innermost(body, at)
        if isinstance(value, dict) and any(key in value for key in keys):
            found.append(value)
            at = body.find("}", at)
        at += 1
    return found


def _innermost(body: str, start: int) -> Any:
    """The object that begins at `start` if it closes before another one opens."""
    closing, opening = body.find("}", start), body.find("{", start + 1)
    if closing < 0 or 0 < opening < closing:
        return None
    return _decode(body[start : closing + 1])
