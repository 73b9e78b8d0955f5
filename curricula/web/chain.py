"""The whole chain of OpenWebMath (Paster 2023) over pages of the user's, and what each filter let through.

    pages -> signs of maths -> text -> rules -> language -> maths density -> perplexity -> near duplicates -> documents

A `Recipe` goes in, a `Sifted` comes out: documents, every refused page with its step and reason, and the funnel. Nothing
is fetched; all is decided by the pages and the seed text, in the same way each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from curricula.web.density import MathDensity
from curricula.web.document import Document, extract
from curricula.web.duplicates import NearDuplicates
from curricula.web.language import LEAST_PROBABILITY, language_of
from curricula.web.pages import Fault, Page, decode, list_files, read_pages
from curricula.web.perplexity import CharacterModel, usual_perplexity
from curricula.web.rules import broken_rule
from curricula.web.seed_text import read_texts
from curricula.web.signs import has_maths, points
from probes.errors import WeakspotError

STEPS = ("read", "signs of maths", "rules", "language", "maths density", "perplexity", "near duplicate")
MOST_ORDINARY = 300  # pages without maths that stand in for ordinary text where none is named


@dataclass(frozen=True)
class Recipe:
    """Which pages, and what is wanted of them."""

    pages: tuple[str, ...]
    seed_text: tuple[str, ...]
    other_text: tuple[str, ...] = ()
    """Ordinary text; empty: the pages without a sign of maths."""
    language: str = "en"
    """ISO 639-1; empty takes any."""
    min_density: float = 0.17
    """For a document with formulas (OpenWebMath's)."""
    min_density_plain: float = 0.8
    """For one without (OpenWebMath's)."""
    max_perplexity: float | None = None
    """Per character; None: as the seed text itself has it."""


@dataclass(frozen=True)
class Refused:
    """A page that went no further."""

    source: str
    step: str
    reason: str
    evidence: str = ""


@dataclass(frozen=True)
class StepCount:
    """One row of the funnel."""

    step: str
    n_in: int
    n_out: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Sifted:
    """What came of the pages."""

    documents: tuple[Document, ...]
    refused: tuple[Refused, ...]
    funnel: tuple[StepCount, ...]
    max_perplexity: float

    @property
    def lines(self) -> list[str]:
        """The funnel in words, one step a line."""
        return [f"{row.step}: {row.n_out} of {row.n_in}" + (f" (refused: {', '.join(f'{n} {reason}' for reason, n in row.reasons.items())})" if row.reasons else "") for row in self.funnel]


def sift(recipe: Recipe) -> Sifted:
    """Run the chain.

    Raises:
        WeakspotError: a path is missing or holds no page, no seed text is named or there is too little of it.
    """
    if not recipe.seed_text:
        raise WeakspotError("web pages are judged against seed text and none is named", where="web.seed_text", hint="name text that reads as you want it: files, folders, .jsonl rows or an anchor source")
    list_files(recipe.pages)  # a missing path, before any model is trained
    seed = read_texts(recipe.seed_text, "web.seed_text")
    other = read_texts(recipe.other_text, "web.other_text") if recipe.other_text else []
    refused: list[Refused] = []
    documents: list[Document] = []
    n_pages = 0
    for page in read_pages(recipe.pages):
        n_pages += 1
        verdict = _first_look(page, recipe, other if not recipe.other_text else None)
        (documents if isinstance(verdict, Document) else refused).append(verdict)  # type: ignore[arg-type]
    kept, most = documents, recipe.max_perplexity
    if documents:
        density = MathDensity(seed, other)
        kept = _pass(kept, refused, lambda document: _dense(document, density, recipe))
        most = usual_perplexity(seed) if most is None else most
        model = CharacterModel(seed)
        kept = _pass(kept, refused, lambda document: _usual(document, model, most or 0))
        near = NearDuplicates()
        kept = _pass(kept, refused, lambda document: _new(document, near))
    return Sifted(tuple(kept), tuple(refused), _funnel(n_pages, refused), most or 0.0)


def _first_look(page: Page | Fault, recipe: Recipe, ordinary: list[str] | None) -> Document | Refused:
    """What needs no model. The text of a page without maths is added to `ordinary`, if that is wanted."""
    if isinstance(page, Fault):
        return Refused(page.source, "read", page.reason, page.evidence)
    markup = decode(page)
    if not has_maths(markup):
        if ordinary is not None and len(ordinary) < MOST_ORDINARY:
            ordinary.append(extract(markup, page.source).prose)
        return Refused(page.source, "signs of maths", "no sign of maths", f"{points(markup)} points")
    document = extract(markup, page.source)
    reason, evidence = broken_rule(document)
    if reason:
        return Refused(page.source, "rules", reason, evidence)
    code, probability = language_of(document.prose) if recipe.language else ("", 1.0)
    if recipe.language and (code != recipe.language or probability < LEAST_PROBABILITY):
        return Refused(page.source, "language", f"not {recipe.language}" if code else "too little text to tell its language", f"{code} {probability:.2f}".strip())
    return document


def _pass(documents: list[Document], refused: list[Refused], judge: Callable[[Document], Refused | None]) -> list[Document]:
    kept = []
    for document in documents:
        verdict = judge(document)
        if verdict is None:
            kept.append(document)
        else:
            refused.append(verdict)
    return kept


def _dense(document: Document, density: MathDensity, recipe: Recipe) -> Refused | None:
    score = density.score(document.prose)
    least = recipe.min_density if document.n_formulas else recipe.min_density_plain
    return None if score >= least else Refused(document.url, "maths density", "reads unlike the seed text" if document.n_formulas else "no formula and reads unlike the seed text", f"{score:.2f} below {least:g}")


def _usual(document: Document, model: CharacterModel, most: float) -> Refused | None:
    found = model.perplexity(document.prose)
    return None if found <= most else Refused(document.url, "perplexity", "too surprising", f"{found:.1f} above {most:.1f}")


def _new(document: Document, near: NearDuplicates) -> Refused | None:
    twin, similarity = near.twin(document.text, document.url)
    return Refused(document.url, "near duplicate", "says what another page says", f"{twin} {similarity:.2f}") if twin else None


def _funnel(n_pages: int, refused: Iterable[Refused]) -> tuple[StepCount, ...]:
    by_step: dict[str, Counter[str]] = {step: Counter() for step in STEPS}
    for row in refused:
        by_step[row.step][row.reason] += 1
    counts, n = [], n_pages
    for step in STEPS:
        out = n - by_step[step].total()
        counts.append(StepCount(step, n, out, dict(by_step[step].most_common())))
        n = out
    return tuple(counts)
