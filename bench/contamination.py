"""Planted leaks: how many of each kind are found, and how many lessons are wrongly dropped, on public data and built-in suites.

    python -m bench.contamination [--data DIR] [--scale]

Every probe of a source is changed in each of the ways below and offered as a lesson; a leak counts as found when any rule finds
any probe. Negatives are other people's problems of the same kind: GSM8K's training problems against its test problems, the other
half of ASDiv, HumanEval and BBH, the other half of the groups of the built-in suites. Some of them are true near-duplicates, so
the false positives stated are an upper bound. `--scale` adds 100,000 lessons against 10,000 probes. Writes
bench/results/contamination.json.
"""

from __future__ import annotations

import argparse
import glob
import gzip
import json
import platform
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from agent.statistics.intervals import clopper_pearson
from curricula.filters.decontaminate import Decontaminator
from curricula.filters.paraphrase import rename, renumber, reorder, reword
from curricula.lesson import Lesson
from probes.registry import find_suite
from probes.suite import Probe

ROOT = Path(__file__).parent.parent
PARAPHRASES = Path(__file__).parent / "paraphrases.jsonl"  # problems of this project's own, each said again in other words, by hand
N_LESSONS, N_PROBES = 100_000, 10_000


def respell(text: str, rng: random.Random) -> str:
    """The same words with other case, spaces and punctuation at the ends of words."""
    text = rng.choice((str.upper, str.lower, str.swapcase))(text)
    text = re.sub(r"(?<=[^\W\d])[.,;!?](?=\s|$)", lambda m: rng.choice(("", ";", " !", m.group())), text)
    return re.sub(" ", lambda _: rng.choice((" ", "  ", "\t", " ")), text)


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "verbatim": lambda text, rng: text,
    "case, spacing, punctuation": respell,
    "reordered": reorder,
    "numbers changed": renumber,
    "names changed": rename,
    "numbers and names changed": lambda text, rng: renumber(rename(text, rng), rng),
    "reworded by rules": reword,
    "reworded, numbers and names changed": lambda text, rng: reword(renumber(rename(text, rng), rng), rng),
}


