"""The classifier, the character model and the near duplicates by their numbers, and what the chain says of each page it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import pytest

from curricula.web import chain
from curricula.web.chain import Recipe, Sifted, sift
from curricula.web.density import MathDensity, windows
from curricula.web.duplicates import NearDuplicates
from curricula.web.perplexity import CharacterModel, normal, usual_perplexity
from probes.errors import WeakspotError
from tests.curricula.web.pages import DECOYS, JUNK, MATHS, ORDINARY, page, write_texts

VOCABULARY = [a + b + c for a in "bdfglmnprst" for b in "aeiou" for c in "dlmnrst"]


def text_of(n: int, seed: int) -> list[str]:
    return Random(seed).choices(VOCABULARY, k=n)


def test_windows_are_eighty_words_without_formulas_and_figures() -> None:
    assert [len(piece.split()) for n in (1, 80, 119, 120, 121, 200, 201) for piece in windows("word " * n)] == [1, 80, 119, 120, 80, 41, 80, 120, 80, 80, 41], "half a window or less joins the last piece"
    assert windows("one 2,000.5 two $x + y$ three 4") == ["one two three"] and windows("$x$ 7") == []


def test_the_classifier_wants_twelve_windows_a_side_and_hears_forty_of_a_text() -> None:
    maths, other = "sum of the angles x " * 16 * 12, "the jacket is blue a " * 16 * 12
    density = MathDensity([maths], [other])
    for sides in (([maths[: len(maths) * 11 // 12]], [other]), ([maths], [other[: len(other) * 11 // 12]])):
        with pytest.raises(WeakspotError, match="11 pieces of 80 words, at least 12 are needed"):
            MathDensity(*sides)
    heard: list[list[str]] = []
    hashing = density._hashing

    class Listening:
        def transform(self, pieces: list[str]) -> Any:
            heard.append(pieces)
            return hashing.transform(pieces)

    density._hashing = Listening()
    long = " ".join(f"{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}{'q' * 3} " + "word " * 79 for i in range(100))
    density.score(long)
    assert [piece.split()[0][:2] for piece in heard[0]] == [f"{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(100) if i % 5 in (0, 2)], "from its beginning to its end"
    density.score("sum of the angles " * 27 + "blue jacket " * 40)
    assert len(heard[1]) == 2
    both, each = density.score("sum of the angles x " * 16 + "the jacket is blue a " * 16), [density.score("sum of the angles x " * 16), density.score("the jacket is blue a " * 16)]
    assert each[0] > 0.9 and each[1] < 0.1 and both == pytest.approx(sum(each) / 2), "the mean over the windows"


def test_the_classifier_weighs_its_sides_alike_and_knows_words_of_one_letter() -> None:
    shared, a, b = "word " * 79, "x ", "y "
    density = MathDensity([(a + shared) * 12], [(b + shared) * 120])
    assert density.score(a + shared) > 0.5 > density.score(b + shared)
    assert density.score(shared + "word") == pytest.approx(0.5, abs=0.05), "ten times as much ordinary text makes nothing ordinary"
    assert density.score("x X 7 word") == density.score("x x word")


def test_kneser_ney_by_hand() -> None:
    one = CharacterModel(["a"])
    assert one.probability("    a") == pytest.approx(1 - 0.995 * 0.75**5) and one.probability("    b") == pytest.approx(0.75**5 / 200)
    four = CharacterModel(["aaaa"])
    assert four.probability("a") == pytest.approx(1.25 / 2 + 0.75 / 2 / 200), "seen after two contexts: a space and itself"
    assert four.probability("ba") == four.probability("a") and four.probability("aa") == pytest.approx(1.25 / 2 + 0.75 * 1 / 2 * four.probability("a"))
    assert one.perplexity("a") == pytest.approx(1 / one.probability("    a"))
    assert four.perplexity("aa") == pytest.approx(1 / math.sqrt(four.probability("    a") * four.probability("   aa")))


def test_twenty_thousand_characters_are_looked_at() -> None:
    model = CharacterModel(["aaaa" * 50])
    assert model.perplexity("a" * 20_000 + "z") == model.perplexity("a" * 20_000) < model.perplexity("a" * 19_999 + "z")
    assert model.perplexity("a  " * 10_000 + "z") != model.perplexity("a  " * 10_000), "counted after spaces are closed up"


def test_case_space_figures_and_formulas_do_not_surprise() -> None:
    assert normal("Of 12  Figs\n$x + 1$ Go") == "of 00 figs \u25a1 go"


def test_the_usual_perplexity_is_1_6_times_that_of_95_in_100_held_out_pieces() -> None:
    piece = ("the angles of a triangle add up to two right angles and " * 9)[:400]
    strange = "".join(Random(3).choices("qxzjvwk", k=400))
    model = CharacterModel([piece] * 8)
    assert usual_perplexity([piece] * 10) == pytest.approx(1.6 * model.perplexity(piece)) and usual_perplexity([piece] * 9) == math.inf
    assert usual_perplexity([piece + "x" * 199] * 10) == usual_perplexity([piece] * 10), "a rest of less than half a piece is left out"
    assert usual_perplexity(["x" * 199] * 40) == math.inf and usual_perplexity(["x" * 200] * 40) < math.inf
    pieces = [piece] * 200  # every fifth is held out: forty, of which two may be strange
    two, three = list(pieces), list(pieces)
    two[0] = two[50] = three[0] = three[50] = three[100] = strange
    assert usual_perplexity(two) < 2 < 10 < usual_perplexity(three)


def changed(words: list[str], n: int) -> list[str]:
    """The text with `n` words far apart put in place of others."""
    step = len(words) // (n + 1)
    return [f"zyx{VOCABULARY[i // step]}" if i % step == step // 2 and i // step < n else word for i, word in enumerate(words)]


def test_near_duplicates_share_seven_tenths_of_their_five_grams() -> None:
    off, found = [], {}
    for n in (4, 8, 14, 16, 18, 22, 26, 40):
        for seed in range(4):
            words = text_of(504, seed)
            near = NearDuplicates()
            assert near.twin(" ".join(words), "first") == ("", 0.0)
            twin, similarity = near.twin(" ".join(changed(words, n)), "second")
            exact = (500 - 5 * n) / (500 + 5 * n)
            if similarity:
                off.append(similarity - exact)
                found[(n, seed)] = (twin, similarity)
    assert len(off) > 24 and abs(sum(off) / len(off)) < 0.02, "of five words"
    assert all((twin == "first") is (similarity >= 0.7) for twin, similarity in found.values())
    assert any(0.6 < similarity < 0.7 for _, similarity in found.values()) and any(0.7 <= similarity < 0.8 for _, similarity in found.values())


def test_the_nearest_of_what_was_kept_is_named_and_a_few_words_are_a_text_too() -> None:
    words = text_of(504, 1)
    near = NearDuplicates()
    assert near.twin(" ".join(words), "first")[0] == near.twin(" ".join(changed(words, 25)), "second")[0] == ""
    assert near.twin(" ".join([*changed(words, 25), "more"]), "x")[0] == "second" and near.twin(" ".join([*words, "more"]), "x")[0] == "first"
    assert near.twin("two words", "short") == ("", 0.0) and near.twin("Two words!", "again") == ("short", 1.0)
    assert near.twin("some others", "other") == ("", 0.0)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return write_texts(tmp_path_factory.mktemp("texts"))


def sifted(folder: Path, texts: tuple[str, str], pages: dict[str, str | bytes], has_other: bool = True, **settings: Any) -> Sifted:
    (folder / "site").mkdir()
    for name, source in pages.items():
        (folder / "site" / (name if "." in name else f"{name}.html")).write_bytes(source if isinstance(source, bytes) else source.encode())
    return sift(Recipe((str(folder / "site"),), (texts[0],), (texts[1],) if has_other else (), **settings))


def test_each_refusal_says_what_was_seen(tmp_path: Path, texts: tuple[str, str]) -> None:
    listing = f"<p>{'The library has a function of that name, with the arguments shown here. ' * 5}</p><pre>{'zqx wvk ' * 90}</pre>"
    few = page("T", r"<p>\(x\) " + "1a2b3c45 " * 40 + "</p>")
    again = MATHS["primes"].replace("<h1>", "<h1>Again: ")
    found = sifted(tmp_path, texts, {
        "a-euler": MATHS["euler"], "b-again": again.replace("Again: ", ""), "c-again": again, "bread": DECOYS["film"], "film": ORDINARY["film"], "binomial": MATHS["binomial"], "binomial2": MATHS["binomial"],
        "plain": MATHS["plain"], "junk": JUNK["keywords"].replace("</p>", " zqwx vbnk plkj qwzx mnbv" * 20 + "</p>"), "none": b"", "a-short": page("T", r"<p>\(x\)</p>"), "few": few, "few2": few, "bad.html.gz": b"no gzip",
        "code": MATHS["triangle"].replace("<p>It follows", listing + "<p>It follows"),
    }, min_density=0.1)  # fmt: skip
    said = {row.source.split("/")[-1].removesuffix(".html"): (row.step, row.reason, row.evidence) for row in found.refused}
    assert said["none"][:2] == ("read", "empty") and said["film"] == ("signs of maths", "no sign of maths", "0 points") and said["a-short"][0] == "rules" and said["a-short"][2].endswith("characters") and "gzipped" in said["bad.html.gz"][2]
    assert said["bread"][:2] == ("maths density", "reads unlike the seed text") and said["bread"][2].endswith(" below 0.1") and float(said["bread"][2].split()[0]) < 0.1
    assert said["plain"][:2] == ("maths density", "no formula and reads unlike the seed text") and said["plain"][2].endswith(" below 0.8")
    assert said["c-again"][:2] == ("near duplicate", "says what another page says") and said["c-again"][2].split()[0].endswith("b-again.html") and float(said["c-again"][2].split()[1]) >= 0.7
    assert {row.url.split("/")[-1] for row in found.documents} >= {"a-euler.html", "b-again.html", "code.html"}, "code is not read for words"
    assert found.max_perplexity == usual_perplexity(chain.read_texts([texts[0]], "k"))
    rules = next(row for row in found.funnel if row.step == "rules")
    assert found.lines[2].startswith(f"rules: {rules.n_out} of {rules.n_in} (refused: ") and all(f"{n} {reason}" in found.lines[2] for reason, n in rules.reasons.items())
    assert rules.reasons == {"few letters": 2, "too short": 1} and list(rules.reasons) == ["few letters", "too short"], "the most frequent first"


def test_code_is_no_words_of_a_page_to_the_models(tmp_path: Path, texts: tuple[str, str]) -> None:
    seed, other = (chain.read_texts([name], "k") for name in texts)
    density, ordinary = MathDensity(seed, other), " ".join(ORDINARY["law"].split()[8:-8])
    source = MATHS["triangle"].replace("<p>It follows", f"<pre>{ordinary * 2}</pre><p>It follows")
    document = chain.extract(source, "u")
    between = (density.score(document.prose) + density.score(document.text)) / 2
    assert density.score(document.text) < between and (Recipe((), ()).min_density, Recipe((), ()).min_density_plain) == (0.17, 0.8), "OpenWebMath's"
    assert len(sifted(tmp_path, texts, {"a": source}, min_density=between).documents) == 1


def test_copies_are_told_last_and_perplexity_before_them(tmp_path: Path, texts: tuple[str, str]) -> None:
    found = sifted(tmp_path, texts, {"a": MATHS["euler"], "b": MATHS["euler"]}, min_density=0.99)
    assert [row.step for row in found.refused] == ["maths density"] * 2
    (tmp_path / "again").mkdir()
    found = sifted(tmp_path / "again", texts, {"a": MATHS["euler"], "b": MATHS["euler"]}, max_perplexity=2.0)
    assert [row.step for row in found.refused] == ["perplexity"] * 2 and found.max_perplexity == 2.0
    assert all(row.reason == "too surprising" and row.evidence.endswith(" above 2.0") for row in found.refused)


@pytest.mark.parametrize(("told", "reason"), [(("en", 0.5), ""), (("en", 0.49), "not en"), (("de", 0.9), "not en"), (("", 0.0), "too little text to tell its language")])
def test_a_page_is_in_its_language_with_a_probability_of_a_half(told: tuple[str, float], reason: str, tmp_path: Path, texts: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "language_of", lambda text: told)
    found = sifted(tmp_path, texts, {"euler": MATHS["euler"]})
    assert [(row.step, row.reason) for row in found.refused] == ([("language", reason)] if reason else [])
    assert not reason or found.refused[0].evidence == f"{told[0]} {told[1]:.2f}".strip()


@pytest.mark.parametrize("has_other", [True, False])
def test_pages_without_maths_are_ordinary_text_only_where_none_is_named_and_300_of_them(has_other: bool, tmp_path: Path, texts: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[list[str]] = []

    class Noted(MathDensity):
        def __init__(self, maths: list[str], other: list[str]) -> None:
            learned.append(list(other))
            super().__init__(maths, other)

    monkeypatch.setattr(chain, "MathDensity", Noted)
    assert chain.MOST_ORDINARY == 300
    monkeypatch.setattr(chain, "MOST_ORDINARY", 7)
    long = {name: page(name, f"<p>{' '.join(['The cook bakes bread for the whole village'] * 40)} {name}</p>") for name in ORDINARY}
    sifted(tmp_path, texts, {"euler": MATHS["euler"], **long}, has_other)
    assert len(learned[0]) == (1 if has_other else 7) and ("bakes bread for the whole village" in learned[0][0]) is not has_other


def test_a_missing_page_is_told_before_any_text_is_read() -> None:
    with pytest.raises(WeakspotError, match="no file or folder gone"):
        sift(Recipe(("gone",), ("gone.txt",)))
