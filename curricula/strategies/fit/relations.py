"""How a gold follows from its question, as far as that can be seen without understanding it.

"Which is the biggest of 3, 8, 5?" and "... smallest ..." look alike to any text similarity, but their golds
do not: one is the maximum. `relations` names every such relation that holds, e.g. `max`, `sum`,
`first_item`, `reversed`. Engine samples and failures get the same names, and matching weighs them.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations
from string import ascii_lowercase

from curricula.engines.calendar import DAYS, MONTHS
from curricula.engines.contract import words as listed
from curricula.engines.facts import CAPITALS, YOUNG
from curricula.engines.grammar import (
    COMPARATIVES,
    IRREGULAR_PAST,
    IRREGULAR_PLURALS,
    OPPOSITES,
    REGULAR_NOUNS,
    REGULAR_VERBS,
    regular_past,
    regular_plural,
)
from curricula.engines.sequences import ONES, TENS
from curricula.engines.units import roman
from curricula.engines.vocabulary import KINDS

MAX_NUMBER = 1e15  # beyond, a float is no longer the number: a row of 400 ones and zeros is a text
MAX_NUMBERS = 12  # numbers and list members beyond this are ignored: relations over long texts are chance
SMALL = {name: n for n, name in enumerate(ONES)} | {name: 10 * n for n, name in enumerate(TENS) if name}
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
TENS_NAMES = "|".join(name for name in TENS if name)
NUMBER_WORD = re.compile(
    rf"(?<!the )(?<!these )\b(?:(?:{TENS_NAMES})-(?:{'|'.join(ONES[1:10])})|"
    rf"{'|'.join(name for name in SMALL if name not in ('zero', 'one'))})\b(?! numbers)",
    re.IGNORECASE,
)
"""Not `which one`, not `the two numbers`: those count nothing in the problem."""
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
TABLES = {
    "opposite": frozenset(OPPOSITES) | {(b, a) for a, b in OPPOSITES},
    "plural": frozenset(IRREGULAR_PLURALS) | {(noun, regular_plural(noun)) for noun in REGULAR_NOUNS},
    "singular": frozenset((b, a) for a, b in IRREGULAR_PLURALS)
    | {(regular_plural(noun), noun) for noun in REGULAR_NOUNS},
    "past": frozenset(IRREGULAR_PAST) | {(verb, regular_past(verb)) for verb in REGULAR_VERBS},
    "comparative": frozenset(COMPARATIVES),
    "capital": frozenset((a.lower(), b.lower()) for a, b in CAPITALS),
    "country": frozenset((b.lower(), a.lower()) for a, b in CAPITALS),
    "young": frozenset(YOUNG),
}
ASKING = frozenset(
    ["which", "what", "who", "whose", "how", "is", "are", "does", "do", "name", "find", "pick", "tell"]
)
SCAFFOLD = frozenset(
    listed(
        """a an the of in is are be to and or for from with by on at it its this that which what who how many
    much does do word words letter letters number numbers first second third fourth fifth sixth last
    name find give tell write count spell you your if when there have has make makes made begin begins
    start starts end ends come comes position times time appear appears occur alphabet item list many
    vowels only answer"""
    )
)
"""Words a question is built with; the others are what it is about."""
RINGS = {"day": [day.lower() for day in DAYS], "month": [month.lower() for month in MONTHS]}
TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d\d)(?!\d)")
ROMAN = re.compile(r"[MDCLXVI]+")


def numbers_in(text: str) -> list[float]:
    """Numbers of a text in order, digits and small number words alike."""
    found = [(m.start(), float(m[0].replace(",", "").rstrip("."))) for m in NUMBER.finditer(text)]
    found += [
        (m.start(), float(sum(SMALL[part] for part in m[0].lower().split("-"))))
        for m in NUMBER_WORD.finditer(text)
    ]
    return [number for _, number in sorted(found) if abs(number) < MAX_NUMBER]


def listed_in(text: str) -> list[str]:
    """Members of the longest list of words or numbers, lower case: commas, a closing `and` or `or`, or a line each.

    Of two lists of equal length the later one is taken: "In a dictionary, which is first: axe, bell?".
    """
    best: list[str] = []
    for sentence in re.split(r"[:?!;]\s|[:?!;.]$|\.\s|\n\n", text.replace('"', "")):
        pieces = [
            piece
            for piece in re.split(r",\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|\n\W*", sentence.strip())
            if piece
        ]
        if len(pieces) < 2:
            continue
        first, *inner, last = (piece.split() for piece in pieces)
        members = [first[-1], *(piece[0] for piece in inner if piece), last[0]] if first and last else []
        members = [member.strip("'().-*").lower() for member in members]
        if members and members[-1] in ASKING:  # "... crown, which word is shortest"
            members.pop()
        if len(members) >= len(best):
            best = members
    return best


def relations(question: str, gold: str) -> list[str]:
    """Names of the relations that hold between a question and its gold; may be empty."""
    text, answer = question.strip(), gold.strip().rstrip(".")
    low = answer.lower()
    numbers, members = numbers_in(text)[:MAX_NUMBERS], listed_in(text)[:MAX_NUMBERS]
    named = [f"numbers_{min(len(numbers), 4)}"]
    if len(members) >= 3:
        named.append("list_of_numbers" if all(NUMBER.fullmatch(m) for m in members) else "list_of_words")
    if times := [int(m[1]) * 60 + int(m[2]) for m in TIME.finditer(text)]:
        named += ["clock"] + _of_times(answer, times, text)
    value = re.fullmatch(r"[^\w-]?(-?\d[\d,]*(?:\.\d+)?)(?:\s*[^\d\s]+)?", answer)
    if value and abs(stated := float(value[1].replace(",", ""))) < MAX_NUMBER:
        named += _numeric(stated, numbers, text, members)
    elif "," in low or len(low.split()) > 2:
        parts = [part for part in re.split(r"[,\s]+", low) if part]
        if len(parts) > 2 and sorted(parts) == sorted(tail := _unpunctuated(text, len(parts))) != sorted(members):
            members = tail
            named += [] if "list_of_words" in named else ["list_of_words"]
        named += _of_list(parts, members)
    else:
        named += _of_word(low, text.lower(), members)
    if ROMAN.fullmatch(answer) and any(
        n == int(n) and 0 < n < 4000 and roman(int(n)) == answer for n in numbers
    ):
        named.append("to_roman")
    return named


def _of_times(answer: str, times: list[int], text: str) -> list[str]:
    """Is the gold a time that lies some minutes of the text after or before its own time?"""
    gold = TIME.fullmatch(answer)
    if not gold:
        return ["span"] if len(times) == 2 else []
    shift = (int(gold[1]) * 60 + int(gold[2]) - times[0]) % 720
    minutes = numbers_in(TIME.sub(" ", text))
    return [
        name for name, value in (("clock_later", shift), ("clock_earlier", -shift % 720)) if value in minutes
    ]


def _of_membership(is_yes: bool, words: list[str], members: list[str]) -> list[str]:
    """Does the gold say whether a word stands in a list and outside of it?"""
    if len(members) < 3:
        return []
    outside = Counter(words) - Counter(members)
    is_named_twice = any(outside[member] for member in members)
    return ["polar_with_list", *(["membership"] if is_yes == is_named_twice else [])]


def _numeric(gold: float, numbers: list[float], text: str, members: list[str]) -> list[str]:
    holds: dict[str, bool] = {}
    if numbers:
        holds["named"] = len(numbers) == 1 and gold == numbers[0] and not NUMBER.search(text)
        holds |= {"above_all": gold > max(numbers), "below_all": gold < min(numbers)}
    if len(numbers) >= 2:
        holds |= {
            "sum": gold == sum(numbers),
            "max": gold == max(numbers),
            "min": gold == min(numbers),
            "member": gold in numbers,
        }
        steps = {b - a for a, b in zip(numbers, numbers[1:], strict=False)}
        holds["next_term"] = len(numbers) >= 3 and len(steps) == 1 and gold == numbers[-1] + next(iter(steps))
    distinct = list(dict.fromkeys(numbers))  # "all 4 shelves" names the 4 of "4 shelves" again
    if len(numbers) == 2 or len(distinct) == 2:
        a, b = numbers if len(numbers) == 2 else distinct
        holds |= {"difference": gold == abs(a - b), "product": gold == a * b}
        holds |= {"quotient": gold * b == a or gold * a == b, "remainder": b != 0 and gold == a % b and a > b}
        holds |= {"percent": gold * 100 == a * b}
    triple = numbers if len(numbers) == 3 else distinct
    for a, b, c in permutations(triple, 3) if len(triple) == 3 else ():
        holds |= {
            k: True
            for k, v in (
                ("a+b-c", a + b - c),
                ("a*b+c", a * b + c),
                ("a*b-c", a * b - c),
                ("c-a*b", c - a * b),
            )
            if v == gold
        }
        holds["(a-c)/b"] = holds.get("(a-c)/b", False) or (b != 0 and (a - c) / b == gold)
    subjects = {n for n in numbers if n != 2 or len(numbers) == 1}  # "2 times 7" doubles the 7
    if len(subjects) == 1:
        n = subjects.pop()
        digits = [int(d) for d in str(int(abs(n)))]
        holds |= {
            "double": gold == 2 * n,
            "half": gold == n / 2,
            "square": gold == n * n,
            "next": gold == n + 1,
        }
        holds |= {"before": gold == n - 1, "digit": len(digits) > 1 and gold in digits}
        holds["digit_sum"] = len(digits) > 1 and gold == sum(digits)
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if word not in SCAFFOLD]
    letters = [w for w in re.findall(r"\b[A-Za-z]\b", text) if w not in ("a", "I")]
    holds["count"] = bool(members) and gold == len(members)
    holds["letters"] = any(len(word) == gold for word in words)
    holds["alphabet_position"] = any(gold == ord(letter.lower()) - 96 for letter in letters)
    holds["repeats"] = any(words.count(word) - 1 == gold for word in set(words) if words.count(word) > 1)
    holds["from_roman"] = any(
        gold == int(gold) and 0 < gold < 4000 and roman(int(gold)) == m for m in ROMAN.findall(text)
    )
    return [name for name, is_true in holds.items() if is_true]


def _of_list(parts: list[str], members: list[str]) -> list[str]:
    if sorted(parts) != sorted(members):
        return []
    if all(re.fullmatch(r"-?\d+(\.\d+)?", part) for part in parts):
        values = [float(part) for part in parts]
        return [
            name
            for name, is_true in (
                ("ascending", values == sorted(values)),
                ("descending", values == sorted(values)[::-1]),
            )
            if is_true
        ]
    holds = {
        "sorted": parts == sorted(parts),
        "sorted_back": parts == sorted(parts)[::-1],
        "reversed_list": parts == members[::-1],
    }
    return [name for name, is_true in holds.items() if is_true] or ["same_members"]


def _unpunctuated(text: str, count: int) -> list[str]:
    """The last words of a text, as many as the gold has: "Sort these: yam fig plum" has no commas."""
    return text.lower().rstrip(".?").split()[-count:]


def _ordinals(text: str) -> list[int]:
    """Places asked for: `third`, `3rd`, `position 3`, `number 3`."""
    places = [n for n, name in enumerate(ORDINALS, 1) if re.search(rf"\b{name}\b", text)]
    return places + [
        int(n)
        for n in re.findall(r"\b(\d{1,2})(?:st|nd|rd|th)\b|(?:position|number|place) (\d{1,2})\b", text)
        for n in n
        if n
    ]


def _known(gold: str, words: list[str]) -> list[str]:
    """Facts of the engines' own tables that link a word of the question to the gold."""
    named = [name for name, pairs in TABLES.items() if any((word, gold) in pairs for word in words)]
    if any(word in KINDS.get(gold, ()) for word in words):
        named.append("kind")
    return named


