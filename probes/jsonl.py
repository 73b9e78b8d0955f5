"""A suite from a JSONL file: one probe a line.

    {"id": "q1", "prompt": "What is 2 + 3?", "answer": "5", "scorer": "numeric"}

`id`, `prompt` and `answer` are needed; `scorer` (default `exact`), `group`, `choices` and `meta` are
not. The first mistake stops the reading, named with its line and value: a suite that is half right
measures nothing.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from probes.errors import WeakspotError
from probes.scorers import SCORERS, score
from probes.suite import Probe, Suite

KEYS = ("id", "prompt", "answer", "scorer", "group", "choices", "meta")
SUITE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHOWN_CHARS = 80


def read_suite(path: Path) -> Suite:
    """The suite in `path`, named after the file.

    Raises:
        WeakspotError: no such file, not UTF-8, no rows, invalid JSON, unknown or missing key, empty prompt,
            duplicate id, unknown scorer, answer not among the choices, gold that its own scorer rejects.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeakspotError(f"suite file '{path}' cannot be read: {error.strerror}") from error
    name = suite_name(path)
    probes: list[Probe] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        probe = probe_from_row(_parse(line, where), name, where)
        if probe.probe_id in lines:
            raise WeakspotError(
                f"id '{probe.probe_id}' is used twice",
                where=f"{path}, lines {lines[probe.probe_id]} and {number}",
                hint="every probe of a suite needs an id of its own",
            )
        lines[probe.probe_id] = number
        probes.append(probe)
    if not probes:
        raise WeakspotError(
            f"suite file '{path}' has 0 rows",
            hint='write one JSON object a line: {"id": "q1", "prompt": "What is 2 + 3?", "answer": "5"}',
        )
    return Suite(name=name, origin="jsonl", probes=tuple(probes), location=str(path))


def suite_name(path: Path) -> str:
    """The name a suite file gives its suite: the file's own, in lower case, oddities as `-`.

    Raises:
        WeakspotError: nothing usable is left.
    """
    name = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).lstrip("._-")[:64]
    if not SUITE_NAME.fullmatch(name):
        raise WeakspotError(
            f"'{path.name}' gives no usable suite name", hint="rename it, for example my-suite.jsonl"
        )
    return name


def probe_from_row(row: Any, suite: str, where: str) -> Probe:
    """Check one row and make it a probe. `where` names the row in errors.

    Raises:
        WeakspotError: see `read_suite`.
    """
    if not isinstance(row, Mapping):
        raise WeakspotError(f"a row must be a JSON object, got {_shown(row)}", where=where)
    for key in row:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else 'put extra fields under "meta"'
            raise WeakspotError(
                f"unknown key {_shown(key)}", where=where, hint=f"{hint} Known keys: {', '.join(KEYS)}."
            )
    probe_id = _text(row, "id", where)
    prompt = _text(row, "prompt", where)
    gold = _text(row, "answer", where)
    scorer = row.get("scorer") or "exact"
    if scorer not in SCORERS:
        near = difflib.get_close_matches(str(scorer), SCORERS, n=1)
        meant = f"did you mean '{near[0]}'? " if near else ""
        raise WeakspotError(
            f"unknown scorer {_shown(scorer)}", where=where, hint=f"{meant}Known: {', '.join(SCORERS)}."
        )
    choices = _choices(row, scorer, gold, where)
    meta = row.get("meta") or {}
    if not isinstance(meta, Mapping):
        raise WeakspotError(f"meta must be a JSON object, got {_shown(meta)}", where=where)
    if not score(scorer, gold, gold, choices).strict:
        raise WeakspotError(
            f"answer {_shown(gold)} is rejected by its own scorer '{scorer}'",
            where=where,
            hint="a numeric answer is a bare number, without units or words" if scorer == "numeric" else "",
        )
    group = _text(row, "group", where) if row.get("group") not in (None, "") else ""
    return Probe(suite, probe_id, prompt, gold, scorer, group, choices, dict(meta))


def _parse(line: bytes, where: str) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise WeakspotError(f"not UTF-8 at byte {error.start + 1} of the line", where=where) from error
    except (json.JSONDecodeError, RecursionError) as error:
        told = (
            f"{error.msg} at column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else "nested too deep"
        )
        shown = _shown(line.decode("utf-8", "replace").strip())
        raise WeakspotError(
            f"invalid JSON: {told}: {shown}",
            where=where,
            hint="one complete JSON object a line, in double quotes",
        ) from error


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    missing = f'"{key}" is missing' if key not in row else f'"{key}" is empty'
    if value is None or (isinstance(value, str) and not value.strip()):
        raise WeakspotError(missing, where=where, hint=f'every row needs a non-empty "{key}"')
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise WeakspotError(f'"{key}" must be text or a number, got {_shown(value)}', where=where)
    return value if isinstance(value, str) else str(value)


def _choices(row: Mapping[str, Any], scorer: str, gold: str, where: str) -> tuple[str, ...]:
    raw = row.get("choices") or []
    if not isinstance(raw, (list, tuple)):
        raise WeakspotError(f'"choices" must be a list, got {_shown(raw)}', where=where)
    choices = tuple(_text({"choices": choice}, "choices", where) for choice in raw)
    if scorer in ("choice", "loglikelihood") and len(choices) < 2:
        raise WeakspotError(f"scorer '{scorer}' needs at least two choices, got {len(choices)}", where=where)
    if len(set(choices)) < len(choices):
        raise WeakspotError(f"choices {_shown(list(choices))} repeat themselves", where=where)
    if choices and gold not in choices:
        raise WeakspotError(
            f"answer {_shown(gold)} is not among the choices {_shown(list(choices))}",
            where=where,
            hint="the answer must be one of the choices, letter by letter",
        )
    return choices


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
