"""What kind of failure a sample is, decided before anything is clustered.

A sample and its probe go in, a word comes out. The one thing to know: a gold that is probably wrong says nothing of
the student, so `label_suspect` beats everything; then `format`, because a student that says the right thing in the
wrong shape has the skill, and only the shape must be taught.
"""

from __future__ import annotations

import re
from typing import Literal

from agent.student.contract import Sample
from probes.suite import Probe

FailureType = Literal["format", "truncated", "refusal", "label_suspect", "wrong"]

REFUSAL = re.compile(
    r"^\W*(i'?m (really |very |so )?sorry\b|sorry\b[,.]|i apologi[sz]e\b|(unfortunately,? )?i (can ?not|can'?t|am unable|'m unable"
    r"|am not able|'m not able|do not know|don'?t know|won'?t|will not)\b|as an ai\b|as a language model\b"
    r"|i'?m (just )?an? (ai|language model)\b)",
    re.IGNORECASE,
)


def failure_type(sample: Sample, probe: Probe, is_suspect: bool = False) -> FailureType | None:
    """Type of the failure, None where the strict scorer passed.

    `label_suspect`: the probe's gold is probably wrong (`suspects.find_suspects` knows, and says so by `is_suspect`).
    `format`: the lenient extraction of the same answer passes. `refusal`: an empty answer or a refusing phrase at
    its start (never for log-likelihood probes, nor where the gold answer itself reads like one). `truncated`: the
    token limit was reached. `wrong`: the rest.
    """
    if sample.strict >= 1:
        return None
    if is_suspect:
        return "label_suspect"
    if sample.lenient >= 1:
        return "format"
    chosen = sample.finish == "choice" or probe.scorer == "loglikelihood"
    response = (sample.response or "").strip().replace("\u2019", "'")
    if not chosen and (not response or (REFUSAL.match(response) and not REFUSAL.match(probe.gold.strip()))):
        return "refusal"
    if sample.finish == "length":
        return "truncated"
    return "wrong"
