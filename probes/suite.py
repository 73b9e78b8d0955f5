"""A suite is a named list of probes; a probe is one prompt with its gold answer and scorer.

Every way of bringing a suite (built in, JSONL, lm-eval YAML or task name, entry point) ends in these
two classes; the student meets all of them as lm-eval tasks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Probe:
    """One question with the answer that counts as right."""

    suite: str
    probe_id: str
    """Unique within its suite."""
    prompt: str
    """What the user turn says, before the chat template."""
    gold: str
    """The answer; for `choices` one of them, verbatim."""
    scorer: str = "exact"
    """`exact`, `numeric`, `choice` (generation), `loglikelihood` (choices ranked by the model) or `lm-eval`
    (the task scores itself)."""
    group: str = ""
    """Near-duplicates share a group; a group never straddles two splits. Empty: the probe alone."""
    choices: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    """Free: skill, difficulty, wording. Shown in reports, used as features by the diagnosis."""
    doc_index: int = -1
    """Row in the lm-eval task this probe came from; -1 where weakspot builds the task itself."""

    @property
    def content_hash(self) -> str:
        """16 hex digits over everything that can change a score; for an lm-eval task also how it asks and scores."""
        body: list[Any] = [
            self.suite,
            self.probe_id,
            self.prompt,
            self.gold,
            self.scorer,
            list(self.choices),
            self.doc_index,
        ]
        if self.scorer == "lm-eval":
            body.append(str(self.meta.get("task_config", "")))
        return hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Suite:
    """A named set of probes."""

    name: str
    """`^[a-z0-9][a-z0-9._-]{0,63}$`."""
    origin: str
    """`built in`, `jsonl`, `entry point` or `lm-eval`."""
    probes: tuple[Probe, ...]
    description: str = ""
    max_tokens: int = 32
    """Tokens a student may generate for one answer."""
    location: str = ""
    """File, folder, package or task name it was read from."""
    include_path: str = ""
    """lm-eval's --include-path for a task from the user's YAML folder."""
