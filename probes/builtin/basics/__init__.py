"""basics: 23 simple skills of graded difficulty for a student of 100 M parameters or so.

Every prompt states the answer format, because giving a bare answer is itself a skill that small chat
models lack. Meta of a probe: skill, difficulty (1 to 3), wording, chance. Material is hand-written for
this suite; numbers come from hashed seeds.
"""

from __future__ import annotations

from probes.builtin.basics import arithmetic, lists, numbers, order, vocabulary
from probes.builtin.generate import make_probes
from probes.suite import Suite

SKILLS = (*numbers.SKILLS, *arithmetic.SKILLS, *lists.SKILLS, *order.SKILLS, *vocabulary.SKILLS)


def suite() -> Suite:
    """The whole suite, the same on every machine."""
    return Suite(
        name="basics",
        origin="built in",
        probes=make_probes("basics", SKILLS),
        description=f"{len(SKILLS)} simple skills with numbers, lists and words, in four wordings each",
        max_tokens=32,
        location=__name__,
    )
