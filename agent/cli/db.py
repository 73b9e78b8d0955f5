"""`weakspot db`: where the rows are, for plain SQL and datasette."""

from __future__ import annotations

import typer

from agent.cli.output import AsJson, write_json
from agent.cli.session import session_of

app = typer.Typer(help="The SQLite database behind everything.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def about() -> None:
    """The SQLite database behind everything."""


@app.command()
def path(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the path of the database: `datasette "$(weakspot db path)"`."""
    from agent.store.database import database_path

    found = database_path(session_of(ctx).state_dir).resolve()
    if as_json:
        write_json({"path": str(found), "exists": found.exists()})
    else:
        typer.echo(str(found))
