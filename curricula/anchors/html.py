r"""HTML documents as anchors: the readable text of each page, cut into passages as plain text is.

Menus, scripts, forms and footers are left out; formulas written as LaTeX (MathJax scripts, MathML annotations, images with
an alt text) stay as `$...$`. A page that can't be parsed gives whatever text lxml recovers from it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from curricula.anchors.names import AnchorName
from curricula.anchors.passages import documents, passages, require_rows
from curricula.lesson import Lesson
from probes.errors import WeakspotError

SUFFIXES = (".html", ".htm", ".xhtml")
_LEFT_OUT = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "select", "iframe", "svg", "head")
_BLOCKS = frozenset(["p", "div", "section", "article", "main", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "table", "tr", "figure", "figcaption", "ul", "ol", "dl", "body", "hr"])
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "menu"})


def read_html_folder(name: AnchorName) -> list[Lesson]:
    """Passages of every page below a folder, by path; source is `html:<folder>/<file>#<line>`, lines of the extracted text.

    Raises:
        WeakspotError: no such folder, no page in it, no passage.
    """
    root, files = documents(name, SUFFIXES)
    rows: list[Lesson] = []
    for path in files:
        inside = str(path.relative_to(root)).replace("#", "%23") if path != root else path.name
        rows += passages(readable_text(_read(path)), f"html:{root.name}/{inside}", path)
    return require_rows(rows, name, f"{len(files)} pages")


def readable_text(body: bytes) -> str:
    """The text of a page: paragraphs apart by a blank line, white space collapsed, formulas as `$LaTeX$`. Empty for no text."""
    from lxml import etree, html

    if not body.strip():
        return ""
    try:
        tree = html.document_fromstring(body, parser=html.HTMLParser(encoding=_encoding(body), remove_comments=True, remove_pis=True, huge_tree=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):  # nothing in it that is a document
        return ""
    for formula in tree.xpath("//script[starts-with(@type, 'math/tex')] | //annotation[@encoding='application/x-tex'] | //img[contains(@class, 'tex') or contains(@class, 'math')]"):
        _keep_formula(formula)
    for element in [*tree.iter(*_LEFT_OUT), *(e for e in tree.iter() if e.get("role") in _ROLES)]:
        if element.getparent() is not None:
            element.drop_tree()
    found = next((e for query in ("//main", "//*[@role='main']", "//article") for e in tree.xpath(query)), tree)
    parts: list[str] = []
    _write(found, parts)
    paragraphs = [re.sub(r"\s+", " ", part).strip() for part in "".join(parts).split("\x1e")]
    return "\n\n".join(part for part in paragraphs if part)


def _keep_formula(element: Any) -> None:
    """Put the LaTeX where the formula was; the rendered form of MathML goes, it would say everything twice."""
    latex = " ".join((element.get("alt") or element.text or "").split())
    whole = next((e for e in element.iterancestors("math")), element)
    katex = next((e for e in whole.iterancestors("span") if "katex" in (e.get("class") or "").split()), whole)
    if not latex or katex.getparent() is None:
        return
    katex.tail = f" ${latex}$ {katex.tail or ''}"
    katex.drop_tree() if katex.tag != "script" else katex.getparent().remove(_without_tail(katex))


def _without_tail(element: Any) -> Any:
    """`remove` would take the tail along: give it to what stands before."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None
    return element


def _write(element: Any, parts: list[str]) -> None:
    """Text in document order, a mark around every block; by a stack, for pages may be nested ten thousand deep."""
    stack: list[tuple[Any, bool]] = [(element, True)]
    while stack:
        node, is_opening = stack.pop()
        is_block = node.tag in _BLOCKS
        if is_opening:
            parts.append("\x1e" if is_block else " " if node.tag in ("br", "td", "th") else "")
            parts.append(node.text or "")
            stack.append((node, False))
            stack += [(child, True) for child in reversed(node)]
        else:
            parts.append("\x1e" if is_block else "")
            if node is not element:
                parts.append(node.tail or "")


def _encoding(body: bytes) -> str | None:
    """UTF-8 where it is; else None, and the parser reads the page's own declaration."""
    try:
        body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None if re.search(rb"charset\s*=", body[:4096], re.IGNORECASE) else "cp1252"
    return "utf-8"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeakspotError(f"can't read {path}: {error.strerror}") from None
