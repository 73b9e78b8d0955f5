"""Generator: the teacher writes a program that makes problems and solves them, and is believed as far as that is shown.

A program is run in the sandbox alone and is accepted if it gives the same problems twice, different ones for different
seeds, the golds of all failures that it can read, and the answers of a second program, which the teacher writes from
problem texts alone. One that fails is mended once, with the error shown. An accepted one is free: it makes as many
problems as are wanted, from hashed seeds, at the failures' difficulty. Each lesson's answer is the first program's, its
check the second one's on the same text (`check_kind` `program`), and the verifier that the lesson names compares them:
acceptance alone proves no lesson. Without a sandbox nothing is asked and nothing is run.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.sandbox import tiers
from curricula.sandbox.run import NoSandbox
from curricula.strategies.desk import AtDesk, Desk, Draft, Told
from curricula.strategies.programs import (
    MAKER,
    Item,
    Tried,
    agreement,
    disagreement,
    fit_levels,
    hashed_seed,
    make_items,
    program_hash,
    read_program,
    try_program,
)

PER_PROGRAM = 24  # lessons; then another program sees other failures
MOST_SHOWN = 8  # failures a program is written from; its golds are tried on all of them
N_TEXTS = 6  # problems that the second program is written from
TOKENS = 1500
EASIER_SHARE = 0.25  # of the lessons lie below the failures' difficulty: a ladder to them
JITTER = 0.06  # half a step between two levels
DRAWS = 2  # problems made for each lesson wanted: easy ones repeat


@dataclass(frozen=True)
class Program:
    """An accepted program."""

    source: str
    solution: str
    """The second program."""
    told: Told
    """The reply that holds the first."""
    tried: Tried
    parents: tuple[str, ...]

    @property
    def name(self) -> str:
        """Hash of both sources."""
        return program_hash(self.source, self.solution)

    @property
    def operator(self) -> str:
        """Each program is one: the mix gives no operator more than its share."""
        return f"program_{self.name[:6]}"


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen = {" ".join(failure.prompt.lower().split()) for failure in desk.brief.failures}
        n_programs = -(-desk.wanted // PER_PROGRAM)
        self.n_shown = min(MOST_SHOWN, -(-len(desk.brief.failures) // n_programs))
        self.n_drawn = 0  # goes on over all programs: one that comes twice gives other problems
        self.is_stopped = False

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One program and the lessons that it makes; rows for what was refused on the way."""
        if self.is_stopped:
            return
        try:
            if tiers.in_force() is None:
                raise NoSandbox("no sandbox", where=tiers.why_none())
            found = yield from self._program()
            if found is not None:
                yield from self._lessons(found, n_lessons)
        except NoSandbox as error:
            self.is_stopped = True
            row = self.desk.refused("no sandbox: programs of a teacher are not run here", Told("", "", False, ""), evidence=error.where, operator="program")
            yield replace(row, outcome="unverifiable")

    def _program(self) -> Generator[Candidate, None, Program | None]:
        """Write, try, mend once: rows for what was refused, then the accepted program or None."""
        desk = self.desk
        shown = desk.next_failures(self.n_shown)
        parents = desk.parents(shown)
        variables = {"failures": desk.failures(shown), "has_options": desk.wardrobe.has_options}
        [told] = desk.ask([desk.request("program", variables, max_tokens=TOKENS)])
        for operator in ("program", "mended"):
            source, reason = read_program(told.text, MAKER)
            tried = Tried(reason="cut off by its length" if told.is_cut else reason)
            solution = ""
            if not (told.error or tried.reason):
                tried = try_program(source, desk.brief.failures, desk.brief.seed)
                if not tried.reason:
                    solution, tried = self._second(tried)
            if not (told.error or tried.reason):
                return Program(source, solution, told, tried, parents)
            meta = {"program": program_hash(source), **({"solution_text": solution} if solution else {})}
            yield desk.refused(tried.reason, told, evidence=tried.evidence, operator=operator, parents=parents, meta=meta)
            if told.error or operator == "mended":
                return None
            mend = {**variables, "program": source, "reason": tried.reason, "evidence": tried.evidence}
            [told] = desk.ask([desk.request("mend", mend, temperature=0.2, max_tokens=TOKENS)])
        return None

    def _second(self, tried: Tried) -> tuple[str, Tried]:
        """A solution by someone who knows the texts alone, and what its answers make of the program."""
        desk = self.desk
        spread = tried.items[:: max(1, len(tried.items) // N_TEXTS)][:N_TEXTS]
        [told] = desk.ask([desk.request("solution", {"texts": [item.text for item in spread]}, temperature=0.2, max_tokens=TOKENS)])
        solution, reason = read_program(told.text, ("answer",))
        if told.error or reason:
            return solution, replace(tried, reason="no second solution", evidence=told.error or reason)
        answers, error = agreement(solution, [item.text for item in tried.items])
        if error:
            return solution, replace(tried, reason="no second solution", evidence=error)
        differs = disagreement(tried.items, answers)
        return solution, replace(tried, reason="the second solution disagrees" if differs else "", evidence=differs)

    def _lessons(self, program: Program, n_lessons: int) -> Iterator[Candidate]:
        desk = self.desk
        levels = self._levels(program, DRAWS * n_lessons)
        draws = [(hashed_seed("generator", desk.brief.seed, program.name, self.n_drawn + i), level) for i, level in enumerate(levels)]
        self.n_drawn += len(draws)
        made = make_items(program.source, draws)
        if made.reason:
            yield desk.refused(made.reason, program.told, evidence=made.evidence, operator=program.operator, parents=program.parents, meta={"program": program.name})
            return
        items = self._new(made.items)[:n_lessons]
        answers, error = agreement(program.solution, [item.text for item in items])
        drafts: list[Draft] = []
        for item, answer in zip(items, answers, strict=True):
            meta = {"program": program.name, "seed": item.seed, "difficulty": item.difficulty}
            raw = json.dumps({"problem": item.text, "answer": item.answer, "second": answer}, ensure_ascii=False)
            if not answer:  # not put to the teacher instead: a program that can't be held against another is not believed
                yield desk.refused("the second solution gives no answer", program.told, raw=raw, evidence=error, operator=program.operator, parents=program.parents, meta=meta)
                continue
            if not drafts:  # the text once, with the first lesson; the others name it by its hash
                meta |= {"program_text": program.source, "solution_text": program.solution}
            told = replace(program.told, text=raw)
            drafts.append(Draft(item.text, item.answer, told, check=answer, check_kind="program", operator=program.operator, parents=program.parents, shown=program.tried.covered, meta=meta))
        yield from desk.drafted(drafts)

    def _levels(self, program: Program, n: int) -> list[float]:
        """Difficulties of `n` problems: those of the failures that the program covers, a quarter of them easier."""
        rng, covered = self.desk.rng, program.tried.covered
        fitted = fit_levels(program.tried.items, [self.desk.wardrobe.readings[i] for i in covered])
        levels = []
        for _ in range(n):
            level = rng.choice(fitted) * (rng.random() if rng.random() < EASIER_SHARE else 1.0)
            levels.append(round(min(1.0, max(0.0, level + rng.uniform(-JITTER, JITTER))), 3))
        return levels

    def _new(self, items: tuple[Item, ...]) -> list[Item]:
        """Those whose text neither a failure nor an earlier item has."""
        fresh = []
        for item in items:
            flat = " ".join(item.text.lower().split())
            if not any(flat == known or known.startswith(flat + " ") for known in self.seen):
                self.seen.add(flat)
                fresh.append(item)
        return fresh


STRATEGY = AtDesk("generator", "AlphaGeometry (Trinh 2024): data from a program that proves it; PAL (Gao 2022): programs written by a model",
                  "teacher", _Writer, per_batch=PER_PROGRAM)  # fmt: skip
