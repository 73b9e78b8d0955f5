"""What is read off failures: the wrapping of prompts, the shape of golds, relations, the engine, its difficulty."""

from __future__ import annotations

from random import Random
from statistics import mean

import pytest

from curricula.engines.contract import find_engine
from curricula.lesson import Failure
from curricula.strategies.fit.difficulty import fit_difficulty
from curricula.strategies.fit.matching import engine_index, match_engines
from curricula.strategies.fit.relations import listed_in, numbers_in, relations
from curricula.strategies.fit.surface import (
    AnswerShape,
    Reading,
    answer_kind,
    final_answer,
    read_prompts,
    read_shape,
)


def failure(prompt: str, gold: str, choices: tuple[str, ...] = (), scorer: str = "exact") -> Failure:
    return Failure(f"p-{abs(hash(prompt)) % 10**8}", "suite", prompt, "wrong", gold, "wrong", scorer, choices)


@pytest.mark.parametrize(
    ("prompt", "lead", "stem", "tail"),
    [
        ("What is 3 + 4? Answer with only the number.", "", "What is 3 + 4?", " Answer with only the number."),
        ("Is 7 odd or even?\nReply with just the word.", "", "Is 7 odd or even?", "\nReply with just the word."),
        ("Question: Who came?\nAnswer:", "Question: ", "Who came?", "\nAnswer:"),
        ("Q: 2+2?\nA:", "Q: ", "2+2?", "\nA:"),
        ("Answer with one word. What is the opposite of up?", "Answer with one word. ", "What is the opposite of up?", ""),
        ("I have figs and a plum. How many do I have?", "", "I have figs and a plum. How many do I have?", ""),
        ("Here are numbers: 3, 4. Add them.", "", "Here are numbers: 3, 4. Add them.", ""),
        ("Here are 3, 5 and 9. Tell me the largest number.", "", "Here are 3, 5 and 9. Tell me the largest number.", ""),
        ("Here is a list: fig, plum. Give the first word.", "", "Here is a list: fig, plum. Give the first word.", ""),
        ("Here is a list: fig, plum. Give the first word. Write one word only.", "", "Here is a list: fig, plum. Give the first word.",
         " Write one word only."),
        ("What is 3 + 4?", "", "What is 3 + 4?", ""),
        ("What is 5 - 1? No explanation. Just the number.", "", "What is 5 - 1?", " No explanation. Just the number."),
        ("Tom has 2.5 km to go. He walks 1.5 km. How far is it then? Give the number only.", "",
         "Tom has 2.5 km to go. He walks 1.5 km. How far is it then?", " Give the number only."),
    ],
)  # fmt: skip
def test_a_prompt_is_taken_apart_without_loss(prompt: str, lead: str, stem: str, tail: str) -> None:
    (reading,) = read_prompts([failure(prompt, "7")])
    assert (reading.lead, reading.stem, reading.tail) == (lead, stem, tail)
    assert reading.wrap(reading.stem) == prompt
    assert reading.wrap(prompt) == prompt, "what is wrapped already is not wrapped twice"


def test_a_closing_in_no_known_words_is_found_when_failures_share_it() -> None:
    shared = [failure(f"Was ist {a} + {a}? Bitte knapp.", str(2 * a)) for a in range(3, 9)]
    assert {reading.tail for reading in read_prompts(shared)} == {" Bitte knapp."}
    alone = [failure(f"Was ist {a}? Satz {a}.", str(a)) for a in range(3, 9)]
    assert {reading.tail for reading in read_prompts(alone)} == {""}


def test_a_shared_question_is_not_a_closing() -> None:
    same = [
        failure(f"I see {a} cats and {a} dogs. How many animals do I see?", str(2 * a)) for a in range(3, 9)
    ]
    assert {reading.tail for reading in read_prompts(same)} == {""}


@pytest.mark.parametrize(
    "prompt",
    ["Pick the larger.\nOptions:\n(A) 12\n(B) 47\n(C) 30", "Pick the larger.\nA. 12\nB. 47\nC. 30\nAnswer:",
     "Pick the larger. (A) 12 (B) 47 (C) 30", "Pick the larger.\nA) 12\nB) 47\nC) 30"],
)  # fmt: skip
def test_options_are_read_and_rendered_back(prompt: str) -> None:
    (reading,) = read_prompts([failure(prompt, "(B)" if "(B)" in prompt else "B", ("A", "B", "C"))])
    assert reading.options is not None
    assert (reading.stem, reading.options.texts, reading.gold) == (
        "Pick the larger.",
        ("12", "47", "30"),
        "47",
    )
    assert (
        reading.lead + reading.stem + reading.options.render(reading.options.texts) + reading.tail == prompt
    )
    other = reading.options.render(["1", "2", "3"])
    assert "12" not in other and other.index("1") < other.index("2") < other.index("3")


