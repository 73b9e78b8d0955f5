"""Which engine the symbolic strategy chooses on suites that share no generator with it: `python -m bench.engine_choice [--data DIR]`.

Every item of a file counts as failed; `cover` and `assign` choose engines as in a run. A choice is right when a person who
knows both would call the engine's questions practice for the task (`TEACHING`); for word problems, when engine and
problem take the same operations (ASDiv's formula; GSM8K: at least two operations where the gold's working has them). The last
column takes the right engines away: whatever is chosen then is wrong, and nothing is right. Nothing of this
reaches the engines or the matching.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from random import Random

from curricula.engines.contract import find_engine, list_engines
from curricula.lesson import Brief, Failure
from curricula.strategies.contract import find_strategy
from curricula.strategies.fit.matching import match_engines
from curricula.strategies.fit.surface import Reading, read_prompts
from curricula.strategies.fit.word_problems import FAMILIES, match_word_problems
from curricula.strategies.symbolic import assign, cover

ROOT = Path(__file__).parent.parent
DATA = next((p for p in (ROOT.parent / "shared" / "data", ROOT.parents[1] / "shared" / "data") if p.exists()), None)
N_ITEMS = 200
N_LESSONS = 60
TEACHING = {
    "boolean_expressions": r"boolean",
    "date_understanding": r"date_\w+|calendar_\w+|gym\.calendar_arithmetic",
    "disambiguation_qa": r"",
    "hyperbaton": r"",
    "logical_deduction_three_objects": r"who_is_\w+|order_\w+|seat_\w+",
    "movie_recommendation": r"",
    "navigate": r"steps_home",
    "object_counting": r"count_kind|count_amounts",
    "penguins_in_a_table": r"table_\w+|column_\w+",
    "reasoning_about_colored_objects": r"table_\w+|count_\w+|item_beside|scene_\w+|nth_item",
    "ruin_names": r"",
    "sports_understanding": r"",
    "web_of_lies": r"truth_chain",
    "word_sorting": r"sort_words",
}
"""Engines that teach a task, as a pattern; empty: none does, and no lesson is the right answer."""


def main() -> None:
    """Print one row a suite: share of items an engine covers, share of those that are right, engines, lessons."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--limit", type=int, default=N_ITEMS)
    options.add_argument("--show", type=int, default=0, help="lessons to show a suite")
    options.add_argument("--only", default="", help="suites whose name holds this")
    given = options.parse_args()
    if given.data is None:
        sys.exit("no ../shared/data beside the repository: name the folder with --data")
    sys.stdout.write("| suite | items | covered | right, of the covered | engines (items) | lessons of 60, right | covered without the right engines |\n|---|---|---|---|---|---|---|\n")
    for name, failures in suites(given.data):
        if given.only in name:
            chosen = Random(f"engine choice:{name}").sample(failures, min(given.limit, len(failures)))
            sys.stdout.write(row(name, chosen, given.show))
            sys.stdout.flush()


