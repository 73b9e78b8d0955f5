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
from agent.report.html import embedded_json, render_html, script_hash
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
    assert "Content Security Policy" not in made.stderr and "Uncaught" not in made.stderr
