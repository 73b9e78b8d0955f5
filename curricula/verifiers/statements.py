"""Read answers: normal forms, what a completion declares, whether a text gives two answers at once."""

from __future__ import annotations

import re
import unicodedata

DECLARED = re.compile(
    r"(?:####\s*|\\boxed\{|\b(?:final\s+)?answers?\s*(?:is|are|=|:)\s*)(?P<said>[^\n}]+?)(?=[.!;]\s|[\n}]|$)",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"\s+(?:or|and/or|respectively)\s+|\s*/\s*|\s*;\s*", re.IGNORECASE)
QUOTES = str.maketrans("’‘“”„", "''\"\"\"")
OPPOSED = (frozenset(("yes", "no")), frozenset(("true", "false")))


def normal(text: str) -> str:
    """Case, outer punctuation, brackets around an option label, quotes and runs of space do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(QUOTES)
    folded = re.sub(r"\s*([,;])\s*", r"\1 ", folded)
    return re.sub(r"\s+", " ", folded).strip(" \t\n.!\"'`*:()[]{}")


def declared_answers(completion: str) -> list[str]:
    """What the completion itself calls its answer, in order: `#### x`, `the answer is x`, a box."""
    return [m["said"].strip().rstrip(".").strip() for m in DECLARED.finditer(completion)]


def last_line(completion: str) -> str:
    """The last line that says anything."""
    lines = [line.strip() for line in completion.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def names_two(answer: str) -> bool:
    """Does the answer offer alternatives (`Paris or Rome`, `yes / no`)? Fractions, dates and units do not."""
    parts = [part for part in BETWEEN.split(answer.strip()) if part.strip()]
    if (
        len(parts) > 1
        and "/" in answer
        and (
            re.search(r"\d\s*/\s*\d", answer) or re.fullmatch(r"\S+/\S+", answer) and not is_polar_pair(parts)
        )
    ):
        return False
    if len(parts) > 1:
        return True
    words = set(re.findall(r"[a-z]+", answer.casefold()))
    return any(pair <= words for pair in OPPOSED)


def is_polar_pair(parts: list[str]) -> bool:
    """Both sides of a yes-or-no."""
    return frozenset(normal(part) for part in parts) in OPPOSED


def contains(completion: str, answer: str) -> bool:
    """Does the answer stand in the completion as whole words?"""
    inner = normal(answer)
    return bool(inner) and re.search(rf"(?<!\w){re.escape(inner)}(?!\w)", normal(completion)) is not None
