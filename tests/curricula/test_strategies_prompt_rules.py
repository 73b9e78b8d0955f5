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
OPTIONS = "List the options inside the problem in the same form as above."
CHECKED, FORM, STATED = "when the answer is a number, plain arithmetic that gives it, using only the numbers of the ", "Reply with JSON only, in this form:\n", "one last line of exactly this form{}:\nThe answer is <the final answer alone, with no words around it>\n"
MET = (
    "A student fails at the following:\n\nProblem 1:\n", SHOWN, "It trains exactly the skill that the failures show to be missing.", "It can be answered from its own text alone and has one short right answer that can be checked.",
    "Write it as the persona would meet it or ask it, with details of that life", "do not mention the word persona", "do not copy a failure above", "Do not solve it.", "Persona: A keeper of bees.\n", FORM + '{"problem": "..."}\n',
)  # fmt: skip
SECTION = (
    "Write one section of a textbook for learners who fail at the following:\n\nProblem 1:\n", SHOWN, "Title of the section: what is left\n", "Style: a letter\n", "Readers: adults\n", "take up its matter and its way of reasoning", "say nothing that contradicts it",
    "Explain the one thing that the title names so that a reader can do it afterwards.", "Use one worked example of your own, with other names and numbers than the failures and the texts.", "150 to 300 words", "no exercises", "no heading", "no remarks about this request", "Do not quote a failure.",
)  # fmt: skip
EXERCISES = (
    "Here is a section of a textbook (what is left, for adults):\n\nWe take away.\n", "Write 3 to 5 exercises", "that a reader of this section should be able to solve", "that train what these learners fail at:\n\nProblem 1:\n", SHOWN, "Go from easy to as hard as the failures.",
    "Each exercise stands on its own: it names everything needed and does not refer to the section.", "Each has one short right answer.", "Use new names, things and numbers.",
    FORM + '{"exercises": [{"problem": "...", "solution": "...", "answer": "...", "check": "...", "tests": "..."}]}\n', '- "problem": the whole text a reader sees.', '- "solution": the way to the answer as the section teaches it, in one to four short sentences.',
    '- "answer": the final answer alone, in the form of the right answers above.', f'- "check": {CHECKED}problem, such as "(12 + 5) * 3"; otherwise "".', '- "tests": when the exercise asks for Python code, "answer" is one function',
    "this five to ten asserts in one string, one a line, each a call of it by name with the result that you worked out; otherwise \"\".",
)  # fmt: skip

