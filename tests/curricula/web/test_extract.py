"""HTML to text: every formula survives in whatever markup it came, and what surrounds an article does not."""

from __future__ import annotations

import pytest

from curricula.web.document import extract
from curricula.web.mathml import to_latex
from curricula.web.pages import Page, decode
from tests.curricula.web.pages import FOREIGN, MATHS, page

FORMULAS = {
    "MathJax script": (r'<script type="math/tex">a < b_1 & c</script>', r"$a < b_1 & c$"),
    "MathJax display, drawing taken away": ('<span class="MathJax_Preview">x2</span><div class="MathJax_Display">x²</div><script type="math/tex; mode=display">x^2</script>', "$$x^2$$"),
    "MathML in a script": ('<script type="math/mml"><math><mfrac><mn>1</mn><mi>n</mi></mfrac></math></script>', r"$\frac{1}{n}$"),
    "KaTeX": ('<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi></mrow><annotation encoding="application/x-tex">\\sqrt{x}</annotation></semantics></math></span><span class="katex-html">√x</span></span>', r"$\sqrt{x}$"),
    "KaTeX display": ('<span class="katex-display"><span class="katex"><math><semantics><mi>y</mi><annotation encoding="application/x-tex">y^2</annotation></semantics></math></span></span>', "$$y^2$$"),
    "MathML": ("<math display=block><mrow><msubsup><mo>∫</mo><mn>0</mn><mi>∞</mi></msubsup><mi>f</mi></mrow></math>", r"$$\int_0^{\infty}f$$"),
    "Wikipedia": (r'<span class="mwe-math-element"><span style="display:none"><math alttext="{\displaystyle \pi r^{2}}"><mi>π</mi></math></span><img class="mwe-math-fallback-image-inline" alt="{\displaystyle \pi r^{2}}"></span>', r"$\pi r^{2}$"),
    "MathJax 3": ('<mjx-container display="true"><svg></svg><mjx-assistive-mml><math><mi>E</mi><mo>=</mo><mi>m</mi></math></mjx-assistive-mml></mjx-container>', "$$E=m$$"),
    "image, alt": (r'<img class="formulaInl" alt="$\alpha_i$" src="form_12.png">', r"$\alpha_i$"),
    "image, display": (r'<img class="formulaDsp" alt="\[ x = y \]" src="form_13.png">', "$$x = y$$"),
    "image, address": (r'<img src="https://latex.codecogs.com/png.latex?%5Cfrac%7Ba%7D%7Bb%7D" alt="">', r"$\frac{a}{b}$"),
    "data attribute": (r'<span data-latex="\sum_i x_i">drawn</span>', r"$\sum_i x_i$"),
    "parentheses": (r"<span class=math>\(f(x) &lt; \epsilon\)</span>", r"$f(x) < \epsilon$"),
    "brackets over lines": ("\\[ a\n &amp;= b \\]", "$$a &= b$$"),
    "brackets over line breaks": (r"\[ a <br> = b \]", "$$a = b$$"),
    "dollars": ("$$x_1 + x_2$$", "$$x_1 + x_2$$"),
    "one dollar": (r"$n \ge 3$", r"$n \ge 3$"),
    "environment": (r"\begin{align} a &amp;= b \\ c &amp;= d \end{align}", r"$$\begin{align} a &= b \\ c &= d \end{align}$$"),
    "LaTeX comment": ('<script type="math/tex">a % note\nb</script>', "$a b$"),
    "displaystyle": (r'<script type="math/tex">\displaystyle x_1</script>', "$x_1$"),
    "object": ('<object type="image/svg+xml" data="https://latex.codecogs.com/svg.latex?x_1"></object>', "$x_1$"),
    "image, display by class": ('<img class="formulaDsp" alt="x = y_1" src="form_14.png">', "$$x = y_1$$"),
    "image, data before alt": ('<img data-latex="x_1" alt="$y_1$" src="a.png">', "$x_1$"),
    "image, attribute": ('<img latex="x_1" src="a.png">', "$x_1$"),
    "image, title": ('<img title="$x_1$" src="a.png">', "$x_1$"),
    "image, alt by address": ('<img alt="x+y" src="/latex/render?id=3">', "$x+y$"),
    "image, address with resolution": (r'<img src="https://latex.codecogs.com/png.latex?\dpi{150}%20a%2Bb+c" alt="">', "$a+b c$"),
    **{f"data-{name}": (f'<span data-{name}="x_1">drawn</span>', "$x_1$") for name in ("tex", "math", "formula")},
    "data around a script": ('<span data-latex="x_1"><script type="math/tex">x_1</script></span>', "$x_1$"),
    "raised": ("x<sup>2</sup> + y<sub>10</sub>", "x^2 + y_{10}"),
}


