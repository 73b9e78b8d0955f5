"""README tells the truth: its commands exist, its picture is the real graph, its file tree is the real one."""

from __future__ import annotations

import re
from pathlib import Path

from agent import graph

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_picture_is_the_real_graph() -> None:
    drawn = re.search(r"```mermaid\n(.*?)```", README, re.S)
    assert drawn, "README has no mermaid block"
    assert drawn.group(1).strip() == graph.mermaid().strip()


def test_every_command_of_the_command_line_is_in_the_readme_and_the_other_way_round() -> None:
    from typer.main import get_command

    from agent.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    shown = set(re.findall(r"`weakspot (\w+)|· `(\w+)", README))
    named = {first or second for first, second in shown}
    assert commands - named == set()
    assert {name for name, _ in shown if name} - commands == set()


def test_the_file_tree_names_every_folder_of_the_packages_and_nothing_that_is_not_there() -> None:
    tree = re.search(r"## Files\n+```\n(.*?)```", README, re.S)
    assert tree
    named = re.findall(r"^ *([\w./-]+)", tree.group(1), re.M)
    stack: list[str] = []
    paths = set()
    for line in tree.group(1).splitlines():
        match = re.match(r"^( *)([\w.-]+/?)", line)
        if match:
            depth = len(match.group(1)) // 2
            stack = [*stack[:depth], match.group(2).rstrip("/")]
            paths.add("/".join(stack))
    assert named and not [path for path in paths if not (ROOT / path).exists()]
    folders = {str(path.parent.relative_to(ROOT)) for package in ("agent", "probes", "curricula") for path in (ROOT / package).rglob("*.py")}
    assert folders - paths - {"agent/diagnosis/phrases", "curricula/strategies/fit"} == set()


def test_make_targets_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (\w+)", README)):
        assert re.search(rf"^{target}:", makefile, re.M), target
