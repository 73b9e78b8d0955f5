"""Tables in the house's look, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


def make_table(title: str, *columns: str, numeric: Iterable[int] = (), folded: Iterable[str] = ()) -> Table:
    """An empty table in the house's look; `numeric` columns stand to the right, `folded` ones may break."""
    from rich import box
    from rich.table import Table

    table = Table(title=plain(title), title_justify="left", title_style="bold", caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    right, foreign = set(numeric), {*folded}
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold", no_wrap=column not in foreign and column not in ("label", "example", "detail", "prompt", "before", "after", "gold"))
    return table


def plain(text: str) -> Any:
    """Text that rich takes literally."""
    from rich.text import Text

    return Text(text)
