"""The user's web pages as rows: which they are, how they are judged, and what was refused.

The pages of one configuration are read once in a process: a cycle that comes back to them finds the same rows.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import asdict
from pathlib import Path

from pydantic import Field

from agent.group import Group
from curricula.lesson import Lesson
from curricula.web.chain import Recipe, Sifted, sift
from curricula.web.pages import list_files
from curricula.web.passages import rows_of
from probes.errors import WeakspotError
from probes.registry import is_path


class WebConfig(Group):
    """Web pages for the strategy `web_math`."""

    pages: list[str] = []
    """HTML files (also .gz), WARC files, or folders of them."""
    seed_text: list[str] = []
    """Text that reads as wanted, to train the maths classifier and the perplexity filter on: .txt, .md, .rst, .tex, HTML, .jsonl, folders, or anchor sources."""
    other_text: list[str] = []
    """Ordinary text, for the classifier; empty: the pages that show no sign of maths."""
    language: str = "en"
    """ISO 639-1 code of the language that pages must be in; "" takes any."""
    min_density: float = Field(default=0.17, ge=0, le=1)
    """Least probability of being mathematics for a page with formulas."""
    min_density_plain: float = Field(default=0.8, ge=0, le=1)
    """The same for a page without."""
    max_perplexity: float | None = Field(default=None, ge=1)
    """Most perplexity per character; null: as the seed text itself has it."""

    @property
    def recipe(self) -> Recipe:
        """The same for the chain."""
        return Recipe(tuple(self.pages), tuple(self.seed_text), tuple(self.other_text), self.language, self.min_density, self.min_density_plain, self.max_perplexity)


def names_text(value: str) -> bool:
    """Whether a source of text is named by its path and not as a built-in anchor source."""
    return is_path(value) or bool(Path(value).suffix)


def require_pages(settings: WebConfig, strategy: str) -> None:
    """Find out before anything is spent whether there are pages.

    Raises:
        WeakspotError: none are named, a path is missing or holds no page, or no seed text is named.
    """
    if not settings.pages:
        raise WeakspotError(f"strategy {strategy!r} takes passages of web pages and none are named", where="web.pages", hint="HTML files, WARC files or folders of them")
    if not settings.seed_text:
        raise WeakspotError(f"strategy {strategy!r} judges pages against seed text and none is named", where="web.seed_text", hint="text that reads as you want it: files, folders, .jsonl rows or an anchor source")
    list_files(settings.pages)


def read_web_rows(settings: WebConfig) -> tuple[tuple[Lesson, ...], Sifted]:
    """All passages of the pages that pass, as human-made rows, and what came of every page.

    Raises:
        WeakspotError: as `require_pages`, or too little seed text.
    """
    require_pages(settings, "web_math")
    stamps = tuple((str(path), status.st_mtime_ns, status.st_size) for path, _ in list_files(settings.pages) if (status := _status(path)))
    return _read(settings.recipe, stamps)


def write_refused(sifted: Sifted, path: Path) -> None:
    """One JSON line a refused page: source, step, reason, evidence."""
    path.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in sifted.refused), encoding="utf-8")


def _status(path: Path) -> os.stat_result | None:
    return path.stat() if path.exists() else None  # a link to nowhere is a row of the funnel


@functools.lru_cache(maxsize=2)
def _read(recipe: Recipe, stamps: tuple[tuple[str, int, int], ...]) -> tuple[tuple[Lesson, ...], Sifted]:
    sifted = sift(recipe)
    return tuple(rows_of(sifted.documents)), sifted
