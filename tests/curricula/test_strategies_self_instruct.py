"""Self-Instruct rule by rule, against a scripted teacher; the pool of 175 human tasks where it is at hand."""

from __future__ import annotations

import pytest

from curricula.filters.rouge import RougePool
from curricula.lesson import Lesson
from curricula.strategies.seeds import task_line
from curricula.strategies.self_instruct import bad_instances, read_inputs, read_labels, read_tasks, unfit
from curricula.teacher import TeacherReply
from probes.errors import WeakspotError
from tests.curricula.teachers import (
    SEED_TASKS,
    SEEDS,
    Teacher,
    brief,
    check_provenance,
    cut,
    human_tasks,
    judged,
    lessons,
    reasons,
    write,
)

FRESH = ["How many eggs remain when {n} of 40 eggs hatch?", "Take {n} away from 77 and tell the result.", "A jar of 50 sweets loses {n} sweets. What stays?",
         "Ben pays {n} coins out of 63. What is in his purse now?", "Give the difference between {n} and 91.", "Of 30 birds {n} fly off; say how large the flock is then."]  # fmt: skip


def listed(*tasks: str, first: int = 9) -> str:
    return "\n".join(f"{first + i}. {task}" for i, task in enumerate(tasks)).removeprefix(f"{first}.")


def teacher(tasks: object, **more: object) -> Teacher:
    answers = {"tasks": tasks, "classify": "No", "input_first": "Output: 12", "labels_first": "Class label: yes\nNumber: 4\nClass label: no\nNumber: 5", "solve": "12"}
    return Teacher(**{**answers, **more})  # type: ignore[arg-type]


def test_new_tasks_become_lessons_and_everything_adds_up() -> None:
    asked = teacher(lambda request, n: listed(*(task.format(n=n + 3) for task in FRESH)))
    found = write("self_instruct", brief(n_lessons=4), asked)
    check_provenance(found, "self_instruct", asked)
    kept = judged(found).kept
    assert len(kept) == 6 and all(row.prompt.endswith("Answer with only the number.") and row.completion == "12" for row in kept)
    assert {row.check_kind for row in kept} == {"agreement"} and {row.operator for row in kept} == {"input_first"}
    request = asked.tagged("tasks")[0]
    assert (request.temperature, request.top_p, request.presence_penalty) == (0.7, 0.5, 2.0)
    assert request.stop == ("\n16.", "\n16 .") and request.max_tokens == 1024
    assert {(r.temperature, r.max_tokens) for r in asked.tagged("classify")} == {(0.0, 4)} and {r.temperature for r in asked.tagged("input_first")} == {0.0}
    assert all("Give 2 where the task takes an input" in r.prompt for r in asked.tagged("input_first"))


def test_the_sampling_is_six_human_and_two_machine_tasks_shuffled() -> None:
    machine = tuple(
        Lesson(f"Old machine task number {i} about eggs.", "3", "3", strategy="self_instruct", depth=depth) for i, depth in ((1, 1), (2, 1), (3, 1), (4, 2))
    )
    given = brief(n_lessons=40, earlier=machine)
    asked = teacher("no list at all")
    write("self_instruct", given, asked)
    human_lines, machine_lines = {task_line(row) for row in SEEDS}, {row.prompt.rstrip(":") for row in machine[:3]}
    places = set()
    for request in asked.tagged("tasks"):
        items = [line.split(". ", 1)[1] for line in request.prompt.splitlines() if line[:1].isdigit() and ". " in line]
        assert len(items) == 8 and sum(item in human_lines for item in items) == 6 and sum(item in machine_lines for item in items) == 2
        assert machine[3].prompt not in request.prompt, "a row of depth 2 is never shown"
        places |= {i for i, item in enumerate(items) if item in machine_lines}
        assert request.prompt.rstrip().endswith("\n9.")
    assert len(places) > 3, "shuffled: machine tasks stand anywhere"
    candidate = write("self_instruct", given, teacher(listed(FRESH[0].format(n=3))))[0]
    assert candidate.lesson and candidate.lesson.depth == 2 and len(candidate.lesson.parents) == 8 + 3


def test_without_machine_tasks_people_fill_their_places_and_proved_ones_join_the_pool() -> None:
    asked = teacher(lambda request, n: listed(*(task.format(n=n + 3) for task in FRESH[n % 2 :: 2])))
    found = write("self_instruct", brief(n_lessons=9), asked)
    first, later = asked.tagged("tasks")[0].prompt, asked.tagged("tasks")[-1].prompt
    assert sum(task_line(row) in first for row in SEEDS) == 8
    assert sum(task_line(row) in later for row in SEEDS) == 6
    assert {row.depth for row in lessons(found)} == {1, 2}
    unproved = teacher(lambda request, n: listed(*(task.format(n=n + 3) for task in FRESH[n % 2 :: 2])), solve="13")
    write("self_instruct", brief(n_lessons=9), unproved)
    assert all(sum(task_line(row) in r.prompt for row in SEEDS) == 8 for r in unproved.tagged("tasks")), "what disagrees is not shown as an example"


