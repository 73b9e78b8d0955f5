"""Asking a model what has not been asked yet: the one way in which stages get samples.

Samples are kept for ever by (model, adapter, probe), so a champion is never examined twice. Probes are
asked in fixed slices of their split: champion and candidate meet the same batches, and a killed
evaluation continues with the next slice.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent import faults
from agent.context import RunContext
from agent.student.contract import Sample
from probes.suite import Probe, Suite

SLICE = 512  # probes between two commits: seconds to minutes of work at risk


def samples_of(context: RunContext, split: str, adapter: str, role: str = "probe") -> list[tuple[Probe, Sample]]:
    """Every probe of one split (of the suites in `role`) with the model's answer, asking only what is unknown.

    Raises:
        BadAdapter: the adapter can't be used.
    """
    pairs: list[tuple[Probe, Sample]] = []
    for suite in context.store.samples.suites(context.run, role):
        probes = context.store.samples.probes(context.run, split, suite.name)
        for start in range(0, len(probes), SLICE):
            pairs += answers_to(context, suite, split, probes[start:start + SLICE], adapter)
    return pairs


def answers_to(context: RunContext, suite: Suite, split: str, probes: Sequence[Probe], adapter: str) -> list[tuple[Probe, Sample]]:
    """These probes of one suite with the model's answer, asking only what is unknown, in one commit."""
    store, key = context.store, context.student.model_key
    known = store.samples.known(key, adapter, probes)
    missing = [probe for probe in probes if probe.content_hash not in known]
    if missing:
        answers = context.student.evaluate(suite, missing, adapter, progress=context.watcher.progress)
        faults.point("evaluate.before_samples")
        with store.transaction():
            store.samples.add(key, adapter, f"{suite.name}/{split}", zip(missing, answers, strict=True))
        known = store.samples.known(key, adapter, probes)
    return [(probe, known[probe.content_hash]) for probe in probes]
