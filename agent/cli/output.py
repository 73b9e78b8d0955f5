"""How verbs write to stdout: JSON, rich tables, plain lines.

Without a terminal there is no colour, no animation, and lines are wide enough that nothing is folded by accident.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.report.wording import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

PIPED_WIDTH = 180  # columns where there is no terminal to ask

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="Run id or a unique beginning of it; the latest by default.", show_default=False)]


def write_json(value: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def write_lines(lines: Iterable[str]) -> None:
    """Plain text, foreign text made harmless; what stdout's encoding can't hold is written as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        typer.echo(visible(line).encode(encoding, "backslashreplace").decode(encoding))


def can_draw(characters: str) -> bool:
    """Is stdout a terminal that has these characters?"""
    try:
        characters.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return sys.stdout.isatty()


def write_rich(renderables: Iterable[RenderableType]) -> None:
    """Tables and texts, coloured only on a terminal."""
    target = console()
    for renderable in renderables:
        target.print(renderable)


def console(*, is_error: bool = False) -> Console:
    """A console on stdout or stderr."""
    from rich.console import Console

    found = Console(stderr=is_error, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found = Console(stderr=is_error, highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
    return found


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = (), wrap: Iterable[int] = ()) -> Table:
    """A table whose cells are foreign text; `right` columns are numbers, `wrap` ones may be folded."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=Text(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    numbers, folded = set(right), set(wrap)
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index in numbers else "left", no_wrap=index not in folded)
    for row in rows:
        made.add_row(*(Text(visible(cell)) for cell in row))
    return made
