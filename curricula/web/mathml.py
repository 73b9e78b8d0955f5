r"""Presentation MathML to LaTeX.

A parsed `<math>` element goes in, LaTeX without delimiters comes out. Covered are the elements of MathML Core and
`mfenced`; an element that is not known gives its children, so nothing that was written is lost. Symbols without a LaTeX
name stay the Unicode characters they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

Node = Any  # an lxml element; lxml ships no types

OPERATORS = {
    "−": "-", "×": r"\times", "⋅": r"\cdot", "·": r"\cdot", "÷": r"\div", "±": r"\pm", "∓": r"\mp", "∗": "*", "∘": r"\circ", "⊗": r"\otimes", "⊕": r"\oplus",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "≅": r"\cong", "∝": r"\propto", "≪": r"\ll", "≫": r"\gg", "≃": r"\simeq",
    "∈": r"\in", "∉": r"\notin", "∋": r"\ni", "⊂": r"\subset", "⊆": r"\subseteq", "⊃": r"\supset", "⊇": r"\supseteq", "∪": r"\cup", "∩": r"\cap", "∖": r"\setminus", "∅": r"\emptyset",
    "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee", "⊥": r"\perp", "∥": r"\parallel", "∣": r"\mid", "⊢": r"\vdash", "∴": r"\therefore",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto", "⟶": r"\longrightarrow", "⟹": r"\implies",
    "∑": r"\sum", "∏": r"\prod", "∐": r"\coprod", "∫": r"\int", "∬": r"\iint", "∭": r"\iiint", "∮": r"\oint", "⋃": r"\bigcup", "⋂": r"\bigcap", "∂": r"\partial", "∇": r"\nabla",
    "∞": r"\infty", "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "′": "'", "″": "''", "ℓ": r"\ell", "ℏ": r"\hbar", "ℜ": r"\Re", "ℑ": r"\Im", "ℵ": r"\aleph",
    "⟨": r"\langle", "⟩": r"\rangle", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "‖": r"\|", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$",
}  # fmt: skip
FUNCTIONS = frozenset(["sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "lg", "exp", "lim", "limsup", "liminf", "sup", "inf", "max", "min", "det", "dim", "ker", "gcd", "deg", "arg", "hom", "Pr"])
ACCENTS = {
    "^": r"\hat", "ˆ": r"\hat", "~": r"\tilde", "˜": r"\tilde", "∼": r"\tilde", "¯": r"\bar", "‾": r"\overline", "―": r"\overline", "→": r"\vec", "⃗": r"\vec", "˙": r"\dot", ".": r"\dot",
    "¨": r"\ddot", "⏞": r"\overbrace", "⏟": r"\underbrace", "_": r"\underline", "̲": r"\underline",
}  # fmt: skip
ALPHABETS = {"DOUBLE-STRUCK": r"\mathbb", "FRAKTUR": r"\mathfrak", "BLACK-LETTER": r"\mathfrak", "SCRIPT": r"\mathcal", "SANS-SERIF": r"\mathsf", "MONOSPACE": r"\mathtt", "BOLD": r"\mathbf"}
VARIANTS = {"double-struck": r"\mathbb", "fraktur": r"\mathfrak", "script": r"\mathcal", "bold": r"\mathbf", "bold-italic": r"\mathbf", "sans-serif": r"\mathsf", "monospace": r"\mathtt"}
INVISIBLE = re.compile("[\u2061-\u2064\u200b\ufeff]")  # function application, invisible times and the like
FENCES = frozenset(("(", ")", "[", "]", "|", r"\{", r"\}", r"\langle", r"\rangle", r"\lfloor", r"\rfloor", r"\lceil", r"\rceil", r"\|"))
OPENING = {"(": ")", "[": "]", r"\{": r"\}", "|": "|", r"\|": r"\|", r"\langle": r"\rangle"}
MATRICES = {"(": "pmatrix", "[": "bmatrix", "|": "vmatrix", r"\{": "Bmatrix", r"\|": "Vmatrix"}
BIG = frozenset((r"\sum", r"\prod", r"\coprod", r"\int", r"\iint", r"\iiint", r"\oint", r"\bigcup", r"\bigcap", r"\lim", r"\limsup", r"\liminf", r"\sup", r"\inf", r"\max", r"\min"))


def to_latex(math: Node) -> str:
    """LaTeX of a `<math>` element from its presentation markup; empty where it shows nothing."""
    return re.sub(r"\s+", " ", _row(math)).strip()


def _elements(node: Node) -> list[Node]:
    return [child for child in node if isinstance(child.tag, str)]  # comments have no name


def _latex(node: Node) -> str:
    known = _BY_TAG.get(node.tag.rpartition(":")[2])
    return known(node) if known else _row(node)


def _row(node: Node) -> str:
    children = _elements(node)
    if not children:
        return _symbols(node.text_content())
    parts = [_latex(child) for child in children]
    if len(parts) == 3 and parts[0] in MATRICES and OPENING.get(parts[0]) == parts[2] and parts[1].startswith(r"\begin{matrix}"):
        return parts[1].replace("{matrix}", f"{{{MATRICES[parts[0]]}}}")
    if len(parts) == 2 and parts[0] == r"\{" and parts[1].startswith(r"\begin{matrix}"):
        return parts[1].replace("{matrix}", "{cases}")
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Parts in a line; a space only where a command would run into a letter."""
    text = ""
    for part in parts:
        if text and part and re.search(r"\\[A-Za-z]+$", text) and part[0].isalpha():
            text += " "
        text += part
    return text


