"""The outline of the hierarchy, made ready to be shown: nested data for pages and files, lines of text for a terminal.

Rows of `Weaknesses.outline` go in, in reading order. Labels are foreign text: in a line they are made harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.report.wording import one_line, percent, percent_interval

LABEL_WIDTH = 100  # characters
BOXES = ("├─ ", "└─ ", "│  ", "   ")
ASCII = ("|- ", "`- ", "|  ", "   ")
HEADING = "  right      95 %      wrong"


def nested(nodes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Roots with `children`, and `holds_weakness`: is there one below?"""
    made: dict[str | None, dict[str, Any]] = {None: {"children": [], "holds_weakness": False}}
    for node in nodes:  # parents come first
        made[node["id"]] = {**node, "children": [], "holds_weakness": False}
        made[node["parent"]]["children"].append(made[node["id"]])
    parents = {node["id"]: node["parent"] for node in nodes}
    for node in nodes:
        above = node["parent"] if node["weakness"] else None
        while above is not None:
            made[above]["holds_weakness"] = True
            above = parents[above]
    return list(made[None]["children"])


def path_to(nodes: Sequence[Mapping[str, Any]], weakness: str) -> list[str]:
    """Labels from the root down to a weakness's parent; empty where it is not in the outline."""
    by_id = {node["id"]: node for node in nodes}
    above = next((node["parent"] for node in nodes if node["weakness"] == weakness), None)
    path: list[str] = []
    while above is not None:
        path.insert(0, by_id[above]["label"])
        above = by_id[above]["parent"]
    return path


def tree_lines(nodes: Sequence[Mapping[str, Any]], *, is_ascii: bool) -> Iterator[str]:
    """A heading and a line a node, numbers first: labels of any width can't break the columns."""
    if not nodes:
        return
    boxes = ASCII if is_ascii else BOXES
    yield HEADING

    def below(siblings: list[dict[str, Any]], stem: str) -> Iterator[str]:
        for node in siblings:
            is_last = node is siblings[-1]
            branch, deeper = ("", "") if node["parent"] is None else (stem + boxes[is_last], stem + boxes[2 + is_last])
            mark = f"  [{node['weakness']}]" if node["weakness"] else ""
            yield f"{_numbers(node, is_ascii)}  {branch}{one_line(node['label'], LABEL_WIDTH)}{mark}"
            yield from below(node["children"], deeper)

    yield from below(nested(nodes), "")


def _numbers(node: Mapping[str, Any], is_ascii: bool) -> str:
    band = percent_interval(node["ci_low"], node["ci_high"])
    wrong = f"{node['n_failures']}/{node['n']}"
    return f"{percent(node['accuracy']):>7}  {band.replace('–', '-') if is_ascii else band:>8}  {wrong:>9}"
