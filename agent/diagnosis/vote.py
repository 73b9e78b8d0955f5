"""An LLM's repeated, independent answers as a witness of gold labels.

Probes go in, an answer for each on which the votes agree comes out. The one thing to know: the LLM sees the prompt
and never the gold, and its votes are one witness however many they are, because it errs the same way twice.
Agreement of sampled solutions as confidence: self-consistency (Wang et al. 2023, section 3.4).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from agent.diagnosis.rules import folded
from agent.diagnosis.witnesses import Key
from agent.student.contract import Sample
from curricula.prompts import render
from curricula.teacher import Teacher, TeacherRequest
from curricula.verifiers.statements import declared_answers
from probes.numbers import find_numbers, parse_number
from probes.suite import Probe

VOTES = 5
MIN_AGREEING = 4  # of 5; three could be a coin
MAX_TOKENS = 700


def worth_asking(probes: Sequence[Probe], samples: Sequence[Sample], limit: int) -> list[Probe]:
    """At most `limit` probes that the student got wrong in content, the same in every cycle while it does.

    Chosen by hash, so that no suite or subject comes first; a choice that stays finds its replies in the cache.
    """
    failed = {(sample.suite, sample.probe_id) for sample in samples if sample.lenient < 1 and sample.response.strip()}
    chosen = [probe for probe in probes if (probe.suite, probe.probe_id) in failed]
    return sorted(chosen, key=lambda probe: hashlib.sha256(f"{probe.suite}/{probe.probe_id}".encode()).digest())[:limit]


def ask_votes(probes: Sequence[Probe], teacher: Teacher) -> dict[Key, str]:
    """What at least four of five sampled answers say, by suite and probe id; probes without agreement are absent.

    Raises:
        WeakspotError: the teacher as a whole can't be used (no key, quota gone, budget cap).
    """
    requests = [
        TeacherRequest(
            render("label_vote/solve", problem=probe.prompt, choices=list(probe.choices), attempt=attempt),
            max_tokens=MAX_TOKENS,
            tag="label_vote",
        )
        for probe in probes
        for attempt in range(1, VOTES + 1)
    ]
    replies = teacher.ask(requests) if requests else []
    votes: dict[Key, str] = {}
    for at, probe in enumerate(probes):
        answers = [_read(reply.text, probe) for reply in replies[at * VOTES : (at + 1) * VOTES] if not reply.error]
        counts = Counter(folded(answer) for answer in answers if answer)
        if counts and max(counts.values()) >= MIN_AGREEING:
            best = max(counts, key=lambda answer: counts[answer])
            votes[probe.suite, probe.probe_id] = next(answer for answer in answers if folded(answer) == best)
    return votes


def _read(text: str, probe: Probe) -> str:
    """The last answer that the reply declares, in the gold's kind; "" if there is none."""
    said = declared_answers(text)
    if not said:
        return ""
    if parse_number(probe.gold.strip().rstrip(".")) is None:
        return said[-1].strip("*` ")
    numbers = find_numbers(said[-1])
    return said[-1][numbers[0].start : numbers[0].end] if len(numbers) == 1 else ""
