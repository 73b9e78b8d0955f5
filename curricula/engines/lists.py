"""Short lists of things: how many, which is first, last or n-th, is it there, what does not belong."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.vocabulary import KINDS, NAMES, PLAIN_WORDS

# ---- material -------------------------------------------------------------------------------------------

ORDINALS = words("first second third fourth fifth sixth seventh eighth ninth tenth")
LISTABLE = tuple(kind for kind in KINDS if kind not in ("country", "shape"))


def _members(rng: Random, difficulty: float, shortest: int = 3, longest: int = 9) -> list[str]:
    """Distinct things: of one kind, of mixed kinds, or first names."""
    count = rng.randint(shortest, scaled(shortest + 1, longest, difficulty))
    roll = rng.random()
    if roll < 0.35:
        pool = [word for kind in LISTABLE for word in KINDS[kind]]
    elif roll < 0.6:
        pool = list(KINDS[rng.choice([kind for kind in LISTABLE if len(KINDS[kind]) >= longest + 2])])
    elif roll < 0.85:
        pool = list(PLAIN_WORDS)
    else:
        pool = list(NAMES)
    return rng.sample(pool, count)


def _and(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}"


def _others(words: list[str], answer: str) -> tuple[str, ...]:
    return tuple(word for word in words if word != answer)


# ---- wordings -------------------------------------------------------------------------------------------

COUNT_ITEMS = (
    "how many things are in this list: {words}?",
    "count the words: {words}.",
    "{words}. How many items is that?",
    "my list says {words_and}. How many entries does it have?",
    "how many words do you see here: {words}?",
    "count how many items are named: {words_and}.",
    "I wrote down {words_and}. How many is that in all?",
    "what is the number of items in {words}?",
)
FIRST_ITEM = (
    "what is the first item in this list: {words}?",
    "which word comes first: {words}?",
    "look at the list {words}. Which one stands at the beginning?",
    "name the first thing on the list: {words}.",
    "{words}: what does this list start with?",
    "someone reads out {words_and}. What do they say first?",
)
LAST_ITEM = (
    "what is the last item in this list: {words}?",
    "which word comes last: {words}?",
    "look at the list {words}. Which one stands at the end?",
    "name the final thing on the list: {words}.",
    "{words}: what does this list end with?",
    "someone reads out {words_and}. What do they say last?",
)
NTH_ITEM = (
    "what is the {ordinal} item in this list: {words}?",
    "which word is {ordinal}: {words}?",
    "in the list {words}, what is number {n}?",
    "name the {ordinal} thing on the list: {words}.",
    "look at {words}. Which one stands in position {n}?",
    "count along this list to the {ordinal} word: {words}. Which word is it?",
)
ITEM_BESIDE = (
    "in the list {words}, what comes right {side} {pivot}?",
    "{words}. Which word stands just {side} {pivot}?",
    "look at this list: {words}. What is directly {side} {pivot}?",
    "which item is immediately {side} {pivot} here: {words}?",
)
MEMBERSHIP = (
    "is {probe} in this list: {words}?",
    "does the list {words} contain {probe}?",
    "{words}. Is {probe} one of them?",
    "look at these words: {words}. Can you find {probe} among them?",
    "is the word {probe} part of the following list? {words}",
    "I packed {words_and}. Did I pack {probe}?",
)
COUNT_REPEATS = (
    "how many times does {probe} appear in this list: {words}?",
    "count how often {probe} occurs: {words}.",
    "{words}. How many of these are {probe}?",
    "in the list {words}, how many entries say {probe}?",
)
ODD_ONE_OUT = (
    "which word does not belong: {words}?",
    "find the odd one out: {words}.",
    "{words}. Which of these is different from the rest?",
    "one of these things is not like the others: {words}. Which one?",
    "three of these belong together and one does not: {words}. Which one does not?",
)
COUNT_KIND = (
    "I have {counted}. How many {kind_plural} do I have?",
    "on the shelf there are {counted}. How many {kind_plural} are there altogether?",
    "count the {kind_plural}: {counted}.",
    "{name} owns {counted}. How many {kind_plural} does {name} own?",
)
REVERSE_LIST = (
    "write this list backwards: {words}.",
    "reverse the order of these words: {words}.",
    "what is the list {words} in reverse order?",
    "say these from last to first: {words}.",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _count_items(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty, 2, 10)
    steps = ", ".join(f"{i} {word}" for i, word in enumerate(words, 1)) + "."
    wrong = tuple(str(len(words) + change) for change in (1, -1, 2))
    return Draw(
        {"words": ", ".join(words), "words_and": _and(words)}, str(len(words)), steps, {"words": words}, wrong
    )


def _at(words: list[str], index: int) -> Draw:
    answer = words[index]
    place = "last" if index == len(words) - 1 else ORDINALS[index]
    slots = {"words": ", ".join(words), "words_and": _and(words), "ordinal": ORDINALS[index], "n": index + 1}
    return Draw(slots, answer, f"The {place} one is {answer}.", {"words": words}, _others(words, answer))


def _first_item(rng: Random, difficulty: float) -> Draw:
    return _at(_members(rng, difficulty), 0)


def _last_item(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty)
    return _at(words, len(words) - 1)


def _nth_item(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty)
    return _at(words, rng.randint(1, len(words) - 1))


def _item_beside(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty)
    at = rng.randrange(len(words))
    side = "after" if at == 0 or (at < len(words) - 1 and rng.random() < 0.5) else "before"
    answer = words[at + 1] if side == "after" else words[at - 1]
    slots = {"words": ", ".join(words), "side": side, "pivot": words[at]}
    return Draw(
        slots,
        answer,
        f"{side.capitalize()} {words[at]} in the list is {answer}.",
        {"words": words},
        _others(words, answer),
    )


def _membership(rng: Random, difficulty: float) -> Draw:
    *words, stranger = _members(rng, difficulty, 4, 10)
    is_in = rng.random() < 0.5
    probe = rng.choice(words) if is_in else stranger
    steps = f"The list {'names' if is_in else 'does not name'} {probe}."
    slots = {"words": ", ".join(words), "words_and": _and(words), "probe": probe}
    return Draw(
        slots, "yes" if is_in else "no", steps, {"words": words, "probe": probe}, ("no" if is_in else "yes",)
    )


def _count_repeats(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty, 3, 5)
    probe, count = words[0], rng.randint(1, scaled(2, 5, difficulty))
    shown = words[1:] + [probe] * count
    rng.shuffle(shown)
    wrong = tuple(str(n) for n in (count + 1, count - 1, len(shown)) if n != count)
    steps = f"{probe} stands there {count} time{'s' if count > 1 else ''}."
    return Draw(
        {"words": ", ".join(shown), "probe": probe},
        str(count),
        steps,
        {"words": shown, "probe": probe},
        wrong,
    )


def _odd_one_out(rng: Random, difficulty: float) -> Draw:
    kind, other = rng.sample(LISTABLE, 2)
    stranger = rng.choice(KINDS[other])
    words = [*rng.sample(KINDS[kind], 3), stranger]
    rng.shuffle(words)
    steps = f"The others each name a {kind}; {stranger} does not."
    return Draw({"words": ", ".join(words)}, stranger, steps, {"words": words}, _others(words, stranger))


def _count_kind(rng: Random, difficulty: float) -> Draw:
    kind, other = rng.sample(("fruit", "animal", "bird", "musical instrument", "tool", "vehicle"), 2)
    inside = rng.sample(KINDS[kind], rng.randint(2, scaled(2, 5, difficulty)))
    outside = rng.sample(KINDS[other], rng.randint(0, scaled(0, 3, difficulty)))
    shown = [f"{'an' if word[0] in 'aeiou' else 'a'} {word}" for word in inside + outside]
    rng.shuffle(shown)
    plural = kind + "s"
    steps = f"The {plural} are {_and(inside)}: {len(inside)}."
    slots = {"counted": _and(shown), "kind_plural": plural, "name": rng.choice(NAMES)}
    wrong = tuple(str(n) for n in (len(inside) + 1, len(inside) - 1, len(shown)) if n != len(inside))
    return Draw(slots, str(len(inside)), steps, {"inside": inside}, wrong)


def _reverse_list(rng: Random, difficulty: float) -> Draw:
    words = _members(rng, difficulty, 3, 6)
    parts = words[::-1]
    return Draw(
        {"words": ", ".join(words)},
        ", ".join(parts),
        f"Start from {parts[0]} and go back to {parts[-1]}.",
        {"parts": parts},
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("count_items", "lists", COUNT_ITEMS, _count_items),
    SkillEngine("first_item", "lists", FIRST_ITEM, _first_item),
    SkillEngine("last_item", "lists", LAST_ITEM, _last_item),
    SkillEngine("nth_item", "lists", NTH_ITEM, _nth_item),
    SkillEngine("item_beside", "lists", ITEM_BESIDE, _item_beside),
    SkillEngine("membership", "lists", MEMBERSHIP, _membership),
    SkillEngine("count_repeats", "lists", COUNT_REPEATS, _count_repeats),
    SkillEngine("odd_one_out", "lists", ODD_ONE_OUT, _odd_one_out),
    SkillEngine("count_kind", "lists", COUNT_KIND, _count_kind),
    SkillEngine("reverse_list", "lists", REVERSE_LIST, _reverse_list),
)
