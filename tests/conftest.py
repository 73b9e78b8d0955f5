"""What every test gets: hub offline, telemetry off, no faults left over, no state of the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("WEAKSPOT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the embedded student lies, converted once for tests and `make demo` alike."""
    folder = Path(__file__).parent.parent / "state" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def real_state(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh state folder with the real student's weights in it."""
    state = tmp_path_factory.mktemp("state")
    (state / "models").symlink_to(models_dir, target_is_directory=True)
    return state
