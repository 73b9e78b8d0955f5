"""Choice, vote and proof: what passes, and every way of being wrong that must be refused."""

from __future__ import annotations

import json
from random import Random

import pytest

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import verify
from curricula.verifiers.vote import agreement_error


def lesson(verifier: str, answer: str, check: str, completion: str, prompt: str = "?", **meta: object) -> Lesson:
    return Lesson(prompt, completion, answer, "s", 1, verifier=verifier, check=check, check_kind="engine", meta=meta)


# ---- choice ---------------------------------------------------------------------------------------------

ASKED = "What is the capital of France?\n(A) Lyon\n(B) Paris\n(C) Nice"


@pytest.mark.parametrize(
    ("answer", "check", "completion", "reason"),
    [
        ("B", "B", "The answer is B.", ""), ("(B)", "Paris", "The answer is (B).", ""), ("Paris", "B", "It is Paris.", ""), ("B) Paris", "(B)", "B) Paris", ""),
        ("A", "B", "The answer is A.", "answer and check differ"), ("D", "B", "The answer is D.", "the answer is none of the options"),
        ("A or B", "B", "The answer is A or B.", "two answers"), ("", "B", "?", "missing answer"), ("B", "B", "The answer is C.", "the completion does not end on the answer"),
        ("B", "B", "Paris or Nice", "the completion does not end on the answer"), ("B) Lyon", "B", "B) Lyon", "the answer is none of the options"),
        ("B", "", "B", "no check"), ("B", "London", "B", "the check is not one of the options"), ("London", "B", "It is London.", "the answer is none of the options"),
    ],
)  # fmt: skip
def test_choice(answer: str, check: str, completion: str, reason: str) -> None:
    verdict = verify(lesson("choice", answer, check, completion, ASKED))
    assert (verdict.outcome == "pass", verdict.reason) == (not reason, reason)


def test_choices_may_come_with_the_lesson_and_there_must_be_some() -> None:
    assert verify(lesson("choice", "yes", "A", "So yes.", choices=("yes", "no"))).outcome == "pass"
    assert verify(lesson("choice", "yes", "yes", "So yes.")).outcome == "unverifiable"


# ---- vote -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "solutions", "outcome"),
    [
        ("18", ["18", "18", "18.0", "$18", "7", "9", "11", "12"], "pass"), ("18", ["18", "18", "18", "7", "8", "9", "10", "11"], "fail"),
        ("18", ["18", "18", "7", "7"], "fail"), ("18", ["18", "18", "18"], "unverifiable"), ("7", ["18", "18", "18", "7"], "fail"), ("", ["1"] * 4, "fail"),
        ("18", ["Two times nine.\nThe answer is 18"] * 5, "unverifiable"), ("18 or 19", ["18 or 19"] * 4, "fail"),
        ("yes", ["So yes.\nThe answer is yes", "Yes", "yes", "no"], "pass"), ("18", [f"Way {i}.\n\\boxed{{18}}" for i in range(4)], "pass"),
    ],
)  # fmt: skip
def test_vote(answer: str, solutions: list[str], outcome: str) -> None:
    assert verify(lesson("vote", answer, json.dumps(solutions), f"The answer is {answer}")).outcome == outcome


def test_a_vote_is_audited_against_gold() -> None:
    def voted(gold: str) -> Lesson:
        return lesson("vote", "18", json.dumps(["18"] * 5), "The answer is 18", gold=gold)

    assert verify(voted("18")).outcome == "pass"
    assert verify(voted("17")).reason == "the vote is against the gold"
    assert agreement_error([voted("18"), voted("17"), voted("18.0"), voted("")]) == (1, 3)
    assert verify(lesson("vote", "18", "18", "The answer is 18")).outcome == "unverifiable"


# ---- proof ----------------------------------------------------------------------------------------------

PROBLEM = "wumpus(X) -> zorp(X)\nzorp(X) & big(X) -> green(X)\nbig(alex)\nwumpus(alex)\nshy(alex)\n|- green(alex)"
PROOF = "1. wumpus(alex) [premise]\n2. wumpus(X) -> zorp(X) [premise]\n3. zorp(alex) [1, 2]\n4. big(alex) [premise]\n5. zorp(X) & big(X) -> green(X) [premise]\n6. green(alex) [3, 4, 5]"


def proved(derivation: str = PROOF, problem: str = PROBLEM, answer: str = "green(alex)") -> Verdict:
    return verify(lesson("proof", answer, problem, f"Here it is.\n{derivation}\nSo it holds."))


