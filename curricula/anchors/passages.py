"""Plain text as anchors: passages whose beginning is the prompt and whose rest is the completion.

A passage has no question. Its first third is shown and the rest is what is learned, so that the mix keeps the student's
command of ordinary prose. Passages are whole paragraphs, joined up to `PASSAGE_WORDS`; a longer paragraph is cut at sentence ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from curricula.anchors.jsonl import read_text
from curricula.anchors.names import AnchorName
from curricula.lesson import Lesson
from probes.errors import WeakspotError

SUFFIXES = (".txt", ".md", ".text", ".rst")
CONTINUE = "Continue this text:"
PASSAGE_WORDS = 120  # about 160 tokens of English: with prompt and template still below curriculum.max_anchor_tokens
MIN_WORDS = 30  # what is shorter is a heading, a caption or a menu
SHOWN_SHARE = 1 / 3
MAX_BYTES = 50_000_000  # a file; more is no document
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=\S)")


def read_text_folder(name: AnchorName) -> list[Lesson]:
    """Passages of every text file below a folder, by path; source is `text:<folder>/<file>#<line>`.

    Raises:
        WeakspotError: no such folder, no text file in it, a file that is not UTF-8, no passage.
    """
    root, files = documents(name, SUFFIXES)
    rows: list[Lesson] = []
    for path in files:
        rows += passages(read_text(path), f"text:{root.name}/{_inside(path, root)}", path)
    return require_rows(rows, name, f"{len(files)} text files")


def documents(name: AnchorName, suffixes: tuple[str, ...]) -> tuple[Path, list[Path]]:
    """The folder (or single file) a source names and its documents, sorted by path; hidden ones are skipped.

    Raises:
        WeakspotError: nothing there, or no document of these kinds, or one that is far too large.
    """
    root = Path(name.target).expanduser()
    if not root.exists():
        raise WeakspotError(f"no folder {root}", where=f"anchor source '{name.text}'", hint="check the path under curriculum.anchors")
    found = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file() and path.suffix.lower() in suffixes and not _is_hidden(path, root))
    if not found:
        raise WeakspotError(f"{root} holds no file that ends in {', '.join(suffixes)}", where=f"anchor source '{name.text}'")
    for path in found:
        if path.stat().st_size > MAX_BYTES:
            raise WeakspotError(f"{path} is {path.stat().st_size / 1e6:.0f} MB", hint=f"split it into files of at most {MAX_BYTES / 1e6:.0f} MB")
    return root, found


def require_rows(rows: list[Lesson], name: AnchorName, read: str) -> list[Lesson]:
    """`rows`, unless there are none.

    Raises:
        WeakspotError: none.
    """
    if not rows:
        raise WeakspotError(f"{name.target} holds no passage of at least {MIN_WORDS} words", where=f"anchor source '{name.text}', {read} read")
    return rows


def passages(text: str, source: str, origin: Path) -> list[Lesson]:
    """The passages of one document as lessons of depth 0, in its order."""
    rows = []
    for line, passage in _cut(text):
        shown, rest = _split(passage)
        if shown and rest:
            rows.append(Lesson(f"{CONTINUE}\n\n{shown}", rest, rest, "anchor", 0, source=f"{source}#{line}", meta={"origin": f"{origin}, line {line}"}))
    return rows


def _cut(text: str) -> Iterator[tuple[int, str]]:
    """(line number, passage) of all passages."""
    held: list[str] = []
    started, n_words = 0, 0
    for line, paragraph in _paragraphs(text):
        for piece in _pieces(paragraph):
            size = len(piece.split())
            if held and n_words + size > PASSAGE_WORDS:
                if n_words >= MIN_WORDS:
                    yield started, "\n\n".join(held)
                held, n_words = [], 0
            started = started if held else line
            held.append(piece)
            n_words += size
    if n_words >= MIN_WORDS:
        yield started, "\n\n".join(held)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    text = text.replace("\x00", "").replace("\r\n", "\n")
    held: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            held.append(line.strip())
        elif held:
            yield number - len(held), "\n".join(held)
            held = []


def _pieces(paragraph: str) -> Iterator[str]:
    """The paragraph, or sentences of it joined up to a passage's length; words where a sentence is longer than that."""
    if len(paragraph.split()) <= PASSAGE_WORDS:
        yield paragraph
        return
    held: list[str] = []
    for sentence in _SENTENCE_END.split(paragraph):
        words = sentence.split()
        if held and len(" ".join(held).split()) + len(words) > PASSAGE_WORDS:
            yield " ".join(held)
            held = []
        while len(words) > PASSAGE_WORDS:
            yield " ".join(words[:PASSAGE_WORDS])
            words = words[PASSAGE_WORDS:]
        held.append(" ".join(words))
    if " ".join(held).strip():
        yield " ".join(held).strip()


def _split(passage: str) -> tuple[str, str]:
    """What is shown and what is to be written: cut at the word nearest to a third, moved to a sentence's end where one is near."""
    aim = int(len(passage) * SHOWN_SHARE)
    ends = [match.end() for match in _SENTENCE_END.finditer(passage) if 0.5 * aim <= match.end() <= 1.75 * aim]
    at = min(ends, key=lambda end: abs(end - aim)) if ends else passage.find(" ", aim)
    return (passage[:at].strip(), passage[at:].strip()) if at > 0 else ("", "")


def _inside(path: Path, root: Path) -> str:
    return str(path.relative_to(root)).replace("#", "%23") if path != root else path.name


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
