"""Prompts for teachers: one Jinja file each, rendered with every variable accounted for.

Failures and replies go in as values, so braces in them stay braces: user text is never a template.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=64)
def declared_variables(name: str) -> frozenset[str]:
    """The variables that the template `name` (without `.j2`) and those it includes use.

    Raises:
        jinja2.TemplateNotFound: there is no such file.
    """
    from jinja2 import meta

    tree = _environment().parse(prompt_source(name))
    included = [part.removesuffix(".j2") for part in meta.find_referenced_templates(tree) if part]
    return frozenset(meta.find_undeclared_variables(tree)).union(*map(declared_variables, included))


def render(name: str, **variables: Any) -> str:
    """The prompt `name`, e.g. `error_analysis/siblings`, without outer blank lines.

    Raises:
        ValueError: a variable of the template is missing, or one is given that it does not use.
        jinja2.TemplateNotFound: there is no such file.
    """
    declared = declared_variables(name)
    if missing := sorted(declared - variables.keys()):
        raise ValueError(f"prompt {name} misses {', '.join(missing)}")
    if unknown := sorted(variables.keys() - declared):
        raise ValueError(f"prompt {name} does not use {', '.join(unknown)}")
    return _environment().get_template(f"{name}.j2").render(**variables).strip()


def prompt_source(name: str) -> str:
    """The template `name` itself: what of a rendered prompt is not a value.

    Raises:
        jinja2.TemplateNotFound: there is no such file.
    """
    environment = _environment()
    return environment.loader.get_source(environment, f"{name}.j2")[0]  # type: ignore[union-attr]


def prompt_hash(text: str) -> str:
    """16 hex digits of a rendered prompt."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
