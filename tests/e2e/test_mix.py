"""The mix in a whole run: domains and policies hold, every row is traced back, and the same file comes out again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.cli import main
from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.provenance import explain, rebuild
from agent.store import Store
from agent.watch import SilentWatcher
from probes.errors import WeakspotError
from tests.e2e.driver import SETTINGS


def run(state: Path, *more: str) -> str:
    outcome = start(load_config(None, [*SETTINGS, *more], {}), state, SilentWatcher(), open_student=scripted_student())
    assert outcome.status == "finished", outcome.reason
    return outcome.run


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder of a run of two cycles whose real data is a file of its own beside the exemplars."""
    folder = tmp_path_factory.mktemp("own")
    with (folder / "own.jsonl").open("w") as stream:
        for i in range(200):
            stream.write(json.dumps({"prompt": f"Tell me about village {i}, please, in one sentence.", "completion": f"Village {i} lies by a river and has {i} wells."}) + "\n")
    run(folder / "state", f"curriculum.anchors=[{folder / 'own.jsonl'}, gsm8k_cot]")
    return folder


Weakspot = Callable[..., tuple[int, str, str]]


@pytest.fixture
def weakspot(capsys: pytest.CaptureFixture[str]) -> Weakspot:
    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


def test_every_curriculum_comes_out_again_bit_by_bit_also_from_a_copy(own: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(own / "state", copy)
    for state in (own / "state", copy):
        with Store.read(state) as store:
            name = store.runs.get()["run"]
            cycles = [cycle for cycle in (1, 2) if store.lessons.curriculum(name, cycle)]
            assert cycles == [1, 2]
            for cycle in cycles:
                _, body = rebuild(store, name, cycle)
                row = store.lessons.curriculum(name, cycle)
                assert row and body == (own / "state" / row["path"]).read_bytes()
                assert hashlib.sha256(body).hexdigest() == row["sha256"]
                parts = {item["part"] for item in row["recipe"]["rows"]}
            assert {"new", "anchor"} < parts, "lessons of the first cycle are in the second one"


def test_a_lost_or_altered_file_is_put_back(own: Path, tmp_path: Path, weakspot: Weakspot) -> None:
    state = tmp_path / "state"
    shutil.copytree(own / "state", state)
    path = state / json.loads(weakspot("mix", "show", "--json", "--state", state)[1])["path"]
    body = path.read_bytes()
    assert "as it was" in weakspot("mix", "rebuild", "--state", state)[1]
    path.write_bytes(body[:-30])
    assert "it was altered" in weakspot("mix", "rebuild", "--state", state)[1] and path.read_bytes() == body
    path.unlink()
    assert json.loads(weakspot("mix", "rebuild", "--json", "--state", state)[1])["was"] == "missing" and path.read_bytes() == body
    assert weakspot("mix", "rebuild", "-o", tmp_path / "new" / "again.jsonl", "--state", state)[0] == 0
    assert (tmp_path / "new" / "again.jsonl").read_bytes() == body


def test_changed_real_data_is_refused_by_name(own: Path, weakspot: Weakspot) -> None:
    path, state = own / "own.jsonl", own / "state"
    text = path.read_text()
    try:
        path.write_text(text.replace("village 7,", "village seven,"))
        code, _, err = weakspot("mix", "rebuild", "--state", state)
        assert code == 1 and "has changed since" in err and f"{path}: 200 rows" in err and "gsm8k_cot" not in err
        path.unlink()
        code, _, err = weakspot("mix", "rebuild", "--state", state)
        assert code == 2 and f"no anchor file {path}" in err
    finally:
        path.write_text(text)
    assert weakspot("mix", "rebuild", "--state", state)[0] == 0


def test_a_row_changed_in_the_database_is_noticed(own: Path, tmp_path: Path) -> None:
    shutil.copytree(own / "state", tmp_path / "state")
    with Store.open(tmp_path / "state") as store:
        name = store.runs.get()["run"]
        store.db.execute("UPDATE lessons SET completion = completion || '!' WHERE outcome = 'pass'")
        store.db.conn.commit()
        with pytest.raises(WeakspotError, match="rows of the recipe are not to be found"):
            rebuild(store, name, 1)


def test_every_row_leads_back_to_its_sources(own: Path, weakspot: Weakspot) -> None:
    with Store.read(own / "state") as store:
        name = store.runs.get()["run"]
        row = store.lessons.curriculum(name, 1)
        assert row
        lines = (own / "state" / row["path"]).read_text().splitlines()
        n_real = 0
        for number, line in enumerate(lines, start=1):
            facts, trained = explain(store, name, 1, str(number)), json.loads(line)
            assert (facts["lesson"], facts["prompt"]) == (trained["lesson_id"], trained["prompt"][0]["content"])
            if "anchor" in facts:
                n_real += 1
                path, _, place = facts["origin"].partition(", line ")
                if path == str(own / "own.jsonl"):
                    assert json.loads(Path(path).read_text().split("\n")[int(place) - 1])["prompt"] == facts["prompt"]
                else:
                    assert facts["origin"].startswith("lm-eval:gsm8k_cot/")
                continue
            assert facts["teacher"] == "symbolic" and facts["label"]
            assert [verdict["step"] for verdict in facts["verdicts"]][0] == "parse" and facts["verdicts"][-1]["step"] == "verifier"
            assert facts["parents"] and all(parent["kind"] == "probe" and parent["split"] == "diagnose" and parent["prompt"] for parent in facts["parents"])
        assert n_real == sum(item["part"] == "anchor" for item in row["recipe"]["rows"]) > 10
        counts = {found["step"]: found["n"] for found in store.db.query("SELECT step, count(*) AS n FROM v_verdicts WHERE run = ? AND cycle = 1 GROUP BY step", [name])}
        asked = next(store.db.query("SELECT sum(asked) AS n, sum(verified) AS verified FROM funnels WHERE run = ? AND cycle = 1", [name]))
        assert counts["parse"] == asked["n"] and counts["verifier"] >= asked["verified"]
    lesson = next(json.loads(line)["lesson_id"] for line in lines if json.loads(line)["depth"])
    shown = weakspot("mix", "explain", lesson, "--cycle", 1, "--state", own / "state")[1]
    assert "from probe basics/" in shown and "verifier: pass" in shown and "teacher: symbolic" in shown
    assert "no row '9999'" in weakspot("mix", "explain", "9999", "--state", own / "state")[2]
    assert "no row 'Lx'" in weakspot("mix", "explain", "Lx", "--state", own / "state")[2]
    shown = weakspot("mix", "show", "--cycle", 1, "--state", own / "state")[1]
    assert "jsonl:own.jsonl" in shown and "policy mix" in shown
    assert "has no curriculum of cycle 9" in weakspot("mix", "show", "--cycle", 9, "--state", own / "state")[2]


def test_a_domain_keeps_bounds_of_its_own(tmp_path: Path) -> None:
    domain = "{name: small skills, suites: [basics], anchors: [bbh_cot, mmlu_flan_cot], real_min: 0.5, real_max: 0.6}"
    run(tmp_path, f"curriculum.domains=[{domain}]", "limits.cycles=1", "curriculum.anchors=[gsm8k_cot]")
    with Store.read(tmp_path) as store:
        row = store.lessons.curriculum(store.runs.get()["run"], 1)
        assert row and 0.5 <= row["real_share"] <= 0.6
        assert list(row["recipe"]["domains"]) == ["small skills"]
        assert not any("gsm8k" in name for name in row["recipe"]["real_tokens_by_source"])
    with pytest.raises(WeakspotError, match="names a suite 'basix'"):
        run(tmp_path / "other", f"curriculum.domains=[{domain.replace('[basics]', '[basix]')}]")

