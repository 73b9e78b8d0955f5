"""Names for weaknesses by the teacher: what a person would call them.

Weaknesses with typical failures and an LLM teacher go in, at most one name a weakness comes out. The one thing to
know: a name only replaces what is shown. Ids and the matching across cycles rest on members and class terms
(`labels`), which stay; a weakness whose name is refused, or not answered, keeps its class terms as label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.diagnosis.numbered import clipped, form, plain_words, read_numbered, schema
from curricula.prompts import render
from curricula.teacher import Teacher, TeacherReply, TeacherRequest
from probes.errors import WeakspotError

TEMPLATE = "names/name"
EXAMPLE = "carrying the one in long sums"
MAX_WORDS = 8
MAX_CHARACTERS = 80
WEAKNESSES_PER_REQUEST = 5  # side by side, so that names tell them apart
MAX_PROMPT, MAX_ANSWER = 600, 200  # characters shown of one failure
TOKENS_PER_NAME = 24


@dataclass(frozen=True)
class TypicalFailure:
    """One medoid of a weakness."""

    prompt: str
    answer: str
    """The student's."""
    gold: str


@dataclass(frozen=True)
class Nameless:
    """A weakness that wants a name."""

    id: str
    label: str
    """Made of class terms; stays where no name is found."""
    keywords: tuple[str, ...]
    failures: tuple[TypicalFailure, ...]


@dataclass(frozen=True)
class Naming:
    """What came of it."""

    names: dict[str, str] = field(default_factory=dict)
    """By weakness id."""
    refused: dict[str, str] = field(default_factory=dict)
    """Reason by weakness id."""
    stopped: str = ""
    """Why the teacher could not be asked; empty when it was."""


def write_names(weaknesses: Sequence[Nameless], teacher: Teacher, *, taken: Sequence[str] = ()) -> Naming:
    """Ask for all names at once; `taken` are labels in use that no name may equal.

    A name that equals another weakness's label, or the name of one before it, is refused: no two are called the same.
    """
    batches = [weaknesses[at : at + WEAKNESSES_PER_REQUEST] for at in range(0, len(weaknesses), WEAKNESSES_PER_REQUEST)]
    if not batches:
        return Naming()
    try:
        replies = teacher.ask([_request(batch) for batch in batches])
    except WeakspotError as error:  # lessons may need the teacher, names do not
        return Naming(stopped=f"the teacher stopped: {error.message}")
    used = {_key(label) for label in (*taken, *(weakness.label for weakness in weaknesses))}
    names: dict[str, str] = {}
    refused: dict[str, str] = {}
    for batch, reply in zip(batches, replies, strict=True):
        for weakness, name in zip(batch, _read(reply, len(batch)), strict=True):
            fault = f"no reply: {reply.error}" if reply.error else name_fault(name)
            fault = fault or ("another weakness is called so" if _key(name) in used else "")
            if fault:
                refused[weakness.id] = fault
                continue
            used.add(_key(name))
            names[weakness.id] = name
    return Naming(names, refused)


def name_fault(name: str) -> str:
    """Why a text is no name; "" when it is one."""
    words = plain_words(name)
    if not name:
        return "missing in the reply"
    if not any(word.isalpha() and len(word) > 1 for word in words):
        return "no words"
    if len(name.split()) > MAX_WORDS or len(name) > MAX_CHARACTERS:
        return f"longer than {MAX_WORDS} words"
    return "the example of the prompt" if words == plain_words(EXAMPLE) else ""


def _request(batch: Sequence[Nameless]) -> TeacherRequest:
    items = [
        {
            "keywords": weakness.keywords,
            "failures": [
                TypicalFailure(
                    clipped(failure.prompt, MAX_PROMPT),
                    clipped(failure.answer, MAX_ANSWER),
                    clipped(failure.gold, MAX_ANSWER),
                )
                for failure in weakness.failures
            ],
        }
        for weakness in batch
    ]
    prompt = render(TEMPLATE, items=items, example=EXAMPLE, max_words=MAX_WORDS, form=form(len(items)))
    return TeacherRequest(prompt, "", 0.0, 60 + TOKENS_PER_NAME * len(items), schema(len(items)), TEMPLATE)


def _read(reply: TeacherReply, n: int) -> list[str]:
    found = read_numbered(reply.text, n)
    return [found.get(number, "") for number in range(1, n + 1)]


def _key(label: str) -> str:
    return " ".join(plain_words(label))
