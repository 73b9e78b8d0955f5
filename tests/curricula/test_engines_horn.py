"""Facts and rules: the answer is what a brute force over the question's own sentences says, and proofs spare nothing."""

from __future__ import annotations

import itertools
import re
from random import Random
from statistics import mean

import pytest

from curricula.engines.chaining import Rule, closure, minimal, trace
from curricula.engines.contract import Item, find_engine
from curricula.lesson import Lesson
from curricula.verifiers.proof import VERIFIER, read_problem

QUALITIES = ["green", "hungry", "shy", "fast", "old", "loud", "kind", "tiny", "brave", "quiet", "sleepy", "bright"]
RELATIONS = ["likes", "helps", "knows", "follows", "trusts", "admires", "visits", "teaches"]


def draw(name: str, n: int = 60) -> list[Item]:
    rng = Random(f"horn:{name}")
    return [find_engine(name).sample(rng, i / (n - 1)) for i in range(n)]


def predicate(phrase: str) -> str:
    """`is not green` -> `not green`, `is a zorp` -> `zorp`."""
    return re.sub(r"^is (?:a )?", "", phrase.strip())


def read(sentence: str) -> tuple[str, tuple]:
    """One sentence of a question as data, by its grammar alone."""
    text = sentence.strip().rstrip(".")
    low = text[0].lower() + text[1:]
    if found := re.fullmatch(r"every (\w+) (is .+)", low):
        return "rule", ((found[1],), predicate(found[2]), "")
    if found := re.fullmatch(r"no (\w+) is (\w+)", low):
        return "rule", ((found[1],), f"not {found[2]}", "")
    if found := re.fullmatch(rf"(?:whoever|if one person) ({'|'.join(RELATIONS)}) (?:someone|another) who (is (?:a )?\w+)(?:, then the first person)? (is .+)", low):
        return "rule", ((predicate(found[2]),), predicate(found[3]), found[1])
    if found := re.fullmatch(r"(?:whoever|everyone who|if someone) (is (?:a )?\w+(?: and is (?:a )?\w+)?)(?:, then that person)? (is .+)", low):
        return "rule", (tuple(map(predicate, found[1].split(" and "))), predicate(found[2]), "")
    if found := re.fullmatch(rf"(\w+) ({'|'.join(RELATIONS)}) (\w+)", text):
        return "fact", (found[2], found[1], found[3])
    found = re.fullmatch(r"(\w+) (is (?:a )?\w+)", text)
    assert found, f"a sentence that is neither fact nor rule: {sentence!r}"
    return "fact", (predicate(found[2]), found[1])


def told(question: str) -> list[str]:
    """The sentences that are facts or rules."""
    pieces = re.findall(r"[^.?]+[.?]", re.sub(r"^[^:.?]*:\s*", "", question) if re.match(r"(Take|Premises)[^.]*:", question) else question)
    frame = r"Here is what|Suppose that|Given this|Using the|Does |Do these|Can we|Must it|Conclusion|Is |Who |Which |Of which|Name the|For exactly|Only one|Choose|Read the"
    return [piece.strip() for piece in pieces if not re.match(frame, piece.strip())]


def everything(question: str) -> set[tuple]:
    """All that follows, by trying every rule on every person until nothing is new."""
    kinds = [read(sentence) for sentence in told(question)]
    known = {data for kind, data in kinds if kind == "fact"}
    people = {name for fact in known for name in fact[1:]}
    while True:
        fresh = set()
        for kind, data in kinds:
            if kind == "rule":
                conditions, conclusion, relation = data
                for x, y in itertools.product(people, people):
                    who = y if relation else x
                    if all((c, who) in known for c in conditions) and (not relation or (relation, x, y) in known):
                        fresh.add((conclusion, x))
        if fresh <= known:
            return known
        known |= fresh


def claim(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\w+) (is (?:a )?(?:not )?\w+)", text.strip())
    assert found, text
    return predicate(found[2]), found[1]


def test_is_it_agrees_with_brute_force() -> None:
    for item in draw("horn_is_it"):
        found = re.search(r"(?:say whether|the case that|true that) (\w+ is (?:a )?\w+)[.?]$", item.question)
        asked = found[1] if found else re.sub(r"^(\w+)", r"\1 is", re.search(r"[Ii]s (\w+ (?:a )?\w+)\?$", item.question)[1])
        quality, person = claim(asked)
        known = everything(item.question)
        assert ((quality, person) in known) == (item.answer == "yes"), item
        assert ((f"not {quality}", person) in known) == (item.answer == "no"), "both ways are proved, none is guessed"


def test_follows_agrees_with_brute_force() -> None:
    for item in draw("horn_follows"):
        asked = [text for text in re.findall(r"(?:that|Conclusion:) (\w+ is (?:a )?\w+)[.?]", item.question) if not text.startswith("person")][-1]
        assert (claim(asked) in everything(item.question)) == (item.answer == "yes"), item


def test_who_is_exactly_one_of_several() -> None:
    for item in draw("horn_who"):
        quality = predicate(re.search(r"(?:Who|this person|the one who) (is (?:a )?\w+)[.?]", item.question)[1])
        holders = {fact[1] for fact in everything(item.question) if fact[0] == quality}
        assert holders == {item.answer} and item.wrong, item
        assert all(name in item.question for name in item.wrong)


