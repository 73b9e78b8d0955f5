"""What the recipe makes of the same lessons: `python -m bench.recipes [RECIPE ...] [--lessons N] [--seeds N] [--state DIR]`.

A recipe is `key=value,key=value` of the section `train`: `epochs=3`, `epochs=2,batch_size=4`. A first cycle of `basics` writes one
curriculum over everything that fails; the real student is trained on it from the base by every recipe and seed, and examined
on the gate split and on the protected suite, strict and lenient. Passes over a curriculum cost time like so many rows more:
seconds and tokens stand beside the gain. `bench/results/recipes.json` is written after every row; rows that are in it are not
repeated for the same curriculum, and answers and adapters lie in the state, so a bench that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from agent.config import TrainConfig, load_config
from agent.context import RunContext
from agent.loop import open_real_student
from agent.stages import wire
from agent.stages.examine import samples_of
from agent.stages.train import params_of
from agent.state import CycleState
from agent.statistics.intervals import wilson
from agent.store import Store
from bench.targeting import Lines, begin, settings

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results" / "recipes.json"
RECIPES = ("epochs=2", "epochs=1", "epochs=3", "epochs=5", "epochs=2,learning_rate=1e-3", "epochs=3,learning_rate=1e-3,batch_size=8", "epochs=1,learning_rate=1e-3,batch_size=8")
HEAD = ("recipe", "seeds", "steps", "tokens", "s", "gate strict", "gate lenient", "protected strict", "protected lenient")


def main() -> None:
    """Train and examine what is missing, print the table."""
    options = argparse.ArgumentParser(prog="python -m bench.recipes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("recipes", nargs="*", default=list(RECIPES), metavar="RECIPE")
    options.add_argument("--lessons", type=int, default=360)
    options.add_argument("--seeds", type=int, default=1, help="of training; the curriculum stays")
    options.add_argument("--run-seed", type=int, default=7, help="of what is drawn")
    options.add_argument("--state", type=Path, default=ROOT / "state" / "recipes")
    given = options.parse_args()
    for recipe in given.recipes:
        recipe_of(recipe)  # a typing error costs nothing
    given.state.mkdir(parents=True, exist_ok=True)
    models = given.state / "models"
    if not models.exists():
        models.symlink_to((ROOT / "state" / "models").resolve(), target_is_directory=True)
    with Store.open(given.state) as store:
        body = measure(store, given)
    sys.stdout.write(table(body) + "\n")


def recipe_of(text: str) -> TrainConfig:
    """The section `train` with these keys set, checked like any configuration."""
    return load_config(None, [f"train.{part}" for part in text.split(",") if part], {}).config.train


def measure(store: Store, given: Any) -> dict[str, Any]:
    """Every row of recipe and seed for one curriculum; stored after each."""
    sets = ["student.system_prompt=''", f"seed={given.run_seed}", f"plan.lessons_per_cycle={given.lessons}", *settings("basics", given)]
    config = load_config(None, sets, {}).config
    student = open_real_student(config, store.state_dir, Lines())
    try:
        context = RunContext(f"recipes-{config.hash()}", config, store, student, None, Lines())
        begin(context)
        path = context.cycle_folder(1) / "curriculum.jsonl"
        if (written := store.lessons.curriculum(context.run, 1)) is None:
            nodes, state = wire(context), CycleState(run=context.run, cycle=1, champion="")
            for node in (nodes.evaluate, nodes.diagnose, nodes.plan, nodes.teach):
                state.update(node(state))  # type: ignore[typeddict-item]
            written = store.lessons.curriculum(context.run, 1)
        assert written is not None
        sha256 = written["sha256"]
        body = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        if body.get("curriculum") != sha256:
            body = {"curriculum": sha256, "lessons": given.lessons, "sets": sets, "base": scores(context, ""), "rows": []}
        for seed in range(1, given.seeds + 1):
            for recipe in given.recipes:
                train = recipe_of(recipe).model_dump()  # whole: what a row leaves to the defaults is another recipe when they change
                if any((row["train"], row["seed"]) == (train, seed) for row in body["rows"]):
                    continue
                made = student.train(path, params_of(recipe_of(recipe), "", seed), progress=context.watcher.progress)
                body["rows"].append({"recipe": recipe, "train": train, "seed": seed, "steps": made.steps, "tokens": made.tokens, "seconds": round(made.seconds, 1),
                                     "final_loss": made.final_loss, "adapter": made.adapter, **scores(context, made.adapter)})
                Lines().say(f"{recipe}, seed {seed}: {body['rows'][-1]}")
                RESULTS.parent.mkdir(parents=True, exist_ok=True)
                RESULTS.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
        return body
    finally:
        student.close()


def scores(context: RunContext, adapter: str) -> dict[str, Any]:
    """Right answers and all, by split and score."""
    found: dict[str, Any] = {}
    for split, role in (("gate", "probe"), ("protected", "protected")):
        samples = [sample for _, sample in samples_of(context, split, adapter, role)]
        found[split] = {"n": len(samples), "strict": int(sum(one.strict for one in samples)), "lenient": int(sum(one.lenient for one in samples))}
    return found


def table(body: dict[str, Any]) -> str:
    """Markdown: a line a recipe, over its seeds; intervals (Wilson, 95 %) are those of the items, not of training."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD), "| " + " | ".join(["base", "", "", "", "", *_shares([body["base"]])]) + " |"]
    of_recipe: dict[str, list[dict[str, Any]]] = {}
    for row in body["rows"]:
        of_recipe.setdefault(json.dumps(row["train"]), []).append(row)
    for rows in of_recipe.values():
        mean = [f"{sum(row[key] for row in rows) / len(rows):,.0f}" for key in ("steps", "tokens", "seconds")]
        lines.append("| " + " | ".join([rows[0]["recipe"], str(len(rows)), *mean, *_shares(rows)]) + " |")
    return "\n".join(lines)


def _shares(rows: list[dict[str, Any]]) -> list[str]:
    cells = []
    for split in ("gate", "protected"):
        n = rows[0][split]["n"]
        for score in ("strict", "lenient"):
            each = [row[split][score] for row in rows]
            among = wilson(round(sum(each) / len(each)), n)
            cells.append(f"{100 * sum(each) / len(each) / n:.1f} % ({100 * among.low:.1f} to {100 * among.high:.1f})")
    return cells


if __name__ == "__main__":
    main()
