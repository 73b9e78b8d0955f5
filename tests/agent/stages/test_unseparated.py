"""What the diagnose stage adds to a diagnosis: weaknesses that the clusters do not show, in the tree and in general."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agent.diagnosis.outline import OutlineNode
from agent.diagnosis.suspects import Suspect
from agent.stages.diagnose import GENERAL, _general, _outline
from probes.suite import Probe


def row(weakness: str, n: int, n_failures: int) -> dict[str, Any]:
    return {"weakness": weakness, "label": f"label of {weakness}", "n": n, "n_failures": n_failures, "failure_rate": n_failures / n, "ci_low": 0.1, "ci_high": 0.6}


@pytest.fixture
def found() -> Any:
    return SimpleNamespace(outline=(OutlineNode("N1", None, "all probes", 40, 10, 0.75, 0.6, 0.9, "", 0), OutlineNode("N2", "N1", "sums", 9, 8, 0.1, 0.0, 0.4, "W000001", 1)))


def test_what_is_still_there_hangs_beneath_the_root(found: Any) -> None:
    nodes = _outline(found, {"W000001": "adding long numbers"}, [row("W000002", 10, 3)])
    assert [node["label"] for node in nodes] == ["all probes", "adding long numbers", "label of W000002"]
    last = nodes[-1]
    assert (last["id"], last["parent"], last["weakness"], last["depth"], last["n"]) == ("N3", "N1", "W000002", 1, 10)
    assert (last["accuracy"], last["ci_low"], last["ci_high"]) == pytest.approx((0.7, 0.4, 0.9))


def test_what_nothing_separates_is_the_root_only_where_it_is_everything(found: Any) -> None:
    assert _outline(found, {}, [row(GENERAL, 40, 10)])[0]["weakness"] == GENERAL
    nodes = _outline(found, {}, [row(GENERAL, 30, 7), row("W000002", 10, 3)])
    assert [node["weakness"] for node in nodes] == ["", "W000001", GENERAL, "W000002"]


def test_without_probes_there_is_no_tree() -> None:
    assert _outline(SimpleNamespace(outline=()), {}, [row("W000002", 10, 3)]) == []  # type: ignore[arg-type]


def test_what_nothing_separates_leaves_out_known_weaknesses_and_wrong_golds() -> None:
    probes = [Probe("s", f"p{at}", f"question {at}", "yes", "exact") for at in range(20)]
    found: Any = SimpleNamespace(
        failure_types=["wrong"] * 6 + ["label_suspect"] * 2 + ["wrong"] * 3 + [None] * 9, suspects=[Suspect("s", f"p{at}", "yes", "no", ()) for at in (6, 7, 19)])
    (general,) = _general(found, probes, known={8, 9, 10, 11})
    assert general.failures == (0, 1, 2, 3, 4, 5)
    assert general.members == (0, 1, 2, 3, 4, 5, *range(12, 19))
    assert (general.n, general.n_failures, general.failure_types) == (13, 6, {"wrong": 6})
    assert _general(found, probes, known={0, 1, 8, 9, 10, 11}) == []
