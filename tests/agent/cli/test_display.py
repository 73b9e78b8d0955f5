"""Looking on: plain lines, JSON lines, the live bar, silence."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.console import Console
from rich.progress import Progress

from agent.cli.display import Display, JsonWatcher, Pace, PlainWatcher, RichWatcher, watching
from agent.watch import SilentWatcher, Watcher


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _play(watcher: Watcher) -> None:
    watcher.say("run demo\x1b[2J")
    watcher.stage("demo", 1, "evaluate", "resumed")
    watcher.progress("basics", 10, 100)
    watcher.done("demo", 1, "evaluate", "41 % right", 26.0)
    watcher.stage("demo", 0, "audit")
    watcher.progress("basics", 1, 0)


def test_plain_progress_comes_at_most_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    watcher = PlainWatcher(stream, clock)
    watcher.stage("demo", 1, "train")
    for second in range(1, 31):
        clock.now = float(second)
        watcher.progress("steps", second, 60)
    lines = [line[9:] for line in stream.getvalue().splitlines()]
    assert lines == ["cycle 1 train ...", "  steps 10 of 60, 50 s left", "  steps 20 of 60, 40 s left", "  steps 30 of 60, 30 s left"]


def test_plain_lines_say_where_and_how_long() -> None:
    stream = io.StringIO()
    _play(PlainWatcher(stream))
    text = stream.getvalue()
    assert "cycle 1 evaluate (resumed) ..." in text and "cycle 1 evaluate: 41 % right (26 s)" in text and " audit ..." in text and "\x1b" not in text


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    _play(JsonWatcher(stream))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["say", "stage", "progress", "done", "stage", "progress"]
    assert events[3] | {"at": ""} == {"event": "done", "at": "", "run": "demo", "cycle": 1, "stage": "evaluate", "summary": "41 % right", "seconds": 26.0}
    assert all(event["at"].endswith("Z") for event in events)


def test_the_live_bar_keeps_a_line_for_each_finished_stage() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Progress(console=console) as progress:
        watcher = RichWatcher(progress)
        _play(watcher)
        assert progress.tasks[0].total is None and progress.tasks[0].description == "audit · basics"
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "41 % right (26 s)" in text and "\\x1b[2J" in text


def test_none_says_nothing_and_the_default_depends_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with watching(Display.none) as watcher:
        assert isinstance(watcher, SilentWatcher)
        _play(watcher)
    assert stream.getvalue() == ""
    with watching(None) as watcher:
        assert isinstance(watcher, PlainWatcher)
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with watching(None) as watcher:
        assert isinstance(watcher, RichWatcher)


def test_pace_starts_anew_with_another_thing() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.seconds_left("a", 50, 100) is None
    clock.now = 10
    assert pace.seconds_left("a", 60, 100) == pytest.approx(40)
    assert pace.seconds_left("b", 60, 100) is None
    assert pace.seconds_left("b", 61, 0) is None


def test_two_things_at_once_have_a_bar_and_a_pace_each_and_their_notes_are_shown() -> None:
    clock = Clock()
    stream = io.StringIO()
    plain, lines = PlainWatcher(stream, clock), io.StringIO()
    watchers = [plain, JsonWatcher(lines, clock)]
    for second in range(0, 41, 4):
        clock.now = second
        for watcher in watchers:
            watcher.progress("lessons", second // 4, 20, f"{second // 4} kept of {second} asked, $0.0123 of $1.00, 4,321 tokens")
            watcher.progress("teacher", second % 8, 8, "$0.0123, 4,321 tokens")
    text = stream.getvalue()
    assert "  lessons 9 of 20, 9 kept of 36 asked, $0.0123 of $1.00, 4,321 tokens, 44 s left" in text and "  teacher 4 of 8, $0.0123" in text
    last = [json.loads(line) for line in lines.getvalue().splitlines() if '"lessons"' in line][-1]
    assert last["note"].startswith("10 kept") and last["seconds_left"] == 40.0
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    with Progress("{task.description}", "{task.fields[note]}", console=console) as progress:
        rich = RichWatcher(progress)
        rich.stage("r", 1, "teach")
        rich.progress("lessons", 1, 20, "1 kept of 4 asked")
        rich.progress("teacher", 7, 8, "$0.01")
        rich.progress("teacher", 1, 8, "$0.02")
        assert [(task.description, task.completed, task.fields["note"]) for task in progress.tasks] == [
            ("cycle 1 teach · lessons", 1, "1 kept of 4 asked"), ("cycle 1 teach · teacher", 1, "$0.02")]
        rich.stage("r", 1, "train")
        assert [task.description for task in progress.tasks] == ["cycle 1 train"]
