"""Find a suite by what the user calls it.

In this order: a path to a JSONL file, a built-in name, a plug-in (entry point `weakspot.suites`), a
file or lm-eval task in a folder named with --include-path, an lm-eval task or group by name. The first
four need no model library; lm-eval tasks are described by the student, so a callable is passed in.

Task YAML is code to lm-eval (`!function` imports modules). Here it is only searched as text for the
names it declares, and only in folders that the user names.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from probes import builtin
from probes.errors import WeakspotError
from probes.jsonl import SUITE_NAME, probe_from_row, read_suite, suite_name
from probes.lm_eval_names import names_in, packaged_names
from probes.suite import Suite

ENTRY_POINT_GROUP = "weakspot.suites"
Describe = Callable[[str, str], Suite]
"""(lm-eval task or group, include path) to a suite: the student's `describe_task`."""


@dataclass(frozen=True)
class SuiteInfo:
    """One row of `weakspot probes list`."""

    name: str
    origin: str
    """`built in`, `jsonl`, `entry point` or `lm-eval`."""
    location: str
    n_probes: int | None = None
    """None where counting would mean to load an lm-eval task."""
    description: str = ""
    problem: str = ""
    """Why it cannot be loaded; "" when it can."""


def find_suite(
    ref: str, *, include_paths: Sequence[str | Path] = (), describe: Describe | None = None
) -> Suite:
    """The suite that `ref` means.

    Raises:
        WeakspotError: nothing is called so (with the nearest name), the file or plug-in is broken, or an
            lm-eval task is asked for where no student is at hand to describe it (`describe` is None).
    """
    if is_path(ref):
        return _from_file(Path(ref).expanduser())
    if ref in _built_in_names():
        return _built_in(ref)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == ref:
            return _from_entry_point(entry)
    folders = [_folder(path) for path in include_paths]
    for folder in folders:
        if ref in names_in(folder):  # before files: a task's data often has the task's name
            return _described(ref, str(folder), describe)
        file = next((path for path in sorted(folder.glob("*.jsonl")) if suite_name(path) == ref), None)
        if file:
            return _from_file(file)
    if ref in packaged_names():
        return _described(ref, "", describe)
    raise _not_found(ref, folders)


def list_suites(include_paths: Sequence[str | Path] = ()) -> list[SuiteInfo]:
    """Everything that has a name here, short of lm-eval's own thousands. What is broken says so in its row.

    Raises:
        WeakspotError: an include path is no folder.
    """
    rows = [_info(_built_in(name)) for name in _built_in_names()]
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        rows.append(_checked(entry.name, "entry point", entry.value, partial(_from_entry_point, entry)))
    for folder in map(_folder, include_paths):
        declared = names_in(folder)
        for path in sorted(folder.glob("*.jsonl")):
            if path.stem not in declared:  # the data of that task
                rows.append(_checked(path.stem, "jsonl", str(path), partial(_from_file, path)))
        rows += [SuiteInfo(name, "lm-eval", str(folder)) for name in sorted(declared)]
    return rows


def is_path(ref: str) -> bool:
    """Whether a reference names a file or folder rather than something by its name."""
    return (
        ref.endswith((".jsonl", ".json", ".yaml", ".yml")) or "/" in ref or "\\" in ref or ref.startswith("~")
    )


def _from_file(path: Path) -> Suite:
    if path.suffix in (".yaml", ".yml") or path.is_dir():
        folder = path if path.is_dir() else path.parent
        raise WeakspotError(
            f"'{path}' is not a suite file",
            hint=f"for lm-eval task YAML give the folder and the task's name: --include-path {folder} --suite NAME",
        )
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.jsonl")], n=1)
        meant = (
            f"did you mean '{path.parent / near[0]}'?"
            if near
            else "`weakspot probes new NAME` writes an example."
        )
        raise WeakspotError(
            f"suite file '{path}' not found", where=f"looked in: {path.parent.resolve()}", hint=meant
        )
    if suite_name(path) in _built_in_names():
        raise WeakspotError(
            f"'{path}' would be called '{suite_name(path)}', which is a built-in suite",
            hint="rename the file",
        )
    return read_suite(path)


