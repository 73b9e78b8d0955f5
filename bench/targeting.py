"""Does the target pay: `python -m bench.targeting [--suite basics] [--suite bbh] [--seeds N] [--lessons N] [--data DIR] [--state DIR]`.

The real student, one parent a suite (made by a first cycle over everything that fails), then for each seed the arms of
`weakspot compare --control`: targeted by the plan, untargeted over all diagnose probes, random human-made rows; equal
lessons and tokens, the same recipe, all judged on the audit split. Every arm is stored when it is trained and every answer
when it is given, so a run that was stopped goes on where it was. Writes `bench/results/targeting.json` after each seed.

`basics` is the built-in suite, taught by the symbolic engines. `bbh` are 14 BIG-Bench-Hard tasks (--data), taught by rows of
the same tasks that are no probes (strategy `retrieve`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.config import load_config
from agent.context import RunContext
from agent.loop import open_real_student
from agent.report.control import (
    ARM_HEAD,
    DIFFERENCE_HEAD,
    arm_rows,
    control_headline,
    difference_rows,
    lessons_line,
)
from agent.stages import wire
from agent.stages.arms import ARMS
from agent.stages.control import control
from agent.stages.prepare import prepare
from agent.state import CycleState
from agent.store import Store
from probes.errors import WeakspotError

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results" / "targeting.json"
PARENT_LESSONS = {"basics": 160, "bbh": 60}
LESSONS = {"basics": 240, "bbh": 80}
COMMON = ("student.system_prompt=''", "suites.protected=[]")
PARENT = "parent of a comparison: it is what the arms start from, whether a gate would take it or not"
POOL_PERCENT = 45  # of the human-made rows; the others are probes


class Lines:
    """A watcher that prints times, stages and what is said."""

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """A stage begins."""

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """A stage ended."""
        self.say(f"cycle {cycle} {stage} ({seconds:.0f} s): {summary}")

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """One line with the time of day."""
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        sys.stdout.flush()


def main() -> None:
    """Run what is missing, write the file, print the tables."""
    options = argparse.ArgumentParser(prog="python -m bench.targeting", description=__doc__)
    options.add_argument("--suite", action="append", choices=("basics", "bbh"), help="default: both, `bbh` where --data is")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--lessons", type=int, help="of an arm; default 240 for basics, 80 for bbh")
    options.add_argument("--real-seeds", type=int, default=2, help="seeds of the arm of random human-made rows; it costs as much as another")
    options.add_argument("--run-seed", type=int, default=7, help="of the parent and everything drawn")
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--state", type=Path, default=ROOT / "state" / "targeting")
    options.add_argument("--set", action="append", default=[], help="any key of the configuration")
    given = options.parse_args()
    suites = given.suite or ["basics", *(["bbh"] if given.data.exists() else [])]
    given.state.mkdir(parents=True, exist_ok=True)
    models = given.state / "models"
    if not models.exists():
        models.symlink_to((ROOT / "state" / "models").resolve(), target_is_directory=True)
    with Store.open(given.state) as store:
        steps = [(number, ARMS[:2]) for number in range(1, given.seeds + 1)] + [(number, ARMS) for number in range(1, given.real_seeds + 1)]
        for number, arms in steps:  # seed by seed over the suites: a stopped run has something of each
            for suite in suites:
                facts = one_more(store, suite, given, number, arms)
                write(suite, facts)
                Lines().say(f"{suite}: {control_headline(facts)}")
    for suite in suites:
        sys.stdout.write(table(suite, json.loads(RESULTS.read_text(encoding="utf-8"))["suites"][suite]) + "\n")


def one_more(store: Store, suite: str, given: Any, number: int, arms: Sequence[str]) -> dict[str, Any]:
    """The comparison of one suite with these arms trained for seeds 1 to `number`."""
    sets = [*COMMON, f"seed={given.run_seed}", f"plan.lessons_per_cycle={PARENT_LESSONS[suite]}", *settings(suite, given), *given.set]
    config = load_config(None, sets, {}).config
    student = open_real_student(config, store.state_dir, Lines())
    try:
        context = RunContext(f"{suite}-{config.hash()}", config, store, student, None, Lines())
        begin(context)
        champion = first_cycle(context)
        plan_second(context, champion)
        facts = control(context, 2, number, split="audit", n_lessons=given.lessons or LESSONS[suite], arms=arms)
        return {**facts, "parent_lessons": PARENT_LESSONS[suite], "sets": sets, "run": context.run, "model_key": student.model_key}
    finally:
        student.close()


def settings(suite: str, given: Any) -> list[str]:
    """What is special about a suite."""
    if suite == "basics":
        return ["suites.limit=1800", "suites.diagnose=0.35", "suites.gate=0.35", "suites.audit=0.3"]  # as in demo.yaml
    probes, pool = write_bbh(given.data, given.state)
    # all rows are human-made, lessons too: the bounds of the real share have nothing to hold
    return [f"suites.probes=[{probes}]", f"curriculum.anchors=[{pool}]", "curriculum.real_min=0", "curriculum.real_max=1.0", "plan.strategies=[retrieve]",
            "suites.limit=1200", "suites.diagnose=0.3", "suites.gate=0.3", "suites.audit=0.4", "student.max_tokens=12"]


def begin(context: RunContext) -> None:
    """The run's row, folder, suites and splits; found, they stay."""
    store = context.store
    if context.run not in {row["run"] for row in store.runs.all()}:
        store.runs.create(context.run, context.config.to_yaml(), context.config.hash(), {})
    store.runs.update(context.run, student=context.student.name, model_key=context.student.model_key)
    context.folder.mkdir(parents=True, exist_ok=True)
    prepare(context)


