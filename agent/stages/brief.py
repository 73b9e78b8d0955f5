"""What a strategy is told: one weakness of a cycle with its failures, the human tasks it may show, what was taught before."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.config import Config, CurriculumConfig
from agent.diagnosis.typing import failure_type
from agent.diagnosis.weakness import EVERYTHING
from agent.stages.real import anchor_names
from agent.store import Store
from agent.web_pages import require_pages
from curricula.anchors.contract import load_anchors
from curricula.collapse.held import hold_out
from curricula.filters.decontaminate import Decontaminator
from curricula.filters.leaks import Checks
from curricula.lesson import Brief, Failure, Lesson
from curricula.strategies.contract import find_strategy
from probes.errors import WeakspotError
from probes.suite import Probe

SPLITS = ("diagnose", "gate", "audit", "protected")
FEWEST = 5  # failures a thinned brief keeps


def require_strategies(config: Config) -> None:
    """Find out before anything is spent whether the strategies in use can work.

    Raises:
        WeakspotError: one is unknown or does not load, asks a language model and there is none, or needs human-made rows and
            there are none, or web pages and none are named; or a source of human-made rows can't be read.
    """
    rows = load_anchors([*anchor_names(config.curriculum), *config.curriculum.seeds])
    for name in config.strategies:
        needs = find_strategy(name).needs
        if "teacher" in needs and config.teacher.model == "symbolic":
            raise WeakspotError(f"strategy {name!r} asks a language model and the teacher is 'symbolic'", where="plan.strategies, teacher.model",
                                hint="name one: --set teacher.model=openai/gpt-4.1-mini, or use the strategy 'symbolic'")
        if "corpus" in needs and not rows:
            raise WeakspotError(f"strategy {name!r} needs human-made rows and no source is named", where="curriculum.seeds, curriculum.anchors",
                                hint="built in: mmlu_flan_cot, bbh_cot, gsm8k_cot; or your .jsonl")
        if "pages" in needs:
            require_pages(config.web, name)


def every_probe(store: Store, run: str) -> list[Probe]:
    """All probes of a run, of every split: what no lesson may hold."""
    return [probe for split in SPLITS for probe in store.samples.probes(run, split)]


def probe_index(store: Store, run: str) -> Decontaminator:
    """All probes of a run, ready to be looked for in lessons. Those of the diagnose split are what lessons are written from."""
    shown = {(probe.suite, probe.probe_id) for probe in store.samples.probes(run, "diagnose")}
    return Decontaminator(every_probe(store, run), shown=shown)


def fit_seeds(settings: CurriculumConfig, decontaminator: Checks) -> tuple[Lesson, ...]:
    """Human-made tasks that a teacher may be shown. A file of the user's may hold a probe: that row is left out, and so are
    the rows that the collapse monitor watches.

    Raises:
        WeakspotError: a source can't be read.
    """
    trained, held = hold_out(load_anchors(anchor_names(settings)))
    watched = {row.lesson_id for row in held}
    rows = [row for row in load_anchors(settings.seeds) if row.lesson_id not in watched] if settings.seeds else trained
    return tuple(row for row in rows if decontaminator.check(row).outcome == "pass")


def make_brief(store: Store, run: str, cycle: int, weakness: str, n_lessons: int, *, model_key: str, champion: str, seed: int,
               seeds: tuple[Lesson, ...], earlier: Sequence[Lesson], pages: tuple[Lesson, ...] = (), near: Mapping[tuple[str, str], float] | None = None) -> Brief:
    """The brief of one weakness: its failures of the diagnose split as the champion (an adapter, or empty for the base) answered them.

    `weakness` may be `EVERYTHING`: then all diagnose probes whose gold is not in doubt, right ones too (failure type ""). `near` (suite and probe
    id to 0..1): a failure is kept with that chance, so that lessons go to what was nearly right; the nearest five stay anyhow.
    """
    own = tuple(lesson for lesson in earlier if lesson.weakness_id == weakness)
    probes = store.samples.probes(run, "diagnose")
    if weakness == EVERYTHING:
        doubted = {(suspect["suite"], suspect["probe_id"]) for suspect in store.suspects.of_cycle(run, cycle)}  # a suspect gold is never taught
        probes = [probe for probe in probes if (probe.suite, probe.probe_id) not in doubted]
        return Brief(EVERYTHING, "all skills", (), _shown(store, model_key, champion, probes), n_lessons, cycle, seed, 1.0, seeds, own, pages)
    row = next(row for row in store.weaknesses.of_cycle(run, cycle) if row["weakness"] == weakness)
    failing = {(member["suite"], member["probe_id"]) for member in store.weaknesses.members(run, cycle, weakness) if member["is_failure"]}
    failures = _shown(store, model_key, champion, [probe for probe in probes if (probe.suite, probe.probe_id) in failing])
    if near is not None:
        failures = _thinned(failures, near, random.Random(seed))
    return Brief(weakness, row["label"], tuple(row["keywords"]), failures, n_lessons, cycle, seed, row["failure_rate"], seeds, own, pages)


def wrong_only(brief: Brief) -> Brief:
    """For a teacher that is told "the student got these wrong": without what was right."""
    return replace(brief, failures=tuple(failure for failure in brief.failures if failure.failure_type))


def _shown(store: Store, model_key: str, champion: str, probes: Sequence[Probe]) -> tuple[Failure, ...]:
    samples = store.samples.known(model_key, champion, probes)
    return tuple(Failure(probe.probe_id, probe.suite, probe.prompt, sample.response, probe.gold, failure_type(sample, probe) or "", probe.scorer, probe.choices, probe.meta)
                 for probe in probes for sample in [samples[probe.content_hash]])


def _thinned(failures: tuple[Failure, ...], near: Mapping[tuple[str, str], float], rng: random.Random) -> tuple[Failure, ...]:
    worth = {failure.probe_id: near.get((failure.suite, failure.probe_id), 1.0) for failure in failures}
    best = sorted(worth, key=lambda probe_id: (-worth[probe_id], probe_id))[:FEWEST]
    return tuple(failure for failure in failures if rng.random() < worth[failure.probe_id] or failure.probe_id in best)
