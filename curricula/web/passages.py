"""Documents as rows: passages that can stand alone, cut in two where a reader would expect an answer to begin.

Nothing is written here: prompt and completion are the page's own words, in order. Five forms, the best that fits:

- `exercise`: what is labelled Exercise, Problem, Question or Example, up to its Solution or Answer, and that;
- `proof`: a theorem, lemma or proposition, and its proof;
- `question`: a heading or paragraph that asks, and what follows it;
- `section`: a page's title and a heading, and what stands below it;
- `continuation`: the first half of a longer passage, and the rest.

Questions and sections must show maths in the answer, and no row ends inside a formula or a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Lesson
from curricula.web.document import Block, Document
from curricula.web.rules import FORMULA
from curricula.web.signs import COMMANDS, EQUATION, UNICODE

LEAST_WORDS = 12  # of a completion; less explains nothing
MOST_WORDS = 150  # of a passage: about the 256 tokens that an anchor may have
ASKED = re.compile(r"^(?:worked\s+)?(?:exercise|problem|question|example)s?\b(?:\s*\(?[\d.]+[a-z]?\)?)?\s*[.:)\]—-]*\s*", re.IGNORECASE)
SOLVED = re.compile(r"^(?:solution|answer|sol)\b(?:\s*[\d.]+)?\s*[.:)—-]*\s*", re.IGNORECASE)
CLAIMED = re.compile(r"^(?:theorem|lemma|proposition|corollary|claim)\b", re.IGNORECASE)
PROVED = re.compile(r"^(?:proof|demonstration)\b\s*[.:—-]*\s*", re.IGNORECASE)
NUMBERED = re.compile(r"^(?:(?:chapter|section|§)\s*)?(?:[\dIVX]+[.)]?)(?:[\d.-]+)?\s+", re.IGNORECASE)
BARE = frozenset(["introduction", "overview", "examples", "example", "notes", "references", "see", "also", "description", "details", "usage", "contents", "summary", "exercises", "parameters", "returns", "functions", "other", "index"])
"""Headings that name nothing by themselves."""


@dataclass(frozen=True)
class Passage:
    """A piece of a document in two parts."""

    form: str
    prompt: str
    completion: str
    stretch: str = ""
    """The page's text from the first block used to the last, uncut."""


def rows_of(documents: Iterable[Document]) -> list[Lesson]:
    """Human-made lessons (depth 0), `source` the page with the passage's number, `check` the stretch of the page that it was cut from.

    `operator` is the form; equal passages come once.
    """
    rows: dict[str, Lesson] = {}
    for document in documents:
        for number, passage in enumerate(passages(document)):
            lesson = Lesson(
                prompt=passage.prompt, completion=passage.completion, answer=passage.completion, strategy="web_math", depth=0, verifier="passage", check=passage.stretch, check_kind="gold",
                operator=passage.form, source=f"{document.url}#{number}", meta={"title": document.title},
            )  # fmt: skip
            rows.setdefault(lesson.lesson_id, lesson)
    return list(rows.values())


def passages(document: Document) -> Iterator[Passage]:
    """The passages of one document, in its order."""
    blocks = list(document.blocks)
    at = 0
    while at < len(blocks):
        found, used = _labelled(blocks, at)
        if found is None:
            found, used = _asked(blocks, at)
        if blocks[at].kind == "heading" and found is None:
            found, used = _section(blocks, at, document.title)
        if found is None and blocks[at].kind == "text":
            found, used = _continued(blocks, at)
        if found is not None:
            yield replace(found, stretch="\n\n".join(block.text for block in blocks[at : at + used]))
        at += max(1, used)


def _labelled(blocks: list[Block], at: int) -> tuple[Passage | None, int]:
    """An exercise with its solution, or a claim with its proof, starting at this block."""
    for opening, closing, form in ((ASKED, SOLVED, "exercise"), (CLAIMED, PROVED, "proof")):
        if not opening.match(blocks[at].text):
            continue
        for end in range(at, min(at + 6, len(blocks))):
            if end > at and (opening.match(blocks[end].text)):
                break
            if end > at and (closing.match(blocks[end].text)):
                first = [block.text for block in blocks[at:end]]
                first[0] = ASKED.sub("", first[0])  # a claim keeps its name
                start = closing.sub("", blocks[end].text)
                body, used = _gather(blocks, end + 1, start, _starts_anew)
                passage = _passage(form, "\n\n".join(part for part in first if part), body)
                return passage, (end + 1 - at + used) if passage else 0
    return None, 0


