"""The citation verifier on a small corpus: true quotes pass, spoiled ones and wrong or invented sources do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.verifiers import DOCUMENTS
from curricula.lesson import Lesson, Verdict
from curricula.verifiers.citation import CitationVerifier
from curricula.verifiers.contract import verify
from probes.errors import WeakspotError

TIDES = "The tide rises twice a day. Its height depends on the moon, on the sun,\nand on the shape of the coast. In narrow bays it may reach 16 metres, which is more than any other meas-\nured on earth."
BREAD = "Bread must rest before it is baked. A warm kitchen shortens the time, but no kitchen should be warmer than 30 degrees."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "sea").mkdir(parents=True)
    (folder / "sea" / "tides.txt").write_text(TIDES, encoding="utf-8")
    (folder / "bread.md").write_text(BREAD, encoding="utf-8")
    (folder / "references.json").write_text(json.dumps({"10.1000/182": "sea/tides.txt", "arXiv:2404.01413": "bread.md", "https://example.org/bread": "bread.md"}), encoding="utf-8")
    (tmp_path / "outside.txt").write_text(TIDES, encoding="utf-8")
    return folder


def cited(folder: Path, completion: str, answer: str = "") -> Verdict:
    return CitationVerifier(folder).verify(Lesson("?", completion, answer, "s", 1, verifier="citation"))


@pytest.mark.parametrize(
    "completion",
    [
        '"Its height depends on the moon, on the sun, and on the shape of the coast." [sea/tides.txt]',
        "“its  height depends on the MOON on the sun and on the shape” [sea/tides.txt]",
        '"which is more than any other measured on earth" [10.1000/182]',
        '"In narrow bays it may reach 16 metres" [https://doi.org/10.1000/182] and "Bread must rest before it is baked" [bread.md].',
        '"Bread must rest before it is bakedd" [arxiv:2404.01413]',
        '"A warm kitchen shortens the time ... should be warmer than 30 degrees" [https://example.org/bread]',
        '"on shape of the coast. In narrow bays" [sea/tides.txt]',
    ],
)
def test_true_quotes_pass(corpus: Path, completion: str) -> None:
    verdict = cited(corpus, completion)
    assert (verdict.outcome, verdict.evidence) != ("fail", ""), verdict
    assert verdict.outcome == "pass", verdict


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ('"In narrow bays it may reach 61 metres, which is more" [sea/tides.txt]', "the source does not say that"),
        ('"In narrow bays it must reach 16 metres, which is more" [sea/tides.txt]', "the source does not say that"),
        ('"In narrow bays it may not reach 16 metres, which is more" [sea/tides.txt]', "the source does not say that"),
        ('"but every kitchen should be warmer than 30 degrees" [bread.md]', "the source does not say that"),
        ('"Its height depends on the sun, on the moon, and on the shape of the coast" [sea/tides.txt]', "the source does not say that"),
        ('"Its height depends on the moon, and on the shape of the coast" [sea/tides.txt]', "the source does not say that"),
        ('"Bread must rest before it is baked" [sea/tides.txt]', "the source does not say that"),
        ('"Bread must rest before it is baked" [bread.txt]', "a source does not resolve"),
        ('"Bread must rest before it is baked" [10.1000/183]', "a reference does not resolve"),
        ('"The tide rises twice a day" [../outside.txt]', "a source does not resolve"),
        ('"The tide rises twice a day" [references.json]', "a source does not resolve"),
        ('"Bread must rest before it is baked" [bread.md]. See also arXiv:2401.00001.', "a reference does not resolve"),
        ('"Bread must rest before it is baked" [bread.md]. See https://example.org/tea too.', "a reference does not resolve"),
        ('"Bread must rest" [bread.md]', "a quote, or a part of it, is shorter than 4 words"),
        ("Bread must rest before it is baked.", "no citation"),
        ('"The tide rises twice a day ... Bread must rest before it" [sea/tides.txt]', "the source does not say that"),
    ],
)
def test_what_is_not_so_is_refused(corpus: Path, completion: str, reason: str) -> None:
    assert cited(corpus, completion).reason == reason


def test_without_a_corpus_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch, corpus: Path) -> None:
    row = Lesson("?", '"Bread must rest before it is baked" [bread.md]', "", "s", 1, verifier="citation")
    monkeypatch.delenv("WEAKSPOT_CORPUS", raising=False)
    assert verify(row).outcome == "unverifiable"
    monkeypatch.setenv("WEAKSPOT_CORPUS", str(corpus))
    assert verify(row).outcome == "pass"
    monkeypatch.setenv("WEAKSPOT_CORPUS", str(corpus / "nowhere"))
    with pytest.raises(WeakspotError, match="no corpus"):
        verify(row)


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="no /usr/share/doc")
def test_a_few_real_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import verifiers as bench

    monkeypatch.setattr(bench, "N_DOCUMENTS", 20)
    found = bench.citation()
    assert found["false_accept"] == 0
    assert found["false_reject"] <= 0.05
