"""What forbids a promotion whatever the scores say: checked at the gate, on what was really trained and answered."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from agent.context import RunContext
from agent.student.contract import Sample
from curricula.filters.normalise import tokens
from probes.suite import Probe

FEW_WORDS = 3  # shorter prompts ("2 + 2") are too common to call a leak
SEALED = ("gate", "audit", "protected")


def integrity_findings(context: RunContext, cycle: int, adapter: dict[str, Any], after: Sequence[tuple[Probe, Sample]]) -> list[str]:
    """Sentences; empty is good.

    The curriculum is the one that was verified and that the adapter names; no row of it asks a held-out probe (as read
    from the file, after every filter has had its chance); its human-made share is within bounds (the veto against
    collapse); no score of the candidate is non-finite.
    """
    row = context.store.lessons.curriculum(context.run, cycle)
    if row is None:
        return ["the cycle has no curriculum"]
    path = context.store.state_dir / row["path"]
    if not path.is_file():
        return [f"the curriculum {row['path']} is gone: what was trained on can't be checked"]
    body = path.read_bytes()
    found = []
    if not hashlib.sha256(body).hexdigest() == row["sha256"] == adapter["curriculum_sha256"]:
        found.append("the adapter was not trained on the curriculum that was verified")
    sealed = {key for split in SEALED for probe in context.store.samples.probes(context.run, split) if len(key := tuple(tokens(probe.prompt))) >= FEW_WORDS}
    prompts = [json.loads(line)["prompt"] for line in body.decode("utf-8").splitlines()]
    if leaked := sum(tuple(tokens(turns[-1]["content"])) in sealed for turns in prompts):
        found.append(f"{leaked} training rows ask a held-out probe")
    bounds = context.config.curriculum
    if not bounds.real_min <= row["real_share"] <= bounds.real_max:
        found.append(f"human-made share {row['real_share']:.2f} outside {bounds.real_min:g} to {bounds.real_max:g}")
    if broken := sum(sample.margin is not None and not math.isfinite(sample.margin) for _, sample in after):
        found.append(f"{broken} answers have a log-probability that is not finite")
    return found
