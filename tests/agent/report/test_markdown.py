"""Markdown and terminal: foreign text means nothing there."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from agent.report.comparison import compare_models
from agent.report.markdown import code, plain, render_markdown
from agent.report.terminal import comparison_tables, render_terminal
from agent.store import Store
from tests.agent.report.builder import RUN


def test_every_row_of_a_table_has_as_many_cells_as_its_header(report: dict[str, Any]) -> None:
    n_tables = 0
    for block in render_markdown(report).split("\n\n"):
        lines = block.splitlines()
        if len(lines) < 2 or not re.fullmatch(r"\|(---\|)+", lines[1]):
            continue
        n_tables += 1
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1, lines
    assert n_tables > 10


def test_the_tree_is_a_list_down_to_the_weaknesses(report: dict[str, Any]) -> None:
    text = render_markdown({**report, "cycles": report["cycles"][:1]})
    lines = [line for line in text.splitlines() if re.match(r" *- ", line) and " right (" in line]
    outline = report["cycles"][0]["outline"]
    assert len(lines) == sum(node["depth"] < 2 for node in outline), "no deeper than needed"
    assert lines[0].startswith("- all probes: ") and any(line.startswith("  - **addition** `W-00`: 0.0 % right (") for line in lines)
    assert any("&lt;img src=x onerror=alert(1)&gt;" in line for line in lines)


def test_no_tag_link_or_fence_is_left(report: dict[str, Any]) -> None:
    text = render_markdown(report)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<img" not in outside and "<script" not in outside
    assert text.count("```") == 2, "the commands; a model's fence must not open a block"
    assert "\x1b" not in text and "\u202e" not in text


def test_gains_per_weakness_are_shown_shrunk(report: dict[str, Any]) -> None:
    text = render_markdown(report)
    assert "| weakness | n | fixed | broken | gain | shrunk | 95 % | q |" in text and "| 20 | 7 | 1 | +30.0 | +27.0 | +11.0 to +43.0 | 0.07 |" in text


@pytest.mark.parametrize("hostile", ["`", "``x``", "a ` b `` c", "`start", "end`", "```\ncode"])
def test_a_code_span_cannot_be_left(hostile: str) -> None:
    span = code(hostile)
    ticks = re.match(r"`+", span)
    assert ticks is not None
    inside = span[len(ticks[0]) : -len(ticks[0])]
    assert ticks[0] not in re.findall(r"`+", inside)


def test_plain_text_is_inert() -> None:
    assert "|" not in code("a | b")
    assert plain("[x](http://e) *a* <b> | # c") == r"\[x\](http://e) \*a\* &lt;b&gt; \| \# c"


def test_the_report_names_every_decision_with_its_reason(report: dict[str, Any]) -> None:
    text = render_markdown(report)
    assert "## Cycle 1: promoted" in text and "## Cycle 2: rejected" in text and "optimistic" in text and "## Gain on the audit split" in text


@pytest.mark.parametrize("width", [80, 200])
def test_the_terminal_gets_text_only(report: dict[str, Any], store: Store, width: int) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width, markup=False)
    for renderable in [*render_terminal(report), *comparison_tables(compare_models(store, "base", RUN), 20)]:
        console.print(renderable)
    text = stream.getvalue()
    assert "\x1b" not in text and "\u202e" not in text
    assert "3 cycles, 2 promoted" in text.replace("\n", " ") and "optimistic" in text
