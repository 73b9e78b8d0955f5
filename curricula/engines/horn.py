"""Reasoning from facts and rules: does it follow, who is it, which statement follows.

AlphaGeometry's way (Trinh 2024, Methods) in Horn clauses: premises are drawn at random, everything that follows is derived
by forward chaining, a deep conclusion is picked and its proof traced back; premises are then dropped one by one as
long as the conclusion still follows, so that none of those left can be spared. Unused premises come back as distractors as
difficulty grows. `params["problem"]` and `params["derivation"]` are in the notation of the `proof` verifier, which shares
no code with this file and checks every lesson.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from curricula.engines.chaining import Atom, Ground, Premise, Rule, closure, depth_of, minimal, trace
from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.logic import MADE_UP, QUALITIES
from curricula.engines.vocabulary import NAMES

# ---- material -------------------------------------------------------------------------------------------

RELATIONS = words("likes helps knows follows trusts admires visits teaches")
N_TRIES = 60  # draws of premises; at full depth 4 of 5 hold a conclusion that is deep enough, so this never ends empty


@dataclass(frozen=True)
class Theory:
    """Premises as they are told, with a conclusion and the proof of it that spares nothing."""

    premises: tuple[Premise, ...]
    goal: Atom
    proof: tuple[tuple[Atom, Ground], ...]
    """Derived atoms in order, each with the rule and the facts it rests on."""
    people: tuple[str, ...]
    unused: tuple[Premise, ...] = ()
    """Drawn, not needed and not told."""


# ---- wordings -------------------------------------------------------------------------------------------

IS_IT = (
    "{facts} Is {claim_asked}?",
    "{facts} Is it true that {claim}?",
    "here is what we know. {facts} Given this, is {claim_asked}?",
    "take these statements as true: {facts} Is it then the case that {claim}?",
    "{facts} Using the statements above, say whether {claim}.",
)
FOLLOWS = (
    "{facts} Does it follow that {claim}?",
    "{facts} Can we conclude that {claim}?",
    "suppose that all of this is true. {facts} Must it be true that {claim}?",
    "premises: {facts} Conclusion: {claim}. Does the conclusion follow from the premises?",
    "{facts} Do these statements prove that {claim}?",
)
WHO = (
    "{facts} Who {quality}?",
    "{facts} Of which person can we be sure that this person {quality}?",
    "here is what we know. {facts} Name the one who {quality}.",
    "{facts} For exactly one person it follows that this person {quality}. Who is it?",
)
WHICH = (
    "{facts} Which of these statements follows{listed}?",
    "{facts} Only one of these must be true{listed}. Which one?",
    "read the premises. {facts} Which conclusion can be drawn from them{listed}?",
    "{facts} Choose the statement that is proved by this{listed}.",
)


def _being(predicate: str) -> str:
    if predicate.startswith("not_"):
        return f"is not {predicate[4:]}"
    return f"is {predicate}" if predicate in QUALITIES else f"is a {predicate}"


def say(premise: Premise) -> str:
    """A fact or a rule as a clause without its full stop."""
    if isinstance(premise, tuple):
        return f"{premise[1]} {premise[0]} {premise[2]}" if len(premise) == 3 else f"{premise[1]} {_being(premise[0])}"
    conclusion, first = _being(premise.conclusion[0]), premise.conditions[0]
    if len(first) == 3:
        relation, of_whom = first[0], _being(premise.conditions[1][0])
        return (
            f"whoever {relation} someone who {of_whom} {conclusion}",
            f"if one person {relation} another who {of_whom}, then the first person {conclusion}",
        )[premise.style % 2]
    conditions = " and ".join(_being(condition[0]) for condition in premise.conditions)
    if len(premise.conditions) == 1 and first[0] not in QUALITIES and premise.style < 2:
        if premise.conclusion[0].startswith("not_"):
            return f"no {first[0]} is {premise.conclusion[0][4:]}"
        return f"every {first[0]} {conclusion}"
    return (
        f"whoever {conditions} {conclusion}",
        f"if someone {conditions}, then that person {conclusion}",
        f"everyone who {conditions} {conclusion}",
    )[premise.style % 3]


def _told(premises: Sequence[Premise]) -> str:
    return " ".join(f"{_upper(say(premise))}." for premise in premises)


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _worked(proof: Sequence[tuple[Atom, Ground]]) -> str:
    return " ".join(
        f"{_upper(say(rule))}, and {' and '.join(say(fact) for fact in used)}, so {say(atom)}." for atom, (rule, used) in proof
    )


# ---- draws ----------------------------------------------------------------------------------------------


def draw_theory(rng: Random, difficulty: float, is_denied: bool = False) -> Theory:
    """Random premises with a conclusion as deep as the difficulty asks, a denial or not.

    Premises that are not needed stay as distractors in number with difficulty; the rest is `unused`.
    """
    wanted = rng.randint(scaled(1, 3, difficulty), scaled(2, 5, difficulty))
    best: tuple[int, Theory] | None = None
    for _ in range(N_TRIES):
        drawn, people = _premises(rng, difficulty)
        grounds = closure(drawn)
        goals = sorted(atom for atom in grounds if atom[0].startswith("not_") == is_denied)
        rng.shuffle(goals)
        for goal in goals[:6]:
            needed, proof = minimal(goal, grounds)
            miss = abs(depth_of(goal, proof) - wanted)
            if best is None or miss < best[0]:
                others = [premise for premise in drawn if premise not in needed]
                rng.shuffle(others)
                n_kept = scaled(0, 6, difficulty)
                told = [*needed, *others[:n_kept]]
                rng.shuffle(told)
                best = miss, Theory(tuple(told), goal, proof, people, tuple(others[n_kept:]))
        if best is not None and best[0] == 0:
            break
    if best is None:
        raise RuntimeError(f"no conclusion in {N_TRIES} sets of premises")
    return best[1]


def _premises(rng: Random, difficulty: float) -> tuple[list[Premise], tuple[str, ...]]:
    """Facts and rules. A rule concludes a later predicate than its conditions have: no circles, and depth."""
    people = tuple(rng.sample(NAMES, scaled(2, 4, difficulty)))
    n_levels = scaled(4, 8, difficulty)
    qualities = rng.sample(QUALITIES, 4)
    levels = [*rng.sample(MADE_UP, n_levels - 2), *qualities[:2]]
    rng.shuffle(levels)
    relation = rng.choice(RELATIONS)
    facts: list[Premise] = [(rng.choice(levels[: n_levels // 2 + 1]), person) for person in people for _ in range(rng.randint(1, 2))]
    if len(people) > 2 or rng.random() < 0.5:
        facts.append((relation, *rng.sample(people, 2)))
    rules: list[Premise] = []
    for at in range(1, n_levels):
        for _ in range(rng.randint(1, 2)):
            rules.append(_rule(rng, levels[:at], levels[at], relation, difficulty))
    for quality in qualities[2:]:  # only ever denied: nothing contradicts itself
        rules.append(_rule(rng, levels, f"not_{quality}", relation, difficulty))
    return list(dict.fromkeys(facts + rules)), people


def _rule(rng: Random, before: Sequence[str], conclusion: str, relation: str, difficulty: float) -> Rule:
    roll, style = rng.random(), rng.randrange(3)
    near = before[-3:]  # chains get long when rules rest on the level just below
    if roll < 0.15 * (1 + difficulty):
        return Rule(((relation, "X", "Y"), (rng.choice(near), "Y")), (conclusion, "X"), style)
    if roll < 0.15 * (1 + difficulty) + 0.3 * difficulty and len(before) > 1:
        return Rule(tuple((predicate, "X") for predicate in rng.sample(before, 2)), (conclusion, "X"), style)
    return Rule(((rng.choice(near), "X"),), (conclusion, "X"), style)


def _is_it(rng: Random, difficulty: float) -> Draw:
    is_denied = rng.random() < 0.5
    theory = draw_theory(rng, difficulty, is_denied)
    asked: Atom = (theory.goal[0].removeprefix("not_"), theory.goal[1])
    claim = say(asked)
    slots = {"facts": _told(theory.premises), "claim": claim, "claim_asked": claim.replace(" is ", " ", 1)}
    return Draw(slots, "no" if is_denied else "yes", _worked(theory.proof), _params(theory), ("yes" if is_denied else "no",))


def _follows(rng: Random, difficulty: float) -> Draw:
    theory = draw_theory(rng, difficulty)
    if rng.random() < 0.5:
        slots = {"facts": _told(theory.premises), "claim": say(theory.goal)}
        return Draw(slots, "yes", _worked(theory.proof), _params(theory), ("no",))
    needed = [premise for _, (rule, used) in theory.proof for premise in (rule, *used) if premise in theory.premises]
    for missing in rng.sample(needed, len(needed)):  # nearly a proof: a premise of it is not told
        told = [premise for premise in theory.premises if premise != missing]
        if theory.goal not in closure(told):
            break
    else:  # distractors hold another proof whatever is left out; without them the proof spares nothing
        told = [premise for premise in theory.premises if premise in needed[1:]]
    reached = [step for step in closure(told).items() if step[0][-1] == theory.goal[-1]]
    steps = (_worked(trace(reached[-1][0], closure(told))) + " " if reached else "") + f"Nothing said leads to: {say(theory.goal)}."
    slots = {"facts": _told(told), "claim": say(theory.goal)}
    return Draw(slots, "no", steps, {"problem": _problem(told, theory.goal)}, ("yes",))


def _who(rng: Random, difficulty: float) -> Draw:
    for _ in range(N_TRIES):
        theory, named = _with_everyone(rng, draw_theory(rng, difficulty))
        holders = {atom[1] for atom in _true(theory.premises) if atom[0] == theory.goal[0]}
        if holders == {theory.goal[1]}:
            break
    else:
        raise RuntimeError("no conclusion that holds for one of several people")
    slots = {"facts": _told(theory.premises), "quality": _being(theory.goal[0])}
    wrong = tuple(person for person in named if person != theory.goal[1])
    return Draw(slots, theory.goal[1], _worked(theory.proof), {**_params(theory), "people": named}, wrong)


def _which(rng: Random, difficulty: float) -> Draw:
    for _ in range(N_TRIES):
        theory, named = _with_everyone(rng, draw_theory(rng, difficulty, rng.random() < 0.3))
        true = _true(theory.premises)
        concluded = {premise.conclusion[0] for premise in theory.premises if isinstance(premise, Rule)}
        predicates = sorted({atom[0] for atom in true if len(atom) == 2} | concluded)
        others = [(predicate, person) for predicate in predicates for person in named if (predicate, person) not in true]
        others += [(denied, atom[1]) for atom in sorted(true) if len(atom) == 2 and (denied := _denied(atom[0]))]
        if len(set(others)) > 1:
            break
    else:
        raise RuntimeError("no premises from which something does not follow")
    wrong = [say(atom) for atom in rng.sample(sorted(set(others)), min(len(set(others)), scaled(2, 3, difficulty)))]
    statements = [say(theory.goal), *wrong]
    rng.shuffle(statements)
    listed = f": {', '.join(statements[:-1])} or {statements[-1]}"
    params = {**_params(theory), "statements": statements, "listed": listed}
    slots = {"facts": _told(theory.premises), "listed": listed}
    return Draw(slots, say(theory.goal), _worked(theory.proof), params, tuple(wrong))


def _with_everyone(rng: Random, theory: Theory) -> tuple[Theory, list[str]]:
    """The theory with a fact of every person that the premises tell of or could, and these people's names."""
    told = list(theory.premises)
    for person in theory.people:
        own = [fact for fact in theory.unused if isinstance(fact, tuple) and person in fact]
        if own and not any(isinstance(fact, tuple) and person in fact for fact in told):
            told.insert(rng.randrange(len(told) + 1), own[0])
    named = [person for person in theory.people if any(isinstance(fact, tuple) and person in fact for fact in told)]
    return replace(theory, premises=tuple(told)), named