def _built_in_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(builtin.__path__) if info.ispkg)


@lru_cache(maxsize=16)
def _built_in(name: str) -> Suite:
    return importlib.import_module(f"{builtin.__name__}.{name}").suite()


def _from_entry_point(entry: EntryPoint) -> Suite:
    """Load a plug-in: a suite or its rows, or a callable that returns either."""
    try:
        loaded = entry.load()
        product = loaded() if callable(loaded) else loaded
    except WeakspotError:
        raise
    except Exception as error:  # a plug-in may raise anything; it must be named, whatever it raises
        raise WeakspotError(
            f"suite plug-in '{entry.name}' failed: {type(error).__name__}: {error}",
            where=f"entry point {ENTRY_POINT_GROUP}: {entry.value}",
            hint="repair or uninstall the package that brings it",
        ) from error
    return _suite_of(product, entry)


def _suite_of(product: Any, entry: EntryPoint) -> Suite:
    where = f"entry point {ENTRY_POINT_GROUP}: {entry.value}"
    if not SUITE_NAME.fullmatch(entry.name):
        raise WeakspotError(
            f"'{entry.name}' is no suite name", where=where, hint="use a-z, 0-9, '.', '_', '-'"
        )
    if isinstance(product, Suite):
        probes = tuple(replace(probe, suite=entry.name) for probe in product.probes)
        suite = replace(product, name=entry.name, origin="entry point", probes=probes, location=entry.value)
    elif isinstance(product, Iterable) and not isinstance(product, (str, bytes, dict)):
        rows = (
            probe_from_row(row, entry.name, f"{where}, row {n}") for n, row in enumerate(product, start=1)
        )
        suite = Suite(entry.name, "entry point", tuple(rows), location=entry.value)
    else:
        raise WeakspotError(
            f"suite plug-in '{entry.name}' gave {type(product).__name__}, not a Suite or rows", where=where
        )
    ids = [probe.probe_id for probe in suite.probes]
    if not ids or len(set(ids)) < len(ids):
        told = "has 0 rows" if not ids else "uses an id twice"
        raise WeakspotError(f"suite plug-in '{entry.name}' {told}", where=where)
    return suite


def _folder(path: str | Path) -> Path:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise WeakspotError(
            f"include path '{path}' is not a folder", hint="--include-path takes a folder of task YAML"
        )
    return folder


def _described(task: str, include_path: str, describe: Describe | None) -> Suite:
    if describe is None:
        raise WeakspotError(
            f"'{task}' is an lm-eval task, which needs a student to be shown",
            hint=f"`weakspot probes check {task}` and `weakspot run` start one",
        )
    return describe(task, include_path)


def _not_found(ref: str, folders: Sequence[Path]) -> WeakspotError:
    places = [
        "built in",
        *(f"{folder} (--include-path)" for folder in folders),
        "entry points",
        "lm-eval's tasks",
    ]
    own = list(_own_names(folders))
    near = difflib.get_close_matches(ref, own, n=1) or difflib.get_close_matches(
        ref, sorted(packaged_names()), n=1, cutoff=0.7
    )
    meant = f"did you mean '{near[0]}'? " if near else ""
    total = (
        f"`weakspot probes list` shows all {len(own)} suites."
        if len(own) > 1
        else "`weakspot probes list` shows all."
    )
    return WeakspotError(
        f"suite '{ref}' not found", where=f"looked in: {', '.join(places)}", hint=meant + total
    )


def _own_names(folders: Sequence[Path]) -> Iterator[str]:
    yield from _built_in_names()
    yield from (entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))
    for folder in folders:
        yield from (path.stem for path in sorted(folder.glob("*.jsonl")))
        yield from sorted(names_in(folder))


def _info(suite: Suite) -> SuiteInfo:
    return SuiteInfo(suite.name, suite.origin, suite.location, len(suite.probes), suite.description)


def _checked(name: str, origin: str, location: str, load: Callable[[], Suite]) -> SuiteInfo:
    try:
        return replace(_info(load()), name=name)
    except WeakspotError as error:
        place = f" ({error.where})" if error.where else ""
        return SuiteInfo(name, origin, location, problem=f"{error.message}{place}")
