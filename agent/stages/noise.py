"""A/A, once before the first decision: the same model asked twice shows what moves when nothing has changed.

A run is bound to one engine (its model key), so a changed engine means a fresh run and a fresh A/A.
"""

from __future__ import annotations

from typing import Any

from agent import faults
from agent.context import RunContext
from agent.stages.examine import samples_of
from agent.statistics.paired import mcnemar_exact
from probes.errors import WeakspotError

NOISE_PROBES = 64  # a suite, asked twice in other batches; one flip is 1.6 points


def measure_noise(context: RunContext) -> None:
    """The base answers some gate probes a second time, batched otherwise; both answers are stored, the share that flips
    is the noise floor.

    Raises:
        WeakspotError: the test is on margins and some gate probe has none.
    """
    if context.store.runs.get(context.run)["noise_floor"] is not None:
        return
    context.watcher.stage(context.run, 0, "noise", "the base answers some probes twice")
    first = samples_of(context, "gate", "")
    if context.config.gate.test == "margin" and (odd := next((probe for probe, sample in first if sample.margin is None), None)):
        raise WeakspotError("gate.test is 'margin', and not every gate probe has one", where=f"{odd.suite}/{odd.probe_id}",
                            hint="only multiple-choice tasks ranked by log-likelihood have margins; set gate.test=mcnemar")
    again = []
    for suite in context.store.samples.suites(context.run, "probe"):
        pairs = [(probe, sample) for probe, sample in first if probe.suite == suite.name]
        pairs = pairs[:: max(2, len(pairs) // NOISE_PROBES)][:NOISE_PROBES]  # every second at most: other neighbours, other batches
        probes = [probe for probe, _ in pairs]
        again += list(zip(probes, context.student.evaluate(suite, probes, "", progress=context.watcher.progress), strict=True))
    faults.point("noise.before_commit")
    with context.store.transaction():
        context.store.samples.add_repeats(context.run, "", again)
        facts = noise_facts(context)
        context.store.runs.update(context.run, noise_floor=facts["share"])
    context.watcher.say(f"noise floor: {facts['flips']} of {facts['n']} answers changed when the same model was asked twice")


def noise_facts(context: RunContext) -> dict[str, Any]:
    """What A/A found: n, flips (both ways), their share, its two-sided exact p, and the mean absolute change of margins in nats.

    p is small only where one asking scored systematically higher than the other: flips to and fro are what the
    paired tests allow for.
    """
    rows, score = context.store.samples.repeats(context.run), context.config.gate.score
    up = sum(row[f"{score}_again"] > row[score] for row in rows)
    down = sum(row[f"{score}_again"] < row[score] for row in rows)
    nats = [abs(row["margin_again"] - row["margin"]) for row in rows if row["margin"] is not None and row["margin_again"] is not None]
    if not rows:  # a run begun before second answers were stored knows the share alone
        return {"n": 0, "flips": 0, "up": 0, "down": 0, "share": context.store.runs.get(context.run)["noise_floor"] or 0.0, "p_value": 1.0, "nats": 0.0}
    return {"n": len(rows), "flips": up + down, "up": up, "down": down, "share": (up + down) / max(1, len(rows)),
            "p_value": min(1.0, 2 * min(mcnemar_exact(up, down), mcnemar_exact(down, up))), "nats": sum(nats) / max(1, len(nats))}
