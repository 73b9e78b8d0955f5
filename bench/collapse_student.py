"""The real student on its own text, watched as a run watches it: `python -m bench.collapse_student [--generations N] [--rows N] [--texts N] [--state DIR]`.

A generation is a LoRA adapter of the base, trained on `--rows` rows: real prompts, answered by the generation before (of the
base, for the first) in at most as many tokens as the monitor reads. Under `replace` all rows are so; under `mix` every other
row keeps its real answer. `agent.stages.collapse.watch_collapse` measures each against the base, on real rows that are never
trained on; the veto follows as in a run. Writes `bench/results/collapse_student.json` after each generation; a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.config import load_config
from agent.context import RunContext
from agent.loop import open_real_student
from agent.stages.collapse import TOKENS, watch_collapse
from agent.stages.real import anchor_names
from agent.stages.train import NO_EFFECT, params_of, probe_prompts
from agent.store import Store
from agent.student.contract import TrainingFailed
from bench.targeting import Lines, begin
from curricula.anchors.contract import load_sources, rows_of
from curricula.collapse.held import hold_out
from curricula.lesson import Lesson
from curricula.mix_rules import MixRules

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results" / "collapse_student.json"
POLICIES = ("replace", "mix")
SHOWN = ("loss", "tail_loss", "words", "distinct_2", "vendi", "coverage")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and watch what is missing, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.collapse_student", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generations", type=int, default=2)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--texts", type=int, default=64, help="continuations that each model is watched by, as collapse.texts of a run")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--state", type=Path, default=ROOT / "state" / "collapse")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    options.state.mkdir(parents=True, exist_ok=True)
    models = options.state / "models"
    if not models.exists():
        models.symlink_to((ROOT / "state" / "models").resolve(), target_is_directory=True)
    config = load_config(None, [f"seed={options.seed}", f"collapse.texts={options.texts}", "suites.limit=200"], {}).config
    with Store.open(options.state) as store:
        student = open_real_student(config, options.state, Lines())
        try:
            contexts = {policy: RunContext(f"{policy}-{options.rows}-{config.hash()}", config, store, student, None, Lines()) for policy in POLICIES}
            facts = {"settings": {"rows": options.rows, "seed": options.seed, "tokens": TOKENS, "texts": config.collapse.texts}, "model_key": student.model_key, "policies": {}}
            for policy, context in contexts.items():
                begin(context)
                share_base(store, context.run, [one.run for one in contexts.values()])
                facts["policies"][policy] = follow(context, policy, options.rows, options.generations)
                options.results.parent.mkdir(parents=True, exist_ok=True)
                options.results.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        finally:
            student.close()
    sys.stdout.write(table(facts) + "\n")


def share_base(store: Store, run: str, runs: Sequence[str]) -> None:
    """The base is the same under all policies: measured under one of them, it is known to the others."""
    stored = next((row for one in runs if (row := store.panels.of_cycle(one, 0))), None)
    if stored and not store.panels.of_cycle(run, 0):
        with store.transaction():
            store.panels.add(run, 0, "", stored["body"], [], False)


def follow(context: RunContext, policy: str, n_rows: int, generations: int) -> list[dict[str, Any]]:
    """One row a generation, the base first: its panel, pass@k, alarms, seconds and adapter."""
    for generation in range(1, generations + 1):
        if context.store.panels.of_cycle(context.run, generation):
            continue
        begun = time.monotonic()
        last = context.store.panels.of_cycle(context.run, generation - 1)
        path = context.cycle_folder(generation) / "curriculum.jsonl"
        lessons = rows_for(context, policy, n_rows, generation, last["adapter"] if last else "")
        path.write_text("".join(lesson.row + "\n" for lesson in lessons), encoding="utf-8")
        made = context.student.train(path, params_of(context.config.train, "", context.seed("train", generation)), progress=context.watcher.progress)
        if not context.student.effect(made.adapter, "", probe_prompts(context)) > NO_EFFECT:
            raise TrainingFailed(f"adapter {made.adapter[:12]} does not change the base's logits: {n_rows} rows are too few", hint="more --rows")
        trained = time.monotonic() - begun
        watched = watch_collapse(context, {"run": context.run, "cycle": generation, "candidate": made.adapter})
        watched.body["seconds"] = {"write_and_train": round(trained, 1), "watch": round(time.monotonic() - begun - trained, 1)}
        watched.body["trained"] = {"tokens": made.tokens, "first_loss": made.first_loss, "final_loss": made.final_loss}
        with context.store.transaction():
            watched.write(context.store, context.run, generation, made.adapter)
        context.watcher.say(f"{policy} generation {generation}: {len(watched.alarms)} alarms, {time.monotonic() - begun:.0f} s")
    return [{"generation": row["cycle"], "adapter": row["adapter"], "alarms": row["alarms"], "is_vetoed": row["is_vetoed"],
             **{name: row["body"][name] for name in ("panel", "ability", "seconds", "trained") if name in row["body"]}} for row in context.store.panels.all(context.run)]


def rows_for(context: RunContext, policy: str, n: int, generation: int, adapter: str) -> list[Lesson]:
    """The rows of one generation: the same real prompts each time, answered by `adapter` or, under `mix`, every other one as it is."""
    free, _ = hold_out(rows_of(load_sources(anchor_names(context.config.curriculum))))
    counts = context.student.count_tokens([(row.prompt, row.completion) for row in free])
    fits = [row for row, n_tokens in zip(free, counts, strict=True) if n_tokens <= MixRules.max_anchor_tokens]
    real = sorted(fits, key=lambda row: context.seed("rows", row.lesson_id))[:n]
    kept = real[1::2] if policy == "mix" else []
    asked = real[::2] if policy == "mix" else real
    answers = context.student.rollouts([row.prompt for row in asked], 1, max_tokens=TOKENS, seed=context.seed("write", generation), adapter=adapter)
    written = [replace(row, completion=answer[0], answer=answer[0], strategy="own", depth=generation) for row, answer in zip(asked, answers, strict=True) if answer[0].strip()]
    return sorted([*kept, *written], key=lambda row: context.seed("order", generation, row.prompt))


def table(facts: dict[str, Any]) -> str:
    """One line a generation."""
    lines = ["policy      generation  " + "  ".join(f"{name:>10}" for name in SHOWN) + "    pass@1    pass@4  alarms"]
    for policy, rows in facts["policies"].items():
        for row in rows:
            values, ability = row["panel"]["values"], row["ability"]
            passes = "  ".join(f"{ability[name]:8.3f}" if name in ability else "       -" for name in ("pass_1", "pass_k"))
            lines.append(f"{policy:12}{row['generation']:10}  " + "  ".join(f"{values[name]:10.3f}" for name in SHOWN) + f"  {passes}  "
                         + (", ".join(alarm.split()[0] for alarm in row["alarms"]) or "none") + (", vetoed" if row["is_vetoed"] else ""))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
