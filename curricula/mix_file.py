"""The curriculum as a file, and the same file again from its recipe.

A mix goes in, `curriculum.jsonl` in the conversational prompt/completion form that TRL's SFTTrainer reads as it is comes
out, with its recipe beside it. The recipe holds the ids of all rows in training order, so any pool that has those rows
(the database's lessons and the anchors) gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curricula.lesson import Lesson
from curricula.mix import Mix
from curricula.mix_rules import MixError, MixRow


def curriculum_bytes(mix: Mix) -> bytes:
    """The file's content: one JSON object a line, in training order."""
    return "".join(f"{row.lesson.row}\n" for row in mix.rows).encode()


def write_curriculum(mix: Mix, path: Path) -> str:
    """Write `path` and `<stem>.recipe.json`; return the sha256 of the former.

    Both files appear whole or not at all: temporary name, fsync, rename.
    """
    body = curriculum_bytes(mix)
    digest = hashlib.sha256(body).hexdigest()
    recipe = {**mix.recipe, "sha256": digest}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(
        path.with_name(f"{path.stem}.recipe.json"), json.dumps(recipe, indent=1, ensure_ascii=False).encode()
    )
    write_whole(path, body)
    return digest


def rebuild_mix(recipe: dict[str, Any], lessons: Iterable[Lesson]) -> Mix:
    """The same mix again, from its recipe and any pool that holds its rows.

    A row is known by its text and its provenance: an equal text that was written for another weakness is another row.

    Raises:
        MixError: a row of the recipe is not in the pool.
    """
    pool = {(lesson.lesson_id, lesson.row_hash): lesson for lesson in lessons}
    keys = [(row["lesson_id"], row["row_hash"]) for row in recipe["rows"]]
    if missing := [key for key in keys if key not in pool]:
        raise MixError(f"{len(missing)} of {len(keys)} rows of the recipe are not to be found, first {missing[0][0]}")
    rows = tuple(MixRow(pool[key], row["part"], row["n_tokens"]) for key, row in zip(keys, recipe["rows"], strict=True))
    return Mix(rows, recipe)


def write_whole(path: Path, body: bytes) -> None:
    """Replace `path` in one step: whoever reads it sees the old bytes or the new ones."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

