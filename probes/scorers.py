r"""Score an answer twice: strictly and leniently.

A response and its gold go in, two 0/1 scores come out. Strict: the trimmed response as a whole is the
answer (case, one final period and thousands separators aside). Lenient: the answer can be read out of
what was said. What a student that hedges says is no answer: a response that leaves two candidates
standing ("odd or even", "5 or 6") scores 0, and so does a denied one ("not odd"). Where the wording
leaves it open, the lenient score errs towards 0.

Lenient reading, first that applies: the last `\boxed{}`, `#### N` or "answer is ..."; the last sentence
that names a candidate; for numbers without `choices` the last number (Minerva's and lm-eval's
"flexible-extract" convention). Candidates are `choices` and the gold; give `choices` wherever the prompt
itself names wrong answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from probes.numbers import Number, find_numbers, parse_number, plain

SCORERS = ("exact", "numeric", "choice", "loglikelihood")
TAIL_CHARS = 4000  # a final answer stands at the end; bounds the cost of a megabyte of babble

_OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BOXED = re.compile(r"\\boxed\s?\{([^{}]{0,200})\}")
_HASHES = re.compile(r"####[ \t]?([^\n]{1,200})")
_ANSWER = re.compile(r"\banswer\b[^\n]{0,80}?(?:\bis\b|\bbe\b|:|=)", re.IGNORECASE)
_STOP = re.compile(r"[.!?。！？]+(?=\s|$)|\n+")
_FILLER = r"(?:(?:the|a|an|number|word|letter|option|choice|answer|is|simply|just|or|and)\b|[\s\"'“”‘’()\[\]:,;>$*•-])*"
_PREDICATE = re.compile(rf"(?:\b(?:is|are|was|be|equals|say|answer)\b|[:=→])[\s:]*{_FILLER}$", re.IGNORECASE)
_NEGATION = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|without)|n['’]t)(?:\s+\w+){0,2}\s+\W*$", re.IGNORECASE
)
_DENIED = re.compile(r"[\W_]{0,4}(?:is|are|was|does|do|can)(?:\s?n['’]t|\s?not)\b", re.IGNORECASE)
_GLUE = re.compile(
    r"\W*(?:\w+\s)?(?:or|and/or)\s\W*|[\s,;/|•\"'*-]*(?:\band\b)?[\s,;/|\"'*-]*", re.IGNORECASE
)
_JOINED_BEFORE = re.compile(r"(?:\b(?:or|and)\b|/)\W{0,3}$", re.IGNORECASE)
_JOINED_AFTER = re.compile(  # "X or ..." hedges however it goes on, "X and ..." where one more item follows
    r"\W{0,3}(?:\bor\b|/)|\W{0,3}\band\b(?:\s+[\w'’-]+){1,3}\s*(?:[,.;:!?\n]|$)", re.IGNORECASE
)
_NOTHING = re.compile(rf"{_FILLER}[\W_]*", re.IGNORECASE)
_SURE = re.compile(r"(?:the )?(?:final )?answer|sure|okay|ok|certainly|of course|solution", re.IGNORECASE)


@dataclass(frozen=True)
class Score:
    """Two readings of one response, each 0 or 1; `lenient` is never below `strict`."""

    strict: float
    lenient: float


@dataclass(frozen=True)
class _Mention:
    """A candidate named at `text[start:end]`; equal keys are the same answer."""

    key: Hashable
    start: int
    end: int


def score(scorer: str, response: str, gold: str, choices: Sequence[str] = ()) -> Score:
    """Compare `response` with `gold` under one of `SCORERS`.

    `choices` are the answers that compete; for `exact` and `numeric` they are optional and only make
    the lenient reading stricter. An empty response scores 0, whatever the gold.

    Raises:
        ValueError: unknown scorer.
    """
    strict = _strict(scorer, response, gold, choices)
    if strict or not response.strip():
        return Score(float(strict), float(strict))
    return Score(0.0, float(_lenient(scorer, response, gold, choices)))


def extract(scorer: str, response: str, choices: Sequence[str] = ()) -> str:
    """What the lenient reading takes for the answer, as written; "" if nothing, or more than one thing.

    Raises:
        ValueError: unknown scorer.
    """
    text = _tail(response)
    if scorer == "numeric":
        number = _read_number(text, choices)
        return text[number.start : number.end] if number else ""
    if scorer == "choice":
        index = _settle(text, _choice_mentions(text, choices))
        return choices[index] if isinstance(index, int) else ""
    if scorer == "loglikelihood":
        return response
    if scorer != "exact":
        raise ValueError(f"unknown scorer {scorer!r}; known: {', '.join(SCORERS)}")
    if choices:
        key = _settle(text, _word_mentions(text, tuple(choices)))
        return next((choice for choice in choices if _fold(choice) == key), "")
    sentences = [sentence for sentence in _STOP.split(text) if sentence.strip()]
    return sentences[-1].strip() if sentences else ""


def _strict(scorer: str, response: str, gold: str, choices: Sequence[str]) -> bool:
    if scorer not in SCORERS:
        raise ValueError(f"unknown scorer {scorer!r}; known: {', '.join(SCORERS)}")
    if scorer == "loglikelihood":
        return response == gold != ""
    trimmed = response.strip()
    if len(trimmed) > 2 * len(gold) + 200:
        return False
    if scorer == "numeric":
        said, wanted = parse_number(_without_period(trimmed)), parse_number(_without_period(gold.strip()))
        return bool(said and wanted and said.equals(wanted))
    if _fold(response) == _fold(gold):
        return bool(trimmed)
    index = _gold_index(gold, choices) if scorer == "choice" else None
    return index is not None and _fold(response) in _spellings(index, choices)


def _lenient(scorer: str, response: str, gold: str, choices: Sequence[str]) -> bool:
    text = _tail(response)
    if scorer == "numeric":
        said, wanted = _read_number(text, choices), parse_number(_without_period(gold.strip()))
        return bool(said and wanted and said.equals(wanted))
    if scorer == "choice":
        index = _gold_index(gold, choices)
        return index is not None and _settle(text, _choice_mentions(text, choices)) == index
    if scorer == "exact":
        rivals = tuple(choices) or tuple(filter(None, [_OPPOSITES.get(_fold(gold), "")]))
        mentions = _word_mentions(text, tuple(dict.fromkeys((gold, *rivals))))
        if not rivals and _looks_like_a_list(text, mentions):
            return False
        return bool(mentions) and _settle(text, mentions) == _fold(gold)
    return False


# --- common to words and options -----------------------------------------------------------------


def _settle(text: str, mentions: list[_Mention]) -> Hashable | None:
    """The one candidate that `text` ends up with, or None where it names none or leaves two standing."""
    standing = [m for m in mentions if not _is_denied(text, m)]
    span = _marked_span(text)
    if span:
        marked = {m.key for m in standing if span[0] <= m.start and m.end <= span[1]}
        if marked:
            return marked.pop() if len(marked) == 1 else None
    if not standing:
        return None
    last = standing[-1]
    bounds = _sentence(text, last.start)
    inside = [m for m in standing if bounds[0] <= m.start < bounds[1]]
    if len({m.key for m in inside}) > 1:
        return last.key if _is_predicate(text, inside[-2].end, last, bounds[1]) else None
    if _is_bare(text, last, bounds):
        rivals = [m for m in standing if m.key != last.key and _is_bare(text, m, _sentence(text, m.start))]
        if rivals:
            return None
    return last.key


def _is_denied(text: str, mention: _Mention | Number) -> bool:
    """Written as `not X` or `X is not ...`."""
    before, after = text[max(0, mention.start - 60) : mention.start], text[mention.end : mention.end + 30]
    return bool(_NEGATION.search(before) or _DENIED.match(after))


def _marked_span(text: str) -> tuple[int, int] | None:
    r"""Where the last explicit mark (`\boxed`, `####`, "answer is") says the answer stands."""
    for pattern in (_BOXED, _HASHES):
        matches = list(pattern.finditer(text))
        if matches:
            return matches[-1].span(1)
    markers = list(_ANSWER.finditer(text))
    return (markers[-1].end(), _sentence(text, markers[-1].end())[1]) if markers else None


def _sentence(text: str, at: int) -> tuple[int, int]:
    start = 0
    for stop in _STOP.finditer(text):
        if stop.start() >= at:
            return start, stop.start()
        start = stop.end()
    return start, len(text)


def _is_predicate(text: str, start: int, mention: _Mention | Number, end: int) -> bool:
    """Written as `... is X` with nothing behind: X is what the sentence says of the others."""
    before, after = text[start : mention.start], text[mention.end : end]
    return bool(_PREDICATE.search(before) and _NOTHING.fullmatch(after))


def _is_bare(text: str, mention: _Mention, bounds: tuple[int, int]) -> bool:
    around = text[bounds[0] : mention.start], text[mention.end : bounds[1]]
    return all(_NOTHING.fullmatch(part) for part in around)


# --- words ---------------------------------------------------------------------------------------


def _word_mentions(text: str, candidates: tuple[str, ...]) -> list[_Mention]:
    pattern = _candidates(candidates)
    return [_Mention(_fold(m[0]), m.start(), m.end()) for m in pattern.finditer(text)] if pattern else []


@lru_cache(maxsize=4096)
def _candidates(candidates: tuple[str, ...]) -> re.Pattern[str] | None:
    """Any candidate as whole words, the longest first ("ice cream" before "cream")."""
    spelled = {_normal(c).rstrip(".") or _normal(c) for c in candidates} - {""}
    escaped = "|".join(re.escape(c) for c in sorted(spelled, key=lambda c: (-len(c), c)))
    return re.compile(rf"(?<!\w)(?<!\d[.,])(?:{escaped})(?!\w|[.,]\d)", re.IGNORECASE) if escaped else None


def _looks_like_a_list(text: str, mentions: list[_Mention]) -> bool:
    """Without `choices` the rivals are unknown: refuse `X or/and Y`, `Y, X, Z` and bare lines side by side."""
    for mention in mentions:
        before, after = text[max(0, mention.start - 10) : mention.start], text[mention.end : mention.end + 60]
        if _JOINED_BEFORE.search(before) or _JOINED_AFTER.match(after):
            return True
    if not mentions or _marked_span(text):
        return False
    last = mentions[-1]
    start, end = _sentence(text, last.start)
    items = [item.strip() for item in re.split(r"[,;|]", text[start:end]) if item.strip()]
    if len(items) > 1 and all(len(item.split()) <= 3 for item in items):
        return True
    if not _is_bare(text, last, (start, end)):
        return False
    lines = (line.strip() for line in (text[:start] + "\n" + text[end:]).splitlines())
    rest = [
        line.strip(" \t-•.!,?0123456789)") for line in lines if not line.endswith(":")
    ]  # headings are no items
    others = [ln for ln in rest if ln and str(last.key) not in _fold(ln) and not _SURE.fullmatch(ln)]
    return any(len(line.split()) <= 3 for line in others)


# --- options -------------------------------------------------------------------------------------


def _choice_mentions(text: str, choices: Sequence[str]) -> list[_Mention]:
    """Options named by text or by letter; a bare `A` or `I` in prose is a word, not an option."""
    by_fold = {_fold(choice): index for index, choice in reversed(list(enumerate(choices)))}
    found = [
        _Mention(by_fold[m.key], m.start, m.end)
        for m in _word_mentions(text, tuple(choices))
        if m.key in by_fold
    ]
    if _has_letter_choices(tuple(choices)):
        return found
    taken = [(m.start, m.end) for m in found]
    for match in re.finditer(r"(?<![\w'’])\(?([A-Z])(?![\w'’])([).:]?)", text):
        index = _LETTERS.index(match[1])
        inside = any(start <= match.start(1) < end for start, end in taken)
        if index < len(choices) and not inside and (match[1] not in "AI" or _is_option(text, match)):
            found.append(_Mention(index, match.start(1), match.end(1)))
    return sorted(found, key=lambda m: m.start)


def _is_option(text: str, match: re.Match[str]) -> bool:
    """Is this `A` or `I` an option: decorated, announced, followed by "or", or last in its line?"""
    if (
        match[2]
        or match[0].startswith("(")
        or re.match(r"\W{0,3}(?:or\b|and\b|/|,|$|\n)", text[match.end() : match.end() + 10])
    ):
        return True
    return bool(
        re.search(
            r"\b(?:option|choice|letter|answer is|answer)\W*$",
            text[max(0, match.start() - 20) : match.start()],
            re.I,
        )
    )


def _spellings(index: int, choices: Sequence[str]) -> set[str]:
    """Folded forms that are option `index` and nothing else: its text, `b`, `(b)`, `b)`, `(b) text`, `b. text`."""
    text = _fold(choices[index])
    if _has_letter_choices(tuple(choices)):
        return {text, text.strip("()"), f"({text.strip('()')})", f"{text.strip('()')})"}
    letter = _LETTERS[index].lower() if index < len(_LETTERS) else text
    marks = (letter, f"({letter})", f"{letter})", f"{letter}.", f"{letter}:")
    return {text, *marks, *(f"{mark} {text}" for mark in marks)}


@lru_cache(maxsize=1024)
def _has_letter_choices(choices: tuple[str, ...]) -> bool:
    """Options that are letters themselves (`(A)`, `B`) are named by their text alone."""
    return any(re.fullmatch(r"\(?[a-z]\)?", _fold(choice)) for choice in choices)


def _gold_index(gold: str, choices: Sequence[str]) -> int | None:
    """Which option the gold is: its text first, else its letter."""
    folded = _fold(gold)
    for index, choice in enumerate(choices):
        if _fold(choice) == folded:
            return index
    letters = [i for i in range(min(len(choices), len(_LETTERS))) if folded in _spellings(i, choices)]
    return letters[0] if folded and letters else None


# --- numbers -------------------------------------------------------------------------------------


def _read_number(text: str, choices: Sequence[str]) -> Number | None:
    numbers = find_numbers(text)
    span = _marked_span(text)
    if span:
        start = max(span[0], text.rfind("=", span[0], span[1]) + 1)
        marked = [n for n in numbers if start <= n.start and n.end <= span[1]]
        if marked:
            is_open = _is_listed(text, numbers, numbers.index(marked[0])) or _is_denied(text, marked[0])
            return None if is_open else marked[0]
    if not numbers or _is_listed(text, numbers, len(numbers) - 1):
        return None
    last = numbers[-1]
    if _is_denied(text, last):
        return None
    start, end = _sentence(text, last.start)
    inside = [n for n in numbers if start <= n.start < end]
    known = {value.value for value in map(parse_number, choices) if value}
    if any(n.value in known and n.value != last.value for n in inside):
        return last if _is_predicate(text, inside[-2].end, last, end) else None
    return last


def _is_listed(text: str, numbers: list[Number], at: int) -> bool:
    """Joined to a neighbour of another value by a comma, `or`, `and` or a line break: no single answer."""
    for left, right in ((at - 1, at), (at, at + 1)):
        if left >= 0 and right < len(numbers) and numbers[left].value != numbers[right].value:
            between = text[numbers[left].end : numbers[right].start]
            if len(between) <= 30 and _GLUE.fullmatch(between):
                return True
    return False


# --- text ----------------------------------------------------------------------------------------


def _tail(response: str) -> str:
    """The last `TAIL_CHARS` from a word boundary on, without Markdown emphasis."""
    text = response if len(response) <= TAIL_CHARS else "".join(response[-TAIL_CHARS:].partition(" ")[2])
    return plain(_normal(text.replace("*", "").replace("`", "")))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _fold(text: str) -> str:
    """Case, outer whitespace, runs of blanks and one final period do not matter."""
    return " ".join(_without_period(_normal(text)).casefold().split())


def _without_period(text: str) -> str:
    return text[:-1].rstrip() or text if text.endswith(".") else text
