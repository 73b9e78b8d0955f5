"""Look for faults in a suite before a run is spent on it.

A suite goes in, findings come out, gravest first. A **problem** makes the numbers wrong (a gold that
scores 0, the same question in two splits); a **note** says what they will be worth (how small a gain
the gate can show, that repeating the question scores). No model is needed.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from probes.errors import WeakspotError
from probes.scorers import SCORERS, score
from probes.splits import DEFAULT_SHARES, group_of, limit_suite, shortfall, split_suite
from probes.suite import Probe, Suite

MIN_PROMPT_CHARS = 4  # "2+2?" is a question; less is a slip
SHOWN_IDS = 3
SHOWN_PROBLEMS = 8
_DISCORDANCE = 0.2  # share of probes that a trained candidate typically changes, either way
_Z_POWER = 1.645 + 0.842  # one-sided .05, power .8


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a suite, or worth knowing."""

    what: str
    is_problem: bool = True
    """False: a note, which fails no check."""
    probe_ids: tuple[str, ...] = ()
    """The first probes concerned."""
    n_probes: int = 0
    """How many are concerned in all."""
    hint: str = ""


def check_suite(
    suite: Suite,
    *,
    key: str = "weakspot",
    shares: Mapping[str, float] = DEFAULT_SHARES,
    limit: int | None = None,
    is_split: bool = False,
) -> list[Finding]:
    """Everything found in `suite` when limited to `limit` probes and split by `key` and `shares`.

    `is_split` says that a run is to split it, as it does with every suite to improve: being too small is then
    a problem. A protected suite is not split.

    Raises:
        WeakspotError: the shares cannot be used.
    """
    findings = [*_scoring(suite), *_prompts(suite), *_splits(suite, key, shares, limit, is_split)]
    return sorted(findings, key=lambda finding: not finding.is_problem)


def require_sound(suite: Suite, reference: str) -> Suite:
    """`suite` itself, when nothing in it makes the numbers wrong. `reference` is what the user calls it.

    Raises:
        WeakspotError: it has problems; the first are named.
    """
    problems = [finding for finding in check_suite(suite) if finding.is_problem]
    if problems:
        shown = problems[:SHOWN_PROBLEMS]
        raise WeakspotError(
            f"suite {suite.name!r} has {len(problems)} problem{'s' * (len(problems) > 1)}",
            where="\n".join(f"{finding.what} ({', '.join(finding.probe_ids)})" for finding in shown),
            hint=f"`weakspot probes check {reference}` lists them all",
        )
    return suite


def _scoring(suite: Suite) -> list[Finding]:
    own = [p for p in suite.probes if p.scorer != "lm-eval"]  # the task scores those itself
    unknown = [p for p in own if p.scorer not in SCORERS]
    known = [p for p in own if p.scorer in SCORERS]
    rejected = [p for p in known if score(p.scorer, p.gold, p.gold, p.choices).strict < 1]
    stray = [p for p in known if p.scorer in ("choice", "loglikelihood") and p.gold not in p.choices]
    blank = [
        p for p in known if any(score(p.scorer, text, p.gold, p.choices).lenient for text in ("", " \n"))
    ]
    generated = [p for p in known if p.scorer != "loglikelihood"]
    echoed = [p for p in generated if score(p.scorer, p.prompt, p.gold, p.choices).lenient]
    return [
        *_finding("unknown scorer", unknown, f"known scorers: {', '.join(SCORERS)}"),
        *_finding(
            "the gold answer is rejected by its own scorer", rejected, "a numeric gold is a bare number"
        ),
        *_finding("the gold answer is not among the choices", stray),
        *_finding("an empty response scores", blank),
        *_finding(
            "repeating the prompt scores (lenient)",
            echoed,
            "name the competing answers in `choices`",
            is_problem=False,
        ),
    ]


def _prompts(suite: Suite) -> list[Finding]:
    ids = Counter(p.probe_id for p in suite.probes)
    twice = [p for p in suite.probes if ids[p.probe_id] > 1]
    own = [p for p in suite.probes if p.scorer != "lm-eval"]
    foreign = [p for p in suite.probes if p.scorer == "lm-eval"]  # prompts that nobody here can mend
    return [
        *_finding("ids are not unique", twice),
        *_questions(own, is_problem=True),
        *_questions(foreign, is_problem=False),
    ]


def _questions(probes: list[Probe], is_problem: bool) -> list[Finding]:
    short = [p for p in probes if len(re.sub(r"\s", "", p.prompt)) < MIN_PROMPT_CHARS]
    same: dict[tuple[str, ...], list[Probe]] = defaultdict(list)
    golds: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for probe in probes:
        same[_question(probe)].append(probe)
        golds[_question(probe)].add(probe.gold.casefold())
    disputed = [p for p in probes if len(golds[_question(p)]) > 1]
    repeats = [(twins, len({group_of(p) for p in twins})) for twins in same.values() if len(twins) > 1]
    leaking = [p for twins, n_groups in repeats if n_groups > 1 for p in twins]
    repeated = [p for twins, n_groups in repeats if n_groups == 1 for p in twins[1:]]
    return [
        *_finding("prompts are nearly empty", short, is_problem=is_problem),
        *_finding("the same prompt has different gold answers", disputed, is_problem=is_problem),
        *_finding(
            "the same prompt is in different groups and may straddle two splits",
            leaking,
            "give them one `group`",
            is_problem=is_problem,
        ),
        *_finding(
            "the same prompt is asked again within its group",
            repeated,
            "repeats add no evidence",
            is_problem=False,
        ),
    ]


def _splits(
    suite: Suite, key: str, shares: Mapping[str, float], limit: int | None, is_split: bool
) -> list[Finding]:
    if not suite.probes:
        return [Finding("the suite has no probes")]
    suite = limit_suite(suite, limit, key) if limit else suite
    dealt = split_suite(suite, key, shares)
    n_groups = len({group_of(probe) for probe in suite.probes})
    sizes = ", ".join(f"{split} {len(probes)}" for split, probes in dealt.items())
    gate = len(dealt["gate"])
    notes = [Finding(f"{len(suite.probes)} probes in {n_groups} groups; splits: {sizes}", is_problem=False)]
    if not any(probe.group for probe in suite.probes):
        notes.append(
            Finding(
                "no probe has a group: near-duplicates may straddle two splits",
                False,
                hint="add `group` to the rows",
            )
        )
    if lacking := shortfall(dealt):
        hint = "add probes or use finer groups; a protected suite is not split"
        return [*notes, Finding(f"too small to run: it leaves {lacking}", is_split, hint=hint)]
    points = 100 * _Z_POWER * math.sqrt(_DISCORDANCE / gate)
    return [
        *notes,
        Finding(f"the gate can show a gain of about {points:.0f} points or more", is_problem=False),
    ]


def _finding(what: str, probes: list[Probe], hint: str = "", is_problem: bool = True) -> list[Finding]:
    if not probes:
        return []
    return [Finding(what, is_problem, tuple(p.probe_id for p in probes[:SHOWN_IDS]), len(probes), hint)]


def _blank_free(prompt: str) -> str:
    return " ".join(prompt.casefold().split())


def _question(probe: Probe) -> tuple[str, ...]:
    """What is asked: the prompt and, where there are any, the choices."""
    return (_blank_free(probe.prompt), *sorted(probe.choices))
