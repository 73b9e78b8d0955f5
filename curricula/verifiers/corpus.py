"""A folder of documents that citations are checked against: names resolve to files, quotes are looked for in them.

Ids are file names relative to the folder; `references.json` in it may map more (`{"10.1000/182": "paper.txt"}`: DOI,
arXiv id, URL, short names). Nothing is fetched. Documents are read when first asked for and kept in one normal form.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from probes.errors import WeakspotError

REFERENCES = "references.json"
MOST_BYTES = 4_000_000  # of one document that is read
LEAST_WORDS = 4  # a quote shorter than that stands in too many documents to prove anything
LEAST_RATIO = 0.9  # of characters, quote against its place in the source
LONG_WORD = 9  # letters from which two slips of the pen, not one, are still the same word
WORD = re.compile(r"\w+(?:['.,]\w+)*")
ARTICLES = frozenset(("a", "an", "the"))
TURNING = """
no not never none nor neither without cannot can't don't doesn't won't isn't aren't must may might can could should shall
will would only all any some every each
"""
WEIGHTY = frozenset(TURNING.split())
"""Small words that turn a meaning; never taken for another's misspelling."""


@dataclass(frozen=True)
class Match:
    """Where a quote stands, and how it differs."""

    ratio: float
    """Share of equal characters, 0 to 1."""
    difference: str
    """What is not a matter of spelling, case, space or punctuation; empty: the quote is true."""


class Corpus:
    """Documents by id."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise WeakspotError(f"no corpus at {folder}", hint="give a folder of text files")
        self._folder = folder.resolve()
        self._texts: dict[str, str] = {}
        self._references: dict[str, str] = {}
        path = self._folder / REFERENCES
        if path.is_file():
            try:
                self._references = {_id(key): str(value) for key, value in json.loads(path.read_text(encoding="utf-8")).items()}
            except (ValueError, AttributeError) as error:
                raise WeakspotError(f"{REFERENCES} is not one JSON object of id to file: {error}", where=str(path)) from error

    def require(self) -> None:
        """Find out before anything is spent whether the corpus can serve.

        Raises:
            WeakspotError: it holds no document, or a reference leads to none.
        """
        for reference, name in self._references.items():
            if self.resolve(reference) is None:
                raise WeakspotError(f"reference {reference!r} leads to no document", where=f"{self._folder / REFERENCES}: {name!r}", hint="name a file inside the corpus, relative to it")
        if not any(path.is_file() and path.name != REFERENCES for path in self._folder.rglob("*")):
            raise WeakspotError("the corpus holds no document", where=str(self._folder), hint="put text files into it; a lesson cites them by file name")

    def resolve(self, source: str) -> Path | None:
        """The file an id names, inside the folder only; None where it names none."""
        name = self._references.get(_id(source), source.strip())
        path = (self._folder / name).resolve()
        return path if name and path.is_relative_to(self._folder) and path.is_file() and path.name != REFERENCES else None

    def text(self, source: str) -> str:
        """A document's words in normal form; empty where the id names none."""
        path = self.resolve(source)
        if path is None:
            return ""
        key = str(path)
        if key not in self._texts:
            with path.open("rb") as file:
                self._texts[key] = normal(file.read(MOST_BYTES).decode("utf-8", errors="replace"))
        return self._texts[key]

    def find(self, quote: str, source: str) -> Match:
        """The best place of a quote in a document."""
        return find(normal(quote), self.text(source))


def find(quote: str, text: str) -> Match:
    """The best place of a quote in a text, both in normal form."""
    from rapidfuzz import fuzz

    if quote and re.search(rf"(?<!\w){re.escape(quote)}(?!\w)", text):
        return Match(1.0, "")
    place = fuzz.partial_ratio_alignment(quote, text, score_cutoff=100 * LEAST_RATIO)
    if place is None or len(text) < len(quote):
        return Match(0.0, "it is not there")
    before, after = text[: place.dest_start].split(" "), text[place.dest_end :].split(" ")
    # whole words at both ends, and two more each side for what a dropped word has pushed out
    around = " ".join(before[-3:]) + text[place.dest_start : place.dest_end] + " ".join(after[:3])
    return Match(place.score / 100, _difference(quote, around))


def normal(text: str) -> str:
    """Lower case, plain quotes and dashes, one space between words, words split by a hyphen joined, no punctuation outside words."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
    folded = re.sub(r"(?<=[^\W\d])-\s+(?=[^\W\d])", "", folded)
    return " ".join(WORD.findall(folded.replace("_", " ")))


def _difference(quote: str, found: str) -> str:
    ours, theirs = quote.split(), found.split()
    blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    for index, (kind, a, b, c, d) in enumerate(blocks):
        is_edge = index in (0, len(blocks) - 1)
        mine, other = ours[a:b], theirs[c:d]
        if kind == "equal" or (kind == "insert" and (is_edge or set(other) <= ARTICLES)):
            continue
        if kind == "delete" and set(mine) <= ARTICLES:
            continue
        if kind == "replace" and is_edge and len(other) > len(mine):  # the source's neighbouring words were taken along
            other = other[-len(mine) :] if index == 0 else other[: len(mine)]
        if kind != "replace" or len(mine) != len(other) or not all(map(_is_slip, mine, other)):
            return f"{' '.join(mine) or 'nothing'!r} where the source has {' '.join(other) or 'nothing'!r}"
    return ""


def _is_slip(mine: str, other: str) -> bool:
    """One word misspelled; numbers and small words that turn a meaning are never a slip."""
    from rapidfuzz.distance import OSA

    if mine == other:
        return True
    if any(character.isdigit() for character in mine + other) or {mine, other} & WEIGHTY:
        return False
    if min(len(mine), len(other)) < 4 or mine.removeprefix("un") == other.removeprefix("un") or mine.removeprefix("in") == other.removeprefix("in"):
        return False
    return OSA.distance(mine, other) <= (2 if min(len(mine), len(other)) >= LONG_WORD else 1)


def _id(reference: str) -> str:
    """One spelling of a DOI, arXiv id or URL."""
    plain = reference.strip().casefold().rstrip("/.")
    plain = re.sub(r"^(?:https?://)?(?:dx\.)?(?:doi\.org/|doi:\s*)", "", plain)
    return re.sub(r"^(?:https?://)?(?:www\.)?(?:arxiv\.org/(?:abs|pdf)/|arxiv:\s*)", "arxiv:", plain)
