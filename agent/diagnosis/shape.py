"""Failures of form: right but in the wrong shape, refused, or cut off.

Failure types and answers go in, at most one group per type comes out. The one thing to know: these are found by
type, before and apart from any clustering, because they run across all subjects: a student that answers every
question with a sentence has one weakness, not sixteen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent.statistics.intervals import benjamini_hochberg, binomial_lower_tail, clopper_pearson

TOLERATED = 0.05  # a share of form failures that is not worth a lesson
EXTRA_WORDS = 2  # beyond the gold's own; more is a sentence
SET_ASIDE_SHARE = 0.5  # cut-off answers hide the skills only when most failures are cut off
NUMBER = re.compile(r"^[^\w]*[-+]?[\d.,/]*\d[%\w]{0,3}[^\w]*$")
OPTION = re.compile(r"^\(?[A-Za-z]\)?\.?$")


@dataclass(frozen=True)
class FormFailure:
    """One kind of form failure that is common enough to matter."""

    type: str
    """`format`, `refusal` or `truncated`."""
    label: str
    keywords: tuple[str, ...]
    """How such answers begin."""
    members: tuple[int, ...]
    """`format`: rows whose answer is right, in whatever shape. Others: all rows."""
    failures: tuple[int, ...]
    p_value: float
    is_set_aside: bool
    """Its failures say nothing about skill, so clustering leaves those rows out."""


def form_weaknesses(
    types: Sequence[str],
    is_passed: Sequence[bool],
    answers: Sequence[str],
    golds: Sequence[str],
    min_members: int = 5,
) -> list[FormFailure]:
    """Groups with at least `min_members` failures whose share lies above 5 % beyond chance, `format` first.

    All arguments are parallel; `types` holds "" for passes and untyped failures. Evidence: the one-sided 95 %
    Clopper-Pearson lower bound of the share, Benjamini-Hochberg over the three types.
    """
    everything = tuple(range(len(types)))
    right = tuple(row for row in everything if is_passed[row] or types[row] == "format")
    no_skill = sum(1 for row in everything if not is_passed[row] and types[row] != "format")
    groups = []
    for kind, members in (("format", right), ("refusal", everything), ("truncated", everything)):
        failures = tuple(row for row in everything if types[row] == kind)
        n, k = len(members), len(failures)
        p_value = binomial_lower_tail(n - k, n, 1 - TOLERATED)
        is_common = k >= min_members and clopper_pearson(k, n, 0.95, "lower").low > TOLERATED
        set_aside = kind == "refusal" or (kind == "truncated" and k >= SET_ASIDE_SHARE * max(no_skill, 1))
        if kind == "truncated" and not set_aside:
            is_common = (
                False  # a few cut-off answers are failures like others, and cluster with their subject
            )
        groups.append((is_common, kind, members, failures, p_value, set_aside))
    q_values = benjamini_hochberg([group[4] for group in groups])
    return [
        FormFailure(
            kind,
            _label(kind, [answers[row] for row in failures], [golds[row] for row in failures]),
            _openings([answers[row] for row in failures]),
            members,
            failures,
            p_value,
            set_aside,
        )
        for (is_common, kind, members, failures, p_value, set_aside), q in zip(groups, q_values, strict=True)
        if is_common and q <= TOLERATED
    ]


def _label(kind: str, answers: list[str], golds: list[str]) -> str:
    if kind == "refusal":
        return "answer format: refuses or says nothing"
    if kind == "truncated":
        return "answer format: is cut off at the token limit"
    if not any(answers):
        return "answer format: right answers in the wrong shape"
    wordy = sum(
        len(answer.split()) > len(gold.split()) + EXTRA_WORDS
        for answer, gold in zip(answers, golds, strict=True)
    )
    deed = "says a sentence instead of" if 2 * wordy >= len(answers) else "adds words or signs to"
    kinds = Counter(_answer_kind(gold) for gold in golds)
    named = [name for name, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))]
    common = [name for name in named if 5 * kinds[name] >= len(golds)][:2] or named[:1]
    return f"answer format: {deed} the bare {' or '.join(common)}"


def _answer_kind(gold: str) -> str:
    text = gold.strip()
    if NUMBER.match(text):
        return "number"
    if OPTION.match(text):
        return "option"
    return "word" if len(text.split()) == 1 else "answer"


def _openings(answers: list[str]) -> tuple[str, ...]:
    """The commonest first two words, each of at least a tenth of the answers."""
    counts = Counter(
        " ".join(re.findall(r"[^\W\d_]+", answer.lower())[:2]) for answer in answers if answer.strip()
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(text for text, count in ranked if text and 10 * count >= len(answers))[:5]
