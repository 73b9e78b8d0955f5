"""The run folder: complete, the same when written twice, never half-written, audit sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config import load_config
from agent.report import folder
from agent.store import Store
from tests.agent.report.builder import RUN, adapter_name, build_run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    state = tmp_path_factory.mktemp("state")
    build_run(state)
    with Store.open(state) as store:
        for cycle in (1, 2, 3):
            folder.write_cycle(store, RUN, cycle)
        folder.write_run(store, RUN)
        yield store


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_all_files_of_the_interface_are_there(written: Store) -> None:
    run = folder.run_folder(written, RUN)
    assert {path.name for path in run.iterdir()} == {"config.yaml", "log.md", "report.html", "report.json", "cycle-001", "cycle-002", "cycle-003"}
    for cycle in (1, 2, 3):
        assert {path.name for path in folder.cycle_folder(written, RUN, cycle).iterdir()} == {
            "results.json", "samples.jsonl", "weaknesses.json", "outline.json", "map.parquet", "rejected.jsonl", "decision.json", "report.html"}


def test_writing_again_changes_nothing(written: Store) -> None:
    at = folder.cycle_folder(written, RUN, 2)
    before = {path.name: path.read_bytes() for path in at.iterdir()}
    folder.write_cycle(written, RUN, 2)
    assert {path.name: path.read_bytes() for path in at.iterdir()} == before


def test_samples_have_champion_and_candidate_and_no_audit_probe(written: Store) -> None:
    rows = _rows(folder.cycle_folder(written, RUN, 2) / "samples.jsonl")
    assert {(row["model"], row["adapter"]) for row in rows} == {("champion", adapter_name(1)), ("candidate", adapter_name(2))}
    assert {row["split"] for row in rows} == {"diagnose", "gate", "protected"}
    sealed = {probe.probe_id for probe in written.samples.probes(RUN, "audit")}
    assert not sealed & {row["doc"]["probe_id"] for row in rows}
    assert {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "doc_hash", "prompt_hash", "target_hash"} <= set(rows[0])
    results = json.loads((folder.cycle_folder(written, RUN, 2) / "results.json").read_text())
    strict = [row["strict"] for row in rows if row["model"] == "candidate" and row["split"] == "gate"]
    assert results["candidate"]["results"]["basics/gate"]["strict,none"] == pytest.approx(sum(strict) / len(strict))
    assert not any("audit" in name for name in results["champion"]["results"])


def test_the_map_has_the_columns_of_embedding_atlas(written: Store) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(folder.cycle_folder(written, RUN, 1) / "map.parquet")
    assert {"projection_x", "projection_y", "neighbors", "text", "weakness", "answer", "failure_type"} <= set(table.column_names)
    assert table.num_rows == len(written.samples.probes(RUN, "diagnose"))
    assert None not in table.column("answer").to_pylist()


def test_rejected_lessons_keep_reason_and_raw_text(written: Store) -> None:
    rows = _rows(folder.cycle_folder(written, RUN, 1) / "rejected.jsonl")
    assert {row["reason"] for row in rows} == {"near duplicate of another lesson", "not JSON"}
    assert any(row["raw"] == "<b>not json</b>" for row in rows)


def test_the_log_tells_what_failed_too(written: Store) -> None:
    text = (folder.run_folder(written, RUN) / "log.md").read_text()
    assert "cycle 2: rejected" in text and "fell: basics" in text and text.index("cycle 1: promoted") < text.index("cycle 3: promoted")


def test_the_configuration_runs_again(written: Store) -> None:
    loaded = load_config(folder.run_folder(written, RUN) / "config.yaml", env={})
    assert loaded.config.hash() == written.runs.get(RUN)["config_hash"]


def test_a_failure_in_the_middle_leaves_the_old_file_and_no_scrap(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    folder.write_lines(path, [{"a": 1}])

    def rows() -> Iterator[dict]:
        yield {"a": 2}
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder.write_lines(path, rows())
    assert path.read_text() == '{"a": 1}\n'
    assert [found.name for found in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_cycle_without_candidate_is_exported(tmp_path: Path) -> None:
    build_run(tmp_path, n_cycles=0, status="running", is_audited=False)
    with Store.open(tmp_path) as store:
        store.runs.begin_stage(RUN, 1, "evaluate", "h")
        with store.transaction():
            store.decisions.record(RUN, 1, {"decision": "converged", "reason": "nothing weak", "champion": "", "candidate": "", "look": 0, "p_value": None,
                                            "level": None, "details": {}})
        at = folder.write_cycle(store, RUN, 1)
    assert json.loads((at / "results.json").read_text())["candidate"] is None
    assert json.loads((at / "decision.json").read_text())["decision"] == "converged"
