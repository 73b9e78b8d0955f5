"""Names that lm-eval task YAML declares, found by reading it as text.

A folder goes in, the names of its tasks, groups and tags come out. Nothing is imported or executed and
no YAML is parsed, so that naming a suite costs no model library and runs nobody's code.
"""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path

_DECLARED = re.compile(
    r"""^(?P<key>task|group|tag)[ \t]*:[ \t]*
    (?P<value>\[[^\]\n]*\]|[^\n\[]*)
    (?P<items>(?:\n[ \t]*-[ \t]+[^\n]*)*)""",
    re.MULTILINE | re.VERBOSE,
)
_MAX_BYTES = 1_000_000  # a task file is a few kilobytes; what is larger holds data


def names_in(folder: Path) -> frozenset[str]:
    """Tasks, groups and tags declared in the files of `folder` (and below) whose names end in "yaml".

    Templates such as `_default_yaml` count: tasks inherit tags from them.
    """
    names: set[str] = set()
    for path in folder.rglob("*yaml"):
        if path.is_file() and path.stat().st_size <= _MAX_BYTES:
            names |= declared_names(path.read_text(encoding="utf-8", errors="replace"))
    return frozenset(names)


def declared_names(text: str) -> set[str]:
    """Names that one file declares at its top level. The list under a group's `task:` names other files' tasks."""
    names: set[str] = set()
    for match in _DECLARED.finditer(text.replace("\r\n", "\n")):
        value = match["value"].strip()
        if match["key"] != "tag" and (value.startswith("[") or not value):
            continue
        listed = value.strip("[]").split(",") if value.startswith("[") else [value]
        listed += [line.strip()[1:] for line in match["items"].splitlines() if line.strip()]
        names |= {_scalar(item) for item in listed}
    return names - {""}


@lru_cache(maxsize=1)
def packaged_names() -> frozenset[str]:
    """Names that the installed lm-eval brings; empty without it. Reads 14,000 small files: 2 s, once."""
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    return names_in(Path(spec.submodule_search_locations[0]) / "tasks")


def _scalar(text: str) -> str:
    """A YAML scalar without its comment and quotes."""
    text = re.sub(r"(?:^|\s)#.*$", "", text).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return "" if text.startswith(("!", "&", "*", "|", ">", "{")) else text
