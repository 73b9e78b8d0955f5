"""One row of the user's data as an anchor: which columns hold prompt and completion, and what is refused.

Every row counts as human-made, so a curriculum that weakspot wrote is refused: it would launder machine text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curricula.anchors.names import AnchorName
from curricula.lesson import Lesson
from probes.errors import WeakspotError

# What the question and the answer are called in data sets in common use (GSM8K, Alpaca, Dolly, MATH), first that fits.
PAIRS = (
    ("prompt", "completion"),
    ("question", "answer"),
    ("instruction", "output"),
    ("instruction", "response"),
    ("problem", "solution"),
)
CONTEXTS = ("input", "context")  # stands below an `instruction` where it is not empty


@dataclass(frozen=True)
class Columns:
    """Where a row keeps what."""

    prompt: str
    completion: str
    answer: str = ""
    """Column of the final answer; empty takes the completion."""
    context: str = ""
    """Column of text that belongs below the prompt; empty for none."""


def named_columns(name: AnchorName, found: Iterable[str] | None = None) -> Columns:
    """The columns that a source's name gives, else those that `found` (the names there are) suggest, else prompt and completion.

    Raises:
        WeakspotError: a named column is not there, or none of the usual pairs is.
    """
    there = list(found) if found is not None else None
    given = {key: name.options[key] for key in ("prompt", "completion", "answer") if key in name.options}
    if there is not None:
        for key, column in given.items():
            if column not in there:
                raise WeakspotError(f"'{name.target}' has no column '{column}' for {key}", where=f"columns: {', '.join(there)}", hint=f"name one of these: {name.with_columns}")
    pair = next((pair for pair in PAIRS if there is None or set(pair) <= set(there)), None)
    prompt, completion = (given.get("prompt", pair and pair[0]), given.get("completion", pair and pair[1]))
    if not prompt or not completion:
        raise WeakspotError(
            f"can't tell which columns of '{name.target}' hold the prompt and the completion",
            where=f"columns: {', '.join(there or ()) or 'none'}",
            hint=f"name them: {name.with_columns}",
        )
    answer = given.get("answer", "answer" if (there is None or "answer" in there) and completion != "answer" else "")
    context = next((column for column in CONTEXTS if there and column in there and prompt == "instruction"), "")
    return Columns(prompt, completion, answer, context)


def lesson_of(row: Mapping[str, Any], columns: Columns, *, where: str, source: str, origin: str) -> Lesson:
    """One row as a lesson of depth 0; `source` is its default source, `origin` the file or data set it is from.

    Raises:
        WeakspotError: a column is missing, empty or not text, or the row is one of weakspot's own.
    """
    if "lesson_id" in row or isinstance(row.get(columns.prompt), list):
        raise WeakspotError(
            "this row looks like weakspot's own curriculum, not like human-made data",
            where=where,
            hint="anchors are rows that people wrote; prompt and completion are plain text",
        )
    for key in (columns.prompt, columns.completion):
        if key not in row:
            raise WeakspotError(f"the row has no '{key}'", where=where, hint=f"keys here: {', '.join(row) or 'none'}")
    for key in (columns.prompt, columns.completion, columns.answer, "source"):
        if key in row and not (isinstance(row[key], str) and row[key].strip()):
            raise WeakspotError(f"'{key}' must be text and not empty", where=where)
        if key in row and unstorable(row[key]):
            raise WeakspotError(f"'{key}' holds {unstorable(row[key])}, which no text file can", where=where, hint="take it out")
    prompt, completion = row[columns.prompt].strip(), row[columns.completion].strip()
    if columns.context and str(row.get(columns.context) or "").strip():
        prompt = f"{prompt}\n\n{str(row[columns.context]).strip()}"
    return Lesson(
        prompt=prompt,
        completion=completion,
        answer=str(row.get(columns.answer) or completion).strip() if columns.answer else completion,
        strategy="anchor",
        depth=0,
        source=row.get("source") or source,
        meta={"origin": origin},
    )


def unstorable(text: str) -> str:
    """What in `text` neither UTF-8 nor the database can hold; empty for nothing."""
    if "\x00" in text:
        return "a NUL character"
    return "half a surrogate pair" if any("\ud800" <= character <= "\udfff" for character in text) else ""
