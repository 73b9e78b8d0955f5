"""Web pages: passages of the user's own pages that are near the weakness, as their authors wrote them.

The pages have been through `curricula/web/chain.py`; here the passages most like the failures come out at depth 0, the
failures taking turns, as `retrieve` does with its rows. No teacher is asked and no word is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from curricula.lesson import Brief, Candidate
from curricula.strategies.seeds import FLOOR, nearest_seeds
from curricula.teacher import Teacher
from probes.errors import WeakspotError

OFFER = 3  # candidates per wanted lesson, as for every strategy


class WebMathStrategy:
    """Passages by similarity."""

    name = "web_math"
    source = "OpenWebMath (Paster 2023), arXiv 2310.06786, section 3"
    needs = "pages"

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """At most three times `brief.n_lessons` passages, nearest first; where nothing is near, one row that says so. `teacher` and `rng` are not used.

        Raises:
            WeakspotError: the brief holds no passages.
        """
        if not brief.pages:
            raise WeakspotError(f"strategy {self.name!r} has no passages: no page was named, or none passed", where="web.pages", hint="the refused pages and why are in the cycle's web_pages.jsonl; `weakspot strategies try web_math --json` lists them too")
        taught = {row.lesson_id for row in brief.earlier}
        rows = {row.lesson_id: row for row in brief.pages if row.lesson_id not in taught}
        # likeness of the whole passage: what it answers with tells as much of its subject as how it begins
        whole = [replace(row, prompt=f"{row.prompt}\n{row.completion}", parents=(key,)) for key, row in rows.items()]
        found = nearest_seeds(brief.failures, whole)
        if not found:
            evidence = f"none of {len(rows)} passages that were not taught yet has a TF-IDF cosine of {FLOOR} with a failure"
            yield Candidate(None, reason="no passage is near the weakness", weakness_id=brief.weakness_id, strategy=self.name, step="strategy", evidence=evidence, operator="nearest", depth=0)
        for near in found[: OFFER * brief.n_lessons]:
            row = rows[near.seed.parents[0]]
            lesson = replace(
                row, strategy=self.name, weakness_id=brief.weakness_id, parents=(brief.failures[near.failure_index].probe_id,),
                meta={**row.meta, "similarity": round(near.similarity, 3)},
            )  # fmt: skip
            yield Candidate(lesson, weakness_id=brief.weakness_id, strategy=self.name)


STRATEGY = WebMathStrategy()
