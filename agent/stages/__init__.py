"""One file a node of the graph; `wire` makes the graph's stages from them."""

from __future__ import annotations

from agent.context import RunContext
from agent.graph import Stages
from agent.stages.diagnose import diagnose
from agent.stages.evaluate import evaluate
from agent.stages.gate import gate
from agent.stages.journal import journalled
from agent.stages.plan import plan
from agent.stages.teach import teach
from agent.stages.train import train


def wire(context: RunContext) -> Stages:
    """All six stages of one run, journalled."""
    return Stages(*[journalled(context, stage.__name__, stage) for stage in (evaluate, diagnose, plan, teach, train, gate)])
