"""HTML documents as anchors: the readable text of each page, cut into passages as plain text is.

What is text, and what surrounds it, `curricula/web/document.py` decides, as for the strategy `web_math`; formulas stay as `$...$`.
"""

from __future__ import annotations

from pathlib import Path

from curricula.anchors.names import AnchorName
from curricula.anchors.passages import documents, passages, require_rows
from curricula.lesson import Lesson
from probes.errors import WeakspotError

SUFFIXES = (".html", ".htm", ".xhtml")


def read_html_folder(name: AnchorName) -> list[Lesson]:
    """Passages of every page below a folder, by path; source is `html:<folder>/<file>#<line>`, lines of the extracted text.

    Raises:
        WeakspotError: no such folder, no page in it, no passage.
    """
    root, files = documents(name, SUFFIXES)
    rows: list[Lesson] = []
    for path in files:
        inside = str(path.relative_to(root)).replace("#", "%23") if path != root else path.name
        rows += passages(readable_text(_read(path)), f"html:{root.name}/{inside}", path)
    return require_rows(rows, name, f"{len(files)} pages")


def readable_text(body: bytes) -> str:
    """The text of a page: blocks apart by a blank line, formulas as `$LaTeX$`. Empty for no text."""
    from curricula.web.document import extract

    return extract(body, "").text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeakspotError(f"can't read {path}: {error.strerror}") from None
