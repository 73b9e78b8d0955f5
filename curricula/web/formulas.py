r"""Formulas of a page, taken out of its tree before anything can harm them.

A parsed page goes in; every formula is replaced by a placeholder and returned as LaTeX between `$` or `$$`. White space
rules, HTML escapes and boilerplate removal then never see LaTeX. Read are MathJax (script tags, containers, delimiters in
text), KaTeX and LaTeXML annotations, MathML, Wikipedia's fallback images, images with LaTeX in alt, title, data
attributes or their address, and plain `sub` and `sup` (OpenWebMath, Paster 2023, section 3.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from curricula.web.mathml import Node, to_latex

OPEN, CLOSE = "\ue000", "\ue001"  # private use, taken out of the page first
PLACEHOLDER = re.compile(f"{OPEN}(\\d+){CLOSE}")
VERBATIM = frozenset(("pre", "code", "script", "style", "textarea", "noscript", "kbd", "samp", "title", "template"))
RENDERED = frozenset(["MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_SVG_Display", "MathJax_CHTML", "MathJax_Preview", "MathJax_Error", "mjx-chtml", "MJXc-display"])
"""What MathJax 2 drew beside the script tags that hold the source."""
OUTERMOST = (
    ".//*[contains(concat(' ', normalize-space(@class), ' '), ' katex-display ')]", ".//*[contains(concat(' ', normalize-space(@class), ' '), ' katex ')]",
    ".//*[contains(concat(' ', normalize-space(@class), ' '), ' mwe-math-element ')]", ".//mjx-container", ".//math",
)  # fmt: skip
"""Elements that are a formula, the outer before the inner."""
MAYBE = re.compile(r"\$|\\[(\[]|\\begin\{")
COMMAND = re.compile(r"\\[A-Za-z]+|[_^]\s*\{|\\[{}]")
DELIMITED = re.compile(
    r"\$\$(?P<dollars>.+?)\$\$|\\\[(?P<bracket>.+?)\\\]|\\\((?P<paren>.+?)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>equation|align|gather|multline|eqnarray|alignat|displaymath|math)(?P<star>\*?)\}.+?\\end\{(?P=name)(?P=star)\})"
    r"|(?<![\\$\w])\$(?P<dollar>(?![\s$])(?:\\\$|[^$\n])+?(?<![\s\\]))\$(?![\w$])",
    re.DOTALL,
)
MONEY = re.compile(r"\d[\d,.]*(?:\s|$|[kmb]\b)", re.IGNORECASE)
LATEX_IMAGE = re.compile(r"(?:latex|codecogs|mathtex|mimetex|/math/render|wp-content/latex|tex\.cgi|cht=tx|formula)", re.IGNORECASE)
IMAGE_CLASS = re.compile(r"(?:^|\s)(?:mwe-math-\S+|tex|latex|math|formulaInl|formulaDsp|equation|eq)(?:\s|$)", re.IGNORECASE)


@dataclass
class Formulas:
    """The formulas of one page by the number in their placeholder."""

    latex: list[str] = field(default_factory=list)

    def keep(self, source: str, *, is_display: bool = False) -> str:
        """The placeholder of a formula; empty for an empty one. Delimiters that it still has are taken off."""
        source, display = bare(source)
        if not source:
            return ""
        mark = "$$" if is_display or display else "$"
        self.latex.append(f"{mark}{source}{mark}")
        return f"{OPEN}{len(self.latex) - 1}{CLOSE}"

    def put_back(self, text: str) -> str:
        """The text with formulas for placeholders."""
        return PLACEHOLDER.sub(lambda match: self.latex[int(match.group(1))], text)


def bare(source: str) -> tuple[str, bool]:
    r"""LaTeX without its outer delimiters and `\displaystyle`, on one line, and whether it was set as a display."""
    text = re.sub(r"(?<!\\)%.*?(?:\n|$)", " ", source) if "\n" in source else source
    text = re.sub(r"\s+", " ", text).strip()
    for opening, closing, is_display in (("$$", "$$", True), (r"\[", r"\]", True), (r"\(", r"\)", False), ("$", "$", False)):
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            text, display = text[len(opening) : -len(closing)].strip(), is_display
            break
    else:
        display = False
    wrapped = re.fullmatch(r"\{\s*\\displaystyle\s*(.*)\}", text)
    return (wrapped.group(1).strip() if wrapped else re.sub(r"^\\displaystyle\s+", "", text)), display


def take_out(body: Node) -> Formulas:
    """Replace every formula below an lxml element, in place."""
    found = Formulas()
    for node in body.xpath('.//script[starts-with(@type, "math/")]'):
        kind = node.get("type").lower()
        if kind.startswith("math/tex"):
            _replace(node, found.keep(node.text or "", is_display="display" in kind))
        elif "mml" in kind:
            _replace(node, found.keep(_converted(node.text or "")))
        else:  # AsciiMath reads as it is written
            _replace(node, " ".join((node.text or "").split()))
    if found.latex:
        for node in body.xpath(".//*[@class]"):
            if RENDERED.intersection(node.get("class").split()):
                _replace(node, "")
    _annotated(body, found)
    for node in body.xpath(".//img | .//object[@type='image/svg+xml']"):
        if latex := _of_image(node):
            _replace(node, found.keep(latex, is_display="formulaDsp" in node.get("class", "")))
    for node in body.xpath(".//*[@data-latex or @data-tex or @data-math or @data-formula]"):
        latex = next((value for name in ("data-latex", "data-tex", "data-math", "data-formula") if (value := node.get(name))), "")
        if latex and OPEN not in node.text_content():
            _replace(node, found.keep(latex))
    for node in body.xpath(".//sub | .//sup"):
        _raised(node)
    _written(body, found)
    return found


def _annotated(body: Node, found: Formulas) -> None:
    """KaTeX, MathJax 3, Wikipedia, LaTeXML and bare MathML: the author's LaTeX if it is there, else the conversion."""
    for path in OUTERMOST:
        for node in body.xpath(path):
            math = node if path == OUTERMOST[-1] else next(iter(node.xpath(".//math")), None)
            note = next(iter(node.xpath(".//annotation[@encoding='application/x-tex' or @encoding='TeX']")), None)
            latex = (note.text_content() if note is not None else "") or (math.get("alttext") if math is not None else "") or ""
            if not latex.strip() and math is not None:
                latex = to_latex(math)
            if not latex.strip():
                continue  # a fallback image below may have it
            is_display = path == OUTERMOST[0] or node.get("display") in ("block", "true") or (math is not None and math.get("display") == "block")
            _replace(node, found.keep(latex, is_display=is_display))


