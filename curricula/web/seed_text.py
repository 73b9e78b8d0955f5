"""Text that shows what is wanted: the seed text that classifier and language model learn from.

Names go in, texts come out. A name is an anchor source (`mmlu_flan_cot`, ..., or a .jsonl file), a text file (.txt, .md,
.rst, .tex), an HTML or WARC file, or a folder of these.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from curricula.anchors.contract import load_anchors
from curricula.web.document import extract
from curricula.web.pages import HTML, WARC, Page, decode, read_pages
from probes.errors import WeakspotError

PLAIN = (".txt", ".md", ".rst", ".tex")
MOST_CHARACTERS = 5_000_000  # of one side; more changes neither model and takes minutes


def read_texts(names: Sequence[str], where: str) -> list[str]:
    """All texts of the named sources, in order, up to 5,000,000 characters. `where` is the config key, for errors.

    Raises:
        WeakspotError: a source is unknown, can't be read or holds no text.
    """
    found: list[str] = []
    for name in names:
        texts = _read(name, where)
        if not any(text.strip() for text in texts):
            raise WeakspotError(f"{name} holds no text", where=where)
        found += [text for text in texts if text.strip()]
    room, kept = MOST_CHARACTERS, []
    for text in found:
        if room <= 0:
            break
        kept.append(text[:room])
        room -= len(text)
    return kept


def _read(name: str, where: str) -> list[str]:
    path = Path(name)
    low = name.lower()
    if path.is_dir():
        plain = sorted(Path(folder) / file for folder, _, files in os.walk(path) for file in files if file.lower().endswith(PLAIN))
        pages = any(file.lower().removesuffix(".gz").endswith((*HTML, ".warc")) for _, _, files in os.walk(path) for file in files)
        if not plain and not pages:
            raise WeakspotError(f"{name} holds no text", where=where, hint=f"looked for {', '.join((*PLAIN, *HTML, *WARC))}")
        return [_plain(file, where) for file in plain] + (_pages(name) if pages else [])
    if low.endswith(PLAIN):
        return [_plain(path, where)]
    if low.removesuffix(".gz").endswith((*HTML, ".warc")):
        return _pages(name)
    return [f"{row.prompt}\n{row.completion}" for row in load_anchors([name])]


def _plain(path: Path, where: str) -> str:
    try:
        return decode(Page(path.name, path.read_bytes()))
    except FileNotFoundError:
        raise WeakspotError(f"no file {path}", where=where, hint="check the path") from None
    except OSError as error:
        raise WeakspotError(f"can't read {path}: {error.strerror}", where=where) from None


def _pages(name: str) -> list[str]:
    return [extract(decode(page), page.source).prose for page in read_pages([name]) if isinstance(page, Page)]
