"""A page as text: headings, paragraphs, lists and formulas, without what surrounds them.

`extract` is the one door: HTML goes in, a `Document` comes out, for the web chain and for whoever wants the text of a
page. Resiliparse parses (lexbor, the HTML5 rules: broken markup has one meaning) and writes the text, as in OpenWebMath;
formulas and navigation are taken out with lxml in between, as asking resiliparse's tree for 981 elements took 16 s and
lxml's .03 s. Its main-content heuristics are not used: they drop short lists, and formulas with them (`docs/log.md`).
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from typing import Any, Literal

from curricula.web.formulas import OPEN, take_out

SURROUNDINGS = [
    "nav", "footer", "header", "aside", "form", "button", "select", "iframe", "svg", "canvas", "script", "style", "noscript", "template", "dialog", "audio", "video", "head",
    "[role=navigation]", "[role=search]", "[role=banner]", "[role=contentinfo]", "[role=complementary]", "[aria-hidden=true]", "[hidden]",
    ".nav", ".navbar", ".navigation", ".menu", ".sidebar", ".sphinxsidebar", ".related", ".breadcrumb", ".breadcrumbs", ".footer", ".header", ".headerlink", ".toc", ".toctree-wrapper", ".contents.topic", ".contents.local",
    ".cookie", ".advertisement", ".ads", ".share", ".social", ".comments", ".noprint", ".mw-editsection", ".viewcode-link", ".nav-panel", ".nav_header", ".navpath",
    ".copiable-anchor", ".copiable-link", ".prev-next-area", ".summary-letter", ".chlinktop", ".chlinkprevnexttop", ".chlinkbot", ".chlinkprevnextbot", ".skip-link", ".sr-only", ".visually-hidden",
    "#toc", "#nav", "#nav-path", "#navrow1", "#navrow2", "#footer", "#header", "#sidebar", "#side-nav", "#titlearea", "#comments", "#top",
]  # fmt: skip
"""What stands around an article, by the names that templates give it."""
LINKY = 0.6  # share of a block's letters inside links from which it is navigation
FEW_LINKS = 3  # a paragraph may be one link
BLOCKS = ".//ul | .//ol | .//dl | .//table | .//p | .//center"
_FORBIDDEN = re.compile("[\ue000\ue001\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # our placeholders, and what XML can't hold
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>")  # lxml refuses text that still names an encoding
_WRITTEN = re.compile(r"\\\(.{1,300}?\\\)|\\\[.{1,600}?\\\]", re.DOTALL)
_BARE_LESS = re.compile(r"<(?=[a-zA-Z])(?!(?:br|b|i|u|em|strong|span|a|p|sub|sup|div|var|code|tt|font)\b)")  # \(x<y\): to a parser a tag y begins


@dataclass(frozen=True)
class Block:
    """One piece of a document."""

    kind: Literal["heading", "text", "list", "code"]
    text: str
    level: int = 0
    """1 to 6 for a heading."""


@dataclass(frozen=True)
class Document:
    """What a page says."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    n_formulas: int
    """Formulas found in the page's markup; those in what was taken off as boilerplate count too."""

    @property
    def text(self) -> str:
        """Everything, blocks apart by an empty line."""
        return "\n\n".join(block.text for block in self.blocks)

    @property
    def prose(self) -> str:
        """The same without code."""
        return "\n\n".join(block.text for block in self.blocks if block.kind != "code")


def extract(html: bytes | str, url: str) -> Document:
    """The text of one page with its formulas as LaTeX.

    Bytes are decoded by the page's own declaration or as detected. Any input gives a document; one without text gives one
    without blocks. `url` is only carried along.
    """
    from lxml import etree
    from lxml import html as parser
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    from curricula.web.pages import Page, decode

    text = decode(Page(url, html)) if isinstance(html, bytes) else html
    text = _WRITTEN.sub(lambda match: _BARE_LESS.sub("&lt;", match.group()), _DECLARATION.sub("", _FORBIDDEN.sub(" ", text)))
    try:
        parsed = HTMLTree.parse(text).document
        tree = parser.document_fromstring(parsed.html if parsed is not None else "", parser=parser.HTMLParser(huge_tree=True, encoding=None))
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but comments or space
        return Document(url, "", (), 0)
    title = " ".join((tree.findtext(".//title") or "").split())
    body = tree.find("body")
    if body is None:
        return Document(url, title, (), 0)
    formulas = take_out(body)
    _drop_navigation(body)
    minimal = extract_plain_text(parser.tostring(tree, encoding="unicode"), preserve_formatting="minimal_html", main_content=False, alt_texts=False, list_bullets=True, skip_elements=SURROUNDINGS)
    blocks = tuple(Block(block.kind, formulas.put_back(block.text), block.level) for block in _blocks(minimal))
    return Document(url, title, blocks, len(formulas.latex))


def _drop_navigation(body: Any) -> None:
    """Take away blocks made of links (Kohlschütter, Fankhauser and Nejdl 2010: link density), but never a formula."""
    for node in body.xpath(BLOCKS):
        links = node.xpath(".//a[@href]")
        if len(links) < FEW_LINKS or node.getparent() is None:
            continue
        text = node.text_content()
        inside = sum(len("".join(link.text_content().split())) for link in links)
        if OPEN not in text and inside > LINKY * len("".join(text.split())):
            node.getparent().remove(node)


def _blocks(minimal: str) -> list[Block]:
    found: list[Block] = []
    pieces = re.split(r"(<pre>.*?</pre>|<h[1-6]>.*?</h[1-6]>)", minimal, flags=re.DOTALL)
    for piece in pieces:
        heading = re.fullmatch(r"<h([1-6])>(.*)</h[1-6]>", piece, re.DOTALL)
        if heading:
            text = " ".join(_plain(heading.group(2)).split()).strip("¶ ")
            if text:
                found.append(Block("heading", text, int(heading.group(1))))
        elif piece.startswith("<pre>"):
            text = _plain(piece).strip("\n").rstrip()
            if text:
                found.append(Block("code", text))
        else:
            found += _paragraphs(piece)
    return found


def _paragraphs(piece: str) -> list[Block]:
    found = []
    for part in re.split(r"\n\s*\n|</?p>", re.sub(r"<(/?)(?:ul|ol)>", r"\n\n<\1list>\n\n", piece)):
        lines = [" ".join(line.split()) for line in _plain(re.sub(r"<li>", "- ", part)).split("\n")]
        lines = [line for line in lines if line and line not in ("-", "•", "¶")]
        if not lines:
            continue
        is_list = sum(line.startswith(("- ", "• ")) for line in lines) * 2 > len(lines)
        found.append(Block("list" if is_list else "text", "\n".join(lines)))
    return found


def _plain(markup: str) -> str:
    return entities.unescape(re.sub(r"</?(?:p|br|ul|ol|li|list|pre|h[1-6]|a|blockquote|dl|dt|dd|table|tr|td)\b[^<>]*>", "", markup))
