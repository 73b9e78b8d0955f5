"""Runs the cycle until one of its own rules says stop.

    prepare ─► [ graph: one cycle ] ─► stop? ─► ... ─► audit ─► report

A fresh run and a resumed one take the same road: whatever is found finished is not done again. The
supervisor owns the database and never imports torch; the student lives in a worker process.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from agent import faults
from agent.config import Config, Loaded, changed_keys
from agent.context import RunContext
from agent.store import Store
from agent.student.contract import Student
from agent.watch import Watcher
from curricula.teacher import Teacher
from probes.errors import WeakspotError

VERSIONS_OF = ("weakspot", "torch", "transformers", "peft", "trl", "lm_eval", "langgraph", "litellm", "scikit-learn", "umap-learn")

OpenStudent = Callable[[Config, Path, Watcher], Student]
OpenTeacher = Callable[[Config, Store, str, Watcher], "Teacher | None"]


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended."""

    run: str
    status: str
    """`finished` by its own rule, `paused` for approval, or `interrupted`; a failure raises."""
    reason: str


def open_real_student(config: Config, state_dir: Path, watcher: Watcher) -> Student:
    """The configured model in its worker process."""
    from agent.student.client import open_student

    return open_student(config.student, state_dir, progress=watcher.progress)


def open_real_teacher(config: Config, store: Store, run: str, watcher: Watcher) -> Teacher | None:
    """The configured LLM teacher, checked before anything is spent; None for the symbolic one."""
    if config.teacher.model == "symbolic":
        return None
    from agent.teacher.open import open_teacher

    return open_teacher(config, store, run, watcher)


def open_real_judge(config: Config, store: Store, run: str, watcher: Watcher) -> Teacher | None:
    """The configured judge, on the same ledger, cap and cache as the teacher; None without one."""
    if not config.judge.model:
        return None
    from agent.teacher.open import open_judge

    return open_judge(config, store, run, watcher)


def start(loaded: Loaded, state_dir: Path, watcher: Watcher, *, approve: bool = False,
          open_student: OpenStudent = open_real_student, open_teacher: OpenTeacher = open_real_teacher) -> RunOutcome:
    """Start a fresh run and follow it to its end.

    Raises:
        WeakspotError: anything the user or the machine got wrong; what was done so far is stored.
    """
    config = loaded.config
    with Store.open(state_dir) as store, _interruptible(watcher):
        _enough_disk(config, state_dir)
        dry_run(loaded, state_dir, watcher)  # a suite that can't be run is named before the student is fetched
        run = f"{config.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        folder = state_dir / "runs" / run
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")
        store.runs.create(run, config.to_yaml(), config.hash(), _versions(), approve=approve)
        watcher.say(f"run {run}")
        return _follow(run, config, store, watcher, approve, False, open_student, open_teacher)


def resume(run: str | None, state_dir: Path, watcher: Watcher, *, given: Loaded | None = None, cycles: int | None = None,
           budget_usd: float | None = None, approve: bool = False, open_student: OpenStudent = open_real_student,
           open_teacher: OpenTeacher = open_real_teacher) -> RunOutcome:
    """Go on with a run where it stopped, under its own configuration; `cycles` and `budget_usd` raise its limits.

    Resuming a run that waits for approval approves that one cycle; later ones wait again.

    Raises:
        WeakspotError: no such run, or `given` differs in keys that decide results.
    """
    with Store.open(state_dir) as store, _interruptible(watcher):
        row = store.runs.get(run)
        config = Config.model_validate(yaml.safe_load(row["config"]))
        if given is not None and (changed := changed_keys(config, given.config)):
            raise WeakspotError(f"{row['run']} was started with a different config", where="changed: " + ", ".join(changed),
                                hint=f"resume with its own config: weakspot run --resume {row['run']}\nor start a fresh run: weakspot run -c my.yaml")
        wanted = {"cycles": cycles, "budget_usd": budget_usd}
        if given is not None:
            wanted = {**given.config.limits.model_dump(), **{key: value for key, value in wanted.items() if value is not None}}
        limits = config.limits.model_copy(update={key: value for key, value in wanted.items() if value is not None})
        config = config.model_copy(update={"limits": limits})
        _enough_disk(config, state_dir)
        approved, approve = row["status"] == "paused", approve or bool(row["approve"])
        store.runs.update(row["run"], status="running", stop_reason="", finished_at=None, config=config.to_yaml(), approve=int(approve))
        watcher.say(f"run {row['run']} goes on")
        return _follow(row["run"], config, store, watcher, approve, approved, open_student, open_teacher)


