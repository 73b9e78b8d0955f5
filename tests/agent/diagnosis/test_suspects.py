"""Suspect golds: each witness alone and together, when they must be silent, and that row order changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.diagnosis.suspects import NEEDED, Suspect, find_suspects, place_among
from agent.diagnosis.witnesses import PROOF
from agent.student.contract import Sample
from probes.registry import find_suite
from probes.scorers import score
from probes.suite import Probe

WORDS = [
    *("apple", "bridge", "candle", "dragon", "engine", "forest", "garden", "hammer", "island", "jacket", "kettle", "lemon"),
    *("mirror", "needle", "orange", "pencil", "quiver", "ribbon", "saddle", "tunnel", "urchin", "violin", "window", "yogurt"),
]


def ask(number: int, prompt: str, gold: str, **more) -> Probe:
    return Probe("s", f"p{number:03d}", prompt, gold, **{"scorer": "exact", **more})


def say(probe: Probe, response: str) -> Sample:
    given_ = score(probe.scorer, response, probe.gold, probe.choices)
    return Sample(probe.suite, probe.probe_id, response, given_.strict, given_.lenient)


def names(suspect: Suspect) -> list[str]:
    return [witness.name for witness in suspect.witnesses]


def sums(n: int, *wrong: int, wording: str = "Ann has {a} coins and gets {b} more. How many coins has she?") -> list[Probe]:
    pairs = [(a, b) for a in range(3, 10) for b in range(2, 9)][:n]
    return [
        ask(i, wording.format(a=a, b=b), str(a + b + (3 if i in wrong else 0)), scorer="numeric")
        for i, (a, b) in enumerate(pairs)
    ]


def items(n_items: int, wordings: tuple[str, ...], *wrong: int) -> list[Probe]:
    """Each word asked about in every wording, the golds without any rule; `wrong` rows have another item's gold."""
    rows = [(item, wording) for item in range(n_items) for wording in wordings]
    golds = [WORDS[-1 - item].upper() for item, _ in rows]
    return [
        ask(i, wording.format(WORDS[item]), golds[(i + len(wordings)) % len(rows)] if i in wrong else golds[i], group=f"g{item}")
        for i, (item, wording) in enumerate(rows)
    ]


# --- one witness that is a proof -----------------------------------------------------------------


def test_solver() -> None:
    wrong = ask(0, "What is 3 + 4?", "8", scorer="numeric")
    (found,) = find_suspects([wrong])
    assert (found.gold, found.says, names(found)) == ("8", "7", ["solver"])
    assert found.witnesses[0].weight == PROOF
    assert find_suspects([replace(wrong, gold="7")]) == []


def test_solver_is_silent_where_the_suite_means_something_else_by_its_signs() -> None:
    """Golds that count from left to right, "2 + 3 * 4 = 20": not one suite in which every fourth gold is wrong."""
    odd = [ask(i, f"{a} + {a + 1} * 2 =", str((a + a + 1) * 2), scorer="numeric") for i, a in enumerate(range(1, 9))]
    assert find_suspects(odd) == []
    usual = [ask(20 + i, f"{a} + 2 =", str(a + 2), scorer="numeric") for i, a in enumerate(range(1, 40))]
    assert [suspect.probe_id for suspect in find_suspects([odd[0], *usual])] == ["p000"]


def test_rule_of_a_wording_that_differs_in_numbers_alone() -> None:
    (found,) = find_suspects(sums(20, 7))
    assert (found.probe_id, found.says, names(found)) == ("p007", str(int(found.gold) - 3), ["rule"])
    assert "19 other golds of this wording obey a + b" in found.witnesses[0].because


def test_rule_of_few_probes_is_one_witness_and_needs_a_second() -> None:
    probes = sums(9, 4)
    assert find_suspects(probes) == []
    others = [say(probe, probe.gold) for probe in probes if probe.probe_id != "p004"]
    (found,) = find_suspects(probes, [*others, say(probes[4], str(int(probes[4].gold) - 3))])
    assert names(found) == ["rule", "student"]
    assert find_suspects(probes, [*others, say(probes[4], "99")]) == []  # the student says a third thing


def test_rule_is_silent_where_golds_break_it_too_often() -> None:
    assert find_suspects(sums(20, 1, 7, 11, 15, 18)) == []


