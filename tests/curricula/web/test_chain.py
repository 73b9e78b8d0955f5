"""Each filter against labelled pages, and the chain as a whole: its funnel adds up, its order of rows is fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from curricula.web.chain import STEPS, Recipe, Sifted, sift
from curricula.web.density import MathDensity
from curricula.web.document import extract
from curricula.web.duplicates import NearDuplicates
from curricula.web.language import LEAST_PROBABILITY, language_of
from curricula.web.perplexity import CharacterModel, usual_perplexity
from curricula.web.rules import broken_rule, without_macros
from curricula.web.signs import has_maths
from probes.errors import WeakspotError
from tests.curricula.web.pages import DECOYS, FOREIGN, JUNK, MATHS, ORDINARY, TOOLS, page, write_texts


def prose(pages: dict[str, str]) -> dict[str, str]:
    return {name: extract(source, name).prose for name, source in pages.items()}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return write_texts(tmp_path_factory.mktemp("texts"))


def test_signs_of_maths_tell_maths_from_ordinary_pages() -> None:
    assert [name for name, source in MATHS.items() if not has_maths(source)] == ["sum", "probability"], "a missed one: docs/strategies.md"
    assert [name for name, source in ORDINARY.items() if has_maths(source)] == []
    assert all(has_maths(source) for source in DECOYS.values()), "an ornament is for the classifier"
    assert not has_maths(page("Blog", "<p>" + "Words. " * 50 + "</p>", '<script src="MathJax.js"></script>')), "a typesetter that is merely loaded is no sign"


def test_rules_refuse_tool_pages_with_their_reason_and_no_mathematics() -> None:
    found = {name: broken_rule(extract(source, name))[0] for name, source in TOOLS.items()}
    assert found == {
        "genindex.html": "address of a list, a tool page or a log", "short.html": "too short", "lost.html": "placeholder or error page", "table.html": "few letters",
        "code.html": "mostly code", "echo.html": "repeats itself",
    }  # fmt: skip
    assert [name for name, source in MATHS.items() if broken_rule(extract(source, name))[0]] == []
    scraps = page("T", "".join(f"<p>scrap {word}</p>" for word in "abcdefghijklmnopqrstuvwxyz") * 1)
    assert broken_rule(extract(scraps, "u"))[0] == "a list of scraps"
    assert without_macros("a\n\\newcommand{x}{y} \\newcommand{z}{w}\nb") == "a\nb"


@pytest.mark.parametrize("address", ["http://a.org/search?q=x", "https://a.org/tag/maths", "d/genindex-A.html", "d/_modules/x.html", "http://a.org/w/index.php?title=X&action=edit", "d/search.html"])
def test_addresses_of_lists_are_refused(address: str) -> None:
    assert broken_rule(extract(MATHS["euler"], address))[0] == "address of a list, a tool page or a log"
    assert not broken_rule(extract(MATHS["euler"], "http://research.org/category-theory/functions-of-x.html"))[0]


def test_language_is_told_with_formulas_taken_out() -> None:
    for name, text in prose(FOREIGN).items():
        assert language_of(text)[0] == name and language_of(text)[1] >= LEAST_PROBABILITY
    assert all(language_of(text)[0] == "en" and language_of(text)[1] >= LEAST_PROBABILITY for text in prose(MATHS).values())
    assert language_of(r"$\sin x = y$ $\alpha$") == ("", 0.0), "no letters, no language"


def test_the_classifier_tells_words_of_mathematics_from_an_ornament(texts: tuple[str, str]) -> None:
    density = MathDensity([Path(texts[0]).read_text()], [Path(texts[1]).read_text()])
    kept = [name for name, text in prose(MATHS).items() if density.score(text) >= 0.17]
    let_through = [name for name, text in prose(DECOYS).items() if density.score(text) >= 0.17]
    assert sorted(set(MATHS) - set(kept)) == ["binomial"] and let_through == ["bread"], "9 of 10 kept, 7 of 8 ornaments refused: docs/strategies.md"
    assert density.score("") == 0 and density.score("$x$") == 0
    with pytest.raises(WeakspotError, match="too little ordinary text"):
        MathDensity([Path(texts[0]).read_text()], ["A few words."])


def test_perplexity_refuses_junk_and_keeps_other_subjects(texts: tuple[str, str]) -> None:
    seed = Path(texts[0]).read_text()
    most, model = usual_perplexity([seed]), CharacterModel([seed])
    assert [name for name, text in prose(MATHS).items() if model.perplexity(text) > most] == []
    assert all(model.perplexity(text) > 5 * most for text in prose(JUNK).values())
    assert model.perplexity("") == float("inf") and usual_perplexity(["too little"]) == float("inf")
    every = {gram[-1] for gram in model._counts[1]}  # a probability: over the alphabet it adds up to one
    for context in ("the ", "q", "zzzz", ""):
        total = sum(model.probability((context + character)[-5:]) for character in every)
        assert 0.9 < total <= 1 + 1e-9, context


def test_near_duplicates_are_found_and_other_pages_are_not() -> None:
    near = NearDuplicates()
    for name, text in prose(MATHS).items():
        assert near.twin(text, name)[0] == ""
    for name, text in prose(MATHS).items():
        twin, similarity = near.twin(text + " Last changed in May.", "copy")
        assert twin == name and similarity >= 0.7
    assert near.twin(prose(ORDINARY)["bread"], "x")[0] == ""


def write(folder: Path, *groups: dict[str, str]) -> str:
    folder.mkdir()
    for group in groups:
        for name, source in group.items():
            (folder / (name if name.endswith(".html") else f"{name}.html")).write_text(source, encoding="utf-8")
    return str(folder)


def test_the_chain_keeps_mathematics_and_its_funnel_adds_up(tmp_path: Path, texts: tuple[str, str]) -> None:
    copies = {f"copy-{name}": source.replace("<h1>", "<h1>Again: ") for name, source in MATHS.items() if name in ("euler", "primes")}
    long_junk = {f"long-{name}": source.replace("</p>", " " + extract(source, "").prose[30:] * 2 + "</p>") for name, source in JUNK.items()}
    folder = write(tmp_path / "site", MATHS, {f"o-{name}": source for name, source in ORDINARY.items()}, {f"d-{name}": source for name, source in DECOYS.items()}, FOREIGN, TOOLS, copies, long_junk)
    (tmp_path / "site" / "none.html").write_bytes(b"")
    recipe = Recipe((folder,), (texts[0],), (texts[1],))
    sifted = sift(recipe)
    assert {document.url.rpartition("/")[2].removesuffix(".html").removeprefix("copy-") for document in sifted.documents} == set(MATHS) - {"sum", "probability", "binomial", "plain"}
    assert len(sifted.documents) == 6
    n_pages = sifted.funnel[0].n_in
    assert n_pages == len(list((tmp_path / "site").iterdir())) == len(sifted.documents) + len(sifted.refused)
    assert [row.step for row in sifted.funnel] == list(STEPS)
    assert all(row.n_in - row.n_out == sum(row.reasons.values()) == sum(refused.step == row.step for refused in sifted.refused) for row in sifted.funnel)
    assert all(after.n_in == before.n_out for before, after in zip(sifted.funnel, sifted.funnel[1:], strict=False))
    assert {row.step for row in sifted.refused} == set(STEPS) and all(row.reason for row in sifted.refused)
    assert sift(recipe) == sifted and len(sifted.lines) == len(STEPS)


def strict(folder: str, texts: tuple[str, str], **settings: object) -> Sifted:
    return sift(Recipe((folder,), (texts[0],), (texts[1],), **settings))  # type: ignore[arg-type]


def test_every_setting_is_heard(tmp_path: Path, texts: tuple[str, str]) -> None:
    folder = write(tmp_path / "site", MATHS, FOREIGN)
    assert [row.step for row in strict(folder, texts, language="de").refused].count("language") == 8 + 1, "the French page and eight English ones; the Spanish one fell to its accents"
    assert "perplexity" in {row.step for row in strict(folder, texts, max_perplexity=6.0).refused}
    assert "maths density" in {row.step for row in strict(folder, texts, min_density=0.9).refused}
    assert "plain.html" in {document.url.rpartition("/")[2] for document in strict(folder, texts, min_density_plain=0.7).documents}
    assert "plain.html" not in {document.url.rpartition("/")[2] for document in strict(folder, texts).documents}


def test_pages_without_maths_stand_in_for_ordinary_text(tmp_path: Path, texts: tuple[str, str]) -> None:
    filler = {f"o-{name}-{i}": source.replace("</p>", f" {' '.join(list(ORDINARY.values())[i - 1].split()[20:60])}</p>", 1) for name, source in ORDINARY.items() for i in range(2)}
    folder = write(tmp_path / "site", MATHS, {name: source for name, source in filler.items() if not has_maths(source)})
    assert len(sift(Recipe((folder,), (texts[0],))).documents) >= 6
    with pytest.raises(WeakspotError, match="too little ordinary text"):
        sift(Recipe((write(tmp_path / "maths", MATHS),), (texts[0],)))


def test_the_users_mistakes_are_told_before_pages_are_read(tmp_path: Path, texts: tuple[str, str]) -> None:
    folder = write(tmp_path / "site", MATHS)
    (tmp_path / "blank.txt").write_text(" ")
    (tmp_path / "hollow").mkdir()
    for seed, message in (((), "none is named"), (("gone.txt",), "no file"), ((str(tmp_path / "blank.txt"),), "holds no text"), ((str(tmp_path / "hollow"),), "holds no text"), (("gsm8k_cott",), "unknown anchor source")):
        with pytest.raises(WeakspotError, match=message):
            sift(Recipe((folder,), seed, (texts[1],)))
    with pytest.raises(WeakspotError, match="no file or folder"):
        sift(Recipe((str(tmp_path / "gone"),), (texts[0],)))
