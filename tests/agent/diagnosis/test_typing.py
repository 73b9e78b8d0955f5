"""Failure types: a dozen hand-made cases of each and the traps between them, as one confusion matrix."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from agent.diagnosis.suspects import find_suspects
from agent.diagnosis.typing import failure_type
from agent.student.contract import Sample
from probes.scorers import score
from probes.suite import Probe


@dataclass(frozen=True)
class Case:
    """One probe, what the student said to it, and the other probes of its suite."""

    prompt: str
    gold: str
    response: str
    scorer: str = "numeric"
    choices: tuple[str, ...] = ()
    finish: str = "stop"
    siblings: tuple[tuple[str, str], ...] = ()
    """Prompt and gold of each."""


def typed(case: Case) -> str:
    """The type as the diagnosis finds it, "right" for none."""
    probe = Probe("s", "case", case.prompt, case.gold, case.scorer, choices=case.choices)
    others = [replace(probe, probe_id=f"other {i}", prompt=p, gold=g) for i, (p, g) in enumerate(case.siblings)]
    given = score(case.scorer, case.response, case.gold, case.choices)
    sample = Sample("s", "case", case.response, given.strict, given.lenient, case.finish)
    doubted = {suspect.probe_id for suspect in find_suspects([probe, *others], [sample])}
    return failure_type(sample, probe, "case" in doubted) or "right"


def boxes(*wrong: int) -> tuple[tuple[str, str], ...]:
    """Word problems of one wording: the product of their numbers, but for the rows in `wrong`."""
    pairs = [(a, b) for a in range(2, 7) for b in range(3, 7)]
    return tuple((f"There are {a} boxes with {b} pens in each. How many pens?", str(a * b + (7 if i in wrong else 0)))
                 for i, (a, b) in enumerate(pairs))  # fmt: skip


SUM = "What is 3 + 4? Answer with only the number."
CAPITAL = "What is the capital of France?"
KEY = "Is the door locked? Answer yes or no."
CLOCK = tuple((f"It is {a} o'clock. Which hour is it {b} hours later?", str((a + b - 1) % 12 + 1))
              for a, b in [(1, 2), (2, 3), (3, 5), (4, 4), (5, 6), (6, 1), (7, 2), (8, 3), (9, 1), (10, 1), (2, 9), (3, 3), (1, 7), (6, 5)])  # fmt: skip
DOOR = tuple((f"{a} birds sit there and {b} fly away. How many are left?", str(a - b)) for a in range(5, 9) for b in range(1, 5))

CASES: dict[str, list[Case]] = {
    "right": [
        Case(SUM, "7", "7"),
        Case(SUM, "7", "7."),
        Case(CAPITAL, "Paris", "paris", "exact"),
        Case("2 + 2 =", "5", "5"),  # a wrong gold, and the student agrees: no failure
    ],
    "format": [
        Case(SUM, "7", "The answer is 7."),
        Case(SUM, "7", "3 + 4 = 7"),
        Case(SUM, "7", "**7**, of course"),
        Case(SUM, "7", "\\boxed{7}"),
        Case(SUM, "7", "Let me think. 3 and 4 make 7"),
        Case(SUM, "7", "#### 7"),
        Case(SUM, "7", "The answer is 7 because we add three and", finish="length"),  # cut off, but it had said it
        Case(CAPITAL, "Paris", "The capital of France is Paris.", "exact"),
        Case(CAPITAL, "Paris", 'It is "Paris"!', "exact"),
        Case(KEY, "yes", "Yes, the door is locked.", "exact"),
        Case("Pick one: odd or even? 4", "even", "4 is even.", "exact", ("odd", "even")),
        Case("Which? A) red B) blue", "blue", "The answer is B.", "choice", ("red", "blue")),
        Case("How much?", "1,200", "It costs 1200 dollars."),
        Case("Will it rain?", "no", "I'm sorry, but the answer is no.", "exact"),  # reads like a refusal, and is right
    ],
    "truncated": [
        Case(SUM, "7", "To solve this problem, we need to", finish="length"),
        Case(SUM, "7", "First, let us look at the numbers. The number three is", finish="length"),
        Case(CAPITAL, "Paris", "France is a country in Europe whose", "exact", finish="length"),
        Case(CAPITAL, "Paris", "The capital of", "exact", finish="length"),
        Case(KEY, "yes", "A door is locked when its bolt", "exact", finish="length"),
        Case("Name a prime above 20.", "23", "A prime is a number that has no", finish="length"),
        Case("How many?", "12", "Counting them: one, two, three,", finish="length"),
        Case("How many?", "12", "1, 2, 3, 4, 5,", finish="length"),
        Case("How many?", "12", "We have 5 and then 8", finish="length"),  # the last number is not the answer
        Case("Who?", "Anna", "It was the girl who", "exact", finish="length"),
        Case("Who?", "Anna", "Sorry is what she said when", "exact", finish="length"),  # no refusal
        Case("Which? A) red B) blue", "blue", "Both are colours that", "choice", ("red", "blue"), "length"),
        Case("Sort: pear, fig", "fig, pear", "Sorted from a to z these", "exact", finish="length"),
    ],
    "refusal": [
        Case(SUM, "7", ""),
        Case(SUM, "7", "  \n"),
        Case(SUM, "7", "I'm sorry, but I can't help with that."),
        Case(SUM, "7", "I\u2019m sorry, I cannot answer."),
        Case(SUM, "7", "As an AI language model, I do not have", finish="length"),  # cut off as well
        Case(SUM, "7", "I don't know."),
        Case(SUM, "7", "Unfortunately, I am unable to do that."),
        Case(SUM, "7", "I cannot calculate this."),
        Case(CAPITAL, "Paris", "Sorry, no idea.", "exact"),
        Case(CAPITAL, "Paris", "I apologize, but that is beyond me.", "exact"),
        Case(KEY, "yes", "I won't say.", "exact"),
        Case(KEY, "yes", "I'm just an AI and see no doors.", "exact"),
        Case("Which? A) red B) blue", "blue", "I can't choose.", "choice", ("red", "blue")),
        Case("Who?", "Anna", "", "exact", finish="length"),
    ],
    "label_suspect": [
        Case(SUM, "8", "7"),
        Case(SUM, "8", "The answer is 7."),
        Case(SUM, "8", "I don't know."),  # a refusal says nothing where the gold is wrong
        Case(SUM, "8", "Let us see, we have", finish="length"),
        Case("12 * 12 =", "124", "144"),
        Case("Subtract 5 from 9. Reply with just the number.", "5", "3"),
        Case("Calculate (2 + 3) * 4.", "14", "20"),
        Case("7 minus 3 equals what?", "5", "4"),
        Case("not ( True ) and ( True ) is", "True", "False", "exact", ("True", "False")),
        Case("Evaluate: not False or False. Answer true or false.", "false", "true", "exact"),
        Case("What is 10 / 4?", "3.5", "2.5"),
        Case("There are 4 boxes with 5 pens in each. How many pens?", "27", "9", siblings=boxes()),
        Case("There are 4 boxes with 5 pens in each. How many pens?", "27", "20", siblings=boxes(2)),  # one more is wrong
        Case(CAPITAL, "Rome", "Lyon", "exact", siblings=((CAPITAL + " ", "Paris"), (f" {CAPITAL}", "Paris"))),
        Case("Pick a colour.", "green", "red", "choice", ("red", "blue")),
    ],
    "wrong": [
        Case(SUM, "7", "8"),
        Case(SUM, "7", "7 or 8"),
        Case(CAPITAL, "Paris", "Lyon", "exact"),
        Case(CAPITAL, "Paris", "I cannon", "exact"),
        Case("Say the word that you say when you regret.", "regret", "The word is sorry.", "exact"),
        Case("What is the contrary of sad?", "happy", "Sorry is the opposite of glad", "exact"),
        Case("Who?", "I don't know", "I cannot say", "exact"),  # the gold reads like a refusal itself
        Case("Which?", "Yes", "I don't know", "loglikelihood", ("I don't know", "Yes"), "choice"),  # a chosen option
        # golds that look wrong to a careless solver, and are not
        Case("What is 5 + 6 in base 8?", "13", "11"),
        Case("What is the remainder of 17 / 5?", "2", "3"),
        Case("How many digits has 12 * 12?", "3", "144"),
        Case("Is 3 + 4 = 8?", "no", "yes", "exact"),
        Case("What is 10 / 3?", "3.33", "3"),
        Case("What is 10 / 3?", "3", "4"),
        Case("Q: 1 + 1 A: 2 Q: 3 + 4 A:", "7", "2"),
        Case("It is 11 o'clock. Which hour is it 3 hours later?", "2", "14", siblings=CLOCK),
        Case("5 birds sit there and 8 fly away. How many are left?", "0", "3", siblings=DOOR),
        Case("Pick a colour.", "B", "red", "choice", ("red", "blue")),  # the gold is a letter
    ],
}  # fmt: skip


def test_the_confusion_matrix_of_hand_made_cases_is_a_diagonal() -> None:
    matrix = Counter((meant, typed(case)) for meant, cases in CASES.items() for case in cases)
    assert matrix == {(meant, meant): len(cases) for meant, cases in CASES.items()}
    assert all(len(cases) >= 12 for meant, cases in CASES.items() if meant != "right")


@pytest.mark.parametrize(("meant", "case"), [(meant, case) for meant, cases in CASES.items() for case in cases])
def test_case(meant: str, case: Case) -> None:
    assert typed(case) == meant
