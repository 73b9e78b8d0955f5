"""Does the probability of an answer tell what rollouts tell, and what do both cost? On probes of `basics`, with the real student.

    python -m bench.learnability STATE [--lessons 120 | --adapter HASH] [--n 69] [--rollouts 8]

The base, and an adapter trained on the spot on `--lessons` other probes of the same skills (0: the base alone). For each probe the student answers eight times at temperature 1; its share of right answers is set against the probability and
the margin of the gold. Printed and written to bench/results/learnability.json: rank correlation, area under the curve for "1/8 or more" and "above
7/8", agreement of the verdicts, CPU seconds of the worker per 100 candidates (wall time says little on a machine that is shared).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from itertools import zip_longest
from pathlib import Path

from agent.config import StudentConfig
from agent.student.client import WorkerStudent, open_student
from agent.student.contract import TrainParams
from curricula.filters.learnability import BOUNDS, HIGH, LOW, N_ROLLOUTS, ROOM_TOKENS, by_probability
from curricula.lesson import Lesson
from probes.registry import find_suite
from probes.scorers import score
from probes.suite import Probe

RESULTS = Path(__file__).parent / "results" / "learnability.json"


def drawn(n: int, n_lessons: int, seed: int) -> tuple[list[Probe], list[Probe]]:
    """`n` probes to measure on and `n_lessons` others to train on, both evenly over the skills."""
    by_skill: dict[str, list[Probe]] = {}
    for probe in find_suite("basics").probes:
        by_skill.setdefault(probe.meta.get("skill", ""), []).append(probe)
    rng = random.Random(seed)
    for own in by_skill.values():
        rng.shuffle(own)
    turns = [probe for turn in zip_longest(*by_skill.values()) for probe in turn if probe is not None]
    return turns[:n], turns[n : n + n_lessons]


def trained(student: WorkerStudent, probes: list[Probe], folder: Path, seed: int) -> str:
    """An adapter trained on the golds of `probes`."""
    path = folder / "probes.jsonl"
    path.write_text("".join(Lesson(probe.prompt, probe.gold, probe.gold, "bench", 1).row + "\n" for probe in probes))
    return student.train(path, TrainParams(seed=seed, learning_rate=1e-3, epochs=1, batch_size=8)).adapter


def cpu_s(student: WorkerStudent) -> float:
    """CPU seconds that the student's worker has used."""
    import psutil

    (worker,) = psutil.Process().children()
    times = worker.cpu_times()
    return times.user + times.system


def measure(student: WorkerStudent, adapter: str, probes: list[Probe], n_rollouts: int, seed: int) -> dict:
    """One adapter ("" the base) on `probes`."""
    from scipy.stats import spearmanr
    from sklearn.metrics import roc_auc_score

    rows = [(probe.prompt, probe.gold) for probe in probes]
    student.answer_scores(rows[:2], adapter)  # loads the model and the adapter
    started = cpu_s(student)
    scores = student.answer_scores(rows, adapter)
    margin_s = cpu_s(student) - started
    print(f"{'trained' if adapter else 'base'}: {100 * margin_s / len(probes):.1f} CPU s per 100 by margin", flush=True)
    longest = max(student.count_tokens([("", probe.gold) for probe in probes])) - min(student.count_tokens([("", "")]))
    started = cpu_s(student)
    answers = student.rollouts([probe.prompt for probe in probes], n_rollouts, max_tokens=longest + ROOM_TOKENS, seed=seed, adapter=adapter)
    rollouts_s = cpu_s(student) - started
    share = [sum(score(p.scorer, a, p.gold, p.choices).lenient for a in own) / n_rollouts for p, own in zip(probes, answers, strict=True)]
    strict = [sum(score(p.scorer, a, p.gold, p.choices).strict for a in own) / n_rollouts for p, own in zip(probes, answers, strict=True)]
    signals = {"probability": by_probability([s.logprob for s in scores]), "margin": [s.margin for s in scores]}
    signals["logprob a character"] = [s.logprob / len(p.gold) for s, p in zip(scores, probes, strict=True)]

    def verdict(value: float, how: str) -> str:
        low, high = BOUNDS[how]
        return "below" if value < low else "above" if value > high else "kept"

    def auc(truth: list[bool], values: list[float]) -> float | None:
        return float(roc_auc_score(truth, values)) if len(set(truth)) == 2 else None

    told = [verdict(v, "rollouts") for v in share]
    guessed = [verdict(v, "margin") for v in signals["probability"]]
    return {
        "student": "trained" if adapter else "base", "n": len(probes), "n_rollouts": n_rollouts, "max_tokens": longest + ROOM_TOKENS,
        "cpu_seconds_per_100": {"margin": 100 * margin_s / len(probes), "rollouts": 100 * rollouts_s / len(probes)},
        "share_right": sum(share) / len(share), "share_strict": sum(strict) / len(strict),
        "by_rollouts": {k: told.count(k) for k in ("below", "kept", "above")}, "by_probability": {k: guessed.count(k) for k in ("below", "kept", "above")},
        "agreement": sum(a == b for a, b in zip(told, guessed, strict=True)) / len(told),
        "kept_by_both": sum(a == b == "kept" for a, b in zip(told, guessed, strict=True)),
        "signals": {name: {"spearman": float(spearmanr(values, share).statistic), "spearman_strict": float(spearmanr(values, strict).statistic),
                           "auc_reached": auc([s >= LOW for s in share], values), "auc_mastered": auc([s > HIGH for s in share], values)} for name, values in signals.items()},
        "rows": [{"skill": p.meta.get("skill", ""), "share": s, "strict": t, "probability": round(q, 4), "margin": round(m.margin, 3)} for p, s, t, q, m in zip(probes, share, strict, signals["probability"], scores, strict=True)],
    }  # fmt: skip


def main() -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("--lessons", type=int, default=120)
    parser.add_argument("--adapter", default="", help="one trained before, instead")
    parser.add_argument("--n", type=int, default=69)
    parser.add_argument("--rollouts", type=int, default=N_ROLLOUTS)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    probes, lessons = drawn(given.n, given.lessons, given.seed)
    with open_student(StudentConfig(), given.state) as student, tempfile.TemporaryDirectory() as folder:
        adapters = [given.adapter] if given.adapter else [trained(student, lessons, Path(folder), given.seed)] if lessons else []
        found: list[dict] = []
        for adapter in [*adapters, ""]:
            found.append(measure(student, adapter, probes, given.rollouts, given.seed))
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            print(json.dumps({key: value for key, value in found[-1].items() if key != "rows"}, indent=1), flush=True)


if __name__ == "__main__":
    main()