@pytest.mark.parametrize("markup", FORMULAS)
def test_a_formula_comes_through(markup: str) -> None:
    source, wanted = FORMULAS[markup]
    document = extract(page("A page", f"<p>Before {source} after.</p>"), "u")
    assert f"Before {wanted} after." in " ".join(document.text.split()), document.text
    assert document.n_formulas == (markup != "raised")


def test_formulas_survive_in_lists_tables_and_headings() -> None:
    body = r"<h2>The case \(n=1\)</h2><ul><li>\(a\)<li>\(b\)</ul><table><tr><td>\(c\)<td>one</table><blockquote>\(d\)</blockquote><dl><dt>\(e\)<dd>\(f\)</dl>"
    text = extract(page("T", body), "u").text
    assert all(f"${name}$" in text for name in ("n=1", *"abcdef"))


@pytest.mark.parametrize("name", ["MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_SVG_Display", "MathJax_CHTML", "MathJax_Preview", "MathJax_Error", "mjx-chtml", "MJXc-display"])
def test_what_a_typesetter_drew_beside_the_source_goes(name: str) -> None:
    assert extract(page("T", f'<p>So <span class="x {name}">drawn</span><script type="math/tex">x</script> is.</p>'), "u").text.split("\n\n")[1:] == ["So $x$ is."]


@pytest.mark.parametrize(("markup", "text"), [('<script type="math/asciimath">x^2  / y</script>', "x^2 / y"), ('<img class="tex" alt="eq1.png" src="eq1.png">', ""), ('<img class="tex" alt="Formula.SVG" src="f.svg">', "")])
def test_what_is_no_latex_is_no_formula(markup: str, text: str) -> None:
    document = extract(page("T", f"<p>So {markup} is.</p>"), "u")
    assert document.n_formulas == 0 and document.blocks[1].text == " ".join(f"So {text} is.".split())


@pytest.mark.parametrize("text", ["It costs $40 and then $55 more.", "Set $HOME and $PATH first.", "from $5 to $10, or $3.50", "US$ 5 and A$ 7", "He paid $40 or 50$ then.", "A $price/unit when many/more$ of it.", "An $abc$ here.", "So $a, b, c, d, e$ is.", f"So ${'x+' * 250}x$ is."])
def test_money_and_shell_variables_are_no_formulas(text: str) -> None:
    document = extract(page("Shop", f"<p>{text}</p>"), "u")
    assert document.n_formulas == 0 and text in document.text


@pytest.mark.parametrize("inner", ["ab", "a, b, c, d;e", "x+" * 249 + "xy", "price = x", r"\word"])
def test_a_formula_between_single_dollars_is_short_or_has_an_operator(inner: str) -> None:
    assert extract(page("T", f"<p>So ${inner}$ is.</p>"), "u").n_formulas == 1


@pytest.mark.parametrize(("markup", "text"), [("the 2<sup>nd</sup> one", "the 2nd one"), ("a word<sup>[3]</sup> and <i>x</i><sup>*†</sup>", "a word and x"), ("<code>x<sup>2</sup></code> is", "x2 is")])
def test_what_is_raised_and_no_power(markup: str, text: str) -> None:
    assert extract(page("T", f"<p>{markup}</p>"), "u").blocks[1].text == text


def test_code_is_left_alone() -> None:
    document = extract(page("T", r"<pre>a $x$ \(b\)</pre><p>Type <code>\(y\)</code> here.</p>"), "u")
    assert document.n_formulas == 0 and r"a $x$ \(b\)" in document.text and document.blocks[1].kind == "code"