def test_a_completion_cut_by_its_length_is_dropped_whole() -> None:
    found = write("self_instruct", brief(n_lessons=2), teacher(cut(listed(*FRESH))))
    assert not lessons(found) and set(reasons(found)) == {"cut off by its length"}


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("Add two numbers", "three words or fewer"),
        ("Name " + "very " * 150 + "old things", "more than 150 words"),
        ("Describe the image of a fig tree.", "needs more than text"),
        ("Read the graph and name its peak.", "needs more than text"),
        ("Open the file and count its lines.", "needs more than text"),
        ("Look at the pictures and count.", "needs more than text"),
        ("Say what the photo shows us.", "needs more than text"),
        ("Find the town on a map.", "needs more than text"),
        ("Draw a fig beside the tree.", "needs more than text"),
        ("Plot the figs against their weight.", "needs more than text"),
        ("Go to the market and count figs.", "needs more than text"),
        ("Write a program that adds two numbers.", "asks for a program"),
        ("WRITE A PROGRAM that adds two numbers.", "asks for a program"),
        (", count the figs that are left.", "begins with punctuation or a foreign character"),
        ("Élan has nine figs, how many are odd?", "begins with punctuation or a foreign character"),
        ("¿How many figs are there now?", "begins with punctuation or a foreign character"),
    ],
)
def test_each_heuristic_drops_its_own(task: str, reason: str) -> None:
    assert unfit(task) == reason
    asked = teacher(listed(task, FRESH[0].format(n=5)))
    found = write("self_instruct", brief(n_lessons=1), asked)
    row = reasons(found)[reason][0]
    assert row.raw == " ".join(task.split()) and row.step == "strategy" and lessons(found)
    assert not any(task in request.prompt for request in asked.tagged("classify"))


def test_words_that_only_contain_a_forbidden_one_pass() -> None:
    assert unfit("Imagine a profile of the typographer and count letters.") == "" and unfit("Count four red figs.") == ""
    assert unfit(" ".join(["word"] * 150)) == ""
    assert unfit(" ".join(["word"] * 151)) == "more than 150 words"


def test_the_rouge_gate_holds_against_humans_and_against_what_was_kept() -> None:
    near_human = "Name the oldest river that people sail on in summer."
    twice = [FRESH[0].format(n=5), FRESH[0].format(n=6)]
    found = write("self_instruct", brief(n_lessons=1), teacher(listed(near_human, *twice)))
    dropped = reasons(found)["too like another task"]
    assert [row.raw for row in dropped][:2] == [near_human, twice[1]] and dropped[0].evidence.startswith("ROUGE-L 0.9")
    assert [row.meta["instruction"] for row in lessons(found)] == [twice[0]]


def test_a_task_of_an_earlier_cycle_is_in_the_pool_too() -> None:
    earlier = (Lesson(FRESH[0].format(n=5), "35", "35", strategy="self_instruct", depth=1),)
    found = write("self_instruct", brief(n_lessons=1, earlier=earlier), teacher(listed(FRESH[0].format(n=6), FRESH[1].format(n=6))))
    assert reasons(found)["too like another task"][0].evidence.endswith(earlier[0].prompt) and [row.meta["instruction"] for row in lessons(found)] == [FRESH[1].format(n=6)]


def test_a_reply_without_an_instance_is_a_row() -> None:
    found = write("self_instruct", brief(n_lessons=1), teacher(listed(FRESH[0].format(n=5)), input_first="I have none."))
    assert [row.raw for row in reasons(found)["no instance in the reply"]][:1] == ["I have none."] and not lessons(found)


def test_labels_come_first_for_classification_and_inputs_for_the_rest() -> None:
    asked = teacher(listed("Is the number even? Say yes or no.", FRESH[1].format(n=4)),
                    classify=lambda request, n: "Yes" if "even" in request.prompt.rsplit("Task:", 1)[1] else "No",
                    input_first="Example 1\nInput: 5\nOutput: 12\nExample 2\nInput: 6\nOutput: 13", solve="yes")  # fmt: skip
    found = lessons(write("self_instruct", brief(n_lessons=2), asked))
    assert [(row.operator, row.answer) for row in found] == [("labels_first", "yes"), ("labels_first", "no"), ("input_first", "12"), ("input_first", "13")]
    assert found[0].meta == {"instruction": "Is the number even? Say yes or no.", "input": "Number: 4"}
    assert "Number: 4" in found[0].prompt and len(asked.tagged("labels_first")) == 1 == len(asked.tagged("input_first"))


