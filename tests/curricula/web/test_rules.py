"""Each rule on address and text at its threshold, each sign of maths with its points, and what counts as seed text."""

from __future__ import annotations

from pathlib import Path

import pytest

from curricula.web import seed_text
from curricula.web.document import Block, Document
from curricula.web.language import language_of
from curricula.web.rules import broken_rule
from curricula.web.seed_text import read_texts
from curricula.web.signs import has_maths, points
from probes.errors import WeakspotError
from tests.curricula.web.pages import MATHS

WORDS = "Words about a triangle and its three sides stand here one after the other. "


def document(*blocks: tuple[str, str], url: str = "http://m.org/x") -> Document:
    return Document(url, "T", tuple(Block(kind, text) for kind, text in blocks), 1)  # type: ignore[arg-type]


def reason(*blocks: tuple[str, str], url: str = "http://m.org/x") -> str:
    return broken_rule(document(*blocks, url=url))[0]


TOOL = "address of a list, a tool page or a log"
PARTS = ["search", "login", "signin", "signup", "register", "cart", "checkout", "tag", "tags", "category", "categories", "author", "authors", "user", "users", "profile", "feed", "rss", "print", "commit", "commits", "blame", "raw", "diff", "history", "bibtex", "_modules", "_sources", "_static", "changelog", "changelogs", "news", "whatsnew", "release-note", "release-notes", "releasenotes"]
FILES = ["genindex", "general_index", "py-modindex", "modindex", "search", "searchresults", "index-a", "copyright", "license", "licence", "changelog", "changes", "annotated", "hierarchy", "classes", "files", "functions", "functions_vars", "globals", "globals_type", "namespacemembers", "namespacemembers_func", "deprecated", "todo", "bug"]


def test_addresses_of_lists_tools_and_logs() -> None:
    good = ("text", WORDS * 4)
    found = [*(f"http://a.org/{part}{end}" for part in PARTS for end in ("", "/x", "?q=1", ".php")), *(f"d/{name}{end}" for name in FILES for end in (".html", ".htm", ".xhtml", "-en.html", ".HTML"))]
    found += [f"http://a.org/w{mark}{name}=3" for name in ("action", "oldid", "diff", "printable", "replytocom") for mark in "?&"]
    assert [address for address in found if reason(good, url=address) != TOOL] == []
    fine = ["http://a.org/searching/x", "http://a.org/my-tags", "http://a.org/newsletter", "d/files-of-2020.html", "d/index.html", "d/a-genindex.html.txt", "http://a.org/w?faction=3", "d/classes.pdf"]
    assert [address for address in fine if reason(good, url=address)] == []


def test_two_hundred_characters_without_macros() -> None:
    text = (WORDS * 4)[:200]
    assert reason(("text", text)) == "" and reason(("text", text[:-1])) == "too short"
    macros = "\\newcommand{\\a}{b} \\renewcommand{\\c}{d} " * 9
    assert reason(("text", f"{text[:150]}\n{macros}")) == "too short" == reason(("text", text[:150] + "\n" + "\\def\\a{b} \\def\\c{d} " * 9))
    assert reason(("text", f"{text[:180]}\n\\newcommand{{\\a}}{{what it is}}")) == "", "one is no list of them"


@pytest.mark.parametrize("phrase", ["Lorem ipsum", "404 not found", "Page not found", "Please enable JavaScript", "JavaScript is disabled", "JavaScript is required", "Access denied", "Are you a robot", "Under construction"])
def test_placeholders_of_short_pages(phrase: str) -> None:
    text = f"{phrase}. {WORDS * 50}"
    assert reason(("text", text[:2999])) == "placeholder or error page" and reason(("text", text[:3000])) == "", "in a long page it is a quotation"


def test_three_quarters_of_code() -> None:
    text = (WORDS * 10)[:300]
    assert reason(("text", text), ("code", "x" * 900)) == "" and reason(("text", text), ("code", "x" * 901)) == "mostly code"


def test_accents_and_letters_by_their_share_without_formulas() -> None:
    def of(n_accented: int, n_letters: int, sign: str = "é", more: str = "") -> str:
        return reason(("text", (sign * n_accented + "a" * (n_letters - n_accented)).ljust(2000, ";") + more))

    assert of(30, 2000) == "" and of(31, 2000) == "accented letters" == of(31, 2000, "É") and of(30, 2000, more=" $éaé$") == ""
    assert of(0, 900) == "" and of(0, 899) == "few letters" == of(0, 899, more=f" ${'a' * 30}$")


def test_repeated_lines() -> None:
    def lines(n_new: int, n_again: int, again: str = "This line is here again.", kind: str = "text") -> str:
        return reason(("text", "\n".join(f"Line number {i} is a new one." for i in range(n_new - 1))), (kind, "\n".join([again] * (n_again + 1))))

    assert lines(65, 35) == "" and lines(64, 36) == "repeats itself", "more than .35 of 100"
    assert lines(5, 7) == "repeats itself" and lines(4, 7) == "", "twelve lines at least"
    assert lines(12, 8, "$x = 1$") == "" and lines(12, 8, kind="code") == "", "formulas and code may"


def test_scraps() -> None:
    def scraps(n_whole: int, n: int = 20, whole: str = "these are four words{}", kind: str = "text") -> str:
        return reason(("text", "\n".join(whole.format(i) for i in range(n_whole))), (kind, "\n".join(f"scrap number {'x' * i}" for i in range(n - n_whole))), ("heading", "b" * 200))

    assert scraps(7) == "" and scraps(6) == "a list of scraps", "broken more than .65 of 20"
    assert scraps(1, 11) == "a list of scraps" and scraps(1, 10) == "", "eleven lines with the heading tell nothing"
    assert [scraps(7, whole="x{}" + end) for end in ".:?!$,"] == [""] * 6 and scraps(7, whole="only three{} words") == "a list of scraps"
    assert scraps(1, kind="list") == "", "a list is made of them"