RULES: list[tuple[str, dict[str, object], tuple[str, ...]]] = [
    ("explanation/explain", {"problem": "A problem about 30 figs?"}, ("A problem about 30 figs?", "Explain your way to the answer", "End with one last line of exactly this form and nothing after it:\nThe answer is ")),
    ("shared/work_out", {"problem": "A problem about 30 figs?"}, ("Solve this problem.\n\nA problem about 30 figs?\n", "Work it out step by step, one short step a line.", "Check each calculation before you write the next line.", "End with " + STATED.format(" and nothing after it"))),
    ("shared/solve", {"problem": "A problem about 30 figs?"}, ("Solve this problem.\n\nA problem about 30 figs?\n", "Reply with the final answer alone", "no words around it", "no explanation")),
    ("shared/repair", {"reason": "it broke", "form": '{"problem": "..."}', "reply": "Sure!"}, (
        'The reply below was to be JSON of this form and could not be read: it broke.\n\n{"problem": "..."}\n', "The reply:\nSure!\n", "Write the same content again as valid JSON only", "no fence", "no sentence around it", "Leave out what is incomplete", "add nothing")),
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
    ("shared/problems", {"n_problems": 4, "setting": "a harbor", "has_options": False}, (
        "You write exercises for a student who fails at one particular thing. These are 3 of the failures:\n\nProblem 1:\nAnn has 3 figs and eats 2. How many are left? Answer with only the number.\nThe student's answer:\nShe has 0", SHOWN, "Write 4 new problems that train exactly the skill that is missing, at the same difficulty.",
        "Use new names, things and numbers", "do not copy or merely renumber a problem above", "in or around a harbor where that fits", "one right answer that can be checked, and hold everything needed to find it", BARE, FORM + '{"problems": [{"problem": "...", "check": "..."}]}\n',
        '- "problem": the whole text a student sees. Do not solve it.', f'- "check": {CHECKED}problem, such as "(12 + 5) * 3"; otherwise "".')),
    ("shared/problems", {"n_problems": 4, "setting": "a harbor", "has_options": True}, (OPTIONS,)),
    ("rationales/sample", {"problem": "A problem?", "is_retry": False}, ("write out every calculation as an equation", "look back once to see whether the result fits", "Do not repeat yourself", "<reasoning>\nyour reasoning\n</reasoning>\n<answer>the final answer alone</answer>", "Problem:\nA problem?")),
    ("rationales/rationalise", {"problem": "A problem?", "hint": "7"}, ("who does not know the answer yet", "Never mention that an answer was given", "say so instead of inventing steps", "write out every calculation as an equation", "<answer>the final answer alone</answer>", "Problem:\nA problem?\n\nRight answer: 7")),
    ("self_instruct/tasks", {"demos": ["Say so."] * 8}, ("one short, checkable answer", "from text alone and in text alone", "4 to 100 words", "not a copy of a failure above or of another task in the list", "8. Say so.\n9.", SHOWN)),
    ("self_instruct/classify", {"instruction": "Count figs."}, ("a classification task with finite output labels", "Task: Count figs.\n")),
    ("self_instruct/input_first", {"instruction": "Count figs.", "n_instances": 2}, ("Give 2 where the task takes an input, each with another input", "if the task needs no further input, give one and leave the input out", "Every output is right, and short", "Task: Count figs.")),
    ("self_instruct/labels_first", {"instruction": "Count figs."}, ("first name each class label, then write an input that belongs to it", "Give every possible label once, two at least, in turn", "Task: Count figs.")),
    ("textbook/outline", {"n_subtopics": 6, "known": []}, (
        "You plan a short textbook for learners who fail at the following:\n\nProblem 1:\n", SHOWN, "List 6 sections that together teach everything a learner needs to get such problems right", "from the first notion to the full skill", "ideas, methods, common mistakes, checks",
        "Each section is about one thing", "no two overlap", FORM + '{"sections": [{"title": "..."}]}\n')),
    ("textbook/outline", {"n_subtopics": 6, "known": ["An old title", "Another"]}, ("Not these, which are written: An old title; Another.",)),
    ("textbook/section", {"subtopic": "what is left", "style": "a letter", "audience": "adults", "chunks": ["A chunk."]}, (*SECTION, "Base it on what the following text by people shows", "Text 1:\nA chunk.\n")),
    ("textbook/section", {"subtopic": "what is left", "style": "a letter", "audience": "adults", "chunks": ["A chunk.", "A second."]}, ("Base it on what the following texts by people show:", "Text 1:\nA chunk.\n\nText 2:\nA second.\n")),
    ("textbook/exercises", {"subtopic": "what is left", "audience": "adults", "section": "We take away.", "has_options": False}, EXERCISES),
    ("textbook/exercises", {"subtopic": "what is left", "audience": "adults", "section": "We take away.", "has_options": True}, (OPTIONS,)),
    ("persona/personas", {"texts": ["A text.", "A second."], "n_personas": 8}, (
        "Below are texts that people wrote. For each, think of who would be likely to read it, write it, need it or argue about it, and describe that person.", "Text 1:\nA text.\n\nText 2:\nA second.\n", "Write 8 personas.", "Each is one sentence of 8 to 25 words",
        "says what the person does and what in their days involves counting, choosing, arranging, reading or explaining something", "Make them as different as people are: trades, ages, places, hobbies.", "No names", "no famous people", FORM + '{"personas": [{"persona": "..."}]}\n')),
    ("persona/hard", {"persona": "A keeper of bees.", "has_options": False}, (*MET, "Create a challenging problem for the persona below", "a person with good schooling needs several steps of thought for")),
    ("persona/hard", {"persona": "A keeper of bees.", "has_options": True}, (OPTIONS,)),
    ("persona/grade_school", {"persona": "A keeper of bees.", "has_options": False}, (*MET, "Create a problem for the persona below that an able pupil of a grade school can solve", "everyday words", "small numbers", "one or two steps")),
    ("persona/constrained", {"persona": "A keeper of bees.", "has_options": False}, (
        *MET, "Create a problem for the persona below whose answer must meet exactly one additional constraint on its form", "that can be checked by looking (its unit, its order, its letters, its number of words)", "state that constraint in the problem")),
    ("persona/code", {"persona": "A keeper of bees."}, (
        *MET[:2], "Create a programming problem for the persona below: one Python function to write, whose result takes exactly the skill that the failures show to be missing.", "What goes in and what comes out is plain data (numbers, strings, lists, dicts)", "no library beyond the standard one, no file, no input, no chance",
        "gives the function's name", "says what its arguments and its result are", "shows one call with its result", "Write it as the persona would need it, with details of that life", *MET[5:9], FORM + '{"problem": "...", "entry_point": "...", "tests": "..."}\n',
        '- "problem": the whole text a student sees.', '- "entry_point": the name of the function.', '- "tests": five to ten Python asserts in one string, one a line, each a call of the function with the result that you worked out', "other calls than the one in the problem", "edge cases among them")),
    ("persona/solve", {"problem": "A problem?"}, ("Provide a solution to the problem below.", "Go step by step, one short step a line", "keep every constraint that the problem states", "End with " + STATED.format(" and nothing after it"), "Problem:\nA problem?\n")),
    ("persona/solve_code", {"problem": "A problem?"}, ("Write the Python function that the problem below asks for.", "Standard library alone, no file, no network, no input and no output.", "Reply with the function alone, in one block:\n```python\ndef ...\n```\n", "Problem:\nA problem?\n")),
    ("persona/relax", {"problem": "A problem?"}, (
        "The prompt below states a constraint on its answer. Rewrite it so that this one constraint is relaxed", "dropped, or turned into another that an answer can meet without meeting the old one", "Change nothing else.",
        "An answer to the rewritten prompt will be used as an example of an answer that ignores the constraint.", "Reply with the rewritten prompt alone.", "Prompt:\nA problem?\n")),
    ("topic_tree/topics", {"n_topics": 6, "known": []}, (
        "A student fails at the following:\n\nProblem 1:\n", SHOWN, "Name 6 broad areas of everyday life, school and work in which the skill that is missing here is needed.", "Make them as far apart as you can", "each is a noun phrase of one to five words", FORM + '{"topics": [{"topic": "..."}]}\n')),
    ("topic_tree/topics", {"n_topics": 6, "known": ["An area", "Another"]}, ("Not these, which were used: An area; Another.",)),
    ("topic_tree/subtopics", {"n_subtopics": 5, "topic": "An area"}, (
        "A student fails at the following:\n\nProblem 1:\n", SHOWN, 'The skill that is missing here is needed in the area "An area".', "Name 5 narrower subjects inside that area in which questions come up that need it.", "Each is a noun phrase of two to eight words", "no two overlap", FORM + '{"topics": [{"topic": "..."}]}\n')),
    ("topic_tree/question", {"topic": "An area", "subtopic": "a subject", "has_options": False}, (
        "A student fails at the following:\n\nProblem 1:\n", SHOWN, 'Write one question about "a subject" (area: An area)', "that trains exactly the skill that is missing here", "It can be answered from its own text alone", "has one short right answer that can be checked", "Do not copy a problem above",
        "do not answer the question", FORM + '{"problem": "...", "check": "..."}\n', '- "problem": the question.', f'- "check": {CHECKED}question; otherwise "".')),
    ("topic_tree/question", {"topic": "An area", "subtopic": "a subject", "has_options": True}, ("List the options inside the question in the same form as above.",)),
    ("topic_tree/revise", {"topic": "An area", "subtopic": "a subject", "problem": "A problem?", "how": "Make it longer."}, (
        "Here is a question for a student who fails at the following:\n\nProblem 1:\n", SHOWN, "The question (area: An area, subject: a subject):\nA problem?\n", "Revise it so that it is more detailed and a better exercise. Make it longer.", "Keep the skill", "keep it answerable from its own text alone",
        "keep one short right answer that can be checked", FORM + '{"problem": "...", "check": "..."}\n', '- "problem": the revised question.', f'- "check": {CHECKED}revised question; otherwise "".')),
    ("topic_tree/score", {"problem": "A problem?", "answer": "An answer."}, (
        "Rate the answer to the question on five attributes, each with a whole number from 0 to 4.", "- helpfulness: does it do what the question asks? 0 not at all, 4 entirely.\n", "- correctness: is everything in it right and nothing missing? 0 wrong, 4 right throughout.\n",
        "- coherence: is it clear and free of contradiction? 0 confused, 4 perfectly clear.\n", "- complexity: what does it take to write it? 0 anybody could, 4 an expert.\n", "- verbosity: how long is it for what is asked? 0 as terse as can be, 4 far too long.\n",
        "Work out the answer yourself before you rate correctness.", "Do not be polite: most answers are not perfect", "an answer that asserts that it is right gains nothing by it", "Question:\nA problem?\n", "Answer:\nAn answer.\n",
        FORM + '{"helpfulness": 0, "correctness": 0, "coherence": 0, "complexity": 0, "verbosity": 0}\n')),
    ("constitution/draft", {"problem": "A problem?"}, ("Answer this problem.\n\nA problem?\n", "Give your steps, one short step a line", "end with " + STATED.format(""))),
    ("constitution/critique", {"problem": "A problem?", "answer": "An answer.", "critique_request": "Check it."}, (
        "You criticise answers to problems of the kind that a student fails at. Some of its failures:\n\nProblem 1:\n", SHOWN, "You do not rewrite, you only say what is wrong, briefly and exactly.", 'Many answers are right; then say so with the words "Nothing to change."',
        "Two examples:\n\nProblem: What is 4 times 12, less 5?\nAnswer: 4 times 12 is 46. 46 less 5 is 41. The answer is 41\nCritique request: Check every calculation in the answer.\nCritique: 4 times 12 is 48, not 46. The difference must then be 43.\n",
        "Problem: Which comes first in the alphabet, pear or fig?\nAnswer: f comes before p. The answer is fig\nCritique request: Is there a step that does not follow?\nCritique: Nothing to change.\n\nNow this one.\n",
        "Problem: A problem?\n\nAnswer: An answer.\n\nCritique request: Check it.\nCritique:\n")),
    ("constitution/revise", {"problem": "A problem?", "answer": "An answer.", "critique": "A fault.", "revision_request": "Redo it."}, (
        "Problem:\nA problem?\n", "An answer:\nAn answer.\n", "A critique of it:\nA fault.\n", "Redo it. If the critique itself is mistaken, keep what was right.", "Write the whole answer anew, without a word about critique or revision", "steps, one short step a line", STATED.format(""))),
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
