"""Constitutional revision: a draft answer is criticised by principles and revised, until nothing is left to change.

Principles are data (`prompts/constitution/principles.yaml`). Each round draws one that was not used yet, asks for a
critique and, unless that says "Nothing to change.", for a revision. The last version is the lesson; with a revision the
draft stays as the rejected side of a preference pair. Both are put to the same verifier, so what revising brings is
measured: `meta["draft_passes"]` and `meta["revision_passes"]` of each lesson.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from curricula.lesson import Candidate, Lesson
from curricula.prompts import FOLDER
from curricula.strategies.desk import AtDesk, Draft, Told
from curricula.strategies.problems import OnProblems, Problem
from curricula.strategies.votes import stated
from curricula.verifiers.contract import verify

ROUNDS = 4
NOTHING = "nothing to change"


@dataclass(frozen=True)
class Principle:
    """One rule an answer is held against."""

    name: str
    critique: str
    revision: str


@dataclass
class Case:
    """One problem on its way through the rounds."""

    problem: Problem
    versions: list[Told]
    """The draft, then each revision."""
    shown: tuple[int, ...]
    principles: list[Principle]
    """Still unused, in random order."""
    used: list[str] = field(default_factory=list)
    is_settled: bool = False


class _Writer(OnProblems):
    def work_on(self, problems: list[Problem]) -> Iterator[Candidate]:
        """Drafts for the problems, then up to four rounds over all of them together."""
        desk = self.desk
        drafts = desk.ask([desk.request("draft", {"problem": problem.text}, max_tokens=500) for problem in problems])
        cases = []
        for problem, told in zip(problems, drafts, strict=True):
            if told.error or not stated(told.text):
                yield desk.refused("the draft states no final answer", told, operator="draft", parents=problem.parents)
                continue
            shown = tuple(dict.fromkeys((*problem.shown, *desk.next_failures(2))))
            cases.append(Case(problem, [told], shown, desk.rng.sample(principles(), len(principles()))))
        for _ in range(ROUNDS):
            self._round([case for case in cases if not case.is_settled])
        for case, candidate in zip(cases, desk.drafted([self._draft(case) for case in cases]), strict=True):
            yield _measured(candidate, case.versions[0])

    def _round(self, cases: list[Case]) -> None:
        """One principle for each case: critique, then revision where there is something to revise."""
        desk = self.desk
        chosen = [case.principles.pop() for case in cases]
        critiques = desk.ask(
            [
                desk.request(
                    "critique",
                    {"failures": desk.failures(case.shown), "problem": case.problem.text, "answer": case.versions[-1].text.strip(),
                     "critique_request": principle.critique},
                    max_tokens=250,
                )
                for case, principle in zip(cases, chosen, strict=True)
            ]
        )  # fmt: skip
        criticised: list[tuple[Case, Principle, Told]] = []
        for case, principle, critique in zip(cases, chosen, critiques, strict=True):
            if critique.error or not critique.text.strip() or NOTHING in critique.text.lower():
                case.is_settled = True
            else:
                criticised.append((case, principle, critique))
        revisions = desk.ask(
            [
                desk.request(
                    "revise",
                    {"problem": case.problem.text, "answer": case.versions[-1].text.strip(), "critique": critique.text.strip(),
                     "revision_request": principle.revision},
                    max_tokens=500,
                )
                for case, principle, critique in criticised
            ]
        )  # fmt: skip
        for (case, principle, _), revision in zip(criticised, revisions, strict=True):
            if revision.error or not stated(revision.text):
                case.is_settled = True  # the version before stands
            elif revision.text.split() != case.versions[-1].text.split():
                case.versions.append(revision)
                case.used.append(principle.name)

    def _draft(self, case: Case) -> Draft:
        problem, last = case.problem, case.versions[-1]
        meta: dict = {"problem": problem.origin, "principles": case.used, "rounds": len(case.used)}
        if len(case.versions) > 1:
            meta["rejected"] = {"prompt": problem.text, "completion": case.versions[0].text.strip()}
        return Draft(
            problem.text, stated(last.text), last, _steps(last.text), problem.check, problem.check_kind,
            operator="revised" if len(case.versions) > 1 else "unchanged", parents=problem.parents,
            shown=problem.shown, is_worked=True, meta=meta,
        )  # fmt: skip


@lru_cache(maxsize=1)
def principles() -> tuple[Principle, ...]:
    """The constitution, in file order."""
    import yaml

    rows = yaml.safe_load((FOLDER / "constitution" / "principles.yaml").read_text(encoding="utf-8"))
    return tuple(Principle(row["name"], row["critique"], row["revision"]) for row in rows)


def _measured(candidate: Candidate, draft: Told) -> Candidate:
    """The candidate with what the verifier says of the draft and of the last version, against the same check."""
    lesson = candidate.lesson
    assert lesson is not None
    before = replace(lesson, answer=stated(draft.text), completion=draft.text.strip())
    meta = {**lesson.meta, "draft_passes": _passes(before), "revision_passes": _passes(lesson)}
    return replace(candidate, lesson=replace(lesson, meta=meta))


def _passes(lesson: Lesson) -> bool:
    return verify(lesson).outcome == "pass"


def _steps(text: str) -> str:
    return "\n".join(text.strip().splitlines()[:-1]).strip() or text.strip()


STRATEGY = AtDesk("constitution", "Constitutional AI (Bai 2022), section 3.1 and appendices A to C", "teacher", _Writer)
