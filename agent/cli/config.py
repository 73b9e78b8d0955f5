"""`weakspot config`: every setting, its value and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.output import AsJson, table, write_json, write_rich
from agent.cli.session import load

app = typer.Typer(help="The settings of a run.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def about() -> None:
    """The settings of a run."""


@app.command()
def show(
    config: Annotated[Path | None, typer.Option("-c", "--config", help="YAML file; ./config.yaml by default, where there is one.", show_default=False)] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As in `weakspot run`.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Print each key with its value and source: --set, environment, file or default."""
    loaded = load(config, sets or [])
    values = flat(loaded.config.model_dump(mode="json"))
    if as_json:
        write_json({key: {"value": value, "source": loaded.sources[key]} for key, value in values.items()})
        return
    write_rich([table("", ("key", "value", "source"), ((key, _yaml(value), loaded.sources[key]) for key, value in values.items()), wrap=(1,))])


def flat(body: dict, prefix: str = "") -> dict[str, object]:
    """Nested groups as dotted keys, in order."""
    found: dict[str, object] = {}
    for key, value in body.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _yaml(value: object) -> str:
    import yaml

    return yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).strip().removesuffix("...").strip()
