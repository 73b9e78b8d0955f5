"""evaluate: the champion answers the diagnose split; every sample is stored."""

from __future__ import annotations

from agent.context import RunContext, StageResult
from agent.stages.examine import samples_of
from agent.state import CycleState


def evaluate(context: RunContext, state: CycleState) -> StageResult:
    """Score the champion on what the teacher may see.

    Samples are stored as they come, so the stage has no rows of its own.
    """
    samples = [sample for _, sample in samples_of(context, "diagnose", state["champion"])]
    strict = sum(sample.strict for sample in samples) / len(samples)
    lenient = sum(sample.lenient for sample in samples) / len(samples)
    accuracy = strict if context.config.gate.score == "strict" else lenient
    who = "champion" if state["champion"] else "base"
    return StageResult({"accuracy": accuracy}, f"{who} answers {strict:.1%} strictly right, {lenient:.1%} leniently, of {len(samples)} probes")
