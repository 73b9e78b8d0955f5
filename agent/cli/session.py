"""What the global options say, handed to every verb as `ctx.obj`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from agent.config import Loaded
    from agent.store import Store

DEFAULT_CONFIG = Path("config.yaml")


@dataclass(frozen=True)
class Session:
    """The state folder and how to talk about bugs."""

    state_dir: Path
    is_debug: bool

    @contextmanager
    def read(self) -> Iterator[Store]:
        """The database, read-only.

        Raises:
            WeakspotError: there is none yet, or it is damaged.
        """
        from agent.store import Store

        with Store.read(self.state_dir) as store:
            yield store


def session_of(ctx: typer.Context) -> Session:
    """The session of a command's context."""
    session = ctx.obj
    assert isinstance(session, Session), "the app's callback makes it"
    return session


def load(path: Path | None, sets: list[str]) -> Loaded:
    """The configuration: `path`, else ./config.yaml where there is one, else the defaults; then `sets`.

    Raises:
        WeakspotError: as `agent.config.load_config`.
    """
    from agent.config import load_config

    if path is None and DEFAULT_CONFIG.is_file():
        path = DEFAULT_CONFIG
    return load_config(path, sets)
