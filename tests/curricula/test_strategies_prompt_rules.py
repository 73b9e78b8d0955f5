"""What a recipe asks of the teacher stands in its prompt: one line a rule, as rendered; who takes the rule out sees it here."""

from __future__ import annotations

import pytest

from curricula import prompts
from tests.curricula.teachers import failure

FAILURES = tuple(failure(i) for i in range(3))
SHOWN = "She has 1 left I think\nThe right answer:\n2\n"
LEAKY = 'Do not use the words "given prompt", '
IN_DEPTH = ("Add 10 to 20 words", LEAKY + '"rewritten prompt"', "exactly one short right answer that can be checked", "#Given Prompt#:\nA text.", SHOWN)
ALPACA = (
    "a list of 20 diverse task instructions", "variety keeps the list useful", "Vary the form", "able to complete each instruction from text alone", "Write in the language of the failures",
    "one or two sentences", "at most 100 words, never a placeholder", 'write "<noinput>" in the input field', "short and checkable", "Do not copy a failure or a task already in the list", SHOWN,
    "###\n4. Instruction:",
)  # fmt: skip
PROGRAM = (
    "generate(seed, difficulty)", "wording(problem)", "solve(problem)", "read(text)", "the same arguments always give the same data, other seeds give other problems", "difficulty a number from 0 (easier than any problem above) to 1 (harder than all of them)",
    "and not the answer itself", "It reads the problems above, exactly as they stand there", "standard library alone, no file, no network, no clock", SHOWN,
)  # fmt: skip
BARE, LISTED = "Write the bare problem, without a sentence on how to answer", "in the same form as above"

