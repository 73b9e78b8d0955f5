"""One strategy tried on one weakness of a run: its prompts, its lessons, its funnel; nothing is stored or trained on.

The database is only read. A teacher is asked within a budget of its own, which no run is charged for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.config import Config
from agent.stages.brief import fit_seeds, make_brief, probe_index
from agent.stages.verification import verifier_step
from agent.store import Store
from agent.teacher.contract import BudgetExceeded
from agent.web_pages import read_web_rows
from curricula.funnel import FunnelResult, Order, judge
from curricula.lesson import Brief
from curricula.strategies.contract import Strategy, find_strategy
from curricula.teacher import Teacher, TeacherReply, TeacherRequest
from curricula.web.chain import Sifted
from probes.errors import WeakspotError


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    brief: Brief
    requests: tuple[TeacherRequest, ...]
    """As they were sent, in order."""
    funnel: FunnelResult
    cost_usd: float
    tokens: tuple[int, int]
    """To the teacher and from it."""
    pages: Sifted | None = None
    """What came of the web pages, where the strategy takes them."""

    @property
    def examples(self) -> list[TeacherRequest]:
        """The first request of each purpose."""
        return list({request.tag: request for request in reversed(self.requests)}.values())[::-1]

    @property
    def operators(self) -> dict[str, tuple[int, int]]:
        """Kept and offered by operator: the survival of each."""
        offered: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        for row in self.funnel.judged:
            name = (row.candidate.lesson or row.candidate).operator
            offered[name] += 1
            kept[name] += row.is_kept
        return {name: (kept[name], offered[name]) for name in sorted(offered)}


@dataclass
class _Recorder:
    """A teacher that notes what is asked and what it costs."""

    teacher: Teacher
    name: str
    requests: list[TeacherRequest] = field(default_factory=list)
    replies: list[TeacherReply] = field(default_factory=list)

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        """Pass on."""
        self.requests += requests
        replies = self.teacher.ask(requests)
        self.replies += replies
        return replies

    def close(self) -> None:
        """The owner closes it."""


def needs_teacher(strategy: Strategy) -> bool:
    """It asks an LLM."""
    return "teacher" in strategy.needs


def run_trial(store: Store, run: str, weakness: str, name: str, n_lessons: int, config: Config, teacher: Teacher | None) -> Trial:
    """Try the strategy `name` for `n_lessons` accepted lessons; `weakness` as it was last diagnosed.

    Raises:
        WeakspotError: no such strategy or weakness, a source of human tasks that can't be read, a teacher that can't be used.
    """
    strategy = find_strategy(name)
    row = store.runs.get(run)
    history = store.weaknesses.history(row["run"], weakness)
    if not history:
        known = list(dict.fromkeys(at["weakness"] for at in store.weaknesses.history(row["run"])))
        raise WeakspotError(f"{row['run']} has no weakness {weakness!r}", hint=f"choose from: {', '.join(known[:12])}" if known else "nothing was diagnosed yet")
    cycle = history[-1]["cycle"]
    decision = store.decisions.of_cycle(row["run"], cycle)
    decontaminator = probe_index(store, row["run"])
    earlier = store.lessons.kept(row["run"])
    rows, sifted = read_web_rows(config.web) if "pages" in strategy.needs else ((), None)
    brief = make_brief(store, row["run"], cycle, weakness, n_lessons, model_key=row["model_key"], champion=decision["champion"] if decision else row["champion"],
                       seed=config.seed, seeds=fit_seeds(config.curriculum, decontaminator), earlier=earlier, pages=rows)
    recorder = _Recorder(teacher, teacher.name) if teacher is not None else None
    order = Order(weakness, strategy.name, strategy.write(brief, recorder, random.Random(brief.seed)), n_lessons)
    funnel = judge([order], accepted_before=earlier, decontaminator=decontaminator, verify=verifier_step(config))
    is_told_by_pages = sifted is not None and not rows  # none passed: what refused each of them says more than the strategy's error
    if funnel.stopped is not None and not isinstance(funnel.stopped, BudgetExceeded) and not is_told_by_pages:
        raise funnel.stopped
    replies = recorder.replies if recorder else []
    return Trial(brief, tuple(recorder.requests if recorder else ()), funnel, sum(reply.cost_usd for reply in replies),
                 (sum(reply.tokens_in for reply in replies), sum(reply.tokens_out for reply in replies)), sifted)