def _symbols(text: str) -> str:
    return _joined([_symbol(character) for character in INVISIBLE.sub("", text).strip()])


def _symbol(character: str) -> str:
    if character in OPERATORS:
        return OPERATORS[character]
    if character == "\\":
        return r"\backslash"
    if character.isascii():
        return character
    name = unicodedata.name(character, "")
    plain = unicodedata.normalize("NFKC", character)
    if name.startswith("MATHEMATICAL ") or "DOUBLE-STRUCK" in name or "BLACK-LETTER" in name or (name.startswith("SCRIPT ") and len(plain) == 1):
        command = next((command for style, command in ALPHABETS.items() if style in name), "")
        inner = plain if plain.isascii() else _symbol(plain)
        return f"{command}{{{inner}}}" if command else inner
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)|GREEK (\w+) SYMBOL", unicodedata.name(plain, "") if len(plain) == 1 else "")
    if greek:
        if greek.group(3):
            return "\\var" + greek.group(3).lower()
        letter = greek.group(2).lower().replace("lamda", "lambda").replace("final sigma", "varsigma")
        if letter == "omicron":
            return "o"
        return "\\" + (letter.capitalize() if greek.group(1) == "CAPITAL" else letter)
    return "'" if plain == "′" else character


def _identifier(node: Node) -> str:
    text = INVISIBLE.sub("", node.text_content()).strip()
    variant = VARIANTS.get(node.get("mathvariant") or "", "")
    if text in FUNCTIONS:
        return "\\" + text
    if len(text) > 1 and text.isascii() and text.isalpha():
        return f"{variant or chr(92) + 'operatorname'}{{{text}}}"
    return f"{variant}{{{_symbols(text)}}}" if variant and text else _symbols(text)


def _text(node: Node) -> str:
    text = re.sub(r"\s+", " ", node.text_content())
    return rf"\text{{{text}}}" if text.strip() else (r"\ " if text else "")


def _operator(node: Node) -> str:
    text = INVISIBLE.sub("", node.text_content()).strip()
    latex = "\\" + text if text in FUNCTIONS else _symbols(text)
    return rf"\operatorname{{{text}}}" if len(text) > 1 and text.isalpha() and text not in FUNCTIONS else latex


def _args(node: Node, n: int) -> list[str]:
    parts = [_latex(child) for child in _elements(node)]
    return (parts + [""] * n)[:n]


def _base(latex: str) -> str:
    return latex if re.fullmatch(r"\\?\w|\\[A-Za-z]+|\\[A-Za-z]+\{[^{}]*\}|[)\]]", latex) else f"{{{latex}}}"


def _script(latex: str) -> str:
    return latex if re.fullmatch(r"[^\\{}\s]", latex) else f"{{{latex}}}"


