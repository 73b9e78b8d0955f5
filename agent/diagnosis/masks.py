"""Which probes ask the same thing about other things: prompts with their particulars taken out.

Prompts go in; for each, two masks and what was taken out come out. Prompts with one `numbers_out` differ in numbers
alone, word for word; prompts with one `particulars_out` may also differ in names, quoted words, list members, words
that are rare in the suite, and a word in whose place many prompts have another. The one thing to know: the first is
safe to reason from, the second is a guess ("How many legs have 3 birds" and "... 3 dogs" share it).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from curricula.strategies.fit.relations import listed_in

MAX_CHARS = 2000  # longer prompts share no wording that a mask could find
COMMON_WORDS = 8  # prompts that must hold a word for it to be part of the wording: fewer would be no template
MIN_FILLERS = 6  # different words in one place: "first, second, last" stays wording, seven days are particulars
MAX_SLOTS_TRIED = 60  # words of a prompt in whose place others are looked for; longer prompts are stories
MAX_DIGITS = 30  # longer digit strings are codes, not numbers
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?")
_QUOTED = re.compile(r"\"[^\"\n]{1,40}\"|“[^”\n]{1,40}”|(?<!\w)'[^'\n]{1,40}'(?!\w)")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TAKEN = re.compile(r"\x01([^\x02]*)\x02")
_RUN = re.compile(r"\x01[^\x02]*\x02(?:(?:\s*,\s*|\s+)(?:and\s+|or\s+)?\x01[^\x02]*\x02)+")


@dataclass(frozen=True)
class Masked:
    """One prompt without its particulars."""

    numbers_out: str
    particulars_out: str
    numbers: tuple[Fraction, ...]
    """Those taken out, in order; a minus sign stays in the mask."""
    particulars: tuple[tuple[str, ...], ...]
    """Words taken out, in order; neighbours that a comma, blank, `and` or `or` joins are one list."""


def mask_prompts(prompts: Sequence[str]) -> list[Masked]:
    """Mask every prompt; which words are particulars is judged over all of them, so pass those of one suite."""
    frequency: Counter[str] = Counter()
    for prompt in prompts:
        frequency.update({word.lower() for word in _WORD.findall(prompt[:MAX_CHARS])})
    texts = [" ".join(prompt.split()) for prompt in prompts]
    marked = [_mark(text) if len(text) <= MAX_CHARS else text for text in texts]
    slots = _slots(sorted(set(marked)))
    marked = [slots.get(text) or _mark_rare(text, frequency) for text in marked]
    return [_masked(text, mark) for text, mark in zip(texts, marked, strict=True)]


def _masked(text: str, marked: str) -> Masked:
    found = NUMBER.findall(text)
    is_readable = len(text) <= MAX_CHARS and all(len(number) <= MAX_DIGITS for number in found)
    particulars = []

    def take(match: re.Match[str]) -> str:
        words = [word for words in _TAKEN.findall(match[0]) for word in words.strip("\"'“”").split()]
        particulars.append(tuple(words))
        return "{p}" if len(words) == 1 else "{s}"

    runs = re.compile(f"{_RUN.pattern}|{_TAKEN.pattern}")
    particulars_out = NUMBER.sub("{n}", runs.sub(take, marked))
    return Masked(
        NUMBER.sub("{n}", text) if is_readable else text,
        particulars_out,
        tuple(Fraction(number.replace(",", "")) for number in found) if is_readable else (),
        tuple(particulars),
    )


def _mark(text: str) -> str:
    """The prompt with its quoted words, names and list members between \\x01 and \\x02; numbers stay."""
    members = set(listed_in(text))
    members = members if len(members) >= 2 else set()

    def is_member(match: re.Match[str]) -> str:
        return _taken(match) if match[0].lower() in members else match[0]

    marked = text.replace("\x01", " ").replace("\x02", " ")
    for pattern, replace in ((_QUOTED, _taken), (_NAME, _taken), (_WORD, is_member)):
        marked = _outside(pattern, replace, marked)
    return marked


def _mark_rare(marked: str, frequency: Counter[str]) -> str:
    """Rare words marked too, where most of the wording is left without them."""
    words = [word.lower() for part in _TAKEN.split(marked)[::2] for word in _WORD.findall(part)]
    if 2 * sum(frequency[word] < COMMON_WORDS for word in words) >= len(words) or len(marked) > MAX_CHARS:
        return marked

    def is_rare(match: re.Match[str]) -> str:
        return _taken(match) if frequency[match[0].lower()] < COMMON_WORDS else match[0]

    return _outside(_WORD, is_rare, marked)


def _taken(match: re.Match[str]) -> str:
    return f"\x01{match[0]}\x02"


def _slots(marked: Sequence[str]) -> dict[str, str]:
    """Prompts without other particulars in which one word is one: in its place many others have other words."""
    fillers: dict[str, set[str]] = defaultdict(set)
    holes: dict[str, list[tuple[str, str]]] = {}
    for text in marked:
        plain = NUMBER.sub("{n}", _RUN.sub("{s}", text))
        plain = _TAKEN.sub("{p}", plain)
        if "{p}" in plain or "{s}" in plain or "{n}" in plain:
            continue  # it has its particulars; a second slot would join what is not alike
        words = list(_WORD.finditer(text))
        if len(words) > MAX_SLOTS_TRIED:
            continue
        holes[text] = [(f"{text[: m.start()]}\x03{text[m.end() :]}", m[0]) for m in words]
        for hole, word in holes[text]:
            fillers[hole].add(word.lower())
    found = {}
    for text, places in holes.items():
        hole, word = max(places, key=lambda place: (len(fillers[place[0]]), place[0]), default=("", ""))
        if hole and len(fillers[hole]) >= MIN_FILLERS:
            found[text] = hole.replace("\x03", f"\x01{word}\x02")
    return found


def _outside(pattern: re.Pattern[str], replace: object, text: str) -> str:
    """Substitute where nothing was marked yet."""
    parts = re.split(r"(\x01[^\x02]*\x02)", text)
    return "".join(part if at % 2 else pattern.sub(replace, part) for at, part in enumerate(parts))  # type: ignore[call-overload]