def test_what_surrounds_the_article_goes() -> None:
    for source in MATHS.values():
        text = extract(source, "u").text
        assert not any(word in text for word in ("About us", "Copyright", "Privacy", "Home"))
    turning = "<div class='prev-next-area'><a href='a.html'><p>previous</p><p>Gamma</p></a><a href='b.html'><p>next</p><p>Erlang</p></a></div>"
    assert extract(page("T", f"<p>Text stays.</p>{turning}"), "u").text.split("\n\n") == ["T", "Text stays."]
    links = "".join(f"<li><a href={i}>Chapter {i} of this book</a>" for i in range(9))
    assert "Chapter" not in extract(page("T", f"<ul>{links}</ul><p>Text stays.</p>"), "u").text
    assert "footnote" not in extract(page("T", "<p>Text.<sup><a href=#1>footnote</a></sup></p>"), "u").text


ELEMENTS = ("nav", "footer", "header", "aside", "form", "button", "select", "iframe", "svg", "canvas", "script", "style", "noscript", "template", "dialog", "audio", "video")
ATTRIBUTES = ("role=navigation", "role=search", "role=banner", "role=contentinfo", "role=complementary", "aria-hidden=true", "hidden")
CLASSES = (
    "nav", "navbar", "navigation", "menu", "sidebar", "sphinxsidebar", "related", "breadcrumb", "breadcrumbs", "footer", "header", "headerlink", "toc", "toctree-wrapper", "contents topic", "contents local", "cookie", "advertisement", "ads", "share", "social", "comments",
    "noprint", "mw-editsection", "viewcode-link", "nav-panel", "nav_header", "navpath", "copiable-anchor", "copiable-link", "prev-next-area", "summary-letter", "chlinktop", "chlinkprevnexttop", "chlinkbot", "chlinkprevnextbot", "skip-link", "sr-only", "visually-hidden",
)  # fmt: skip
IDS = ("toc", "nav", "nav-path", "navrow1", "navrow2", "footer", "header", "sidebar", "side-nav", "titlearea", "comments", "top")


@pytest.mark.parametrize("around", [*(f"<{name}>Beside</{name}>" for name in ELEMENTS), *(f"<div {name}>Beside</div>" for name in ATTRIBUTES), *(f'<div class="x {name} y">Beside</div>' for name in CLASSES), *(f"<div id={name}>Beside</div>" for name in IDS)])
def test_each_name_that_templates_give_to_surroundings(around: str) -> None:
    assert extract(page("T", f"<p>Text stays.</p>{around}<p>And so does this.</p>"), "u").text.split() == ["T", "Text", "stays.", "And", "so", "does", "this."]
    assert "Beside" in extract(page("T", "<div class=navel id=topic>Beside</div>"), "u").text


def test_three_links_that_are_six_tenths_of_a_block_are_navigation_unless_there_is_a_formula() -> None:
    def kept(n_links: int, n_letters: int, more: str = "") -> bool:
        links = "".join(f"<a href={i}>abcd</a> " for i in range(n_links))
        return "abcd" in extract(page("T", f"<p>{links}{'x' * n_letters} {more}</p>"), "u").text

    assert kept(3, 8) and not kept(3, 7) and kept(2, 0) and kept(3, 0, r"\(x\)")


def test_headings_lists_paragraphs_and_code_are_told_apart() -> None:
    body = "<h3>A &amp; B ¶</h3><p>One &lt; two.</p><ul><li>first<li>second</ul><p>Here:<br>- one<br>and two<br>and three</p><ul><li></ul><p>¶</p><pre>\n x = 1\n\n</pre>"
    document = extract(page("T", body), "u")
    assert [(block.kind, block.level, block.text) for block in document.blocks] == [
        ("heading", 1, "T"), ("heading", 3, "A & B"), ("text", 0, "One < two."), ("list", 0, "- first\n- second"), ("text", 0, "Here:\n- one\nand two\nand three"), ("code", 0, " x = 1"),
    ]  # fmt: skip
    assert "x = 1" in document.text and "x = 1" not in document.prose
    assert "a picture" not in extract(page("T", "<p>See <img alt='a picture' src=x.png> here.</p>"), "u").text


