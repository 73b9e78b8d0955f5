"""The house: imports go one way, modules stay small, nothing prints, heavy libraries load late."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("agent", "probes", "curricula")
FORBIDDEN = {"probes": ("curricula", "agent"), "curricula": ("agent",), "agent": ()}
HEAVY = {"torch", "transformers", "peft", "trl", "lm_eval", "datasets", "umap", "litellm", "plotly", "sklearn", "accelerate", "reasoning_gym"}
# loaded by the worker process alone
WORKER_ONLY = {"backend.py", "decode.py", "training.py", "tasks.py", "convert.py", "warm.py"}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imports(tree: ast.Module, *, top_level: bool) -> list[str]:
    nodes = tree.body if top_level else ast.walk(tree)
    found: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    package = path.relative_to(ROOT).parts[0]
    wrong = [name for name in imports(tree, top_level=False) if name.split(".")[0] in FORBIDDEN[package]]
    assert not wrong, f"{package} may not import {wrong}"
    assert text.count("\n") <= 400
    assert path.name not in {"utils.py", "util.py", "helpers.py", "base.py", "misc.py", "common.py", "manager.py"}
    if path.name not in WORKER_ONLY:
        heavy = [name for name in imports(tree, top_level=True) if name.split(".")[0] in HEAVY]
        assert not heavy, f"{heavy} are imported at module level"
    calls = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"]
    assert not calls, f"print in line {calls}"
    if text.strip():
        assert ast.get_docstring(tree), "module docstring missing"
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and len(node.body) == 1 and isinstance(node.body[0], ast.Pass):
            pytest.fail(f"caught and ignored in line {node.lineno}")


def public_functions() -> list[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    found = []
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                found.append((f"{path.relative_to(ROOT)}:{node.name}", node))
    return found


def test_every_public_name_is_documented() -> None:
    # a built-in suite's draw and answer functions are documented by their family's module docstring
    bare = [name for name, node in public_functions() if not ast.get_docstring(node) and not name.startswith("probes/builtin/")]
    assert bare == []


def test_only_one_file_imports_litellm() -> None:
    users = [str(path.relative_to(ROOT)) for path in MODULES if any(name.split(".")[0] == "litellm" for name in imports(ast.parse(path.read_text()), top_level=False))]
    assert users == ["agent/teacher/litellm_client.py"]


def test_no_paths_of_a_machine_and_no_registry_hosts() -> None:
    pattern = re.compile(r"/work/|/root/|pypi\.org|/opt/(wheels|pypi)|/home/\w+/")
    named = [str(path.relative_to(ROOT)) for path in [*MODULES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"] if pattern.search(path.read_text())]
    assert named == []
