"""control: what lessons without a target would have brought, from the same parent and in equal number.

A finished plan goes in; three arms a seed are trained from the parent that the plan was made for, judged on the same items
and compared, targeted with untargeted and with human-made rows drawn at random. The arms are kept in a table of their own:
no gate ever sees them, so none of them can become champion. Every arm is stored as soon as it is trained, so a
comparison that was stopped goes on where it was.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agent import faults
from agent.context import RunContext
from agent.stages.arms import ARMS, Writing, arm_mixes
from agent.stages.contrast import contrast
from agent.stages.examine import samples_of
from agent.stages.train import NO_EFFECT, params_of, probe_prompts
from agent.state import CycleState
from agent.store import Store
from agent.student.contract import TrainingFailed
from curricula.mix_file import write_curriculum
from probes.errors import WeakspotError

SHARES = (1.0,)
WITH_CURVE = (0.5, 1.0)


def control(context: RunContext, cycle: int, n_seeds: int, *, split: str = "gate", shares: Sequence[float] = SHARES,
            n_lessons: int | None = None, seed: int | None = None, arms: Sequence[str] = ARMS) -> dict[str, Any]:
    """Train and judge the arms of one cycle for seeds 1 to `n_seeds`; what they say is stored and returned.

    `n_lessons` a lesson arm (None: `plan.lessons_per_cycle`); `shares` are the parts of it that are trained on too, as points of
    a learning curve; `seed` (None: the run's) decides what is drawn; `arms` are those to train. Arms that are there are not trained again.

    Raises:
        WeakspotError: the cycle has no plan, the audit split is asked for before its turn, an arm has too few lessons.
        TrainingFailed: an arm gave no usable adapter.
    """
    parent = require_planned(context.store, context.run, cycle, split)
    state: CycleState = {"run": context.run, "cycle": cycle, "champion": parent}
    wanted = context.config.plan.lessons_per_cycle if n_lessons is None else n_lessons
    drawn_from = context.config.seed if seed is None else seed
    shares = tuple(sorted({*shares, 1.0}))
    context.watcher.stage(context.run, cycle, "control", f"{n_seeds} seeds of {', '.join(arms)}, {wanted} lessons each")
    samples_of(context, split, parent)
    for number in range(1, n_seeds + 1):
        arm_seed = random.Random(f"control:{drawn_from}:{cycle}:{number}").getrandbits(31)
        for adapter in _trained(context, state, wanted, number, Writing(wanted, arm_seed, shares), arms):
            samples_of(context, split, adapter)
    details = contrast(context, state, split, wanted)
    with context.store.transaction():
        context.store.controls.record(context.run, cycle, split, details)
    return details


def require_planned(store: Store, run: str, cycle: int, split: str) -> str:
    """The adapter that was champion when the cycle was planned ("" is the base): the parent of its arms.

    Raises:
        WeakspotError: no plan, or a sealed split before the run has ended.
    """
    if split not in ("gate", "audit"):
        raise WeakspotError(f"arms are judged on the gate or the audit split, not on {split!r}", hint="leave --split out for the gate")
    if not store.weaknesses.plan(run, cycle):
        planned = [number for number in range(1, 1 + max((row["cycle"] for row in store.runs.stages(run)), default=0)) if store.weaknesses.plan(run, number)]
        raise WeakspotError(f"cycle {cycle} of {run} has no plan to compare with", hint=f"cycles with one: {', '.join(map(str, planned)) or 'none yet'}")
    if split == "audit" and store.runs.get(run)["status"] != "finished":
        raise WeakspotError("the audit split is sealed until the run has ended", where=f"run {run}", hint="compare on the gate: leave --split out")
    decision = store.decisions.of_cycle(run, cycle)
    return decision["champion"] if decision else store.runs.get(run)["champion"]


def _trained(context: RunContext, state: CycleState, wanted: int, number: int, writing: Writing, arms: Sequence[str]) -> list[str]:
    """Adapters of one seed's arms, training those that are missing; each is stored when it is done."""
    controls = context.store.controls
    known = {(row["arm"], row["share"]): row["adapter"] for row in controls.arms(state["run"], state["cycle"], state["champion"])
             if row["seed"] == number and row["lessons_wanted"] == wanted}
    if all((arm, share) in known for arm in arms for share in writing.shares):
        return [known[arm, share] for share in writing.shares for arm in arms]
    adapters = []
    for (arm, share), mix in arm_mixes(context, state, writing).items():
        if arm not in arms:
            continue
        if (arm, share) not in known:
            path = context.cycle_folder(state["cycle"]) / "control" / f"{wanted}-{number}-{arm}-{share:g}.jsonl"
            sha256 = write_curriculum(mix, path)
            params = params_of(context.config.train, state["champion"], writing.seed)
            context.watcher.say(f"seed {number}, {arm}, {share:.0%} of the lessons: {len(mix.rows)} rows, {mix.n_tokens:,} tokens")
            made = context.student.train(path, params, progress=context.watcher.progress)
            if not context.student.effect(made.adapter, "", probe_prompts(context)) > NO_EFFECT:
                raise TrainingFailed(f"adapter {made.adapter[:12]} does not change the base's logits")
            faults.point("control.before_commit")
            with context.store.transaction():
                controls.add_arm({
                    "run": state["run"], "cycle": state["cycle"], "parent": state["champion"], "lessons_wanted": wanted, "seed": number, "share": share, "arm": arm,
                    "adapter": made.adapter, "path": str(path.relative_to(context.store.state_dir)), "n_lessons": sum(row.part == "new" for row in mix.rows),
                    "n_rows": len(mix.rows), "n_tokens": made.tokens, "real_share": mix.real_share, "curriculum_sha256": sha256,
                    "params": asdict(params), "first_loss": made.first_loss, "final_loss": made.final_loss, "seconds": made.seconds})
            known[arm, share] = made.adapter
        adapters.append(known[arm, share])
    return adapters
