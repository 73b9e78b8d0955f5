"""Generator rule by rule: a scripted teacher writes the programs, the real sandbox runs them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from random import Random

import pytest

from curricula.lesson import Candidate
from curricula.sandbox import tiers
from curricula.strategies import programs
from curricula.strategies.contract import find_strategy
from curricula.strategies.fit.surface import read_prompts
from curricula.strategies.generator import EASIER_SHARE, N_TEXTS
from curricula.teacher import TeacherReply
from curricula.verifiers.contract import verify
from tests.curricula.teachers import (
    Teacher,
    brief,
    check_provenance,
    cut,
    failure,
    judged,
    lessons,
    reasons,
    write,
)

needs_sandbox = pytest.mark.skipif(tiers.in_force() is None, reason=f"no tier holds here: {tiers.why_none()}")

MAKER = '''
import random, re

NAMES = ["Bo", "Cy", "Di", "Ed", "Fay", "Gus", "Hal", "Ivy"]
THINGS = ["nuts", "plums", "pens", "stamps", "shells"]

def generate(seed, difficulty):
    rng = random.Random(seed)
    most = 12 + int(988 * difficulty ** 2)
    has = rng.randint(5, most)
    return {"who": rng.choice(NAMES), "what": rng.choice(THINGS), "has": has, "eats": rng.randint(1, has - 1), "form": rng.randint(0, 1)}

def wording(problem):
    form = ["{who} has {has} {what} and loses {eats}. How many are left?", "Of {has} {what}, {who} gives away {eats}. How many does {who} keep?"]
    return form[problem["form"]].format(**problem)

def solve(problem):
    return problem["has"] - problem["eats"]

def read(text):
    found = re.search(r"Ann has (\\d+) figs and eats (\\d+)", text)
    return {"has": int(found[1]), "eats": int(found[2])} if found else None
'''
SOLVER = '''
import re

def answer(text):
    numbers = [int(n) for n in re.findall(r"\\d+", text)]
    return numbers[0] - numbers[1] if len(numbers) == 2 else None
'''


def fenced(source: str) -> str:
    return f"Here it is.\n```python\n{source.strip()}\n```\nIt works."


def tried(asked: Teacher, n_failures: int = 4) -> list[Candidate]:
    """What came of the first program and of its mended form; the teacher would be asked for another one then."""
    return list(islice(find_strategy("generator").write(brief(n_lessons=1, n_failures=n_failures), asked, Random(0)), 2))


def teacher(source: str = MAKER, **more: object) -> Teacher:
    """Its mended program is as bad as the first unless told otherwise."""
    return Teacher(**{"program": fenced(source), "mend": fenced(source), "solution": fenced(SOLVER), **more})  # type: ignore[arg-type]


@needs_sandbox
def test_an_accepted_program_makes_lessons_that_the_verifier_passes() -> None:
    asked = teacher()
    found = write("generator", brief(n_lessons=24), asked)
    check_provenance(found, "generator", asked)
    result = judged(found)
    assert len(found) == 36 and len(result.kept) >= 34 and {row.verdict.step for row in result.rejected} <= {"exact_duplicate", "near_duplicate"}
    for row in result.kept:
        has, loses = map(int, re.findall(r"\d+", row.prompt))
        assert (row.answer, row.check, row.check_kind, row.verifier) == (str(has - loses), str(has - loses), "program", "numeric")
        assert row.prompt.endswith("Answer with only the number.") and row.completion == row.answer
    assert len({row.meta["seed"] for row in result.kept}) == len(result.kept)
    assert Counter(request.tag for request in asked.requests) == {"generator/program": 2, "generator/solution": 2}


@needs_sandbox
def test_the_programs_are_stored_once_and_named_by_every_lesson() -> None:
    found = lessons(write("generator", brief(n_lessons=8), teacher()))
    with_text = [row for row in found if "program_text" in row.meta]
    assert len(found) == 12 and with_text == found[:1]
    assert {row.meta["program"] for row in found} == {programs.program_hash(with_text[0].meta["program_text"], with_text[0].meta["solution_text"])}
    assert "def generate" in with_text[0].meta["program_text"] and "def answer" in with_text[0].meta["solution_text"]
    again = programs.make_items(with_text[0].meta["program_text"], [(row.meta["seed"], row.meta["difficulty"]) for row in found])
    assert [item.answer for item in again.items] == [row.answer for row in found], "a lesson can be made again from what it carries"
    assert {row.operator for row in found} == {f"program_{found[0].meta['program'][:6]}"}, "the mix caps each program by itself"
    assert [json.loads(row.raw)["answer"] for row in found] == [row.answer for row in found]


@needs_sandbox
def test_seeds_are_hashed_from_the_briefs_and_neighbours_share_none() -> None:
    seeds = [{row.meta["seed"] for row in lessons(write("generator", replace(brief(n_lessons=8), seed=seed), teacher()))} for seed in (5, 6)]
    assert len(seeds[0]) == len(seeds[1]) == 12 and not seeds[0] & seeds[1]
    texts = [{row.prompt for row in lessons(write("generator", replace(brief(n_lessons=8), seed=seed), teacher()))} for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]
    assert abs(programs.hashed_seed(1, "trial", 0) - programs.hashed_seed(1, "trial", 1)) > 10**6


def largest(row_prompt: str) -> int:
    return max(map(int, re.findall(r"\d+", row_prompt)))


@needs_sandbox
def test_difficulty_follows_the_failures_with_some_easier_ones() -> None:
    hard_failures = tuple(
        replace(failure(i), prompt=f"Ann has {900 + i} figs and eats {400 + 3 * i}. How many are left? Answer with only the number.", gold=str(500 - 2 * i)) for i in range(4)
    )
    easy = lessons(write("generator", brief(n_lessons=16), teacher()))
    hard = lessons(write("generator", brief(n_lessons=16, failures=hard_failures), teacher()))
    assert max(largest(row.prompt) for row in easy) < 60 and max(row.meta["difficulty"] for row in easy) < 0.25
    assert sum(largest(row.prompt) > 150 for row in hard) > len(hard) / 2
    n_easier = sum(row.meta["difficulty"] < 0.8 for row in hard)
    assert 0 < n_easier < 3 * EASIER_SHARE * len(hard)


@needs_sandbox
@pytest.mark.parametrize(
    ("old", "new", "reason", "evidence"),
    [
        ("def solve(problem):", "def solved(problem):", "no function solve", ""),
        ("def read(text):", "def read(text:", "not Python", ""),
        ("import random, re", "import random, re\nraise RuntimeError('broken on purpose')", "the program fails", "broken on purpose"),
        ('return problem["has"] - problem["eats"]', 'return problem["had"] - problem["eats"]', "the program fails", "KeyError: 'had' (line "),
        ('return problem["has"] - problem["eats"]', "while True: pass", "the program fails", "not done after"),
        ('return problem["has"] - problem["eats"]', "import os; os._exit(0)", "the program fails", "before all calls were answered"),
        ('return problem["has"] - problem["eats"]', 'return open("/etc/passwd").read()', "the program fails", "FileNotFoundError"),
        ('return problem["has"] - problem["eats"]', "import socket; return socket.create_connection(('127.0.0.1', 80)).recv(1)", "the program fails", "Error"),
        ('return problem["has"] - problem["eats"]', 'return "x" * 40000', "the program fails", "bytes of results"),
        ('return problem["has"] - problem["eats"]', 'return ""', "a problem without text or answer", "seed"),
        ('return problem["has"] - problem["eats"]', "return 10 ** 9000", "a problem without text or answer", "seed"),
        ('return problem["has"] - problem["eats"]', 'return "9" * 9000', "a problem without text or answer", "seed"),
        ('"eats": rng', '"most": 10 ** 9000, "less": rng', "the program fails", "a number too long to show: KeyError"),
        ('return problem["has"] - problem["eats"]', 'return problem["has"] - problem["eats"] if "who" in problem else "9" * 9000', "disagrees with a gold answer", "gives ''"),
        ('return problem["has"] - problem["eats"]', "return object()", "the program fails", "not plain data"),
        ("rng = random.Random(seed)", "rng = random", "the same seed gives another problem", "then"),
        ("rng = random.Random(seed)", "import time; rng = random.Random(time.time_ns())", "the same seed gives another problem", "then"),
        ("rng = random.Random(seed)", "rng = random.Random(seed % 3)", "too few different problems", "different texts of 45"),
        ("rng.randint(1, has - 1)", "has - 4", "nearly always the same answer", "'4' in 45 of 45"),
        ("How many are left?", "How many are left? The answer is {{}}.", "the text gives the answer away", "The answer is"),
        ('return problem["has"] - problem["eats"]', 'return problem["has"] - problem["eats"] + 1', "disagrees with a gold answer", "right is '"),
        ("Ann has", "Zoe has", "covers none of the failures", "None for all"),
        ('"has": int(found[1])', '"has": found[1]', "disagrees with a gold answer", "TypeError"),
        ('return problem["has"] - problem["eats"]', 'return problem["has"] - problem["eats"] + ("who" in problem)', "the second solution disagrees", "45 of 45"),
    ],
)  # fmt: skip
def test_a_bad_program_is_refused_with_its_reason_twice(old: str, new: str, reason: str, evidence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LIMITS", replace(programs.LIMITS, wall_s=0.8, output_bytes=600_000))
    if "{{}}" in new:
        program = MAKER.replace(".format(**problem)", '.format(**problem) + f" The answer is {solve(problem)}."')
    else:
        assert old in MAKER
        program = MAKER.replace(old, new)
    asked = teacher(program)
    found = tried(asked)
    assert not lessons(found) and {row.reason for row in found} == {reason}
    assert [row.operator for row in found] == ["program", "mended"] and all(evidence in row.evidence for row in found), found[0].evidence
    assert all("def " in row.raw and row.meta["program"] for row in found)
    mend = asked.tagged("mend")[0].prompt
    assert program.strip() in mend and f"Why: {reason}" in mend and found[0].evidence in mend, "the teacher is shown what went wrong"
    assert {row.verdict.reason for row in judged(found).rejected} == {reason}


@needs_sandbox
def test_a_program_is_mended_once_and_then_believed() -> None:
    asked = teacher(MAKER.replace('problem["has"] - problem["eats"]', 'problem["has"] - problem["ate"]'), mend=fenced(MAKER))
    found = write("generator", brief(n_lessons=8), asked)
    assert len(lessons(found)) == 12 and [row.operator for row in found if row.lesson is None] == ["program"]
    assert "KeyError: 'ate'" in asked.tagged("mend")[0].prompt and len(asked.tagged("mend")) == 1


@needs_sandbox
@pytest.mark.parametrize(
    ("solution", "reason", "evidence"),
    [
        ("I'd rather not.", "no second solution", "not Python"),
        (TeacherReply("", error="timeout"), "no second solution", "timeout"),
        (fenced("def solve(text):\n    return 3"), "no second solution", "no function answer"),
        (fenced(SOLVER + "\n1 / 0"), "no second solution", "ZeroDivisionError"),
        (fenced("def answer(text):\n    return None"), "the second solution disagrees", "45 of 45"),
        (fenced("def answer(text):\n    return 7"), "the second solution disagrees", "the second program says '7'"),
    ],
)
def test_without_a_second_solution_that_agrees_nothing_is_taught(solution: object, reason: str, evidence: str) -> None:
    found = tried(teacher(solution=solution))
    assert not lessons(found) and {row.reason for row in found} == {reason} and evidence in found[0].evidence


@needs_sandbox
def test_the_second_solution_sees_texts_alone() -> None:
    asked = teacher()
    write("generator", brief(n_lessons=4), asked)
    [request] = asked.tagged("solution")
    texts = re.findall(r"Problem \d+:\n(.+)", request.prompt)
    assert len(set(texts)) == N_TEXTS and "def generate" not in request.prompt and "figs" not in request.prompt
    assert not any(re.search(rf"^{largest(text)}$", request.prompt, re.MULTILINE) for text in texts)


@needs_sandbox
def test_accepted_programs_prove_no_lesson_the_verifier_compares_each_answer() -> None:
    """Wrong in one item of twelve: too few to refuse the program, and each of them is refused by the verifier."""
    program = MAKER.replace('return problem["has"] - problem["eats"]', 'return problem["has"] - problem["eats"] + (problem.get("who") == "Fay" and problem["what"] == "pens")')
    found = write("generator", brief(n_lessons=40), teacher(program))
    result = judged(found)
    wrong = [row for row in result.rejected if row.verdict.step == "verifier"]
    assert wrong and {row.verdict.reason for row in wrong} == {"answer and check differ"}
    assert all("Fay" in row.candidate.lesson.prompt and "pens" in row.candidate.lesson.prompt for row in wrong if row.candidate.lesson)
    assert len(result.kept) > 40 and all(verify(row).evidence == "program" for row in result.kept)
    assert {verify(replace(row, check="")).outcome for row in result.kept} == {"unverifiable"}


@needs_sandbox
def test_an_item_that_the_second_solution_cannot_read_is_no_lesson_and_is_not_put_to_the_teacher() -> None:
    picky = SOLVER.replace("if len(numbers) == 2", 'if "Fay" not in text or "pens" not in text')
    asked = teacher(solution=fenced(picky))
    found = write("generator", brief(n_lessons=40), asked)
    dropped = reasons(found)["the second solution gives no answer"]
    assert dropped and all("Fay" in row.raw and row.meta["program"] for row in dropped) and len(lessons(found)) >= 50
    assert {request.tag for request in asked.requests} == {"generator/program", "generator/solution"}


@needs_sandbox
def test_the_golds_of_failures_that_no_prompt_showed_are_tried_too() -> None:
    """A program that knows by heart what it was shown falls over the others."""
    shown = [failure(i) for i in range(8)]
    knows = "\n".join(f"    if {f.prompt!r} in text: return {{'has': {int(f.gold) + 1}, 'eats': 1}}" for f in shown)
    by_heart = re.sub(r"def read\(text\):\n(.*\n)*", lambda _: f"def read(text):\n{knows}\n    return {{'has': 99, 'eats': 1}}\n", MAKER)
    assert lessons(write("generator", brief(n_lessons=1, n_failures=8), teacher(by_heart))), "where all were shown it can't be told apart"
    found = tried(teacher(by_heart), n_failures=30)
    assert not lessons(found) and set(reasons(found)) == {"disagrees with a gold answer"}


@needs_sandbox
def test_copies_of_failures_and_repeated_problems_are_left_out() -> None:
    copying = MAKER.replace("return form[", 'if problem["has"] < 9: return "Ann has 3 figs and eats 2. How many are left?"\n    return form[')
    asked = teacher(copying, solution=fenced(SOLVER))
    found = lessons(write("generator", brief(n_lessons=12), asked))
    bare = [row.prompt for row in found]
    assert len(set(bare)) == len(bare) and not any(prompt.startswith("Ann has 3 figs") for prompt in bare)


@needs_sandbox
def test_cut_and_failed_replies_are_rows() -> None:
    found = write("generator", brief(n_lessons=1), teacher(program=TeacherReply("", error="timeout")))
    assert set(reasons(found)) == {"teacher: timeout"}
    asked = teacher()
    asked.answers["program"] = cut(fenced(MAKER))
    assert [row.reason for row in tried(asked)][:1] == ["cut off by its length"]


def test_without_a_sandbox_nothing_is_asked_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "not here"),))
    started: list[object] = []
    monkeypatch.setattr("subprocess.Popen", lambda *arguments, **_: started.append(arguments))
    asked = teacher()
    found = write("generator", brief(n_lessons=40), asked)
    assert (len(found), asked.requests, started) == (1, [], [])
    [row] = judged(found).rejected
    assert (row.verdict.outcome, row.verdict.step) == ("unverifiable", "strategy")
    assert row.verdict.reason.startswith("no sandbox") and "not here" in row.verdict.evidence


@needs_sandbox
def test_a_sandbox_that_gives_out_on_the_way_ends_the_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    from curricula.sandbox.run import NoSandbox

    def gone(*_: object) -> object:
        raise NoSandbox("the sandbox could not be built", where="refused")

    monkeypatch.setattr(programs, "call", gone)
    found = write("generator", brief(n_lessons=60), teacher())
    assert [(row.outcome, row.evidence) for row in found] == [("unverifiable", "refused")]


def test_answers_are_read_as_a_suite_would_write_them() -> None:
    values: list[tuple[object, str]] = [(True, "yes"), (4.0, "4"), (2.5, "2.5"), (["a", 3], "a, 3"), ("  Di \n", "Di"), (None, ""), ({"a": 1}, ""), (10**9000, ""), ("7" * 401, "")]
    assert [programs.as_answer(value) for value, _ in values] == [text for _, text in values]




def test_numbers_without_end_do_not_break_the_fit() -> None:
    items = [programs.Item("How many?", "9" * 390 if level else "1", 0, level) for level in (0.0, 0.5, 1.0)]
    assert programs.fit_levels(items, read_prompts([failure(0)])) == [0.0], "by the length of the answer alone"
    assert programs.fit_levels(items, read_prompts([replace(failure(0), gold="9" * 200)])) == [0.5]
