"""`weakspot graph`: the cycle, drawn from the real graph."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, write_json


def graph(
    is_mermaid: Annotated[bool, typer.Option("--mermaid", help="Mermaid text instead of the picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """The stages of a cycle and the ways between them."""
    from agent import graph as cycle

    if as_json:
        write_json({"picture": cycle.picture(), "mermaid": cycle.mermaid()})
    else:
        typer.echo(cycle.mermaid() if is_mermaid else cycle.picture())
