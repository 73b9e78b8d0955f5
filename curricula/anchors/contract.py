"""Real data by name.

Names go in, human-made lessons (depth 0, strategy `anchor`) come out, always in the same order. A name is a
built-in source (`mmlu_flan_cot`, `bbh_cot`, `gsm8k_cot`: the few-shot exemplars inside lm-eval; `lm-eval` for
all three) or the path of a JSONL file of your own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from curricula.anchors.jsonl import read_anchor_file
from curricula.anchors.lm_eval_exemplars import EXEMPLARS, read_exemplars
from curricula.lesson import Lesson
from probes.errors import WeakspotError

ALL_BUILT_IN = "lm-eval"


def list_anchors() -> dict[str, str]:
    """Built-in source names with one line each on what they hold."""
    built_in = {name: source.about for name, source in EXEMPLARS.items()}
    return {ALL_BUILT_IN: "all of " + ", ".join(built_in), **built_in}


def load_anchors(names: Iterable[str]) -> list[Lesson]:
    """All rows of the named sources, in the order named; a row met twice is kept once.

    Raises:
        WeakspotError: unknown name, unreadable file, or a bad row (named with its line).
    """
    rows: dict[str, Lesson] = {}
    for name in names:
        for lesson in _load(name):
            rows.setdefault(lesson.lesson_id, lesson)
    return list(rows.values())


def _load(name: str) -> list[Lesson]:
    if name == ALL_BUILT_IN:
        return [lesson for source in EXEMPLARS for lesson in read_exemplars(source)]
    if name in EXEMPLARS:
        return read_exemplars(name)
    if name.endswith((".jsonl", ".json")) or "/" in name:
        return read_anchor_file(Path(name))
    close = difflib.get_close_matches(name, list_anchors(), n=1)
    raise WeakspotError(
        f"unknown anchor source '{name}'",
        where="built in: " + ", ".join(list_anchors()),
        hint=f"did you mean '{close[0]}'?" if close else "name one of these, or the path of a .jsonl file",
    )


def data_set(lesson: Lesson) -> str:
    """The data set a real row came from: its source without task and row number."""
    return lesson.source.split("#")[0].split("/")[0] or lesson.strategy
