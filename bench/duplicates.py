"""Duplicates: which threshold takes rewordings for duplicates and other items for lessons, and what the layers cost.

    python -m bench.duplicates [--data DIR]

Positives: GSM8K training problems reworded by rules, against the accepted originals of one weakness. Negatives: items of the
built-in engines, each engine a weakness, every item drawn anew with its own answer; what layer 1 and 2 let through and layer 3
drops is looked at. Then the whole deduplication of 10,000 lessons. Writes bench/results/duplicates.json.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from pathlib import Path
from typing import Any

from bench.contamination import ROOT, crowd, gsm8k, share
from curricula.engines.contract import list_engines
from curricula.filters.alike import AlikeIndex
from curricula.filters.dedup import Deduplicator
from curricula.filters.paraphrase import reword
from curricula.lesson import Lesson

THRESHOLDS = (0.6, 0.7, 0.75, 0.8, 0.85, 0.92)
N_POSITIVES, N_ITEMS, N_MANY = 600, 80, 10_000


def likenesses(lessons: list[Lesson]) -> list[tuple[float, str, str]]:
    """(likeness to the nearest one before it, its prompt, that one's prompt) of each lesson that layers 1 and 2 accept."""
    seen, index, found, prompts = Deduplicator(), AlikeIndex(threshold=min(THRESHOLDS)), [], {}
    for lesson in lessons:
        if seen.check_exact(lesson).outcome == "fail" or (near := seen.check_near(lesson)).outcome == "fail" and near.reason != "same problem in other words":
            continue
        twin, score = index.nearest(lesson)
        found.append((score, lesson.prompt, prompts.get(twin, "")))
        seen.add(lesson)
        index.add(lesson)
        prompts[lesson.lesson_id] = lesson.prompt
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=next((p for p in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if p.exists()), None))
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("name the folder with gsm8k_train.jsonl: --data DIR")
    train = gsm8k(options.data, "train")
    originals = [Lesson(p.prompt, p.gold, p.gold, "bench", 1, weakness_id="w") for p in train[:N_POSITIVES]]
    index = AlikeIndex(threshold=min(THRESHOLDS))
    for lesson in originals:
        index.add(lesson)
    changed = [(lesson, reword(lesson.prompt, random.Random(i))) for i, lesson in enumerate(originals)]
    positives = [index.nearest(Lesson(text, lesson.completion, lesson.answer, "bench", 1, weakness_id="w"))[1] for lesson, text in changed if text != lesson.prompt]
    human = [score for score, _, _ in likenesses(originals)]
    engines = []
    for engine in list_engines():
        rng = random.Random(engine.name)
        items = [engine.sample(rng, i / N_ITEMS) for i in range(N_ITEMS)]
        engines += likenesses([Lesson(item.question, item.answer, item.answer, "symbolic", 1, weakness_id=engine.name) for item in items])
    rows: list[dict[str, Any]] = [{
        "threshold": at, "reworded": share(sum(score >= at for score in positives), len(positives)),
        "other_problems": share(sum(score >= at for score in human), len(human)), "engine_items": share(sum(score >= at for score, _, _ in engines), len(engines))} for at in THRESHOLDS]
    for row in rows:
        print(row["threshold"], *(f"{name} {100 * row[name]['share']:.1f} % of {row[name]['n']}" for name in ("reworded", "other_problems", "engine_items")))
    for example in sorted(engines, reverse=True)[:200:14]:
        print("  ", *example, sep=" | ")
    source, many = crowd(train), Deduplicator()
    lessons = [next(source) for _ in range(N_MANY)]
    started = time.process_time()
    n_dropped = 0
    for lesson in lessons:
        is_new = many.check_exact(lesson).outcome == "pass" and many.check_near(lesson).outcome == "pass"
        n_dropped += not is_new
        if is_new:
            many.add(lesson)
    cost = {"n_lessons": N_MANY, "n_dropped": n_dropped, "cpu_s": time.process_time() - started, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    print(cost)
    (ROOT / "bench" / "results" / "duplicates.json").write_text(json.dumps({"thresholds": rows, "cost": cost}, indent=1) + "\n")


if __name__ == "__main__":
    main()
