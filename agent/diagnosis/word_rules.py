"""The rule over words that nearly all golds of one wording obey: "the longest of them", "its last letter".

Masked prompts of one wording go in; for each the rule's answer comes out, or None. The one thing to know: only
rules with exactly one answer are known here. Grammar and facts ("the plural of", "a kind of") have exceptions that
golds know and rules do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from agent.diagnosis.masks import Masked
from agent.diagnosis.rules import MIN_OBEYING, N_FITTED, Saying, enough, folded, is_varied
from curricula.engines.calendar import DAYS, MONTHS
from curricula.engines.sequences import ONES, TENS
from curricula.engines.units import roman

MIN_OBEYING_LIST = 9  # of three list members each of ten rules holds for 1 gold in 3: for 9 in 1 wording of 2,000
MAX_PARTICULARS = 4
ROMAN = {roman(n): n for n in range(1, 400)}
SPELLED = {name: n for n, name in enumerate(ONES)} | {
    f"{ten}-{ONES[one]}" if one else ten: 10 * n + one for n, ten in enumerate(TENS) if ten for one in range(10)
}
PLACES = {"first": (0, ("first", "1st")), "second": (1, ("second", "2nd")), "third": (2, ("third", "3rd"))} | {
    "last": (-1, ("last", "final"))
}
"""Index, and the words of which the wording must have one: else "the right option stands first", a habit of whoever
wrote the suite, would be a rule."""
SHIFTS = (-3, -2, -1, 1, 2, 3)


def say_by_words(
    masks: Sequence[Masked], golds: Sequence[str], choices: Sequence[Sequence[str]]
) -> list[Saying | None]:
    """What the wording's rule says of each of its probes (parallel lists of one `particulars_out`).

    Silent for lists of a length that no two obeying probes have.
    """
    n = len(golds)
    silent: list[Saying | None] = [None] * n
    if n <= MIN_OBEYING or not 1 <= len(masks[0].particulars) <= MAX_PARTICULARS:
        return silent
    wanted = [folded(gold) for gold in golds]
    step = -(-n // N_FITTED)
    fitted = range(0, n, step)
    counts: Counter[str] = Counter()
    for i in fitted:
        counts.update(name for name, value in _programs(masks[i], choices[i]) if folded(value) == wanted[i])
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if count < enough(len(fitted)):
            return _by_membership(masks, wanted)
        values = [dict(_programs(mask, own)).get(name) for mask, own in zip(masks, choices, strict=True)]
        obeying = [i for i, value in enumerate(values) if value is not None and folded(value) == wanted[i]]
        least = MIN_OBEYING_LIST if name.startswith("the ") else MIN_OBEYING
        if len(obeying) >= max(least, enough(n)) and is_varied([wanted[i] for i in obeying], is_open=True):
            shapes = Counter(_shape(masks[i]) for i in obeying)
            return [
                Saying(value, name, len(obeying) - (i in obeying))
                if value is not None and shapes[_shape(masks[i])] >= 2
                else None
                for i, value in enumerate(values)
            ]
    return _by_membership(masks, wanted)


def _programs(mask: Masked, choices: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every answer that these particulars may be asked for, by its name; rules that ignore a number are left out."""
    at = int(mask.numbers[0]) if len(mask.numbers) == 1 and mask.numbers[0].denominator == 1 else 0
    text = mask.particulars_out.lower()
    for j, words in enumerate(mask.particulars):
        if len(words) > 1:
            yield from ((f"the {name} {j}", value) for name, value in _of_list(words, at, text, bool(mask.numbers)))
        else:
            yield from ((f"{name} {j}", value) for name, value in _of_word(words[0], at, text, choices, mask))


def _of_list(words: tuple[str, ...], at: int, text: str, has_numbers: bool) -> Iterator[tuple[str, str]]:
    if 1 <= at <= len(words):
        yield "n-th", words[at - 1]
    if has_numbers:
        return
    for name, (index, said) in PLACES.items():
        if any(word in text for word in said) and index < len(words):
            yield name, words[index]
    low = [word.lower() for word in words]
    lengths = [len(word) for word in words]
    if lengths.count(max(lengths)) == 1:
        yield "longest", words[lengths.index(max(lengths))]
    if lengths.count(min(lengths)) == 1:
        yield "shortest", words[lengths.index(min(lengths))]
    yield "alphabetically first", min(low)
    yield "alphabetically last", max(low)
    yield "count", str(len(words))
    yield "list backwards", ", ".join(reversed(words))
    yield "list from a to z", ", ".join(sorted(low))


def _of_word(word: str, at: int, text: str, choices: Sequence[str], mask: Masked) -> Iterator[tuple[str, str]]:
    if 1 <= at <= len(word):
        yield "n-th letter", word[at - 1]
    if mask.numbers:
        return
    for name, (index, said) in PLACES.items():
        if any(one in text for one in said) and index < len(word):
            yield f"{name} letter", word[index]
    yield "length", str(len(word))
    yield "word backwards", word[::-1]
    if word in ROMAN:
        yield "Roman numeral", str(ROMAN[word])
    if word.lower() in SPELLED:
        yield "number word", str(SPELLED[word.lower()])
    for ring_name, ring in (("days", DAYS), ("months", MONTHS), ("choices", choices)):
        low = [entry.lower() for entry in ring]
        if word.lower() in low and len(low) > 2:
            here = low.index(word.lower())
            for shift in SHIFTS:
                yield f"{shift:+d} among the {ring_name}", ring[(here + shift) % len(ring)]


def _by_membership(masks: Sequence[Masked], wanted: Sequence[str]) -> list[Saying | None]:
    """Is the one word in the list? Each outcome's answer is its commonest gold."""
    n = len(wanted)
    silent: list[Saying | None] = [None] * n
    features = [_is_member(mask) for mask in masks]
    if any(feature is None for feature in features):
        return silent
    seen: dict[bool | None, Counter[str]] = {True: Counter(), False: Counter()}
    for feature, gold in zip(features, wanted, strict=True):
        seen[feature][gold] += 1
    if not seen[True] or not seen[False]:
        return silent
    answer = {at: min(words.items(), key=lambda item: (-item[1], item[0]))[0] for at, words in seen.items()}
    obeying = [gold for feature, gold in zip(features, wanted, strict=True) if answer[feature] == gold]
    if len(set(answer.values())) < 2 or len(obeying) < max(MIN_OBEYING_LIST, enough(n)):
        return silent
    if not is_varied(list(obeying), is_open=False):
        return silent
    return [
        Saying(answer[feature], "membership", len(obeying) - (answer[feature] == gold))
        for feature, gold in zip(features, wanted, strict=True)
    ]


def _is_member(mask: Masked) -> bool | None:
    lists = [words for words in mask.particulars if len(words) > 1]
    single = [words[0].lower() for words in mask.particulars if len(words) == 1]
    if mask.numbers or len(lists) != 1 or len(single) != 1:
        return None
    return single[0] in {word.lower() for word in lists[0]}


def _shape(mask: Masked) -> tuple[int, ...]:
    return tuple(len(words) for words in mask.particulars)