def first_cycle(context: RunContext) -> str:
    """The parent: what a first cycle trains, answer format and all. No gate: it is a starting point, not a claim."""
    store, nodes = context.store, wire(context)
    state: CycleState = {"run": context.run, "cycle": 1, "champion": ""}
    if (decision := store.decisions.of_cycle(context.run, 1)) is None:
        for node in (nodes.evaluate, nodes.diagnose, nodes.plan, nodes.teach, nodes.train):
            state.update(node(state))  # type: ignore[typeddict-item]
        with store.transaction():
            store.decisions.record(context.run, 1, {"decision": "promote", "reason": PARENT, "champion": "", "candidate": state["candidate"], "look": 0,
                                                    "p_value": None, "level": None, "details": {"reasons": [PARENT]}})
        return state["candidate"]
    return decision["candidate"]


def plan_second(context: RunContext, champion: str) -> None:
    """Evaluate, diagnose and plan as a second cycle does; then the run is over and its audit may be read."""
    nodes = wire(context)
    state: CycleState = {"run": context.run, "cycle": 2, "champion": champion}
    for node in (nodes.evaluate, nodes.diagnose, nodes.plan):
        state.update(node(state))  # type: ignore[typeddict-item]
    context.store.runs.finish(context.run, "finished", "bench.targeting needs no further cycle")


def write_bbh(data: Path, state: Path) -> tuple[Path, Path]:
    """The suite and the pool of rows to teach from, dealt by hash of the text, so that no question is in both."""
    probes, pool = [], []
    files = sorted((data / "bbh").glob("*.json"))
    if not files:
        raise WeakspotError("no BIG-Bench-Hard task here", where=str(data / "bbh"), hint="--data FOLDER, where FOLDER/bbh holds its task files (*.json)")
    for path in files:
        rows = json.loads(path.read_text(encoding="utf-8"))["examples"]
        targets = Counter(row["target"] for row in rows)
        for at, row in enumerate(rows):
            options = re.findall(r"^(\([A-Z]\))", row["input"], re.M)
            if options and row["target"] not in options:
                continue  # a few rows of some files
            choices = options or (sorted(targets) if len(targets) <= 2 else [])
            scorer = "choice" if len(choices) > 2 else "exact" if choices or not re.fullmatch(r"-?\d+", row["target"]) else "numeric"
            if int(hashlib.sha256(row["input"].encode()).hexdigest(), 16) % 100 < POOL_PERCENT:
                pool.append({"prompt": row["input"], "completion": row["target"], "answer": row["target"], "source": f"bbh/{path.stem}#{at}"})
            else:
                probes.append({"id": f"{path.stem}-{at:04d}", "prompt": row["input"], "answer": row["target"], "scorer": scorer, "choices": choices,
                               "group": hashlib.sha256(row["input"].encode()).hexdigest()[:16], "meta": {"skill": path.stem}})
    paths = state / "bbh.jsonl", state / "bbh_pool.jsonl"
    for target, body in zip(paths, (probes, pool), strict=True):
        target.write_text("".join(json.dumps(row) + "\n" for row in body), encoding="utf-8")
    return paths


def write(suite: str, facts: dict[str, Any]) -> None:
    """Put one suite's facts into the results file, the others' stay."""
    body = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"suites": {}}
    body["machine"] = {"cpus": os.cpu_count(), "python": platform.python_version(), "gpu": "none: not measured on GPU"}
    body["suites"][suite] = {"headline": control_headline(facts), **facts}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def table(suite: str, facts: dict[str, Any]) -> str:
    """Both tables as Markdown."""
    def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
        return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in body)])

    return "\n\n".join([f"{suite}: {facts['headline']}", rows(ARM_HEAD, arm_rows(facts)), rows(DIFFERENCE_HEAD, difference_rows(facts)), lessons_line(facts)])


if __name__ == "__main__":
    main()
