"""The command line: one file per verb group, nothing heavy at module level.

Data go to stdout, progress and errors to stderr. Exit codes: 0 finished by its own rule (also when every
candidate was rejected), 1 failure, 2 usage or configuration, 100 `compare --fail-on-regression`,
`collapse --fail-on-alarm` or `probes check` found problems, 130 interrupted with the state saved.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from agent.cli import (
    collapse,
    compare,
    config,
    db,
    doctor,
    gate,
    graph,
    init,
    leakage,
    mix,
    plan,
    probes,
    report,
    run,
    show,
    status,
    strategies,
    verifiers,
    weaknesses,
)
from agent.cli.session import Session
from probes.errors import WeakspotError

GLOBAL_FLAGS = ("--debug",)
GLOBAL_VALUES = ("--state",)

app = typer.Typer(
    name="weakspot", add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Finds what a language model is bad at, teaches it, and proves each step.")

VERBS: tuple[Callable[..., None], ...] = (init.init, run.run, status.status, report.report, weaknesses.weaknesses, plan.plan, show.show, compare.compare, leakage.leakage, collapse.collapse, verifiers.verifiers, graph.graph, doctor.doctor)
for verb in VERBS:
    app.command()(verb)
app.add_typer(probes.app, name="probes")
app.add_typer(gate.app, name="gate")
app.add_typer(mix.app, name="mix")
app.add_typer(strategies.app, name="strategies")
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"weakspot {version('weakspot')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    state: Annotated[Path, typer.Option(envvar="WEAKSPOT_STATE", help="Folder with the database, models and run folders.", show_default=True)] = Path("state"),
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """What every verb shares; may stand before or after the verb."""
    ctx.obj = Session(state, debug)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = hoisted(list(sys.argv[1:] if arguments is None else arguments))
    is_debug = "--debug" in words
    try:
        code = app(args=words, prog_name="weakspot", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except WeakspotError as error:
        return _told(str(error), error.exit_code, is_debug)
    except TyperException as error:
        return _told(_usage(error), error.exit_code, False)
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", 130, False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has gone: nothing to tell
        return 0
    except Exception as error:  # anything else is our bug: one line, the rest under --debug
        hint = "" if is_debug else "\nhint: this is a bug in weakspot; the same command with --debug shows where"
        return _told(f"error: {type(error).__name__}: {error}{hint}", 1, is_debug)


def hoisted(words: list[str]) -> list[str]:
    """The words with global options moved to the front, so that `weakspot status --state DIR` works, and `--resume=RUN` split."""
    front: list[str] = []
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            rest += [word, *words]
            break
        name, separator, value = word.partition("=")
        if word in GLOBAL_FLAGS or (separator and name in GLOBAL_VALUES):
            front.append(word)
        elif word in GLOBAL_VALUES and words:
            front += [word, words.pop(0)]
        elif separator and name == "--resume":
            rest += [name, value]
        else:
            rest.append(word)
    return front + rest


def _usage(error: TyperException) -> str:
    message = error.format_message().strip()
    if message.startswith("Usage:"):  # a group without a verb: its help
        return message
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "weakspot"
    return f"error: {message[:1].lower()}{message[1:].rstrip('.')}\nhint: {command} --help"


def _told(text: str, code: int, is_debug: bool) -> int:
    from agent.report.wording import visible

    if is_debug:
        traceback.print_exc()
    sys.stderr.write(visible(text) + "\n")
    return code
