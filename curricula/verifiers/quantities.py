"""Read quantities: a number with sign, commas, currency, percent, fraction or unit, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

UNITS: dict[str, tuple[str, Fraction]] = {}
"""Unit (singular) to its dimension and its size in the dimension's own unit."""
for _dimension, _table in {
    "length": "mm 1/1000 millimeter 1/1000 millimetre 1/1000 cm 1/100 centimeter 1/100 centimetre 1/100 m 1 meter 1 metre 1 km 1000 kilometer 1000 kilometre 1000",
    "imperial length": "inch 1 inche 1 in 1 foot 12 feet 12 ft 12 yard 36 mile 63360",
    "mass": "mg 1/1000 milligram 1/1000 g 1 gram 1 kg 1000 kilogram 1000 ton 1000000 tonne 1000000",
    "imperial mass": "ounce 1 oz 1 pound 16 lb 16",
    "time": "second 1 sec 1 s 1 minute 60 min 60 hour 3600 hr 3600 h 3600 day 86400 week 604800",
    "long time": "month 1 year 12 decade 120 century 1200",
    "volume": "ml 1/1000 milliliter 1/1000 millilitre 1/1000 l 1 liter 1 litre 1",
    "imperial volume": "pint 1 quart 2 gallon 8",
    "money": "cent 1/100 dollar 1 $ 1 buck 1",
}.items():
    _words = _table.split()
    UNITS |= {_words[i]: (_dimension, Fraction(_words[i + 1])) for i in range(0, len(_words), 2)}

ONES = [
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
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = {
    name: 10 * n
    for n, name in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
WORDS = {name: Fraction(n) for n, name in enumerate(ONES)} | {name: Fraction(n) for name, n in TENS.items()}
WORDS |= {
    "dozen": Fraction(12),
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "third": Fraction(1, 3),
    "twice": Fraction(2),
}
WORDS |= {
    "double": Fraction(2),
    "triple": Fraction(3),
    "thrice": Fraction(3),
    "hundred": Fraction(100),
    "thousand": Fraction(1000),
}
NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-−]\s?)?(?P<currency>[$€£¥]\s?)?(?P<minus>-)?"
    r"(?:(?P<whole>\d+)\s+)?(?P<top>\d+)\s*/\s*(?P<bottom>\d+)(?![\d/])"
    r"|(?<![\w.])(?P<sign2>[-−]\s?)?(?P<currency2>[$€£¥]\s?)?(?P<plain>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
)


@dataclass(frozen=True)
class Quantity:
    """One number as written."""

    value: Fraction
    unit: str
    """Singular, lower case; `%` for percent; empty: none."""
    decimals: int
    """Digits behind the point; -1 for a fraction."""


def read_quantities(text: str) -> list[Quantity]:
    """All quantities of a text in order; a number word counts where no digit is near (`three apples`)."""
    found = [(m.start(), _quantity(m, text)) for m in NUMBER.finditer(text)]
    if not found:
        found = [
            (m.start(), Quantity(value, "", 0))
            for m in re.finditer(r"[a-z]+(?:-[a-z]+)?", text.lower())
            if (value := _word_value(m[0])) is not None
        ]
    return [quantity for _, quantity in found]


def numbers_of(text: str) -> set[Fraction]:
    """Every number a text mentions, in digits or words, for asking whether a check's number occurs there."""
    digits = [
        Fraction(m.replace(",", ""))
        for m in re.findall(r"\d[\d,]*(?:\.\d+)?", text.rstrip(".,"))
        if m.replace(",", "")
    ]
    words = [
        value
        for m in re.finditer(r"[a-z]+(?:-[a-z]+)?", text.lower())
        if (value := _word_value(m[0].rstrip("s"))) is not None
    ]
    whole = {number for number in (*digits, *words)}
    return whole | {number / 100 for number in digits} | {q.value for q in read_quantities(text)}


def convert(quantity: Quantity, unit: str) -> Fraction | None:
    """The value in another unit; None where the two do not measure the same thing. No unit fits any."""
    if not quantity.unit or not unit or quantity.unit == unit:
        return quantity.value
    if quantity.unit not in UNITS or unit not in UNITS:
        return (
            quantity.value
            if quantity.unit not in UNITS and unit not in UNITS and "%" not in (quantity.unit, unit)
            else None
        )
    (dimension, size), (other, other_size) = UNITS[quantity.unit], UNITS[unit]
    return quantity.value * size / other_size if dimension == other else None


def _quantity(m: re.Match[str], text: str) -> Quantity:
    if m["top"]:
        bottom = int(m["bottom"])
        value = Fraction(int(m["whole"] or 0)) + (Fraction(int(m["top"]), bottom) if bottom else 0)
        decimals, sign, currency = -1, m["sign"] or m["minus"], m["currency"]
    else:
        written = m["plain"].replace(",", "")
        value, decimals = Fraction(written), len(written.partition(".")[2])
        sign, currency = m["sign2"], m["currency2"]
    after = re.match(r"\s*(%|percent\b|[^\W\d_]+)", text[m.end() :])
    unit = (after[1].lower() if after else "") or ""
    if currency:
        unit = currency.strip()
    elif unit == "percent":
        unit = "%"
    elif unit not in UNITS and unit.endswith("s"):
        unit = unit[:-1]
    return Quantity(-value if sign else value, "century" if unit == "centurie" else unit, decimals)


def _word_value(word: str) -> Fraction | None:
    if "-" in word:
        tens, _, ones = word.partition("-")
        return Fraction(TENS[tens]) + WORDS[ones] if tens in TENS and ones in ONES else None
    return WORDS.get(word)