def _fraction(node: Node) -> str:
    above, below = _args(node, 2)
    return rf"\binom{{{above}}}{{{below}}}" if (node.get("linethickness") or "") in ("0", "0px", "0pt") else rf"\frac{{{above}}}{{{below}}}"


def _superscript(node: Node) -> str:
    base, above = _args(node, 2)
    return _base(base) + (above if re.fullmatch(r"'+", above) else "^" + _script(above))


def _subscript(node: Node) -> str:
    base, below = _args(node, 2)
    return f"{_base(base)}_{_script(below)}"


def _both(node: Node) -> str:
    base, below, above = _args(node, 3)
    return f"{_base(base)}_{_script(below)}^{_script(above)}"


def _over(node: Node) -> str:
    base, above = _args(node, 2)
    accent = ACCENTS.get((_elements(node)[-1].text_content()).strip()) if _elements(node) else None
    if accent:
        return f"{accent}{{{base}}}"
    return f"{base}^{_script(above)}" if base in BIG else rf"\overset{{{above}}}{{{base}}}"


def _under(node: Node) -> str:
    base, below = _args(node, 2)
    accent = ACCENTS.get((_elements(node)[-1].text_content()).strip()) if _elements(node) else None
    if accent in (r"\underbrace", r"\underline"):
        return f"{accent}{{{base}}}"
    return f"{base}_{_script(below)}" if base in BIG else rf"\underset{{{below}}}{{{base}}}"


def _under_over(node: Node) -> str:
    base, below, above = _args(node, 3)
    return f"{base}_{_script(below)}^{_script(above)}" if base in BIG else rf"\overset{{{above}}}{{\underset{{{below}}}{{{base}}}}}"


def _root(node: Node) -> str:
    base, degree = _args(node, 2)
    return rf"\sqrt[{degree}]{{{base}}}"


def _table(node: Node) -> str:
    rows = []
    for row in _elements(node):
        cells = [_latex(cell) for cell in _elements(row)]
        rows.append(" & ".join(cells[1:] if row.tag == "mlabeledtr" else cells))
    return r"\begin{matrix} " + r" \\ ".join(rows) + r" \end{matrix}"


def _fenced(node: Node) -> str:
    given = node.get("separators")
    marks = [_symbols(mark) for mark in (given if given is not None else ",").strip()]
    opening = _symbols("(" if node.get("open") is None else node.get("open"))
    closing = _symbols(")" if node.get("close") is None else node.get("close"))
    text = ""
    for i, part in enumerate(_latex(child) for child in _elements(node)):
        text += (marks[min(i - 1, len(marks) - 1)] if i and marks else "") + part
    return _joined([opening, text, closing])


def _multiscripts(node: Node) -> str:
    base, *rest = _elements(node)
    cut = next((i for i, child in enumerate(rest) if child.tag == "mprescripts"), len(rest))
    after, before = [_latex(child) for child in rest[:cut]], [_latex(child) for child in rest[cut + 1 :]]

    def scripts(parts: list[str]) -> str:
        return "".join(mark + _script(part) for i, part in enumerate(parts) if part for mark in ("_^"[i % 2],))

    return ("{}" + scripts(before) if before else "") + _base(_latex(base)) + scripts(after)


def _presented(node: Node) -> str:
    shown = [child for child in _elements(node) if child.tag not in ("annotation", "annotation-xml")]
    return _latex(shown[0]) if shown else ""


def _nothing(node: Node) -> str:
    return ""


_BY_TAG: dict[str, Callable[[Node], str]] = {
    "mi": _identifier, "mn": lambda node: _symbols(node.text_content()), "mo": _operator, "mtext": _text, "ms": _text, "mspace": lambda node: r"\ ", "mfrac": _fraction, "msup": _superscript,
    "msub": _subscript, "msubsup": _both, "mover": _over, "munder": _under, "munderover": _under_over, "msqrt": lambda node: rf"\sqrt{{{_row(node)}}}", "mroot": _root, "mtable": _table,
    "mfenced": _fenced, "mmultiscripts": _multiscripts, "semantics": _presented, "mphantom": _nothing, "none": _nothing, "mprescripts": _nothing, "annotation": _nothing,
    "annotation-xml": _nothing, "maction": lambda node: _latex(_elements(node)[0]) if _elements(node) else "",
}  # fmt: skip
