"""One improvement cycle, as a graph.

    START ─► evaluate ─► diagnose ─► plan ─► teach ─► train ─► gate ─► END
                            │                  │        │
                            └─ nothing weak ───┴────────┴─ nothing made ─► END

A stage is a plain function named like the node: it takes the state, does one thing, stores its product
and returns ids. A stage that finds its product already stored returns it untouched, so a killed run
continues where it stopped. `agent.loop` turns the graph once per cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from langgraph.graph import END, START, StateGraph

from agent.state import CycleState


class Node(Protocol):
    """A stage as the graph sees it."""

    def __call__(self, state: CycleState) -> dict[str, Any]:
        """Do one thing, store its product, return ids."""
        ...


@dataclass(frozen=True)
class Stages:
    """The six nodes, as callables: a test passes fakes without patching."""

    evaluate: Node
    diagnose: Node
    plan: Node
    teach: Node
    train: Node
    gate: Node


def build(stages: Stages) -> StateGraph:
    """Wire the stages into a graph that is not compiled yet."""
    graph = StateGraph(CycleState)
    graph.add_node("evaluate", stages.evaluate)
    graph.add_node("diagnose", stages.diagnose)
    graph.add_node("plan", stages.plan)
    graph.add_node("teach", stages.teach)
    graph.add_node("train", stages.train)
    graph.add_node("gate", stages.gate)

    graph.add_edge(START, "evaluate")
    graph.add_edge("evaluate", "diagnose")
    graph.add_conditional_edges("diagnose", anything_weak, {True: "plan", False: END})
    graph.add_edge("plan", "teach")
    graph.add_conditional_edges("teach", anything_made, {True: "train", False: END})
    graph.add_conditional_edges("train", anything_made, {True: "gate", False: END})
    graph.add_edge("gate", END)
    return graph


def anything_weak(state: CycleState) -> bool:
    """Whether the diagnosis left something to work on."""
    return not state.get("decision")


def anything_made(state: CycleState) -> bool:
    """Whether the stage before made what the next one needs: a curriculum, an adapter."""
    return not state.get("decision")


def mermaid() -> str:
    """The graph as Mermaid text, drawn by LangGraph from the real edges."""
    def nothing(state: CycleState) -> dict[str, Any]:
        return {}

    return build(Stages(*[nothing] * 6)).compile().get_graph().draw_mermaid()
