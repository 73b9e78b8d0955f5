"""Give word problems that read like no engine's own to the engines of word problems.

People's problems talk about anything, so few of them share enough words with an engine's. Where the golds of a weakness
are calculated from the problems' numbers (`calculations.py`), each such problem goes to the nearest engine that takes the
same operations; one of three operations or more to the nearest of those that take two to five.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from curricula.engines.contract import find_engine, list_engines
from curricula.strategies.fit.calculations import are_calculated, is_story, operations, worked_operations
from curricula.strategies.fit.matching import MIN_TEXT_ALONE, Match, engine_index, match_engines
from curricula.strategies.fit.surface import Reading

OPERATION = re.compile(r"(?<=[\d)])\s*([-+*/])")
FAMILIES = ("word_problems", "stories")
MANY = 3  # operations from which their kinds no longer choose the engine: no two problems share them
MIN_SHARE = 0.2  # of an engine's items: what it teaches, not what it happens to do


def match_word_problems(readings: Sequence[Reading], golds: Sequence[str], matches: Sequence[Match], excluded: frozenset[str]) -> list[Match]:
    """`matches` with engines of word problems where the evidence is there; `golds` are whole, with any working.

    Changed are problems without an engine, and those that a bare calculation was chosen for by its relation alone.
    """
    stories = [i for i, reading in enumerate(readings) if is_story(reading)]
    if not are_calculated([readings[i] for i in stories], [golds[i] for i in stories]):
        return list(matches)
    found = list(matches)
    open_ones: dict[frozenset[str], list[int]] = defaultdict(list)
    for i in stories:
        is_own = matches[i].engine and (find_engine(matches[i].engine).family in FAMILIES or matches[i].text_similarity >= MIN_TEXT_ALONE)
        shown = worked_operations(golds[i])
        taken = frozenset([shown]) if shown else operations(readings[i])
        if taken and not is_own:
            open_ones[taken].append(i)
    for taken, indices in open_ones.items():
        for i, match in zip(indices, match_engines([readings[i] for i in indices], excluded | _others(taken)), strict=True):
            found[i] = replace(match, failure_index=i, engine=match.nearest)
    return found


@lru_cache(maxsize=64)
def _others(taken: frozenset[str]) -> frozenset[str]:
    """Engines that do not teach any of these calculations; of two operations that no engine chains, those that take more."""
    is_long = any(len(chain) >= MANY for chain in taken)
    fitting = set()
    for name, chains in _chains().items():
        share = sum(n for chain, n in chains.items() if (len(chain) >= MANY if is_long else chain in taken)) / chains.total()
        if share >= MIN_SHARE:
            fitting.add(name)
    if not fitting:
        return _others(frozenset(["+" * MANY]))
    return frozenset(engine.name for engine in list_engines()) - fitting


@lru_cache(maxsize=1)
def _chains() -> dict[str, Counter[str]]:
    """Sorted operators of the items of every engine of word problems."""
    chains: dict[str, Counter[str]] = defaultdict(Counter)
    for item in engine_index().items:
        if find_engine(item.engine).family in FAMILIES:
            chains[item.engine]["".join(sorted(OPERATION.findall(str(item.params.get("expression", "")))))] += 1
    return dict(chains)
