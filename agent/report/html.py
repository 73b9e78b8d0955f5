"""A report as one HTML file that works when mailed: no network, no server, no file beside it.

A report dictionary goes in, the page comes out. Everything a model or a teacher wrote is hostile: it is made
visible (no control characters), escaped by the template, shown by the script as text, and could not run anyway,
because the content-security policy allows scripts by hash only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

from agent.planning.words import outcome
from agent.report import wording
from agent.report.control import DIFFERENCE_HEAD, difference_rows, lessons_line
from agent.report.headline import FORMAT_ONLY
from agent.report.leakage import calibration_sentence, leakage_sentence
from agent.report.planned import FORECAST_COLUMNS, forecast_cells
from agent.report.tree import nested
from agent.report.verification import RATE_COLUMNS, rate_cells, teacher_sentence
from probes.errors import WeakspotError

TEMPLATES = Path(__file__).parent / "templates"
SHAPES = (  # marker of a weakness on the map, one for every seven colours; report.js has the same four
    "M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1z", "M1.5 1.5h9v9h-9z", "M6 .8 11.4 10.6H.6z", "M6 .4 11.6 6 6 11.6 .4 6z")


def render_html(report: dict[str, Any]) -> str:
    """The page. With a trend or a map it carries plotly.js (about 4.8 MB), once.

    Raises:
        WeakspotError: plotly is not installed.
    """
    import yaml
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=_visible)
    environment.filters.update(
        percent=wording.percent, points=wording.points, money=wording.money, duration=wording.duration, p_value=wording.p_value, count=wording.count, times=wording.times, witnessed=wording.witnessed, rate_cells=rate_cells, teacher_sentence=teacher_sentence,
        leakage=leakage_sentence, calibration=calibration_sentence, band=wording.percent_interval, number=_number, cut=_cut, json=lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True))
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    plotly = plotly_js() if report["trend"] or report["map"]["points"] else ""
    hashes = " ".join(f"'{script_hash(text)}'" for text in (plotly, script) if text)
    tree = next((facts for facts in reversed(report["cycles"]) if facts["outline"]), None)
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    return environment.get_template("report.html.j2").render(
        report=report, policy=policy, css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")), script=Markup(script), plotly=Markup(plotly),
        data=Markup(embedded_json(_page_data(report))), tree=nested(tree["outline"]) if tree else [], tree_cycle=tree["cycle"] if tree else None, shapes=SHAPES, decisions=wording.DECISIONS, steps=wording.FUNNEL_STEPS, format_only=FORMAT_ONLY, suspects_note=wording.SUSPECTS,
        forecasts=[forecast_cells(row) for row in report["forecasts"]], forecast_columns=[(name, "" if name == "decision" else "num") for name in FORECAST_COLUMNS], outcome=outcome(report["forecasts"]), rate_columns=RATE_COLUMNS,
        control_head=DIFFERENCE_HEAD, differences=difference_rows, lessons_line=lessons_line,
        config_text=yaml.safe_dump(report["config"], sort_keys=False, allow_unicode=True))


def embedded_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False)
    for character, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(character, escape)
    return text


def script_hash(script: str) -> str:
    """What a content-security policy calls this very script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def plotly_js() -> str:
    """The bundled library, found without importing plotly.

    Raises:
        WeakspotError: plotly is not installed, or ships no bundle.
    """
    try:
        path = Path(str(metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
        return path.read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError) as error:
        raise WeakspotError(f"plotly.js can't be read: {error}", hint="pip install plotly, or use --format md", exit_code=1) from error


def _page_data(report: dict[str, Any]) -> dict[str, Any]:
    """What the script draws, texts made visible and cut to what a hover box can hold."""
    shown = {"prompt": 600, "gold": 200, "answer": 400}
    points = [{key: wording.visible(value, shown.get(key)) if isinstance(value, str) else value for key, value in point.items()} for point in report["map"]["points"]]
    labels = {name: wording.visible(label) for name, label in report["map"]["labels"].items()}
    legend = [row["id"] for row in report["map"]["legend"]]
    return {"score": report["score"], "protected_score": report["config"].get("gate", {}).get("protected_score", "lenient"), "trend": report["trend"],
            "map": {"points": points, "labels": labels, "legend": legend}}


def _visible(value: Any) -> Any:
    """Every printed string passes here before it is escaped; our own markup (Markup) does not."""
    return wording.visible(value) if type(value) is str else value


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
