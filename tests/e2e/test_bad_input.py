"""Bad input at the command line: exit code 2, what failed with its value, where, what to do; nothing started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.store.database import RunLock

ROW = {"id": "a", "prompt": "What is 1 + 1? Answer with only the number.", "answer": "2", "scorer": "numeric"}


def weakspot(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WEAKSPOT_", "OPENAI_"))}
    return subprocess.run([sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())", "--state", str(folder / "state"), *arguments],
                          capture_output=True, text=True, cwd=folder, env=environment, timeout=120)


def suite(folder: Path, *lines: str) -> str:
    path = folder / "mine.jsonl"
    path.write_text("".join(line + "\n" for line in lines))
    return str(path)


def rows(n: int, **last: object) -> list[str]:
    made = [{**ROW, "id": f"r{i}", "prompt": f"What is {i} + 1? Answer with only the number.", "answer": str(i + 1)} for i in range(n)]
    made[-1].update(last)
    return [json.dumps(row) for row in made]


BROKEN_SUITES = {
    "duplicate ids": (rows(20) + [json.dumps({**ROW, "id": "r3"})], ["r3", "21"]),
    "missing gold": (rows(20)[:-1] + [json.dumps({"id": "z", "prompt": "What?"})], ["answer", "line 20"]),
    "gold its own scorer rejects": (rows(20, answer="two"), ["line 20", "two"]),
    "invalid JSON on line 17": (rows(16) + ["{oops"] + rows(3), ["line 17"]),
    "0 rows": ([], ["mine.jsonl", "0 rows"]),
}


@pytest.mark.parametrize("case", BROKEN_SUITES)
def test_broken_suite(case: str, tmp_path: Path) -> None:
    lines, says = BROKEN_SUITES[case]
    path = suite(tmp_path, *lines)
    for arguments in (("probes", "check", path), ("run", "--dry-run", "--suite", path)):
        done = weakspot(tmp_path, *arguments)
        assert done.returncode in (2, 100), done
        told = done.stderr + done.stdout
        assert "Traceback" not in told
        for word in says:
            assert word in told, told
    assert not (tmp_path / "state" / "weakspot.db").exists()


@pytest.mark.parametrize(("arguments", "says"), [
    (("run", "--suite", "basicss"), ["basicss", "did you mean", "basics"]),
    (("run", "--set", "train.lorar=3"), ["train.lorar", "train.lora_r"]),
    (("run", "--set", "student.model=./nowhere"), ["nowhere"]),
    (("run", "--set", "teacher.model=openai/gpt-4.1-mini"), ["OPENAI_API_KEY"]),
    (("run", "--set", "limits.disk_mb=99999999999"), ["disk", "limits.disk_mb"]),
    (("run", "-c", "none.yaml"), ["none.yaml", "weakspot init"]),
    (("weaknesses",), ["no database", "weakspot run"]),
    (("report", "nope"), ["no database"]),
])
def test_user_mistakes(arguments: tuple[str, ...], says: list[str], tmp_path: Path) -> None:
    done = weakspot(tmp_path, *arguments)
    assert done.returncode in (1, 2), done
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert done.stderr.lstrip().startswith("error:") or "\nerror:" in done.stderr
    for word in says:
        assert word in done.stderr, done.stderr


def test_unknown_hub_student_offline_says_what_would_work(tmp_path: Path) -> None:
    done = weakspot(tmp_path, "run", "--set", "student.model=nobody/no-such-model")
    assert done.returncode in (1, 2) and "nobody/no-such-model" in done.stderr and "hint:" in done.stderr and "Traceback" not in done.stderr


def test_second_run_in_the_same_state_folder(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "state")
    done = weakspot(tmp_path, "run")
    lock.release()
    assert done.returncode == 2 and f"pid {os.getpid()}" in done.stderr and "--state" in done.stderr