def test_a_derivation_passes() -> None:
    assert proved().outcome == "pass"
    assert proved("1. edge(a, b) [premise]\n2. edge(b, c) [premise]\n3. edge(X, Y) & edge(Y, Z) -> path(X, Z) [premise]\n4. path(a, c) [1, 2, 3]",
                  "edge(a,b)\nedge(b,c)\nedge(X,Y) & edge(Y,Z) -> path(X,Z)\n|- path(a,c)", "path(a, c)").outcome == "pass"  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("3. zorp(alex) [1, 2]\n", ""), "a step rests on what comes later or nowhere"),
        (("[3, 4, 5]", "[3, 5]"), "a step does not follow from its grounds"),
        (("[1, 2]", "[2, 1, 4]"), "a step rests on what comes later or nowhere"),
        (("4. big(alex)", "4. shy(alex) [premise]\n7. big(alex)"), "a step does not follow from its grounds"),
        (("4. big(alex) [premise]", "4. big(alex) [premise]\n7. shy(alex) [premise]"), "a premise or step is not used"),
        (("4. big(alex) [premise]", "4. big(alex) [obvious]"), "a step without numbered grounds"),
        (("big(alex) [premise]", "big(bob) [premise]"), "a premise is invented"),
        (("2. wumpus(X) -> zorp(X) [premise]", "2. wumpus(X) -> green(X) [premise]"), "a premise is invented"),
        (("3. zorp(alex) [1, 2]", "3. zorp(bob) [1, 2]"), "a step does not follow from its grounds"),
        (("6. green(alex) [3, 4, 5]", "6. green(alex) [6, 5]"), "a step rests on what comes later or nowhere"),
        (("6. green(alex)", "6. green(bob)"), "a step does not follow from its grounds"),
        (("\n6. green(alex) [3, 4, 5]", ""), "the last step is not the goal"),
        (("[1, 2]", "[1, 1, 2]"), "a ground is named twice"),
        (("3. zorp", "2. zorp"), "two steps have one number"),
        (("green(alex) [3", "green(alex) & [3"), "step 6 can't be read"),
    ],
)
def test_gaps_and_idle_premises_are_refused(change: tuple[str, str], reason: str) -> None:
    assert change[0] in PROOF
    assert proved(PROOF.replace(*change)).reason == reason


def test_other_ways_of_proving_nothing() -> None:
    assert proved("It is obvious.").reason == "no derivation"
    assert proved(answer="green(bob)").reason == "answer and goal differ"
    assert proved("1. green(alex) [premise]", PROBLEM + "\ngreen(alex)").reason == "the goal is a premise: nothing is derived"
    assert proved(problem="green things are green").outcome == "unverifiable"
    assert proved(problem="").outcome == "unverifiable"
    assert proved("\n".join(f"{i}. big(alex) [premise]" for i in range(300))).reason == "more than 200 steps"


@pytest.mark.parametrize("seed", range(40))
def test_random_chains_pass_whole_and_fail_when_one_line_is_taken_or_altered(seed: int) -> None:
    rng = Random(seed)
    length = rng.randint(2, 9)
    kinds = [f"k{i}" for i in range(length + 1)]
    rules = [f"{a}(X) -> {b}(X)" for a, b in zip(kinds, kinds[1:], strict=False)]
    noise = [f"k{rng.randrange(length)}(X) -> n{i}(X)" for i in range(3)]
    premises = [*rules, *noise, "k0(alex)"]
    rng.shuffle(premises)
    problem = "\n".join([*premises, f"|- k{length}(alex)"])
    lines, fact = ["1. k0(alex) [premise]"], 1
    for i, rule in enumerate(rules):
        number = len(lines) + 1
        lines += [f"{number}. {rule} [premise]", f"{number + 1}. k{i + 1}(alex) [{fact}, {number}]"]
        fact = number + 1
    goal = f"k{length}(alex)"
    assert proved("\n".join(lines), problem, goal).outcome == "pass"
    gone = rng.randrange(len(lines))
    assert proved("\n".join(lines[:gone] + lines[gone + 1 :]), problem, goal).outcome == "fail"
    assert proved("\n".join([*lines[:-1], f"98. {noise[0]} [premise]", lines[-1]]), problem, goal).outcome == "fail"
    where = rng.randrange(2, len(lines), 2)
    assert proved("\n".join([*lines[:where], lines[where].replace("alex", "bob"), *lines[where + 1 :]]), problem, goal).outcome == "fail"