def test_bulleted_options_without_labels() -> None:
    (reading,) = read_prompts([failure("Do you return?\nOptions:\n- Yes\n- No", "Yes", ("Yes", "No"))])
    assert reading.options is not None and reading.options.labels == () and reading.gold == "Yes"
    assert reading.options.render(["Yes", "No"]) == "\nOptions:\n- Yes\n- No"


@pytest.mark.parametrize(
    ("golds", "answer", "dressed"),
    [
        (["7", "12"], "30", "30"),
        (["$7", "$12"], "30", "$30"),
        (["7%", "12%"], "30", "30%"),
        (["7.", "12."], "30", "30."),
        (["1,200", "3,400"], "5600", "5,600"),
        (["1200", "3400"], "5600", "5600"),
        (["7 minutes", "12 minutes"], "30", "30 minutes"),
        (["Yes", "No"], "yes", "Yes"),
        (["YES", "NO"], "no", "NO"),
        (["True", "True"], "no", "False"),
        (["yes."], "no", "no."),
        (["tuesday", "friday"], "Monday", "monday"),
        (["Tuesday", "Friday"], "Monday", "Monday"),
        (["HOT", "COLD"], "wet", "WET"),
        (["Hot", "Cold"], "wet", "Wet"),
    ],
)
def test_answers_are_dressed_like_the_golds(golds: list[str], answer: str, dressed: str) -> None:
    shape = read_shape([failure("?", gold) for gold in golds])
    assert shape.dress(answer) == dressed
    assert shape.complete(dressed, "Steps.") == dressed, "bare golds give bare completions"


def test_lists_follow_the_golds_separator() -> None:
    shape = read_shape([failure("Sort.", "fig plum yam"), failure("Sort.", "ash elm oak fir")])
    assert shape.dress("a, b, c", ("a", "b", "c")) == "a b c"
    assert read_shape([failure("Sort.", "fig, plum, yam")]).dress("a, b", ("a", "b")) == "a, b"


def test_worked_golds_give_worked_completions() -> None:
    gsm = [failure("?", f"She has {n} + 2 = {n + 2} eggs in the basket now.\n#### {n + 2}") for n in (3, 14)]
    shape = read_shape(gsm)
    assert shape.is_worked and shape.complete("9", "4 + 5 = 9.") == "4 + 5 = 9.\n#### 9"
    prose = [
        failure("?", f"First she adds {n} and 2 to get {n + 2}. The answer is {n + 2}.") for n in (3, 14)
    ]
    assert (
        read_shape(prose).complete(read_shape(prose).dress("9"), "4 + 5 = 9.")
        == "4 + 5 = 9.\nThe answer is 9."
    )
    assert final_answer(gsm[1].gold) == "16"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("7", "number"), ("-3.5", "number"), ("$1,200", "number"), ("12 apples", "number"), ("yes", "yes_no"), ("False", "yes_no"),
     ("B", "letter"), ("3:45", "time"), ("blue", "word"), ("Mexico City", "word"), ("a, b", "list"), ("fig plum yam", "list"),
     ("It is because the wolf came to the door at night.", "text"), ("", "text"), ("so 3 + 4 = 7\n#### 7", "number")],
)  # fmt: skip
def test_answer_kinds(answer: str, kind: str) -> None:
    assert answer_kind(answer) == kind


