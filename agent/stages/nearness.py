"""How near a wrong answer was: the gold's log-probability against that of what the student said.

Failures of the diagnose split go in, nats come out. A student that almost said the gold learns it from a few lessons; one
that gives it a thousandth of its own answer's chance does not, however often the weakness is solved elsewhere. It
stands in for rollouts: one forward pass a failure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from agent.context import RunContext
from agent.stages.examine import answers_to, samples_of
from agent.state import CycleState
from agent.student.contract import Sample
from probes.suite import Probe

NATS = 2.0  # margin at which a failure counts 1/e; the failures of skills that lessons moved lay at -1 to -2, of those they did not at -3 to -7 (docs/decisions/0008)
UNKNOWN = math.exp(-3.0 / NATS)  # an empty answer, or a task that only lm-eval can ask


def nearness(context: RunContext, pairs: Sequence[tuple[Probe, Sample]], adapter: str) -> dict[tuple[str, str], float]:
    """exp(margin / `NATS`), at most 1, of every wrong answer among `pairs`, by (suite, probe id).

    The margin is log p(gold) - log p(said) in nats under the same template. Asked once and stored like any answer.
    """
    found: dict[tuple[str, str], float] = {}
    for suite in context.store.samples.suites(context.run, "probe"):
        wrong = [(probe, sample) for probe, sample in pairs if probe.suite == suite.name and not sample.lenient]
        asked = [replace(probe, scorer="loglikelihood", choices=(probe.gold, said)) for probe, sample in wrong
                 if suite.origin != "lm-eval" and (said := sample.response.strip()) and said != probe.gold]
        margins = {probe.probe_id: sample.margin for probe, sample in answers_to(context, suite, "nearness", asked, adapter)}
        for probe, _ in wrong:
            margin = margins.get(probe.probe_id)
            found[probe.suite, probe.probe_id] = UNKNOWN if margin is None else math.exp(min(0.0, margin) / NATS)
    return found


def near_failures(context: RunContext, state: CycleState) -> dict[tuple[str, str], float] | None:
    """`nearness` of the diagnose split as the champion answered it; None where the plan goes by solved rates.

    An untaught base answers in sentences, and beside a sentence every bare gold is far: before there is a champion rates serve.
    """
    if context.config.plan.acquisition != "nearness" or not state["champion"]:
        return None
    return nearness(context, samples_of(context, "diagnose", state["champion"]), state["champion"])
