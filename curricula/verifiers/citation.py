"""Passes when every quotation of the completion stands in the source it names, in a local corpus.

A citation is a quotation followed by its source in brackets: `"...words as they stand..." [folder/file.txt]`. The corpus
is the run's (`verify.corpus`) or else the folder named by `WEAKSPOT_CORPUS` (`corpus.py` says how ids resolve); without one
the verdict is `unverifiable`.
Refused: sources that do not resolve, quotes that are not there or not as quoted (a number, a small word, another word),
the right quote with the wrong source, DOIs, arXiv ids and links that the corpus does not know. No network.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.corpus import LEAST_WORDS, Corpus, normal

VARIABLE = "WEAKSPOT_CORPUS"
CITATION = re.compile(r"(?:\"([^\"]+)\"|“([^”]+)”)\s*[.,;]?\s*\[([^\[\]\n]{1,300})\]")
REFERENCE = re.compile(r"\b10\.\d{4,9}/[^\s\]\)\"]+|\barXiv:\s*\d{4}\.\d{4,5}|https?://[^\s\]\)\"]+", re.IGNORECASE)
ELLIPSIS = re.compile(r"\s*(?:\[?\.\.\.\]?|…|\[…\])\s*")


class CitationVerifier:
    """Quotes against a corpus."""

    name = "citation"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def verify(self, lesson: Lesson) -> Verdict:
        """Every citation must hold; none at all is a fail.

        Raises:
            WeakspotError: `WEAKSPOT_CORPUS` names no folder, or its `references.json` is broken.
        """
        named = self._folder or os.environ.get(VARIABLE)
        if not named:
            return unverifiable(f"no corpus: neither verify.corpus nor {VARIABLE} names a folder")
        corpus = _opened(Path(named))
        citations = [(a or b, source) for a, b, source in CITATION.findall(lesson.completion)]
        if not citations:
            return failed("no citation", "a citation is a quotation followed by [its source]")
        if lesson.answer.strip() and normal(lesson.answer) not in normal(lesson.completion):
            return failed("the completion does not contain the answer", lesson.answer)
        for reference in REFERENCE.findall(CITATION.sub(r"[\3]", lesson.completion)):  # a link inside a quotation is the source's
            if corpus.resolve(reference.rstrip(".,;")) is None:
                return failed("a reference does not resolve", reference)
        for quote, source in citations:
            if corpus.resolve(source) is None:
                return failed("a source does not resolve", source)
            for part in ELLIPSIS.split(quote):
                if len(normal(part).split()) < LEAST_WORDS:
                    return failed(f"a quote, or a part of it, is shorter than {LEAST_WORDS} words", quote[:200])
                if difference := corpus.find(part, source).difference:
                    return failed("the source does not say that", f"[{source}] {difference}: {part[:150]}")
        return passed(f"{len(citations)} quotes found")


@functools.lru_cache(maxsize=4)
def _opened(folder: Path) -> Corpus:
    return Corpus(folder)


VERIFIER = CitationVerifier()