def test_of_the_statements_one_follows() -> None:
    for item in draw("horn_which"):
        known = everything(item.question.replace(item.params["listed"], ""))
        statements = item.params["statements"]
        assert [statement for statement in statements if claim(statement) in known] == [item.answer], item
        assert all(statement in item.question for statement in statements) and len(statements) >= 3
        assert set(item.wrong) == set(statements) - {item.answer}


@pytest.mark.parametrize("name", ["horn_is_it", "horn_who", "horn_which"])
def test_derivations_pass_the_proof_verifier_and_spoiled_ones_do_not(name: str) -> None:
    for item in draw(name, 25):
        problem, derivation = item.params["problem"], item.params["derivation"]
        goal = problem.splitlines()[-1].removeprefix("|- ")
        lesson = Lesson("?", derivation, goal, "symbolic", 1, "proof", problem)
        assert VERIFIER.verify(lesson).outcome == "pass", (problem, derivation)
        lines = derivation.splitlines()
        for at in range(len(lines)):
            gap = Lesson("?", "\n".join(lines[:at] + lines[at + 1 :]), goal, "symbolic", 1, "proof", problem)
            assert VERIFIER.verify(gap).outcome == "fail", "no line can be spared"


def test_of_the_premises_of_a_proof_none_can_be_spared() -> None:
    for item in draw("horn_is_it", 40):
        premises, goal = read_problem(item.params["problem"])
        used = [line.partition(". ")[2].partition(" [")[0] for line in item.params["derivation"].splitlines() if line.endswith("[premise]")]
        clauses = {f"{' & '.join(show(c) for c in p.conditions)}{' -> ' if p.conditions else ''}{show(p.conclusion)}": p for p in premises}
        needed = [clauses[text] for text in used]
        people = {part for p in premises if not p.conditions for part in p.conclusion[1:]}
        assert goal in ground(needed, people)
        for premise in needed:
            assert goal not in ground([p for p in needed if p != premise], people), item


def show(atom: tuple[str, ...]) -> str:
    return f"{atom[0]}({', '.join(atom[1:])})"


def ground(clauses: list, people: set[str]) -> set[tuple[str, ...]]:
    """Everything that follows, with X and Y put to all people."""
    known = {clause.conclusion for clause in clauses if not clause.conditions}
    while True:
        fresh = set()
        for clause, (x, y) in itertools.product((c for c in clauses if c.conditions), itertools.product(people, people)):
            put = {"X": x, "Y": y}
            if all((c[0], *(put[v] for v in c[1:])) in known for c in clause.conditions):
                fresh.add((clause.conclusion[0], put["X"]))
        if fresh <= known:
            return known
        known |= fresh


def test_difficulty_makes_proofs_deeper_and_adds_distractors() -> None:
    rng, engine = Random(2), find_engine("horn_is_it")
    easy, hard = ([engine.sample(rng, d) for _ in range(60)] for d in (0.0, 1.0))
    assert mean(i.steps.count(", so ") for i in hard) > mean(i.steps.count(", so ") for i in easy) + 1
    idle = [mean(i.params["problem"].count("\n") - i.params["derivation"].count("[premise]") for i in items) for items in (easy, hard)]
    assert idle[0] == 0 and idle[1] > 3


def test_closure_finds_the_shallow_proof_and_minimal_drops_the_detour() -> None:
    long, short = [Rule((("a", "X"),), ("b", "X")), Rule((("b", "X"),), ("c", "X"))], Rule((("a", "X"),), ("c", "X"))
    grounds = closure([("a", "ann"), *long, short])
    assert [atom for atom, _ in trace(("c", "ann"), grounds)] == [("c", "ann")]
    needed, proof = minimal(("c", "ann"), grounds)
    assert set(needed) == {("a", "ann"), short} and len(proof) == 1
    assert closure([("a", "ann"), Rule((("b", "X"),), ("c", "X"))]) == {}


def test_minimal_drops_what_the_other_premises_of_the_proof_make_needless() -> None:
    """c(ann) is reached first from e(ann); but a -> b -> c is in the proof anyway, for bob's sake, and a(ann) too."""
    x = "X"
    rules = {
        "a->b": Rule((("a", x),), ("b", x)), "e->c": Rule((("e", x),), ("c", x)), "b->c": Rule((("b", x),), ("c", x)),
        "k": Rule((("likes", x, "Y"), ("c", "Y")), ("k", x)), "h": Rule((("c", x), ("k", x), ("b", x)), ("h", x)),
    }  # fmt: skip
    facts = [("a", "ann"), ("e", "ann"), ("a", "bob"), ("likes", "ann", "bob")]
    grounds = closure([*facts, *rules.values()])
    assert rules["e->c"] in {rule for _, (rule, _) in trace(("h", "ann"), grounds)}, "the first proof takes the detour"
    needed, proof = minimal(("h", "ann"), grounds)
    assert set(needed) == {("a", "ann"), ("a", "bob"), ("likes", "ann", "bob"), *(rule for name, rule in rules.items() if name != "e->c")}
    assert proof[-1][0] == ("h", "ann")
