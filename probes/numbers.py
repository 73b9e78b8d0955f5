r"""Read numbers out of what a model wrote.

Text goes in, exact rational values with their positions come out: thousands separators, currency
signs, percent, fractions, `\frac{1}{2}`, scientific notation, minus signs of three kinds. What only
looks like a number (versions, ordinals, codes such as `3f9`) is left out. Every pattern is bounded,
so hostile input costs linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

MAX_CHARS = 100  # longer digit strings are not answers, and int() refuses 4,300 digits anyway
WORDS = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)

_CURRENCY = "$€£¥₹"
_NUMBER = re.compile(
    rf"""
    (?P<sign>(?<![^\W_])(?<![.)\]%{_CURRENCY}])[-+\u2212\u2013])?   # a minus after a digit or bracket is an operator
    [{_CURRENCY}]?
    (?<![^\W_])(?<!\d\.)(?<!\d,)                                    # not inside a word, a version or a longer number
    (?P<core>
        (?: \d{{1,3}}(?:[,\u00a0\u202f]\d{{3}}){{1,8}}(?!,?\d) | \d+ ) (?:\.\d+)? | \.\d+
    )
    (?P<exponent>[eE][-+]?\d{{1,2}}(?!\w))?
    (?!\d|\.\d|,\d{{3}}(?!\d))
    (?!(?:st|nd|rd|th)\b)(?![^\W\d_]{{0,20}}\d)                     # no ordinals, no codes
    """,
    re.VERBOSE,
)
_FRAC = re.compile(r"\\[dt]?frac\s?\{(\d{1,50})\}\s?\{(\d{1,50})\}")
_WORD = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
_SLASH = re.compile(r"\s?[/\u2044]\s?")


@dataclass(frozen=True)
class Number:
    """One number as written at `text[start:end]`."""

    value: Fraction
    start: int
    end: int
    is_ratio: bool = False
    """Written as a quotient (`10/2`): an answer only where the gold is no whole number."""

    def equals(self, gold: Number) -> bool:
        """Same value; `10/2` is the question repeated, not the answer 5."""
        return self.value == gold.value and (
            not self.is_ratio or gold.is_ratio or gold.value.denominator != 1
        )


def plain(text: str) -> str:
    r"""`text` with LaTeX's `\frac{a}{b}`, `1{,}000` and `\%` written plainly."""
    return _FRAC.sub(r"\1/\2", text.replace("{,}", ",").replace("\\%", "%"))


def find_numbers(text: str) -> list[Number]:
    """All numbers of `text`, left to right. Number words (`four`) count only where there is no digit."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        value = _value(match["core"], match["exponent"])
        if value is None:
            continue
        sign = -1 if match["sign"] in ("-", "\u2212", "\u2013") else 1
        _append(found, Number(sign * value, match.start(), match.end()), text)
    if not found:
        found = [
            Number(Fraction(WORDS.index(m[0].lower())), m.start(), m.end()) for m in _WORD.finditer(text)
        ]
    return found


def parse_number(text: str) -> Number | None:
    """The number that `text` as a whole is (percent and currency signs allowed), or None."""
    text = plain(text.strip())
    if not any(char.isdigit() for char in text[: 2 * MAX_CHARS]) or len(text) > 2 * MAX_CHARS:
        return None
    found = find_numbers(text)
    is_whole = len(found) == 1 and found[0].start == 0 and not text[found[0].end :].strip(f" %{_CURRENCY}")
    return found[0] if is_whole else None


def _value(core: str, exponent: str | None) -> Fraction | None:
    digits = re.sub("[,\u00a0\u202f]", "", core) + (exponent or "")
    return Fraction(Decimal(digits)) if len(digits) <= MAX_CHARS else None


def _append(found: list[Number], number: Number, text: str) -> None:
    """Add `number`, joined with its left neighbour where the two are written as a quotient."""
    last = found[-1] if found else None
    if last and number.value > 0 and _SLASH.fullmatch(text, last.end, number.start) and not last.is_ratio:
        found[-1] = Number(last.value / number.value, last.start, number.end, is_ratio=True)
        before = found[-2] if len(found) > 1 else None
        is_mixed = (
            before and text[before.end : last.start] == " " and 0 <= found[-1].value < 1 <= before.value
        )
        if before and is_mixed and before.value.denominator == 1:  # 1 1/2
            found[-2:] = [replace(found[-1], value=before.value + found[-1].value, start=before.start)]
        return
    found.append(number)
