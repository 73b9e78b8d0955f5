"""How surprising a text is to a language model of the seed text: interpolated Kneser-Ney over characters.

OpenWebMath (Paster 2023, section 3.4) and CCNet (Wenzek 2020) take KenLM over word pieces and train it on gigabytes. It has
no wheel for Python 3.11, and a user's seed text is kilobytes: of words most would be unknown, and unknown words are what
junk is made of. Characters have no unknown words, and five of them tell language from scraps.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable

from curricula.web.rules import FORMULA

ORDER = 5
DISCOUNT = 0.75  # absolute discount; Kneser and Ney 1995, Chen and Goodman 1999
ALPHABET = 200  # characters that share what is left for the unseen
LOOKED_AT = 20_000  # characters of a text; the rest changes no verdict
HELD_OUT = 5  # one piece in so many tells what is usual
PIECE = 400  # characters of such a piece
SLACK = 1.6  # times the perplexity that 95 % of held-out seed pieces stay below: another subject is no junk


class CharacterModel:
    """Kneser-Ney character model of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: list[dict[str, int]] = [defaultdict(int) for _ in range(ORDER + 1)]
        for text in texts:
            clean = " " * (ORDER - 1) + normal(text)
            for at in range(ORDER - 1, len(clean)):
                counts[ORDER][clean[at - ORDER + 1 : at + 1]] += 1
        for order in range(ORDER, 1, -1):  # lower orders count the contexts a sequence was seen after, not how often
            for gram in counts[order]:
                counts[order - 1][gram[1:]] += 1
        self._counts = counts
        self._totals: list[dict[str, int]] = [defaultdict(int) for _ in range(ORDER + 1)]
        self._kinds: list[dict[str, int]] = [defaultdict(int) for _ in range(ORDER + 1)]
        for order in range(1, ORDER + 1):
            for gram, n in counts[order].items():
                self._totals[order][gram[:-1]] += n
                self._kinds[order][gram[:-1]] += 1
        self._known: dict[str, float] = {}

    def probability(self, gram: str) -> float:
        """Of the last character after those before it."""
        order = len(gram)
        if order == 0:
            return 1 / ALPHABET
        if order == ORDER and (found := self._known.get(gram)) is not None:
            return found
        context = gram[:-1]
        total = self._totals[order].get(context, 0)
        lower = self.probability(gram[1:])
        if total == 0:
            value = lower
        else:
            value = max(self._counts[order].get(gram, 0) - DISCOUNT, 0) / total + DISCOUNT * self._kinds[order][context] / total * lower
        if order == ORDER:
            self._known[gram] = value
        return value

    def perplexity(self, text: str) -> float:
        """Per character, at least 1; infinite for an empty text."""
        clean = normal(text[: 2 * LOOKED_AT])[:LOOKED_AT]
        if not clean:
            return math.inf
        padded = " " * (ORDER - 1) + clean
        bits = sum(math.log(self.probability(padded[at - ORDER + 1 : at + 1])) for at in range(ORDER - 1, len(padded)))
        return math.exp(-bits / len(clean))


def usual_perplexity(texts: Iterable[str]) -> float:
    """The perplexity up to which a text passes: 1.6 times what 95 % of held-out pieces of the seed text stay below."""
    pieces = [piece for text in texts for piece in _pieces(text)]
    if len(pieces) < 2 * HELD_OUT:
        return math.inf
    held = [piece for i, piece in enumerate(pieces) if i % HELD_OUT == 0]
    model = CharacterModel(piece for i, piece in enumerate(pieces) if i % HELD_OUT)
    found = sorted(model.perplexity(piece) for piece in held)
    return SLACK * found[min(len(found) - 1, math.ceil(0.95 * len(found)) - 1)]


def normal(text: str) -> str:
    """Lower case, single spaces, digits as 0, a formula as one sign."""
    plain = FORMULA.sub("\u25a1", text)
    return " ".join(re.sub(r"\d", "0", plain).casefold().split())


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE) if len(text) - start >= PIECE // 2]
