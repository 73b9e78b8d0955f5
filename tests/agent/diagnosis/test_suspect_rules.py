"""What suspects are found with: plain arithmetic and logic, masks of prompts, and the rules that golds obey."""

from __future__ import annotations

from fractions import Fraction

import pytest

from agent.diagnosis.masks import mask_prompts
from agent.diagnosis.rules import say_by_numbers
from agent.diagnosis.solving import contradicts, solve, spoken
from agent.diagnosis.word_rules import say_by_words


@pytest.mark.parametrize(("prompt", "value"), [
    ("What is 3 + 4? Answer with only the number.", 7), ("Add 12 and 7. Reply with just the number.", 19), ("Subtract 5 from 9.", 4),
    ("Multiply 6 by 7.", 42), ("Divide 12 by 8.", Fraction(3, 2)), ("7 x 4 =", 28), ("What is (3 + 5) * 2?", 16), ("How much is $3 + $4?", 7),
    ("What is 1,200 + 34?", 1234), ("-3 + 5 =", 2), ("2 + 3 * 4 =", 14), ("7 minus 3 equals what?", 4), ("The sum of 4 and 5 is", 9),
    ("not ( True ) and ( True ) is", False), ("Evaluate: not False or True. Answer true or false.", True),
])  # fmt: skip
def test_solved(prompt: str, value: object) -> None:
    assert solve(prompt) == value


@pytest.mark.parametrize("prompt", [
    "What is 3 + 4 in base 8?", "Is 3 + 4 = 8?", "Q: 1 + 1 A: 2 Q: 3 + 4 A:", "What is 12 - 3 mod 4?", "You have 3 coins and get 4 more.",
    "What is 3 + 4, and what is 5 + 6?", "6 / 2(1+2) =", "1 + 2 + ... + 10 =", "What is the last digit of 12 * 12?", "5", "", "What is 8 / 0?",
    "What is 9 ** 9 ** 9?", "True or False", "Is it true or false that cats bark?", "What is not 3 + 4?", "What is 20 % 3?", "What is 3 + 4" + " " * 700 + "?",
    "True and maybe False is",
])  # fmt: skip
def test_not_solved(prompt: str) -> None:
    assert solve(prompt) is None


@pytest.mark.parametrize(("value", "gold", "is_other"), [
    (Fraction(7), "7", False), (Fraction(7), "7.0", False), (Fraction(7), "8", True), (Fraction(7), "seven", None), (Fraction(7), "(A)", None),
    (Fraction(10, 3), "3.33", False), (Fraction(10, 3), "3", False), (Fraction(10, 3), "3.5", True), (Fraction(5, 2), "2.5", False),
    (Fraction(1, 2), "50%", None), (True, "True", False), (True, "false.", True), (True, "yes", None), (Fraction(1234), "$1,234", False),
])  # fmt: skip
def test_contradicts(value: Fraction | bool, gold: str, is_other: bool | None) -> None:
    assert contradicts(value, gold) is is_other
    assert spoken(True) == "True"
    assert spoken(Fraction(5, 2)) == "2.5"


def test_masks() -> None:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    lists = ["pear, fig, plum", "oak, elm", "cow, hen, dog, cat", "red, blue", "axe, saw", "cup, jug", "tea, milk", "rye, oat"]
    prompts = [f"Which day comes right after {day}?" for day in days] + [f"Name the last of these: {words}." for words in lists]
    prompts += [f"Spell {word} now." for word in ("one", "two", "ten", "six", "cat", "dog")] + [f"What is {i} + {i + 1}?" for i in range(8)]
    masks = mask_prompts(prompts)
    assert {mask.particulars_out for mask in masks} == {
        "Which day comes right after {p}?", "Name the last of these: {s}.", "Spell {p} now.", "What is {n} + {n}?"
    }  # fmt: skip
    assert masks[7].particulars == (("pear", "fig", "plum"),)
    assert masks[2].particulars == (("Wednesday",),)
    assert {mask.numbers_out for mask in masks[-8:]} == {"What is {n} + {n}?"}
    assert masks[-1].numbers == (7, 8)
    assert len({mask.numbers_out for mask in masks}) == len(prompts) - 7


def test_a_place_with_few_fillers_is_wording() -> None:
    """`first` and `last` must not be particulars, or their rules would be one."""
    prompts = [f"Give the {place} letter of it." for place in ("first", "last", "second") for _ in range(9)]
    assert len({mask.particulars_out for mask in mask_prompts(prompts)}) == 3


PAIRS = [(Fraction(a), Fraction(b)) for a in range(3, 9) for b in range(2, 6)]


def said(rows: list[tuple[Fraction, ...]], golds: list[str]) -> list[str | None]:
    return [saying.value if saying else None for saying in say_by_numbers(rows, golds)]


