"""Generator's counts and orders: how many failures, texts, draws, programs. The programs of this file are its own and run in the process."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from curricula.lesson import Candidate, Failure
from curricula.sandbox import tiers
from curricula.sandbox.call import Called, Result
from curricula.sandbox.run import Limits
from curricula.strategies import programs
from curricula.teacher import TeacherReply
from tests.curricula.teachers import Teacher, brief, failure, judged, lessons, reasons, write
from tests.curricula.test_strategies_generator import MAKER, SOLVER, fenced, largest, teacher

WRONG = MAKER.replace('problem["has"] - problem["eats"]', 'problem["has"] + problem["eats"]')


class InProcess:
    """Calls a program as the sandbox would, with no jail around it; keeps what was called."""

    def __init__(self) -> None:
        self.calls: list[Sequence[tuple[str, tuple[Any, ...]]]] = []

    def __call__(self, source: str, calls: Sequence[tuple[str, tuple[Any, ...]]], limits: Limits) -> Called:
        self.calls.append(calls)
        names: dict[str, Any] = {}
        exec(source, names)
        results = []
        for name, given in calls:
            try:
                results.append(Result(names[name](*given)))
            except Exception as error:
                results.append(Result(error=f"{type(error).__name__}: {error}"))
        return Called(tuple(results))


@pytest.fixture
def jail(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    found = InProcess()
    monkeypatch.setattr(programs, "call", found)
    monkeypatch.setattr(tiers, "in_force", lambda: tiers.TierInfo("namespaces", True, ""))
    return found


def made(asked: Teacher, n_lessons: int = 8, **more: Any) -> list[Candidate]:
    return write("generator", brief(n_lessons=n_lessons, **more), asked)


def shown(prompt: str) -> int:
    return prompt.count("The right answer:")


def test_a_program_gives_24_lessons_then_another_one_sees_other_failures(jail: InProcess) -> None:
    asked = teacher()
    found = lessons(made(asked, 32, n_failures=30))
    assert len(found) == 48 and len(asked.tagged("program")) == 2 and [shown(request.prompt) for request in asked.tagged("program")] == [8, 8]
    first, second = ({i for i in range(30) if failure(i).prompt in request.prompt} for request in asked.tagged("program"))
    assert not first & second
    few = teacher()
    made(few, 40, n_failures=9)
    assert [shown(request.prompt) for request in few.tagged("program")] == [3, 3, 3], "three programs share nine failures"
    alone = teacher()
    made(alone, 1, n_failures=30)
    assert [shown(request.prompt) for request in alone.tagged("program")] == [8]


def test_twice_as_many_problems_are_drawn_as_lessons_are_wanted_and_no_more_are_taught(jail: InProcess) -> None:
    found = made(teacher(), 8)
    drawn = [len(calls) for calls in jail.calls if calls[0][0] == "generate"]
    assert drawn == [45, 45, 24] and len(found) == 12
    assert len({row.meta["seed"] for row in lessons(found)}) == 12


def test_the_second_program_is_written_from_six_texts_over_all_difficulties(jail: InProcess) -> None:
    asked = teacher()
    made(asked)
    [request] = asked.tagged("solution")
    texts = re.findall(r"Problem \d+:\n(.+)", request.prompt)
    assert len(texts) == 6 and largest(texts[0]) <= 12 and max(map(largest, texts)) > 200
    assert request.temperature == 0.2 and request.max_tokens == 1500 == asked.tagged("program")[0].max_tokens
    [answered] = [calls for calls in jail.calls if calls[0][0] == "answer"][:1]
    assert len(answered) == 45, "but it answers all of the trial"


def test_a_bad_program_is_mended_once_with_reason_and_evidence(jail: InProcess) -> None:
    asked = teacher(WRONG)
    found = made(asked, 1)
    assert [row.operator for row in found] == ["program", "mended"] * 2 and len(asked.tagged("program")) == 2 == len(asked.tagged("mend"))
    mend = asked.tagged("mend")[0]
    assert "Why: disagrees with a gold answer\n" in mend.prompt and found[0].evidence in mend.prompt and (mend.temperature, mend.max_tokens) == (0.2, 1500)
    assert not asked.tagged("solution"), "no second program for one that is refused anyway"
    gone = teacher(program=TeacherReply("", error="timeout"))
    assert {row.reason for row in made(gone, 1)} == {"teacher: timeout"} and not gone.tagged("mend")
    lost = teacher(WRONG, mend=TeacherReply(fenced(MAKER), error="budget spent"))
    assert [row.reason for row in made(lost, 1)][:2] == ["disagrees with a gold answer", "teacher: budget spent"] and not lessons(made(lost, 1))


def test_a_program_that_the_second_one_contradicts_is_a_row_with_both(jail: InProcess) -> None:
    row = made(teacher(solution=fenced("def answer(text):\n    return 7")), 1)[0]
    assert row.reason == "the second solution disagrees" and row.meta["solution_text"] == "def answer(text):\n    return 7" and row.meta["program"] == programs.program_hash(MAKER.strip())
    silent = made(teacher(solution=TeacherReply(fenced(SOLVER), error="timeout")), 1)[0]
    assert (silent.reason, silent.evidence) == ("no second solution", "timeout")


def test_seeds_depend_on_the_program_and_the_brief(jail: InProcess) -> None:
    def seeds(source: str, seed: int) -> set[int]:
        return {row.meta["seed"] for row in lessons(write("generator", replace(brief(n_lessons=8), seed=seed), teacher(source)))}

    one, other, later = seeds(MAKER, 5), seeds(MAKER + "\n# another\n", 5), seeds(MAKER, 6)
    assert len(one) == len(other) == len(later) == 12 and not one & other and not one & later


def hard(i: int) -> Failure:
    return replace(failure(i), prompt=f"Ann has {960 + i} figs and eats {400 + 3 * i}. How many are left? Answer with only the number.", gold=str(560 - 2 * i))


def test_difficulty_is_the_failures_own_give_or_take_half_a_step_and_a_quarter_is_easier(jail: InProcess) -> None:
    found = lessons(made(teacher(), 32, failures=tuple(map(hard, range(8)))))
    levels = [row.meta["difficulty"] for row in found]
    assert max(levels) == 1.0 and all(0 <= level <= 1 for level in levels)
    near = [level for level in levels if level > 0.875 - 0.0601]
    assert len(near) < len(levels) * 0.9 and len(near) > len(levels) * 0.6
    assert sum(level * 8 % 1 != 0 for level in near) > len(near) / 3, "between the levels of the trial too"
    assert min(row.meta["difficulty"] for row in lessons(made(teacher(), 32))) >= 0.0


def test_only_failures_that_the_program_reads_set_its_difficulty_and_lend_their_dress(jail: InProcess) -> None:
    other = tuple(replace(failure(i), prompt=f"Zoe counts {900_000 + i} stars and then four more. What does that make? Reply in digits alone.", gold=str(900_004 + i)) for i in range(5))
    found = lessons(made(teacher(), 16, failures=(*other, *(failure(i) for i in range(3)))))
    assert found and max(row.meta["difficulty"] for row in found) < 0.3 and all(row.prompt.endswith("Answer with only the number.") for row in found)


def test_problems_are_new_but_for_case_and_space(jail: InProcess) -> None:
    copying = MAKER.replace("return form[", "if problem['has'] < 9: return 'ANN has 3 figs  and eats 2.' + chr(10) * (problem['has'] % 2) + ' How many are left?'\n    return form[")
    found = made(teacher(copying), 8)
    assert len(lessons(found)) > 6 and not any(row.prompt.lower().startswith("ann has 3") for row in lessons(found))
    few = MAKER.replace("return form[", "if problem['has'] < 9: return 'Bo had 9 nuts' + ' ' * problem['has'] + 'and lost 2. How many are left?'\n    return form[")
    few = few.replace('return problem["has"] - problem["eats"]', 'return 7 if "who" in problem and problem["has"] < 9 else problem["has"] - problem["eats"]')
    bare = [" ".join(row.prompt.split()) for row in lessons(made(teacher(few), 16))]
    assert len(set(bare)) == len(bare) > 8 and sum(text.startswith("Bo had 9 nuts and") for text in bare) == 1


def test_a_program_that_breaks_over_its_own_draws_is_a_row(jail: InProcess) -> None:
    late = MAKER.replace("rng = random.Random(seed)", "rng = random.Random(seed)\n    if difficulty * 8 % 1: raise ValueError('too odd')")
    row = made(teacher(late), 1)[0]
    assert row.reason == "the program fails" and "too odd" in row.evidence and row.operator.startswith("program_") and row.meta["program"]


def test_every_lesson_tells_its_answers_by_both_and_the_text_of_the_programs_comes_once(jail: InProcess) -> None:
    found = lessons(made(teacher(), 8))
    assert [("program_text" in row.meta, "solution_text" in row.meta) for row in found] == [(True, True)] + [(False, False)] * 11
    for row in found:
        said = json.loads(row.raw)
        assert said["answer"] == said["second"] == row.answer == row.check and said["problem"] in row.prompt
    doubting = lessons(made(teacher(solution=fenced(SOLVER.replace("numbers[0] - numbers[1] if", "numbers[0] - numbers[1] + (numbers[0] == 7) if"))), 24))
    differ = [row for row in doubting if row.check != row.answer]
    assert differ and Counter(row.verdict.reason for row in judged([*map(_as_candidate, differ)]).rejected if row.verdict.step == "verifier") == {"answer and check differ": len(differ)}
    assert not reasons(made(teacher(), 8))


def _as_candidate(row: Any) -> Candidate:
    return Candidate(row, weakness_id="W7", strategy="generator")


def test_options_are_asked_for_where_the_failures_have_some(jail: InProcess) -> None:
    listed = tuple(replace(failure(i), prompt=f"Which of these is {i + 2} plus 1?\nA. {i + 2}\nB. {i + 3}\nC. {i + 9}\nAnswer with only the letter.", gold="B") for i in range(3))
    asked = teacher()
    made(asked, 1, failures=listed)
    assert "List the options inside the text" in asked.tagged("program")[0].prompt and "List the options" in asked.tagged("mend")[0].prompt
