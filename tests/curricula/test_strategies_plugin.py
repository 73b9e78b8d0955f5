"""The example of `docs/strategies.md`, installed as a package of its own and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from agent.store import Store
from curricula.strategies.contract import list_strategies
from tests.agent.report.builder import RUN, build_run

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")


def test_the_documented_package_installs_is_listed_and_writes_lessons(tmp_path: Path) -> None:
    package, target = tmp_path / "package", tmp_path / "site"
    package.mkdir()
    (package / "pyproject.toml").write_text(re.search(r"```toml\n(.*?)```", DOCS, re.S)[1])  # type: ignore[index]
    (package / "weakspot_halves.py").write_text(re.search(r"```python\n(.*?)```", DOCS, re.S)[1])  # type: ignore[index]
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--target", str(target), str(package)]
    subprocess.run(install, check=True, timeout=120, cwd=tmp_path, capture_output=True)
    build_run(tmp_path / "state")
    with Store.read(tmp_path / "state") as store:
        weakness = store.weaknesses.of_cycle(RUN, 1)[0]["weakness"]
    environment = {**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{ROOT}"}

    def weakspot(*words: str):
        command = [sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())", *words, "--json", "--state", str(tmp_path / "state")]
        return json.loads(subprocess.run(command, check=True, timeout=120, env=environment, capture_output=True, text=True).stdout)

    [row] = [row for row in weakspot("strategies") if row["name"] == "halves"]
    assert (row["source"], row["needs"], row["origin"], row["error"]) == ("an example", "", "weakspot_halves:Halves", "")
    tried = weakspot("strategies", "try", "halves", "-w", weakness, "-n", "4")
    assert tried["funnel"]["kept"] == 4 and all(re.fullmatch(r"What is half of \d+\? .*", row["prompt"]) for row in tried["candidates"])


def test_the_table_has_one_row_for_each_strategy_there_is() -> None:
    built_in = {info.name for info in list_strategies() if info.origin == "built in"}
    table = DOCS.split("| strategy |", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == built_in