@pytest.mark.parametrize(
    ("question", "gold", "relation"),
    [
        ("Which is biggest: 3, 8 or 5?", "8", "max"),
        ("Which is least: 3, 8 or 5?", "3", "min"),
        ("Bo has 3 figs and Al 4 figs. Together?", "7", "sum"),
        ("Bo had 9 figs, ate 4. Left?", "5", "difference"),
        ("6 bags of 4?", "24", "product"),
        ("24 in 6 bags?", "4", "quotient"),
        ("2, 4, 6, 8, ?", "10", "next_term"),
        ("Twice 7?", "14", "double"),
        ("Ten minus four plus three, and out go 2", "9", ""),
        ("fig, plum, yam. First?", "fig", "first_item"),
        ("fig, plum, yam. End?", "yam", "last_item"),
        ("Which is third: fig, plum, yam, pea?", "yam", "nth_item"),
        ("Count: fig, plum, yam, pea.", "4", "count"),
        ("Sort: yam, fig, plum.", "fig, plum, yam", "sorted"),
        ("Turn around: yam, fig, plum.", "plum, fig, yam", "reversed_list"),
        ("Backwards: stone", "enots", "reversed"),
        ("XIV?", "14", "from_roman"),
        ("14 in old Rome?", "XIV", "to_roman"),
        ("The day beyond Monday?", "Tuesday", "day_next"),
        ("Not hot but?", "cold", "opposite"),
        ("Many a mouse?", "mice", "plural"),
        ("They go; yesterday?", "went", "past"),
        ("France's capital?", "Paris", "capital"),
        ("It is 3:40. In 25 minutes?", "4:05", "clock_later"),
        ("Is yam in fig, plum, yam, pea?", "yes", "membership"),
        ("Is corn in fig, plum, yam, pea?", "no", "membership"),
    ],
)
def test_relations_between_question_and_gold(question: str, gold: str, relation: str) -> None:
    assert not relation or relation in relations(question, gold)


def test_relations_that_do_not_hold_are_not_claimed() -> None:
    assert not {"max", "sum"} & set(relations("Which is least: 3, 8 or 5?", "3"))
    assert "membership" not in relations("Is corn in fig, plum, yam, pea?", "yes")
    assert "first_item" not in relations("fig, plum, yam. End?", "yam")
    assert numbers_in("Which one of the two numbers 8 and 5 is it?") == [8.0, 5.0]
    assert numbers_in("three cats and twenty-one dogs, 1,200 mice")[0] == 3.0
    assert listed_in("Look at fig, plum and yam. Which is first?") == ["fig", "plum", "yam"]


SKILLS = [
    ("How many do 47 and 36 come to when put together?", "83", {"add", "story_join"}),
    ("Tell me the result of taking 18 from 50.", "32", {"subtract", "story_take_away"}),
    ("7 multiplied with 8 gives?", "56", {"multiply"}),
    ("Between 812 and 821, point out the bigger number.", "821", {"larger"}),
    ("Between 812 and 821, point out the smaller number.", "812", {"smaller"}),
    ("State whether 58 is an odd number or an even number.", "even", {"odd_or_even"}),
    ("Here is a list: rope, bell, cart, moss. How many entries are there?", "4", {"count_items"}),
    ("My list: rope, bell, cart, moss. Which entry opens the list?", "rope", {"first_item"}),
    ("Tell me the second entry: rope, bell, cart, moss.", "bell", {"nth_item"}),
    ("Order these by the alphabet: rope, bell, cart.", "bell, cart, rope", {"sort_words"}),
    ("Which of rope, umbrella, cart has most letters?", "umbrella", {"longest_word"}),
    ("Which weekday follows Thursday?", "Friday", {"next_day"}),
    ("Which month follows May?", "June", {"next_month"}),
    ("Give XVI as an ordinary number.", "16", {"from_roman"}),
    ("Give 16 as Roman numeral.", "XVI", {"to_roman"}),
    ("Say the word lamp from back to front.", "pmal", {"reverse_word"}),
    ("More than one goose are called?", "geese", {"plural"}),
    ("Give the past tense of the verb bring.", "brought", {"past_tense"}),
    ("What is the contrary of heavy? The opposite word.", "light", {"opposite"}),
    ("A carton has 6 eggs. Rita buys 4 cartons. How many eggs does Rita have?", "24", {"story_equal_groups"}),
    ("Rita had 30 beads and lost 12 of them. How many beads does she still have?", "18", {"story_take_away"}),
    ("The counting goes 5, 10, 15, 20. Which number comes next in the sequence?", "25", {"next_in_sequence"}),
    ("How many minutes are in 4 hours?", "240", {"to_smaller_unit"}),
]


