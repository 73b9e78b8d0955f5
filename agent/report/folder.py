"""The run folder: files made from the database, for people and other tools.

    state/runs/<run>/   config.yaml log.md report.html report.json
      cycle-001/        results.json samples.jsonl weaknesses.json outline.json map.parquet rejected.jsonl decision.json report.html

A run (or one of its cycles) goes in, files come out; `curriculum.jsonl` is the teach stage's. SQLite is the
truth: every file is written to a temporary name and renamed, and may be deleted and written again. Answers to
audit probes are never written: they stay sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.report.atlas import map_table
from agent.report.cycles import champion_before
from agent.report.facts import build_report
from agent.report.headline import closing_lines
from agent.report.html import render_html
from agent.report.markdown import plain
from agent.report.tree import nested, path_to
from agent.report.wording import DECISIONS, duration, money, visible
from agent.store import Store
from agent.store.weaknesses import ENDED

REPORT = "report.html"


def run_folder(store: Store, run: str) -> Path:
    """`state/runs/<run>`."""
    return store.state_dir / "runs" / run


def cycle_folder(store: Store, run: str, cycle: int) -> Path:
    """`state/runs/<run>/cycle-001`."""
    return run_folder(store, run) / f"cycle-{cycle:03d}"


def write_cycle(store: Store, run: str, cycle: int) -> Path:
    """Write everything known of one cycle; returns its folder. Writing twice gives the same files."""
    folder = cycle_folder(store, run, cycle)
    folder.mkdir(parents=True, exist_ok=True)
    decision = store.decisions.of_cycle(run, cycle)
    champion = champion_before(store, run, cycle)
    candidate = decision["candidate"] if decision else ""
    report = build_report(store, run, cycle)
    write_text(folder / "results.json", _json(_results(store, run, champion, candidate)))
    write_lines(folder / "samples.jsonl", _samples(store, run, champion, candidate))
    write_text(folder / "weaknesses.json", _json(_weaknesses(store, run, cycle)))
    write_text(folder / "outline.json", _json(nested(store.weaknesses.outline(run, cycle))))
    write_lines(folder / "rejected.jsonl", (row for outcome in ("fail", "unverifiable") for row in store.lessons.rows(run, cycle, outcome)))
    write_text(folder / "decision.json", _json(decision or {"run": run, "cycle": cycle, "decision": "running"}))
    _write_map(folder / "map.parquet", store, run, cycle, champion)
    write_text(folder / REPORT, render_html(report))
    _write_log(store, run)
    return folder


def write_run(store: Store, run: str) -> Path:
    """Write the files of the whole run; returns the path of its HTML report."""
    row = store.runs.get(run)
    folder = run_folder(store, row["run"])
    folder.mkdir(parents=True, exist_ok=True)
    report = build_report(store, row["run"])
    write_text(folder / "config.yaml", row["config"])
    _write_log(store, row["run"])
    write_text(folder / "report.json", _json(report))
    write_text(folder / REPORT, render_html(report))
    return folder / REPORT


def write_text(path: Path, text: str) -> None:
    """All of `text` under its name, or nothing."""
    with _renamed(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """JSON lines, streamed; all of them or no file."""
    with _renamed(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, flushed to disk and renamed when all went well."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _results(store: Store, run: str, champion: str, candidate: str) -> dict[str, Any]:
    """Accuracies in lm-eval's key style, for the champion the cycle began with and for its candidate."""
    row = store.runs.get(run)
    return {"run": run, "student": row["student"], "model_key": row["model_key"], "versions": json.loads(row["versions"]),
            "champion": {"adapter": champion, "results": _by_suite(store, run, champion)},
            "candidate": {"adapter": candidate, "results": _by_suite(store, run, candidate)} if candidate else None}


