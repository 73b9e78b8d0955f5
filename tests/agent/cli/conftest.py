"""Running the command line in this process, and a finished run to ask about."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from tests.agent.report.builder import build_run


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)


Weakspot = Callable[..., Ran]


@pytest.fixture
def weakspot(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weakspot:
    """`weakspot("status", "--json")` in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEAKSPOT_STATE", raising=False)

    def call(*words: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def finished_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder with a finished run of three cycles."""
    folder = tmp_path_factory.mktemp("state")
    build_run(folder)
    return folder
