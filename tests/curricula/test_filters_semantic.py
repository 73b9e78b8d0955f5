"""Contamination in substance: the same problem in other words or with other particulars; what a template is; calibration."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from curricula.filters.calibration import MIN_SAMPLE, REWORDED, VARIANT, calibrate
from curricula.filters.decontaminate import Decontaminator
from curricula.filters.leaks import LeakWatch
from curricula.filters.paraphrase import KINDS, rename, renumber, reorder, reword
from curricula.filters.semantic import DEFAULT, NearProbes, Target
from curricula.filters.wording import take_apart
from curricula.lesson import Lesson
from probes.registry import find_suite
from probes.suite import Probe

ROOT = Path(__file__).parent.parent.parent
DATA = next((p for p in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if p.exists()), None)
PAIRS = [json.loads(line) for line in (ROOT / "bench" / "paraphrases.jsonl").read_text(encoding="utf-8").splitlines()]
WRITTEN = [Probe("written", f"w{i}", pair["problem"], "1") for i, pair in enumerate(PAIRS)]
GUARD = Decontaminator(WRITTEN)


def lesson(prompt: str, answer: str = "") -> Lesson:
    return Lesson(prompt, "It is so.", answer, "s", 1)


def test_a_text_is_taken_apart() -> None:
    found = take_apart("Seventy-one of Janet's 1,200 ducks and twice Tom's geese. Geese swim.")
    assert found.numbers == ("71", "1200", "2") and found.names == ("janet", "tom")
    assert found.words == ("ducks", "geese", "geese", "swim")
    assert found.skeleton[:4] == ("#", "of", "@", "#")


@pytest.mark.parametrize(("kind", "rules"), [
    ("reordered", {"reordered", "contained"}), ("numbers", {"variant", "coverage", "13-gram"}), ("names", {"reworded", "variant", "coverage", "13-gram", "same content"})])
def test_changed_problems_are_found_with_their_probe(kind: str, rules: set[str]) -> None:
    asked = missed = 0
    for probe in WRITTEN:
        text = KINDS[kind](probe.prompt, random.Random(probe.probe_id))
        if text == probe.prompt:
            continue
        asked += 1
        found = GUARD.find(lesson(text))
        missed += found is None
        assert found is None or (found.probe == f"written/{probe.probe_id}" and found.rule in rules), text
    assert asked >= 9 and missed <= 0.1 * asked


def test_free_paraphrases_are_found_and_other_problems_pass() -> None:
    found = [GUARD.find(lesson(pair["paraphrase"])) for pair in PAIRS]
    assert sum(match is not None and match.probe == f"written/w{i}" for i, match in enumerate(found)) >= 0.75 * len(PAIRS)
    alone = [Decontaminator([probe for probe in WRITTEN if probe is not other]).find(lesson(other.prompt)) for other in WRITTEN]
    assert alone.count(None) == len(WRITTEN)


def test_a_paraphrase_inside_a_longer_lesson_or_its_completion_is_found() -> None:
    text = PAIRS[3]["paraphrase"]
    assert GUARD.find(lesson(f"Here is one more for you to practise on.\n\n{text}\n\nShow every step of your work and check it.")) is not None
    assert GUARD.find(Lesson("Invent a problem about cartons.", text, "5", "s", 1)) is not None


def test_other_particulars_of_a_template_are_a_lesson_and_of_a_single_problem_a_leak() -> None:
    template = "A crate holds {a} bottles of juice, and a lorry takes {b} such crates. How many bottles of juice are on the lorry?"
    alone = Decontaminator([*WRITTEN, Probe("one", "o", template.format(a=12, b=40), "480")])
    many = Decontaminator([*WRITTEN, *(Probe("drawn", f"d{i}", template.format(a=6 + i, b=30 + 7 * i), str((6 + i) * (30 + 7 * i))) for i in range(9))])
    sibling = template.format(a=24, b=36)
    found = alone.find(lesson(sibling, "864"))
    assert found is not None and found.rule in ("variant", "coverage") and found.probe == "one/o"
    assert many.find(lesson(sibling, "864")) is None
    again = many.find(lesson("How many bottles of juice does a lorry take with 37 crates of 7 bottles?", "259"))
    assert again is not None and (again.rule, again.probe) == ("same content", "drawn/d1")
    assert many.find(lesson("How many bottles of juice does a lorry take with 37 crates of 7 bottles?", "30")) is None, "another answer, another question"


def test_variants_of_shown_probes_are_what_strategies_write() -> None:
    text = "A bus leaves the depot with 21 passengers. At the hospital 4 get off and 9 get on. How many passengers are on the bus now?"
    shown = Decontaminator([Probe("written", "w1", "On a bus are 18 passengers; 7 of them get off at the hospital, while 12 others come in. How many are on the bus after that?", "23")], shown=[("written", "w1")])
    assert Decontaminator(WRITTEN).find(lesson(text)) is not None
    changed = "On a bus are 28 passengers; 9 of them get off at the hospital, while 13 others come in. How many are on the bus after that?"
    assert shown.near.match([changed], "32") is None
    held = NearProbes([Target("written/w1", "written", "w1", shown.near.targets[0].text, "23")])
    match = held.match([changed], "32")
    assert match is not None and match.rule == "variant"


def test_thresholds_are_calibrated_where_there_are_enough_probes_and_the_same_each_time() -> None:
    few = NearProbes(Target(f"s/{i}", "s", str(i), pair["problem"], "") for i, pair in enumerate(PAIRS))
    assert calibrate(few).n_sampled == 0 and calibrate(few).thresholds == DEFAULT
    more = [Target(f"s/{i}", "s", str(i), pair[side], "") for i, pair in enumerate(PAIRS) for side in ("problem", "paraphrase")]
    more = [Target(target.probe, "s", str(at // 2), target.text, "") for at, target in enumerate(more)]
    assert len(more) > MIN_SAMPLE
    first, second = calibrate(NearProbes(more)), calibrate(NearProbes(more))
    apart = calibrate(NearProbes(Target(f"s/{at}", "s", str(at), target.text, "") for at, target in enumerate(more)))
    assert apart.thresholds.reworded == REWORDED[1] > first.thresholds.reworded, "paraphrases under groups of their own look like other problems that are near"
    assert first == second and first.n_sampled == len(more)
    assert REWORDED[0] <= first.thresholds.reworded <= REWORDED[1] and VARIANT[0] <= first.thresholds.variant <= VARIANT[1] and first.recall["numbers"] >= 0.9


def test_paraphrases_say_the_same() -> None:
    text = "If Ann buys 3 boxes of 12 pens, how many pens has she? Bob bought 24 pens. Tom has 40 pens in total."
    for seed in range(20):
        rng = random.Random(seed)
        assert sorted(take_apart(reword(text, rng)).numbers) == sorted(take_apart(text).numbers)
        assert set(take_apart(renumber(text, rng)).names) == set(take_apart(text).names)
        moved, renamed = reorder(text, rng), rename(text, rng)
        assert moved != text and sorted(moved.split()) == sorted(text.split())
        assert take_apart(renamed).numbers == take_apart(text).numbers and not {"Bob", "Tom", "Ann"} & set(re.findall(r"[A-Z][a-z]+", renamed))


def test_what_was_met_is_counted_by_place_and_filed_once() -> None:
    watch = LeakWatch(GUARD)
    for _ in range(2):
        watch.at("seed").check(lesson(WRITTEN[0].prompt))
    watch.at_mix().check(Lesson(WRITTEN[0].prompt, "x", "x", "anchor", 0))
    watch.at_mix().check(lesson("Name a tree."))
    assert watch.n_checked == {"seed": 2, "anchor": 1, "earlier": 1}
    assert [(leak.place, leak.match.rule, leak.match.probe) for leak in watch.leaks] == [("seed", "exact", "written/w0"), ("anchor", "exact", "written/w0")]


def test_other_wordings_of_built_in_items_are_found_and_siblings_pass() -> None:
    groups: dict[str, list[Probe]] = {}
    for probe in find_suite("basics").probes:
        groups.setdefault(probe.group, []).append(probe)
    order = sorted(groups)
    random.Random(3).shuffle(order)
    held, free = order[:300], order[300:500]
    guard = Decontaminator([groups[group][0] for group in held])
    again = [probe for group in held for probe in groups[group][1:]]
    siblings = [probe for group in free for probe in groups[group]]
    assert sum(guard.find(lesson(p.prompt, p.gold)) is not None for p in again) >= 0.5 * len(again)
    assert sum(guard.find(lesson(p.prompt, p.gold)) is not None for p in siblings) <= 0.03 * len(siblings)


@pytest.mark.skipif(DATA is None, reason="the public data folder is not here")
def test_gsm8k_test_problems_are_kept_apart_from_its_training_problems() -> None:
    assert DATA is not None
    rows = {part: [json.loads(line) for line in (DATA / f"gsm8k_{part}.jsonl").read_text(encoding="utf-8").splitlines()] for part in ("test", "train")}
    guard = Decontaminator(Probe("gsm8k", str(i), row["question"], row["answer"].split("####")[1].strip()) for i, row in enumerate(rows["test"]))
    some = rows["test"][::13]
    for change, least in ((str.upper, 1.0), (lambda text: renumber(text, random.Random(text)), 0.95), (lambda text: reword(text, random.Random(text)), 0.93)):
        assert sum(guard.find(lesson(change(row["question"]))) is not None for row in some) >= least * len(some)
    others = rows["train"][::10]
    assert sum(guard.find(lesson(row["question"], row["answer"].split("####")[1].strip())) is not None for row in others) <= 0.01 * len(others)