def test_rule_that_names_alone_separate_is_a_guess_and_needs_a_second() -> None:
    """Spiders have eight legs: what nearly all animals of a wording have is no proof."""
    animals = ["dogs", "cats", "cows", "lions", "goats", "mice"]
    probes = [
        ask(i, f"How many legs have {n} {animals[i % 6]} in all?", str(4 * n), scorer="numeric")
        for i, n in enumerate(range(2, 26))
    ]
    spiders = ask(99, "How many legs have 5 spiders in all?", "40", scorer="numeric")
    assert find_suspects([*probes, spiders]) == []


def test_twins_by_majority_and_a_tie() -> None:
    asked = [ask(0, "Who wrote it?", "Ann"), ask(1, "Who  wrote it?", "Ben"), ask(2, "Who wrote it? ", "ann.")]
    (found,) = find_suspects(asked)
    assert (found.probe_id, found.says, names(found)) == ("p001", "Ann", ["twins"])
    tie = find_suspects(asked[:2])
    assert [(suspect.probe_id, suspect.says) for suspect in tie] == [("p000", ""), ("p001", "")]
    knows = [say(asked[0], "Ann"), say(asked[1], "Ann")]
    assert [suspect.says for suspect in find_suspects(asked[:2], knows)] == ["", ""]  # of one probe no student is known
    assert find_suspects([asked[0], asked[2]]) == []  # one answer in two spellings


def test_twins_that_differ_in_their_options_are_none() -> None:
    one = ask(0, "Which is a fruit?", "fig", choices=("fig", "oak"), scorer="choice")
    assert find_suspects([one, replace(one, probe_id="x", gold="pear", choices=("pear", "elm"))]) == []


def test_gold_that_is_no_choice() -> None:
    one = ask(0, "Which is a fruit?", "pear", choices=("fig", "oak"), scorer="choice")
    (found,) = find_suspects([one])
    assert (found.says, names(found)) == ("", ["choices"])
    assert find_suspects([replace(one, gold="B")]) == []
    assert find_suspects([replace(one, gold="Fig.")]) == []


# --- witnesses that need each other --------------------------------------------------------------

THREE = ("Name the thing beside {}.", "What stands beside {}? One word.", "Beside {} stands what?")


def test_three_wordings_of_one_item_outvote_the_fourth_of_them() -> None:
    (found,) = find_suspects(items(16, THREE, 10))
    assert (found.probe_id, names(found), found.witnesses[0].weight) == ("p010", ["group"], NEEDED)


def test_two_wordings_accuse_each_other_and_the_student_decides() -> None:
    probes = items(24, THREE[:2], 10)
    true = {probe.probe_id: probe.gold for probe in items(24, THREE[:2])}
    assert find_suspects(probes) == []
    (found,) = find_suspects(probes, [say(probe, true[probe.probe_id]) for probe in probes])
    assert (found.probe_id, sorted(names(found))) == ("p010", ["group", "student"])


