"""Documents that say what an earlier one said: MinHash over word 5-grams (Broder 1997), with rensa.

OpenWebMath (section 3.6) takes SimHash at a similarity of .7; the threshold is the same. Unlike lessons
(`curricula/filters/dedup.py`), pages differ in figures and are still the same page in another version.
"""

from __future__ import annotations

from typing import Any

from curricula.filters.normalise import tokens

GRAM = 5
THRESHOLD = 0.7
PERMUTATIONS = 128
BANDS = 32  # of 4 rows: a pair at .7 meets with chance .9998; what meets is compared by all 128
SEED = 7


class NearDuplicates:
    """What has been kept so far."""

    def __init__(self) -> None:
        from rensa import RMinHashLSH

        self._index: Any = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
        self._kept: list[tuple[str, Any]] = []

    def twin(self, text: str, source: str) -> tuple[str, float]:
        """The kept document that this text repeats, with the estimated Jaccard similarity; else it is kept and `("", best)` returned."""
        from rensa import RMinHash

        words = tokens(text)
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
        sketch.update([" ".join(words[start : start + GRAM]) for start in range(max(1, len(words) - GRAM + 1))])
        near = [(float(sketch.jaccard(self._kept[i][1])), i) for i in self._index.query(sketch)]
        best, which = max(near, default=(0.0, -1))
        if best >= THRESHOLD:
            return self._kept[which][0], best
        self._index.insert(len(self._kept), sketch)
        self._kept.append((source, sketch))
        return "", best
