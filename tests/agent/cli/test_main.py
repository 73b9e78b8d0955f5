"""The app as a whole: lean start, errors, exit codes, no colour without a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent import cli
from agent.cli import hoisted
from probes.errors import WeakspotError
from tests.agent.cli.conftest import Weakspot

HEAVY = ("torch", "transformers", "litellm", "umap", "lm_eval", "sklearn", "plotly", "langgraph", "datasets", "numpy", "scipy", "pandas", "trl", "peft",
         "pydantic", "sqlite_utils", "rich.console", "jinja2", "pyarrow")
VERBS = ("init", "run", "status", "report", "weaknesses", "show", "compare", "probes", "probes check", "config", "config show", "graph", "doctor", "verifiers", "db", "db path",
         "gate", "gate simulate")


def _python(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment})


def test_help_loads_nothing_heavy() -> None:
    code = ("import sys\nfrom agent.cli import main\nassert main(['--help']) == 0\n"
            f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])")
    made = _python(code)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1] == "LOADED []"
    assert "Usage: weakspot" in made.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(weakspot: Weakspot, verb: str) -> None:
    ran = weakspot(*verb.split(), "--help")
    assert ran.code == 0 and f"Usage: weakspot {verb}" in ran.out and ran.err == ""


def test_every_command_that_shows_data_has_json(weakspot: Weakspot) -> None:
    for verb in ("init", "run", "status", "report", "weaknesses", "show", "compare", "graph", "doctor", "verifiers", "probes list", "probes show", "probes new",
                 "probes check", "config show", "db path", "gate simulate"):
        assert "--json" in weakspot(*verb.split(), "--help").out, verb


def test_the_version(weakspot: Weakspot) -> None:
    assert weakspot("--version").out.startswith("weakspot 0.")


@pytest.mark.parametrize(("words", "message"), [
    (["doctro"], "error: no such command 'doctro'. Did you mean 'doctor'?"),
    (["status", "--jsno"], "error: no such option: --jsno"),
    (["run", "--cycles", "many"], "error: invalid value for '--cycles'"),
    (["run", "mine.yaml"], "error: unexpected argument 'mine.yaml'"),
    (["run", "-c", "nowhere.yaml"], "error: configuration 'nowhere.yaml' not found"),
    (["run", "--set", "train.lora_rr=3"], "error: unknown key 'train.lora_rr'"),
    (["config", "show", "--set", "train.lora_r=0"], "error: 1 setting can't be used"),
    (["run", "--resume", "--dry-run"], "error: --dry-run and --resume exclude each other"),
])
def test_usage_errors_are_two_with_a_hint_on_stderr(weakspot: Weakspot, words: list[str], message: str) -> None:
    ran = weakspot(*words)
    assert ran.code == 2 and ran.out == ""
    assert ran.err.startswith(message) and "hint: " in ran.err and "Traceback" not in ran.err


def test_no_state_yet_says_what_to_do(weakspot: Weakspot) -> None:
    for words in (["status"], ["report"], ["weaknesses"], ["show", "x"], ["compare", "base", "latest"], ["gate", "simulate"]):
        ran = weakspot(*words)
        assert ran.code == 2 and "no database at state/weakspot.db" in ran.err and "`weakspot run` makes one" in ran.err, words


def test_a_bug_is_one_line_and_a_traceback_only_on_request(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(cli, "app", broken)
    ran = weakspot("status")
    assert (ran.code, len(ran.err.splitlines())) == (1, 2) and ran.err.startswith("error: ZeroDivisionError: ours\nhint: this is a bug")
    assert "Traceback" in weakspot("status", "--debug").err


def test_errors_cannot_write_control_characters(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> int:
        raise WeakspotError("the teacher said \x1b[2Jboo", exit_code=1)

    monkeypatch.setattr(cli, "app", failing)
    ran = weakspot("status")
    assert ran.code == 1 and "\x1b" not in ran.err and "\\x1b[2Jboo" in ran.err


def test_interrupted_is_130(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    assert weakspot("status").code == 130


def test_global_options_may_stand_after_the_verb() -> None:
    assert hoisted(["status", "--state", "x", "--json"]) == ["--state", "x", "status", "--json"]
    assert hoisted(["run", "--state=x", "--debug", "--resume=r"]) == ["--state=x", "--debug", "run", "--resume", "r"]
    assert hoisted(["show", "--", "--state", "x"]) == ["show", "--", "--state", "x"]


def test_the_state_folder_comes_from_flag_then_environment(weakspot: Weakspot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKSPOT_STATE", str(tmp_path / "env"))
    assert weakspot("db", "path").out.strip() == str(tmp_path / "env" / "weakspot.db")
    assert weakspot("db", "path", "--state", tmp_path / "flag", "--json").data == {"path": str(tmp_path / "flag" / "weakspot.db"), "exists": False}


def test_no_colour_without_a_terminal_and_a_closed_pipe_is_no_error(finished_dir: Path) -> None:
    made = _python("import sys; from agent.cli import main; sys.exit(main())", "report", "--state", str(finished_dir), FORCE_COLOR="", TERM="xterm-256color")
    assert made.returncode == 0 and "\x1b" not in made.stdout and "2 promoted" in made.stdout
    script = f"{sys.executable} -c 'import sys; from agent.cli import main; sys.exit(main())' report --format json --state {finished_dir} | head -c 10"
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {script}"], capture_output=True, text=True, timeout=60, check=False)
    assert piped.stderr == "" and piped.stdout.startswith("{")
