"""Four ways of looking on while a run goes: a live bar, plain lines, JSON lines, nothing.

All of them write to stderr, because stdout is for data. They implement `agent.watch.Watcher`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from agent.report.wording import duration, one_line, visible
from agent.watch import SilentWatcher, Watcher

if TYPE_CHECKING:
    from rich.progress import Progress

PLAIN_EVERY_S = 10.0  # a log file of an hour's run stays readable


class Display(StrEnum):
    """Values of `--display`."""

    rich = "rich"
    plain = "plain"
    json = "json"
    none = "none"


@contextmanager
def watching(display: Display | None) -> Iterator[Watcher]:
    """A watcher for the time of a run; None takes rich on a terminal and plain elsewhere."""
    chosen = display or (Display.rich if sys.stderr.isatty() else Display.plain)
    if chosen is Display.rich:
        with _live() as progress:
            yield RichWatcher(progress)
    elif chosen is Display.plain:
        yield PlainWatcher(sys.stderr)
    elif chosen is Display.json:
        yield JsonWatcher(sys.stderr)
    else:
        yield SilentWatcher()


class PlainWatcher:
    """A line for each thing that happened; progress at most every ten seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._last: dict[str, float] = {}
        self._pace = Pace(clock)

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """`cycle 1 evaluate ...`"""
        self._began, self._last = self._clock(), {}
        self._write(f"{_place(cycle)}{stage}{f' ({note})' if note else ''} ...")

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """`cycle 1 evaluate: 41.2 % right (26 s)`"""
        self._write(f"{_place(cycle)}{stage}: {summary} ({duration(seconds)})")

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """`  basics · gate 96 of 300, 12 s left`"""
        left = self._pace.seconds_left(what, done, total)
        if self._clock() - self._last.get(what, self._began) < PLAIN_EVERY_S:
            return
        self._last[what] = self._clock()
        parts = [f"  {what} {done}{f' of {total}' if total else ''}", note, f"{duration(left)} left" if left is not None else ""]
        self._write(", ".join(part for part in parts if part))

    def say(self, text: str) -> None:
        """As it is."""
        self._write(text)

    def _write(self, text: str) -> None:
        self._stream.write(f"{datetime.now(UTC):%H:%M:%S} {visible(text)}\n")
        self._stream.flush()


class JsonWatcher:
    """One JSON object a line and event: `event`, `at`, and what the event has."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._pace = Pace(clock)

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """`{"event": "stage", ...}`"""
        self._write("stage", run=run, cycle=cycle, stage=stage, note=note)

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """`{"event": "done", ...}`"""
        self._write("done", run=run, cycle=cycle, stage=stage, summary=summary, seconds=round(seconds, 3))

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """`{"event": "progress", ...}`; `seconds_left` is null where it can't be guessed yet."""
        left = self._pace.seconds_left(what, done, total)
        self._write("progress", what=what, done=done, total=total, note=note, seconds_left=None if left is None else round(left, 1))

    def say(self, text: str) -> None:
        """`{"event": "say", ...}`"""
        self._write("say", text=text)

    def _write(self, event: str, **values: object) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._stream.write(json.dumps({"event": event, "at": at, **values}, ensure_ascii=True) + "\n")
        self._stream.flush()


class RichWatcher:
    """A live bar for the stage that runs, one more for each thing that goes on inside it, a lasting line for each stage that ended."""

    def __init__(self, progress: Progress) -> None:
        self._bar = progress
        self._stage = "starting"
        self._tasks = {"": progress.add_task("starting", total=None, note="")}

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """The bar starts again under the stage's name."""
        for task in self._tasks.values():
            self._bar.remove_task(task)
        self._stage = f"{_place(cycle)}{stage}{f' ({one_line(note, 60)})' if note else ''}"
        self._tasks = {"": self._bar.add_task(self._stage, total=None, note="")}

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """A line above the bar."""
        self._print(f"{_place(cycle)}{stage:<9} {one_line(summary, 400)} ({duration(seconds)})")

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """The bar moves. What begins anew, such as the next batch of requests, gets a new one: rich can't take a total back."""
        task = self._tasks.get(what)
        if task is not None and done < next(shown.completed for shown in self._bar.tasks if shown.id == task):
            self._bar.remove_task(self._tasks.pop(what))
            task = None
        if task is None:
            if "" in self._tasks:
                self._bar.remove_task(self._tasks.pop(""))
            task = self._tasks[what] = self._bar.add_task(f"{self._stage} · {one_line(what, 50)}", total=total or None, note="")
        self._bar.update(task, completed=done, total=total or None, note=one_line(note, 80))

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._print(visible(text))

    def _print(self, text: str) -> None:
        from rich.text import Text

        self._bar.console.print(Text(text))


class Pace:
    """Guesses the seconds that are left from the pace since something began."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun: dict[str, tuple[float, int, int]] = {}

    def seconds_left(self, what: str, done: int, total: int) -> float | None:
        """None until two reports of the same thing, further on, are known."""
        begun, first, last = self._begun.get(what, (0.0, 0, done + 1))
        if done < last:
            begun, first = self._clock(), done
        self._begun[what] = (begun, first, done)
        made, passed = done - first, self._clock() - begun
        return (total - done) * passed / made if made > 0 and total else None


def _place(cycle: int) -> str:
    return f"cycle {cycle} " if cycle else ""


@contextmanager
def _live() -> Iterator[Progress]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from agent.cli.output import console

    with Progress(SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(),
                  TimeRemainingColumn(compact=True), TextColumn("{task.fields[note]}", markup=False), console=console(is_error=True), transient=True) as progress:
        yield progress
