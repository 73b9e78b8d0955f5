"""Broken versions of a solution, to find out whether its tests notice.

Source goes in, source comes out, nothing is run. One place is changed per mutant (mutation testing: DeMillo, Lipton and
Sayward 1978): an operator, a comparison or a condition. Some mutants behave like the
original (`x < n` for `x != n` in a loop that hits n), so a test is not to blame for missing one of them.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from random import Random

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One broken version."""

    source: str
    change: str
    """What was done, with its line: `Add to Sub in line 3`."""


def emptied(source: str, entry_point: str = "") -> str:
    """Every function's body, or that of `entry_point` alone, becomes `return None`.

    Raises:
        SyntaxError: not Python.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == (entry_point or node.name):
            node.body = [ast.Return(ast.Constant(None))]
    return ast.unparse(ast.fix_missing_locations(tree))


OFF_BY_A_LITTLE = """

def _off(result, arguments):
    if isinstance(result, bool):
        return not result
    if isinstance(result, (int, float, complex)):
        return result + 1
    if isinstance(result, str):
        return result + "x" if len(result) < 2 else result[:-1]
    if isinstance(result, (list, tuple)):
        return result[:-1] if result else type(result)([0])
    if isinstance(result, (set, frozenset)):
        return result ^ {0}
    if isinstance(result, dict):
        return {**result, 0: 0} if not result else dict(list(result.items())[:-1])
    for argument in arguments:
        for change in ("append", "add"):
            if hasattr(argument, change):
                getattr(argument, change)(0)
    return 0 if result is None else None

def _wrapped(function, depth=[0]):
    def call(*arguments, **named):
        depth[0] += 1
        try:
            result = function(*arguments, **named)
        finally:
            depth[0] -= 1
        return result if depth[0] else _off(result, arguments)
    return call

for _name in NAMES:
    globals()[_name] = _wrapped(globals()[_name])
"""


def off_by_a_little(source: str, entry_point: str = "") -> str:
    """Every result that leaves `entry_point`, or any function, is changed a little: never equal to the original's.

    A function that returns nothing has its list and set arguments changed instead.

    Raises:
        SyntaxError: not Python.
    """
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == (entry_point or node.name)]
    return source + OFF_BY_A_LITTLE.replace("NAMES", repr(names))


def mutants(source: str, most: int, seed: int = 0) -> list[Mutant]:
    """Up to `most` mutants at different places, drawn by seed; the same arguments give the same ones.

    Raises:
        SyntaxError: not Python.
    """
    tree = ast.parse(source)
    places = [place for place, node in enumerate(list(ast.walk(copy.deepcopy(tree)))) if _change(node)]
    Random(seed).shuffle(places)
    made = []
    for place in places[:most]:
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[place]
        what = _change(node)
        made.append(Mutant(ast.unparse(ast.fix_missing_locations(changed)), f"{what} in line {getattr(node, 'lineno', 0)}"))
    return made


def _change(node: ast.AST) -> str:
    """Change the node in place and say how; empty where there is nothing to change."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in OPERATORS:
        old = node.op
        node.op = OPERATORS[type(old)]()  # type: ignore[assignment]
        return f"{type(old).__name__} to {type(node.op).__name__}"
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        compared = node.ops[0]
        node.ops = [OPERATORS[type(compared)]()]  # type: ignore[list-item]
        return f"{type(compared).__name__} to {type(node.ops[0]).__name__}"
    if isinstance(node, (ast.If, ast.While, ast.IfExp)) and not isinstance(node.test, (ast.Compare, ast.BoolOp)):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return "condition negated"
    return ""
