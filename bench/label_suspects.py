"""How well wrong gold labels are found: `python -m bench.label_suspects [--data DIR] [--student STATE] [--seeds N]`.

A share of a suite's golds is replaced by another answer of the same kind, and a student answers by the true golds:
a scripted one that is right for a given share of the probes, or (`--student`, a state folder) the real base. Counted
are the planted golds found and the others flagged. With `--data` also GSM8K, ASDiv and BBH files that lie in DIR.
As in a run, the diagnose split is judged, and the other splits' golds (as often wrong) help to find the rules.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from agent.diagnosis.suspects import find_suspects
from agent.diagnosis.witnesses import Bench
from agent.statistics.intervals import clopper_pearson
from agent.student.contract import Sample
from probes.numbers import parse_number
from probes.registry import find_suite
from probes.scorers import score
from probes.splits import split_suite
from probes.suite import Probe, Suite

SHARE = 0.05
BBH = ("boolean_expressions", "object_counting")
SKILLS = (0.3, 0.7, 0.9)  # a student of 100 M parameters, a middling one, a good one


def main() -> None:
    """Print one row a suite and student."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--student", type=Path, help="state folder with models/")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--worst", action="store_true", help="nothing planted; a student that says what the witnesses say; all BBH files")
    given = options.parse_args()
    basics = find_suite("basics")
    suites = {"basics": basics, "basics, no groups": replace(basics, probes=tuple(replace(p, group="", meta={}) for p in basics.probes))}
    if given.data:
        suites |= read_data(given.data, tuple(path.stem for path in (given.data / "bbh").glob("*.json")) if given.worst else BBH)
    if given.worst:
        suites["basics_protected"] = find_suite("basics_protected")
        for name, suite in sorted(suites.items()):
            sys.stdout.write(worst(name, suite))
        return
    said: dict[str, str] = {}
    sys.stdout.write("suite | n | student | planted | found | recall | flagged | precision | false without plants\n")
    for name, suite in suites.items():
        judged = {probe.probe_id for probe in split_suite(basics if name.startswith("basics") else suite, "weakspot")["diagnose"]}
        for right in SKILLS:
            answers = [dict(scripted(suite.probes, right, Random(f"{name}/{seed}"))) for seed in range(given.seeds)]
            sys.stdout.write(row(name, suite.probes, judged, f"{right:.0%} right", answers))
        if given.student and name.startswith("basics"):
            said = said or {sample.probe_id: sample.response for sample in real_answers(basics, judged, given.student)}
            sys.stdout.write(row(name, suite.probes, judged, "SmolLM2-135M", [said] * given.seeds))


def row(name: str, probes: Sequence[Probe], judged: set[str], student: str, answers: Sequence[dict[str, str]]) -> str:
    """Planted, found and flagged, summed over the runs (a seed each), with exact 95 % intervals."""
    planted = found = flagged = false = 0
    for seed, said in enumerate(answers):
        marred = plant(probes, SHARE, Random(f"plant/{name}/{seed}"))
        wrong = {one.probe_id for one, true in zip(marred, probes, strict=True) if one.gold != true.gold} & judged
        suspects = suspects_of(marred, judged, said)
        planted, found, flagged = planted + len(wrong), found + len(suspects & wrong), flagged + len(suspects)
        false += len(suspects_of(probes, judged, said))
    return (
        f"{name} | {len(judged)} | {student} | {planted} | {found} | {_share(found, planted)} | {flagged} | "
        f"{_share(found, flagged)} | {false} of {len(answers) * len(judged):,}\n"
    )


def suspects_of(probes: Sequence[Probe], judged: set[str], said: dict[str, str]) -> set[str]:
    """Ids under suspicion when the student answers `said` (by probe id)."""
    asked = [probe for probe in probes if probe.probe_id in judged]
    samples = [sampled(probe, said[probe.probe_id]) for probe in asked]
    others = [probe for probe in probes if probe.probe_id not in judged]
    return {suspect.probe_id for suspect in find_suspects(asked, samples, among=others)}


def worst(name: str, suite: Suite) -> str:
    """Golds flagged in a suite as it is, where the student confirms every witness against one: no independence at all."""
    probes = sorted(suite.probes, key=lambda probe: (probe.suite, probe.probe_id))
    bench = Bench.of(probes, {})
    said = {}
    for at, probe in enumerate(probes):
        against = [witness.says for witness in bench.hear(at, "") if witness.weight > 0]
        said[probe.probe_id] = against[0] if against else probe.gold
    flagged = suspects_of(probes, set(said), said)
    return f"{name} | {len(flagged)} of {len(probes):,} | {', '.join(sorted(flagged))}\n"