def test_groups_of_different_questions_are_no_wordings() -> None:
    """Two of a text's three questions have one answer: the third is no label error, even if the student thinks so."""
    probes = [
        ask(i, f"On the {WORDS[i // 3]}: {('who', 'what', 'where')[i % 3]} is it?", WORDS[i // 3] if i % 3 else WORDS[i // 3 + 3], group=f"g{i // 3}")
        for i in range(60)
    ]
    samples = [say(probe, WORDS[5] if i == 15 else probe.gold) for i, probe in enumerate(probes)]
    assert find_suspects(probes, samples) == []


def test_word_rule_and_student() -> None:
    rng = Random(1)
    lists = [rng.sample(WORDS, 4) for _ in range(30)]
    probes = [ask(i, f"Which word comes first by the alphabet: {', '.join(ws)}?", min(ws)) for i, ws in enumerate(lists)]
    marred = [replace(probe, gold=max(lists[i])) if i == 5 else probe for i, probe in enumerate(probes)]
    assert find_suspects(marred) == []
    (found,) = find_suspects(marred, [say(probe, true.gold) for probe, true in zip(marred, probes, strict=True)])
    assert (found.says, names(found)) == (min(lists[5]), ["rule", "student"])


def test_a_student_of_no_standing_is_no_witness() -> None:
    """What it says this once is no witness, when it is never right on such questions."""
    probes = items(24, THREE[:2], 10)
    true = {probe.probe_id: probe.gold for probe in items(24, THREE[:2])}
    samples = [say(probe, true[probe.probe_id] if i == 10 else "nothing") for i, probe in enumerate(probes)]
    assert find_suspects(probes, samples) == []


def test_candidates_speak_with_one_voice_and_must_be_of_one_mind() -> None:
    probes = sums(9, 4)
    samples = [say(probe, probe.gold if i != 4 else "99") for i, probe in enumerate(probes)]
    true, doubted = str(int(probes[4].gold) - 3), probes[4]
    key = (doubted.suite, doubted.probe_id)
    assert find_suspects(probes, samples, others={key: [say(doubted, true)]}) == []  # one of two models
    (found,) = find_suspects(probes, samples, others={key: [say(doubted, true), say(doubted, true)]})
    assert found.witnesses[-1].because == "2 of 3 models answer so"
    assert find_suspects(probes, samples, others={key: [say(doubted, true)] * 2 + [say(doubted, doubted.gold)]}) == []


def test_a_student_that_says_the_gold_takes_a_witness_off_but_no_proof() -> None:
    probes = items(16, THREE, 10)
    said = [say(probe, probe.gold) for probe in probes]
    assert find_suspects(probes, said) == []
    probes = sums(20, 7)
    assert [suspect.probe_id for suspect in find_suspects(probes, [say(probe, probe.gold) for probe in probes])] == ["p007"]


def test_vote_and_student() -> None:
    probes = [ask(i, f"A story about {word}, with a question at its end?", str(i * 3), scorer="numeric") for i, word in enumerate(WORDS)]
    samples = [say(probe, probe.gold if i != 4 else "77") for i, probe in enumerate(probes)]
    votes = {("s", "p004"): "77"}
    assert find_suspects(probes, votes=votes) == []
    (found,) = find_suspects(probes, samples, votes=votes)
    assert names(found) == ["vote", "student"]
    assert find_suspects(probes, samples, votes={("s", "p004"): "many"}) == []  # no answer of the gold's kind


def test_other_splits_help_to_find_the_rule_and_are_not_judged() -> None:
    probes = sums(30, 3, 20)
    assert [suspect.probe_id for suspect in find_suspects(probes[:6], among=probes[6:])] == ["p003"]
    assert find_suspects(probes[:6]) == []


# --- as a whole ----------------------------------------------------------------------------------

BASICS = find_suite("basics").probes


def marred(true: Sequence[Probe], seed: int) -> tuple[list[Probe], list[Sample]]:
    rng = Random(seed)
    probes = list(true)
    for at in rng.sample(range(len(probes)), len(probes) // 20):
        golds = [p.gold for p in true if p.meta["skill"] == probes[at].meta["skill"] and p.gold != probes[at].gold]
        probes[at] = replace(probes[at], gold=rng.choice(golds))
    samples = [say(p, one.gold if rng.random() < 0.7 else "no idea") for p, one in zip(probes, true, strict=True)]
    return probes, samples


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    probes, samples = marred(BASICS[::5], seed)
    plain = find_suspects(probes, samples)
    assert plain
    rng = Random(seed)
    assert find_suspects(rng.sample(probes, len(probes)), rng.sample(samples, len(samples))) == plain


def test_order_decides_no_spelling() -> None:
    probes = [ask(0, "Who?", "Ann."), ask(1, "Who?", "ann"), ask(2, "Who?", "ANN"), ask(3, "Who?", "Ben")]
    assert find_suspects(probes) == find_suspects(probes[::-1]) != []


def test_basics_with_one_gold_in_twenty_wrong() -> None:
    """Precision before recall; `bench.label_suspects` measures both with intervals."""
    probes, samples = marred(BASICS, 1)
    wrong = {p.probe_id for p, true in zip(probes, BASICS, strict=True) if p.gold != true.gold}
    found = {suspect.probe_id for suspect in find_suspects(probes, samples)}
    assert found <= wrong, "a true gold was flagged"
    assert len(found) / len(wrong) > 0.7
    assert find_suspects(BASICS, [say(probe, "no idea") for probe in BASICS]) == []


def test_nothing_and_one() -> None:
    assert find_suspects([]) == []
    assert find_suspects([ask(0, "", "")], [Sample("s", "p000", "", 0.0, 0.0)]) == []


def test_suspects_lie_on_the_map_where_the_nearest_other_prompt_does() -> None:
    prompts = ["count the red apples", "name the day", "count the green apples"]
    assert place_among(prompts, [0, 1], [(1.0, 2.0), (5.0, 6.0)]) == [(1.0, 2.0), (5.0, 6.0), (1.0, 2.0)]
    assert place_among(prompts, [], []) == [(0.0, 0.0)] * 3
