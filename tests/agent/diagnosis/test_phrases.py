"""Capability phrases: read, judged, asked for once, and of use; whatever a teacher writes, diagnosis goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from agent.diagnosis import diagnose, find_weaknesses
from agent.diagnosis.numbered import clean_line, form, read_numbered, schema
from agent.diagnosis.phrases import (
    MIN_SHARE,
    PILOT,
    Phrase,
    phrase_fault,
    recipe,
    texts_to_embed,
    why_unused,
    write_phrases,
)
from agent.fakes import ScriptedTeacher
from agent.student.contract import Sample
from agent.teacher.contract import BudgetExceeded
from curricula.teacher import TeacherReply, TeacherRequest
from probes.errors import WeakspotError
from probes.suite import Probe
from tests.agent.diagnosis.questions import answer
from tests.agent.diagnosis.stories import SETTINGS, f1, tell

N = 240


def shown(prompt: str) -> list[str]:
    """The questions of a phrase request, in its order."""
    return re.findall(r"^Question \d+:\n(.*?)\nRight answer \d+:$", prompt, re.M | re.S)


def told(n: int = N, seed: int = 0) -> tuple[list[Probe], list[str], dict[str, str]]:
    """Stories as probes, their skills, and a good phrase by question."""
    texts, skills, phrases = tell(n, seed)
    probes = [Probe("stories", str(at), text, str(1000 + at)) for at, text in enumerate(texts)]
    return probes, skills, dict(zip(texts, phrases, strict=True))


def good(phrase_of: dict[str, str]) -> Callable[[TeacherRequest], str]:
    return lambda request: json.dumps({str(k): phrase_of[q] for k, q in enumerate(shown(request.prompt), 1)})


class PricedTeacher(ScriptedTeacher):
    """Each request costs; after `until` requests it raises."""

    def __init__(self, answer_: Callable[[TeacherRequest], str], usd: float = 0.0, until: int = 10**6, error: Exception | None = None) -> None:
        super().__init__(answer_)
        self._usd, self._until, self._error = usd, until, error or BudgetExceeded("the cap would be passed")

    def ask(self, requests):  # type: ignore[no-untyped-def]
        if len(self.asked) + len(requests) > self._until:
            raise self._error
        return [TeacherReply(reply.text, cost_usd=self._usd) for reply in super().ask(requests)]


@pytest.mark.parametrize(
    "text",
    [
        '{"1": "adding numbers", "2": "naming colors"}',
        'Sure!\n```json\n{"1": "adding numbers.", "2": "naming\\ncolors",}\n```\nAnything else?',
        "{'1': 'adding numbers', '2': 'naming colors'}",
        '{"phrases": [{"number": 1, "phrase": "adding numbers"}, {"number": 2, "phrase": "naming colors"}]}',
        '{"1": {"phrase": "adding numbers"}, "2": {"phrase": "**naming** <b>colors</b>"}}',
        "1. adding numbers\n2) naming colors\n",
        "Question 1: adding numbers\nQuestion 2: “naming colors”",
        '{"1": "adding numbers", "2": "naming colors", "3": "cut off in the mid',
        '{"1": "adding numbers", "2": "naming colors", "7": "nobody asked", "1": "twice"}',
    ],
)
def test_replies_are_read_whatever_their_dress(text: str) -> None:
    assert read_numbered(text, 3) == {1: "adding numbers", 2: "naming colors"}


@pytest.mark.parametrize("text", ["", "I like turtles.", "null", '["adding numbers", "naming colors"]', "{" * 5000, '{"a": "b"}'])
def test_nothing_is_guessed_where_no_number_stands(text: str) -> None:
    assert read_numbered(text, 2) == {}


def test_a_line_is_clean() -> None:
    assert clean_line("  \x1b[31m`adding`\u202e two\x00\n _numbers_. ") == "31m adding two numbers"
    assert clean_line("...") == clean_line("N/A") == ""
    assert form(1) == '{"1": "..."}' and form(3) == '{"1": "...", "2": "...", ..., "3": "..."}'
    assert schema(2)["required"] == ["1", "2"]


SUM = Probe("s", "1", "What is 17 + 25? Answer with only the number.", "42")
PARITY = Probe("s", "2", "Is 8 odd or even?", "even")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("adding two-digit numbers", ""),
        ("addition", "fewer than 2 words"),
        ("12 34", "no words"),
        ("adding " * 16, "longer than 15 words"),
        ("computing that the sum is 42", "gives the answer away"),
        ("computing 420 by adding", ""),
        ("What is 17 + 25?", "quotes the question"),
        ("answering: What is 17 + 25? Answer with only the number.", "quotes the question"),
        ("applying prime factorisation to divisibility problems", "quotes the instructions"),
        ("one word, only the number", "quotes the instructions"),
    ],
)
def test_a_phrase_that_cannot_stand_for_its_probe_is_refused_with_a_reason(text: str, fault: str) -> None:
    assert phrase_fault(text, SUM) == fault


def test_options_may_be_named_together_but_not_the_right_one_alone() -> None:
    options = frozenset({"odd", "even"})
    assert phrase_fault("deciding whether a number is odd or even", PARITY, options) == ""
    assert phrase_fault("recognising even numbers", PARITY, options) == "gives the answer away"
    assert phrase_fault("deciding whether a number is odd or even", PARITY) == "gives the answer away"
    assert phrase_fault("choosing a letter", Probe("s", "3", "Which letter?", "A")) == ""


def test_phrases_find_the_weakness_that_raw_texts_hide() -> None:
    scores = []
    for seed in range(3):
        probes, skills, phrase_of = told(seed=seed)
        right = answer(skills, {"divide": 0.3}, 0.8, seed)
        samples = [Sample(p.suite, p.probe_id, p.gold if ok else "no", float(ok), float(ok)) for p, ok in zip(probes, right, strict=True)]
        written = write_phrases(probes, ScriptedTeacher(good(phrase_of)))
        assert written.stopped == "" and len(written.texts) == N
        planted = {at for at, skill in enumerate(skills) if skill == "divide"}
        found = {
            kind: f1([set(w.members) for w in diagnose(probes, samples, phrases=phrases).weaknesses], planted)
            for kind, phrases in (("raw", {}), ("phrases", written.texts))
        }
        scores.append(found)
    assert all(score["raw"] < 0.5 for score in scores), scores
    assert all(score["phrases"] > 0.7 for score in scores) and sum(score["phrases"] for score in scores) > 2.6, scores


def test_keywords_come_from_phrases_and_ids_from_texts() -> None:
    probes, skills, phrase_of = told()
    right = answer(skills, {"divide": 0.1}, 0.95)
    texts = [probe.prompt for probe in probes]
    rows = [{"phrase": phrase_of[text]} for text in texts]
    weakness = find_weaknesses(texts, right, metadata=rows)[0]
    assert "dividing" in " ".join(weakness.keywords) and not any(place in " ".join(weakness.keywords) for place in SETTINGS)
    order = list(range(N))[::-1]
    turned = find_weaknesses([texts[i] for i in order], [right[i] for i in order], metadata=[rows[i] for i in order])[0]
    assert turned.id == weakness.id and {order[m] for m in turned.members} == set(weakness.members) and turned.coordinates == weakness.coordinates


def test_a_second_call_asks_for_what_is_missing_only() -> None:
    probes, _, phrase_of = told(60)
    saved: dict[str, Phrase] = {}
    first = ScriptedTeacher(good(phrase_of))
    write_phrases(probes[:40], first, save=saved.update)
    assert len(saved) == 40 and len(first.asked) == 4
    again = ScriptedTeacher(good(phrase_of))
    written = write_phrases(probes, again, known=saved, save=saved.update)
    assert len(again.asked) == 2 and len(written.texts) == 60 and written.n_asked == 20
    assert not {q for request in first.asked for q in shown(request.prompt)} & {q for request in again.asked for q in shown(request.prompt)}
    silent = ScriptedTeacher(good(phrase_of))
    assert write_phrases(probes, silent, known=saved).texts == written.texts and silent.asked == []


def test_prompts_do_not_depend_on_row_order_and_hold_question_and_gold() -> None:
    probes, _, phrase_of = told(25)
    odd = Probe("s", "x", 'Braces {{ 7 * 7 }} {% raw %} and "quotes"\nover lines?', "{{ gold }}")
    phrase_of[odd.prompt] = "reading braces in templates"
    one, other = ScriptedTeacher(good(phrase_of)), ScriptedTeacher(good(phrase_of))
    assert write_phrases([*probes, odd], one).texts == write_phrases([odd, *probes[::-1]], other).texts
    assert [r.prompt for r in one.asked] == [r.prompt for r in other.asked]
    asked = "\n".join(request.prompt for request in one.asked)
    assert all(probe.prompt in asked and f":\n{probe.gold}\n" in asked for probe in [*probes, odd])


def test_a_refused_phrase_is_asked_for_once_more_with_the_reason() -> None:
    probes, _, phrase_of = told(20)
    bad = probes[3]

    def reply(request: TeacherRequest) -> str:
        once_more = "was refused" in request.prompt
        return json.dumps({str(k): f"the answer is {bad.gold}" if q == bad.prompt and not once_more else phrase_of[q] for k, q in enumerate(shown(request.prompt), 1)})

    teacher = ScriptedTeacher(reply)
    written = write_phrases(probes, teacher)
    assert len(teacher.asked) == 3 and shown(teacher.asked[2].prompt) == [bad.prompt]
    assert "gives the answer away" in teacher.asked[2].prompt and written.texts[bad.content_hash] == phrase_of[bad.prompt]


@pytest.mark.parametrize("garbage", ["I like turtles.", "", "5", json.dumps({str(k): "solving the problem" for k in range(1, 11)}), "{" * 3000])
def test_garbage_gives_the_diagnosis_without_phrases_and_is_soon_given_up(garbage: str) -> None:
    probes, skills, _ = told()
    right = answer(skills, {"divide": 0.3}, 0.8)
    samples = [Sample(p.suite, p.probe_id, "x", float(ok), float(ok)) for p, ok in zip(probes, right, strict=True)]
    teacher = ScriptedTeacher(lambda request: garbage)
    written = write_phrases(probes, teacher)
    assert 10 * len(teacher.asked) <= PILOT and "usable" in written.stopped and written.texts == {}
    assert diagnose(probes, samples, phrases=written.texts) == diagnose(probes, samples)


def test_below_the_share_no_phrase_is_used_and_one_for_everything_neither() -> None:
    texts = [f"question number {at}" for at in range(100)]
    enough = [{"phrase": f"skill of kind {at % 7}" if at < 100 * MIN_SHARE else ""} for at in range(100)]
    too_few = [{"phrase": f"skill of kind {at % 7}" if at < 100 * MIN_SHARE - 1 else ""} for at in range(100)]
    assert all(text.startswith("skill") for text in texts_to_embed(texts, enough))
    assert texts_to_embed(texts, too_few) == texts == texts_to_embed(texts, None) == texts_to_embed(texts, [{}] * 100)
    assert "79 of 100" in why_unused([row["phrase"] for row in too_few])
    assert "share one phrase" in why_unused(["doing it"] * 51 + ["other things"] * 49)
    assert why_unused(["doing it"] * 50 + ["other things"] * 50) == ""
    assert why_unused([])


def test_a_row_without_a_phrase_borrows_from_its_nearest_texts_unless_none_has_one() -> None:
    kinds = ("red brick house on the hill", "slow green train at night", "cold soup with bread")
    texts = [f"{kinds[at % 3]} {at}" for at in range(60)] + [f"my old violin and its bow {at}" for at in range(8)]
    phrases = [f"describing thing {at % 3}" for at in range(60)] + [""] * 8
    for at in (0, 4, 8):
        phrases[at] = ""
    chosen = texts_to_embed(texts, [{"phrase": phrase} for phrase in phrases])
    assert [chosen[at] for at in (0, 4, 8)] == ["describing thing 0", "describing thing 1", "describing thing 2"]
    assert chosen[60:] == texts[60:]


def test_hard_rows_without_a_phrase_are_no_weakness() -> None:
    """Their own texts among phrases would be a cluster of failures: 13 of 20 such runs claimed a weakness (docs/log.md)."""
    from random import Random

    for seed in range(3):
        texts, _, phrases = tell(N, seed)
        hard = set(Random(seed + 7).sample(range(N), N // 10))
        rng = Random(seed)
        right = [rng.random() < (0.45 if at in hard else 0.8) for at in range(N)]
        rows = [{"phrase": "" if at in hard else phrase} for at, phrase in enumerate(phrases)]
        assert find_weaknesses(texts, right, metadata=rows, seed=seed) == []


def test_money_phrases_are_not_bought_where_the_rest_would_cost_too_much() -> None:
    probes, _, phrase_of = told(100)
    teacher = PricedTeacher(good(phrase_of), usd=0.01)
    written = write_phrases(probes, teacher, allowed_usd=0.05)
    assert len(teacher.asked) == 1 and "$0.09" in written.stopped and len(written.texts) == 10
    rest = PricedTeacher(good(phrase_of), usd=0.01)
    assert write_phrases(probes, rest, known=written.of, allowed_usd=0.05).stopped and rest.asked == []
    assert len(write_phrases(probes, rest, known=written.of, allowed_usd=0.1).texts) == 100 and len(rest.asked) == 9


def test_a_teacher_that_stops_leaves_what_it_wrote_and_a_fault_of_ours_raises() -> None:
    probes, _, phrase_of = told(100)
    for error in (BudgetExceeded("the cap would be passed"), WeakspotError("the teacher refused the key")):
        saved: dict[str, Phrase] = {}
        written = write_phrases(probes, PricedTeacher(good(phrase_of), until=5, error=error), save=saved.update)
        assert error.message in written.stopped and len(written.texts) == len(saved) == 30
    with pytest.raises(ZeroDivisionError):
        write_phrases(probes, ScriptedTeacher(lambda request: str(1 / 0)))


def test_no_reply_is_nothing_to_remember() -> None:
    probes, _, phrase_of = told(10)

    class Silent(ScriptedTeacher):
        def ask(self, requests):  # type: ignore[no-untyped-def]
            return [TeacherReply("", error="no answer within the deadline") for _ in requests]

    saved: dict[str, Phrase] = {}
    written = write_phrases(probes, Silent(good(phrase_of)), save=saved.update)
    assert saved == {} and written.texts == {} and all("deadline" in phrase.reason for phrase in written.of.values())


def test_the_recipe_names_the_prompt() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", recipe())
