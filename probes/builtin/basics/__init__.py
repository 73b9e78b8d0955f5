"""basics: 23 simple skills of graded difficulty for a student of 100 M parameters or so.

Every prompt states the answer format, because giving a bare answer is itself a skill that small chat
models lack. Meta of a probe: skill, difficulty (1 to 3), wording, chance. Material is hand-written for
this suite; numbers come from hashed seeds. Two-answer skills (chance .5 throughout) are three:
larger_of_two, odd_or_even, is_in_list.

Measured on SmolLM2-135M-Instruct (fp32, greedy, 705 probes): strict .004, lenient .26, from next_number
.00 and time_units .05 to times_table .52 and opposite .82. After one pass over 456 probes of its own
diagnose split with their golds (LoRA r=16, learning rate 1e-3), on 414 of the gate split: .35 both,
digits_of_number_word 1.00, larger_of_two .55, next_number .32, time_units .00, times_table .11 (it used
to write "7 x 4 = 28"). So there is something to gain at once, something later, and something to lose.
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
