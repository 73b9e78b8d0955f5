"""Configuration: precedence, origins, and errors that name the key, the value and the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import Config, changed_keys, keys, load_config
from probes.errors import WeakspotError


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("seed: 1\ntrain:\n  lora_r: 4\n  epochs: 2\n")
    loaded = load_config(file, ["train.lora_r=16"], {"WEAKSPOT_TRAIN_LORA_R": "8", "WEAKSPOT_TRAIN_EPOCHS": "3"})
    assert (loaded.config.train.lora_r, loaded.config.train.epochs, loaded.config.seed) == (16, 3, 1)
    assert loaded.sources["train.lora_r"] == "--set"
    assert loaded.sources["train.epochs"] == "env WEAKSPOT_TRAIN_EPOCHS"
    assert loaded.sources["seed"] == str(file)
    assert loaded.sources["train.batch_size"] == "default"


def test_unknown_key_gets_a_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("train:\n  lorar: 4\n")
    with pytest.raises(WeakspotError) as caught:
        load_config(file, env={})
    assert "'train.lorar'" in caught.value.message and "train.lora_r" in caught.value.hint and str(file) in caught.value.where


@pytest.mark.parametrize(("text", "says"), [
    ("gate: {alpha: 7}", "gate.alpha"), ("suites: {gate: 0.9}", "must be 1"), ("curriculum: {real_min: .9}", "above real_max"),
    ("suites: {probes: [a], protected: [a]}", "both in probes and in protected"), ("limits: {cycles: many}", "limits.cycles"),
])
def test_values_out_of_range_are_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(WeakspotError) as caught:
        load_config(file, env={})
    assert says in str(caught.value)


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("seed: 1\ntrain: [\n")
    with pytest.raises(WeakspotError, match="not valid YAML") as caught:
        load_config(file, env={})
    assert "line" in caught.value.where


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeakspotError, match="not found"):
        load_config(tmp_path / "none.yaml", env={})


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "smollm2-135m").mkdir()
    elsewhere.mkdir()
    (elsewhere / "mine.jsonl").write_text("{}")
    monkeypatch.chdir(elsewhere)
    file = tmp_path / "c.yaml"
    file.write_text("suites:\n  probes: [mine.jsonl, basics]\n  protected: [data/p.jsonl, my_task]\n  include_path: [tasks, /abs, ~/home]\n"
                    "curriculum:\n  anchors: [gsm8k_cot, own.jsonl]\nstudent:\n  model: models/mine\n")
    config = load_config(file, env={}).config
    assert config.suites.probes == [str(tmp_path / "mine.jsonl"), "basics"]
    assert config.suites.protected == [str(tmp_path / "data" / "p.jsonl"), "my_task"]
    assert config.suites.include_path == [str(tmp_path / "tasks"), "/abs", "~/home"]
    assert config.curriculum.anchors == ["gsm8k_cot", str(tmp_path / "own.jsonl")]
    assert config.student.model == str(tmp_path / "models" / "mine")
    for name in ("org/name", "smollm2-135m"):
        file.write_text(f"student: {{model: {name}}}\n")
        assert load_config(file, env={}).config.student.model == name


def test_paths_in_flags_and_environment_are_relative_to_the_working_folder_and_survive_being_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(None, ["suites.probes=[mine.jsonl, basics]"], {"WEAKSPOT_SUITES_INCLUDE_PATH": "[tasks]"}).config
    assert config.suites.probes == [str(tmp_path / "mine.jsonl"), "basics"] and config.suites.include_path == [str(tmp_path / "tasks")]
    stored = tmp_path / "state" / "runs" / "r" / "config.yaml"
    stored.parent.mkdir(parents=True)
    stored.write_text(config.to_yaml())
    assert load_config(stored, env={}).config == config


def test_yaml_round_trip_gives_an_equal_config() -> None:
    import yaml

    config = load_config(None, ["seed=3", "plan.strategies=[symbolic]"], {}).config
    assert Config.model_validate(yaml.safe_load(config.to_yaml())) == config


def test_limits_may_change_on_resume_but_nothing_else() -> None:
    old = Config()
    longer, other = load_config(None, ["limits.cycles=9"], {}).config, load_config(None, ["train.lora_r=4"], {}).config
    assert changed_keys(old, longer) == [] and old.hash() == longer.hash()
    assert changed_keys(old, other) == ["train.lora_r (16 -> 4)"] and old.hash() != other.hash()


def test_every_key_is_documented() -> None:
    undocumented = []
    for name, field in Config.model_fields.items():
        group = field.annotation
        assert group is not None
        for key, inner in getattr(group, "model_fields", {}).items():
            if not inner.description:
                undocumented.append(f"{name}.{key}")
    assert undocumented == []
    assert 40 <= len(keys()) <= 90


def test_domains_and_sources_of_real_data(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "c.yaml").write_text(
        "curriculum:\n  policy: both\n  anchors: [gsm8k_cot, 'text:books', 'hf:saved?limit=5', 'hf:org/name', 'own.parquet?prompt=q&completion=a']\n"
        "  domains:\n    - {name: code, suites: [humaneval], anchors: [code.jsonl], real_min: 0.5}\n")
    config = load_config(tmp_path / "c.yaml", [], {}).config.curriculum
    assert config.anchors == ["gsm8k_cot", f"text:{tmp_path}/books", f"hf:{tmp_path}/saved?limit=5", "hf:org/name", f"{tmp_path}/own.parquet?prompt=q&completion=a"]
    (domain,) = config.domains
    assert (domain.suites, domain.anchors, domain.real_min, domain.real_max) == (("humaneval",), (str(tmp_path / "code.jsonl"),), 0.5, 0.7)
    again = tmp_path / "again.yaml"
    again.write_text(load_config(tmp_path / "c.yaml", [], {}).config.to_yaml())
    assert load_config(again, [], {}).config.curriculum == config, "a stored configuration means the same"
    for odd, message in [("[{name: a, suites: [x], anchors: [y], real_min: 0.9}]", "above real_max"), ("[{name: a, suites: [x]}]", "anchors"),
                         ("[{name: a, suites: [x], anchors: [y]}, {name: a, suites: [z], anchors: [y]}]", "two domains"), ("[{name: a, suites: [x], anchors: [y], more: 1}]", "more")]:
        with pytest.raises(WeakspotError) as caught:
            load_config(None, [f"curriculum.domains={odd}"], {})
        assert message in caught.value.where
