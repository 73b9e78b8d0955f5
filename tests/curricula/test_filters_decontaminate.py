"""Contamination: leaks are caught in every disguise the rules name, siblings pass, and it is fast enough."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.filters.decontaminate import Decontaminator
from curricula.lesson import Lesson
from probes.registry import find_suite
from probes.splits import split_suite
from probes.suite import Probe

CLOSING = "Answer with only the number."
STORY = (
    "A baker sells loaves for 3 euros and rolls for 1 euro each; on Monday she sold 41 loaves and twice as many rolls, "
    "but gave every tenth customer a roll for nothing. How much money did the baker take on Monday?"
)


def probe(number: int, prompt: str, suite: str = "basics", group: str = "") -> Probe:
    return Probe(suite, f"p{number}", prompt, gold="1", group=group)


def lesson(prompt: str, completion: str = "85") -> Lesson:
    return Lesson(prompt, completion, completion, strategy="symbolic", depth=1)


def arithmetic(n: int = 300, seed: int = 1) -> list[Probe]:
    rng = random.Random(seed)
    templates = [
        "What is {a} + {b}? {c}",
        "Tom has {a} apples and buys {b} more at the market. How many apples does Tom have now? {c}",
        "Write the number that comes right after {a}{b}. {c}",
    ]
    return [
        probe(i, rng.choice(templates).format(a=rng.randint(10, 99), b=rng.randint(10, 99), c=CLOSING))
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def index() -> Decontaminator:
    return Decontaminator([*arithmetic(), probe(900, f"What is 37 + 48? {CLOSING}"), probe(901, STORY)])


@pytest.mark.parametrize(
    ("prompt", "rule"),
    [
        ("What is 37 + 48? Answer with only the number.", "exact"),
        ("what is 37+48?   ANSWER with only the number", "exact"),
        ("What is 37 + 48? Reply with just one number.", "contained"),
        ("Here is a question. What is 37 + 48? Answer with only the number.", "contained"),
        ("Work out 37 plus 48. Answer with only the number.", "same item"),
        ("Please compute 37 + 48.", "same item"),
        (STORY, "exact"),
        (STORY.replace("A baker", "One baker"), "coverage"),
        (STORY.replace("A baker", "One baker").replace("How much money", "What sum"), "coverage"),
    ],
)
def test_leaks_are_caught(index: Decontaminator, prompt: str, rule: str) -> None:
    verdict = index.check(lesson(prompt))
    assert (verdict.step, verdict.outcome, verdict.reason) == ("contamination", "fail", rule)
    assert verdict.evidence.split()[0] in ("basics/p900", "basics/p901")


@pytest.mark.parametrize(
    "prompt",
    [
        "What is 37 + 49? Answer with only the number.",
        "What is 37 - 48? Answer with only the number.",
        "What is 137 + 48? Answer with only the number.",
        "Tom has 100 apples and buys 7 more at the market. How many apples does Tom have now? " + CLOSING,
        "Write the number that comes right after 7. Answer with only the number.",
        "A baker sells cakes. How much does a cake cost if three cost 12 euros?",
    ],
)
def test_siblings_pass(index: Decontaminator, prompt: str) -> None:
    assert index.check(lesson(prompt)).outcome == "pass"


def test_a_leak_in_the_completion_is_caught(index: Decontaminator) -> None:
    assert index.check(lesson("Invent a question.", f"Sure: {STORY} She took 205 euros.")).outcome == "fail"
    assert index.check(lesson("Invent a question.", "What is 37 + 48? It is 85.")).reason == "contained"


def test_short_probes_are_found_inside_and_one_word_probes_only_alone() -> None:
    index = Decontaminator([probe(1, "capital of Peru"), probe(2, "Paris"), probe(3, "😀 🙂")])
    assert index.check(lesson("Tell me the capital of Peru, please.")).reason == "contained"
    assert index.check(lesson("In which country is Paris?")).outcome == "pass"
    assert index.check(lesson("PARIS!")).reason == "exact"
    assert index.check(lesson("😀 🙂")).reason == "exact"
    assert index.check(lesson("🙂")).outcome == "pass"


def test_an_answer_does_not_complete_a_template_to_a_probe() -> None:
    template = "Name the day of the week that is two days before {}. Reply with just the word."
    index = Decontaminator([probe(i, template.format(day)) for i, day in enumerate(("Sunday", "Monday", "Friday"))])
    assert index.check(lesson(template.format("Tuesday"), "Sunday")).outcome == "pass"
    assert index.check(lesson("Invent one.", template.format("Sunday"))).outcome == "fail"


def test_a_verb_may_be_the_item() -> None:
    template = 'Yesterday they did it: put "{}" into the past tense.'
    index = Decontaminator([probe(1, template.format("give"))])
    assert index.check(lesson(template.format("find"))).outcome == "pass"
    assert index.check(lesson(template.format("give").replace(" it", ""))).outcome == "fail"


def test_another_question_about_the_same_thing_passes() -> None:
    prompts = [
        f"Spell {w}. Which letter is {n}? Reply with just the letter."
        for w in ("swan", "frog", "lamp", "tree", "moon")
        for n in ("first", "second")
    ]
    index = Decontaminator(probe(i, prompt) for i, prompt in enumerate(prompts))
    assert (
        index.check(lesson("Spell swan. Which letter is last? Reply with just the letter.")).outcome == "pass"
    )
    assert (
        index.check(lesson("Spell swan. Which letter is second? Only the letter, please.")).outcome == "fail"
    )


def test_a_small_suite_does_not_forbid_its_template() -> None:
    index = Decontaminator(
        [
            probe(i, f"Write the number that comes right before the number {n}.")
            for i, n in enumerate([17, 23])
        ]
    )
    assert index.check(lesson("Write the number that comes right before the number 51.")).outcome == "pass"
    assert index.check(lesson("Write the number that comes right before the number 23.")).outcome == "fail"


def test_an_item_asked_with_many_closing_instructions_is_no_boilerplate() -> None:
    closings = [
        "Only the number.",
        "Answer briefly.",
        "Just the result.",
        "No words.",
        "Digits only.",
        "Be short.",
    ]
    items = [f"What is 6 + {n}?" for n in (2, 3, 4, 5, 6, 7)]
    pairs = [(item, closing) for item in items for closing in closings]
    index = Decontaminator(
        probe(i, f"{item} {closing}", group=item) for i, (item, closing) in enumerate(pairs)
    )
    assert index.check(lesson("What is 6 + 7? Give a number.")).outcome == "fail"
    assert index.check(lesson("What is 6 + 8? Only the number.")).outcome == "pass"


def test_one_suites_templates_do_not_excuse_another_suites_items() -> None:
    passage = (
        "The river Ilm rises in the forest and flows past nine small villages before it meets the Saale."
    )
    many = [probe(i, f"{passage} Question {i} about it: what?", "wide") for i in range(40)]
    index = Decontaminator([*many, probe(1, f"{passage} Where does it rise?", "narrow")])
    assert index.check(lesson(f"{passage} Where does it rise?")).outcome == "fail"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 299), st.integers(0, 2**32))
def test_every_planted_leak_is_caught(number: int, seed: int) -> None:
    rng = random.Random(seed)
    leaked = PLANTED[number].prompt
    disguises = [
        lambda text: text,
        str.upper,
        lambda text: re.sub(" ", lambda _: rng.choice([" ", "  ", "\n", "\t "]), text),
        lambda text: text.replace("?", "").replace(".", ""),
        lambda text: text.replace(CLOSING, "").strip(),
        lambda text: f"Look at this.\n{text}\nTake your time.",
    ]
    assert PLANTED_INDEX.check(lesson(rng.choice(disguises)(leaked))).outcome == "fail"


PLANTED = arithmetic(300, seed=9)
PLANTED_INDEX = Decontaminator(PLANTED)


def test_2000_lessons_against_3000_probes_take_under_3_seconds() -> None:
    probes = arithmetic(3000, seed=5)
    lessons = [lesson(row.prompt, "The answer is 85.") for row in arithmetic(2000, seed=6)]
    started = time.process_time()
    index = Decontaminator(probes)
    verdicts = [index.check(row).outcome for row in lessons]
    seconds = time.process_time() - started
    known = {row.prompt for row in probes}
    assert all(v == "fail" for v, row in zip(verdicts, lessons, strict=True) if row.prompt in known)
    assert verdicts.count("pass") > 1000
    assert seconds < 3


def test_the_built_in_suite_is_protected_and_stays_teachable() -> None:
    suite = find_suite("basics")
    splits = split_suite(suite, "weakspot", {"diagnose": 0.4, "gate": 0.4, "audit": 0.2})
    held_out = [*splits["gate"], *splits["audit"]]
    index = Decontaminator(held_out)
    for row in held_out:
        closing = re.search(r"(?<=[.?!]) (?:Answer|Reply) with [^.]*\.$", row.prompt)
        for text in (
            row.prompt,
            row.prompt.upper(),
            row.prompt[: closing.start()] + " Be brief." if closing else row.prompt,
        ):
            assert index.check(lesson(text)).outcome == "fail", text
    siblings = [index.check(lesson(row.prompt, row.gold)).outcome for row in splits["diagnose"]]
    assert siblings.count("fail") <= 0.025 * len(siblings)  # most are the same fact: "2 x 6" is "double of 6"
