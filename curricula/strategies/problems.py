"""Problems to be worked on: human-made ones with gold answers near the weakness, and siblings that a teacher writes.

The two take turns while there are seeds near enough. A sibling's gold is the arithmetic that came with it, where that
evaluates; without it there is no gold, and the solutions must be held against each other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from curricula.lesson import Candidate
from curricula.strategies.desk import Desk, Told
from curricula.strategies.seeds import nearest_seeds, task_text
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate

PER_REQUEST = 4  # longer lists grow alike, and a cut-off reply loses more
TOKENS_PER_PROBLEM = 120
FORM = '{"problems": [{"problem": "...", "check": "..."}]}'
SCHEMA = {
    "type": "object",
    "properties": {
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"problem": {"type": "string"}, "check": {"type": "string"}},
                "required": ["problem", "check"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["problems"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Problem:
    """One problem without its solution."""

    text: str
    gold: str
    """The right answer; empty where nobody knows it yet."""
    check: str
    """What a verifier compares an answer with: the gold, or arithmetic that gives it."""
    check_kind: str
    """`gold`, `expression` or empty."""
    parents: tuple[str, ...]
    shown: tuple[int, ...]
    """Failures (by index) it was written from or is nearest to."""
    origin: str
    """`seed` or `sibling`."""


class ProblemSource:
    """Problems for one brief, each given out once; seeds that an earlier cycle's lessons came from are left out."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        worked_on = {parent for lesson in desk.brief.earlier for parent in lesson.parents}
        near = nearest_seeds(desk.brief.failures, [seed for seed in desk.brief.seeds if seed.lesson_id not in worked_on])
        self._seeds = iter(
            Problem(task_text(row.seed), row.seed.answer, row.seed.answer, "gold", (row.seed.lesson_id,), (row.failure_index,), "seed")
            for row in near
        )
        self._texts = {" ".join(failure.prompt.lower().split()) for failure in desk.brief.failures}

    def take(self, n: int) -> tuple[list[Problem], list[Candidate]]:
        """About `n` problems, half of them seeds while there are any, and rows for what could not be read."""
        problems = [problem for problem, _ in zip(self._seeds, range(n // 2), strict=False)]
        siblings, refused = self._siblings(n - len(problems))
        return problems + siblings, refused

    def _siblings(self, n: int) -> tuple[list[Problem], list[Candidate]]:
        desk, shown, requests = self.desk, [], []
        for start in range(0, n, PER_REQUEST):
            n_problems = min(PER_REQUEST, n - start)
            shown.append(desk.next_failures())
            variables = {
                "failures": desk.failures(shown[-1]),
                "n_problems": n_problems,
                "setting": desk.setting(),
                "has_options": desk.wardrobe.has_options,
            }
            tokens = 80 + TOKENS_PER_PROBLEM * n_problems
            requests.append(desk.request("shared/problems", variables, max_tokens=tokens, json_schema=SCHEMA))
        problems, refused = [], []
        for indices, entry in zip(shown, desk.ask_items(requests, ("problem",), FORM), strict=True):
            refused += desk.unreadable(entry, "problems", desk.parents(indices))
            for item in entry.items:
                if reason := self._unusable(item["problem"]):
                    refused.append(
                        desk.refused(reason, entry.told, raw=item["problem"], operator="problems", parents=desk.parents(indices))
                    )
                else:
                    problems.append(self._sibling(item, indices))
        return problems, refused

    def _unusable(self, text: str) -> str:
        flat = " ".join(text.lower().split())
        if any(flat == known or known.startswith(flat + " ") for known in self._texts):
            return "copies a problem it was shown or wrote before"
        self._texts.add(flat)
        return ""

    def _sibling(self, item: dict[str, str], shown: tuple[int, ...]) -> Problem:
        check, gold = item.get("check", "").strip(), ""
        try:
            result = evaluate(check) if check else None
        except ArithmeticRefused:
            result = None  # a word's check, or a broken one: then there is no gold
        if result is not None and result.n_operators:
            value = result.value
            gold = str(value) if value.denominator == 1 else f"{float(value):g}"
        kind = "expression" if gold else ""
        return Problem(item["problem"], gold, check if gold else "", kind, self.desk.parents(shown), shown, "sibling")


class OnProblems(ABC):
    """A writer whose every batch begins with problems; the strategy says in `work_on` what becomes of them."""

    per_problem = 1
    """Lessons that one problem may give."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.source = ProblemSource(desk)

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """Rows for problems that could not be read, then what comes of the others."""
        problems, refused = self.source.take(max(2, -(-n_lessons // self.per_problem)))
        yield from refused
        yield from self.work_on(problems)

    @abstractmethod
    def work_on(self, problems: list[Problem]) -> Iterator[Candidate]:
        """Lessons from these problems, and a row for everything dropped."""


def worked_samples(desk: Desk, problems: list[Problem], n: int, temperature: float = 0.8) -> Iterator[list[Told]]:
    """For each problem `n` independent worked solutions that end on `The answer is ...`."""
    request = [
        desk.request("shared/work_out", {"problem": problem.text}, temperature=temperature, max_tokens=500)
        for problem in problems
        for _ in range(n)
    ]
    told = desk.ask(request)
    for start in range(0, len(told), n):
        yield told[start : start + n]
