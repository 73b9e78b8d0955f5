"""Explanation tuning: the teacher explains its way to the answer, each time asked in another manner.

One of sixteen system messages is drawn for each row; the trace that it brings is what the student learns from. The
system message is no part of the lesson (so it is masked from the loss in the strictest way, and probes come without
one), and a trace that echoes it is dropped. The final answer is held against the gold answer of a human-made problem,
against a sibling's arithmetic, or against the vote of further solutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from curricula.lesson import Candidate
from curricula.prompts import FOLDER
from curricula.strategies.desk import AtDesk, Draft, Told
from curricula.strategies.problems import OnProblems, Problem, worked_samples
from curricula.strategies.votes import stated, vote

VOTERS = 3  # further solutions where there is no gold; more than half of them and the trace must agree
ECHO = 6  # words in a row shared with the system message
MIN_WORDS = 12  # of a trace: "7 + 5 = 12. The answer is 12" explains nothing


class _Writer(OnProblems):
    def work_on(self, problems: list[Problem]) -> Iterator[Candidate]:
        """One explanation for each of the problems."""
        desk = self.desk
        numbers = [desk.rng.randrange(len(system_messages())) for _ in problems]
        requests = [
            desk.request("explain", {"problem": problem.text}, system=system_messages()[number], max_tokens=600)
            for problem, number in zip(problems, numbers, strict=True)
        ]
        drafts = []
        for problem, number, told in zip(problems, numbers, desk.ask(requests), strict=True):
            meta = {"system": system_messages()[number], "problem": problem.origin}
            operator = f"system_{number + 1:02d}"
            if (reason := unfit(told, system_messages()[number])) or told.error:
                yield desk.refused(reason, told, operator=operator, parents=problem.parents, meta=meta)
                continue
            trace = "\n".join(told.text.strip().splitlines()[:-1])
            drafts.append(
                Draft(problem.text, stated(told.text), told, trace, problem.check, problem.check_kind, operator, problem.parents,
                      shown=problem.shown, is_worked=True, meta=meta)
            )  # fmt: skip
        yield from self._voted(problems, drafts)

    def _voted(self, problems: list[Problem], drafts: list[Draft]) -> Iterator[Candidate]:
        """Drafts without a gold answer get the one that most of the trace and `VOTERS` more solutions give; without a majority they go."""
        by_text = {problem.text: problem for problem in problems}
        open_ones = [i for i, draft in enumerate(drafts) if not draft.check]
        samples = worked_samples(self.desk, [by_text[drafts[i].problem] for i in open_ones], VOTERS)
        for i, told in zip(open_ones, samples, strict=True):
            voted = vote([drafts[i].answer, *(stated(reply.text) for reply in told)])
            meta = {**drafts[i].meta, "votes": f"{voted.n_agree}/{voted.n}"}
            if voted.is_majority:
                drafts[i] = replace(drafts[i], check=voted.check, check_kind="vote", meta=meta)
            else:
                draft = drafts[i]
                yield self.desk.refused("the solutions do not agree", draft.told, evidence=meta["votes"], operator=draft.operator, parents=draft.parents, meta=meta)
        yield from self.desk.drafted([draft for draft in drafts if draft.check])


@lru_cache(maxsize=1)
def system_messages() -> tuple[str, ...]:
    """The bank, in file order."""
    import yaml

    return tuple(yaml.safe_load((FOLDER / "explanation" / "system_messages.yaml").read_text(encoding="utf-8")))


def unfit(told: Told, system: str) -> str:
    """Why a trace is dropped before its answer is looked at, or empty."""
    lines = told.text.strip().splitlines()
    if told.is_cut:
        return "cut off by its length"
    if not lines or not stated(lines[-1]):
        return "no final answer in the last line"
    if echoes(told.text, system):
        return "echoes the system message"
    return "" if len(" ".join(lines[:-1]).split()) >= MIN_WORDS else "explains nothing"


def echoes(text: str, system: str) -> bool:
    """Do `ECHO` words in a row of the system message stand in the text?"""
    words, own = _words(text), _words(system)
    said = {tuple(words[i : i + ECHO]) for i in range(len(words) - ECHO + 1)}
    return any(tuple(own[i : i + ECHO]) in said for i in range(len(own) - ECHO + 1))


def _words(text: str) -> list[str]:
    return "".join(c.lower() if c.isalnum() else " " for c in text).split()


STRATEGY = AtDesk("explanation", "Orca (Mukherjee 2023), sections 2.2 and 3.1, table 2", "teacher", _Writer)
