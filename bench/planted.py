"""Planted weaknesses: labelled items, labels at three granularities, outcomes drawn from them, and EvalTree's scores.

An item is answered right with probability 0.7 x d^(planted weaknesses it belongs to). The public data sets are read
where they lie (`--data`, else `../shared/data`); without them the built-in suites serve, with their skills as labels.
"""

from __future__ import annotations

import gzip
import json
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).parent.parent
SHARED = next((folder for folder in (ROOT.parent / "shared" / "data", ROOT.parents[1] / "shared" / "data") if folder.exists()), None)
RIGHT = 0.7  # chance of a right answer where nothing is planted
GRANULARITIES = ("coarse", "natural", "fine", "mixed")
N_PLANTED = {"coarse": 5, "natural": 10, "fine": 10, "mixed": 8}
MIN_FINE = 15  # a finer part smaller than that stays with its label
MIN_TYPE = 40  # ASDiv solution types with fewer problems are left out
MAX_GSM8K = 500
FAMILIES = {
    "logic": "boolean_expressions web_of_lies logical_deduction_three_objects",
    "space": "navigate", "dates": "date_understanding", "sorting": "word_sorting",
    "tables": "reasoning_about_colored_objects penguins_in_a_table object_counting",
    "grammar": "hyperbaton disambiguation_qa", "culture": "movie_recommendation ruin_names sports_understanding",
    "add": "Addition Sum", "subtract": "Subtraction Difference Comparison TVQ-Final", "multiply": "Multiplication Ratio Geometry",
    "divide": "Common-Division Floor-Division Surplus", "number theory": "GCD LCM", "algebra": "Algebra-1 Algebra-2",
    "two numbers": "larger_of_two odd_or_even next_number double_or_half digits_of_number_word roman_numeral",
    "arithmetic": "sums_one_digit sums_two_digits differences times_table time_units",
    "lists": "word_at_place count_of_list is_in_list longest_word first_by_alphabet letter_at_place",
    "words": "past_tense plural opposite kind_of_thing synonym end_of_sentence good_grammar repeat_a_word",
    "calendar": "day_of_week month_of_year", "places": "capital country_of_city language continent", "things": "color_of_thing fact",
}  # fmt: skip
FAMILY = {label: family for family, labels in FAMILIES.items() for label in labels.split()}


@dataclass(frozen=True)
class Item:
    """One labelled item."""

    text: str
    gold: str
    suite: str
    label: str
    part: str
    """What a finer label adds: `short` or `long`, a grade band, a wording."""


@dataclass(frozen=True)
class Items:
    """A data set with its labels at three granularities, all parallel."""

    name: str
    texts: list[str]
    golds: list[str]
    labels: dict[str, np.ndarray]

    def plant(self, granularity: str, seed: int, d: float) -> tuple[list[np.ndarray], np.ndarray]:
        """(rows of each planted weakness, outcomes): labels and outcomes drawn from `seed`. `mixed` draws from all three."""
        rng = np.random.default_rng([seed, GRANULARITIES.index(granularity)])
        levels = ("coarse", "natural", "fine") if granularity == "mixed" else (granularity,)
        pool = [(level, name) for level in levels for name in sorted(set(self.labels[level]))]
        count = min(N_PLANTED[granularity], len(pool) // 2)
        chosen = [pool[at] for at in rng.choice(len(pool), count, replace=False)]
        planted = [np.flatnonzero(self.labels[level] == name) for level, name in chosen]
        depth = np.zeros(len(self.texts))
        for rows in planted:
            depth[rows] += 1
        return planted, rng.random(len(self.texts)) < RIGHT * d**depth


@dataclass(frozen=True)
class Score:
    """EvalTree's scores (Zeng et al. 2025, section 4.2), and one over items that no grouping can flatter."""

    f1: float
    precision: float
    """Mean over predictions of the share inside the union of the planted."""
    recall: float
    """Mean over planted weaknesses of the share covered by the union of predictions."""
    item_f1: float
    """F1 of "is in a planted weakness" over items, every item counted once."""
    n_weaknesses: int


def score(found: list[np.ndarray], planted: list[np.ndarray], n_items: int) -> Score:
    """Compare predicted with planted row sets."""
    is_found, is_planted = np.zeros(n_items, dtype=bool), np.zeros(n_items, dtype=bool)
    for rows in found:
        is_found[rows] = True
    for rows in planted:
        is_planted[rows] = True
    if not found:
        return Score(0.0, 0.0, 0.0, 0.0, 0)
    precision = float(np.mean([is_planted[rows].mean() for rows in found]))
    recall = float(np.mean([is_found[rows].mean() for rows in planted]))
    both = int((is_found & is_planted).sum())
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Score(f1, precision, recall, 2 * both / int(is_found.sum() + is_planted.sum()), len(found))


def load_items(folder: Path | None) -> Items:
    """The public data sets of `folder`, or the built-in suites for None."""
    rows = _public(folder) if folder else _builtin()
    natural = np.array([f"{row.suite}/{row.label}" for row in rows])
    fine = np.array([f"{name}/{row.part}" for name, row in zip(natural, rows, strict=True)])
    counts = Counter(fine.tolist())
    labels = {
        "natural": natural,
        "coarse": np.array([FAMILY.get(row.label, row.label) for row in rows]),
        "fine": np.array([part if counts[part] >= MIN_FINE else name for part, name in zip(fine.tolist(), natural.tolist(), strict=True)]),
    }
    return Items("public" if folder else "built-in", [row.text for row in rows], [row.gold for row in rows], labels)


def _builtin() -> list[Item]:
    from probes.registry import find_suite

    return [
        Item(probe.prompt, probe.gold, probe.suite, str(probe.meta["skill"]), str(probe.meta["wording"]))
        for suite in ("basics", "basics_protected") for probe in find_suite(suite).probes
    ]  # fmt: skip


def _public(folder: Path) -> list[Item]:
    rows: list[Item] = []
    for path in sorted((folder / "bbh").glob("*.json")):
        examples = json.loads(path.read_text(encoding="utf-8"))["examples"]
        half = median(len(example["input"]) for example in examples)
        rows += [Item(e["input"], e["target"], "bbh", path.stem, "long" if len(e["input"]) > half else "short") for e in examples]
    with (folder / "gsm8k_test.jsonl").open(encoding="utf-8") as lines:
        for line, _ in zip(lines, range(MAX_GSM8K), strict=False):
            problem = json.loads(line)
            steps = problem["answer"].count("<<")
            rows.append(Item(problem["question"], problem["answer"].split("####")[1].strip(), "gsm8k", "gsm8k", "long" if steps > 3 else "short"))
    problems = list(ET.parse(folder / "asdiv.xml").iter("Problem"))
    sizes = Counter(problem.findtext("Solution-Type") for problem in problems)
    for problem in problems:
        kind = problem.findtext("Solution-Type") or ""
        if sizes[kind] >= MIN_TYPE:
            text = f"{(problem.findtext('Body') or '').strip()} {(problem.findtext('Question') or '').strip()}"
            rows.append(Item(text, problem.findtext("Answer") or "", "asdiv", kind, "low" if int(problem.get("Grade", "0")) <= 3 else "high"))
    with gzip.open(folder / "human_eval.jsonl.gz", "rt", encoding="utf-8") as lines:
        tasks = [json.loads(line) for line in lines]
    half = median(len(task["prompt"]) for task in tasks)
    rows += [Item(t["prompt"], t["canonical_solution"], "humaneval", "humaneval", "long" if len(t["prompt"]) > half else "short") for t in tasks]
    return rows
