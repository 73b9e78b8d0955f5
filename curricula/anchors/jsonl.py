"""The user's own real data as JSON lines: `{"prompt": "...", "completion": "..."}`, one object a line.

Optional keys: `answer` (the final answer inside the completion) and `source` (where the row is from). Other names for
prompt, completion and answer are given behind the path: `own.jsonl?prompt=question&completion=reply`.
"""

from __future__ import annotations

import json
from pathlib import Path

from curricula.anchors.names import AnchorName
from curricula.anchors.rows import Columns, lesson_of, named_columns
from curricula.lesson import Lesson
from probes.errors import WeakspotError


def read_anchor_file(name: AnchorName) -> list[Lesson]:
    """Read every row; source is `jsonl:<file name>#<line>` unless the row says otherwise.

    Raises:
        WeakspotError: missing or unreadable file, invalid JSON or row (with its line number), no rows.
    """
    path = Path(name.target).expanduser()
    text = read_text(path)
    columns = named_columns(name)
    rows: list[Lesson] = []
    # Not splitlines(): U+2028 may stand unescaped inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_row(path, number, line, columns))
    if not rows:
        raise WeakspotError(
            f"{path} holds no rows", hint='one object a line: {"prompt": "...", "completion": "..."}'
        )
    return rows


def read_text(path: Path) -> str:
    """A file of UTF-8 text.

    Raises:
        WeakspotError: missing, unreadable, or not UTF-8 (with the position).
    """
    try:
        return path.read_text(encoding="utf-8-sig")
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


def _row(path: Path, number: int, line: str, columns: Columns) -> Lesson:
    where = f"{path}, line {number}"
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise WeakspotError(f"invalid JSON: {error.msg} at column {error.colno}", where=where) from None
    except RecursionError:
        raise WeakspotError("invalid JSON: nested too deeply", where=where) from None
    if not isinstance(row, dict):
        raise WeakspotError(f"a row is an object, this is {type(row).__name__}", where=where)
    return lesson_of(row, columns, where=where, source=f"jsonl:{path.name}#{number}", origin=f"{path}, line {number}")
