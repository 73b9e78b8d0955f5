"""The collapse monitor in a run: each candidate against the base, on real text that nobody is trained on.

The candidate continues real prompts and is scored on their real answers; so was the base, once. What moved too far
the wrong way is an alarm; alarms of two candidates in a row forbid the second one's promotion. Measured at the
gate, stored as cycle 0 (base) and one row a cycle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.context import RunContext
from agent.stages.real import anchor_names
from agent.state import CycleState
from agent.store import Store
from curricula.anchors.contract import load_sources, rows_of
from curricula.collapse.alarms import Alarm, Calibration, alarms, calibrate, vetoes
from curricula.collapse.held import LEAST, hold_out
from curricula.collapse.panel import Panel, measure
from curricula.collapse.semantic import Space, fit_space
from curricula.lesson import Lesson
from probes.scorers import score
from probes.suite import Probe

TOKENS = 64  # of each continuation
WORDS_PER_TOKEN = 0.75  # of English in common vocabularies
N_PROBES = 32  # of the diagnose split, asked K times for pass@1 and pass@K
K = 4
PROBE_TOKENS = 24
FEWEST_REAL = 40  # rows without which no alarm level can be found
OWN_SCORER = ("loglikelihood", "lm-eval")  # probes that can't be scored from a text alone


@dataclass(frozen=True)
class Watched:
    """One candidate's measurement."""

    body: dict[str, Any]
    alarms: list[str]
    is_vetoed: bool
    base: dict[str, Any] | None
    """The base's measurement where it was made just now."""

    @property
    def findings(self) -> list[str]:
        """What the gate must hold against the candidate."""
        return [f"collapse, the second alarm in a row: {self.alarms[0]}"] if self.is_vetoed else []

    def facts(self) -> dict[str, Any]:
        """For the decision's details."""
        return {"alarms": self.alarms, "is_vetoed": self.is_vetoed, "unmeasured": self.body.get("unmeasured", "")}

    def write(self, store: Store, run: str, cycle: int, adapter: str) -> None:
        """Store it; inside the gate's transaction."""
        if self.base is not None:
            store.panels.add(run, 0, "", self.base, [], False)
        store.panels.add(run, cycle, adapter, self.body, self.alarms, self.is_vetoed)


def watch_collapse(context: RunContext, state: CycleState) -> Watched:
    """Measure the candidate of this cycle, and the base before the first.

    Raises:
        BadAdapter: the candidate can't be used.
    """
    run, n_texts = context.run, context.config.collapse.texts
    if not n_texts:
        return Watched({"unmeasured": "turned off: collapse.texts is 0"}, [], False, None)
    real = rows_of(load_sources(anchor_names(context.config.curriculum)))
    _, held = hold_out(real)
    if len(real) < FEWEST_REAL or len(held) < LEAST:
        return Watched({"unmeasured": f"{len(real)} real rows, about {8 * LEAST} are needed to hold {LEAST} out: name more in curriculum.anchors"}, [], False, None)
    texts = [_cut(row.completion) for row in real]
    space = fit_space(texts, context.seed("collapse"))
    stored = context.store.panels.of_cycle(run, 0)
    base = stored["body"] if stored else None
    if base is None:
        context.watcher.say(f"collapse monitor: the base continues {n_texts} real prompts")
        calibration = calibrate(texts, n_texts, space, context.seed("collapse", "levels"))
        base = _measured(context, "", held, space, None) | {"calibration": asdict(calibration)}
    body = _measured(context, state["candidate"], held, space, base["losses"]) | {"provenance": _provenance(context, state["cycle"])}
    found: list[Alarm] = alarms(_panel(base), _panel(body), Calibration(**base["calibration"]))
    before = [bool(row["alarms"]) for row in context.store.panels.all(run) if 0 < row["cycle"] < state["cycle"]]
    sentences = [alarm.sentence() for alarm in found]
    for sentence in sentences:
        context.watcher.say(f"warning: collapse monitor: {sentence}")
    return Watched(body, sentences, vetoes([*before, bool(found)]), None if stored else base)


def _measured(context: RunContext, adapter: str, held: Sequence[Lesson], space: Space, first_losses: list[float] | None) -> dict[str, Any]:
    """Panel, losses on the held rows (nats a token) and pass@k of one model."""
    student, n_texts = context.student, context.config.collapse.texts
    each = math.ceil(n_texts / len(held))
    answers = student.rollouts([row.prompt for row in held], each, max_tokens=TOKENS, seed=context.seed("collapse", "texts"), adapter=adapter)
    texts = [answer for turn in zip(*answers, strict=True) for answer in turn][:n_texts]
    *tokens, n_template = student.count_tokens([*(("", row.completion) for row in held), ("", "")])
    scores = student.answer_scores([(row.prompt, row.completion) for row in held], adapter)
    losses = [-answer.logprob / max(1, n - n_template + 1) for answer, n in zip(scores, tokens, strict=True)]  # + 1: the end of the turn
    panel = measure(texts, space, first_losses or losses, losses, seed=context.seed("collapse", "intervals"))
    return {"panel": asdict(panel), "losses": losses, "ability": _ability(context, adapter)}


def _cut(text: str) -> str:
    """A real answer as long as a continuation may be: most metrics depend on the length."""
    return " ".join(text.split()[: round(WORDS_PER_TOKEN * TOKENS)])


def _ability(context: RunContext, adapter: str) -> dict[str, Any]:
    """pass@1 and pass@K over a fixed few diagnose probes whose answers can be scored as text."""
    probes = _asked(context)
    if not probes:
        return {"n": 0}
    answers = context.student.rollouts([probe.prompt for probe in probes], K, max_tokens=PROBE_TOKENS, seed=context.seed("collapse", "probes"), adapter=adapter)
    right = [[score(probe.scorer, answer, probe.gold, probe.choices).lenient for answer in tries] for probe, tries in zip(probes, answers, strict=True)]
    pass_1 = sum(sum(tries) / K for tries in right) / len(probes)
    pass_k = sum(max(tries) for tries in right) / len(probes)
    return {"n": len(probes), "k": K, "pass_1": pass_1, "pass_k": pass_k, "gap": pass_k - pass_1}


def _asked(context: RunContext) -> list[Probe]:
    probes = [probe for probe in context.store.samples.probes(context.run, "diagnose") if probe.scorer not in OWN_SCORER]
    return sorted(probes, key=lambda probe: probe.content_hash)[:N_PROBES]


def _provenance(context: RunContext, cycle: int) -> dict[str, Any]:
    """Real share, depths and teachers of what the candidate was trained on, in tokens."""
    row = context.store.lessons.curriculum(context.run, cycle)
    recipe = row["recipe"] if row else {}
    return {"real_share": row["real_share"] if row else None, "tokens_by_depth": recipe.get("tokens_by_depth", {}), "tokens_by_teacher": recipe.get("tokens_by_teacher", {})}


def _panel(body: dict[str, Any]) -> Panel:
    return Panel(**body["panel"])
