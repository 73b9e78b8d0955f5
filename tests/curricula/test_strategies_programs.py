"""The rules that a teacher's program is put to, to the item: what each of them lets through and where it begins. No jail here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from curricula.sandbox.call import Called, Result
from curricula.sandbox.run import Limits
from curricula.strategies import programs
from curricula.strategies.fit.difficulty import UNKNOWN
from curricula.strategies.fit.surface import read_prompts
from curricula.strategies.programs import (
    Item,
    as_answer,
    disagreement,
    fit_levels,
    hashed_seed,
    read_program,
    try_program,
)
from tests.curricula.teachers import failure

FUNCTIONS = {name: f"def {name}(*given):\n    return 1\n" for name in programs.MAKER}
TEXTS = [f"Bo has {i + 10} nuts and eats 1. How many are left?" for i in range(45)]
ANSWERS: list[Any] = [i + 9 for i in range(45)]


class Jail:
    """Answers as a program in the sandbox would: problem i of a call has text i and answer i; failure k is read as `k<k>`."""

    def __init__(self, texts: Sequence[Any] = TEXTS, answers: Sequence[Any] = ANSWERS, golds: Sequence[Any] = (1, 2, 3, 4), *, read: Callable[[int], Result] = lambda k: Result(f"k{k}")) -> None:
        self.texts, self.answers, self.golds, self.read = texts, answers, golds, read
        self.calls: list[list[tuple[str, tuple[Any, ...]]]] = []
        self.limits: set[Limits] = set()

    def __call__(self, source: str, calls: Sequence[tuple[str, tuple[Any, ...]]], limits: Limits) -> Called:
        self.calls.append(list(calls))
        self.limits.add(limits)
        return Called(tuple(self._answer(i, name, given[0]) for i, (name, given) in enumerate(calls)))

    def _answer(self, i: int, name: str, given: Any) -> Result:
        if name == "generate":
            return Result(i)
        if name == "read":
            return self.read(i)
        if name == "wording":
            return Result(self.texts[given])
        return Result(self.golds[int(given[1:])] if isinstance(given, str) else self.answers[given])


def put(monkeypatch: pytest.MonkeyPatch, jail: Jail, seed: int = 5) -> programs.Tried:
    monkeypatch.setattr(programs, "call", jail)
    return try_program("source", [failure(i) for i in range(4)], seed)


def test_a_program_is_the_first_block_and_defines_all_four_at_its_top() -> None:
    whole = "".join(FUNCTIONS.values())
    assert read_program(f"```python\n{whole}```\nThen:\n```python\nx = 1\n```", programs.MAKER) == (whole.strip(), "")
    assert read_program(whole, programs.MAKER) == (whole.strip(), ""), "without a fence it is all of the reply"
    assert tuple(FUNCTIONS) == ("generate", "wording", "solve", "read")
    for name in FUNCTIONS:
        lacking = "".join(text for other, text in FUNCTIONS.items() if other != name)
        assert read_program(lacking, programs.MAKER)[1] == f"no function {name}"
        assert read_program(f"{lacking}def outer():\n    def {name}(x):\n        return x\n", programs.MAKER)[1] == f"no function {name}"
    comment = "#" * (20_000 - len(whole))
    assert read_program(whole + comment, programs.MAKER)[1] == "" and read_program(whole + comment + "#", programs.MAKER)[1] == "longer than 20000 characters"


def test_the_trial_is_five_problems_at_each_of_nine_levels_twice_from_seeds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    jail, other = Jail(), Jail()
    found = put(monkeypatch, jail)
    assert not found.reason and found.covered == (0, 1, 2, 3) and len(found.items) == 45
    first = [given for name, given in jail.calls[0]]
    assert jail.calls[0] == jail.calls[2] and {name for name, _ in jail.calls[0]} == {"generate"}, "the same draws in a new jail"
    assert sorted(level for _, level in first) == sorted([i / 8 for i in range(9)] * 5) and len({seed for seed, _ in first}) == 45
    assert {name for name, _ in jail.calls[1]} == {"wording", "solve"}, "solved in another jail than it was made in"
    put(monkeypatch, other, seed=6)
    assert not {seed for seed, _ in first} & {given[0] for _, given in other.calls[0]}, "another brief has other seeds"
    assert jail.limits == {Limits(wall_s=10, cpu_s=8)}


def test_seeds_are_48_bits_of_all_their_names() -> None:
    seeds = [hashed_seed("a", i) for i in range(200)]
    assert max(seeds) < 2**48 and max(seeds) > 2**47 and len(set(seeds)) == 200 and hashed_seed("a", 1) != hashed_seed("b", 1)


@pytest.mark.parametrize(("n_texts", "reason"), [(32, ""), (31, "too few different problems")])
def test_seven_of_ten_problems_differ_in_more_than_case_and_space(n_texts: int, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = TEXTS[:n_texts] + [TEXTS[0].upper().replace(" ", "  ")] * (45 - n_texts)
    assert put(monkeypatch, Jail(texts)).reason == reason


@pytest.mark.parametrize(("n_same", "reason"), [(36, ""), (37, "nearly always the same answer")])
def test_one_answer_has_at_most_eight_of_ten_problems(n_same: int, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert put(monkeypatch, Jail(answers=["yes"] * n_same + ANSWERS[n_same:])).reason == reason


def test_nine_of_ten_answers_agree_and_silence_is_no_agreement() -> None:
    items = [Item(text, str(answer), i, 0.5) for i, (text, answer) in enumerate(zip(TEXTS, ANSWERS, strict=True))]
    right = [item.answer for item in items]
    assert disagreement(items, ["0"] * 4 + right[4:]) == "" and disagreement(items, ["0"] * 5 + right[5:]).startswith("5 of 45; first")
    assert disagreement(items, [""] * 4 + right[4:]) == "" and disagreement(items, [""] * 5 + right[5:]).endswith("the second program says ''")
    told = disagreement(items, [""] * 5 + ["77"] + right[6:])
    assert told.startswith("6 of 45") and TEXTS[5] in told and told.endswith("says '77'"), "a wrong answer says more than none"


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("x" * 4000, "7", ""), ("x" * 4001, "7", "a problem without text or answer"), ("", "7", "a problem without text or answer"), ("   ", "7", "a problem without text or answer"), (12, "7", "a problem without text or answer"),
        ("How many?", "7" * 400, ""), ("How many?", "7" * 401, "a problem without text or answer"), ("How many?", None, "a problem without text or answer"), ("How many? The answer is 7.0", "7", "the text gives the answer away"),
    ],
)  # fmt: skip
def test_each_problem_has_a_text_and_an_answer_that_it_does_not_tell(text: Any, answer: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert put(monkeypatch, Jail([*TEXTS[:44], text], [*ANSWERS[:44], answer])).reason == reason


def test_a_program_that_breaks_is_refused_with_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: str, calls: Sequence[tuple[str, tuple[Any, ...]]], limits: Limits) -> Called:
        return Called((Result(1), Result(error="KeyError: 'had'")))

    monkeypatch.setattr(programs, "call", broken)
    assert programs.make_items("source", [(4, 0.5), (9, 0.25)]) == programs.Tried(reason="the program fails", evidence="generate with 9, 0.25: KeyError: 'had'")
    monkeypatch.setattr(programs, "call", lambda *_: Called((Result("1"),), "not done after 10 s"))
    assert programs.agreement("source", ["a", "b", "c"]) == (["1", "", ""], "not done after 10 s"), "one answer for each text, whatever came"
    assert programs.make_items("source", [(4, 0.5), (9, 0.25)]).evidence == "generate: not done after 10 s"
    jail = Jail()
    monkeypatch.setattr(programs, "call", lambda source, calls, limits: Called((), "not done after 10 s") if calls[0][0] == "read" else jail(source, calls, limits))
    found = try_program("source", [failure(0)], 5)
    assert (found.reason, found.evidence) == ("the program fails", "read: not done after 10 s")


def test_an_answer_is_one_line() -> None:
    assert as_answer("Di\n  and Ed") == "Di and Ed"


def test_only_failures_that_are_read_count_as_covered_and_each_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def some(k: int) -> Result:
        return Result(f"k{k}") if k == 2 else Result(None) if k else Result(error="ValueError: what?")

    assert put(monkeypatch, Jail(read=some)).covered == (2,)
    assert put(monkeypatch, Jail(read=some, golds=(1, 2, 4, 4))).reason == "disagrees with a gold answer"
    none = put(monkeypatch, Jail(read=lambda k: Result(error="ValueError: what?")))
    assert (none.reason, none.evidence) == ("covers none of the failures", "ValueError: what?")


def test_difficulty_is_fitted_by_what_grows_with_it_and_by_nothing_else() -> None:
    def made(size: Callable[[int], int], words: Callable[[int], str] = lambda i: "") -> list[Item]:
        return [Item(f"Bo has {size(i)} nuts.{words(i)} How many?", str(size(i)), i, i // 5 / 8) for i in range(45)]

    small, large = (read_prompts([replace(failure(0), prompt=f"Bo has {n} nuts. How many?", gold=str(n))]) for n in (12, 90_000))
    growing = made(lambda i: 10 + 2 ** (i // 5 * 2) + i % 5)
    assert fit_levels(growing, small)[0] <= 0.125 and fit_levels(growing, large) == [1.0]
    assert fit_levels(made(lambda i: 10 + i * 7 % 11), small) == [UNKNOWN], "nothing grows: no level is likelier than another"
    noisy = made(lambda i: 10 + 2 ** (i // 5 * 2) + i % 5, lambda i: " Well, well, well, well, well, well." * (i * 7 % 3))
    assert fit_levels(noisy, small)[0] <= 0.125, "what does not grow has no say"
    wordy = made(lambda i: 10 + 2 ** (i // 5 * 2) + i % 5, lambda i: " Well, well." * (i * 7 % 13 + i // 5))
    assert fit_levels(wordy, large) == [1.0], "looks are compared in units of their own spread: words by the dozen outweigh no digits"


def test_an_answer_too_long_for_a_float_has_no_say_and_ends_nothing() -> None:
    items = [Item("What is it?", answer, i, i / 2) for i, answer in enumerate(("3", "9" * 310, "44"))]
    assert fit_levels(items, read_prompts([failure(0)])) == [UNKNOWN]