@pytest.mark.parametrize("rule", [lambda a, b: a + b, lambda a, b: b - a, lambda a, b: a * b, lambda a, b: a // b, lambda a, b: max(a, b)])
def test_rules_over_two_numbers(rule) -> None:
    golds = [str(rule(a, b)) for a, b in PAIRS]
    answers = said(PAIRS, golds[:9] + ["77"] + golds[10:])
    assert answers[9] in (golds[9], None) and answers.count(None) < 8
    assert [answer for at, answer in enumerate(answers) if answer and at != 9] == [g for at, g in enumerate(golds) if answers[at] and at != 9]


def test_rules_over_one_and_three_numbers_and_sequences() -> None:
    ones = [(Fraction(n),) for n in range(2, 14)]
    assert said(ones, [str(60 * n) for n in range(2, 9)] + ["500"] + [str(60 * n) for n in range(10, 14)])[7] == "540"
    threes = [(Fraction(20 + a), Fraction(a), Fraction(b)) for a in range(2, 6) for b in range(2, 5)]
    assert said(threes, [str(c - a * b) for c, a, b in threes])[0] == "18"
    steps = [tuple(Fraction(a + i * d) for i in range(4)) for a in range(1, 7) for d in (1, 2)]
    assert said(steps, [str(row[-1] + row[1] - row[0]) for row in steps])[3] is not None


def test_words_that_follow_from_a_number_need_many() -> None:
    numbers = [(Fraction(n),) for n in range(3, 33)]
    golds = ["odd" if n % 2 else "even" for n in range(3, 33)]
    assert said(numbers, [*golds[:4], "odd" if golds[4] == "even" else "even", *golds[5:]])[4] == golds[4]
    small = range(3, 15)  # "is it prime" looks like "is it odd" up to 14, but for 9
    assert said([(Fraction(n),) for n in small], ["yes" if n in (3, 5, 7, 11, 13) else "no" for n in small]) == [None] * 12


def test_rules_are_silent_outside_of_what_was_seen_and_without_a_rule() -> None:
    rows = [(Fraction(a), Fraction(b)) for a in range(1, 5) for b in range(1, 5)]
    golds = [str(a + b) for a, b in rows]
    assert said([*rows, (Fraction(9), Fraction(1))], [*golds, "2"])[-1] is None
    products = [str(a * b) for a, b in rows]
    assert said([*rows, (Fraction(9), Fraction(1))], [*products, "2"])[-1] is None  # nine is beyond, its product is not
    hours = [(Fraction(a), Fraction(b)) for a in range(1, 12) for b in range(1, 12) if a + b <= 12]
    assert said([*hours, (Fraction(8), Fraction(9))], [*(str(a + b) for a, b in hours), "5"])[-1] is None  # five o'clock
    assert said(rows, ["5"] * 16) == [None] * 16  # always the same
    assert said(rows, [str((7 * i) % 11) for i in range(16)]) == [None] * 16
    assert said([], []) == []
    rounded = [(Fraction(a), Fraction(3)) for a in range(3, 30)]
    answers = said(rounded, [f"{a / 3:.2f}".removesuffix(".00") for a in range(3, 30)])
    assert all(answer is None or answer == f"{a / 3:.2f}".removesuffix(".00") for a, answer in zip(range(3, 30), answers, strict=True))


WORDS = ["pear", "fig", "plums", "walnut", "cow", "hen", "donkey", "cat", "axe", "sawmill", "cup", "jugs", "tea", "milk"]
LISTS = [[WORDS[(i * 3 + j * 5) % 14] for j in range(3 + i % 3)] for i in range(28)]


@pytest.mark.parametrize(("wording", "rule"), [
    ("Give the last of {}.", lambda words: words[-1]), ("Which is first in a dictionary: {}?", min), ("How many are {}?", lambda words: str(len(words))),
    ("Which has most letters: {}?", lambda words: max(words, key=len)),
])  # fmt: skip
def test_rules_over_lists(wording: str, rule) -> None:
    lists = [words for words in LISTS if [len(word) for word in words].count(max(map(len, words))) == 1]
    masks = mask_prompts([wording.format(", ".join(words)) for words in lists])
    golds = [rule(words) for words in lists]
    marred = [golds[1] if at == 0 else gold for at, gold in enumerate(golds)]
    assert [saying and saying.value for saying in say_by_words(masks, marred, [()] * len(lists))] == golds


def test_the_right_option_standing_first_is_a_habit_and_no_rule() -> None:
    masks = mask_prompts([f"Which of these is best: {', '.join(words)}?" for words in LISTS])
    assert say_by_words(masks, [words[0] for words in LISTS], [()] * 28) == [None] * 28


def test_rules_over_one_word() -> None:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    masks = mask_prompts([f"Which day comes right after {day}?" for day in days])
    golds = ["Tuesday", "Wednesday", "Thursday", "Monday", "Saturday", "Sunday", "Monday"]
    assert [saying and saying.value for saying in say_by_words(masks, golds, [()] * 7)][3] == "Friday"
    words = ["apple", "bridge", "candle", "dragon", "engine", "forest", "garden", "hammer", "quiver"]
    masks = mask_prompts([f'What is the last letter of "{word}"?' for word in words])
    assert [saying and saying.value for saying in say_by_words(masks, [word[-1] for word in words], [()] * 9)] == [w[-1] for w in words]
    masks = mask_prompts([f'Which letter of "{word}" do I like?' for word in words])
    assert say_by_words(masks, [word[-1] for word in words], [()] * 9) == [None] * 9


def test_membership() -> None:
    asked = [(WORDS[i], [WORDS[(i + j * (1 + i % 2) + i % 2) % 14] for j in range(4)]) for i in range(14)] * 2
    masks = mask_prompts([f'Is "{word}" in this list: {", ".join(words)}?' for word, words in asked])
    golds = ["yes" if word in words else "no" for word, words in asked]
    marred = ["no" if golds[0] == "yes" else "yes", *golds[1:]]
    assert [saying and saying.value for saying in say_by_words(masks, marred, [()] * 28)] == golds
