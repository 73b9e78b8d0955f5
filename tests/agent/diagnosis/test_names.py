"""The teacher's names for weaknesses: written from failures, refused where bad, never two the same."""

from __future__ import annotations

import json
import re

import pytest

from agent.diagnosis.names import Nameless, TypicalFailure, name_fault, write_names
from agent.fakes import ScriptedTeacher
from agent.teacher.contract import BudgetExceeded
from curricula.teacher import TeacherReply

LETTERS = "abcdefgh"


def nameless(n: int) -> list[Nameless]:
    return [
        Nameless(f"W{at:06x}", f"word, thing {LETTERS[at]}", (f"word{at}", f"thing{at}"), (TypicalFailure(f"What is {{{{ {at} }}}} of it?", f"wrong-{at}", f"gold-{at}"),))
        for at in range(n)
    ]


def naming(*names: str) -> ScriptedTeacher:
    return ScriptedTeacher(lambda request: json.dumps({str(k): name for k, name in enumerate(names, 1)}))


def test_names_are_asked_for_together_with_keywords_failures_answers_and_golds() -> None:
    weaknesses = nameless(7)
    teacher = ScriptedTeacher(lambda request: json.dumps({
        str(k): f"working with item {word[4:]}" for k, word in enumerate(re.findall(r"frequent there: (word\d)", request.prompt), 1)}))
    found = write_names(weaknesses, teacher)
    assert found.names == {one.id: f"working with item {at}" for at, one in enumerate(weaknesses)}
    assert len(teacher.asked) == 2
    shown = "\n".join(request.prompt for request in teacher.asked)
    assert all(failure.prompt in shown and failure.answer in shown and failure.gold in shown for one in weaknesses for failure in one.failures)


def test_no_two_weaknesses_get_one_name() -> None:
    weaknesses = nameless(4)
    found = write_names(weaknesses, naming("Adding up", "adding, up!", "word, thing d", "Taken before"), taken=["taken before"])
    assert found.names == {weaknesses[0].id: "Adding up"}
    assert set(found.refused.values()) == {"another weakness is called so"} and len(found.refused) == 3


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("adding long numbers", ""),
        ("", "missing in the reply"),
        ("42 + 1", "no words"),
        ("a b c d e f g h i", "no words"),
        ("one two three four five six seven eight nine", "longer than 8 words"),
        ("Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen and its plural in use now", "longer than 8 words"),
        ("Carrying the one in long sums.", "the example of the prompt"),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason(name: str, fault: str) -> None:
    assert name_fault(name) == fault


def test_a_name_is_one_plain_line() -> None:
    found = write_names(nameless(1), naming("<script>alert(1)</script>\x1b[2J **Rhymes**\n\u202eand `sounds`"))
    (name,) = found.names.values()
    assert name == "alert(1) 2J Rhymes and sounds" and name.isprintable()


@pytest.mark.parametrize("reply", ["", "I like turtles.", "{", '{"name": "adding"}'])
def test_garbage_leaves_class_terms(reply: str) -> None:
    found = write_names(nameless(2), ScriptedTeacher(lambda request: reply))
    assert found.names == {} and len(found.refused) == 2


def test_a_teacher_that_stops_or_says_nothing_leaves_class_terms_and_says_why() -> None:
    class Stopped(ScriptedTeacher):
        def ask(self, requests):  # type: ignore[no-untyped-def]
            raise BudgetExceeded("the cap would be passed")

    class Silent(ScriptedTeacher):
        def ask(self, requests):  # type: ignore[no-untyped-def]
            return [TeacherReply("", error="rate limited (429)") for _ in requests]

    assert "cap" in write_names(nameless(1), Stopped(lambda request: "")).stopped
    assert "429" in str(write_names(nameless(1), Silent(lambda request: "")).refused)
    assert write_names([], Stopped(lambda request: "")).stopped == ""
