"""`weakspot init`: a configuration with every key explained, an example suite, the next command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import AsJson, write_json, write_lines
from agent.cli.session import DEFAULT_CONFIG
from probes.errors import WeakspotError

if TYPE_CHECKING:
    from pydantic import BaseModel

EXAMPLE = "example"
ACTIVE = ("name", "seed", "student.model", "teacher.model", "suites.probes", "suites.protected", "limits.cycles", "limits.budget_usd")
HEADER = """\
# Configuration of weakspot. Keys that are commented out have the value shown.
# Precedence: --set and flags, environment WEAKSPOT_GROUP_KEY, this file, default. `weakspot config show` prints all.
# Paths mean: relative to this file.
"""
SUITE_NOTE = "  # your own: - ./{name}.jsonl  (a run needs about 100 probes; `weakspot probes check` says what is missing)"


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write; made if missing.")] = Path("."),
    as_json: AsJson = False,
) -> None:
    """Write a configuration and an example suite.

    Says what to type next. Nothing is overwritten.
    """
    from probes.example import write_example

    target = folder / DEFAULT_CONFIG.name
    for path in (target, folder / f"{EXAMPLE}.jsonl"):
        if path.exists():
            raise WeakspotError(f"{str(path)!r} is there already", hint="name another folder: weakspot init DIR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(config_text(), encoding="utf-8")
    except OSError as error:
        raise WeakspotError(f"{str(target)!r} can't be written: {error.strerror}") from error
    suite = write_example(EXAMPLE, folder)
    option = "" if folder == Path(".") else f" -c {target}"
    commands = [f"weakspot run --dry-run{option}", f"weakspot run{option}"]
    if as_json:
        write_json({"config": str(target), "suite": str(suite), "next": commands})
        return
    write_lines([f"{target}  every key with its meaning", f"{suite}  an example suite: put your problems there, then `weakspot probes check {suite}`",
                 f"next: {commands[0]}  (what would be done)", f"      {commands[1]}"])


def config_text() -> str:
    """config.yaml made from the model, so that no key and no default can be missing or old."""
    from agent.config import Config

    return HEADER + "\n".join(_lines(Config(), "")) + "\n"


def _lines(model: BaseModel, group: str) -> Iterator[str]:
    """One line a key, its description above; a group without an active key is commented out as a whole."""
    from pydantic import BaseModel

    is_open = not group or any(active.startswith(f"{group}.") for active in ACTIVE)
    indent = "  " if group else ""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            is_inner_open = any(active.startswith(f"{name}.") for active in ACTIVE)
            yield f"\n# {_one_line(type(value).__doc__)}\n{'' if is_inner_open else '# '}{name}:"
            yield from _lines(value, name)
            continue
        key = f"{group}.{name}" if group else name
        text = f"{name}: {_yaml(value)}" + (SUITE_NOTE.format(name=EXAMPLE) if key == "suites.probes" else "")
        if field.description:
            yield f"{indent}# {_one_line(field.description)}" if is_open else f"#   # {_one_line(field.description)}"
        yield f"{indent}{text}" if key in ACTIVE else f"{indent}# {text}" if is_open else f"#   {text}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).strip().removesuffix("...").strip()
