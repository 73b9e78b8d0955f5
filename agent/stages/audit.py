"""The audit: base and champion answer the sealed split; claims are made from here and nowhere else."""

from __future__ import annotations

from typing import Any

from agent import faults
from agent.context import RunContext
from agent.stages.examine import samples_of
from agent.stages.gate import paired_facts, protected_facts


def audit(context: RunContext) -> dict[str, Any] | None:
    """Read the sealed split once for the present champion and store what it says; None while the base is champion."""
    champion = context.store.runs.get(context.run)["champion"]
    if not champion:
        return None
    if stored := context.store.decisions.audit(context.run, champion):
        return stored["details"]
    context.watcher.stage(context.run, 0, "audit", "base and champion answer the sealed split")
    base, after = samples_of(context, "audit", ""), samples_of(context, "audit", champion)
    protected_base, protected_after = samples_of(context, "protected", "", "protected"), samples_of(context, "protected", champion, "protected")
    suites = [suite.name for suite in context.store.samples.suites(context.run, "probe")]
    details = {
        "n": len(base), "score": context.config.gate.score,
        "strict": paired_facts(base, after, "strict", "base", "champion"), "lenient": paired_facts(base, after, "lenient", "base", "champion"),
        "protected": protected_facts(context, protected_base, protected_after, "champion"),
        "per_suite": [{"suite": name, **{score: paired_facts([p for p in base if p[0].suite == name], [p for p in after if p[0].suite == name],
                                                             score, "base", "champion") for score in ("strict", "lenient")}} for name in suites]}
    faults.point("audit.before_commit")
    with context.store.transaction():
        context.store.decisions.add_audit(context.run, champion, details)
    return context.store.decisions.audit(context.run, champion)["details"]  # type: ignore[index]  # stored the line above