def _by_suite(store: Store, run: str, adapter: str) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for row in store.samples.accuracy(run, adapter):
        if row["split"] == "audit":
            continue
        entry = results.setdefault(f"{row['suite']}/{row['split']}", {"alias": row["suite"], "split": row["split"], "n": row["n"]})
        for score in ("strict", "lenient"):
            entry[f"{score},none"] = row[score]
            entry[f"{score}_stderr,none"] = (row[score] * (1 - row[score]) / max(1, row["n"] - 1)) ** 0.5
    return results


def _samples(store: Store, run: str, champion: str, candidate: str) -> Iterator[dict[str, Any]]:
    """Rows in the shape of lm-eval's logged samples: the champion's, then the candidate's."""
    for who, adapter in (("champion", champion), ("candidate", candidate)):
        if who == "candidate" and not candidate:
            continue
        for row in store.samples.of_model(run, adapter, ["diagnose", "gate", "protected"]):
            yield {
                "doc_id": row["position"], "doc": {key: row[key] for key in ("suite", "probe_id", "prompt", "gold", "choices", "meta")},
                "target": row["gold"], "arguments": [[row["prompt"], {}]], "resps": [[row["response"]]], "filtered_resps": [row["response"]],
                "filter": "none", "metrics": ["strict", "lenient"], "strict": row["strict"], "lenient": row["lenient"],
                "doc_hash": row["probe_hash"], "prompt_hash": _sha(row["prompt"]), "target_hash": _sha(row["gold"]),
                "model": who, "adapter": adapter, "suite": row["suite"], "split": row["split"], "finish": row["finish"], "n_tokens": row["n_tokens"]}


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _weaknesses(store: Store, run: str, cycle: int) -> list[dict[str, Any]]:
    outline = store.weaknesses.outline(run, cycle)
    return [{**row, "path": path_to(outline, row["weakness"]), "members": [{"sample": f"{m['suite']}/{m['probe_id']}", "is_failure": bool(m["is_failure"])}
                                for m in store.weaknesses.members(run, cycle, row["weakness"])]} for row in store.weaknesses.of_cycle(run, cycle)]


def _write_map(path: Path, store: Store, run: str, cycle: int, champion: str) -> None:
    """The map for embedding-atlas and other tools."""
    import pyarrow.parquet as pq

    points = store.weaknesses.map_points(run, cycle)
    answers = {(row["suite"], row["probe_id"]): row for row in store.samples.of_model(run, champion, ["diagnose"])} if points else {}
    labels = {row["weakness"]: row["label"] for row in store.weaknesses.of_cycle(run, cycle)}
    with _renamed(path) as temporary:
        pq.write_table(map_table(points, answers, labels), temporary)


def _write_log(store: Store, run: str) -> None:
    """A dated paragraph a cycle, oldest first, failures told like successes; the closing lines at the end."""
    report = build_report(store, run)
    parts = [f"# {run}", f"Student {report['student']}, teacher {report['teacher']}, started {report['created_at']}."]
    for facts in report["cycles"]:
        names = ", ".join([f"{plain(row['label'], 80)} ({row['n_failures']} of {row['n']} wrong)" for row in facts["weaknesses"] if row["state"] not in ENDED][:5]) or "none"
        word = DECISIONS.get(facts["decision"], facts["decision"])
        parts.append(f"## {(facts['decided_at'] or report['created_at'])[:10]}, cycle {facts['cycle']}: {word}\n\nWeaknesses: {names}. "
                     f"{facts['funnel']['kept']} lessons kept of {facts['funnel']['parsed']} parsed. {plain('; '.join(facts['reasons'])) or 'No decision yet'}. "
                     f"{duration(facts['seconds'])}, {money(facts['cost_usd'])}.")
    if report["status"] != "running":
        parts.append(f"## End: {report['status']}\n\n" + "\n".join(f"- {plain(line)}" for line in closing_lines(report)))
    write_text(run_folder(store, run) / "log.md", visible("\n\n".join(parts)) + "\n")
