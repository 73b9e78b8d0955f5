"""Persona-driven problems: who asks decides what is asked; several solutions must agree on the answer.

Personas come from real texts ("who would read this?"). Each meets the weakness in one of four kinds of problem. A code
problem comes with tests, is solved by someone who does not see them, and is judged by running both. Any other is solved
`SOLUTIONS` times in a fixed form; all answers are the check, the majority's shortest solution the lesson. For a
problem with a constraint, an answer to the same problem with the constraint relaxed is kept as the rejected side of a
preference pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.strategies.desk import AtDesk, Desk, Draft, Items, Told
from curricula.strategies.programs import read_program
from curricula.strategies.seeds import require_seeds, task_text
from curricula.strategies.votes import is_same, stated, vote

CODE = "code"
KINDS = ("hard", "grade_school", CODE, "constrained")
PROBLEM_FORM = '{"problem": "..."}'
CODE_FORM = '{"problem": "...", "entry_point": "...", "tests": "..."}'
SOLUTIONS = 5  # odd, so that two answers can't tie
PERSONAS = 8  # a request
TEXTS = 4  # real texts that they are inferred from
TEXT_CHARACTERS = 400


@dataclass(frozen=True)
class Persona:
    """Somebody, and the texts that suggested them."""

    text: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """Who is asked for which kind of problem, from which failures (by index)."""

    persona: Persona
    kind: str
    shown: tuple[int, ...]


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seeds = require_seeds(desk.brief, desk.strategy)
        self.personas: list[Persona] = []
        self.kinds: list[str] = []

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One problem for each of the next personas, solved and voted on, or put to its tests."""
        desk = self.desk
        if len(self.personas) < n_lessons:
            yield from self._more_personas()
        personas = [self.personas.pop() for _ in range(min(n_lessons, len(self.personas)))]
        asked = [Asked(persona, self._kind(), desk.next_failures()) for persona in personas]
        for is_code, keys, form in ((False, ("problem",), PROBLEM_FORM), (True, ("problem", "entry_point", "tests"), CODE_FORM)):
            drafts = []
            for one, entry in self._ask([one for one in asked if (one.kind == CODE) == is_code], keys, form):
                parents = desk.parents(one.shown) + one.persona.parents
                yield from desk.unreadable(entry, one.kind, parents)
                for item in entry.items[:1]:
                    meta = {"persona": one.persona.text, **({"entry_point": item["entry_point"]} if is_code else {})}
                    check, kind = (item["tests"], "tests") if is_code else ("", "")
                    drafts.append(Draft(item["problem"], "", entry.told, check=check, check_kind=kind, operator=one.kind, parents=parents, shown=one.shown, is_worked=True, meta=meta))
            yield from self._program(drafts) if is_code else self._solve(drafts)

    def _ask(self, asked: list[Asked], keys: tuple[str, ...], form: str) -> Iterator[tuple[Asked, Items]]:
        desk, requests = self.desk, []
        for one in asked:
            options = {} if one.kind == CODE else {"has_options": desk.wardrobe.has_options}
            requests.append(desk.request(one.kind, {"failures": desk.failures(one.shown), "persona": one.persona.text, **options}, max_tokens=500))
        return zip(asked, desk.ask_items(requests, keys, form), strict=True)

    def _program(self, drafts: list[Draft]) -> Iterator[Candidate]:
        """Code by someone who has not seen the tests; running both is the verifier's, so no vote is taken."""
        desk = self.desk
        written = []
        for draft, told in zip(drafts, desk.ask([desk.request("solve_code", {"problem": draft.problem}, temperature=0.2, max_tokens=700) for draft in drafts]), strict=True):
            source, reason = read_program(told.text, (draft.meta["entry_point"],))
            if reason or told.error:
                yield desk.refused(reason, told, operator=CODE, parents=draft.parents, meta=draft.meta)
            else:
                written.append(replace(draft, answer=source))
        yield from desk.drafted(written)

    def _kind(self) -> str:
        """Each kind before any comes again."""
        if not self.kinds:
            self.kinds = self.desk.rng.sample(KINDS, len(KINDS))
        return self.kinds.pop()

    def _more_personas(self) -> Iterator[Candidate]:
        desk = self.desk
        seeds = desk.rng.sample(self.seeds, min(TEXTS, len(self.seeds)))
        parents = tuple(seed.lesson_id for seed in seeds)
        texts = [task_text(seed)[:TEXT_CHARACTERS] for seed in seeds]
        request = desk.request("personas", {"texts": texts, "n_personas": PERSONAS}, temperature=1.0, max_tokens=600)
        [entry] = desk.ask_items([request], ("persona",), '{"personas": [{"persona": "..."}]}')
        self.personas = [Persona(item["persona"], parents) for item in entry.items[:PERSONAS]] + self.personas
        yield from desk.unreadable(entry, "personas", parents)

    def _solve(self, drafts: list[Draft]) -> Iterator[Candidate]:
        desk = self.desk
        requests = [desk.request("solve", {"problem": draft.problem}, temperature=0.8, max_tokens=500) for draft in drafts for _ in range(SOLUTIONS)]
        told = desk.ask(requests)
        agreed: list[Draft] = []
        for i, draft in enumerate(drafts):
            solutions = told[SOLUTIONS * i : SOLUTIONS * (i + 1)]
            voted = vote([stated(reply.text) for reply in solutions])
            meta = {**draft.meta, "votes": f"{voted.n_agree}/{voted.n}"}
            if not voted.is_majority:
                failed = next((reply for reply in solutions if reply.error), draft.told)
                reason = "the solutions do not agree" if voted.n_agree else "no solution in the fixed form"
                yield desk.refused(reason, failed, raw="\n\n".join(reply.text for reply in solutions), evidence=meta["votes"], operator=draft.operator, parents=draft.parents, meta=meta)
                continue
            shortest = min((reply.text for reply in solutions if is_same(stated(reply.text), voted.answer)), key=len)
            agreed.append(replace(draft, answer=stated(shortest), solution=_without_last_line(shortest), check=voted.check, check_kind="vote", meta=meta))
        yield from desk.drafted(self._paired(agreed))

    def _paired(self, drafts: list[Draft]) -> list[Draft]:
        """Constrained problems get an answer that ignores the constraint, as the rejected side of a pair."""
        desk = self.desk
        constrained = [i for i, draft in enumerate(drafts) if draft.operator == "constrained"]
        relaxed = desk.ask([desk.request("relax", {"problem": drafts[i].problem}, temperature=0.3, max_tokens=300) for i in constrained])
        usable = [(i, told) for i, told in zip(constrained, relaxed, strict=True) if _is_other(told, drafts[i].problem)]
        answers = desk.ask([desk.request("solve", {"problem": told.text.strip()}, temperature=0.8, max_tokens=500) for _, told in usable])
        for (i, told), answer in zip(usable, answers, strict=True):
            if not answer.error and stated(answer.text) and not is_same(stated(answer.text), drafts[i].answer):
                rejected = {"prompt": told.text.strip(), "completion": answer.text.strip()}
                drafts[i] = replace(drafts[i], meta={**drafts[i].meta, "rejected": rejected})
        return drafts


def _is_other(told: Told, problem: str) -> bool:
    return bool(told.text.strip()) and not told.error and told.text.split() != problem.split()


def _without_last_line(solution: str) -> str:
    return "\n".join(solution.strip().splitlines()[:-1]).strip() or solution.strip()


STRATEGY = AtDesk("persona", "Tulu 3 (Lambert 2024), sections 4.2 and 5.2; Persona Hub (Ge 2024), section 2", "teacher, corpus", _Writer)
