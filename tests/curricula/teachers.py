"""Scripted teachers and briefs for the tests of strategies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from curricula.filters.decontaminate import Decontaminator
from curricula.funnel import FunnelResult, Order, judge
from curricula.lesson import Brief, Candidate, Failure, Lesson
from curricula.prompts import prompt_hash
from curricula.strategies.contract import find_strategy
from curricula.teacher import TeacherReply, TeacherRequest
from curricula.verifiers.contract import verify

COST = 0.01  # US dollars a reply
Said = str | TeacherReply


class Teacher:
    """Answers by purpose (what follows the slash of a request's tag); keeps every request.

    An answer is a text, a reply, or a function of the request and of how many of its purpose came before.
    """

    name = "scripted"

    def __init__(self, **answers: Said | Callable[[TeacherRequest, int], Said]) -> None:
        self.answers = answers
        self.requests: list[TeacherRequest] = []

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        return [self._answer(request) for request in requests]

    def tagged(self, purpose: str) -> list[TeacherRequest]:
        return [request for request in self.requests if request.tag.endswith("/" + purpose)]

    def close(self) -> None:
        pass

    @property
    def spent_usd(self) -> float:
        return COST * len(self.requests)

    def _answer(self, request: TeacherRequest) -> TeacherReply:
        purpose = request.tag.rpartition("/")[2]
        n_before = len(self.tagged(purpose))
        self.requests.append(request)
        said = self.answers[purpose]
        if callable(said):
            said = said(request, n_before)
        return replace(said, cost_usd=COST) if isinstance(said, TeacherReply) else TeacherReply(said, cost_usd=COST)


def cut(text: str) -> TeacherReply:
    """A reply that ran into its length limit."""
    return TeacherReply(text, finish="length")


def failure(i: int) -> Failure:
    return Failure(f"p{i}", "s", f"Ann has {i + 3} figs and eats 2. How many are left? Answer with only the number.",
                   f"She has {i} left I think", str(i + 1), "wrong")  # fmt: skip


def seed(prompt: str, answer: str = "7", name: str = "") -> Lesson:
    return Lesson(prompt, f"So it is {answer}.\nThe answer is {answer}.", answer, strategy="anchor", depth=0, source=f"test#{name or prompt[:20]}")


SEEDS = tuple(
    seed(f"{verb} the {noun} that people {ending}.")
    for verb, noun, ending in [
        ("Name", "oldest river", "sail on in winter"),
        ("Describe", "shortest recipe", "cook without salt"),
        ("Translate", "strange proverb", "quote at weddings"),
        ("Count", "vowels in a word", "shout when surprised"),
        ("Explain", "simple trick", "use against hiccups"),
        ("List", "three tools", "carry up a mountain"),
        ("Choose", "right adverb", "need in this sentence"),
        ("Compute", "area of a field", "plough before spring"),
        ("Correct", "wrong spelling", "copy from old maps"),
        ("Invent", "polite excuse", "give for being late"),
    ]
)


def brief(n_lessons: int = 8, n_failures: int = 4, seeds: tuple[Lesson, ...] = SEEDS, **more: Any) -> Brief:
    failures = more.pop("failures", tuple(failure(i) for i in range(n_failures)))
    return Brief("W7", "taking away", (), failures, n_lessons, 1, 5, seeds=seeds, **more)


def write(name: str, given: Brief, teacher: Any) -> list[Candidate]:
    return list(find_strategy(name).write(given, teacher, Random(0)))


def judged(candidates: Sequence[Candidate], n_lessons: int = 99) -> FunnelResult:
    """Through the real funnel with the real verifiers."""
    order = Order("W7", candidates[0].strategy, candidates, n_lessons)
    return judge([order], accepted_before=(), decontaminator=Decontaminator(()), verify=verify)


def reasons(candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """Candidates without a lesson by reason."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.lesson is None:
            found.setdefault(candidate.reason, []).append(candidate)
    return found


def lessons(candidates: Sequence[Candidate]) -> list[Lesson]:
    return [candidate.lesson for candidate in candidates if candidate.lesson is not None]


def check_provenance(candidates: Sequence[Candidate], name: str, teacher: Teacher) -> None:
    """What every candidate of every strategy that asks a teacher must carry; and the money adds up."""
    import pytest

    assert candidates
    for candidate in candidates:
        row = candidate.lesson or candidate
        assert row.strategy == name and row.weakness_id == "W7" and row.teacher == "scripted"
        assert row.operator, candidate
        assert row.parents and row.prompt_hash and row.raw, candidate
        assert 1 <= row.depth <= 2
        assert candidate.reason or candidate.lesson
        # a rewriting descends from the text rewritten, whatever failures were shown beside it
        for prompt in () if name == "evol_instruct" else (request.prompt for request in teacher.requests if prompt_hash(request.prompt) == row.prompt_hash and failure(0).prompt.split(" figs")[1] in request.prompt):
            assert {parent for parent in row.parents if parent.startswith("p")} == shown(prompt), "a row names the failures that its prompt showed"
    assert sum(c.lesson.cost_usd if c.lesson else c.cost_usd for c in candidates) == pytest.approx(teacher.spent_usd)


def shown(prompt: str) -> set[str]:
    """Which of the failures of `brief` a prompt shows, by id."""
    import re

    return {f"p{int(n) - 3}" for n in re.findall(r"Problem \d+:\nAnn has (\d+) figs and eats 2\.", prompt)}


def as_json(key: str, *items: dict[str, Any]) -> str:
    return json.dumps({key: items})


SEED_TASKS = next(
    (
        path / "self_instruct_seed_tasks.jsonl"
        for path in (Path(__file__).parents[2].parent / "shared" / "data", Path(__file__).parents[2].parent.parent / "shared" / "data")
        if path.exists()
    ),
    None,
)


def human_tasks() -> tuple[Lesson, ...]:
    """The 175 seed tasks of Self-Instruct as rows of an anchor file would be."""
    assert SEED_TASKS is not None
    rows = [json.loads(line) for line in SEED_TASKS.read_text(encoding="utf-8").splitlines()]
    found = []
    for row in rows:
        first = row["instances"][0]
        prompt = row["instruction"] + (f"\n\n{first['input']}" if first["input"] else "")
        found.append(Lesson(prompt, first["output"], first["output"], strategy="anchor", depth=0, source=row["id"]))
    return tuple(found)


def figs(n: int) -> Lesson:
    """A human-made problem that is near the failures; its gold is n - 4."""
    return seed(f"Ann has {n} figs and gives away 4 of them. How many figs are left?", str(n - 4), name=f"figs{n}")


def siblings(request: TeacherRequest, n: int) -> str:
    """Problems in the form of `shared/problems`: k + 20 nuts less 6."""
    return as_json("problems", *({"problem": f"Bo has {20 + 4 * n + i} nuts and gives away 6. How many does Bo keep?", "check": f"{20 + 4 * n + i} - 6"}
                                 for i in range(4)))  # fmt: skip


def right(request: TeacherRequest) -> int:
    """The answer to a problem of `figs` or `siblings` in a request's prompt (the last one there)."""
    import re

    has, gives = re.findall(r"has (\d+) \w+ and gives away (\d+)", request.prompt)[-1]
    return int(has) - int(gives)
