"""The user's own real data as a Parquet file, one row of text columns an anchor."""

from __future__ import annotations

from pathlib import Path

from curricula.anchors.names import AnchorName
from curricula.anchors.rows import lesson_of, named_columns
from curricula.lesson import Lesson
from probes.errors import WeakspotError


def read_parquet(name: AnchorName) -> list[Lesson]:
    """Every row (or the first `limit`); source is `parquet:<file name>#<row>`, rows counted from 1.

    Columns are those the name gives, else prompt and completion, question and answer, instruction and output, ...

    Raises:
        WeakspotError: missing, unreadable or empty file, unknown columns, or a bad row (with its number).
    """
    import pyarrow
    import pyarrow.parquet

    path = Path(name.target).expanduser()
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = named_columns(name, file.schema_arrow.names)
            batches = file.iter_batches(batch_size=min(1000, name.limit or 1000))
            rows: list[Lesson] = []
            for batch in batches:
                for row in batch.to_pylist():
                    number = len(rows) + 1
                    where = f"{path}, row {number}"
                    rows.append(lesson_of(row, columns, where=where, source=f"parquet:{path.name}#{number}", origin=where))
                if name.limit is not None and len(rows) >= name.limit:
                    break
    except FileNotFoundError:
        raise WeakspotError(f"no anchor file {path}", hint="check the path under curriculum.anchors") from None
    except (OSError, pyarrow.ArrowException) as error:
        raise WeakspotError(f"can't read {path} as Parquet: {error}", hint="write it with pandas: frame.to_parquet(...), or name a .jsonl file") from None
    if not rows:
        raise WeakspotError(f"{path} holds no rows", hint="two text columns: prompt and completion")
    return rows
