"""The user's own real data: one JSON object a line, `{"prompt": "...", "completion": "..."}`.

Optional keys: `answer` (the final answer inside the completion) and `source` (where the row is from). Every
row counts as human-made, so a curriculum that weakspot wrote is refused: it would launder machine text.
"""

from __future__ import annotations

import json
from pathlib import Path

from curricula.lesson import Lesson
from probes.errors import WeakspotError

_KEYS = ("prompt", "completion", "answer", "source")


def read_anchor_file(path: Path) -> list[Lesson]:
    """Read every row; source is `jsonl:<file name>#<line>` unless the row says otherwise.

    Raises:
        WeakspotError: missing or unreadable file, invalid JSON or row (with its line number), no rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise WeakspotError(
            f"no anchor file {path}", hint="check the path under curriculum.anchors"
        ) from None
    except UnicodeDecodeError as error:
        raise WeakspotError(
            f"{path} is not UTF-8 at byte {error.start}", hint="save the file as UTF-8"
        ) from None
    except OSError as error:
        raise WeakspotError(f"can't read {path}: {error.strerror}") from None
    rows: list[Lesson] = []
    # Not splitlines(): U+2028 may stand unescaped inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_row(path, number, line))
    if not rows:
        raise WeakspotError(
            f"{path} holds no rows", hint='one object a line: {"prompt": "...", "completion": "..."}'
        )
    return rows


def _row(path: Path, number: int, line: str) -> Lesson:
    where = f"{path}, line {number}"
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise WeakspotError(f"invalid JSON: {error.msg} at column {error.colno}", where=where) from None
    if not isinstance(row, dict):
        raise WeakspotError(f"a row is an object, this is {type(row).__name__}", where=where)
    if "lesson_id" in row or isinstance(row.get("prompt"), list):
        raise WeakspotError(
            "this row looks like weakspot's own curriculum, not like human-made data",
            where=where,
            hint="anchors are rows that people wrote; prompt and completion are plain text",
        )
    for key in _KEYS[:2]:
        if key not in row:
            raise WeakspotError(
                f"the row has no '{key}'", where=where, hint=f"keys here: {', '.join(row) or 'none'}"
            )
    for key in _KEYS:
        if key in row and not (isinstance(row[key], str) and row[key].strip()):
            raise WeakspotError(f"'{key}' must be text and not empty", where=where)
    return Lesson(
        prompt=row["prompt"].strip(),
        completion=row["completion"].strip(),
        answer=str(row.get("answer", row["completion"])).strip(),
        strategy="anchor",
        depth=0,
        source=row.get("source", f"jsonl:{path.name}#{number}"),
    )