def dry_run(loaded: Loaded, state_dir: Path, watcher: Watcher) -> dict[str, Any]:
    """What a run would do, with nothing written, asked or trained: suites, splits, budget, power.

    Only a student can list an lm-eval task, so its `n` is None, and the power with it.

    Raises:
        WeakspotError: as a run would: a suite is missing, broken, or too small to split; a strategy or a human-made source can't be used.
    """
    from agent.stages.brief import require_strategies
    from agent.stages.power import sentences, visible
    from agent.stages.verification import require_verification
    from probes.check import require_sound
    from probes.registry import find_suite
    from probes.splits import limit_suite, split_for_run
    from probes.suite import Suite

    config = loaded.config
    require_strategies(config)
    require_verification(config)
    suites: list[dict[str, Any]] = []
    for role, references, limit in (("probe", config.suites.probes, config.suites.limit), ("protected", config.suites.protected, config.suites.protected_limit)):
        for reference in references:
            suite = find_suite(reference, include_paths=[Path(folder) for folder in config.suites.include_path],
                               describe=lambda task, include_path: Suite(task, "lm-eval", (), include_path=include_path))
            if suite.origin == "lm-eval":
                suites.append({"suite": suite.name, "role": role, "n": None, "splits": {}})
                continue
            suite = require_sound(suite, reference)
            suite = limit_suite(suite, limit, config.suites.split_key) if limit else suite
            splits = split_for_run(suite, config.suites.split_key, config.suites.shares) if role == "probe" else {}
            suites.append({"suite": suite.name, "role": role, "n": len(suite.probes), "splits": {name: len(probes) for name, probes in splits.items()}})
    improved = [suite for suite in suites if suite["role"] == "probe"]
    power = None
    if all(suite["n"] is not None for suite in suites):
        power = visible(config.gate, sum(suite["splits"]["gate"] for suite in improved), {suite["suite"]: suite["n"] for suite in suites if suite["role"] == "protected"})
    return {"student": config.student.model, "teacher": config.teacher.model, "strategies": config.strategies, "suites": suites,
            "cycles": config.limits.cycles, "lessons_per_cycle": config.plan.lessons_per_cycle, "budget_usd": config.limits.budget_usd,
            "smallest_detectable_gain": power["smallest_gain"] if power else None, "power": power, "power_text": sentences(power) if power else []}


def compare_control(run: str | None, state_dir: Path, watcher: Watcher, *, cycle: int | None = None, n_seeds: int = 1, n_lessons: int | None = None,
                    split: str = "gate", has_curve: bool = False, open_student: OpenStudent = open_real_student,
                    open_teacher: OpenTeacher = open_real_teacher) -> dict[str, Any]:
    """Train the arms of one finished plan (the newest by default) and say what they say; the run itself is left as it is.

    Raises:
        WeakspotError: no such run or plan, another student than the run's, a sealed split before its turn.
    """
    from agent.stages.control import SHARES, WITH_CURVE, control, require_planned

    with Store.open(state_dir) as store, _interruptible(watcher):
        row = store.runs.get(run)
        config = Config.model_validate(yaml.safe_load(row["config"]))
        _enough_disk(config, state_dir)
        planned = [number for number in {stage["cycle"] for stage in store.runs.stages(row["run"])} if store.weaknesses.plan(row["run"], number)]
        chosen = cycle if cycle is not None else max(planned, default=1)
        require_planned(store, row["run"], chosen, split)
        teacher = open_teacher(config, store, row["run"], watcher)
        student: Student | None = None
        try:
            student = open_student(config, state_dir, watcher)
            if row["model_key"] != student.model_key:
                raise WeakspotError(f"student {config.student.model!r} is not the one this run began with",
                                    where=f"{row['model_key'][:12]} then, {student.model_key[:12]} now", hint="its answers can't be compared with stored ones")
            context = RunContext(row["run"], config, store, student, teacher, watcher)
            facts = control(context, chosen, n_seeds, split=split, shares=WITH_CURVE if has_curve else SHARES, n_lessons=n_lessons)
        finally:
            if student is not None:
                student.close()
            if teacher is not None:
                teacher.close()
        _export_run(store, row["run"])
        return facts


