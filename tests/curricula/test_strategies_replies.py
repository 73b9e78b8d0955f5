"""Reading objects out of replies, and dressing tasks as the suite does."""

from __future__ import annotations

import pytest

from curricula.lesson import Failure
from curricula.strategies.fit.dress import WORKED, Wardrobe
from curricula.strategies.replies import parse_items

ITEM = '{"problem": "P one?", "answer": 4}'


@pytest.mark.parametrize(
    ("text", "n"),
    [
        (f'{{"exercises": [{ITEM}, {ITEM}]}}', 2),
        (f"```json\n[{ITEM}]\n```", 1),
        (f"Here you are: {ITEM} Good luck {{all}}!", 1),
        (ITEM, 1),
        ('{"problem": "P one?", "answer": "(A)", "options": [{"label": "A"}, {"label": "B"}]}', 1),
        (f'{{"exercises": [{ITEM}, {{"problem": "cut o', 1),
        ("{'any': [{'problem': 'P one?', 'answer': '4'}]}", 1),
        (f"{ITEM}\n{ITEM}", 1),
    ],
)
def test_objects_are_found_wherever_they_stand(text: str, n: int) -> None:
    parsed = parse_items(text, ("problem", "answer"))
    assert len(parsed.items) == n and not parsed.reason and all(item["problem"] == "P one?" for item in parsed.items)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty reply"), ("No.", "no JSON in the reply"), ('{"other": 1}', "JSON without problem and answer"), ("{" * 3000, "JSON without problem and answer")],
)
def test_what_cannot_be_read_says_why(text: str, reason: str) -> None:
    parsed = parse_items(text, ("problem", "answer"))
    assert parsed.items == () and parsed.reason == reason


def test_an_object_that_lacks_a_key_is_a_row_of_its_own() -> None:
    parsed = parse_items(f'[{ITEM}, {{"problem": "P two?", "answer": ""}}, {{"problem": "...", "answer": "5"}}]', ("problem", "answer"))
    assert len(parsed.items) == 1 and [reason for reason, _ in parsed.rejected] == ["item without answer", "item without problem"]
    assert "P two?" in parsed.rejected[0][1]


def failure(prompt: str, gold: str) -> Failure:
    return Failure("p", "s", prompt, "x", gold, "wrong")


def test_a_task_wears_the_wrapping_of_a_failure_with_the_same_kind_of_answer() -> None:
    wardrobe = Wardrobe([failure("Q: What is 2 + 2? Answer with only the number.", "4"), failure("Name its color. One word.", "red")])
    sum_ = wardrobe.dress("What is 30 - 5?", "25", "Take away.")
    assert (sum_.prompt, sum_.completion, sum_.verifier) == ("Q: What is 30 - 5? Answer with only the number.", "25", "numeric")
    word = wardrobe.dress("What is a fig's color?", "purple", "")
    assert word.prompt == "What is a fig's color? One word." and word.verifier == "exact"
    assert wardrobe.dress("Say it.", "a whole sentence of more than eight words, as nobody asked", "").prompt == "Say it.", "no failure asks for that"


def test_a_worked_task_asks_for_its_steps_instead_of_only_the_number() -> None:
    wardrobe = Wardrobe([failure("What is 2 + 2? Answer with only the number.", "4")])
    worn = wardrobe.dress_worked("What is 30 - 5? Answer with only the number.", "The answer is 25.", "We take 5 away.")
    assert worn.prompt == f"What is 30 - 5?\n{WORKED}" and worn.completion == "We take 5 away.\nThe answer is 25." and worn.answer == "25"
    own = Wardrobe([failure("What is 2 + 2?", "Two and two are four together.\n#### 4"), failure("What is 3 + 2?", "Three and two are five together.\n#### 5")])
    assert own.dress_worked("What is 30 - 5?", "25", "We take 5 away.").completion == "We take 5 away.\n#### 25"


def test_labels_of_options_stay_labels() -> None:
    wardrobe = Wardrobe([Failure("p", "s", "Which is red?\n(A) sky\n(B) blood\nAnswer:", "x", "(B)", "wrong", "exact", ("(A)", "(B)"))])
    worn = wardrobe.dress("Which is cold?\n(A) fire\n(B) snow", "(B)", "")
    assert wardrobe.has_options and (worn.answer, worn.completion, worn.verifier) == ("(B)", "(B)", "exact") and worn.prompt.endswith("(B) snow\nAnswer:")
