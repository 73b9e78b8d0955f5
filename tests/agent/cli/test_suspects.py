"""Suspect labels where users look: `weaknesses`, `show`, `report`, `probes check`."""

from __future__ import annotations

import json
from pathlib import Path

from agent.store import Store
from tests.agent.cli.conftest import Weakspot
from tests.agent.report.builder import RUN, build_run


def test_verbs_that_read_a_run(weakspot: Weakspot, tmp_path: Path) -> None:
    state = tmp_path / "state"
    build_run(state)
    assert "suspect labels" not in weakspot("weaknesses").out
    with Store.open(state) as store:
        probe = store.samples.probes(RUN, "diagnose")[0]
        witnesses = [{"name": "solver", "says": "12", "weight": 3, "because": "the prompt comes to 12"}]
        store.suspects.add(RUN, 3, [{"suite": probe.suite, "probe_id": probe.probe_id, "gold": "evil\x1b[31m", "says": "12", "witnesses": witnesses}])
    shown = weakspot("weaknesses")
    assert shown.code == 0 and f"suspect labels of {RUN}, cycle 3: 1" in shown.out and "\x1b[31m" not in shown.out
    (row,) = weakspot("weaknesses", "--json").data["suspects"]
    assert (row["probe_id"], row["says"], row["witnesses"]) == (probe.probe_id, "12", witnesses)
    assert weakspot("weaknesses", "--cycle", "2", "--json").data["suspects"] == []
    told = weakspot("show", f"{probe.suite}/{probe.probe_id}").out
    assert "suspect label in cycle 3: rather 12; solver: the prompt comes to 12" in told
    assert "Suspect labels of cycle 3 (1)" in weakspot("report", "--format", "md").out
    assert "suspect labels of cycle 3: 1" in weakspot("report").out
    page = weakspot("report", "--format", "html", "-o", "-").out
    assert 'id="suspects"' in page and "\x1b[31m" not in page


def test_probes_check_notes_wrong_golds(weakspot: Weakspot) -> None:
    def write(slip: int) -> None:
        rows = [{"id": f"p{a}-{b}", "prompt": f"What is {a} + {b}?", "answer": str(a + b + slip * (a == b == 7)), "scorer": "numeric"}
                for a in range(9) for b in range(9)]  # fmt: skip
        Path("sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    write(1)
    ran = weakspot("probes", "check", "sums.jsonl")
    assert "note: gold answers are probably wrong (1): p7-7; p7-7: gold '15', rather '14' (the prompt comes to 14)" in ran.out
    write(0)
    assert "probably wrong" not in weakspot("probes", "check", "sums.jsonl").out