RULES: list[tuple[str, dict[str, object], tuple[str, ...]]] = [
    ("explanation/explain", {"problem": "A problem about 30 figs?"}, ("A problem about 30 figs?", "Explain your way to the answer", "End with one last line of exactly this form and nothing after it:\nThe answer is ")),
    ("shared/work_out", {"problem": "A problem about 30 figs?"}, ("A problem about 30 figs?", "step by step", "End with one last line of exactly this form and nothing after it:\nThe answer is ")),
    ("evol_instruct/add_constraint", {"text": "A text."}, ("adding exactly one constraint or requirement", *IN_DEPTH)),
    ("evol_instruct/deepen", {"text": "A text."}, ("asking for more depth and breadth", *IN_DEPTH)),
    ("evol_instruct/concretise", {"text": "A text."}, ("replace its general notions by concrete ones", *IN_DEPTH)),
    ("evol_instruct/more_steps", {"text": "A text."}, ("takes several steps of reasoning", *IN_DEPTH)),
    ("evol_instruct/complicate_input", {"text": "A text.", "data_form": "a timetable"}, ("in the form of a timetable", LEAKY, "exactly one short right answer that can be checked", SHOWN)),
    ("evol_instruct/breadth", {"text": "A text."}, ("brand-new", "same domain", "but is rarer", "Its length and difficulty are those of the prompt below", LEAKY + '"created prompt"', SHOWN)),
    ("evol_instruct/equal", {"first": "One.", "second": "Two."}, ("First:\nOne.", "Second:\nTwo.", "the same constraints and requirements", "the same depth and breadth of inquiry", "Equal, or Different")),
    ("alpaca/seeded", {"n_tasks": 20, "demos": [{"instruction": "Say so.", "input": "", "output": "so"}] * 3}, (*ALPACA, "1. Instruction: Say so.\n1. Input:\n<noinput>\n1. Output:\nso\n")),
    ("alpaca/targeted", {"n_tasks": 20, "written": ["An old title"]}, (*ALPACA, "do not write these again nor the same with other names or numbers:\n- An old title", f"2. Instruction: {FAILURES[1].prompt}\n2. Input:\n<noinput>\n2. Output:\n2\n")),
    ("error_analysis/siblings", {"n_lessons": 4, "setting": "a harbor", "has_options": False}, (
        "name, in one sentence, the single sub-skill or the answer format that the student lacks", "write 4 new problems that train exactly that", "with new names, things and numbers", "Do not copy a problem above", "in or around a harbor",
        "Keep the difficulty", BARE, "plain arithmetic that gives it, using only the numbers of the problem", SHOWN)),
    ("error_analysis/siblings", {"n_lessons": 1, "setting": "a harbor", "has_options": True}, ("write 1 new problem that trains exactly that", LISTED)),
    ("generator/program", {"has_options": False}, (*PROGRAM, BARE)),
    ("generator/program", {"has_options": True}, (LISTED,)),
    ("generator/mend", {"has_options": False, "program": "def old(): ...", "reason": "it fails", "evidence": "in line 1"}, (*PROGRAM, "```python\ndef old(): ...\n```", "Why: it fails\nin line 1", "Mend it")),
    ("generator/solution", {"texts": ["How many?", "Which one?"]}, ("Problem 1:\nHow many?", "Problem 2:\nWhich one?", "answer(text)", "nothing of the problems above is looked up", "Where it can't read a text it returns None", "standard library alone, no file, no network")),
    ("shared/problems", {"n_problems": 4, "setting": "a harbor", "has_options": False}, ("Write 4 new problems", "do not copy or merely renumber", "in or around a harbor", "one right answer that can be checked", BARE, "Do not solve it", "plain arithmetic that gives it", SHOWN)),
    ("rationales/sample", {"problem": "A problem?", "is_retry": False}, ("write out every calculation as an equation", "look back once to see whether the result fits", "Do not repeat yourself", "<reasoning>\nyour reasoning\n</reasoning>\n<answer>the final answer alone</answer>", "Problem:\nA problem?")),
    ("rationales/rationalise", {"problem": "A problem?", "hint": "7"}, ("who does not know the answer yet", "Never mention that an answer was given", "say so instead of inventing steps", "write out every calculation as an equation", "<answer>the final answer alone</answer>", "Problem:\nA problem?\n\nRight answer: 7")),
    ("self_instruct/tasks", {"demos": ["Say so."] * 8}, ("one short, checkable answer", "from text alone and in text alone", "4 to 100 words", "not a copy of a failure above or of another task in the list", "8. Say so.\n9.", SHOWN)),
    ("self_instruct/classify", {"instruction": "Count figs."}, ("a classification task with finite output labels", "Task: Count figs.\n")),
    ("self_instruct/input_first", {"instruction": "Count figs.", "n_instances": 2}, ("Give 2 where the task takes an input, each with another input", "if the task needs no further input, give one and leave the input out", "Every output is right, and short", "Task: Count figs.")),
    ("self_instruct/labels_first", {"instruction": "Count figs."}, ("first name each class label, then write an input that belongs to it", "Give every possible label once, two at least, in turn", "Task: Count figs.")),
]  # fmt: skip


@pytest.mark.parametrize(("template", "variables", "phrases"), RULES, ids=[f"{row[0]}-{i}" for i, row in enumerate(RULES)])
def test_each_rule_of_the_recipe_is_asked_for(template: str, variables: dict[str, object], phrases: tuple[str, ...]) -> None:
    more = {"failures": FAILURES} if "failures" in prompts.declared_variables(template) else {}
    text = prompts.render(template, **variables, **more) + "\n"
    assert [phrase for phrase in phrases if phrase not in text] == []


def test_an_empty_answer_is_shown_as_nothing() -> None:
    silent = failure(0).__class__(**{**failure(0).__dict__, "answer": ""})
    for template, variables in (("error_analysis/siblings", {"n_lessons": 4, "setting": "a farm", "has_options": False}), ("evol_instruct/deepen", {"text": "A text."})):
        assert "The student's answer:\n(nothing)\n" in prompts.render(template, failures=(silent,), **variables)


def test_without_written_tasks_no_list_of_them_is_announced() -> None:
    assert "Already written" not in prompts.render("alpaca/targeted", failures=FAILURES, n_tasks=20, written=[])
