"""`make bench`: paired ratios against the obvious other way, same inputs, outputs compared first.

Writes `bench/results/speed.json` and prints one table. Absolute seconds are for orientation only.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from bench.pairs import Ratio, compare

ROOT = Path(__file__).parent.parent
N_PROBES = 48
TOLERANCE = 1e-3  # nats between two engines' log-probabilities


def start() -> Ratio:
    """`weakspot --help` against an empty Python process: what our imports cost."""

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)

    helping = "import sys; sys.argv = ['weakspot', '--help']\ntry:\n    from agent.cli import main; main()\nexcept SystemExit: pass"
    run(helping)
    return compare(lambda: run(helping), lambda: run("pass"), 6)


def store() -> Ratio:
    """5,000 samples in one batch against one transaction a row."""
    from agent.store import Store
    from agent.student.contract import Sample
    from probes.suite import Probe

    answers = [(Probe("s", f"p{i}", f"question {i}", "x"), Sample("s", f"p{i}", "answer", 1, 1)) for i in range(5000)]
    few = answers[:200]

    def batched() -> None:
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as opened, opened.transaction():
            opened.samples.add("m", "", "bench", answers)

    def one_by_one() -> None:
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as opened:
            for answer in few:
                with opened.transaction():
                    opened.samples.add("m", "", "bench", [answer])

    ratio = compare(batched, one_by_one)
    scale = len(answers) / len(few)
    return Ratio(ratio.median * scale, ratio.low * scale, ratio.high * scale, ratio.n_pairs, ratio.ours_s, ratio.theirs_s * scale)


def evaluation() -> dict[str, Ratio]:
    """Our lm-eval backend against lm-eval's own `hf` backend at its best batch size, on generation and on choices."""
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from agent.student.backend import StudentLM
    from agent.student.sources import resolve_student
    from agent.student.template import Template
    from probes.registry import find_suite
    from probes.splits import limit_suite

    torch.manual_seed(0)
    path = resolve_student("smollm2-135m", ROOT / "state" / "models").path
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    template = Template(tokenizer, "")
    ours = StudentLM(model, template, batch_size=32)
    theirs = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=32)
    probes = limit_suite(find_suite("basics"), N_PROBES, "bench").probes
    contexts = [template.render([{"role": "user", "content": probe.prompt}]) for probe in probes]

    def generation_requests() -> list[Instance]:
        return [Instance("generate_until", {}, (text, {"until": ["<|im_end|>"], "max_gen_toks": 24, "do_sample": False}), 0, ("bench", i, 1))
                for i, text in enumerate(contexts)]

    def choice_requests() -> list[Instance]:
        return [Instance("loglikelihood", {}, (text, answer), 0, ("bench", i, 1)) for i, text in enumerate(contexts)
                for answer in ("yes", "no", "7", "twelve")]

    answers, other_answers = ours.generate_until(generation_requests()), theirs.generate_until(generation_requests(), disable_tqdm=True)
    equal = sum(a.strip() == b.strip() for a, b in zip(answers, other_answers, strict=True)) / len(answers)
    if equal < 0.95:
        raise SystemExit(f"the two engines agree on {equal:.0%} of answers only: the comparison would mean nothing")
    scores, other_scores = ours.loglikelihood(choice_requests()), theirs.loglikelihood(choice_requests(), disable_tqdm=True)
    worst = max(abs(a[0] - b[0]) for a, b in zip(scores, other_scores, strict=True))
    if worst > TOLERANCE:
        raise SystemExit(f"log-probabilities differ by up to {worst:.2g} nats")
    return {
        "evaluate, generation": compare(lambda: ours.generate_until(generation_requests()),
                                        lambda: theirs.generate_until(generation_requests(), disable_tqdm=True), 3),
        "evaluate, choices": compare(lambda: ours.loglikelihood(choice_requests()),
                                     lambda: theirs.loglikelihood(choice_requests(), disable_tqdm=True), 3),
    }


def main() -> None:
    """Run all comparisons, print the table, write the file."""
    results = {"start (an empty process / weakspot --help)": start(), "store (row by row / batched)": store(),
               **{f"{name} (lm-eval hf / ours)": ratio for name, ratio in evaluation().items()}}
    print(f"{'what (other / ours)':52} {'ratio':>8} {'range':>16}")
    for name, ratio in results.items():
        print(f"{name:52} {ratio.median:8.2f} {ratio.low:7.2f} to {ratio.high:.2f}")
    body = {"machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
            "versions": {name: metadata.version(name) for name in ("torch", "transformers", "lm_eval")},
            "ratios": {name: asdict(ratio) for name, ratio in results.items()}}
    (ROOT / "bench" / "results").mkdir(parents=True, exist_ok=True)
    (ROOT / "bench" / "results" / "speed.json").write_text(json.dumps(body, indent=2) + "\n")


if __name__ == "__main__":
    main()
