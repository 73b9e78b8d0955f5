"""How mathematical a text reads: a classifier trained on the user's seed text.

OpenWebMath's MathScore (Paster 2023, section 3.4) with hashed words and logistic regression where it has fastText, whose
package has had no release for years. Formulas are taken out of what is learned from and of what is scored, so that the
words decide and a page of prices between dollar signs does not. Single words, one letter long ones too, and no figures: with
word pairs or figures the area under the curve was lower on the labelled pages of the tests. liblinear trains in .1 s of CPU.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from curricula.web.rules import FORMULA
from probes.errors import WeakspotError

WINDOW = 80  # words judged at once: short enough to be of one mind, and equal for seed text and pages
MOST_WINDOWS = 40  # of one document, evenly spaced
FEWEST = 12  # windows of each side; fewer teach it single words
FEATURES = 2**18
STRENGTH = 100.0  # of 10, 100, 1000 the one at which the paper's threshold fits best: 9 of 10 labelled pages of maths kept, 7 of 8 ornaments refused
SEED = 7


class MathDensity:
    """Probability that a text is mathematics.

    `maths` and `other` are texts; they are cut into windows of 80 words.

    Raises:
        WeakspotError: one side has fewer than 12 windows.
    """

    def __init__(self, maths: Sequence[str], other: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer
        from sklearn.linear_model import LogisticRegression

        sides = [[window for text in texts for window in windows(text)] for texts in (other, maths)]
        for side, key, name in ((sides[1], "seed_text", "mathematical"), (sides[0], "other_text", "ordinary")):
            if len(side) < FEWEST:
                raise WeakspotError(f"too little {name} text to train the maths classifier: {len(side)} pieces of {WINDOW} words, at least {FEWEST} are needed", where=f"web.{key}",
                                    hint="name more of it: text files, HTML files or folders, or .jsonl rows")
        self._hashing: Any = HashingVectorizer(n_features=FEATURES, alternate_sign=False, token_pattern=r"[^\W\d_]+")
        self._model: Any = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, class_weight="balanced", random_state=SEED)
        self._model.fit(self._hashing.transform(sides[0] + sides[1]), [0] * len(sides[0]) + [1] * len(sides[1]))

    def score(self, text: str) -> float:
        """Mean over the text's windows, 0 to 1; 0 for a text without words."""
        cut = windows(text)
        if not cut:
            return 0.0
        n = min(len(cut), MOST_WINDOWS)
        heard = [cut[number * len(cut) // n] for number in range(n)]
        return float(self._model.predict_proba(self._hashing.transform(heard))[:, 1].mean())


def windows(text: str) -> list[str]:
    """Pieces of 80 words without formulas and numbers; a rest of less than half a window joins the last piece."""
    words = re.sub(r"\d+(?:[.,]\d+)*", " ", FORMULA.sub(" ", text)).split()
    starts = range(0, max(1, len(words) - WINDOW // 2), WINDOW)
    cut = [words[start : start + WINDOW] for start in starts]
    if cut and len(words) > starts[-1] + WINDOW:
        cut[-1] = words[starts[-1] :]
    return [" ".join(piece) for piece in cut if piece]
