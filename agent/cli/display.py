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
        self._last = clock()
        self._pace = Pace(clock)

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """`cycle 1 evaluate ...`"""
        self._last = self._clock()
        self._write(f"{_place(cycle)}{stage}{f' ({note})' if note else ''} ...")

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """`cycle 1 evaluate: 41.2 % right (26 s)`"""
        self._write(f"{_place(cycle)}{stage}: {summary} ({duration(seconds)})")

    def progress(self, what: str, done: int, total: int) -> None:
        """`  basics · gate 96 of 300, 12 s left`"""
        left = self._pace.seconds_left(what, done, total)
        if self._clock() - self._last < PLAIN_EVERY_S:
            return
        self._last = self._clock()
        self._write(f"  {what} {done}{f' of {total}' if total else ''}{f', {duration(left)} left' if left is not None else ''}")

    def say(self, text: str) -> None:
        """As it is."""
        self._write(text)

    def _write(self, text: str) -> None:
        self._stream.write(f"{datetime.now(UTC):%H:%M:%S} {visible(text)}\n")
        self._stream.flush()


class JsonWatcher:
    """One JSON object a line and event: `event`, `at`, and what the event has."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """`{"event": "stage", ...}`"""
        self._write("stage", run=run, cycle=cycle, stage=stage, note=note)

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """`{"event": "done", ...}`"""
        self._write("done", run=run, cycle=cycle, stage=stage, summary=summary, seconds=round(seconds, 3))

    def progress(self, what: str, done: int, total: int) -> None:
        """`{"event": "progress", ...}`"""
        self._write("progress", what=what, done=done, total=total)

    def say(self, text: str) -> None:
        """`{"event": "say", ...}`"""
        self._write("say", text=text)

    def _write(self, event: str, **values: object) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._stream.write(json.dumps({"event": event, "at": at, **values}, ensure_ascii=True) + "\n")
        self._stream.flush()


class RichWatcher:
    """A live bar for the stage that runs, a lasting line for each one that ended."""

    def __init__(self, progress: Progress) -> None:
        self._bar = progress
        self._task = progress.add_task("starting", total=None)
        self._what = ""

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """The bar starts again under the stage's name."""
        self._begin(f"{_place(cycle)}{stage}{f' ({one_line(note, 60)})' if note else ''}", "", None)

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """A line above the bar."""
        self._print(f"{_place(cycle)}{stage:<9} {one_line(summary, 400)} ({duration(seconds)})")

    def progress(self, what: str, done: int, total: int) -> None:
        """The bar moves."""
        stage = str(self._bar.tasks[0].description).split(" · ")[0]
        if self._what != what:
            self._begin(f"{stage} · {one_line(what, 50)}", what, total or None)
        self._bar.update(self._task, completed=done, total=total or None)

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._print(visible(text))

    def _begin(self, description: str, what: str, total: int | None) -> None:
        """A new task in the old one's place: rich can't take a total back."""
        self._bar.remove_task(self._task)
        self._task, self._what = self._bar.add_task(description, total=total), what

    def _print(self, text: str) -> None:
        from rich.text import Text

        self._bar.console.print(Text(text))


class Pace:
    """Guesses the seconds that are left from the pace since something began."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._what = ""
        self._begun = 0.0
        self._first = 0

    def seconds_left(self, what: str, done: int, total: int) -> float | None:
        """None until two reports of the same thing are known."""
        if what != self._what or done < self._first:
            self._what, self._begun, self._first = what, self._clock(), done
            return None
        made, passed = done - self._first, self._clock() - self._begun
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
                  TimeRemainingColumn(compact=True), console=console(is_error=True), transient=True) as progress:
        yield progress
