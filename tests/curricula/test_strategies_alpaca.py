"""Alpaca rule by rule: a list of twenty in one request, human demonstrations only, the cut block dropped, the ROUGE gate."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from curricula.lesson import Lesson
from curricula.strategies.alpaca import read_list
from curricula.strategies.seeds import task_line
from curricula.teacher import TeacherRequest
from probes.errors import WeakspotError
from tests.curricula.teachers import (
    SEED_TASKS,
    SEEDS,
    Teacher,
    brief,
    check_provenance,
    cut,
    failure,
    human_tasks,
    judged,
    lessons,
    reasons,
    write,
)


def instruction(k: int) -> str:
    """Two of these share too few words for the ROUGE gate."""
    return f"Weigh amber{k} and bronze{k} and copper{k}, then say sum{k}."


def block(number: int, text: str, given: str = "<noinput>", output: str = "12") -> str:
    return f"###\n{number}. Instruction: {text}\n{number}. Input:\n{given}\n{number}. Output:\n{output}\n"


def listed(start: int, n: int = 17, first: int = 4) -> str:
    """A reply that goes on where the prompt stops: behind `4. Instruction:`."""
    whole = "".join(block(first + i, instruction(start + i)) for i in range(n))
    return whole.removeprefix(f"###\n{first}. Instruction:")


def teacher(answer: object = None, **more: object) -> Teacher:
    turn = {"n": 0}

    def tasks(request: TeacherRequest, n: int) -> str:
        turn["n"] += 1
        return listed(40 * turn["n"])

    return Teacher(**{"seeded": answer or tasks, "targeted": answer or tasks, "solve": "12", **more})  # type: ignore[arg-type]


def test_seventeen_new_tasks_a_request_become_lessons() -> None:
    asked = teacher()
    found = write("alpaca", brief(n_lessons=22), asked)
    assert len(asked.tagged("targeted")) == 1 == len(asked.tagged("seeded")), "the two kinds take turns"
    assert len(lessons(found)) == 34
    check_provenance(found, "alpaca", asked)
    kept = judged(found).kept
    assert len(kept) == 34 and all(row.completion == "12" and row.prompt.endswith("Answer with only the number.") for row in kept)
    assert all("a list of 20 diverse" in request.prompt for request in asked.requests if not request.tag.endswith("solve"))


def test_three_human_tasks_are_shown_and_machine_tasks_never() -> None:
    machine = tuple(Lesson(instruction(900 + i), "1", "1", strategy="alpaca", depth=1) for i in range(4))
    asked = teacher("nothing")
    write("alpaca", brief(n_lessons=100, earlier=machine), asked)
    shown = set()
    assert asked.tagged("seeded")
    for request in asked.tagged("seeded"):
        assert sum(task_line(row) in request.prompt for row in SEEDS) == 3 and not any(row.prompt in request.prompt for row in machine)
        assert request.prompt.rstrip().endswith("###\n4. Instruction:")
        shown |= {task_line(row) for row in SEEDS if task_line(row) in request.prompt}
    assert len(shown) > 3, "drawn at random"


def test_the_targeted_kind_shows_failures_and_names_what_was_already_written() -> None:
    written = tuple(Lesson(f"Ann has {n} figs and sells some. How many are left?", "1", "1", strategy="alpaca", depth=1, meta={"instruction": f"Ann has {n} figs and sells some."})
                    for n in range(12)) + (Lesson("Name a green gem.", "jade", "jade", strategy="alpaca", depth=1),)  # fmt: skip
    asked = teacher()
    write("alpaca", brief(n_lessons=2, earlier=written), asked)
    prompt = asked.tagged("targeted")[0].prompt
    assert prompt.count("Already written") == 1 and prompt.count("sells some.\n") == 10 and "green gem" not in prompt
    assert sum(f"Instruction: {failure(i).prompt}" in prompt for i in range(4)) == 3
    bare = teacher(lambda request, n: listed(40 * n).replace("Weigh", "How many figs are left: weigh"))
    write("alpaca", brief(n_lessons=40), bare)
    first, later = [request.prompt for request in bare.tagged("targeted")][:2]
    assert "Already written" not in first and "weigh amber" in later.partition("Already written")[2], "its own tasks count as written"


def test_the_last_block_of_a_reply_that_was_cut_is_dropped() -> None:
    text = listed(3, n=5)
    found = write("alpaca", brief(n_lessons=2), teacher(cut(text)))
    assert len(lessons(found)) == 4
    [row] = reasons(found)["cut off by its length"]
    assert row.raw.startswith("8. Instruction") and row.step == "parse"
    assert len(lessons(write("alpaca", brief(n_lessons=2), teacher(text)))) == 5, "a whole reply keeps its last block"
    assert len(read_list(text, 17, is_cut=False)) == 5


def test_what_is_too_like_a_seed_a_failure_or_another_new_task_is_dropped() -> None:
    near = [task_line(SEEDS[0]).replace("winter", "summer"), "Ann has 9 figs and eats 4. How many are left? Answer with only the number.", instruction(5), instruction(5) + " Please."]
    text = "".join(block(4 + i, one) for i, one in enumerate(near)).removeprefix("###\n4. Instruction:")
    found = write("alpaca", brief(n_lessons=1), teacher(text))
    first = [c for c in found if c.lesson is None][:3]
    assert {c.reason for c in first} == {"too like another task"} and all(c.evidence.startswith("ROUGE-L 0.") or "1.00" in c.evidence for c in first)
    assert len(lessons(found)) == 1 and lessons(found)[0].meta["instruction"] == instruction(5)


def test_no_more_than_a_list_of_twenty_is_read() -> None:
    assert len(lessons(write("alpaca", brief(n_lessons=8), teacher(listed(3, n=25))))) == 17


def test_where_fewer_are_given_more_are_new() -> None:
    def long(request: TeacherRequest, n: int) -> str:
        return listed(100 * len(asked.requests), n=25, first=3)

    asked = teacher(long)
    found = lessons(write("alpaca", brief(n_lessons=24, n_failures=2, seeds=SEEDS[:2]), asked))
    assert [sum(row.operator == kind for row in found) for kind in ("targeted", "seeded")] == [18, 18], "two failures, then two human tasks"
    assert all(request.prompt.endswith("###\n3. Instruction:") for request in asked.tagged("seeded") + asked.tagged("targeted"))


def test_a_reply_has_room_for_a_list_and_an_empty_one_costs_one_request_in_seventeen() -> None:
    asked = teacher("nothing")
    write("alpaca", brief(n_lessons=22), asked)
    assert [request.max_tokens for request in asked.requests] == [3072] * 4, "33 offered: two lists, tried twice"


def long_seed(n: int) -> Lesson:
    return Lesson(" ".join(f"w{n}x{i}" for i in range(n - 2)), "Seven it", "seven it", strategy="anchor", depth=0, source=f"test#{n}")


def test_demonstrations_have_at_most_a_hundred_words_while_there_are_some() -> None:
    seeds = (long_seed(100), long_seed(101), long_seed(99), *SEEDS[:1])
    asked = teacher("nothing")
    found = write("alpaca", brief(n_lessons=40, seeds=seeds), asked)
    shown = {n: any(f"Instruction: w{n}x0 " in request.prompt for request in asked.tagged("seeded")) for n in (99, 100, 101)}
    assert shown == {99: True, 100: True, 101: False}
    row = next(row for row in found if row.operator == "seeded")
    assert set(row.parents[-3:]) <= {seed.lesson_id for seed in seeds} and row.parents[0].startswith("p") and len(row.parents) == 6
    only_long = teacher("nothing")
    write("alpaca", brief(n_lessons=20, seeds=(long_seed(101),)), only_long)
    assert "Instruction: w101x0 " in only_long.tagged("seeded")[0].prompt


def test_tasks_of_earlier_cycles_are_not_written_again() -> None:
    earlier = (Lesson(instruction(4) + " Answer with only the number.", "12", "12", strategy="alpaca", depth=1, meta={"instruction": instruction(4)}),
               Lesson("Say which of all the quick foxes jumps over what lazy dog.", "1", "1", strategy="persona", depth=1))  # fmt: skip
    text = "".join(block(4 + i, one) for i, one in enumerate([instruction(4), earlier[1].prompt, instruction(6)])).removeprefix("###\n4. Instruction:")
    found = write("alpaca", brief(n_lessons=1, earlier=earlier), teacher(text))
    dropped = reasons(found)["too like another task"]
    assert [row.evidence for row in dropped][:2] == [f"ROUGE-L 1.00: {instruction(4)}", f"ROUGE-L 1.00: {earlier[1].prompt}"] and {row.step for row in dropped} == {"strategy"}
    assert [row.meta["instruction"] for row in lessons(found)] == [instruction(6)]


def test_the_written_list_takes_the_nearest_of_each_failure_in_turn_and_each_once() -> None:
    failures = (failure(0), replace(failure(1), prompt="Which colour has the flag of Peru?"), replace(failure(2), prompt="Which colour has the flag of Chad?"))
    figs_tasks = [f"Ann has {n} figs and sells some of them." for n in range(8)]
    flags = [f"Which colour has the flag of Chile number {n}?" for n in range(8)]
    earlier = tuple(Lesson(text, "1", "1", strategy="persona", depth=1) for text in figs_tasks + flags)
    asked = teacher("nothing")
    write("alpaca", brief(n_lessons=1, failures=failures, earlier=earlier), asked)
    named = re.findall(r"^- (.+)$", asked.tagged("targeted")[0].prompt, re.MULTILINE)
    assert len(named) == len(set(named)) == 10, "two failures share their nearest; each is named once"
    assert sum(text in figs_tasks for text in named) >= 3 and sum(text in flags for text in named) >= 3, "no failure takes the whole list"
    assert {text in figs_tasks for text in named[:3]} == {True, False}


def test_an_input_stands_below_its_instruction() -> None:
    text = "".join(block(4 + i, instruction(i), given, "x" * n) for i, (given, n) in enumerate([("amber: 4", 400), ("No input", 3)])).removeprefix("###\n4. Instruction:")
    one, other = lessons(write("alpaca", brief(n_lessons=1), teacher(text)))[:2]
    assert one.prompt.startswith(f"{instruction(0)}\n\namber: 4") and one.meta == {"instruction": instruction(0), "input": "amber: 4"}
    assert "o input" not in other.prompt and len(one.answer) == 400, "400 characters are still an answer"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Add 2 and 3.\n4. Input:\n<noinput>\n4. Output:\n5\n\n###\n5. Instruction: Double it.\n5. Input:\n7\n5. Output:\n14", [("Add 2 and 3.", "", "5"), ("Double it.", "7", "14")]),
        ("###\n4. Instruction: Add 2 and 3.\n4. Input: No input\n4. Output: 5\n###", [("Add 2 and 3.", "", "5")]),
        ("4. Instruction: Add\n2 and 3.\nInput: <no input>\nOutput: 5", [("Add 2 and 3.", "", "5")]),
    ],
)  # fmt: skip
def test_lists_are_read_as_they_come(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(task.instruction, task.input, task.output) for task in read_list(text, 17, is_cut=False)] == expected


def test_bad_blocks_are_rows_with_their_reason_and_raw_text() -> None:
    text = "".join([block(4, instruction(1)), block(5, instruction(2), output=""), block(6, "", output="9"), block(7, instruction(3), output="x" * 500)]).removeprefix("###\n4. Instruction:")
    found = write("alpaca", brief(n_lessons=1), teacher(text))
    why = reasons(found)
    for reason in ("block without an output", "block without an instruction", "output longer than 400 characters"):
        assert why[reason][0].raw and why[reason][0].step == "parse"


def test_a_reply_without_a_task_is_a_row() -> None:
    found = write("alpaca", brief(n_lessons=1), teacher("   "))
    assert set(reasons(found)) == {"no task in the reply"}


def test_wrong_answers_fail_at_the_verifier_with_their_raw_text() -> None:
    result = judged(write("alpaca", brief(n_lessons=6), teacher(solve=lambda request, n: "12" if n % 3 else "13")))
    wrong = [row for row in result.rejected if row.verdict.reason == "answer and check differ"]
    assert len(result.kept) == 11 and len(wrong) == 6 and all("Instruction:" in row.candidate.lesson.raw for row in wrong if row.candidate.lesson)


def test_without_human_tasks_it_says_what_to_name() -> None:
    with pytest.raises(WeakspotError, match="needs human-made tasks"):
        write("alpaca", brief(seeds=()), teacher())


@pytest.mark.skipif(SEED_TASKS is None, reason="the Self-Instruct seed tasks are not at hand")
def test_a_kept_lesson_costs_less_than_self_instructs_on_the_same_human_tasks() -> None:
    from tests.curricula.test_strategies_self_instruct import FRESH
    from tests.curricula.test_strategies_self_instruct import listed as listed_tasks
    from tests.curricula.test_strategies_self_instruct import teacher as self_instruct_teacher

    seeds = human_tasks()
    one = teacher()
    other = self_instruct_teacher(lambda request, n: listed_tasks(*(task.format(n=n + 3) for task in FRESH)))
    costs = {}
    for name, asked in (("alpaca", one), ("self_instruct", other)):
        kept = judged(write(name, brief(n_lessons=11, seeds=seeds), asked)).kept
        costs[name] = asked.spent_usd / len(kept)
    assert costs["alpaca"] < 0.5 * costs["self_instruct"], costs
