"""An adapter is whole or absent, named by what it holds, and refused when it is not what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from agent.student import adapters
from agent.student.contract import BadAdapter
from probes.errors import WeakspotError

KEY = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


def make(folder: Path, rank: int = 4, scale: float = 1.0, weights_key: str = "w") -> Path:
    folder.mkdir()
    save_file(
        {KEY: torch.ones(rank, 32) * scale, KEY.replace("lora_A", "lora_B"): torch.ones(32, rank)},
        folder / adapters.WEIGHTS,
    )
    config = {"r": rank, "target_modules": ["v_proj", "q_proj"], "base_model_name_or_path": "/somewhere"}
    (folder / adapters.CONFIG).write_text(json.dumps(config))
    (folder / adapters.NOTE).write_text(json.dumps({"weights_key": weights_key}))
    adapters.normalise_config(folder, "tiny")
    return folder


def test_installed_under_its_hash_and_verified(tmp_path):
    made = make(tmp_path / "made")
    folder = adapters.install(made, tmp_path / "adapters")
    assert folder.name == adapters.content_hash(folder) and not made.exists()
    adapters.verify(folder, folder.name)


def test_equal_content_has_one_home_and_order_of_sets_does_not_matter(tmp_path):
    first = adapters.install(make(tmp_path / "a"), tmp_path / "adapters")
    second = make(tmp_path / "b")
    config = json.loads((second / adapters.CONFIG).read_text())
    config["target_modules"].reverse()
    (second / adapters.CONFIG).write_text(json.dumps(config))
    adapters.normalise_config(second, "tiny")
    assert adapters.install(second, tmp_path / "adapters") == first
    assert len(list((tmp_path / "adapters").iterdir())) == 1


def test_a_damaged_twin_is_set_aside(tmp_path):
    first = adapters.install(make(tmp_path / "a"), tmp_path / "adapters")
    (first / adapters.WEIGHTS).write_bytes(b"torn")
    second = adapters.install(make(tmp_path / "b"), tmp_path / "adapters")
    assert second == first
    adapters.verify(second, second.name)
    assert [path.name.startswith(f"{first.name}.damaged") for path in (tmp_path / "adapters").iterdir()].count(True) == 1


@pytest.mark.parametrize("name", [adapters.WEIGHTS, adapters.CONFIG])
def test_one_flipped_bit_is_found(tmp_path, name):
    folder = adapters.install(make(tmp_path / "made"), tmp_path / "adapters")
    body = bytearray((folder / name).read_bytes())
    body[len(body) // 2] ^= 1
    (folder / name).write_bytes(body)
    with pytest.raises(BadAdapter, match="altered"):
        adapters.verify(folder, folder.name)
    (folder / name).unlink()
    with pytest.raises(BadAdapter, match=f"has no {name}"):
        adapters.verify(folder, folder.name)


def test_a_missing_adapter_is_named(tmp_path):
    with pytest.raises(BadAdapter, match="adapter abcdef does not exist"):
        adapters.verify(tmp_path / "abcdef", "abcdef")


def test_weights_that_fit_pass(tmp_path, loaded):
    adapters.check_weights(make(tmp_path / "made"), loaded[0], "w")


def test_wrong_rank_is_refused(tmp_path, loaded):
    folder = make(tmp_path / "made")
    config = json.loads((folder / adapters.CONFIG).read_text()) | {"r": 8}
    (folder / adapters.CONFIG).write_text(json.dumps(config))
    with pytest.raises(BadAdapter, match="does not fit the base"):
        adapters.check_weights(folder, loaded[0], "w")


def test_nan_is_refused(tmp_path, loaded):
    with pytest.raises(BadAdapter, match="non-finite values in .*lora_A"):
        adapters.check_weights(make(tmp_path / "made", scale=float("nan")), loaded[0], "w")


def test_another_base_is_refused(tmp_path, loaded):
    with pytest.raises(BadAdapter, match="trained for another base"):
        adapters.check_weights(make(tmp_path / "made", weights_key="x"), loaded[0], "w")


@pytest.mark.parametrize("key", [KEY.replace("layers.0", "layers.9"), "something_else"])
def test_unknown_modules_are_refused(tmp_path, loaded, key):
    folder = make(tmp_path / "made")
    save_file({**load_file(folder / adapters.WEIGHTS), key: torch.ones(4, 32)}, folder / adapters.WEIGHTS)
    with pytest.raises(BadAdapter, match="which the base lacks"):
        adapters.check_weights(folder, loaded[0], "w")


def test_a_truncated_file_is_refused(tmp_path, loaded):
    folder = make(tmp_path / "made")
    body = (folder / adapters.WEIGHTS).read_bytes()
    (folder / adapters.WEIGHTS).write_bytes(body[: len(body) // 2])
    with pytest.raises(BadAdapter, match="cannot be read"):
        adapters.check_weights(folder, loaded[0], "w")


def test_no_disk_is_said_before_work_starts(tmp_path):
    adapters.require_free_disk(tmp_path, 1)
    with pytest.raises(WeakspotError, match="not enough free disk"):
        adapters.require_free_disk(tmp_path, 10**18)
