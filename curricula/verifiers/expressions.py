r"""Read the final answer out of a solution, and a plain number out of an answer, in the spellings people use.

Text goes in, text or an exact fraction comes out; nothing is evaluated but plain arithmetic (`arithmetic.py`).
`final_expression` is the cascade: last box, final-answer line, last formula, whole text. `read_value` understands
thousands (`1,234`, `1{,}234`, `1 234`), currency, units, percent, fractions (`\frac{1}{2}`, `1 1/2`), powers of ten.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate
from curricula.verifiers.quantities import UNITS

MOST_CHARACTERS = 400  # of an answer; the longest of the MATH data set's is about 160
ANSWER_LINE = re.compile(r"(?:####|\b(?:final\s+)?answers?\b\s*(?:is|are|=|:|：)+)\s*(?P<said>[^\n]+)", re.IGNORECASE)
FORMULA = re.compile(r"\$\$(?P<a>.+?)\$\$|\\\[(?P<b>.+?)\\\]|\\\((?P<c>.+?)\\\)|(?<![\\\w])\$(?P<d>[^$\n]*[^\s$\\])\$(?!\d)", re.DOTALL)
WRAPPERS = ("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")
SPACES = re.compile(r"\\[,;:! ]|~|\\q?quad(?![a-z])|[\u00a0\u2009\u202f]")
FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|operatorname|mbox)\s*\{([^{}]*)\}")
NAME = re.compile(r"^\s*[A-Za-z]\w{0,12}\s*=\s*(?=\S)")
UNIT_BEHIND = re.compile(r"(?<=[\d%)}.])\s*(?P<words>(?:[A-Za-z][A-Za-z'/-]*\.?)(?:\s+[A-Za-z][A-Za-z'/-]*\.?){0,4})$")
CURRENCY_WORDS = {"usd": "$", "dollar": "$", "buck": "$", "cent": "cent", "eur": "€", "euro": "€", "gbp": "£"}


@dataclass(frozen=True)
class Value:
    """A number with what it counts."""

    number: Fraction
    unit: str
    """Singular, lower case; empty: none."""


def final_expression(text: str) -> str:
    """The answer that a solution ends on; empty where there is none."""
    if boxes := _boxes(text):
        return boxes[-1].strip()
    if lines := [match["said"].strip() for match in ANSWER_LINE.finditer(text)]:
        return _sentence_end(lines[-1].strip("* "))
    if formulas := [next(filter(None, match.groups())) for match in FORMULA.finditer(text)]:
        return formulas[-1].strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _sentence_end(lines[-1]) if lines else ""


def unwrapped(answer: str) -> str:
    """An answer without box, dollar signs of a formula, `x =`, spacing commands, sentence end."""
    text = unicodedata.normalize("NFKC", answer).replace("−", "-").strip()
    for _ in range(4):
        before = text
        if boxes := _boxes(text):
            text = boxes[-1].strip()
        text = _sentence_end(text).strip("*`").strip()
        for opening, closing in WRAPPERS:
            if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening + closing):
                text = text[len(opening) : -len(closing)].strip()
        if re.fullmatch(r"\$[^$]*[^$\\]\$", text):
            text = text[1:-1].strip()
        text = NAME.sub("", text)
        if text == before:
            break
    text = SPACES.sub(" ", text.replace("{,}", ",").replace("\\!", ""))
    text = text.replace("\\left", "").replace("\\right", "").replace("\\$", "$").replace("\\%", "%")
    return re.sub(r"\s+", " ", TEXT.sub(r" \1", text)).strip()


def without_unit(text: str) -> tuple[str, str]:
    """(the text without currency and unit words, the unit); `text` comes from `unwrapped`."""
    unit = ""
    currency = re.match(r"^(-?)\s*(?:(?:US|A|C)?([$€£¥])|(USD|EUR|GBP)\s)\s*", text)
    if currency:
        unit = currency[2] or CURRENCY_WORDS[currency[3].lower()]
        text = currency[1] + text[currency.end() :]
    if (trailing := re.search(r"\s*([$€£¥])$", text)) and re.search(r"\d\s*[$€£¥]$", text):
        unit, text = trailing[1], text[: trailing.start()]
    words = UNIT_BEHIND.search(text)
    if words and (len(words["words"]) > 1 and not _is_symbol(words["words"]) or words[0].startswith(" ") and words["words"] in UNITS):
        named = words["words"].lower().rstrip(".").split()[0]
        if named == "percent" or named == "per" and "cent" in words["words"]:
            return text[: words.start()] + "%", unit
        singular = named if named in UNITS or not named.endswith("s") else named[:-1]
        unit, text = CURRENCY_WORDS.get(singular, unit or singular), text[: words.start()]
    return text.strip(), unit


def read_value(answer: str) -> Value | None:
    """The number that an answer states, exactly; None where it is not one plain number.

    A percentage is a hundredth: `50%` is 1/2. A unit counts only where both sides have a known one.
    """
    if len(answer) > MOST_CHARACTERS:
        return None
    text, unit = without_unit(unwrapped(answer))
    text = re.sub(r"(?<![\d,.])(\d{1,3})((?: \d{3})+)(?![\d,])", lambda m: m[1] + m[2].replace(" ", ""), text)
    text = re.sub(r"(\d)\s*\\[dtc]?frac", r"\1 + \\frac", text) if re.match(r"^-?\d+\s*\\[dtc]?frac", text) else text
    for _ in range(3):
        text = FRACTION.sub(lambda m: f"(({m[1] or m[2]})/({m[3] or m[4]}))", text)
    if mixed := re.fullmatch(r"(-?)(\d+)(?: | \+ |\s*\+\s*)\(*(\d+)\)*\s*/\s*\(*(\d+)\)*", text):
        text = f"{mixed[1]}({mixed[2]}+{mixed[3]}/{mixed[4]})"
    text = re.sub(r"\\(?:times|cdot)(?![a-z])", "*", text).replace("\\div", "/")
    text = re.sub(r"\^\s*\{([^{}]*)\}", r"^(\1)", text)
    text = re.sub(r"(?<=[\d.])[eE]([+-]?\d{1,3})$", r"*10^(\1)", text)
    if not re.fullmatch(r"[-+*/^().,%\d\s]+", text) or not _groups_are_right(text):
        return None
    try:
        return Value(evaluate(text.lstrip("+")).value, unit)
    except ArithmeticRefused:
        return None


def _groups_are_right(text: str) -> bool:
    """Commas stand between groups of three digits only: `12,34` is no number."""
    return all(re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number) for number in re.findall(r"[\d,.]*,[\d,.]*", text))


def _is_symbol(words: str) -> bool:
    return words in {"pi", "sin", "cos", "tan", "log", "ln", "exp", "sqrt", "i", "e"}


def _boxes(text: str) -> list[str]:
    r"""Contents of every `\boxed{...}` with its braces balanced."""
    found = []
    for match in re.finditer(r"\\(?:boxed|fbox)\s*\{", text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        if not depth:
            found.append(text[match.end() : end - 1])
    return found


def _sentence_end(text: str) -> str:
    """Without a full stop at the end, and without what follows one."""
    text = re.split(r"[.!;]\s+(?=[A-Z])", text.strip())[0].rstrip(" .;,")
    return text if re.search(r"[\d)}]!$", text) else text.rstrip(" .!;,")  # 10! may be a factorial
