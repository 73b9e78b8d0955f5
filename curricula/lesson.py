"""The lesson and everything that travels with it.

A strategy turns a `Brief` (one weakness with its failures) into `Candidate`s. Filters and verifiers
attach `Verdict`s. What passes them all is a `Lesson`: one training row with the whole of its provenance.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Failure:
    """One probe of the diagnose split that the student got wrong, as a strategy may see it."""

    probe_id: str
    suite: str
    prompt: str
    answer: str
    """What the student said."""
    gold: str
    failure_type: str
    """`format`, `truncated`, `refusal`, `wrong`."""
    scorer: str = "exact"
    choices: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Brief:
    """What a strategy is asked to write for."""

    weakness_id: str
    label: str
    keywords: tuple[str, ...]
    failures: tuple[Failure, ...]
    n_lessons: int
    """How many accepted lessons the plan wants; a strategy may offer up to three times as many."""
    cycle: int
    seed: int
    """Derived by hashing (run seed, cycle, weakness), so neighbouring cycles share no items."""
    failure_rate: float = 1.0
    """Share of the weakness's probes answered wrong, 0 to 1."""
    seeds: tuple[Lesson, ...] = ()
    """Human-made tasks (depth 0) that may be shown, expanded or chosen; none of them holds a held-out probe."""
    earlier: tuple[Lesson, ...] = ()
    """Lessons that earlier cycles accepted for this weakness."""
    pages: tuple[Lesson, ...] = ()
    """Passages of the user's web pages (depth 0), for strategies that need `pages`."""


@dataclass(frozen=True)
class Lesson:
    """One training row: user turn, assistant turn, and where they came from."""

    prompt: str
    completion: str
    answer: str
    """The final answer inside the completion; what verifiers check."""
    strategy: str
    """Strategy name, or `anchor` for human-made rows."""
    depth: int
    """0 human-made, 1 written by a teacher from human-made items or probes, n+1 written from depth n."""
    verifier: str = "exact"
    """Verifier that must pass: one of `weakspot verifiers`."""
    check: str = ""
    """Ground truth for the verifier, independent of `answer`: an engine's own result, an arithmetic expression, a
    second, independent answer, tests of code, or a problem in Horn clauses. Empty: unverifiable (but for `citation`, whose
    ground truth is the corpus)."""
    check_kind: str = ""
    """`engine`, `gold` (human-made), `expression`, `agreement` (a second answer), `program` (the answer of a second program),
    `vote` (several independent answers as a JSON list, for the verifier `vote`), `tests` or empty."""
    operator: str = ""
    """Engine or sub-recipe within the strategy."""
    weakness_id: str = ""
    parents: tuple[str, ...] = ()
    """Probe ids or lesson ids it was written from."""
    teacher: str = ""
    prompt_hash: str = ""
    """Hash of the teacher prompt; empty for symbolic and anchors."""
    raw: str = ""
    """The teacher's completion as it came."""
    cost_usd: float = 0.0
    source: str = ""
    """Anchors: data set and row, e.g. `lm-eval:mmlu_flan_cot/abstract_algebra#2`."""
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def lesson_id(self) -> str:
        """`L` + 12 hex digits of prompt and completion: equal rows have equal ids."""
        digest = hashlib.sha256(json.dumps([self.prompt, self.completion]).encode()).hexdigest()
        return f"L{digest[:12]}"

    @property
    def row(self) -> str:
        """The line of `curriculum.jsonl`: JSON in the conversational prompt/completion form of TRL, with where it is from."""
        fields = {
            "prompt": [{"role": "user", "content": self.prompt}],
            "completion": [{"role": "assistant", "content": self.completion}],
            "lesson_id": self.lesson_id,
            "strategy": self.strategy,
            "operator": self.operator,
            "weakness": self.weakness_id,
            "depth": self.depth,
            "source": self.source,
            "parents": list(self.parents),
        }
        return json.dumps(fields, ensure_ascii=False)

    @property
    def row_hash(self) -> str:
        """12 hex digits of `row`: rows of equal texts and different provenance differ."""
        return hashlib.sha256(self.row.encode()).hexdigest()[:12]

    @property
    def is_real(self) -> bool:
        """Human-made."""
        return self.depth == 0


@dataclass(frozen=True)
class Verdict:
    """What one step of the funnel said of one candidate."""

    step: str
    """`parse`, `strategy`, `exact_duplicate`, `near_duplicate`, `contamination`, `verifier`, `learnable`."""
    outcome: str
    """`pass`, `fail` or `unverifiable`."""
    reason: str = ""
    evidence: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """What a strategy yields: a lesson to be judged, or what came of a request instead of one."""

    lesson: Lesson | None
    raw: str = ""
    """Teacher text behind a candidate without a lesson, kept with its reason."""
    reason: str = ""
    """Why `lesson` is None: one of a few phrases, so that they can be counted; what is special goes into `evidence`."""
    weakness_id: str = ""
    strategy: str = ""
    step: str = "parse"
    """Where a candidate without a lesson ended: `parse`, or `strategy` by one of the recipe's own rules."""
    outcome: str = "fail"
    """Of that step: `fail`, or `unverifiable` where the means to judge are missing."""
    evidence: str = ""
    operator: str = ""
    parents: tuple[str, ...] = ()
    depth: int = 1
    teacher: str = ""
    prompt_hash: str = ""
    cost_usd: float = 0.0
    meta: dict[str, Any] = field(default_factory=dict)
