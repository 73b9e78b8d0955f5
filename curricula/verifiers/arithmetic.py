"""Evaluate plain arithmetic from a teacher without ever running code.

Numbers and + - * / // % ** with brackets; exact fractions; every size bounded before the operation is done,
so that `9**9**9` is refused in microseconds. Anything else in the text is an `ArithmeticRefused`.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from fractions import Fraction

MAX_LENGTH = 300  # characters; a grade-school solution has 80 at most
MAX_NODES = 120
WORD_BEHIND = re.compile(r"\d(?:and|else|for|if|in|is|not|or)")  # Python's parser prints a warning there
MAX_BITS = 256  # of numerator or denominator: 77 decimal digits
MAX_EXPONENT = 64
SPELLINGS = str.maketrans(
    {
        "×": "*",
        "✕": "*",
        "·": "*",
        "÷": "/",
        "−": "-",
        "–": "-",
        "^": "⁁",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
    }
)
OPERATORS: tuple[type[ast.operator], ...] = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
)


class ArithmeticRefused(ValueError):
    """Not plain arithmetic, or too large; the message says which."""


@dataclass(frozen=True)
class Evaluated:
    """Value of an expression and the numbers written in it."""

    value: Fraction
    numbers: tuple[Fraction, ...]
    n_operators: int
    has_identity: bool
    """It adds 0 or multiplies by 1 somewhere: an answer copied into a pretended calculation."""


def evaluate(text: str) -> Evaluated:
    """The exact value of plain arithmetic; `a = b` must hold on both sides and counts as one value.

    Percent signs behind a number divide it by 100; currency signs and thousands commas are skipped.

    Raises:
        ArithmeticRefused: names, calls, code, too long, too large, division by zero, unequal sides.
    """
    if len(text) > MAX_LENGTH:
        raise ArithmeticRefused("too long")
    sides = [side for side in re.split(r"==?", text) if side.strip()]
    if not 1 <= len(sides) <= 2:
        raise ArithmeticRefused("not one expression")
    results = [_evaluate_side(side) for side in sides]
    if len(results) == 2 and results[0].value != results[1].value:
        raise ArithmeticRefused(f"the two sides differ: {results[0].value} and {results[1].value}")
    return max(results, key=lambda result: result.n_operators)


def _evaluate_side(text: str) -> Evaluated:
    plain = text.translate(SPELLINGS).replace("⁁", "**").strip().rstrip(".")
    plain = re.sub(r"[$€£¥]\s*", "", plain)
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    plain = re.sub(r"(?<=\d)\s*[xX]\s*(?=[\d(])", "*", plain)
    plain = re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*[\d(])", r"(\1/100)", plain)
    plain = re.sub(r"(?<![\d.])0+(?=\d)", "", plain)
    if WORD_BEHIND.search(plain):
        raise ArithmeticRefused("not arithmetic")
    try:
        tree = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ArithmeticRefused("not arithmetic") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise ArithmeticRefused("too many terms")
    numbers: list[Fraction] = []
    value = _value(tree.body, numbers)
    operators = [node for node in nodes if isinstance(node, ast.BinOp)]
    return Evaluated(value, tuple(numbers), len(operators), any(map(_is_identity, operators)))


def _value(node: ast.expr, numbers: list[Fraction]) -> Fraction:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        if not math.isfinite(node.value):
            raise ArithmeticRefused("too large a number")
        number = Fraction(str(node.value))
        numbers.append(number)
        return _bounded(number)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _value(node.operand, numbers)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
        return _bounded(_apply(node.op, _value(node.left, numbers), _value(node.right, numbers)))
    raise ArithmeticRefused(f"{type(node).__name__} is not arithmetic")


def _apply(operator: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Pow):
        if right.denominator != 1 or abs(right) > MAX_EXPONENT or (left == 0 and right < 0):
            raise ArithmeticRefused("too large a power")
        if max(left.numerator.bit_length(), left.denominator.bit_length()) * abs(right) > MAX_BITS:
            raise ArithmeticRefused("too large a power")
        return left ** int(right)
    if right == 0:
        raise ArithmeticRefused("division by zero")
    if isinstance(operator, ast.Div):
        return left / right
    return Fraction(left // right) if isinstance(operator, ast.FloorDiv) else left % right


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ArithmeticRefused("too large a number")
    return value


def _is_identity(node: ast.BinOp) -> bool:
    """`x + 0`, `x - 0`, `x * 1`, `x / 1`, `x ** 1` and their mirror images."""
    left = node.left.value if isinstance(node.left, ast.Constant) else None
    right = node.right.value if isinstance(node.right, ast.Constant) else None
    if isinstance(node.op, ast.Add):
        return 0 in (left, right)
    if isinstance(node.op, ast.Sub):
        return right == 0
    if isinstance(node.op, ast.Mult):
        return 1 in (left, right)
    return right == 1
