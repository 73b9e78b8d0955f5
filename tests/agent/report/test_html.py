"""The HTML report: one file, no network, and hostile text stays text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from agent.report.facts import build_report
from agent.report.html import SHAPES, TEMPLATES, embedded_json, render_html, script_hash
from agent.store import Store
from tests.agent.report.builder import RUN, build_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page(HTMLParser):
    """What a browser would see of a page: elements, attributes, scripts, text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._inside: str | None = None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            attrs, body = self.scripts[-1]
            self.scripts[-1] = (attrs, body + data)
        elif self._inside != "style":
            self.text += data


@pytest.fixture(scope="module")
def source(finished_dir: Path) -> str:
    with Store.read(finished_dir) as store:
        return render_html(build_report(store, RUN))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_only_our_three_scripts_exist_and_plotly_once(page: Page) -> None:
    assert [attrs.get("type") for attrs, _ in page.scripts] == ["application/json", None, None]
    assert sum("plotly.js v" in body for _, body in page.scripts) == 1


def test_the_policy_allows_exactly_these_scripts(page: Page) -> None:
    policy = next(attrs["content"] for tag, attrs in page.elements if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and "default-src 'none'" in policy
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    assert allowed == {script_hash(body) for attrs, body in page.scripts if attrs.get("type") is None}
    assert "script-src 'unsafe" not in policy and "unsafe-eval" not in policy


def test_no_hostile_element_or_attribute_came_through(page: Page) -> None:
    assert not [tag for tag, _ in page.elements if tag in ("img", "iframe", "object", "embed", "form", "base")]
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]
    links = [attrs[name] for _, attrs in page.elements for name in ("src", "href") if name in attrs]
    assert links and all(link is not None and link.startswith("#") for link in links), "nothing is fetched"


def test_hostile_text_is_shown_as_it_was_written(page: Page, source: str) -> None:
    assert "</script><script>alert('x')</script>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text and "{{ 7*7 }}" in page.text
    assert "\\x1b[31mred" in page.text and "\\u202eevil" in page.text
    assert "\x1b" not in source and "\u202e" not in source


def test_data_is_json_that_cannot_end_its_element(page: Page) -> None:
    data = json.loads(page.scripts[0][1])
    assert any("</script>" in point["answer"] for point in data["map"]["points"])
    assert "<" not in page.scripts[0][1]
    assert json.loads(embedded_json({"a": "</script>\u2028&"})) == {"a": "</script>\u2028&"}


def test_it_has_all_sections_and_labels_the_gate_optimistic(page: Page, report: dict[str, Any]) -> None:
    ids = {attrs.get("id") for _, attrs in page.elements}
    assert {"cycles", "trend", "weaknesses", "map", "samples", "curriculum", "gate", "reproduce"} <= ids
    assert "Gate gains are optimistic" in page.text and report["headline"] in page.text
    for rule in report["cycles"][1]["rules"]:
        assert rule["detail"] in page.text


def test_broken_samples_come_before_fixed_ones(page: Page) -> None:
    kinds = [(attrs.get("class") or "").split()[1] for tag, attrs in page.elements if tag == "article"]
    assert kinds[0] == "broken"
    assert "fixed" in kinds


def test_the_tree_is_nested_lists_that_open_without_script(source: str, report: dict[str, Any]) -> None:
    tree = re.search(r'<div class="tree">(.*?)</div>', source, re.S)
    assert tree
    body, outline = tree.group(1), report["cycles"][-1]["outline"]
    parents = {node["parent"] for node in outline}
    assert body.count("<li>") == len(outline)
    assert body.count("<summary>") == body.count("</details>") == sum(node["id"] in parents for node in outline)
    assert body.count('<span class="line weak">') == sum(bool(node["weakness"]) for node in outline) > 0
    page = Page(body)
    for node in outline:
        assert f"{node['n_failures']} of {node['n']} wrong" in page.text
    root = next(attrs for tag, attrs in page.elements if tag == "details")
    assert "open" in root, "the first level can be read at once"
    assert "script" not in {tag for tag, _ in page.elements} and "img" not in {tag for tag, _ in page.elements}
    assert "<img src=x onerror=alert(1)>" in page.text and "</script><script>alert('x')</script>" in page.text, "hostile labels are text"


