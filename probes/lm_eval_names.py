"""Names that lm-eval task YAML declares, found by reading it as text.

A folder goes in, the names of its tasks, groups and tags come out. Nothing is imported or executed and
no YAML is parsed, so that naming a suite costs no model library and runs nobody's code.
"""

from __future__ import annotations

import importlib.util
import os
import re
from functools import lru_cache
from pathlib import Path

_DECLARED = re.compile(
    r"""^(?P<quote>["']?)(?P<key>task|group|tag)(?P=quote)[ \t]*:[ \t]*
    (?P<value>\[[^\]\n]*\]|[^\n\[]*)
    (?P<items>(?:\n[ \t]*-[ \t]+[^\n]*)*)""",
    re.MULTILINE | re.VERBOSE,
)
_MAX_BYTES = 1_000_000  # a task file is a few kilobytes; what goes on longer is data


def names_in(folder: Path) -> frozenset[str]:
    """Tasks, groups and tags declared in the YAML files of `folder` and below.

    Templates such as `_default_yaml` or one without any ending count: tasks inherit tags from them.
    """
    names: set[str] = set()
    for place, _, files in os.walk(folder):
        for file in files:
            path = os.path.join(place, file)
            if (file.endswith("yaml") or "." not in file) and os.path.isfile(path):  # no pipes, no dead links
                with open(path, "rb") as content:
                    names |= declared_names(content.read(_MAX_BYTES).decode("utf-8", "replace"))
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
    """Names that the installed lm-eval brings; empty without it. Reads 14,000 small files: seconds, once."""
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    return names_in(Path(spec.submodule_search_locations[0]) / "tasks")


def _scalar(text: str) -> str:
    """A YAML scalar without its comment and quotes."""
    text = re.sub(r"(?:^|\s)#.*$", "", text).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return "" if text == "null" or text.startswith(("!", "&", "*", "|", ">", "{")) else text
