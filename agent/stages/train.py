"""train: a LoRA adapter, from the base or on from the champion's, on this cycle's curriculum; its effect is measured before use."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from agent.config import TrainConfig
from agent.context import RunContext, StageResult
from agent.state import CycleState
from agent.store import Store
from agent.student.contract import TrainingFailed, TrainParams
from probes.errors import WeakspotError

EFFECT_PROMPTS = 8  # next-token logits of a few probes tell an applied adapter from a silently ignored one
NO_EFFECT = 1e-4  # fp32 rounding between two forward passes stays below 1e-5


def train(context: RunContext, state: CycleState) -> StageResult:
    """Train a candidate and prove that it does something.

    Non-finite loss and an adapter without effect end the cycle as `failed_train`; the champion is untouched.
    """
    run, cycle, settings = state["run"], state["cycle"], context.config.train
    curriculum = context.store.lessons.curriculum(run, cycle)
    assert curriculum is not None, "the teach stage stores it in the transaction that leads here"
    path = context.store.state_dir / curriculum["path"]
    require_unaltered(path, curriculum["sha256"])
    params = params_of(settings, state["champion"], context.seed("train", cycle))
    try:
        made = context.student.train(path, params, progress=context.watcher.progress)
        effect = context.student.effect(made.adapter, state["champion"], probe_prompts(context))
        if not effect > NO_EFFECT:
            raise TrainingFailed(f"adapter {made.adapter[:12]} does not change the champion's logits (largest difference {effect:.2g})")
    except TrainingFailed as failure:
        return _failed(state, failure.message)
    row = {"adapter": made.adapter, "path": str(made.path.relative_to(context.store.state_dir)), "params": asdict(params),
           "curriculum_sha256": curriculum["sha256"], "steps": made.steps, "tokens": made.tokens, "first_loss": made.first_loss,
           "final_loss": made.final_loss, "seconds": made.seconds, "effect": effect}
    return StageResult(
        {"candidate": made.adapter},
        f"adapter {made.adapter[:12]}: {made.steps} steps, {made.tokens:,} tokens, loss {made.first_loss:.2f} to {made.final_loss:.2f}",
        lambda store: store.decisions.add_adapter(run, cycle, row))


def probe_prompts(context: RunContext) -> list[str]:
    """What an adapter's effect is measured on."""
    return [probe.prompt for probe in context.store.samples.probes(context.run, "diagnose")[:EFFECT_PROMPTS]]


def params_of(settings: TrainConfig, champion: str, seed: int) -> TrainParams:
    """The configured recipe for one adapter."""
    return TrainParams(seed=seed, start=champion if settings.start == "champion" else "", **settings.model_dump(exclude={"start"}))


def require_unaltered(path: Path, sha256: str) -> None:
    """What is trained on is what was verified: the file may have been touched while the run paused.

    Raises:
        WeakspotError: missing or altered.
    """
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    if found != sha256:
        raise WeakspotError(f"the curriculum was altered after it was verified: {found[:12]}, not {sha256[:12]}", where=str(path), exit_code=1,
                            hint="put the original back with `weakspot mix rebuild` and type: weakspot run --resume\nor start a fresh run; your own rows belong in curriculum.anchors")


def _failed(state: CycleState, reason: str) -> StageResult:
    def write(store: Store) -> None:
        store.decisions.record(state["run"], state["cycle"], {
            "decision": "failed_train", "reason": reason, "champion": state["champion"], "candidate": "", "look": 0,
            "p_value": None, "level": None, "details": {"reasons": [reason]}})

    return StageResult({"candidate": "", "decision": "failed_train"}, reason, write)
