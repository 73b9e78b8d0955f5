"""`weakspot graph`: the cycle, as the graph's own module draws it and as LangGraph reads it from the edges."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.output import AsJson, write_json


def graph(
    is_mermaid: Annotated[bool, typer.Option("--mermaid", help="Mermaid text, drawn from the real edges, instead of the picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """The stages of a cycle and the ways between them."""
    from agent import graph as cycle

    if as_json:
        write_json({"picture": picture(cycle.__doc__ or ""), "mermaid": cycle.mermaid()})
    else:
        typer.echo(cycle.mermaid() if is_mermaid else picture(cycle.__doc__ or ""))


def picture(docstring: str) -> str:
    """The indented lines of a module's docstring: the same picture that its reader sees."""
    return "\n".join(line.rstrip() for line in docstring.splitlines() if line.startswith("    "))