def suites(data: Path) -> list[tuple[str, list[Failure]]]:
    """All files of the folder as failures; `meta["truth"]` is what a choice is judged by."""
    found = []
    for path in sorted((data / "bbh").glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["examples"]
        found.append((f"BBH {path.stem}", [
            Failure(f"{path.stem}-{i}", path.stem, row["input"], "", row["target"], "wrong", "exact",
                    tuple(re.findall(r"^(\([A-Z]\))", row["input"], re.MULTILINE)), {"truth": path.stem})
            for i, row in enumerate(rows)
        ]))  # fmt: skip
    bare, worked = [], []
    for i, line in enumerate((data / "gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        steps, gold = len(re.findall(r"<<", row["answer"])), row["answer"].split("####")[1].strip()
        bare.append(Failure(f"g{i}", "gsm8k", row["question"], "", gold, "wrong", "numeric", (), {"truth": steps}))
        worked.append(Failure(f"g{i}", "gsm8k", row["question"], "", row["answer"], "wrong", "numeric", (), {"truth": steps}))
    found += [("GSM8K, bare golds", bare), ("GSM8K, worked golds", worked)]
    asdiv = []
    for problem in ET.parse(data / "asdiv.xml").iter("Problem"):
        number = re.match(r"-?\d+(\.\d+)?(?![\d/:])", problem.findtext("Answer") or "")
        if number:
            text = f"{(problem.findtext('Body') or '').strip()} {(problem.findtext('Question') or '').strip()}"
            formula = _operations((problem.findtext("Formula") or "").partition("=")[0])
            asdiv.append(Failure(problem.get("ID") or "", "asdiv", text, "", number.group(), "wrong", "numeric", (), {"truth": formula}))
    found.append(("ASDiv, numeric", asdiv))
    return found


def row(name: str, failures: list[Failure], n_shown: int) -> str:
    """One line of the table, and lessons below it where asked for."""
    brief = Brief("W", name, (), tuple(failures), N_LESSONS, 1, 7)
    readings = read_prompts(failures)
    plan = assign(brief, readings, cover(brief, readings))
    engines = {i: part.engine for part in plan for i in part.failure_indices}
    right = sum(is_right(failures[i], engine) for i, engine in engines.items())
    counts = ", ".join(f"{engine} {n}" for engine, n in Counter(engines.values()).most_common(6))
    lessons = [c.lesson for c in find_strategy("symbolic").write(brief, None, Random(0)) if c.lesson][:N_LESSONS]
    by_probe = {failure.probe_id: failure for failure in failures}
    good = sum(is_right(by_probe[lesson.parents[0]], lesson.operator) for lesson in lessons)
    shown = "".join(f"\n---- {lesson.operator}\n{lesson.prompt}\n=> {lesson.completion}\n" for lesson in lessons[:n_shown])
    share = f"{right} ({right / len(engines):.0%})" if engines else "–"
    return f"| {name} | {len(failures)} | {len(engines)} | {share} | {counts or '–'} | {len(lessons)}, {good} | {_without(brief, readings)} |\n{shown}"


def _without(brief: Brief, readings: list[Reading]) -> str:
    """What is chosen when the engines that would be right are not there."""
    failures = brief.failures
    suite = failures[0].suite
    if suite in TEACHING:
        taken = {engine.name for engine in list_engines() if TEACHING[suite] and re.fullmatch(TEACHING[suite], engine.name)}
    else:
        taken = {engine.name for engine in list_engines() if engine.family in FAMILIES or engine.name == "gym.gsm_symbolic"}
    matches = match_word_problems(readings, [f.gold for f in failures], match_engines(readings, frozenset(taken)), frozenset(taken))
    plan = assign(brief, readings, matches)
    counts = ", ".join(f"{part.engine} {len(part.failure_indices)}" for part in plan[:4])
    return f"{sum(len(part.failure_indices) for part in plan)}{f' ({counts})' if plan else ''}"


def is_right(failure: Failure, engine: str) -> bool:
    """Does the engine teach what the item asks for?"""
    truth = failure.meta["truth"]
    if failure.suite in TEACHING:
        return bool(TEACHING[truth]) and re.fullmatch(TEACHING[truth], engine) is not None
    if find_engine(engine).family not in FAMILIES and engine != "gym.gsm_symbolic":
        return False
    if engine == "gym.gsm_symbolic":
        return isinstance(truth, int)
    found = Counter(_engine_operations(engine))
    return any(sum(held.values()) >= min(2, truth) for held in found) if isinstance(truth, int) else truth in found


def _engine_operations(engine: str) -> list[_Operations]:
    rng = Random(f"operations:{engine}")
    items = [find_engine(engine).sample(rng, rng.random()) for _ in range(40)]
    return [_operations(str(item.params.get("expression", ""))) for item in items]


class _Operations(Counter[str]):
    """How often each operation occurs; hashable, to be counted."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def _operations(formula: str) -> _Operations:
    return _Operations(re.findall(r"[-+*/]", formula.replace("×", "*").replace("x", "*").replace("÷", "/")))


if __name__ == "__main__":
    main()
