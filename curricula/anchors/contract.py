"""Real data by name.

Names go in, human-made lessons (depth 0, strategy `anchor`) come out, always in the same order. A name is a built-in
source (`mmlu_flan_cot`, `bbh_cot`, `gsm8k_cot`: the few-shot exemplars inside lm-eval; `lm-eval` for all three), a JSONL or
Parquet file of your own, `hf:` and a data set, or `text:` or `html:` and a folder (`names.py` has the grammar).
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from curricula.anchors.html import read_html_folder
from curricula.anchors.hub import read_hub
from curricula.anchors.jsonl import read_anchor_file
from curricula.anchors.lm_eval_exemplars import EXEMPLARS, read_exemplars
from curricula.anchors.names import AnchorName, parse_name
from curricula.anchors.parquet import read_parquet
from curricula.anchors.passages import read_text_folder
from curricula.lesson import Lesson
from probes.errors import WeakspotError

ALL_BUILT_IN = "lm-eval"
READERS: dict[str, Callable[[AnchorName], list[Lesson]]] = {
    "jsonl": read_anchor_file,
    "parquet": read_parquet,
    "hf": read_hub,
    "text": read_text_folder,
    "html": read_html_folder,
}


@dataclass(frozen=True)
class Source:
    """One source, read."""

    name: str
    rows: tuple[Lesson, ...]

    @property
    def sha256(self) -> str:
        """Of all its rows with their provenance, in order: another file behind the same name shows."""
        return hashlib.sha256("".join(f"{row.row}\n" for row in self.rows).encode()).hexdigest()


def list_anchors() -> dict[str, str]:
    """Built-in source names with one line each on what they hold."""
    built_in = {name: source.about for name, source in EXEMPLARS.items()}
    return {ALL_BUILT_IN: "all of " + ", ".join(built_in), **built_in}


def load_sources(names: Iterable[str]) -> list[Source]:
    """Each named source once, in the order named.

    Raises:
        WeakspotError: unknown name, unreadable file, or a bad row (named with its line).
    """
    return [Source(name, tuple(_load(parse_name(name)))) for name in dict.fromkeys(names)]


def load_anchors(names: Iterable[str]) -> list[Lesson]:
    """All rows of the named sources, in the order named; a row met twice is kept once.

    Raises:
        WeakspotError: as `load_sources`.
    """
    return rows_of(load_sources(names))


def rows_of(sources: Iterable[Source]) -> list[Lesson]:
    """All rows, each once, where it is met first."""
    rows: dict[str, Lesson] = {}
    for source in sources:
        for lesson in source.rows:
            rows.setdefault(lesson.lesson_id, lesson)
    return list(rows.values())


def _load(name: AnchorName) -> list[Lesson]:
    if name.kind in READERS:
        return READERS[name.kind](name)[: name.limit]
    if name.target == ALL_BUILT_IN:
        return [lesson for source in EXEMPLARS for lesson in read_exemplars(source)][: name.limit]
    if name.target in EXEMPLARS:
        return read_exemplars(name.target)[: name.limit]
    close = difflib.get_close_matches(name.target, list_anchors(), n=1)
    raise WeakspotError(
        f"unknown anchor source '{name.target}'",
        where="built in: " + ", ".join(list_anchors()),
        hint=f"did you mean '{close[0]}'?" if close else "name one of these, a .jsonl or .parquet file, hf:DATASET, text:FOLDER or html:FOLDER",
    )


def data_set(lesson: Lesson) -> str:
    """The data set a real row came from: its source without task and row number."""
    return lesson.source.split("#")[0].split("/")[0] or lesson.strategy
