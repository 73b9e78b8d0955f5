"""Retrieve: real examples near the weakness, with their answers, as people wrote them.

No teacher is asked and nothing is changed: rows of the human-made sources that are most like the failures come out at
depth 0, the failures taking turns. LIMA and LESS are the argument for it: few real rows, well chosen, teach much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from curricula.lesson import Brief, Candidate
from curricula.strategies.fit.surface import answer_kind
from curricula.strategies.seeds import nearest_seeds, require_seeds
from curricula.teacher import Teacher

OFFER = 3  # candidates per wanted lesson, as for every strategy


class RetrieveStrategy:
    """Real rows by similarity."""

    name = "retrieve"
    source = "LIMA (Zhou 2023); LESS (Xia 2024), with TF-IDF likeness in place of gradients"
    needs = "corpus"

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """At most three times `brief.n_lessons` real rows, nearest first; none where nothing is near. `teacher` and `rng` are not used.

        Raises:
            WeakspotError: the brief holds no real rows.
        """
        near = nearest_seeds(brief.failures, require_seeds(brief, self.name))
        taught = {row.lesson_id for row in brief.earlier}
        near = [row for row in near if row.seed.lesson_id not in taught]
        for row in near[: OFFER * brief.n_lessons]:
            lesson = replace(
                row.seed,
                strategy=self.name,
                operator="nearest",
                weakness_id=brief.weakness_id,
                verifier="numeric" if answer_kind(row.seed.answer) == "number" else "exact",
                check=row.seed.answer,
                check_kind="gold",
                parents=(brief.failures[row.failure_index].probe_id,),
                meta={**row.seed.meta, "similarity": round(row.similarity, 3)},
            )
            yield Candidate(lesson, weakness_id=brief.weakness_id, strategy=self.name)


STRATEGY = RetrieveStrategy()
