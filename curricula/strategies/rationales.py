"""Rationales: sample several worked solutions of a problem, keep the distinct ones that reach the right answer.

Problems with a gold answer are sampled `SAMPLES` times, those that few samples get right more often; where none does,
the teacher is given the answer and asked for reasoning that leads there, and the lesson is written without that hint.
Of the right ones that say different things (their lists of equations differ) the shortest and one other stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.strategies.desk import AtDesk, Draft, Told
from curricula.strategies.problems import OnProblems, Problem
from curricula.strategies.votes import is_same, vote

SAMPLES = 4
ENOUGH = 2  # right samples; an item with fewer is hard
MORE_PER_MISS = 2  # further samples for each one that a hard item got wrong (DART: trials follow difficulty)
KEPT = 2  # per problem: the shortest and one alternative
TEMPERATURE = 0.8  # at lower ones the samples are one sample
MIN_WORDS, MAX_WORDS = 5, 250
MOST_REPEATS = 0.4  # share of repeated 5-grams above which a trace goes round in circles
# not <think>: what a reasoning model puts there is no part of its reply, and clients take it out
FORMAT = re.compile(r"\s*<reasoning>\s*(?P<trace>.*?)\s*</reasoning>\s*<answer>\s*(?P<answer>.*?)\s*</answer>\s*\Z", re.DOTALL | re.IGNORECASE)
EQUATION = re.compile(r"([\d.,]+(?:\s*[-+*/×÷]\s*[\d.,]+)+)\s*=\s*(-?[\d.,]+)")
HINTED = re.compile(r"\b(right|given|provided|correct|expected|known|stated) answer\b|\bhint\b|\bwas given\b", re.IGNORECASE)


@dataclass(frozen=True)
class Trace:
    """One sample, read; `reason` says why it can't be used, else it is empty."""

    text: str
    answer: str
    told: Told
    operator: str
    reason: str = ""


class _Writer(OnProblems):
    per_problem = KEPT

    def work_on(self, problems: list[Problem]) -> Iterator[Candidate]:
        """Samples, more samples for the hard ones, hints for the hopeless ones."""
        traces = self._sample(problems, [SAMPLES] * len(problems), is_retry=False)
        problems = [self._with_vote(problem, found) for problem, found in zip(problems, traces, strict=True)]
        n_more = [self._n_more(problem, found) for problem, found in zip(problems, traces, strict=True)]
        for found, more in zip(traces, self._sample(problems, n_more, is_retry=True), strict=True):
            found += more
        hopeless = [i for i, p in enumerate(problems) if p.gold and not any(_is_right(t, p) for t in traces[i])]
        for i, hinted in zip(hopeless, self._rationalise([problems[i] for i in hopeless]), strict=True):
            traces[i].append(hinted)
        for problem, found in zip(problems, traces, strict=True):
            yield from self._choose(problem, found)

    def _sample(self, problems: list[Problem], counts: list[int], *, is_retry: bool) -> list[list[Trace]]:
        # the retry's own wording keeps the cache from answering it with the first samples
        requests = [
            self.desk.request("sample", {"problem": p.text, "is_retry": is_retry}, temperature=TEMPERATURE, max_tokens=500)
            for p, n in zip(problems, counts, strict=True)
            for _ in range(n)
        ]
        told = iter(self.desk.ask(requests))
        return [[read_trace(next(told), "sampled") for _ in range(n)] for n in counts]

    def _rationalise(self, problems: list[Problem]) -> list[Trace]:
        requests = [
            self.desk.request("rationalise", {"problem": p.text, "hint": p.gold}, temperature=0.7, max_tokens=500)
            for p in problems
        ]
        traces = [read_trace(told, "rationalised") for told in self.desk.ask(requests)]
        return [replace(t, reason="mentions the hint") if not t.reason and HINTED.search(t.text) else t for t in traces]

    def _n_more(self, problem: Problem, found: list[Trace]) -> int:
        n_right = sum(_is_right(trace, problem) for trace in found)
        return MORE_PER_MISS * (len(found) - n_right) if problem.gold and n_right < ENOUGH else 0

    def _with_vote(self, problem: Problem, found: list[Trace]) -> Problem:
        """Without a gold answer, the one that more than half of the samples give stands in."""
        if problem.gold:
            return problem
        voted = vote([trace.answer for trace in found])
        return replace(problem, gold=voted.answer, check=voted.check, check_kind="vote") if voted.is_majority else problem

    def _choose(self, problem: Problem, found: list[Trace]) -> Iterator[Candidate]:
        kept: list[Trace] = []
        paths: set[tuple[str, ...]] = set()
        meta = {"problem": problem.origin, "trials": len(found), "right": sum(_is_right(t, problem) for t in found)}
        for trace in sorted(found, key=lambda trace: len(trace.text.split())):
            reason = trace.reason
            if not reason and not problem.gold:
                reason = "the samples do not agree"
            elif not reason and not is_same(trace.answer, problem.gold):
                reason = "wrong final answer"
            elif not reason and path(trace.text) in paths:
                reason = "same path as a shorter one"
            elif not reason and len(kept) == KEPT:
                reason = "two shorter ones are kept"
            if reason:
                evidence = f"{trace.answer!r} against {problem.gold!r}" if reason.startswith("wrong") else ""
                yield self.desk.refused(reason, trace.told, evidence=evidence, operator=trace.operator, parents=problem.parents, meta=meta)
                continue
            paths.add(path(trace.text))
            kept.append(trace)
        yield from self.desk.drafted(
            [
                Draft(problem.text, trace.answer, trace.told, trace.text, problem.check, problem.check_kind, trace.operator,
                      problem.parents, shown=problem.shown, is_worked=True, meta=meta)
                for trace in kept
            ]
        )  # fmt: skip


def read_trace(told: Told, operator: str) -> Trace:
    """Reasoning and answer of one reply, by the reasoning/answer form and the length and repetition filters."""
    found = FORMAT.match(told.text)
    if told.error or not found:
        return Trace("", "", told, operator, "cut off by its length" if told.is_cut else "not in the reasoning/answer form")
    text, answer = found["trace"], found["answer"]
    n_words, reason = len(text.split()), ""
    if not answer:
        reason = "no answer"
    elif n_words < MIN_WORDS:
        reason = "no reasoning"
    elif n_words > MAX_WORDS:
        reason = f"longer than {MAX_WORDS} words"
    elif is_repetitive(text):
        reason = "goes round in circles"
    return Trace(text, answer, told, operator, reason)


def is_repetitive(text: str) -> bool:
    """A line three times, or too many 5-grams that were there before."""
    lines = Counter(line.strip().lower() for line in text.splitlines() if line.strip())
    words = text.lower().split()
    grams = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
    repeats = 1 - len(set(grams)) / len(grams) if grams else 0.0
    return max(lines.values(), default=0) >= 3 or repeats > MOST_REPEATS


def path(text: str) -> tuple[str, ...]:
    """The equations of a trace in order, spaces and signs unified; its words where it has no equation."""
    found = EQUATION.findall(text.replace("×", "*").replace("÷", "/"))
    equations = tuple(re.sub(r"[\s,]", "", f"{left}={right}").rstrip(".") for left, right in found)
    return equations or tuple(re.findall(r"\w+", text.lower()))


def _is_right(trace: Trace, problem: Problem) -> bool:
    return not trace.reason and bool(problem.gold) and is_same(trace.answer, problem.gold)


STRATEGY = AtDesk("rationales", "STaR (Zelikman 2022); RFT (Yuan 2023), section 3.2; ReST-EM (Singh 2023); DART-Math (Tong 2024)", "teacher", _Writer)
