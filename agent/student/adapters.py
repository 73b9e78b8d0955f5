"""Adapters on disk: named by their content, checked before use.

A folder written by training goes in; a folder named by the sha256 of its weights and configuration comes
out, complete or not at all. Nothing here imports torch but `check_weights`, which only the worker calls.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.faults import point
from agent.student.contract import BadAdapter
from probes.errors import WeakspotError

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
NOTE = "weakspot.json"
"""Beside the adapter: which base and template it was trained for. Not part of its name."""

MIN_FREE_BYTES = 200 * 1024**2  # an adapter of the default student is 20 MB; below this other writers fail too


def content_hash(folder: Path) -> str:
    """sha256 (hex) over weights and configuration: the adapter's name.

    Raises:
        BadAdapter: a file is missing.
    """
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        file = folder / name
        if not file.is_file():
            raise BadAdapter(f"adapter {folder.name} has no {name}", where=str(folder), hint=_HINT)
        digest.update(f"{name} {file.stat().st_size}\n".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def normalise_config(folder: Path, base_name: str) -> None:
    """Rewrite the PEFT configuration so that equal training gives equal bytes on any machine.

    PEFT stores sets in hash order and the absolute path of the base.
    """
    file = folder / CONFIG
    config = json.loads(file.read_text())
    for key, value in config.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            config[key] = sorted(value)
    config["base_model_name_or_path"] = base_name
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def install(made: Path, adapters_dir: Path) -> Path:
    """Move a finished adapter folder to `adapters_dir/<hash>`; an equal one already there wins.

    Files and folders are fsynced before and after the rename, so a name in `adapters_dir` is always whole.
    """
    adapters_dir.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():
        _fsync(file)
    _fsync(made)
    target = adapters_dir / content_hash(made)
    point("train.before_rename")
    if target.exists():
        if _is_intact(target):
            shutil.rmtree(made)
            return target
        quarantine = adapters_dir / f"{target.name}.damaged-{os.getpid()}"
        target.rename(quarantine)
    made.rename(target)
    _fsync(adapters_dir)
    point("train.after_rename")
    return target


def verify(folder: Path, expected: str) -> None:
    """Recompute the name of an adapter.

    Raises:
        BadAdapter: missing, incomplete or altered.
    """
    if not folder.is_dir():
        raise BadAdapter(f"adapter {expected[:12]} does not exist", where=str(folder), hint=_HINT)
    actual = content_hash(folder)
    if actual != expected:
        raise BadAdapter(
            f"adapter {expected[:12]} has been altered: its content is {actual[:12]}", where=str(folder), hint=_HINT
        )


def check_weights(folder: Path, model: Any, weights_key: str) -> None:
    """Check that an adapter is finite and fits `model` before PEFT touches it (PEFT only warns).

    `weights_key` is the hash of the base the worker holds.

    Raises:
        BadAdapter: unreadable, not finite, trained for another base, or of the wrong shape.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    name = folder.name[:12]
    note = folder / NOTE
    if note.is_file() and (trained_on := json.loads(note.read_text()).get("weights_key")) != weights_key:
        raise BadAdapter(
            f"adapter {name} was trained for another base ({str(trained_on)[:12]}, not {weights_key[:12]})",
            where=str(folder), hint=_HINT,
        )
    try:
        tensors = load_file(folder / WEIGHTS)
        rank = int(json.loads((folder / CONFIG).read_text())["r"])
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise BadAdapter(f"adapter {name} cannot be read: {error}", where=str(folder), hint=_HINT) from error
    if not tensors:
        raise BadAdapter(f"adapter {name} holds no weights", where=str(folder), hint=_HINT)
    modules = dict(model.named_modules())
    for key, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise BadAdapter(f"adapter {name} holds non-finite values in {key}", where=str(folder), hint=_HINT)
        path, _, part = key.removeprefix("base_model.model.").rpartition(".lora_")
        target = modules.get(path) if path else None
        shape = _layer_shape(target)
        if shape is None:
            raise BadAdapter(f"adapter {name} has weights for {key}, which the base lacks", where=str(folder), hint=_HINT)
        wide = (rank, shape.inputs) if part.startswith("A") else (shape.outputs, rank)
        if tuple(tensor.shape) != wide:
            raise BadAdapter(
                f"adapter {name} does not fit the base: {key} is {tuple(tensor.shape)}, not {wide}",
                where=str(folder), hint=_HINT,
            )


def require_free_disk(folder: Path, adapter_bytes: int, min_free: int = MIN_FREE_BYTES) -> None:
    """Refuse to start work whose product has no room: three times the adapter (temporary, final, slack).

    Raises:
        WeakspotError: not enough free disk.
    """
    needed = max(min_free, 3 * adapter_bytes)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WeakspotError(
            f"not enough free disk for an adapter: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB needed",
            where=str(folder), hint="free some space, then: weakspot run --resume", exit_code=1,
        )


_HINT = "restore the folder from a backup, or start a fresh run; the champion before it still serves"


@dataclass(frozen=True)
class _LayerShape:
    inputs: int
    outputs: int


def _layer_shape(layer: Any) -> _LayerShape | None:
    """Width of a linear layer's input and output; None for anything else."""
    if hasattr(layer, "in_features"):
        return _LayerShape(layer.in_features, layer.out_features)
    if type(layer).__name__ == "Conv1D" and layer.weight.ndim == 2:  # GPT-2's linear layer keeps its matrix transposed
        return _LayerShape(*layer.weight.shape)
    return None


def _is_intact(folder: Path) -> bool:
    try:
        return content_hash(folder) == folder.name
    except BadAdapter:
        return False


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
