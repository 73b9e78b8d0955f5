"""Real data from the Hugging Face hub, or from a folder that `datasets` saved: `hf:org/name`, `hf:FOLDER`.

Whether what a data set holds is human-made is the user's word: pick one that people wrote. Without a network
only what is in the local cache (or a folder) can be read. No code of a data set is ever run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curricula.anchors.names import AnchorName
from curricula.anchors.rows import lesson_of, named_columns, unstorable
from curricula.lesson import Lesson
from probes.errors import WeakspotError

SAVED = ("state.json", "dataset_dict.json")  # marks of `save_to_disk`


def read_hub(name: AnchorName) -> list[Lesson]:
    """Rows of one split; source is `hf:<org--name>/<split>#<row>`, rows counted from 1.

    Rows whose prompt or completion is empty are left out: nobody here can mend them.

    Raises:
        WeakspotError: no such data set, split or column; no network and not in the cache; no rows.
    """
    split, rows = _split(name, _load(name))
    columns = named_columns(name, rows.column_names)
    label = f"hf:{Path(name.target).name if Path(name.target).is_dir() else name.target.replace('/', '--')}"
    lessons: list[Lesson] = []
    for number, row in enumerate(rows, start=1):
        texts = [row[columns.prompt], row[columns.completion]]
        if any(not isinstance(text, str) for text in texts):
            kinds = " and ".join(sorted({type(text).__name__ for text in texts}))
            raise WeakspotError(f"'{columns.prompt}' and '{columns.completion}' must be text, these are {kinds}", where=f"{name.target}, {split}, row {number}",
                                hint=f"name other columns: {name.with_columns}")
        if all(text.strip() and not unstorable(text) for text in texts):
            where = f"{name.target}, {split}, row {number}"
            wanted = {key: row[key] for key in (columns.prompt, columns.completion, columns.context) if key}
            if columns.answer and isinstance(row[columns.answer], str) and row[columns.answer].strip():
                wanted[columns.answer] = row[columns.answer]
            if "lesson_id" in row:
                wanted["lesson_id"] = row["lesson_id"]
            lessons.append(lesson_of(wanted, columns, where=where, source=f"{label}/{split}#{number}", origin=where))
        if name.limit is not None and len(lessons) >= name.limit:
            break
    if not lessons:
        raise WeakspotError(f"'{name.target}' holds no row with text in '{columns.prompt}' and '{columns.completion}'", where=f"split {split}")
    return lessons


def _load(name: AnchorName) -> Any:
    import datasets

    folder = Path(name.target).expanduser()
    try:
        if any((folder / mark).is_file() for mark in SAVED):
            return datasets.load_from_disk(str(folder))
        target = str(folder) if folder.is_dir() else name.target
        return datasets.load_dataset(target, name.options.get("config"), revision=name.options.get("revision"))
    except (OSError, ValueError, RuntimeError, TypeError, datasets.exceptions.DatasetsError) as error:  # the library's own many ways to say no
        first = str(error).strip().split("\n")[0][:300]
        raise WeakspotError(
            f"the data set '{name.target}' can't be loaded: {first or type(error).__name__}",
            where=f"curriculum.anchors: {name.text}",
            hint="check name, config and network; without one, save it where there is one with datasets' save_to_disk and name the folder: hf:FOLDER",
        ) from None


def _split(name: AnchorName, loaded: Any) -> tuple[str, Any]:
    if not isinstance(loaded, dict):  # one split, saved by itself
        return name.options.get("split", str(loaded.split or "train")), loaded
    wanted = name.options.get("split") or ("train" if "train" in loaded else next(iter(loaded)) if len(loaded) == 1 else "")
    if wanted not in loaded:
        problem = f"no split '{wanted}'" if wanted else "several splits and none is called train"
        raise WeakspotError(f"'{name.target}' has {problem}", where=f"splits: {', '.join(loaded)}", hint=f"name one: {name.text.partition('?')[0]}?split={next(iter(loaded))}")
    return wanted, loaded[wanted]
