"""The language a text is in, its formulas taken out: symbols have none, and names of variables mislead."""

from __future__ import annotations

import functools
from typing import Any

from curricula.web.rules import FORMULA

LEAST_LETTERS = 40  # of a text whose language can be told
LOOKED_AT = 4000  # characters; more changes no verdict and takes time
LEAST_PROBABILITY = 0.5  # OpenWebMath's (section 3.3)


def language_of(text: str) -> tuple[str, float]:
    """ISO 639-1 code and probability, by py3langid (97 languages, Lui and Baldwin 2012); `("", 0)` where there is too little text."""
    plain = " ".join(FORMULA.sub(" ", text[: 2 * LOOKED_AT]).split())[:LOOKED_AT]
    if sum(character.isalpha() for character in plain) < LEAST_LETTERS:
        return "", 0.0
    code, probability = _identifier().classify(plain)
    return str(code), float(probability)


@functools.lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
