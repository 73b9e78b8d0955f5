"""A finished run of three cycles, built once; tests only read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.report.facts import build_report
from agent.store import Store
from tests.agent.report.builder import RUN, build_run


@pytest.fixture(scope="session")
def finished_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder with the finished run."""
    folder = tmp_path_factory.mktemp("state")
    build_run(folder)
    return folder


@pytest.fixture
def store(finished_dir: Path) -> Iterator[Store]:
    """The finished run, read-only."""
    with Store.read(finished_dir) as opened:
        yield opened


@pytest.fixture(scope="session")
def report(finished_dir: Path) -> dict[str, Any]:
    """Its report."""
    with Store.read(finished_dir) as opened:
        return build_report(opened, RUN)