def _follow(run: str, config: Config, store: Store, watcher: Watcher, approve: bool, approved: bool,
            open_student: OpenStudent, open_teacher: OpenTeacher) -> RunOutcome:
    student: Student | None = None
    teacher: Teacher | None = None
    judge: Teacher | None = None
    try:
        teacher = open_teacher(config, store, run, watcher)
        judge = open_real_judge(config, store, run, watcher)
        student = open_student(config, store.state_dir, watcher)
        row = store.runs.get(run)
        if row["model_key"] not in ("", student.model_key):
            raise WeakspotError(f"student {config.student.model!r} is not the one this run began with",
                                where=f"{row['model_key'][:12]} then, {student.model_key[:12]} now", hint="start a fresh run: weakspot run")
        store.runs.update(run, student=student.name, model_key=student.model_key)
        context = RunContext(run, config, store, student, teacher, watcher, judge)
        outcome = _cycles(context, approve, approved)
    except KeyboardInterrupt:
        store.runs.finish(run, "interrupted", "stopped by the user")
        watcher.say(f"stopped; everything so far is saved. Go on with: weakspot run --resume {run}")
        return RunOutcome(run, "interrupted", "stopped by the user")
    except WeakspotError as error:
        store.runs.finish(run, "failed", error.message)
        raise
    finally:
        if student is not None:
            student.close()
        for model in (teacher, judge):
            if model is not None:
                model.close()
    store.runs.finish(run, outcome.status, outcome.reason)
    _export_run(store, run)
    return outcome


def _cycles(context: RunContext, approve: bool, approved: bool) -> RunOutcome:
    from agent.stages.audit import audit
    from agent.stages.noise import measure_noise
    from agent.stages.power import say_power
    from agent.stages.prepare import prepare

    run, store = context.run, context.store
    with _timed(context, "prepare"):
        prepare(context)
    with _timed(context, "noise"):
        measure_noise(context)
    reason = ""
    with _checkpoints(store.state_dir) as saver:
        cycle = 0
        while not reason:
            cycle += 1
            if reason := _stop_reason(context, cycle):
                break
            if store.decisions.of_cycle(run, cycle) is None:
                _enough_disk(context.config, store.state_dir)
                say_power(context)
                if not _turn(context, saver, cycle, pause=approve and not approved):
                    return RunOutcome(run, "paused", f"cycle {cycle} waits for approval before training: weakspot run --resume {run}")
                approved = False
            _control(context, cycle)
            faults.point("cycle.before_export")
            _export_cycle(store, run, cycle)
            saver.delete_thread(_thread(run, cycle))
    with _timed(context, "audit"):
        audit(context)
    return RunOutcome(run, "finished", reason)


def _control(context: RunContext, cycle: int) -> None:
    """Every so many cycles: did the target help? A cycle without a plan has nothing to compare."""
    every = context.config.limits.control_every
    if not every or cycle % every or not context.store.weaknesses.plan(context.run, cycle):
        return
    from agent.report.control import control_headline
    from agent.stages.control import control

    if any((row["cycle"], row["split"]) == (cycle, "gate") for row in context.store.controls.all(context.run)):
        return
    try:
        with _timed(context, "control"):
            facts = control(context, cycle, 1)
    except WeakspotError as error:  # it only looks on: too few lessons or an empty budget must not end the run that it watches
        context.watcher.say(f"warning: no control of cycle {cycle}: {error.message}")
        return
    context.watcher.say(f"control: {control_headline(facts)}")


