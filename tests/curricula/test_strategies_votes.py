"""Votes: what counts as one answer, who has the majority, and what is written down for the verifier."""

from __future__ import annotations

import json

import pytest

from curricula.strategies.votes import is_same, stated, vote

LONG = "so out of all the figs that there were she keeps"  # eleven words


def test_more_than_half_of_all_asked_agree_the_silent_ones_too() -> None:
    assert [vote(answers).is_majority for answers in (["4", "4", "5"], ["4", "4", "5", "6"], ["4", "4", "", ""], ["4", "4", "4", ""], ["4", "", ""], ["", ""], [])] == [True, False, False, True, False, False, False]
    assert (vote(["4", "", "4.0"]).n_agree, vote(["4", "", "4.0"]).n) == (2, 3)


def test_the_answer_is_as_its_first_voter_wrote_it_and_a_tie_goes_to_the_first() -> None:
    assert vote(["4.0", "4", "5"]).answer == "4.0" and vote(["5", "4"]).answer == "5" and vote(["", "", "4"]).answer == "4" and vote(["", ""]).answer == ""


def test_the_check_holds_every_answer_in_one_line_and_the_silence() -> None:
    assert json.loads(vote(["4", "", "a\n  b", "é"]).check) == ["4", "", "a b", "é"] and "é" in vote(["é"]).check
    assert json.loads(vote(["", ""]).check) == ["", ""]


def test_a_solution_states_what_it_declares_last() -> None:
    assert stated("The answer is 4.\nNo, wait.\nThe answer is 5.") == "5" and stated("#### 7") == "7" and stated("It may be 5") == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("7", "7.0", True), ("1,200", "1200", True), ("7", "8", False), ("3 m", "3 kg", False), ("3 and 4", "3 and 5", False), ("Red.", " red", True), ("red", "blue", False), ("", "", False), (" ", " ", False),
        ("Well, red.\n#### red", "red", True), (f"{LONG} 5", "5", True), (f"{LONG} just 5", "5", False), (f"{LONG} just 5", f"{LONG} just 5", True),
    ],
)  # fmt: skip
def test_answers_are_the_same_as_numbers_with_units_or_as_text(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same
