"""Set the thresholds of contamination on the probes at hand, and say what they are worth.

An index of probes goes in; thresholds with the recall and the false positives measured there come out. Negatives are pairs of
different problems: each probe (of at most `SAMPLE`) as if it were a lesson, against its nearest neighbours of other groups,
which is harder than random pairs. Positives are the same probes changed by rules (`paraphrase.py`). A threshold is the lowest
one of its range at which at most `MAX_FALSE` of the probes would be taken for another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from curricula.filters.paraphrase import KINDS
from curricula.filters.semantic import DEFAULT, NearProbes, Thresholds, is_pinned, skeleton_likeness

SAMPLE = 300
MIN_SAMPLE = 50  # with fewer, one pair decides: the default thresholds hold
MAX_FALSE = 0.01
NEIGHBOURS = 12
REWORDED = (0.35, 0.60)  # below, common words alone reach it; above, hand-written paraphrases are lost
REWORDED_BARE = (0.65, 0.90)
VARIANT = (0.80, 0.92)  # swapped numbers and names leave .97 and more (1st percentile on GSM8K and ASDiv)
STEP = 0.01


@dataclass(frozen=True)
class Calibration:
    """Thresholds and how they did on the probes they were set on; shares are 0 to 1."""

    thresholds: Thresholds = DEFAULT
    n_probes: int = 0
    """Distinct prompts."""
    n_written: int = 0
    """Those written for themselves; the others come from templates."""
    n_sampled: int = 0
    """Probes that were changed and compared; 0 where the thresholds are the defaults."""
    false_positive_rate: float | None = None
    """Sampled probes taken for a probe of another group."""
    recall: dict[str, float] = field(default_factory=dict)
    """By kind of change, the share of changed probes that is found."""


def calibrate(index: NearProbes) -> Calibration:
    """Measure on `index`, which is left as it is; the same probes always give the same result."""
    written = [row for row, is_template in enumerate(index.is_template) if not is_template]
    if len(written) < MIN_SAMPLE:
        return Calibration(n_probes=len(index.targets), n_written=len(written))
    rows = [written[at * len(written) // SAMPLE] for at in range(SAMPLE)] if len(written) > SAMPLE else written
    reworded, bare, variant = [], [], []
    for row in rows:
        mine, best = index.wordings[row], {"pinned": 0.0, "bare": 0.0, "variant": 0.0}
        for other, cosine in index.nearest(mine, NEIGHBOURS):
            if (index.targets[other].suite, index.targets[other].group) == (index.targets[row].suite, index.targets[row].group) or index.is_template[other]:
                continue
            theirs = index.wordings[other]
            if index.same_particulars(mine, other):
                kind = "pinned" if is_pinned(theirs) else "bare"
                best[kind] = max(best[kind], cosine)
            best["variant"] = max(best["variant"], skeleton_likeness(mine, theirs, VARIANT[0]))
        reworded.append(best["pinned"])
        bare.append(best["bare"])
        variant.append(best["variant"])
    found = Thresholds(_lowest(reworded, REWORDED), _lowest(bare, REWORDED_BARE), _lowest(variant, VARIANT))
    n_false = sum(a >= found.reworded or b >= found.reworded_bare or c >= found.variant for a, b, c in zip(reworded, bare, variant, strict=True))
    recall = {name: share for name, change in KINDS.items() if (share := _recall(index, rows, change, found)) is not None}
    return Calibration(found, len(index.targets), len(written), len(rows), n_false / len(rows), recall)


def _lowest(scores: Iterable[float], bounds: tuple[float, float]) -> float:
    scores = list(scores)
    low, high = bounds
    steps = round((high - low) / STEP)
    for step in range(steps + 1):
        threshold = round(low + step * STEP, 4)
        if sum(score >= threshold for score in scores) <= MAX_FALSE * len(scores):
            return threshold
    return high


def _recall(index: NearProbes, rows: Iterable[int], change: Callable[[str, random.Random], str], thresholds: Thresholds) -> float | None:
    """Share of the changed texts for which the index finds the probe they came from; None where the change applies to none."""
    asked = found = 0
    for row in rows:
        text = index.targets[row].text
        changed = change(text, random.Random(row))
        if changed == text or index.targets[row].is_shown:
            continue
        asked += 1
        wording = index.take_apart(changed)
        found += any(index.judge(wording, other, cosine, thresholds) for other, cosine in index.nearest(wording) if other == row)
    return found / asked if asked else None
