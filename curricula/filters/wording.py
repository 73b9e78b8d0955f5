"""What a text says and about what: its wording apart from its numbers and names.

Text goes in; content words, numbers and names come out. Two problems that differ in numbers and names alone have the same
wording; two wordings of one problem have the same numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

STEM = 5  # letters of a word that count: eat/eats/eaten, multiply/multiplication

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_WORD = re.compile(rf"(?:{_TENS})-(?:{_UNITS})\b|\d+(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[-+*/=<>^%\u00d7\u00f7\u2212]|[.?!:\n]", re.IGNORECASE)
_SYMBOLS = {"\u00d7": "*", "\u00f7": "/", "\u2212": "-"}
_SENTENCE_END = frozenset(".?!:\n")
def _listed(words: str) -> list[str]:
    return words.split()


_BELOW_TWENTY = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
COUNTS = {word: str(number) for number, word in enumerate(_BELOW_TWENTY)} | {
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "thousand": "1000", "dozen": "12", "once": "1", "twice": "2", "thrice": "3", "half": "1/2", "quarter": "1/4",
    "double": "2", "doubled": "2", "triple": "3", "tripled": "3",
}  # fmt: skip
"""Words that are numbers, as they count."""
_MULTIPLIERS = frozenset(("hundred", "thousand", "dozen"))
# Function words, and those by which questions are asked: what is left says what is asked.
_EMPTY = frozenset(
    _listed(
        "a an the this that these those there here it its itself he she they them him her his hers their theirs i me my we us our"
        " you your who whom whose which what when where why how is are was were be been being am do does did done has have had"
        " having will would shall should can could may might must of in on at to for from by with about into onto over after before"
        " and or but if then than so as not no nor only also each every all any some both just please many much get gets got s t let"
        " while during since because therefore"
    )
)
_ASKING = frozenset(_listed("answer question find tell give name say state"))  # where a sentence begins; elsewhere they may be the item


@dataclass(frozen=True)
class Wording:
    """One text taken apart."""

    words: tuple[str, ...]
    """Stems of its content words and its operators, in order; names and numbers are left out."""
    numbers: tuple[str, ...]
    """In order, number words as digits."""
    names: tuple[str, ...]
    """Lower case, in order: words written with a capital letter where nothing else asks for one."""
    skeleton: tuple[str, ...]
    """Every word in order, function words too, with `#` for a number and `@` for a name."""


def take_apart(text: str, common: Collection[str] | None = None) -> Wording:
    """Split a text into wording and particulars. `common`: words (lower case) known to be no names; with it, a capitalised word
    outside of it that only begins sentences is a name too ("Marta bakes ...")."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text))
    lower = {token for token in found if token.islower()}
    inside = {token for last, token in zip(found, found[1:], strict=False) if token[0].isupper() and last not in _SENTENCE_END}
    words: list[str] = []
    numbers: list[str] = []
    names: list[str] = []
    skeleton: list[str] = []
    starts = True
    for token in found:
        if token in _SENTENCE_END:
            starts = True
            continue
        kind, form = classify(token)
        if kind == "word" and token[0].isupper() and form not in lower and (not starts or token in inside or (common is not None and form not in common)):
            kind = "name"
        if starts and form in _ASKING:
            kind = "empty"
        starts = False
        if kind == "empty":
            skeleton.append(form)
            continue
        if kind == "number":
            if token.lower() in _MULTIPLIERS and skeleton and skeleton[-1] == "#" and numbers[-1].isdigit():
                numbers[-1] = str(int(numbers[-1]) * int(form))  # "three thousand"
                continue
            numbers.append(form)
            skeleton.append("#")
        elif kind == "name":
            names.append(form)
            if not skeleton or skeleton[-1] != "@":
                skeleton.append("@")
        else:
            form = form[:STEM]
            words.append(form)
            skeleton.append(form)
    return Wording(tuple(words), tuple(numbers), tuple(names), tuple(skeleton))


def lower_words(text: str) -> set[str]:
    """Words that a text has in lower case: no names."""
    return {token for token in _WORD.findall(text) if token.islower()}


@lru_cache(maxsize=50_000)
def classify(token: str) -> tuple[str, str]:
    """What one word is by itself (`number`, `word` or `empty`), and the form in which the token counts."""
    if token[0].isdigit():
        plain = token.replace(",", "")
        return "number", plain.rstrip("0").rstrip(".") if "." in plain else plain
    if not token[0].isalpha():
        return "word", _SYMBOLS.get(token, token)
    low = token.lower().removesuffix("'s").removesuffix("\u2019s")
    if "-" in low:
        tens, _, units = low.partition("-")
        return "number", str(int(COUNTS[tens]) + int(COUNTS[units]))
    if low in COUNTS:
        return "number", COUNTS[low]
    return ("empty" if low in _EMPTY else "word"), low
