"""Passes when the completion derives the conclusion from the premises, step by step, checked by rules alone.

The check states the problem in Horn clauses, one premise a line, the goal behind `|-`:

    wumpus(X) -> zorp(X)
    zorp(X) & big(X) -> green(X)
    wumpus(alex)
    big(alex)
    |- green(alex)

The completion holds a derivation, numbered lines with their ground in brackets: `[premise]`, or the numbers of one rule
and of the facts for its conditions.

    1. wumpus(alex) [premise]
    2. wumpus(X) -> zorp(X) [premise]
    3. zorp(alex) [1, 2]

Refused: invented premises, gaps, steps that do not follow, forward references, grounds that are not needed, premises or
steps claimed but not used, another conclusion than the goal. Names that begin with a capital are variables; a rule's
conclusion may have none that its conditions lack. This checker shares nothing with the engines that make lessons.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable

STEP = re.compile(r"^\s*(\d{1,4})[.)]\s*(.+?)\s*\[\s*([^\[\]]+?)\s*\]\s*\.?\s*$")
ATOM = re.compile(r"^([a-z]\w*)(?:\(\s*(\w+(?:\s*,\s*\w+)*)\s*\))?$")
ARROW = re.compile(r"\s*(?:->|→|=>|⇒)\s*")
AND = re.compile(r"\s*(?:&|∧|\band\b)\s*")
MOST_STEPS = 200
MOST_CONDITIONS = 6  # a rule's; orders of its grounds are tried, 720 at most

Atom = tuple[str, ...]
"""Predicate and arguments."""


@dataclass(frozen=True)
class Clause:
    """A fact (no conditions) or a rule."""

    conditions: tuple[Atom, ...]
    conclusion: Atom


class ProofVerifier:
    """A derivation in Horn clauses."""

    name = "proof"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without a problem; a derivation that can't be read is a fail."""
        if not lesson.check.strip():
            return unverifiable("no check")
        try:
            premises, goal = read_problem(lesson.check)
        except ValueError as error:
            return unverifiable(f"the check is no problem in Horn clauses: {error}")
        if lesson.answer.strip():
            try:
                if read_clause(lesson.answer) != Clause((), goal):
                    return failed("answer and goal differ", lesson.answer)
            except ValueError as error:
                return failed("the answer is no fact", str(error))
        else:
            return failed("missing answer")
        return judge(lesson.completion, premises, goal)


def judge(derivation: str, premises: frozenset[Clause], goal: Atom) -> Verdict:
    """Check every step, then that the last is the goal and that nothing claimed is idle."""
    lines = [match for line in derivation.splitlines() if (match := STEP.match(line))]
    if not lines:
        return failed("no derivation")
    if len(lines) > MOST_STEPS:
        return failed(f"more than {MOST_STEPS} steps")
    if Clause((), goal) in premises:
        return failed("the goal is a premise: nothing is derived")
    known: dict[int, Clause] = {}
    grounds: dict[int, list[int]] = {}
    for match in lines:
        number, ground = int(match[1]), match[3].strip().lower()
        try:
            clause = read_clause(match[2])
        except ValueError as error:
            return failed(f"step {number} can't be read", str(error))
        if number in known:
            return failed("two steps have one number", match[0].strip())
        if ground == "premise":
            if clause not in premises:
                return failed("a premise is invented", match[0].strip())
            grounds[number] = []
        else:
            if not re.fullmatch(r"\d+(\s*,\s*\d+)*", ground):
                return failed("a step without numbered grounds", match[0].strip())
            grounds[number] = [int(part) for part in ground.split(",")]
            if why := _gap(clause, grounds[number], known):
                return failed(why, match[0].strip())
        known[number] = clause
    last = int(lines[-1][1])
    if known[last] != Clause((), goal):
        return failed("the last step is not the goal", lines[-1][0].strip())
    needed, waiting = set(), [last]
    while waiting:
        number = waiting.pop()
        if number not in needed:
            needed.add(number)
            waiting += grounds[number]
    if idle := sorted(set(known) - needed):
        return failed("a premise or step is not used", f"step {idle[0]}")
    return passed(f"{len(lines)} steps")


def read_problem(text: str) -> tuple[frozenset[Clause], Atom]:
    """Premises and goal; raises ValueError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    goals = [line for line in lines if line.startswith(("|-", "⊢"))]
    if len(goals) != 1:
        raise ValueError("not exactly one goal behind |-")
    goal = read_clause(goals[0].lstrip("|-⊢ "))
    if goal.conditions or _variables(goal.conclusion):
        raise ValueError("the goal is not a fact")
    return frozenset(read_clause(line) for line in lines if line not in goals), goal.conclusion


def read_clause(text: str) -> Clause:
    """One fact or rule; raises ValueError."""
    parts = ARROW.split(text.strip().rstrip("."))
    if len(parts) > 2:
        raise ValueError(f"two arrows in {text!r}")
    conclusion = _atom(parts[-1])
    conditions = tuple(_atom(part) for part in AND.split(parts[0])) if len(parts) == 2 else ()
    if len(conditions) > MOST_CONDITIONS:
        raise ValueError(f"more than {MOST_CONDITIONS} conditions in {text!r}")
    if not _variables(conclusion) <= set().union(*map(_variables, conditions)):
        raise ValueError(f"a variable of the conclusion is in no condition of {text!r}")
    return Clause(conditions, conclusion)


def _gap(clause: Clause, numbers: list[int], known: dict[int, Clause]) -> str:
    """Why a step does not follow from its grounds; empty when it does, and every ground is needed."""
    if any(number not in known for number in numbers):
        return "a step rests on what comes later or nowhere"
    if len(set(numbers)) != len(numbers):
        return "a ground is named twice"
    named = [known[number] for number in numbers]
    rules, facts = [c for c in named if c.conditions], [c.conclusion for c in named if not c.conditions]
    if clause.conditions or len(rules) != 1:
        return "a step does not rest on exactly one rule"
    rule = rules[0]
    if len(facts) > len(rule.conditions):
        return "a step names grounds that it does not need"
    for chosen in itertools.product(facts, repeat=len(rule.conditions)) if len(facts) <= 3 else itertools.permutations(facts, len(rule.conditions)):
        if set(chosen) == set(facts) and _follows(rule, chosen, clause.conclusion):
            return ""
    return "a step does not follow from its grounds"


def _follows(rule: Clause, facts: tuple[Atom, ...], conclusion: Atom) -> bool:
    bound: dict[str, str] = {}
    for pattern, fact in zip((*rule.conditions, rule.conclusion), (*facts, conclusion), strict=True):
        if pattern[0] != fact[0] or len(pattern) != len(fact):
            return False
        for wanted, found in zip(pattern[1:], fact[1:], strict=True):
            if (bound.setdefault(wanted, found) if wanted[0].isupper() else wanted) != found:
                return False
    return True


def _atom(text: str) -> Atom:
    match = ATOM.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no atom")
    return (match[1], *(part.strip() for part in (match[2] or "").split(",") if part.strip()))


def _variables(atom: Atom) -> set[str]:
    return {argument for argument in atom[1:] if argument[0].isupper()}


VERIFIER = ProofVerifier()