def test_strangers_wordings_find_their_engine() -> None:
    """Questions written for this test, in none of the engines' wordings."""
    matches = match_engines([Reading(question, gold=gold) for question, gold, _ in SKILLS])
    wrong = [
        (q, m.engine, m.nearest, m.text_similarity)
        for (q, _, good), m in zip(SKILLS, matches, strict=True)
        if m.engine not in good
    ]
    assert len(wrong) <= 3, wrong


def test_held_out_wordings_find_their_engine_or_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """The floors' measurement, in small: each engine is asked in a wording taken out of the index."""
    import numpy as np

    from curricula.strategies.fit import matching

    index = engine_index()
    own = [i for i, item in enumerate(index.items) if not item.engine.startswith("gym.")][::6]
    wordings = np.array([item.wording for item in index.items])
    near = matching.similarities([Reading(index.items[i].question, gold=index.items[i].answer) for i in own])
    for row, i in enumerate(own):
        held_out = (index.owner == index.owner[i]) & (wordings == index.items[i].wording)
        near.whole[row, held_out] = near.text[row, held_out] = -1.0
    monkeypatch.setattr(matching, "similarities", lambda readings: near)
    matches = match_engines([Reading(index.items[i].question, gold=index.items[i].answer) for i in own])
    covered = [(index.items[i].engine, m.engine) for i, m in zip(own, matches, strict=True) if m.engine]
    assert len(covered) > 0.8 * len(own)
    assert mean(a == b for a, b in covered) > 0.75
    assert mean(find_engine(a).family == find_engine(b).family for a, b in covered) > 0.88


def test_what_no_engine_teaches_is_not_covered() -> None:
    strangers = [
        ("Who wrote War and Peace?", "Leo Tolstoy"),
        ("Translate to French: good evening", "bonsoir"),
        (
            "Summarise the paragraph about glaciers in a sentence.",
            "Glaciers are slow rivers of ice that carve valleys over many years.",
        ),
        ("Is the following sentence plausible? Messi scored a touchdown.", "no"),
        ("Which gas do plants take in?", "carbon dioxide"),
    ]
    matches = match_engines([Reading(question, gold=gold) for question, gold in strangers])
    assert [m.engine for m in matches] == [""] * len(strangers)
    assert match_engines([]) == []


def test_the_engines_answer_is_of_the_golds_kind() -> None:
    for question, gold, _ in SKILLS:
        (match,) = match_engines([Reading(question, gold=gold)])
        assert not match.engine or answer_kind(gold) in engine_index().kinds[match.engine]


@pytest.mark.parametrize(
    "name",
    [
        "add",
        "multiply",
        "largest",
        "count_items",
        "from_roman",
        "story_join",
        "next_in_sequence",
        "longest_word",
    ],
)
def test_difficulty_is_recovered_from_samples(name: str) -> None:
    rng, engine = Random(4), find_engine(name)
    fitted = {}
    for difficulty in (0.0, 0.5, 1.0):
        items = [engine.sample(rng, difficulty) for _ in range(40)]
        fitted[difficulty] = mean(
            fit_difficulty(name, [Reading(item.question, gold=item.answer) for item in items])
        )
    assert fitted[0.0] < fitted[0.5] - 0.1 < fitted[1.0] - 0.2, fitted


def test_shape_of_nothing_is_plain() -> None:
    assert read_shape([]) == AnswerShape()
    assert read_prompts([]) == []


def test_an_opening_that_failures_share_does_not_hide_the_question() -> None:
    opening = "Each of the texts below comes from an old collection of riddles that was printed for children and their parents long ago."
    asked = [("Which of 12, 47 and 30 is the largest number?", "47"), ("Which of 15, 8 and 61 is the largest number?", "61"),
             ("Which of 72, 4 and 18 is the largest number?", "72"), ("Which of 5, 93 and 21 is the largest number?", "93")]  # fmt: skip
    plain = match_engines([Reading(question, gold=gold) for question, gold in asked])
    below = match_engines([Reading(f"{opening} {question}", gold=gold) for question, gold in asked])
    assert {match.engine for match in plain} == {match.engine for match in below} == {"largest"}
    assert min(match.text_similarity for match in below) >= min(match.text_similarity for match in plain) - 0.001
    alone = match_engines([Reading(f"{opening} {question}", gold=gold) for question, gold in asked[:2]])
    assert max(match.text_similarity for match in alone) < min(match.text_similarity for match in below), "two may open alike by chance"