def gsm8k(data: Path, part: str) -> list[Probe]:
    """Grade-school word problems."""
    rows = [json.loads(line) for line in (data / f"gsm8k_{part}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [Probe("gsm8k", f"{part}-{i}", row["question"], row["answer"].split("####")[1].strip(), "numeric") for i, row in enumerate(rows)]


def asdiv(data: Path) -> list[Probe]:
    """Short word problems."""
    return [Probe("asdiv", problem.get("ID") or "", f"{(problem.findtext('Body') or '').strip()} {(problem.findtext('Question') or '').strip()}",
                  (problem.findtext("Answer") or "").split(" (")[0]) for problem in ElementTree.parse(data / "asdiv.xml").iter("Problem")]


def human_eval(data: Path) -> list[Probe]:
    """Python functions to be completed."""
    with gzip.open(data / "human_eval.jsonl.gz", "rt", encoding="utf-8") as file:
        return [Probe("humaneval", row["task_id"], row["prompt"], row["canonical_solution"]) for row in map(json.loads, file)]


def bbh(data: Path) -> list[Probe]:
    """Fourteen tasks, most of them drawn from templates."""
    found: dict[str, Probe] = {}
    for name in sorted(glob.glob(str(data / "bbh" / "*.json"))):
        for i, row in enumerate(json.loads(Path(name).read_text(encoding="utf-8"))["examples"]):
            found.setdefault(row["input"], Probe(f"bbh_{Path(name).stem}", str(i), row["input"], row["target"]))
    return list(found.values())


def halves(probes: list[Probe]) -> tuple[list[Probe], list[Probe]]:
    """Two halves of the groups, at random."""
    groups = sorted({probe.group or f"{probe.suite}/{probe.probe_id}" for probe in probes})
    random.Random(0).shuffle(groups)
    first = set(groups[: len(groups) // 2])
    return [p for p in probes if (p.group or f"{p.suite}/{p.probe_id}") in first], [p for p in probes if (p.group or f"{p.suite}/{p.probe_id}") not in first]


def offer(text: str, answer: str) -> Lesson:
    """A lesson as a teacher would write it."""
    return Lesson(text, f"The answer is {answer}.", answer, "bench", 1)


def share(n: int, of: int) -> dict[str, Any]:
    """A proportion with its 95 % interval."""
    found = clopper_pearson(n, of)
    return {"found": n, "n": of, "share": n / of if of else None, "low": found.low, "high": found.high}


def measure(name: str, index: list[Probe], others: list[Probe]) -> dict[str, Any]:
    """Recall of every kind of leak of `index`, false positives on `others`."""
    guard = Decontaminator(index)
    written = {target.probe for target, is_template in zip(guard.near.targets, guard.near.is_template, strict=True) if not is_template}
    kinds: dict[str, Any] = {}
    for kind, change in KINDS.items():
        rng, rules = random.Random(kind), Counter[str]()
        tally = {True: [0, 0], False: [0, 0]}
        for probe in index:
            text = change(probe.prompt, rng)
            if kind != "verbatim" and text == probe.prompt:
                continue
            found = guard.find(offer(text, "" if "numbers" in kind else probe.gold))
            is_written = f"{probe.suite}/{probe.probe_id}" in written
            tally[is_written][0] += found is not None
            tally[is_written][1] += 1
            rules[found.rule if found else "-"] += 1
        kinds[kind] = {"written": share(*tally[True]), "template": share(*tally[False]), "all": share(tally[True][0] + tally[False][0], tally[True][1] + tally[False][1]), "rules": dict(rules)}
    rules = Counter(found.rule if (found := guard.find(offer(probe.prompt, probe.gold))) else "-" for probe in others)
    negatives = {**share(len(others) - rules["-"], len(others)), "rules": dict(rules)}
    return {"name": name, "n_probes": len(index), "n_written": len(written), "calibration": asdict(guard.calibration), "leaks": kinds, "false_positives": negatives}


def by_hand(data: Path) -> dict[str, Any]:
    """Free paraphrases of 30 problems among GSM8K's, and GSM8K's other problems against them."""
    rows = [json.loads(line) for line in PARAPHRASES.read_text(encoding="utf-8").splitlines()]
    own = [Probe("gsm8k", f"own-{i}", row["problem"], "") for i, row in enumerate(rows)]
    guard = Decontaminator([*gsm8k(data, "test"), *own])
    found = [guard.find(offer(row["paraphrase"], "")) for row in rows]
    right = [match is not None and match.probe == f"gsm8k/own-{i}" for i, match in enumerate(found)]
    return {**share(sum(right), len(rows)), "rules": dict(Counter(match.rule if match else "-" for match in found)), "missed": [row["paraphrase"] for row, ok in zip(rows, right, strict=True) if not ok]}


def crowd(problems: list[Probe]) -> Iterator[Lesson]:
    """Endless different lessons of the problems' length and vocabulary: sentences of two of them, with other numbers."""
    rng = random.Random(1)
    while True:
        first, second = rng.choice(problems), rng.choice(problems)
        cut = len(first.prompt) // 2
        yield offer(renumber(f"{first.prompt[:cut]} {second.prompt[len(second.prompt) // 2:]}", rng), second.gold)


def scale(data: Path) -> dict[str, Any]:
    """CPU seconds and peak memory of 100,000 lessons against 10,000 probes, one process, one thread."""
    train = gsm8k(data, "train")
    pool = [*gsm8k(data, "test"), *asdiv(data), *human_eval(data), *bbh(data), *find_suite("basics").probes, *train]
    probes = list({probe.prompt: probe for probe in pool}.values())[:N_PROBES]
    source = crowd(train)
    lessons = [next(source) for _ in range(N_LESSONS)]
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.process_time()
    guard = Decontaminator(probes)
    built = time.process_time()
    n_dropped = sum(guard.find(lesson) is not None for lesson in lessons)
    ended = time.process_time()
    return {"n_lessons": N_LESSONS, "n_probes": len(probes), "build_cpu_s": built - started, "check_cpu_s": ended - built, "n_dropped": n_dropped,
            "words_a_lesson": sum(len(lesson.prompt.split()) for lesson in lessons[:1000]) / 1000,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "before_mb": before_mb}


def main() -> None:
    """Measure, print the tables, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=next((p for p in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if p.exists()), None))
    parser.add_argument("--scale", action="store_true", help="100,000 lessons against 10,000 probes as well")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("name the folder with gsm8k_test.jsonl, gsm8k_train.jsonl, asdiv.xml, human_eval.jsonl.gz and bbh/: --data DIR")
    data = options.data
    path = ROOT / "bench" / "results" / "contamination.json"
    body: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if options.scale:
        body["scale"] = scale(data)
        print(body["scale"])
    else:
        sources = [measure("GSM8K", gsm8k(data, "test"), gsm8k(data, "train")), *(
            measure(name, *halves(probes)) for name, probes in (("ASDiv", asdiv(data)), ("HumanEval", human_eval(data)), ("BBH", bbh(data)),
                                                                ("basics", list(find_suite("basics").probes)), ("basics_protected", list(find_suite("basics_protected").probes))))]
        body |= {"python": platform.python_version(), "sources": sources, "by_hand": by_hand(data)}
        for source in sources:
            print(f"{source['name']}: {source['n_probes']} probes, {source['n_written']} written for themselves; false positives {_cell(source['false_positives'])} {source['false_positives']['rules']}")
            for kind, row in source["leaks"].items():
                print(f"  {kind:38} written {_cell(row['written'])}   from templates {_cell(row['template'])}   {row['rules']}")
        print(f"paraphrases by hand: {_cell(body['by_hand'])} {body['by_hand']['rules']}", *body["by_hand"]["missed"], sep="\n  ")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=1) + "\n")


def _cell(row: dict[str, Any]) -> str:
    return "–" if not row["n"] else f"{100 * row['share']:5.1f} % ({100 * row['low']:.1f} to {100 * row['high']:.1f}) of {row['n']}"


if __name__ == "__main__":
    main()