def plant(probes: Sequence[Probe], share: float, rng: Random) -> list[Probe]:
    """`share` of the golds replaced: another choice, a sibling's gold (same skill or kind), or a number close by."""
    siblings: dict[object, list[str]] = defaultdict(list)
    for probe in probes:
        siblings[_kind(probe)].append(probe.gold)
    marred = list(probes)
    for at in sorted(rng.sample(range(len(probes)), round(share * len(probes)))):
        marred[at] = replace(probes[at], gold=another(probes[at], siblings[_kind(probes[at])], rng))
    return marred


def another(probe: Probe, siblings: Sequence[str], rng: Random) -> str:
    """A wrong answer of the right kind; the gold itself where there is no other."""
    number = parse_number(probe.gold)
    if number and not probe.choices and number.value.denominator == 1 and rng.random() < 0.5:
        value = int(number.value)
        near = [n for n in range(max(0, value - 10), value + 11) if n != value]
        return str(rng.choice(near))
    others = [gold for gold in (probe.choices or siblings) if gold.lower() != probe.gold.lower()]
    return rng.choice(sorted(others)) if others else probe.gold


def scripted(probes: Sequence[Probe], right: float, rng: Random) -> list[tuple[str, str]]:
    """Probe ids with bare answers, each right with that chance, else wrong in kind."""
    siblings: dict[object, list[str]] = defaultdict(list)
    for probe in probes:
        siblings[_kind(probe)].append(probe.gold)
    return [
        (probe.probe_id, probe.gold if rng.random() < right else another(probe, siblings[_kind(probe)], rng))
        for probe in probes
    ]


def sampled(probe: Probe, answer: str) -> Sample:
    """The answer under the gold that the probe has now."""
    given = score(probe.scorer, answer, probe.gold, probe.choices)
    return Sample(probe.suite, probe.probe_id, answer, given.strict, given.lenient)


def real_answers(suite: Suite, judged: set[str], state: Path) -> list[Sample]:
    """The embedded student's own answers."""
    from agent.config import load_config
    from agent.loop import open_real_student
    from agent.watch import SilentWatcher

    student = open_real_student(load_config().config, state, SilentWatcher())
    try:
        return student.evaluate(suite, [probe for probe in suite.probes if probe.probe_id in judged])
    finally:
        student.close()


def read_data(folder: Path, tasks: Sequence[str] = ()) -> dict[str, Suite]:
    """Suites from data sets of other people, where their files are there."""
    suites: dict[str, list[Probe]] = {}
    if (path := folder / "gsm8k_test.jsonl").exists():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        suites["GSM8K test"] = [
            Probe("gsm8k", f"{i:05d}", row["question"], row["answer"].split("####")[1].strip().replace(",", ""), "numeric")
            for i, row in enumerate(rows)
        ]
    if (path := folder / "asdiv.xml").exists():
        probes = []
        for problem in ET.parse(path).iter("Problem"):
            number = re.match(r"-?\d+(\.\d+)?(?![\d/:])", problem.findtext("Answer") or "")
            if number:
                text = f"{(problem.findtext('Body') or '').strip()} {(problem.findtext('Question') or '').strip()}"
                probes.append(Probe("asdiv", problem.get("ID") or "", text, number.group(), "numeric"))
        suites["ASDiv, numeric"] = probes
    for path in sorted((folder / "bbh").glob("*.json")):
        if path.stem in tasks:
            suites[f"BBH {path.stem}"] = _bbh(path)
    return {name: Suite(probes[0].suite, "jsonl", tuple(probes)) for name, probes in suites.items()}


def _bbh(path: Path) -> list[Probe]:
    rows = json.loads(path.read_text(encoding="utf-8"))["examples"]
    targets = sorted(Counter(row["target"] for row in rows))
    probes = []
    for i, row in enumerate(rows):
        choices = tuple(re.findall(r"^(\([A-Z]\))", row["input"], re.M)) or (tuple(targets) if len(targets) <= 2 else ())
        scorer = "choice" if len(choices) > 2 else "exact" if choices or parse_number(row["target"]) is None else "numeric"
        probes.append(Probe(path.stem, f"{i:04d}", row["input"], row["target"], scorer, choices=choices))
    return probes


def _kind(probe: Probe) -> object:
    return probe.meta.get("skill") or (probe.suite, re.sub(r"-\d.*", "", probe.probe_id), parse_number(probe.gold) is not None)


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    bounds = clopper_pearson(part, whole)
    return f"{part / whole:.1%} ({bounds.low:.1%} to {bounds.high:.1%})"


if __name__ == "__main__":
    main()
