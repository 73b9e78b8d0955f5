"""Answer what a prompt states outright: plain arithmetic, and expressions of True and False.

A prompt goes in, its value comes out, or None. The one thing to know: the whole prompt must be understood. One
word outside the small list of asking words ("base", "digit", "remainder", a story) and nothing is said, because
what is said here counts as proof against a gold answer.
"""

from __future__ import annotations

import ast
import re
from fractions import Fraction

from curricula.engines.contract import words as listed
from curricula.verifiers.arithmetic import ArithmeticRefused, evaluate
from probes.numbers import parse_number

MAX_CHARS = 600  # a plain expression with its instructions; a story is longer
ASKING = frozenset(
    listed(
        """a an the is are of to be it this following given what whats what's which calculate compute
        evaluate solve find work out how much value result answer equal equals expression sum total please
        give tell me write reply respond return question problem q only just with number as your bare final
        nothing else and step by do can you"""
    )
)
"""Words that ask for a value and change nothing about it."""
LOGIC = ASKING - {"and", "a", "number", "sum", "total"} | {"logical", "boolean", "truth"}
_NUMBER = r"-?\$?\d[\d,]*(?:\.\d+)?"
_SPOKEN = (
    (re.compile(rf"\b(?:add|sum of)\s+({_NUMBER})\s+(?:and|to)\s+({_NUMBER})", re.I), r"(\1) + (\2)"),
    (re.compile(rf"\bsubtract\s+({_NUMBER})\s+from\s+({_NUMBER})", re.I), r"(\2) - (\1)"),
    (
        re.compile(rf"\b(?:multiply|product of)\s+({_NUMBER})\s+(?:by|and|with)\s+({_NUMBER})", re.I),
        r"(\1) * (\2)",
    ),
    (re.compile(rf"\bdivide\s+({_NUMBER})\s+by\s+({_NUMBER})", re.I), r"(\1) / (\2)"),
    (re.compile(r"(?<=[\d)])\s*(?:plus)\s+(?=[-$\d(])", re.I), " + "),
    (re.compile(r"(?<=[\d)])\s*(?:minus)\s+(?=[$\d(])", re.I), " - "),
    (re.compile(r"(?<=[\d)])\s*(?:times|multiplied by)\s+(?=[-$\d(])", re.I), " * "),
    (re.compile(r"(?<=[\d)])\s*(?:divided by)\s+(?=[-$\d(])", re.I), " / "),
    (re.compile(r"(?<=[\d)])\s*[x×]\s*(?=[\d(])", re.I), " * "),
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BETWEEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[?:!;\"“”`=\n]+|\.(?=\s|$)|,(?!\d)")
_EXPRESSION = re.compile(r"[\d\s.,+\-−–*/×÷·()\[\]$^]+")
_BOOLEAN = re.compile(r"\b(?:true|false|and|or|not)\b|[()]", re.I)


def solve(prompt: str) -> Fraction | bool | None:
    """The value that the prompt asks for, where it states one expression and nothing else; None otherwise."""
    if len(prompt) > MAX_CHARS:
        return None
    value = _arithmetic(prompt)
    return _boolean(prompt) if value is None else value


def contradicts(value: Fraction | bool, gold: str) -> bool | None:
    """Is `gold` another answer than `value`? None where the gold is not of that kind.

    A fraction may be given rounded or cut off to the gold's own decimals ("3.33", or "3" for 10/3).
    """
    text = gold.strip().rstrip(".").strip()
    if isinstance(value, bool):
        said = {"true": True, "false": False}.get(text.lower())
        return None if said is None else said is not value
    number = parse_number(text)
    if number is None or "%" in text:
        return None
    if number.value == value:
        return False
    decimals = len(text.partition(".")[2].rstrip(" $€£¥₹"))
    return value.denominator == 1 or abs(number.value - value) >= Fraction(1, 10**decimals)


def spoken(value: Fraction | bool) -> str:
    """The value as an answer is written."""
    if isinstance(value, bool):
        return str(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"


def _arithmetic(prompt: str) -> Fraction | None:
    text = prompt
    for pattern, written in _SPOKEN:
        text = pattern.sub(written, text)
    if any(word.lower().replace("’", "'") not in ASKING for word in _WORD.findall(text)):
        return None
    pieces = [piece.strip() for piece in _BETWEEN.split(text) if any(char.isdigit() for char in piece)]
    if len(pieces) != 1 or not _EXPRESSION.fullmatch(pieces[0]):
        return None
    try:
        found = evaluate(pieces[0])
    except ArithmeticRefused:
        return None  # not plain arithmetic after all: no testimony
    return found.value if found.n_operators else None


def _boolean(prompt: str) -> bool | None:
    pieces: list[list[str]] = [[]]
    at = 0
    for match in _BOOLEAN.finditer(prompt):
        between = prompt[at : match.start()]
        if not _is_asking(between):
            return None
        if between.strip():
            pieces.append([])
        pieces[-1].append(match[0].lower())
        at = match.end()
    if not _is_asking(prompt[at:]):
        return None
    # "Answer true or false" offers the two answers; as a whole question it would be one too, and is left alone
    stated = [piece for piece in pieces if piece and piece not in (["true", "or", "false"], ["and"], ["or"])]
    if len(stated) != 1 or len(stated[0]) < 2:
        return None
    try:
        tree = ast.parse(" ".join(stated[0]).replace("true", "True").replace("false", "False"), mode="eval")
    except SyntaxError:
        return None
    return _truth(tree.body)


def _is_asking(text: str) -> bool:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    return all(word in LOGIC for word in words) and not any(char.isdigit() for char in text)


def _truth(node: ast.expr) -> bool | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        values = [_truth(value) for value in node.values]
        if None in values:
            return None
        return all(values) if isinstance(node.op, ast.And) else any(values)
    return None