def _starts_anew(block: Block) -> bool:
    return any(label.match(block.text) for label in (ASKED, SOLVED, CLAIMED, PROVED))


def _is_code(block: Block) -> bool:
    """A code block, or a paragraph that is a signature in all but markup."""
    return block.kind == "code" or bool(re.match(r"[\w:*&<>\[\], ]*[\w:]+ ?\(.*\)(?: -> .*|;|¶)?$", block.text) and not FORMULA.search(block.text))


def _asked(blocks: list[Block], at: int) -> tuple[Passage | None, int]:
    block = blocks[at]
    question = NUMBERED.sub("", block.text).strip()
    if not question.endswith("?") or len(question.split()) < 4 or len(question.split()) > 60 or _is_code(block):
        return None, 0
    body, used = _gather(blocks, at + 1, "", lambda next_block: next_block.text.rstrip().endswith("?"))
    passage = _passage("question", question, body) if _shows_maths(body) else None
    return passage, 1 + used if passage else 0


def _section(blocks: list[Block], at: int, title: str) -> tuple[Passage | None, int]:
    heading = NUMBERED.sub("", blocks[at].text).strip()
    if not heading or len(heading.split()) > 15 or set(heading.casefold().split()) <= BARE:
        return None, 0
    body, used = _gather(blocks, at + 1, "", lambda block: bool(ASKED.match(block.text) or CLAIMED.match(block.text)))
    short = re.split(r"\s+[—–|-]\s+", title)[0].strip()
    prompt = heading if _says(heading, short) or _says(short, heading) else f"{short}: {heading}"
    passage = _passage("section", prompt, body) if _shows_maths(body) else None
    return passage, 1 + used if passage else 0


def _says(text: str, words: str) -> bool:
    """Whether whole words of `text` are these: a page on art says nothing of a section "Starting". No words are in every text."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None if words else True


def _continued(blocks: list[Block], at: int) -> tuple[Passage | None, int]:
    body, used = _gather(blocks, at, "", lambda block: False)
    if len(body.split()) < 3 * LEAST_WORDS or not _shows_maths(body):
        return None, 0
    ends = [match.end() for match in re.finditer(r"(?<=[.:?!])\s+(?=[A-Z$])|\n\n", body) if body[: match.end()].count("$") % 2 == 0]
    half = min(ends, key=lambda end: abs(end - len(body) / 2), default=0)
    if len(FORMULA.sub(" ", body[:half]).split()) < LEAST_WORDS:  # a bare formula opens nothing
        return None, 0
    passage = _passage("continuation", body[:half], body[half:])
    return passage, used if passage else 0


def _gather(blocks: list[Block], at: int, start: str, stop: Callable[[Block], bool]) -> tuple[str, int]:
    """Text from a block on, whole blocks only, until a heading, `stop`, or the most words; code ends it too."""
    parts, n_words, used = ([start] if start else []), len(start.split()), 0
    for block in blocks[at:]:
        more = len(block.text.split())
        if block.kind == "heading" or _is_code(block) or stop(block) or (n_words + more > MOST_WORDS and parts):
            break
        parts.append(block.text)
        n_words += more
        used += 1
    while parts and parts[-1].rstrip().endswith(":"):  # what it announces was left out
        parts.pop()
    return "\n\n".join(parts), used


def _passage(form: str, prompt: str, completion: str) -> Passage | None:
    prompt, completion = prompt.strip(), completion.strip()
    n_words = len(completion.split())
    if not prompt or n_words < LEAST_WORDS or n_words + len(prompt.split()) > 1.5 * MOST_WORDS:
        return None
    return Passage(form, prompt, completion)


def _shows_maths(text: str) -> bool:
    return bool(FORMULA.search(text) or COMMANDS.search(text) or EQUATION.search(text) or UNICODE.search(text))