def test_a_refused_document_says_what_was_seen() -> None:
    shown = [broken_rule(row)[1] for row in (
        document(("text", WORDS * 4), url="http://a.org/tags/x"), document(("text", "short")), document(("text", f"Access denied. {WORDS * 4}")), document(("text", WORDS * 4), ("code", "x" * 2000)), document(("text", "a;;;;;;;" * 50)),
    )]  # fmt: skip
    assert shown == ["/tags/", "5 characters", "Access denied", f"2000 of {2000 + len(WORDS * 4)} characters", "50 of 400"]


FORMULAS = [
    "<math>", "<m:math>", "type='math/tex'", "math/mml", "math/asciimath", '<span class="katex">', "<span class='a mwe-math-element'>", '<div class="MathJax_Display">', '<p class="tex2jax_process">', '<img class="formulaInl">', '<img class="formulaDsp">', '<math class="ltx_Math">', "<mjx-container>",
    '<span class="math inline">', "<span class=tex>", "<img class=latex>", 'data-latex="x"', "data-tex=", "data-math=", 'alt="$x$"', "alt='\\(x", 'alt="\\[x', 'alt="{\\displaystyle x}"', "codecogs.com/x", "?cht=tx&", "/latex.php?x",
    *("\\begin{" + name + "}" for name in ("equation", "align", "gather", "multline", "eqnarray", "array", "matrix", "pmatrix", "cases")), "$$x+y$$", r"\(x\)", r"\[x\]",
]  # fmt: skip


@pytest.mark.parametrize("markup", FORMULAS)
def test_a_formula_in_any_markup_is_enough(markup: str) -> None:
    assert has_maths(f"Some words {markup} more words")


@pytest.mark.parametrize(
    ("markup", "n"),
    [("\\alpha ", 3), ("≤ ", 2), ("&le; ", 2), ("x<sup>2</sup> ", 2), ("y<sub><i>n</i></sub> ", 2), ("12 * 5 = 60 ", 2), ("x + y = 6 ", 2), ("A lemma. ", 1), ("Triangles. ", 1), ("$40 and $55 ", 0), ('<script src="MathJax.js">', 0)],
)  # fmt: skip
def test_other_signs_have_points_and_each_kind_counts_five_times(markup: str, n: int) -> None:
    assert [points(markup * times) for times in (1, 4, 5, 6)] == [n, 4 * n, 5 * n, 5 * n]


def test_ten_points_are_enough() -> None:
    nine, ten = "\\alpha \\beta ≤ lemma", "\\alpha \\beta ≤ ≥"
    assert (points(nine), has_maths(nine)) == (9, False) and (points(ten), has_maths(ten)) == (10, True) and points("<math>") == 10


def test_a_language_is_told_from_forty_letters_of_the_first_four_thousand() -> None:
    text = "the cat and the dog are on the mat with a bird and some of the mice"
    letters = [i for i, character in enumerate(text) if character.isalpha()]
    assert language_of(text[: letters[39] + 1])[0] == "en" and language_of(text[: letters[38] + 1]) == ("", 0.0)
    assert language_of("12345 " * 40) == ("", 0.0) and language_of(f"${'the cat and the dog ' * 9}$") == ("", 0.0), "figures and formulas have none"
    head = "the cat and the dog are on the mat " * 120
    assert language_of(head[:4000] + " und die Katze und der Hund sind auf der Matte" * 400) == language_of(head[:4000]) != language_of(head[:3000] + " und die Katze und der Hund sind auf der Matte" * 400)
    assert language_of("$x$ " * 1000 + head)[0] == "en", "formulas at the beginning leave room for words"


def test_seed_text_is_what_files_folders_pages_and_sources_hold_in_order(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "c.rst", "d.TEX"):
        (tmp_path / name).write_text(f"Text of {name}.")
    (tmp_path / "e.txt").write_text(" \n")
    (tmp_path / "no.csv").write_text("1,2")
    (tmp_path / "p.html").write_text(MATHS["euler"])
    (tmp_path / "rows.jsonl").write_text('{"prompt": "What is left?", "completion": "Two are left."}\n')
    found = read_texts([str(tmp_path)], "web.seed_text")
    assert found[:4] == ["Text of a.txt.", "Text of b.md.", "Text of c.rst.", "Text of d.TEX."] and len(found) == 5 and "formula of Euler" in found[4]
    assert read_texts([str(tmp_path / "p.html")], "k") == found[4:]
    assert read_texts([str(tmp_path / "b.md"), str(tmp_path / "a.txt"), str(tmp_path / "rows.jsonl")], "k") == ["Text of b.md.", "Text of a.txt.", "What is left?\nTwo are left."]
    with pytest.raises(WeakspotError) as caught:
        read_texts([str(tmp_path / "gone.txt")], "web.other_text")
    assert caught.value.where == "web.other_text"
    with pytest.raises(WeakspotError, match="holds no text"):
        read_texts([str(tmp_path / "e.txt")], "k")


def test_seed_text_ends_at_its_most_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("a.txt", "a" * 6), ("b.txt", "b" * 6), ("c.txt", "c")):
        (tmp_path / name).write_text(text)
    assert seed_text.MOST_CHARACTERS == 5_000_000
    monkeypatch.setattr(seed_text, "MOST_CHARACTERS", 10)
    assert read_texts([str(tmp_path)], "k") == ["a" * 6, "b" * 4]