def test_the_way_to_a_weakness_is_open(finished_dir: Path) -> None:
    with Store.read(finished_dir) as store:
        report = build_report(store, RUN)
    node = {"n": 9, "n_failures": 3, "accuracy": 2 / 3, "ci_low": 0.3, "ci_high": 0.9, "weakness": ""}
    report["cycles"][-1]["outline"] = [{**node, **more} for more in (
        {"id": "N1", "parent": None, "label": "all probes", "depth": 0}, {"id": "N2", "parent": "N1", "label": "way", "depth": 1},
        {"id": "N3", "parent": "N2", "label": "spot", "weakness": "W-02", "depth": 2}, {"id": "N4", "parent": "N1", "label": "other", "depth": 1},
        {"id": "N5", "parent": "N4", "label": "part", "depth": 2})]
    tree = re.search(r'<div class="tree">(.*?)</div>', render_html(report), re.S)
    assert tree and ["open" in attrs for tag, attrs in Page(tree.group(1)).elements if tag == "details"] == [True, True, False]


def test_the_map_is_chosen_from_by_buttons(page: Page, report: dict[str, Any]) -> None:
    legend = report["map"]["legend"]
    buttons = [attrs for tag, attrs in page.elements if tag == "button" and "aria-pressed" in attrs]
    assert [attrs["data-weakness"] for attrs in buttons] == ["*", *(row["id"] for row in legend), ""] and len(legend) > 2
    assert [attrs["aria-pressed"] for attrs in buttons] == ["true", *["false"] * (len(legend) + 1)]
    found = {attrs["data-weakness"] for tag, attrs in page.elements if tag == "button" and attrs.get("class") == "find"}
    assert found == {row["id"] for row in legend}, "each weakness on the map is found from its table"
    data = json.loads(page.scripts[0][1])["map"]
    assert data["legend"] == [row["id"] for row in legend]
    for row in legend:
        assert any(row["id"] in point["weaknesses"] for point in data["points"])
    chart = next(attrs for _, attrs in page.elements if attrs.get("id") == "map-chart")
    assert chart["tabindex"] == "0" and "arrow keys" in str(chart["aria-label"])


def test_colours_and_shapes_of_script_page_and_style_agree() -> None:
    script, style = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    n_colours = int(re.findall(r"N_COLOURS = (\d+)", script)[0])
    assert len(re.findall(r'"(circle|square|triangle-up|diamond)"', script)) == len(SHAPES)
    assert f"index % {n_colours} + 1" in (TEMPLATES / "report.html.j2").read_text(encoding="utf-8")
    for block in style.split("@media")[:2]:
        assert set(re.findall(r"--(c\d):", block)) == {f"c{number}" for number in range(n_colours + 1)}, "light and dark"


def test_a_mark_can_be_told_from_the_card() -> None:
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    for block in style.split("@media")[:2]:
        colours = dict(re.findall(r"--(c\d|card): (#[0-9a-f]{6})", block))
        for name in set(colours) - {"card"}:
            assert _contrast(colours[name], colours["card"]) >= 3, f"{name}: WCAG 2.2, 1.4.11"


def _contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("n_cycles", [0, 1])
def test_a_run_in_progress_renders(tmp_path: Path, n_cycles: int) -> None:
    build_run(tmp_path, n_cycles=n_cycles, status="running", is_audited=False)
    with Store.open(tmp_path) as store:
        store.runs.begin_stage(RUN, n_cycles + 1, "evaluate", "h")
        page = Page(render_html(build_report(store, RUN)))
    assert "nothing is claimed yet" in page.text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_draws_it_and_runs_nothing_else(source: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(source, encoding="utf-8")
    made = subprocess.run([str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
                           "--virtual-time-budget=5000", "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, check=False)
    if "</html>" not in made.stdout:
        pytest.skip("Chromium can't run here")
    assert made.stdout.count('class="main-svg"') >= 2, "trend and map are drawn"
    assert 'data-title="Zoom"' in made.stdout and 'data-title="Share' not in made.stdout, "plotly offers to upload the chart"
    assert "Content Security Policy" not in made.stderr and "Uncaught" not in made.stderr