def _converted(source: str) -> str:
    from lxml import html

    math = next(iter(html.fragment_fromstring(source, create_parent="div").xpath(".//math")), None)
    return to_latex(math) if math is not None else ""


def _of_image(node: Node) -> str:
    """LaTeX that an image stands for; empty where it is a picture."""
    for name in ("data-latex", "data-tex", "latex"):
        if value := node.get(name):
            return value
    address = node.get("src") or node.get("data") or ""
    is_formula = bool(IMAGE_CLASS.search(node.get("class", "")) or LATEX_IMAGE.search(address))
    for name in ("alt", "title"):
        value = node.get(name, "").strip()
        if value and (COMMAND.search(value) or re.fullmatch(r"\$.+\$", value, re.DOTALL) or (is_formula and not value.lower().endswith((".png", ".gif", ".svg")))):
            return value
    query = re.search(r"(?:codecogs\.com/\w+\.(?:latex|image)\?|[?&](?:tex|latex|chl|formula|eq)=)([^&]+)", address)
    if query:
        return re.sub(r"^\s*(?:\\(?:dpi|bg|fn|inline|large|small)(?:\{[^}]*\}|\b)\s*)+", "", unquote(query.group(1).replace("+", " ")))
    return ""


def _raised(node: Node) -> None:
    """`x<sup>2</sup>` as `x^2`; a footnote's mark goes."""
    text = node.text_content().strip()
    if node.xpath("ancestor::pre | ancestor::code"):
        return
    if not text or node.xpath(".//a") or (node.tag == "sup" and re.fullmatch(r"\[.*\]|[*†‡]+", text)):
        _replace(node, "")
    elif not (node.tag == "sup" and re.fullmatch(r"st|nd|rd|th|er|e", text)):
        _replace(node, ("_" if node.tag == "sub" else "^") + (text if len(text) == 1 or OPEN in text else f"{{{text}}}"))


def _written(body: Node, found: Formulas) -> None:
    """LaTeX between delimiters in running text; a line break inside a displayed formula is part of it."""
    for node in body.xpath(".//br"):
        if re.search(r"\$\$|\\\[|\\begin\{", node.getparent().text_content()):
            _replace(node, "\n")
    skipped: set[Node] = set()
    for node in body.iter():
        if node.getparent() in skipped or not isinstance(node.tag, str) or node.tag in VERBATIM:
            skipped.add(node)
        elif node.text and MAYBE.search(node.text):
            node.text = DELIMITED.sub(lambda match: _placed(match, found), node.text)
        if node is not body and node.getparent() not in skipped and node.tail and MAYBE.search(node.tail):
            node.tail = DELIMITED.sub(lambda match: _placed(match, found), node.tail)


def _placed(match: re.Match[str], found: Formulas) -> str:
    kind = next(name for name in ("dollars", "bracket", "paren", "environment", "dollar") if match.group(name) is not None)
    inner = match.group(kind)
    if kind == "dollar" and not _is_formula(inner):
        return match.group()
    return found.keep(inner, is_display=kind in ("dollars", "bracket", "environment")) or match.group()


def _is_formula(inner: str) -> bool:
    """Whether what stands between two single dollars is a formula and not prices or shell variables."""
    if len(inner) > 500 or OPEN in inner:
        return False
    if COMMAND.search(inner) or (re.search(r"[=^_<>+*/|]", inner) and not re.search(r"[A-Za-z]{4,}\s+[A-Za-z]{4,}", inner)):
        return True
    return not MONEY.match(inner) and len(inner) <= 12 and not re.search(r"[A-Za-z]{3,}", inner)


def _replace(node: Node, text: str) -> None:
    """Put text where an element was; what followed the element stays."""
    parent = node.getparent()
    if parent is None:
        return
    text += node.tail or ""
    before = node.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    parent.remove(node)
