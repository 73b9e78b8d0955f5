"""Both readings of an answer: what must pass, what must not, and that nothing a model says hurts."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.numbers import find_numbers, parse_number
from probes.scorers import SCORERS, Score, extract, score

PARITY = ("odd", "even")
FRUIT = ("apple", "pear", "plum")
STRICT, LENIENT, WRONG = Score(1.0, 1.0), Score(0.0, 1.0), Score(0.0, 0.0)

WORDS = [
    ("odd", "odd", PARITY, STRICT),
    ("  Odd.\n", "odd", PARITY, STRICT),
    ("ice  cream", "Ice cream", (), STRICT),
    ("The number 37 is odd.", "odd", PARITY, LENIENT),
    ("**odd**", "odd", PARITY, LENIENT),
    ("Odd. 37 is not even.", "odd", PARITY, LENIENT),
    ("It's not odd, it's even", "even", PARITY, LENIENT),
    ("First I thought odd. The answer is even.", "even", PARITY, LENIENT),
    ("The first word in the list apple, pear, plum is \"apple\".", "apple", FRUIT, LENIENT),
    ("The capital of France is Paris.", "Paris", (), LENIENT),
    ("No, the word cat is not in the list.", "no", ("yes", "no"), LENIENT),
    ("No. It does not appear there", "no", (), LENIENT),
    ("The capital city:\nNew Delhi", "New Delhi", (), LENIENT),
    ("A dentist!", "dentist", (), LENIENT),
    ("It is Spanish, and it is a Romance language.", "Spanish", (), LENIENT),
    ("I like ice cream.", "ice cream", ("cream", "ice cream"), LENIENT),
    ("\\boxed{pear}", "pear", FRUIT, LENIENT),
    ("odd or even", "even", PARITY, WRONG),
    ("37 is odd or even", "odd", PARITY, WRONG),
    ("The answer is odd or even.", "odd", PARITY, WRONG),
    ("odd\neven", "even", PARITY, WRONG),
    ("1. odd\n2. even", "even", PARITY, WRONG),
    ("It's not odd.", "odd", PARITY, WRONG),
    ("The word \"apple\" is not first in the dictionary.", "apple", FRUIT, WRONG),
    ("Apple isn't it", "apple", (), WRONG),
    ("It is evening.", "even", PARITY, WRONG),
    ("apple, pear, plum", "apple", FRUIT, WRONG),
    ("apple, pear, plum", "apple", (), WRONG),
    ("apple\npear\nplum", "plum", (), WRONG),
    ("apple or pear", "pear", (), WRONG),
    ("apple/pear", "apple", (), WRONG),
    ("They speak Korean and English.", "Korean", (), WRONG),
    ("They speak Korean or something like it.", "Korean", (), WRONG),
    ("Yes and no.", "no", (), WRONG),
    ("12.5", "12", (), WRONG),
    ("", "odd", PARITY, WRONG),
    (".", "odd", PARITY, WRONG),
]

NUMBERS = [
    ("1,234", "1234", (), STRICT),
    ("$1,234.00.", "1234", (), STRICT),
    ("50%", "50", (), STRICT),
    ("1/2", "0.5", (), STRICT),
    ("1 1/2", "1.5", (), STRICT),
    ("\\frac{1}{2}", "0.5", (), STRICT),
    ("\u22125", "-5", (), STRICT),
    ("1e3", "1000", (), STRICT),
    ("٣", "3", (), STRICT),
    ("5 + 3 = 8", "8", (), LENIENT),
    ("The answer is 12 because 3 times 4 beats 5", "12", (), LENIENT),
    ("The answer is 5 + 3 = 8.", "8", (), LENIENT),
    ("\\boxed{42}, and 7 is a prime", "42", (), LENIENT),
    ("first 3, then\n#### 18", "18", (), LENIENT),
    ("There are four words in the list.", "4", (), LENIENT),
    ("four", "4", (), LENIENT),
    ("The larger of 25 and 37 is 37.", "37", ("25", "37"), LENIENT),
    ("It costs 72 dollars.", "72", (), LENIENT),
    ("25 is greater than 37.", "37", ("25", "37"), WRONG),
    ("5 or 6", "6", (), WRONG),
    ("The answer is 5 or 6", "5", (), WRONG),
    ("12 apples or 13 apples", "13", (), WRONG),
    ("5, 6", "6", (), WRONG),
    ("5\n6", "6", (), WRONG),
    ("5 and 6", "6", (), WRONG),
    ("10/2", "5", (), WRONG),
    ("-5", "5", (), WRONG),
    ("It is not 5", "5", (), WRONG),
    ("The answer is not 5.", "5", (), WRONG),
    ("The 3rd one", "3", (), WRONG),
    ("version 1.2.3", "3", (), WRONG),
    ("1.50", "150", (), WRONG),
    ("9" * 5000, "9", (), WRONG),
    ("none", "5", (), WRONG),
]

OPTIONS = [
    ("B", "pear", STRICT),
    ("(b)", "pear", STRICT),
    ("B.", "pear", STRICT),
    ("B) pear", "pear", STRICT),
    ("Pear", "pear", STRICT),
    ("B", "B", STRICT),
    ("A", "apple", STRICT),
    ("The answer is (B).", "pear", LENIENT),
    ("The answer is A", "apple", LENIENT),
    ("I think it is B", "pear", LENIENT),
    ("A pear is a fruit", "pear", LENIENT),
    ("B. pear because it is not an apple", "pear", LENIENT),
    ("A or B", "pear", WRONG),
    ("A or B", "apple", WRONG),
    ("apple and pear", "pear", WRONG),
    ("B) apple", "pear", WRONG),
    ("A nice day", "apple", WRONG),
    ("Z", "pear", WRONG),
]


@pytest.mark.parametrize("response, gold, choices, expected", WORDS)
def test_words(response, gold, choices, expected):
    assert score("exact", response, gold, choices) == expected


@pytest.mark.parametrize("response, gold, choices, expected", NUMBERS)
def test_numbers(response, gold, choices, expected):
    assert score("numeric", response, gold, choices) == expected


@pytest.mark.parametrize("response, gold, expected", OPTIONS)
def test_options(response, gold, expected):
    assert score("choice", response, gold, FRUIT) == expected


def test_options_that_are_letters_themselves():
    letters = ("(A)", "(B)")
    assert score("choice", "B", "(B)", letters) == STRICT
    assert score("choice", "The answer is (B).", "(B)", letters) == LENIENT
    assert score("choice", "A", "(B)", letters) == WRONG


def test_loglikelihood_compares_verbatim():
    assert score("loglikelihood", "pear", "pear", FRUIT) == STRICT
    assert score("loglikelihood", "Pear", "pear", FRUIT) == WRONG
    assert score("loglikelihood", "", "", FRUIT) == WRONG


def test_unknown_scorer_is_refused():
    for call in (lambda: score("regex", "a", "b"), lambda: extract("regex", "a")):
        with pytest.raises(ValueError, match="unknown scorer 'regex'"):
            call()


def test_extract_shows_what_was_read():
    assert extract("numeric", "5 + 3 = 8") == "8"
    assert extract("numeric", "5 or 6") == ""
    assert extract("exact", "The number is ODD.", PARITY) == "odd"
    assert extract("exact", "odd or even", PARITY) == ""
    assert extract("exact", "Well. It is Paris.") == "It is Paris"
    assert extract("choice", "The answer is (B).", FRUIT) == "pear"
    assert extract("loglikelihood", "pear", FRUIT) == "pear"


# --- properties ----------------------------------------------------------------------------------

phrases = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)
numbers = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.integers(0, 10**9).map("{:,}".format),
    st.decimals(-9999, 9999, places=2, allow_nan=False).map(str),
)
anything = st.text(max_size=200)


@given(phrases, st.lists(phrases, max_size=4))
def test_a_gold_word_scores_one_and_nothing_scores_zero(gold, others):
    assert score("exact", gold, gold, [gold, *others]) == STRICT
    assert score("exact", "", gold, [gold, *others]) == score("exact", " \n\t", gold) == WRONG


@given(numbers)
def test_a_gold_number_scores_one_in_every_dress(gold):
    assert score("numeric", gold, gold) == score("numeric", f" {gold}. ", gold) == STRICT
    assert score("numeric", f"The result is {gold}.", gold) == LENIENT
    assert score("numeric", "", gold) == WRONG


@given(st.lists(phrases, min_size=2, max_size=6, unique_by=str.casefold), st.data())
def test_a_gold_option_scores_one_by_text(options, data):
    gold = data.draw(st.sampled_from(options))
    assert score("choice", gold, gold, options) == STRICT


@given(st.integers(-999, 999), st.integers(-999, 999))
def test_a_wrong_number_or_two_numbers_never_score(gold, other):
    if gold != other:
        assert score("numeric", str(other), str(gold)) == WRONG
        assert score("numeric", f"{gold} or {other}", str(gold)) == WRONG
        assert score("numeric", f"{other}, {gold}", str(gold)) == WRONG


@given(st.permutations(FRUIT))
def test_naming_two_candidates_in_one_breath_never_scores(order):
    first, second, _ = order
    for text in (f"{first} or {second}", f"{first}, {second}", f"It is {first} and {second}.", f"{first}\n{second}",
                 f"- {first}\n- {second}", f"The answer is {first} or {second}.", f"{first}/{second}"):
        for gold in (first, second):
            assert score("exact", text, gold, FRUIT) == score("choice", text, gold, FRUIT) == WRONG, text
            assert score("exact", text, gold) == WRONG, text


@given(anything, phrases, st.sampled_from(SCORERS), st.lists(phrases, max_size=3))
@example("\0" * 50, "a", "exact", [])
@example("\ud800 yes", "yes", "exact", [])
@example("5 or 6" * 9, "6", "numeric", ["6", "\\boxed{"])
@settings(max_examples=300)
def test_any_text_is_scored_and_lenient_is_never_below_strict(response, gold, scorer, choices):
    result = score(scorer, response, gold, choices)
    assert 0 <= result.strict <= result.lenient <= 1
    assert isinstance(extract(scorer, response, choices), str)


MEGABYTES = ["1,111,", "1", "a ", "is ", "-", "(", "1/", "\0", "answer ", "or ", "\\boxed{", " ", "not ", "é", ".1", "1 ",
             "\n", "a\n", "A B ", "A. ", "#### 1", "answer is 1 or "]


@pytest.mark.parametrize("unit", MEGABYTES)
def test_a_megabyte_is_scored_in_no_time(unit):
    response = unit * (1_000_000 // len(unit)) + "x"
    started = time.process_time()
    for scorer in SCORERS:
        score(scorer, response, "5" if scorer == "numeric" else "or", ("apple", "pear", "or", "5"))
        extract(scorer, response, ("apple", "pear"))
    assert time.process_time() - started < 1.0


def test_the_final_answer_of_a_long_response_is_found():
    assert score("numeric", "7 " * 400_000 + "so the result is 12", "12").lenient == 1
    assert score("exact", "blah " * 200_000 + "It is odd.", "odd", PARITY).lenient == 1


def test_numbers_know_where_they_stand():
    text = "from $1,200 to -3.5%"
    assert [text[n.start : n.end] for n in find_numbers(text)] == ["$1,200", "-3.5"]
    assert parse_number("12 apples") is None
    assert parse_number("x12") is None
    assert [n.value for n in find_numbers("7 - 3")] == [7, 3]
