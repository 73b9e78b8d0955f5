"""Verbs before a run: init, config, probes, graph, doctor."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from agent.cli import doctor
from agent.config import Config, keys, load_config
from agent.store import Store
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import build_run


def test_init_writes_what_loads_back_to_the_defaults(weakspot: Weakspot) -> None:
    ran = weakspot("init", "project")
    assert ran.code == 0 and "next: weakspot run --dry-run -c project/config.yaml" in ran.out
    text = Path("project/config.yaml").read_text()
    assert load_config(Path("project/config.yaml"), env={}).config == Config()
    assert not [key for key in keys() if f"{key.split('.')[-1]}:" not in text], "every key is in the file"
    assert Path("project/example.jsonl").is_file()
    again = weakspot("init", "project")
    assert again.code == 2 and "is there already" in again.err


def test_every_commented_key_can_be_switched_on(weakspot: Weakspot) -> None:
    weakspot("init")
    lines = Path("config.yaml").read_text().splitlines()
    names = {key.split(".")[-1] for key in keys()} | set(Config.model_fields)
    opened = []
    for line in lines:
        bare = line.replace("# ", "", 1) if line.lstrip().startswith("#   ") is False else line.replace("#   ", "  ", 1)
        is_setting = line.lstrip().startswith("#") and bare.strip().split(":")[0] in names and not bare.strip().startswith("#")
        opened.append(bare if is_setting else line)
    Path("all.yaml").write_text("\n".join(opened) + "\n")
    loaded = load_config(Path("all.yaml"), env={})
    assert loaded.config == Config()
    assert {source for source in loaded.sources.values()} == {"all.yaml"}


def test_init_as_json_and_where_nothing_can_be_written(weakspot: Weakspot, tmp_path: Path) -> None:
    assert weakspot("init", "a", "--json").data["config"] == "a/config.yaml"
    (tmp_path / "file").write_text("")
    ran = weakspot("init", "file/sub")
    assert ran.code == 2 and "can't be written" in ran.err


def test_config_show_names_the_source_of_each_value(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKSPOT_TRAIN_EPOCHS", "2")
    Path("config.yaml").write_text("seed: 5\n")
    data = weakspot("config", "show", "--set", "train.lora_r=8", "--json").data
    assert list(data) == keys()
    assert data["seed"] == {"value": 5, "source": "config.yaml"}
    assert data["train.epochs"] == {"value": 2, "source": "env WEAKSPOT_TRAIN_EPOCHS"}
    assert data["train.lora_r"] == {"value": 8, "source": "--set"}
    assert data["train.lora_alpha"]["source"] == "default"
    assert "train.lora_alpha" in weakspot("config", "show").out


def _suite(path: str, rows: list[dict]) -> None:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


def _sums(n: int) -> list[dict]:
    return [{"id": f"s{i}", "prompt": f"What is {i} + {i * 3}? Answer with only the number.", "answer": str(4 * i), "scorer": "numeric", "meta": {"skill": "sums"}} for i in range(n)]


def test_probes_list_and_show(weakspot: Weakspot) -> None:
    names = [row["name"] for row in weakspot("probes", "list", "--json").data]
    assert "basics" in names and "basics" in weakspot("probes", "list").out
    _suite("mine.jsonl", _sums(30))
    data = weakspot("probes", "show", "mine.jsonl", "-n", "2", "--json").data
    assert data["n"] == 30 and sum(data["splits"].values()) == 30 and len(data["probes"]) == 2 and data["skills"] == {"sums": 30}
    shown = weakspot("probes", "show", "./mine.jsonl").out
    assert "mine: 30 probes" in shown and "What is 0 + 0?" in shown and "gold: 0" in shown
    assert "did you mean" in weakspot("probes", "show", "basisc").err


def test_probes_new_then_check(weakspot: Weakspot) -> None:
    ran = weakspot("probes", "new", "mine")
    assert ran.code == 0 and "weakspot probes check mine.jsonl" in ran.out
    assert weakspot("probes", "check", "mine.jsonl").code == 0, "the example can be run as it is"
    lines = Path("mine.jsonl").read_text().splitlines()
    Path("few.jsonl").write_text("\n".join(lines[:8]))
    assert weakspot("probes", "check", "few.jsonl", "--protected").code == 0, "sound"
    short = weakspot("probes", "check", "few.jsonl")
    assert short.code == 100 and "PROBLEM: too small to run" in short.out
    assert weakspot("probes", "new", "mine").code == 2


def test_probes_check_exits_with_100_on_problems(weakspot: Weakspot) -> None:
    _suite("good.jsonl", _sums(120))
    good = weakspot("probes", "check", "good.jsonl")
    assert good.code == 0 and "no problem found; next: weakspot run --suite good.jsonl" in good.out
    _suite("bad.jsonl", [*_sums(40), {**_sums(3)[2], "id": "again", "answer": "77"}])
    bad = weakspot("probes", "check", "bad.jsonl", "--json")
    assert bad.code == 100 and not bad.data["is_fit"] and any("different gold" in finding["what"] for finding in bad.data["findings"])
    assert "PROBLEM" in weakspot("probes", "check", "bad.jsonl").out


def test_probes_check_splits_as_the_configured_run_would(weakspot: Weakspot) -> None:
    _suite("mine.jsonl", _sums(120))
    assert weakspot("probes", "check", "mine.jsonl").code == 0
    for settings in ("diagnose: 0.9, gate: 0.05, audit: 0.05", "limit: 25", "split_key: other, diagnose: 0.05, gate: 0.05, audit: 0.9"):
        Path("config.yaml").write_text(f"suites: {{{settings}}}\n")
        small = weakspot("probes", "check", "mine.jsonl")
        assert small.code == 100 and "PROBLEM: too small to run" in small.out, settings
        assert weakspot("probes", "check", "mine.jsonl", "--protected").code == 0
        rehearsed = weakspot("run", "--dry-run", "--suite", "mine.jsonl")
        assert rehearsed.code == 2 and "suite 'mine' leaves" in rehearsed.err, settings
    Path("config.yaml").write_text("suites: {limit: 25, protected_limit: 20, protected: [mine.jsonl]}\n")
    assert weakspot("probes", "check", "mine.jsonl").code == 0, "the configuration calls it protected"
    assert weakspot("probes", "check", "basics_protected").code == 0


def test_a_file_that_is_no_suite_is_a_problem_and_a_missing_one_a_usage_error(weakspot: Weakspot) -> None:
    rows = [json.dumps(row) for row in _sums(20)]
    rows[16] = '{"id": "x", '
    Path("broken.jsonl").write_text("\n".join(rows))
    ran = weakspot("probes", "check", "broken.jsonl")
    assert ran.code == 100 and "line 17" in ran.err
    assert weakspot("probes", "check", "nowhere.jsonl").code == 2


def test_probes_check_finds_probes_that_were_taught(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    with Store.read(tmp_path / "state") as store:
        taught = store.lessons.rows(store.runs.get()["run"], 1, "pass")[5]
    _suite("mine.jsonl", [*_sums(60), {"id": "leak", "prompt": taught["prompt"], "answer": taught["answer"]}])
    ran = weakspot("probes", "check", "mine.jsonl")
    assert "lessons of earlier runs hold probes of this suite (1): mine/leak" in ran.out


def test_graph_prints_picture_and_mermaid(weakspot: Weakspot) -> None:
    data = weakspot("graph", "--json").data
    for stage in ("evaluate", "diagnose", "plan", "teach", "train", "gate"):
        assert stage in data["picture"] and stage in data["mermaid"]
    assert "graph TD" in data["mermaid"] and "A stage is" not in data["picture"]
    assert weakspot("graph").out.strip() == data["picture"].strip() and weakspot("graph", "--mermaid").out.strip() == data["mermaid"].strip()


def test_doctor_says_ready_or_fails(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "1.0")
    ready = weakspot("doctor", "--json")
    assert ready.code == 0, ready.out
    assert {check["name"] for check in ready.data["checks"]} == {"python", "packages", "lock file", "sqlite", "cores", "gpu", "sandbox", "state folder", "disk", "database", "student", "teacher"}
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "trl" else "1.0")
    failed = weakspot("doctor")
    assert failed.code == 1 and "missing: trl" in failed.out and "1 of 12 checks failed" in failed.out


def test_doctor_names_the_tier_in_force_or_why_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from curricula.sandbox import tiers

    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "too old"), tiers.TierInfo("landlock", True, "")))
    assert (doctor.sandbox_check().result, doctor.sandbox_check().detail.split(";")[0]) == ("ok", "landlock")
    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "too old"), tiers.TierInfo("landlock", False, "not in this kernel")))
    found = doctor.sandbox_check()
    assert (found.result, found.detail) == ("note", "none: namespaces: too old; landlock: not in this kernel")
    assert "unverifiable" in found.hint


def test_verifiers_are_listed_with_rates_that_were_measured(weakspot: Weakspot, monkeypatch: pytest.MonkeyPatch) -> None:
    from curricula.verifiers import contract
    from curricula.verifiers.exact import ExactVerifier
    from curricula.verifiers.judge import JudgeVerifier

    monkeypatch.setattr(contract, "_built_in", lambda: {"exact": ExactVerifier(), "judge": JudgeVerifier()})
    rows = {row["name"]: row["rates"] for row in weakspot("verifiers", "--json").data}
    assert (rows["exact"]["false_accept"], rows["exact"]["false_reject"], rows["judge"]) == (0, 0, None)
    assert "0.0%" in weakspot("verifiers").out and "70 canaries" in weakspot("verifiers").out
    monkeypatch.setattr(ExactVerifier, "verify", lambda self, lesson: contract.passed())
    assert {row["name"]: row["rates"] for row in weakspot("verifiers", "--json").data}["exact"]["false_accept"] == 1
    assert "100.0%" in weakspot("verifiers").out


def test_doctor_finds_a_damaged_database(weakspot: Weakspot, tmp_path: Path) -> None:
    build_run(tmp_path / "state")
    assert doctor.database_check(tmp_path / "state").result == "ok"
    path = tmp_path / "state" / "weakspot.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 9 * 4096] = b"\xff" * (6 * 4096)
    path.write_bytes(content)
    assert doctor.database_check(tmp_path / "state").result == "FAIL"


def test_doctor_checks_disk_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = Config.model_validate({"limits": {"disk_mb": 10**12}})
    results = {check.name: check for check in doctor.state_checks(tmp_path / "new" / "state", poor)}
    assert results["disk"].result == "FAIL" and "limits.disk_mb" in results["disk"].hint and results["state folder"].result == "ok"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    results = {check.name: check for check in doctor.state_checks(tmp_path, Config())}
    assert results["state folder"].result == "FAIL" and "--state" in results["state folder"].hint


def test_doctor_checks_the_teachers_key_without_telling_it(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config.model_validate({"teacher": {"model": "openai/gpt-4.1-mini"}})
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert doctor.teacher_check(config).result == "FAIL" and "OPENAI_API_KEY" in doctor.teacher_check(config).detail
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = doctor.teacher_check(config)
    assert found.result == "ok" and "sk-secret" not in found.detail + found.hint
    assert doctor.teacher_check(Config.model_validate({"teacher": {"model": "openai/x", "api_base": "http://127.0.0.1:1"}})).result == "ok"
    assert doctor.teacher_check(Config()).result == "ok"


def test_doctor_looks_for_the_student(tmp_path: Path) -> None:
    assert doctor.student_check(Config(), tmp_path).result == "note"
    (tmp_path / "models" / "smollm2-135m-abc").mkdir(parents=True)
    (tmp_path / "models" / "smollm2-135m-abc" / "config.json").write_text("{}")
    assert doctor.student_check(Config(), tmp_path).result == "ok"
    missing = doctor.student_check(Config.model_validate({"student": {"model": str(tmp_path / "none")}}), tmp_path)
    assert missing.result == "FAIL" and "safetensors" in missing.detail


@pytest.mark.parametrize(("version", "result"), [((3, 40, 1), "note"), ((3, 51, 2), "note"), ((3, 51, 3), "ok"), ((3, 6, 9), "ok")])
def test_doctor_names_the_wal_race(version: tuple[int, int, int], result: str) -> None:
    assert doctor.sqlite_check(version).result == result


def test_doctor_compares_with_the_lock(tmp_path: Path) -> None:
    assert doctor.lock_check(tmp_path).result == "note"
    (tmp_path / "requirements.lock").write_text("# made\npytest==0.0.1\nnever-heard-of==1.0 ; python_version > '3'\n")
    found = doctor.lock_check(tmp_path)
    assert found.result == "note" and "pytest" in found.detail and "1 not installed" in found.detail
