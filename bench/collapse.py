"""Ten generations of a small language model on its own text, under five policies, watched by the monitor.

    python -m bench.collapse [--text FILE] [--seeds N] [--generations N] [--lines N] [--policies NAME ...]

Generation 0 learns `--lines` real lines; each later one is trained from scratch on:

    replace     the lines that the generation before wrote, nothing else
    accumulate  the real lines and all that every generation wrote (Gerstgrasser 2024, arXiv 2404.01413)
    mix         the real lines and as many from the generation before: half is real
    verified    the real lines and as many at most that any generation wrote to the openings of real lines and that came to
                their values, passed through a run's funnel and mix (`bench.collapse_funnel`)
    self_verified
                the same, but of lines that the model wrote whole: what is checked is its own calculation

Writes `bench/results/collapse.json` after every policy and goes on where it stopped, then `collapse.svg`. Real lines
are worked solutions whose steps are marked `<<a*b=c>>` (GSM8K's form), so that a line can be verified.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench.collapse_funnel import Accepted, is_true, marked_steps
from bench.small_model import SmallModel, fit_tokenizer
from curricula.collapse.alarms import Calibration, alarms, calibrate, vetoes
from curricula.collapse.panel import measure
from curricula.collapse.semantic import Space, fit_space

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
TEXT = next((folder / "shared" / "data" / "gsm8k_train.jsonl" for folder in ROOT.parents if (folder / "shared" / "data").is_dir()), ROOT.parent / "shared" / "data" / "gsm8k_train.jsonl")
POLICIES = ("replace", "accumulate", "mix", "verified", "self_verified")
SIZE = 300  # texts a panel
HELD = 300  # real lines whose loss is followed
SPACE = 600  # real lines that the space is fitted on
POOL = 1000  # real lines that are compared with each other for the alarm levels
EPOCHS = 4
LONGEST = 70  # characters of a line: what the small model reads whole (of longer ones more than a third would be cut, and cut lines hold no step)
TEMPERATURE = 0.9
FRESH_PAIRS = 200  # real-versus-real panels that the calibration has not seen


Prepared = tuple[dict[str, list[str]], Space, Calibration]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=TEXT, help="JSON lines with an `answer` in GSM8K's form, or plain text")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES, help="follow these alone (all)")
    parser.add_argument("--results", type=Path, default=RESULTS / "collapse.json")
    options = parser.parse_args(arguments)
    lines = read_lines(options.text)
    needed = options.lines + HELD + SPACE + POOL
    if len(lines) < needed:
        sys.exit(f"{options.text} has {len(lines)} usable lines, {needed} are needed: give a longer --text or fewer --lines")
    body = _open(options)
    for seed in range(options.seeds):
        missing = [policy for policy in options.policies if f"{seed}/{policy}" not in body["runs"]]
        prepared = _prepare(lines, seed, options.lines) if missing else None
        for policy in missing:
            assert prepared is not None
            begun = time.monotonic()
            body["runs"][f"{seed}/{policy}"] = follow(prepared, policy, seed, options.lines, options.generations)
            body["seconds"][f"{seed}/{policy}"] = round(time.monotonic() - begun, 1)
            _write(options.results, body)
    if "real_versus_real" not in body or body["real_versus_real"]["seeds"] != options.seeds:
        body["real_versus_real"] = false_alarms(lines, options.seeds, options.lines)
    body["summary"] = summary(body)
    _write(options.results, body)
    draw(body, options.results.with_suffix(".svg"))
    print(table(body))


def read_lines(path: Path) -> list[str]:
    """Distinct lines of up to LONGEST characters that hold a marked step, in a fixed order."""
    if not path.is_file():
        sys.exit(f"{path} not found: name a file of real lines with --text")
    texts = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".jsonl":
        texts = [line for text in texts for line in json.loads(text)["answer"].split("\n")]
    kept = sorted({text.strip() for text in texts if marked_steps(text) and len(text.strip()) <= LONGEST})
    random.Random(20261125).shuffle(kept)
    return kept


def follow(prepared: Prepared, policy: str, seed: int, n: int, generations: int) -> list[dict[str, Any]]:
    """One row a generation: what it was trained on, its panel, its alarms against generation 0."""
    split, space, calibration = prepared
    tokenizer = fit_tokenizer(split["train"])
    accepted = Accepted(split["train"], split["held"])
    real, everything, data, first, rows = split["train"], list(split["train"]), split["train"], None, []
    for generation in range(generations + 1):
        of_generation = seed * 1000 + generation
        model = SmallModel(data, tokenizer, of_generation, EPOCHS)
        written = model.sample(n, of_generation, TEMPERATURE)
        losses = model.losses(split["held"])
        first_losses = losses if first is None else first[1]
        panel = measure(written[:SIZE], space, first_losses, losses, intervals=False)
        first = first or (panel, losses)
        found = alarms(first[0], panel, calibration)
        rows.append({"generation": generation, "trained_on": len(data), "real_share": len(real) / len(data) if policy != "replace" or not generation else 0.0,
                     "true_lines": sum(map(is_true, written)) / n, "panel": asdict(panel), "alarms": [alarm.sentence() for alarm in found],
                     "is_vetoed": vetoes([bool(row["alarms"]) for row in rows] + [bool(found)])})
        print(f"seed {seed} {policy:13} generation {generation:2}: {len(data):6} lines, loss {panel.values['loss']:+.3f}, alarms: {', '.join(alarm.metric for alarm in found) or 'none'}", flush=True)
        if generation == generations:
            break
        everything += written
        if policy in ("verified", "self_verified"):
            if policy == "verified":
                accepted.answer(partial(_go_on, model, of_generation))
            else:
                accepted.look(written, partial(_draw, model, n, of_generation), n)
            rows[-1] |= {"asked": accepted.n_asked, "accepted": len(accepted.new), "refused": accepted.refused}
            data = accepted.curriculum(tokenizer, of_generation)
        else:
            data = {"replace": written, "accumulate": everything, "mix": real + written}[policy]
    return rows


def _draw(model: SmallModel, n: int, seed: int, turn: int) -> list[str]:
    return model.sample(n, seed + 100_000 * turn, TEMPERATURE)


def _go_on(model: SmallModel, seed: int, openings: Sequence[str], turn: int) -> list[str]:
    return model.go_on(openings, seed + 100_000 * turn, TEMPERATURE)


def false_alarms(lines: Sequence[str], seeds: int, n: int) -> dict[str, Any]:
    """Real samples against other real samples, and models of real lines against models of other real lines."""
    alarmed, of_models = 0, []
    for seed in range(seeds):
        split, space, calibration = _prepare(lines, seed, n)
        rng, fresh = random.Random(seed), split["rest"]
        for _ in range(FRESH_PAIRS // seeds):
            both = rng.sample(fresh, 2 * SIZE)
            one, other = (measure(part, space, intervals=False) for part in (both[:SIZE], both[SIZE:]))
            alarmed += bool(alarms(one, other, calibration))
        of_models.append(_two_models(split, space, calibration, seed, n))
    tried = seeds * (FRESH_PAIRS // seeds)
    return {"seeds": seeds, "pairs": tried, "alarmed": alarmed, "share": alarmed / tried, "models": len(of_models), "models_alarmed": sum(map(bool, of_models)), "of_models": of_models}


def _two_models(split: dict[str, list[str]], space: Space, calibration: Calibration, seed: int, n: int) -> list[str]:
    """Alarms of a model of other real lines against the model of these: the whole panel, losses too."""
    tokenizer = fit_tokenizer(split["train"])
    one, other = SmallModel(split["train"], tokenizer, seed * 1000, EPOCHS), SmallModel(split["rest"][:n], tokenizer, seed * 1000 + 500, EPOCHS)
    before, after = one.losses(split["held"]), other.losses(split["held"])
    first = measure(one.sample(SIZE, seed * 1000, TEMPERATURE), space, before, before, intervals=False)
    return [alarm.sentence() for alarm in alarms(first, measure(other.sample(SIZE, seed * 1000 + 500, TEMPERATURE), space, before, after, intervals=False), calibration)]


def _prepare(lines: Sequence[str], seed: int, n: int) -> Prepared:
    shuffled = list(lines)
    random.Random(seed).shuffle(shuffled)
    cuts = list(itertools.accumulate((n, HELD, SPACE, POOL)))
    split = {"train": shuffled[: cuts[0]], "held": shuffled[cuts[0]:cuts[1]], "rest": shuffled[cuts[3]:]}
    space = fit_space(shuffled[cuts[1]:cuts[2]], seed)
    return split, space, calibrate(shuffled[cuts[2]:cuts[3]], SIZE, space, seed)


def summary(body: dict[str, Any]) -> dict[str, Any]:
    """By policy: first alarmed and first vetoed generation of each seed, and the last generation's loss."""
    out = {}
    for policy in POLICIES:
        runs = [rows for key, rows in body["runs"].items() if key.partition("/")[2] == policy]
        out[policy] = {"first_alarm": [_first(rows, lambda row: bool(row["alarms"])) for rows in runs], "first_veto": [_first(rows, lambda row: row["is_vetoed"]) for rows in runs],
                       "alarmed_generations": sum(bool(row["alarms"]) for rows in runs for row in rows), "generations": sum(len(rows) - 1 for rows in runs),
                       "last_loss": [rows[-1]["panel"]["values"]["loss"] for rows in runs]}
    return out


