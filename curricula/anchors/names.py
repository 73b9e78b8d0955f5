"""How a source of real data is named: `[hf:|text:|html:]TARGET[?key=value&...]`.

`gsm8k_cot` is a built-in source, `own.jsonl` and `own.parquet` are files, `hf:org/name` is a data set of the Hugging Face
hub (or `hf:FOLDER`, one that was saved to disk), `text:FOLDER` and `html:FOLDER` are documents. What follows a question
mark names columns and parts: `hf:openai/gsm8k?config=main&split=train&prompt=question&completion=answer&limit=500`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from probes.errors import WeakspotError

KINDS = ("hf", "text", "html")
_COLUMNS = ("prompt", "completion", "answer")
OPTIONS = {
    "jsonl": (*_COLUMNS, "limit"),
    "parquet": (*_COLUMNS, "limit"),
    "hf": (*_COLUMNS, "config", "split", "revision", "limit"),
    "text": ("limit",),
    "html": ("limit",),
    "built in": ("limit",),
}


@dataclass(frozen=True)
class AnchorName:
    """A source's name, taken apart."""

    text: str
    """As the user wrote it."""
    kind: str
    """A key of `OPTIONS`."""
    target: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def limit(self) -> int | None:
        """Most rows to take; None takes all."""
        return int(self.options["limit"]) if "limit" in self.options else None

    @property
    def with_columns(self) -> str:
        """This name with columns named, as an example."""
        return f"{self.text.partition('?')[0]}?prompt=question&completion=answer"


def parse_name(text: str) -> AnchorName:
    """Take a name apart; whether there is such a source is not looked at.

    Raises:
        WeakspotError: an option that this kind of source does not have, or a limit that is no number.
    """
    target, _, tail = text.partition("?")
    prefix, colon, rest = target.partition(":")
    kind, target = (prefix, rest) if colon and prefix in KINDS else (_kind_of(target), target)
    options = dict(parse_qsl(tail, keep_blank_values=True))
    for key in options:
        if key not in OPTIONS[kind]:
            close = difflib.get_close_matches(key, OPTIONS[kind], n=1)
            raise WeakspotError(
                f"anchor source '{text}' has no option '{key}'",
                hint=(f"did you mean '{close[0]}'? " if close else "") + f"there are: {', '.join(OPTIONS[kind])}",
            )
    limit = options.get("limit", "1")
    if not (limit.isascii() and limit.isdigit() and int(limit)):
        raise WeakspotError(f"limit '{limit}' of anchor source '{text}' is not a number of rows", hint="for example ?limit=500")
    if not target:
        raise WeakspotError(f"anchor source '{text}' names nothing", hint=f"for example {prefix}:my_folder")
    return AnchorName(text, kind, target, options)


def absolute_name(text: str, folder: Path) -> str:
    """The same name with a relative path made absolute from `folder`; names that are no paths stay as they are.

    `hf:org/name` is a path only where `folder` holds it.
    """
    target, question, tail = text.partition("?")
    prefix, colon, rest = target.partition(":")
    prefix, target = (f"{prefix}:", rest) if colon and prefix in KINDS else ("", target)
    is_path = {"hf:": (folder / target).is_dir(), "": _kind_of(target) != "built in"}.get(prefix, bool(target))
    if not is_path or target.startswith("~"):
        return text
    return f"{prefix}{(folder / target).resolve()}{question}{tail}"


def _kind_of(target: str) -> str:
    if target.endswith(".parquet"):
        return "parquet"
    return "jsonl" if target.endswith((".jsonl", ".json")) or "/" in target or "\\" in target else "built in"