def _turn(context: RunContext, saver: Any, cycle: int, *, pause: bool) -> bool:
    """One cycle through the graph. False when it paused before training."""
    from agent.graph import build
    from agent.stages import wire

    graph = build(wire(context)).compile(checkpointer=saver, interrupt_before=["train"] if pause else None)
    config: Any = {"configurable": {"thread_id": _thread(context.run, cycle)}}
    begun = graph.get_state(config)
    fresh = {"run": context.run, "cycle": cycle, "champion": context.store.runs.get(context.run)["champion"]}
    graph.invoke(None if begun.next else fresh, config, durability="sync")
    return not graph.get_state(config).next


@contextmanager
def _timed(context: RunContext, stage: str) -> Iterator[None]:
    """Journal what lies outside the graph under cycle 0, so that a run's time is whole. Each is idempotent by itself."""
    row = context.store.runs.stage(context.run, 0, stage)
    before = row["seconds"] or 0.0 if row else 0.0
    context.store.runs.begin_stage(context.run, 0, stage, "")
    begun = time.monotonic()
    yield
    with context.store.transaction():
        context.store.runs.finish_stage(context.run, 0, stage, {}, before + time.monotonic() - begun)


def _stop_reason(context: RunContext, cycle: int) -> str:
    """Why no further cycle may start; empty to go on. Money is also capped before every single call."""
    limits, store = context.config.limits, context.store
    decisions = [row["decision"] for row in store.decisions.all(context.run) if row["cycle"] < cycle]
    if decisions and decisions[-1] in ("converged", "target"):
        return {"converged": "nothing weak is left", "target": f"target {limits.target:.0%} reached" if limits.target else "target reached"}[decisions[-1]]
    if cycle > limits.cycles:
        return f"{limits.cycles} cycle{'s' * (limits.cycles > 1)} done"
    started = store.runs.stage(context.run, cycle, "evaluate") is not None
    seconds = sum(stage["seconds"] or 0.0 for stage in store.runs.stages(context.run))
    if limits.minutes and seconds > 60 * limits.minutes and not started:
        return f"{limits.minutes:g} minutes are over"
    recent = decisions[-limits.plateau:]
    if len(recent) == limits.plateau and "promote" not in recent and not started:
        return f"plateau: {limits.plateau} cycles in a row without a promotion"
    taught = store.runs.stage(context.run, cycle - 1, "teach")
    spent = (taught["product"] or {}).get("spent_budget_usd") if taught else None
    if spent is not None and limits.budget_usd <= spent and not started:
        return f"budget spent: ${store.money.spent_usd(context.run):.2f} of ${limits.budget_usd:.2f}, and the next call may cost more than what is left"
    return ""


def _thread(run: str, cycle: int) -> str:
    return f"{run}/cycle-{cycle:03d}"


@contextmanager
def _checkpoints(state_dir: Path) -> Iterator[Any]:
    """LangGraph's own SQLite file, apart from ours."""
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    from langgraph.checkpoint.sqlite import SqliteSaver

    connection = sqlite3.connect(state_dir / "checkpoints.db", check_same_thread=False)
    try:
        yield SqliteSaver(connection)
    finally:
        connection.close()


def _export_cycle(store: Store, run: str, cycle: int) -> None:
    from agent.report.folder import write_cycle

    write_cycle(store, run, cycle)


def _export_run(store: Store, run: str) -> None:
    from agent.report.folder import write_run

    write_run(store, run)


def _enough_disk(config: Config, state_dir: Path) -> None:
    free_mb = shutil.disk_usage(state_dir).free / 1e6
    if free_mb < config.limits.disk_mb:
        raise WeakspotError(f"{free_mb:,.0f} MB of disk are free, a cycle needs {config.limits.disk_mb:,}", where=str(state_dir), exit_code=1,
                            hint="make room and type: weakspot run --resume\nor lower limits.disk_mb")


@contextmanager
def _interruptible(watcher: Watcher) -> Iterator[None]:
    """First SIGINT or SIGTERM raises KeyboardInterrupt at once (rows are transactional), the second ends the process."""
    count = 0

    def handle(signum: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            os._exit(130)
        raise KeyboardInterrupt

    old = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _versions() -> dict[str, str]:
    found = {}
    for name in VERSIONS_OF:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
