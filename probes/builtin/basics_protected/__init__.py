"""basics_protected: what SmolLM2-135M-Instruct can do before any training, and must not lose.

The kinds were chosen by measurement on that very model: 15 candidate kinds were tried, those that it
scored below one half were dropped (colors in its own words .16, names of young animals .17, Spanish words
.22, French words .27), and of the kinds kept the wordings that confused it most. Within a kind no item
was dropped for being answered wrong, so that gains are as possible as losses and the base sits well
below 1. Questions are plain, without a wish for a format, so that the lenient score is fair to a
student that answers in sentences; 232 of the 524 rank given answers by log-likelihood and need no
format at all.

Measured on the base (fp32, greedy, 32 tokens, the template's own system turn), lenient: capital .73,
country_of_city .70, language .82, continent .82, repeat_a_word .97, good_grammar 1.00, synonym .72,
fact .68, end_of_sentence .65, color_of_thing .67; all .77.
"""

from __future__ import annotations

from probes.builtin.basics_protected import facts, language, places
from probes.builtin.generate import make_probes
from probes.suite import Suite

SKILLS = (*places.SKILLS, *language.SKILLS, *facts.SKILLS)


def suite() -> Suite:
    """The whole suite, the same on every machine."""
    return Suite(
        name="basics_protected",
        origin="built in",
        probes=make_probes("basics_protected", SKILLS),
        description=f"{len(SKILLS)} kinds of common knowledge and language that the embedded student already has",
        max_tokens=32,
        location=__name__,
    )