def _first(rows: Sequence[dict[str, Any]], holds: Callable[[dict[str, Any]], bool]) -> int | None:
    return next((row["generation"] for row in rows if holds(row)), None)


def table(body: dict[str, Any]) -> str:
    """The summary as text."""
    lines = ["policy         first alarm   first veto   generations alarmed   loss at the end"]
    for policy, facts in body["summary"].items():
        lines.append(f"{policy:14} {_shown(facts['first_alarm']):13} {_shown(facts['first_veto']):12} {facts['alarmed_generations']:3} of {facts['generations']:<13} "
                     + ", ".join(f"{loss:+.2f}" for loss in facts["last_loss"]))
    real = body["real_versus_real"]
    lines.append(f"real versus real: {real['alarmed']} of {real['pairs']} panels alarmed; models of other real lines: {real['models_alarmed']} of {real['models']}")
    return "\n".join(lines)


def _shown(generations: Sequence[int | None]) -> str:
    return ", ".join("never" if generation is None else str(generation) for generation in generations)


def draw(body: dict[str, Any], path: Path) -> None:
    """Four metrics over the generations, one line a seed, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    shown = {"loss": "loss on real lines (nats a token)", "distinct_2": "distinct word pairs", "vendi": "different lines (Vendi)", "coverage": "coverage of real lines"}
    colours = dict(zip(POLICIES, ("#c0392b", "#2471a3", "#1e8449", "#b9770e", "#7d3c98"), strict=True))
    figure, axes = pyplot.subplots(1, 4, figsize=(14, 3.2), constrained_layout=True)
    for axis, (metric, title) in zip(axes, shown.items(), strict=True):
        for key, rows in body["runs"].items():
            policy = key.partition("/")[2]
            axis.plot([row["generation"] for row in rows], [row["panel"]["values"][metric] for row in rows], color=colours[policy], linewidth=1.2,
                      label=policy if key.startswith("0/") else None)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("generation", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(fontsize=8, frameon=False)
    pyplot.rcParams["svg.hashsalt"] = "weakspot"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _open(options: argparse.Namespace) -> dict[str, Any]:
    settings = {"text": options.text.name, "generations": options.generations, "lines": options.lines, "size": SIZE, "epochs": EPOCHS, "longest": LONGEST, "temperature": TEMPERATURE}
    if options.results.is_file():
        body = json.loads(options.results.read_text(encoding="utf-8"))
        if body["settings"] == settings:
            return body
    return {"settings": settings, "runs": {}, "seconds": {}}


def _write(path: Path, body: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
