"""The outline as nested data, as lines of text, and from the command line."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.cli.output import can_draw, write_lines
from agent.report.tree import BOXES, HEADING, nested, path_to, tree_lines


def node(number: int, parent: int | None, label: str, weakness: str = "", depth: int = 1, n: int = 20, failed: int = 5) -> dict[str, Any]:
    return {"id": f"N{number}", "parent": f"N{parent}" if parent else None, "label": label, "n": n, "n_failures": failed, "accuracy": 1 - failed / n,
            "ci_low": 0.5, "ci_high": 0.9, "weakness": weakness, "depth": depth}


NODES = [node(1, None, "all probes", depth=0, n=1000), node(2, 1, "first"), node(3, 2, "below", depth=2), node(4, 3, "deep", "W1", depth=3),
         node(5, 2, "twin", depth=2), node(6, 1, "bad\x1b[31m \u202e</script>\nlabel")]


def test_lines_draw_the_tree() -> None:
    assert [line[30:] for line in tree_lines(NODES, is_ascii=False)][1:] == [
        "all probes", "├─ first", "│  ├─ below", "│  │  └─ deep  [W1]", "│  └─ twin", "└─ bad\\x1b[31m \\u202e</script> label"]
    assert next(tree_lines(NODES, is_ascii=False)) == HEADING


def test_numbers_stand_in_columns() -> None:
    lines = list(tree_lines(NODES, is_ascii=False))
    assert lines[1].startswith(" 99.5 %   50–90 %     5/1000  all probes") and lines[2].startswith(" 75.0 %   50–90 %       5/20  ├─ first")


def test_ascii_lines_are_ascii() -> None:
    text = "\n".join(tree_lines(NODES, is_ascii=True))
    assert text.isascii() and "|  |  `- deep  [W1]" in text and "50-90 %" in text


def test_no_outline_is_no_line() -> None:
    assert list(tree_lines([], is_ascii=True)) == [] and nested([]) == [] and path_to([], "W1") == []


def test_nesting_marks_the_way_to_weaknesses() -> None:
    root = nested(NODES)[0]
    assert [child["label"] for child in root["children"][0]["children"]] == ["below", "twin"]
    flat = {one["id"]: one["holds_weakness"] for one in _flat([root])}
    assert flat == {"N1": True, "N2": True, "N3": True, "N4": False, "N5": False, "N6": False}
    assert "children" not in NODES[0], "the input stays as it was"


def test_the_path_leads_from_the_root_to_the_weakness() -> None:
    assert path_to(NODES, "W1") == ["all probes", "first", "below"]
    assert path_to(NODES, "W9") == []


@pytest.mark.parametrize(("encoding", "is_terminal", "expected"), [("utf-8", True, True), ("utf-8", False, False), ("ascii", True, False), ("cp1252", True, False)])
def test_boxes_need_a_terminal_that_has_them(monkeypatch: pytest.MonkeyPatch, encoding: str, is_terminal: bool, expected: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    assert can_draw("".join(BOXES)) is expected


def test_a_label_that_the_encoding_lacks_is_written_as_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    write_lines(["caf\u00e9"])
    stream.flush()
    assert buffer.getvalue() == b"caf\\xe9\n"


def _flat(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for one in nodes for found in [one, *_flat(one["children"])]]


def test_files_have_the_tree_and_each_weakness_its_path(finished_dir: Path, tmp_path: Path) -> None:
    import json
    import shutil

    from agent.report.folder import write_cycle
    from agent.store import Store
    from tests.agent.report.builder import RUN

    shutil.copytree(finished_dir, tmp_path / "state")
    with Store.open(tmp_path / "state") as store:
        folder = write_cycle(store, RUN, 1)
        stored = store.weaknesses.outline(RUN, 1)
    tree = json.loads((folder / "outline.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in _flat(tree)] == [one["id"] for one in stored] and tree[0]["label"] == "all probes"
    rows = {row["weakness"]: row for row in json.loads((folder / "weaknesses.json").read_text(encoding="utf-8"))}
    assert rows["W-format"]["path"] == ["all probes"] == rows["W-02"]["path"]