def _of_word(gold: str, text: str, members: list[str]) -> list[str]:
    words = re.findall(r"[^\W\d_]+", text)
    if gold in ("yes", "no", "true", "false"):
        return ["polar", *_of_membership(gold in ("yes", "true"), words, members)]
    holds: dict[str, bool] = {"quoted": gold in words, **dict.fromkeys(_known(gold, words), True)}
    places = _ordinals(text)
    if len(gold) == 1:
        content = [word for word in words if len(word) > 2 and word not in SCAFFOLD]
        holds["first_letter"] = any(word[0] == gold for word in content)
        holds["last_letter"] = any(word[-1] == gold for word in content)
        holds["nth_letter"] = any(word[n - 1 : n] == gold for word in content for n in places)
        singles = [word for word in words if len(word) == 1 and word not in ("a", "i")]
        at = ascii_lowercase.find(gold)
        holds["letter_beside"] = any(abs(ascii_lowercase.find(single) - at) == 1 for single in singles)
    for ring, entries in RINGS.items():
        if gold in entries:
            shifts = {
                (entries.index(gold) - entries.index(word)) % len(entries)
                for word in words
                if word in entries
            }
            holds |= {ring: True, f"{ring}_next": 1 in shifts, f"{ring}_previous": len(entries) - 1 in shifts}
    if gold in members:
        lengths = [len(member) for member in members]
        holds |= {"first_item": members[0] == gold, "last_item": members[-1] == gold}
        holds["nth_item"] = any(members[n - 1 : n] == [gold] for n in places)
        holds |= {"alphabet_first": min(members) == gold, "alphabet_last": max(members) == gold}
        holds |= {"longest": len(gold) == max(lengths) and lengths.count(len(gold)) == 1}
        holds |= {"shortest": len(gold) == min(lengths) and lengths.count(len(gold)) == 1}
    elif len(gold) > 2:
        holds["reversed"] = gold[::-1] in words
        holds["inflected"] = gold not in words and any(
            w[:3] == gold[:3] and abs(len(w) - len(gold)) < 4 for w in words if len(w) > 2
        )
        holds["new_word"] = gold not in words and not holds["reversed"] and not holds["inflected"]
    return [name for name, is_true in holds.items() if is_true]
