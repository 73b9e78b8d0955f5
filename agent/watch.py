"""How the loop tells the world where it is.

Stages and the loop call a `Watcher`; what it does with it (a live bar, plain lines, JSON lines, nothing)
is the command line's business (`agent.cli.display`). The one thing to know: a watcher only looks on. It
never changes what the loop does, and nothing that it shows is needed to resume.
"""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Someone who looks on while a run goes its way."""

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """A stage begins; `note` says what is special about it, such as "resumed"."""
        ...

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """A stage ended after `seconds`; `summary` is its one line for the user."""
        ...

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """`done` of `total` units of `what` are finished; `total` 0 means unknown; `note` says more, such as what it cost.

        Several `what`s may go on at once, one inside the other.
        """
        ...

    def say(self, text: str) -> None:
        """A line for the user, outside any stage."""
        ...


class SilentWatcher:
    """Looks on and says nothing: for tests and for `--display none`."""

    def stage(self, run: str, cycle: int, stage: str, note: str = "") -> None:
        """Nothing."""

    def done(self, run: str, cycle: int, stage: str, summary: str, seconds: float) -> None:
        """Nothing."""

    def progress(self, what: str, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""
