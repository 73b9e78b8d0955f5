"""A configuration as YAML text and as a flat mapping of `group.key` to value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from probes.errors import WeakspotError


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file of keys and values; empty for an empty file.

    Raises:
        WeakspotError: missing, unreadable, not YAML (with the line), or something else than keys and values.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise WeakspotError(f"configuration {str(path)!r} not found", hint="`weakspot init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WeakspotError(f"configuration {str(path)!r} can't be read: {error}") from None
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise WeakspotError(f"not valid YAML: {getattr(error, 'problem', error)}", where=where) from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise WeakspotError(f"expected keys and values, found {type(body).__name__}", where=str(path))
    return body


def flatten(body: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"group": {"key": 1}}` as `{"group.key": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of `flatten`."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *groups, last = key.split(".")
        at = nested
        for group in groups:
            at = at.setdefault(group, {})
        at[last] = value
    return nested
