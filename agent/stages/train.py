"""train: a fresh LoRA adapter from the base, on this cycle's curriculum; its effect is measured before use."""

from __future__ import annotations

from dataclasses import asdict

from agent.context import RunContext, StageResult
from agent.state import CycleState
from agent.store import Store
from agent.student.contract import TrainingFailed, TrainParams

EFFECT_PROMPTS = 8  # next-token logits of a few probes tell an applied adapter from a silently ignored one
NO_EFFECT = 1e-4  # fp32 rounding between two forward passes stays below 1e-5


def train(context: RunContext, state: CycleState) -> StageResult:
    """Train a candidate and prove that it does something.

    Non-finite loss and an adapter without effect end the cycle as `failed_train`; the champion is untouched.
    """
    run, cycle, settings = state["run"], state["cycle"], context.config.train
    curriculum = context.store.lessons.curriculum(run, cycle)
    assert curriculum is not None, "the teach stage stores it in the transaction that leads here"
    params = TrainParams(seed=context.seed("train", cycle), **settings.model_dump())
    try:
        made = context.student.train(context.store.state_dir / curriculum["path"], params, progress=context.watcher.progress)
        prompts = [probe.prompt for probe in context.store.samples.probes(run, "diagnose")[:EFFECT_PROMPTS]]
        effect = context.student.effect(made.adapter, state["champion"], prompts)
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


def _failed(state: CycleState, reason: str) -> StageResult:
    def write(store: Store) -> None:
        store.decisions.record(state["run"], state["cycle"], {
            "decision": "failed_train", "reason": reason, "champion": state["champion"], "candidate": "", "look": 0,
            "p_value": None, "level": None, "details": {"reasons": [reason]}})

    return StageResult({"candidate": "", "decision": "failed_train"}, reason, write)
