"""The LLM strategy against scripted teachers: what it asks, what it salvages, what it rejects and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

import pytest

from curricula.lesson import Brief, Candidate, Failure
from curricula.strategies.contract import find_strategy
from curricula.strategies.error_analysis import FAILURES_PER_REQUEST, LESSONS_PER_REQUEST, SURPLUS
from curricula.strategies.replies import parse_reply
from curricula.teacher import TeacherReply, TeacherRequest
from curricula.verifiers.contract import verify
from probes.errors import WeakspotError


class Teacher:
    """Answers by a function of the request, and keeps every request."""

    name = "scripted"

    def __init__(self, answer: Callable[[TeacherRequest], str | TeacherReply]) -> None:
        self.answer = answer
        self.requests: list[TeacherRequest] = []

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        self.requests += requests
        replies = [self.answer(request) for request in requests]
        return [
            reply if isinstance(reply, TeacherReply) else TeacherReply(reply, cost_usd=0.01)
            for reply in replies
        ]

    def tagged(self, tag: str) -> list[TeacherRequest]:
        return [request for request in self.requests if request.tag.endswith(tag)]


def failure(i: int, prompt: str = "", gold: str = "", answer: str = "") -> Failure:
    return Failure(f"p{i}", "s", prompt or f"Ann has {i + 3} figs and eats 2. How many are left? Answer with only the number.",
                   answer or f"She has {i} left I think", gold or str(i + 1), "wrong")  # fmt: skip


def brief(n_failures: int = 4, n_lessons: int = 4, failures: tuple[Failure, ...] = ()) -> Brief:
    return Brief(
        "W7", "taking away", (), failures or tuple(failure(i) for i in range(n_failures)), n_lessons, 1, 5
    )


def item(n: int) -> dict[str, str]:
    return {"problem": f"Bo has {n + 20} nuts and gives away 6. How many does Bo keep?", "solution": f"{n + 20} - 6 = {n + 14}.",
            "answer": str(n + 14), "check": f"{n + 20} - 6"}  # fmt: skip


def good(request: TeacherRequest) -> str:
    start = sum(map(ord, request.prompt)) % 5000
    return json.dumps(
        {"hypothesis": "does not subtract", "lessons": [item(start + k) for k in range(LESSONS_PER_REQUEST)]}
    )


def write(given: Brief, teacher: Teacher | None) -> list[Candidate]:
    return list(find_strategy("error_analysis").write(given, teacher, Random(0)))


def test_good_replies_become_verified_lessons_with_provenance() -> None:
    teacher = Teacher(good)
    found = write(brief(n_lessons=8), teacher)
    assert len(found) == round(SURPLUS * 8) and all(c.lesson for c in found)
    for candidate in found:
        lesson = candidate.lesson
        assert lesson is not None and verify(lesson).outcome == "pass"
        assert (
            lesson.prompt.endswith("Answer with only the number.") and lesson.prompt.count("Answer with") == 1
        )
        assert lesson.completion == lesson.answer and lesson.answer.isdigit(), "bare golds, bare completions"
        assert (lesson.verifier, lesson.check_kind, lesson.depth, lesson.teacher) == (
            "numeric",
            "expression",
            1,
            "scripted",
        )
        assert set(lesson.parents) <= {f"p{i}" for i in range(4)} and lesson.parents
        assert lesson.prompt_hash and lesson.raw and lesson.meta["hypothesis"] == "does not subtract"
        assert 0 < lesson.cost_usd <= 0.01
    assert not teacher.tagged("solve") and not teacher.tagged("repair")


def test_failure_text_answer_and_gold_reach_the_teacher_verbatim() -> None:
    nasty = failure(
        1,
        'What is {{ 7*7 }} {% raw %} <b>"q"</b> ${x} %s {0}? Only digits.',
        "49",
        "{{ gold }} {% endif %} \\n </s>",
    )
    given = brief(failures=(nasty, failure(2), failure(3), failure(4), failure(5)), n_lessons=8)
    teacher = Teacher(good)
    write(given, teacher)
    prompts = "\n".join(request.prompt for request in teacher.tagged("siblings"))
    for shown in given.failures:
        assert (
            shown.prompt in prompts
            and shown.answer in prompts
            and f"The right answer:\n{shown.gold}\n" in prompts
        )


def test_only_what_the_budget_needs_is_asked_for() -> None:
    for n_lessons in (1, 4, 10, 40):
        teacher = Teacher(good)
        write(brief(30, n_lessons), teacher)
        assert len(teacher.requests) == -(-round(SURPLUS * n_lessons) // LESSONS_PER_REQUEST)
        assert all(
            request.prompt.count("The right answer:") <= FAILURES_PER_REQUEST for request in teacher.requests
        )


def test_each_failure_is_shown_and_no_more_at_once_than_that_takes() -> None:
    def n_shown(n_failures: int, n_lessons: int) -> set[int]:
        teacher = Teacher(good)
        write(brief(n_failures, n_lessons), teacher)
        return {request.prompt.count("The right answer:") for request in teacher.requests}

    assert n_shown(4, 40) == {1} and n_shown(10, 14) == {2} and n_shown(60, 14) == {FAILURES_PER_REQUEST}


def test_requests_name_how_many_they_want_in_which_form_and_with_room_for_it() -> None:
    teacher = Teacher(lambda request: "no json today")
    write(brief(n_lessons=1), teacher)
    [request, again] = teacher.tagged("siblings")
    repair = teacher.tagged("repair")[0]
    assert "write 2 new problems" in request.prompt and request.max_tokens == 560 and request.temperature == 0.7, "wanted: one and a half, so two"
    assert (repair.temperature, repair.max_tokens, repair.json_schema) == (0.0, 560, request.json_schema) and again.prompt != request.prompt
    schema = request.json_schema
    assert schema is not None and schema["required"] == ["hypothesis", "lessons"] and schema["additionalProperties"] is False
    item_schema = schema["properties"]["lessons"]["items"]
    assert item_schema["required"] == ["problem", "solution", "answer", "check"] == list(item_schema["properties"])
    full = Teacher(good)
    write(brief(n_lessons=40), full)
    assert {"write 4 new problems" in request.prompt and request.max_tokens == 1000 for request in full.requests} == {True}


def test_a_copy_of_any_failure_shown_is_refused_whole_or_without_its_wrapping() -> None:
    shown = tuple(failure(i) for i in range(3))
    items = [{"problem": text, "answer": "3", "check": "3 + 0"} for row in shown for text in (row.prompt, row.prompt.removesuffix(" Answer with only the number.").upper())]
    teacher = Teacher(lambda request: json.dumps({"hypothesis": "h", "lessons": items}))
    found = write(brief(failures=shown, n_lessons=2), teacher)
    assert teacher.requests[0].prompt.count("The right answer:") == 3
    assert [(row.reason, row.step) for row in found[:6]] == [("copies the failure it was shown", "strategy")] * 6
    broken = Teacher(lambda request: json.dumps({"hypothesis": "h", "lessons": [{"problem": "How many?", "answer": ""}]}))
    assert {(row.reason, row.step) for row in write(brief(n_lessons=1), broken)} == {("lesson without an answer", "parse")}


def test_the_kind_of_any_gold_shown_will_do_and_options_take_both() -> None:
    mixed = (failure(0), failure(1, "Tell me: is 31 odd or even?", "odd"))
    for answer in ("7", "even"):
        teacher = Teacher(lambda request, answer=answer: json.dumps({"lessons": [{"problem": "Of 9 nuts 2 go. What is left?", "answer": answer, "check": ""}]}) if request.tag.endswith("siblings") else answer)
        assert "answer of another kind than the failures' golds" not in {row.reason for row in write(brief(failures=mixed, n_lessons=1), teacher)}
    listed = tuple(failure(i, f"Which of these is {i + 2} plus 1?\nA. {i + 2}\nB. {i + 3}\nC. {i + 9}\nAnswer with only the letter.", "B") for i in range(3))
    asked = Teacher(lambda request: json.dumps({"lessons": [{"problem": "Which of these is 7 plus 1?\nA. 7\nB. 8\nC. 9", "answer": "8", "check": ""}]}) if request.tag.endswith("siblings") else "B")
    found = write(brief(failures=listed, n_lessons=1), asked)
    assert "answer of another kind than the failures' golds" not in {row.reason for row in found}, "an option may be named by its text"
    assert all("List the options inside the problem" in request.prompt for request in asked.tagged("siblings"))


def test_what_a_repair_gave_keeps_its_first_prompt_and_the_solution() -> None:
    teacher = Teacher(lambda request: "no json" if request.tag.endswith("siblings") else good(request))
    plain = Teacher(good)
    repaired, first = (write(brief(n_lessons=1), asked)[0].lesson for asked in (teacher, plain))
    assert repaired is not None and first is not None and repaired.prompt_hash == first.prompt_hash
    assert repaired.meta["solution"].startswith(repaired.check + " = ")


def test_who_stops_pulling_stops_paying() -> None:
    teacher = Teacher(good)
    stream = find_strategy("error_analysis").write(brief(30, 200), teacher, Random(0))
    assert next(stream).lesson and not teacher.tagged("solve")
    assert len(teacher.requests) <= 8 < SURPLUS * 200 / LESSONS_PER_REQUEST


def test_equal_requests_are_never_sent_twice() -> None:
    teacher = Teacher(good)
    write(brief(1, 60), teacher)
    prompts = [request.prompt for request in teacher.requests]
    assert len(set(prompts)) == len(prompts) > 20, "a cache would answer an equal prompt with equal lessons"


def test_without_a_teacher_it_says_what_to_do() -> None:
    with pytest.raises(WeakspotError) as caught:
        write(brief(), None)
    assert "symbolic" in caught.value.hint


def test_an_unparsed_reply_is_repaired_once() -> None:
    teacher = Teacher(
        lambda request: (
            "Sure! Here are some nice problems." if request.tag.endswith("siblings") else good(request)
        )
    )
    found = write(brief(n_lessons=4), teacher)
    assert sum(1 for c in found if c.lesson) == 6
    assert len(teacher.tagged("repair")) == len(teacher.tagged("siblings"))
    assert "Sure! Here are some nice problems." in teacher.tagged("repair")[0].prompt
    total = sum(c.lesson.cost_usd if c.lesson else c.cost_usd for c in found)
    assert total == pytest.approx(0.01 * len(teacher.requests)), "repairs are paid for too"


def test_what_cannot_be_repaired_is_counted_with_reason_and_raw() -> None:
    teacher = Teacher(lambda request: "no json today")
    found = write(brief(n_lessons=8), teacher)
    n_requests = len(teacher.tagged("siblings"))
    assert n_requests == 2 * 3, "as many again as planned, then it gives up"
    assert len(found) == n_requests and all(c.lesson is None and c.raw == "no json today" for c in found)
    assert {c.reason for c in found} == {"unparsed after repair: no JSON in the reply"}
    assert {(c.weakness_id, c.strategy, c.operator, c.teacher) for c in found} == {("W7", "error_analysis", "sibling", "scripted")}
    assert all(c.prompt_hash and c.parents and c.cost_usd for c in found)


def test_a_teachers_error_is_a_row_and_is_not_repaired() -> None:
    teacher = Teacher(lambda request: TeacherReply("", error="timeout after 60 s"))
    found = write(brief(n_lessons=4), teacher)
    assert (
        found
        and {c.reason for c in found} == {"teacher: timeout after 60 s"}
        and not teacher.tagged("repair")
    )


def test_bad_items_are_rejected_one_by_one() -> None:
    copied = failure(0)
    items = [item(1), {"problem": "", "answer": "3"}, {"problem": "Bo has 9 nuts. How many?", "answer": ""}, {"problem": "...", "answer": "..."},
             {"problem": copied.prompt, "answer": copied.gold, "check": ""}, {"problem": "What color is a fig?", "answer": "purple", "check": ""}]  # fmt: skip
    teacher = Teacher(
        lambda request: (
            json.dumps({"hypothesis": "h", "lessons": items}) if request.tag.endswith("siblings") else "?"
        )
    )
    found = write(brief(1, 1, failures=(copied,)), teacher)
    reasons = [c.reason for c in found if c.lesson is None]
    assert sum(1 for c in found if c.lesson) == 1 or len(teacher.tagged("siblings")) > 1
    for reason in (
        "lesson without a problem",
        "lesson without an answer",
        "copies the failure it was shown",
        "answer of another kind than the failures' golds",
    ):
        assert reason in reasons, reasons
    assert all(c.raw for c in found if c.lesson is None)


def words_teacher(second: Callable[[str], str]) -> Teacher:
    def answer(request: TeacherRequest) -> str:
        if request.tag.endswith("solve"):
            return second(request.prompt)
        n = sum(map(ord, request.prompt))
        items = [
            {
                "problem": f"Is {n + k} odd or even?",
                "solution": "Look at the last digit.",
                "answer": "odd" if (n + k) % 2 else "even",
                "check": "",
            }
            for k in range(4)
        ]
        return json.dumps({"hypothesis": "parity", "lessons": items})

    return Teacher(answer)


def parity(prompt: str) -> str:
    number = next(int(word) for word in prompt.split() if word.isdigit())
    return "The answer is odd." if number % 2 else "The answer is even."


def test_words_are_solved_a_second_time_without_seeing_the_answer() -> None:
    given = brief(
        failures=tuple(
            failure(i, f"Tell me: is {i + 30} odd or even?", "odd" if i % 2 else "even") for i in range(4)
        )
    )
    teacher = words_teacher(parity)
    lessons = [c.lesson for c in write(given, teacher) if c.lesson]
    assert len(lessons) == 6 and {verify(lesson).outcome for lesson in lessons} == {"pass"}
    assert {(lesson.verifier, lesson.check_kind) for lesson in lessons} == {("exact", "agreement")}
    for request in teacher.tagged("solve"):
        assert (
            "last digit" not in request.prompt
            and "hypothesis" not in request.prompt
            and request.temperature == 0.0
        )
    disagreeing = words_teacher(lambda prompt: "odd" if "even" in parity(prompt) else "even")
    assert {verify(c.lesson).outcome for c in write(given, disagreeing) if c.lesson} == {"fail"}
    silent = words_teacher(lambda prompt: "")
    assert {verify(c.lesson).outcome for c in write(given, silent) if c.lesson} == {"unverifiable"}


def test_a_number_without_arithmetic_gets_a_second_opinion() -> None:
    def answer(request: TeacherRequest) -> str:
        if request.tag.endswith("solve"):
            return "17"
        return json.dumps(
            {
                "lessons": [
                    {
                        "problem": "Bo has 23 nuts, gives 6 away. How many remain?",
                        "solution": "",
                        "answer": 17,
                        "check": "17",
                    }
                ]
            }
        )

    lessons = [c.lesson for c in write(brief(n_lessons=1), Teacher(answer)) if c.lesson]
    assert {(lesson.check, lesson.check_kind) for lesson in lessons} == {("17", "agreement")}
    assert verify(lessons[0]).outcome == "pass"


def test_worked_golds_ask_for_worked_completions() -> None:
    golds = tuple(
        failure(
            i,
            f"Ann has {i + 3} figs and eats 2. How many are left?",
            f"Ann eats 2 of {i + 3}, which leaves {i + 1} figs.\n#### {i + 1}",
        )
        for i in range(3)
    )
    for candidate in write(brief(failures=golds), Teacher(good)):
        lesson = candidate.lesson
        assert (
            lesson is not None
            and lesson.completion.endswith(f".\n#### {lesson.answer}")
            and " - 6 = " in lesson.completion
        )
        assert verify(lesson).outcome == "pass"


LESSON = '{"problem": "P one?", "solution": "S", "answer": "4", "check": "2 + 2"}'


@pytest.mark.parametrize(
    ("text", "n"),
    [
        (f'{{"hypothesis": "h", "lessons": [{LESSON}, {LESSON}]}}', 2),
        (f'```json\n{{"hypothesis": "h", "lessons": [{LESSON}]}}\n```', 1),
        (f'Sure, here it is:\n```\n[{LESSON}]\n```\nHope that helps {{smile}}!', 1),
        (f'Here: {{"hypothesis": "h", "lessons": [{LESSON}]}} and good luck', 1),
        (f"[{LESSON}, {LESSON}, {LESSON}]", 3),
        (LESSON, 1),
        (f'{{"hypothesis": "h", "lessons": [{LESSON}, {LESSON}, {{"problem": "cut o', 2),
        (f'{{"hypothesis": "h", "lessons": [{LESSON},]}}', 1),
        ("{'lessons': [{'problem': 'P one?', 'solution': 'S', 'answer': '4', 'check': '2 + 2'}]}", 1),
        ('{"lessons": [{"problem": "P\none?", "answer": 4}]}', 1),
        (f'{{"problems": [{LESSON}]}}', 1),
        (f"{LESSON}\n{LESSON}", 2),
    ],
)  # fmt: skip
def test_replies_are_read_tolerantly(text: str, n: int) -> None:
    parsed = parse_reply(text)
    assert len(parsed.lessons) == n and not parsed.reason
    assert all(lesson.answer == "4" and not lesson.reason for lesson in parsed.lessons)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I can't help with that.",
        "{",
        "{}",
        '{"lessons": []}',
        "[1, 2]",
        '{"lessons": "many"}',
        "{" * 3000,
        "[" * 3000,
        '"' * 500,
    ],
)
def test_unreadable_replies_say_why(text: str) -> None:
    parsed = parse_reply(text)
    assert parsed.lessons == () and parsed.reason


def test_a_cut_off_reply_keeps_the_hypothesis() -> None:
    assert (
        parse_reply(f'{{"hypothesis": "can\'t carry", "lessons": [{LESSON}, {{"prob').hypothesis
        == "can't carry"
    )