def _true(premises: Sequence[Premise]) -> set[Atom]:
    return {*closure(premises), *(premise for premise in premises if isinstance(premise, tuple))}


def _denied(predicate: str) -> str:
    return predicate.removeprefix("not_") if predicate.startswith("not_") else f"not_{predicate}" if predicate in QUALITIES else ""


# ---- notation of the proof verifier ---------------------------------------------------------------------


def _clause(premise: Premise) -> str:
    if isinstance(premise, Rule):
        return f"{' & '.join(map(_clause, premise.conditions))} -> {_clause(premise.conclusion)}"
    return f"{premise[0]}({', '.join(part if part in ('X', 'Y') else part.lower() for part in premise[1:])})"


def _problem(premises: Sequence[Premise], goal: Atom) -> str:
    return "\n".join([*map(_clause, premises), f"|- {_clause(goal)}"])


def _params(theory: Theory) -> dict[str, Any]:
    lines: dict[Premise, int] = {}
    text = []

    def line(premise: Premise, ground: str) -> int:
        if premise not in lines:
            lines[premise] = len(lines) + 1
            text.append(f"{lines[premise]}. {_clause(premise)} [{ground}]")
        return lines[premise]

    for atom, (rule, used) in theory.proof:
        rested: list[Premise] = [rule, *used]
        line(atom, ", ".join(str(line(premise, "premise")) for premise in dict.fromkeys(rested)))
    return {"problem": _problem(theory.premises, theory.goal), "derivation": "\n".join(text)}


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("horn_is_it", "horn", IS_IT, _is_it),
    SkillEngine("horn_follows", "horn", FOLLOWS, _follows),
    SkillEngine("horn_who", "horn", WHO, _who),
    SkillEngine("horn_which", "horn", WHICH, _which),
)