def test_the_last_instance_of_a_reply_that_was_cut_is_dropped() -> None:
    reply = cut("Example 1\nInput: 5\nOutput: 12\nExample 2\nInput: 6\nOutput: 1")
    asked = teacher(listed(FRESH[0].format(n=5)), input_first=reply)
    assert [row.meta["input"] for row in lessons(write("self_instruct", brief(n_lessons=1), asked))] == ["5"]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a", "1"), ("b", "2")], ["", ""]),
        ([("a", "1"), ("a", "2"), ("b", "3")], ["equal inputs with different outputs"] * 2 + [""]),
        ([("Same text", "same text")], ["output repeats the input"]),
        ([("a", "")], ["empty output"]),
        ([("a", "1"), ("A", "1")], ["", "same instance twice"]),
        ([("a", "x" * 500)], ["output longer than 400 characters"]),
        ([("", "1"), ("", "2")], ["equal inputs with different outputs"] * 2),
    ],
)
def test_bad_instances_are_dropped_for_their_reason(pairs: list[tuple[str, str]], expected: list[str]) -> None:
    assert bad_instances(pairs) == expected
    written = "\n".join(f"Example {i}\n{f'Input: {given}' if given else ''}\nOutput: {out}" for i, (given, out) in enumerate(pairs, 1))
    found = write("self_instruct", brief(n_lessons=1), teacher(listed(FRESH[0].format(n=5)), input_first=written))
    dropped = {reason: len(rows) for reason, rows in reasons(found).items() if reason != "too like another task"}
    assert dropped == {reason: expected.count(reason) for reason in expected if reason}


def test_replies_are_read_as_they_come() -> None:
    assert read_tasks(" Count the\n figs.\n10. Name a nut.\n16. Too far.", 9) == ["Count the figs.", "Name a nut."]
    assert read_tasks("9. Count figs.\n10.\n11. Name nuts.", 9) == ["Count figs.", "Name nuts."]
    assert read_inputs("Output: 5\n\nTask: another\nOutput: 6") == [("", "5")]
    assert read_labels("Class label: a\nText: x\nClass label: b\nText: y\n") == [("Text: x", "a"), ("Text: y", "b")]
    assert read_inputs("nothing here") == [] == read_labels("nothing")


def test_wrong_answers_fail_at_the_verifier_with_their_raw_text() -> None:
    asked = teacher(listed(*(task.format(n=3) for task in FRESH[:4])), solve=lambda request, n: "12" if n % 2 else "11")
    result = judged(write("self_instruct", brief(n_lessons=2), asked))
    wrong = [row for row in result.rejected if row.verdict.step == "verifier"]
    assert len(result.kept) == 2 == len(wrong) and {row.verdict.reason for row in wrong} == {"answer and check differ"}
    assert all(row.candidate.lesson and row.candidate.lesson.raw == "Output: 12" for row in wrong)


def test_without_human_tasks_it_says_what_to_name() -> None:
    with pytest.raises(WeakspotError, match="needs human-made tasks") as caught:
        write("self_instruct", brief(seeds=()), teacher(""))
    assert "curriculum.seeds" in caught.value.hint


def test_a_teachers_error_is_a_row() -> None:
    found = write("self_instruct", brief(n_lessons=2), teacher(TeacherReply("", error="timeout")))
    assert set(reasons(found)) == {"teacher: timeout"}


@pytest.mark.skipif(SEED_TASKS is None, reason="the Self-Instruct seed tasks are not at hand")
def test_on_the_175_human_tasks_the_reject_log_adds_up() -> None:
    seeds = human_tasks()
    lines = [line for line in map(task_line, seeds) if 4 <= len(line.split()) <= 150]
    asked = teacher(lambda request, n: listed(lines[n], "Draw a map of the town.", *(task.format(n=n + 3) for task in FRESH)))
    found = write("self_instruct", brief(n_lessons=12, seeds=seeds), asked)
    check_provenance(found, "self_instruct", asked)
    why = {reason: len(rows) for reason, rows in reasons(found).items()}
    n_read = 7 * len(asked.tagged("tasks"))
    assert why["needs more than text"] + why["too like another task"] + len(asked.tagged("classify")) == n_read, "the 16th is not read"
    pool = RougePool(lines)
    assert all(pool.nearest(row.meta["instruction"]).score == 0.0 for row in lessons(found))
    for request in asked.tagged("tasks"):
        assert sum(f". {line}\n" in request.prompt for line in lines) >= 6