@pytest.mark.parametrize(
    ("mathml", "latex"),
    [
        ("<mi>x</mi><mo>=</mo><mfrac><mrow><mo>−</mo><mi>b</mi><mo>±</mo><msqrt><msup><mi>b</mi><mn>2</mn></msup></msqrt></mrow><mrow><mn>2</mn><mi>a</mi></mrow></mfrac>", r"x=\frac{-b\pm\sqrt{b^2}}{2a}"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><msub><mi>α</mi><mi>i</mi></msub>", r"\sum_{i=1}^n\alpha_i"),
        ("<mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mi>x</mi></mtd></mtr></mtable><mo>)</mo>", r"\begin{pmatrix} 1 & 0 \\ 0 & x \end{pmatrix}"),
        ("<mo>{</mo><mtable><mtr><mtd><mn>1</mn></mtd></mtr><mtr><mtd><mn>2</mn></mtd></mtr></mtable>", r"\begin{cases} 1 \\ 2 \end{cases}"),
        ("<mi>sin</mi><mo>&#x2061;</mo><mi>θ</mi><mo>∈</mo><mi>ℝ</mi><mi mathvariant=double-struck>Z</mi><mi>𝐱</mi>", r"\sin\theta\in\mathbb{R}\mathbb{Z}\mathbf{x}"),
        ("<mover><mi>v</mi><mo>→</mo></mover><mover><mi>x</mi><mo>¯</mo></mover><mfenced><mi>a</mi><mi>b</mi></mfenced>", r"\vec{v}\bar{x}(a,b)"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup><mroot><mi>x</mi><mn>3</mn></mroot><msup><mi>f</mi><mo>′</mo></msup>", r"{(a)}^2\sqrt[3]{x}f'"),
        ("<munder><mi>lim</mi><mrow><mi>n</mi><mo>→</mo><mi>∞</mi></mrow></munder><mtext>if </mtext><mfrac linethickness=0><mi>n</mi><mi>k</mi></mfrac>", r"\lim_{n\to\infty}\text{if }\binom{n}{k}"),
        ("<mmultiscripts><mi>F</mi><mn>3</mn><none/><mprescripts/><mn>2</mn><none/></mmultiscripts><unknown><mi>q</mi></unknown>", "{}_2F_3q"),
        ("<mover accent=true><mi>x</mi></mover><mfrac></mfrac>", r"\overset{}{x}\frac{}{}"),
    ],
)  # fmt: skip
def test_presentation_mathml_becomes_latex(mathml: str, latex: str) -> None:
    from lxml import html

    assert to_latex(html.fragment_fromstring(f"<math>{mathml}</math>")) == latex


@pytest.mark.parametrize("source", ["", " ", "<!-- nothing -->", "\x00", "<html></html>", "<", "</p></p>", "<math><mfrac>", "<p>\\(", "$$", "<table>" * 400, "<div>" * 3000 + "deep", "\ue0005\ue001", "\ud800"])
def test_any_input_gives_a_document(source: str) -> None:
    assert extract(source, "u").n_formulas >= 0
    assert "$$$" not in extract(source, "u").text


def test_broken_markup_loses_nothing() -> None:
    text = extract(r"<p>One \(x<y\) <b>two <i>three</b> <math><mi>z</mi> <p>four <td>five <h2>six <p>seven", "u").text
    assert all(word in text for word in ("One $x<y$", "two", "three", "$z$", "four", "five", "six", "seven"))


def test_bytes_are_decoded_as_declared_or_as_they_are() -> None:
    text = FOREIGN["de"]
    assert "Wir lösen" in extract(text.encode(), "u").text
    assert "Wir lösen" in decode(Page("u", text.encode("latin-1"), "utf-8")), "a wrong charset from the server"
    assert "Wir lösen" in extract(text.replace("<head>", "<head><meta charset=iso-8859-1>").encode("latin-1"), "u").text
    assert "Wir lösen" in decode(Page("u", text.encode("utf-16"), "utf-16")) and "Wir" in decode(Page("u", text.encode(), "no-such-charset"))
    russian = "<html><head><meta charset=windows-1251></head><body><p>Числа и фигуры</p></body></html>"
    assert "Числа" in decode(Page("u", russian.encode("koi8-r"), "koi8-r")), "as the server says, whatever the page does"
    assert "ěščř" in decode(Page("u", "<html><head><meta charset=windows-1250></head><body>ěščř</body></html>".encode("windows-1250"))), "as the page says"
    xhtml = '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>\\(x\\) is ö.</p></body></html>'
    assert extract(xhtml.encode(), "u").text == "$x$ is ö."
