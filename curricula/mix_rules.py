"""The rules a mix must keep, and the arithmetic of who holds how many tokens.

Rows of a curriculum go in; shares, the first broken rule, or the rows without an operator's surplus come out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from curricula.anchors.contract import data_set
from curricula.lesson import Lesson
from probes.errors import WeakspotError

Policy = Literal["mix", "verified", "both"]
# Checks that were made without asking a model. What several answers of one model agree on (`agreement`, `vote`, `votes`) is
# its opinion, however often it is asked.
PROOFS = frozenset({"engine", "gold", "expression", "tests"})


class MixError(WeakspotError):
    """No mix of the given rows keeps the rules."""


@dataclass(frozen=True)
class Domain:
    """A field with real data and a real share of its own."""

    name: str
    suites: tuple[str, ...]
    """Lessons for weaknesses whose failures are mostly of these suites belong to it."""
    anchors: tuple[str, ...]
    """Names of its sources of real data."""
    real_min: float = 0.30
    real_max: float = 0.70


@dataclass(frozen=True)
class MixRules:
    """Bounds of a mix; shares are 0 to 1 and counted in tokens."""

    real_min: float
    real_max: float
    max_tokens: int | None
    """Ceiling for the whole curriculum, prompts and template included; None for no ceiling."""
    seed: int
    replay_share: float = 0.15
    """Of the machine-made tokens, at least, for lessons on what the student already does right, where not all fit."""
    max_operator_share: float = 0.35
    """Of all tokens, for one engine or sub-recipe; an even share among those present is always allowed."""
    max_source_share: float = 0.75
    """Of the real tokens, for one data set of several. Earlier lessons give way to it; this cycle's own lessons do not, so
    that naming a further small file of real data never makes a mix impossible. The recipe then warns."""
    max_row_tokens: int = 512
    """Longer rows would be cut by the trainer, and a cut answer teaches to stop in the middle."""
    max_anchor_tokens: int = 256
    max_depth: int = 2
    max_template_share: float = 0.25
    """Of all tokens, for one wording of one engine; as for operators, an even share is always allowed."""
    policy: Policy = "mix"
    """`mix`: the real share protects. `verified`: every machine-made row is proved, and the real share may fall below
    `real_min` for `max_below_real_min` curricula in a row. `both`: every machine-made row is proved and the real share holds."""
    max_below_real_min: int = 2
    n_below_before: int = 0
    """Curricula directly before this one whose real share was below `real_min`."""

    @property
    def may_fall_below(self) -> bool:
        """Does the policy let this one curriculum fall below `real_min`?"""
        return self.policy == "verified" and self.n_below_before < self.max_below_real_min

    @property
    def needs_proof(self) -> bool:
        """Are machine-made rows without a proof left out?"""
        return self.policy != "mix"


@dataclass(frozen=True)
class MixRow:
    """One lesson in the curriculum."""

    lesson: Lesson
    part: str
    """`new`, `earlier`, `replay` or `anchor`."""
    n_tokens: int


def is_proved(lesson: Lesson) -> bool:
    """Human-made, or accepted by a verifier against something that is no model's opinion."""
    return lesson.is_real or lesson.check_kind in PROOFS or lesson.verifier in ("citation", "proof")


def tokens_of(rows: Iterable[MixRow]) -> int:
    """Training tokens of the rows together."""
    return sum(row.n_tokens for row in rows)


def real_share(rows: Sequence[MixRow]) -> float:
    """Human-made tokens over all tokens; 0 for no rows."""
    return tokens_of(row for row in rows if row.lesson.is_real) / max(1, tokens_of(rows))


def by_operator(rows: Iterable[MixRow]) -> Counter[str]:
    """Tokens of each strategy's operator; real rows and rows without one are not counted."""
    return _tally(rows, _operator)


def by_source(rows: Iterable[MixRow]) -> Counter[str]:
    """Real tokens of each data set."""
    tally: Counter[str] = Counter()
    for row in rows:
        if row.lesson.is_real:
            tally[data_set(row.lesson)] += row.n_tokens
    return tally


def cap_operators(rows: list[MixRow], rules: MixRules, rng: random.Random) -> list[MixRow]:
    """Drop random rows of an operator or template that holds too much, then anchors that are too many without them."""
    for name_of, cap in _capped(rules):
        rows = _capped_rows(rows, name_of, cap, rules, rng)
    return rows


def _capped(rules: MixRules) -> list[tuple[Callable[[MixRow], str], float]]:
    return [(_operator, rules.max_operator_share), (_template, rules.max_template_share)]


def _capped_rows(rows: list[MixRow], name_of: Callable[[MixRow], str], cap: float, rules: MixRules, rng: random.Random) -> list[MixRow]:
    for _ in range(len(rows)):
        total = tokens_of(rows)
        tally = _tally(rows, name_of)
        over = [name for name, used in tally.items() if used > max(cap * total, tally.total() / len(tally))]
        if not over:
            return rows
        name = max(over, key=lambda name: (tally[name], name))
        own = [row for row in rows if name_of(row) == name]
        rest = [row for row in rows if name_of(row) != name]
        others = (tally.total() - tally[name]) / (len(tally) - 1)
        limit = max(cap / (1 - cap) * tokens_of(rest), others) if cap < 1 else tokens_of(own)
        rng.shuffle(own)
        kept, used = own[:1], own[0].n_tokens
        for row in own[1:]:
            if used + row.n_tokens <= limit:
                kept.append(row)
                used += row.n_tokens
        if len(kept) == len(own):
            return rows
        rows = rest + kept
        while real_share(rows) > rules.real_max and any(row.part == "anchor" for row in rows):
            rows.remove(next(row for row in reversed(rows) if row.part == "anchor"))
    return rows


def broken_rule(rows: list[MixRow], rules: MixRules) -> MixError | None:
    """The first rule that these rows break, with what was reached and what would help; None when all hold."""
    total, share = tokens_of(rows), real_share(rows)
    reached = f"real share {share:.3f} of {total} tokens"
    if not any(row.part != "anchor" for row in rows):
        return MixError(f"no lesson fits into {rules.max_tokens} tokens", hint="raise curriculum.max_tokens")
    if rules.needs_proof and (unproved := [row for row in rows if not is_proved(row.lesson)]):
        return MixError(f"{len(unproved)} rows are not proved, first {unproved[0].lesson.lesson_id}, and the policy is {rules.policy!r}")
    if share < rules.real_min and not rules.may_fall_below:
        return MixError(
            f"{reached} is below {rules.real_min:.2f}" + used_up(rules),
            hint="name more sources under curriculum.anchors, raise max_tokens or max_anchor_tokens",
        )
    if share > rules.real_max:
        return MixError(
            f"{reached} is above {rules.real_max:.2f}",
            hint="more lessons are needed, or shorter anchors, or a higher curriculum.real_max",
        )
    if rules.max_tokens is not None and total > rules.max_tokens:
        return MixError(f"{total} tokens are above max_tokens {rules.max_tokens}")
    for (name_of, cap), what in zip(_capped(rules), ("operator", "template"), strict=True):
        tally = _tally(rows, name_of)
        for name, used in tally.items():
            allowed = max(cap * total, tally.total() / len(tally))
            if used > allowed + _longest(row for row in rows if name_of(row) == name):
                return MixError(
                    f"{what} {name} holds {used / total:.2f} of {total} tokens, above {cap:.2f}",
                    hint="more kinds of lessons or more real data are needed",
                )
    return None


def usable_real(rows: Iterable[MixRow], rules: MixRules) -> float:
    """Real tokens that can be used with no data set above its share; all of them where there is one data set."""
    sources = by_source(rows)
    if len(sources) < 2 or rules.max_source_share >= 1:
        return sources.total()
    others = sources.total() - max(sources.values())
    return min(sources.total(), others / (1 - rules.max_source_share))


def used_up(rules: MixRules) -> str:
    """What to add to a refusal where the policy would have allowed less real data, but not once more."""
    if rules.policy != "verified" or rules.may_fall_below:
        return ""
    return f"; it was below that in the last {rules.n_below_before} curricula, and curriculum.max_below_real_min is {rules.max_below_real_min}"


def warnings(rows: Sequence[MixRow], rules: MixRules) -> list[str]:
    """What a person should know of a mix that breaks no rule."""
    sources, share = by_source(rows), real_share(rows)
    lines = []
    if share < rules.real_min:
        lines.append(f"real share {share:.3f} is below {rules.real_min:.2f}, for the {_ordinal(rules.n_below_before + 1)} of at most {rules.max_below_real_min} curricula in a row")
    for name, used in sources.items() if len(sources) > 1 else ():
        longest = _longest(row for row in rows if data_set(row.lesson) == name)
        if used > rules.max_source_share * sources.total() + longest:
            lines.append(
                f"data set {name} holds {used / sources.total():.2f} of the real tokens: the others are used up"
            )
    return lines


def _operator(row: MixRow) -> str:
    lesson = row.lesson
    return f"{lesson.strategy}/{lesson.operator}" if lesson.operator and not lesson.is_real else ""


def _template(row: MixRow) -> str:
    """The wording an engine chose; teachers' lessons have none."""
    return "" if row.lesson.is_real else str(row.lesson.meta.get("template", ""))


def _tally(rows: Iterable[MixRow], name_of: Callable[[MixRow], str]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for row in rows:
        if name := name_of(row):
            tally[name] += row.n_tokens
    return tally


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _longest(rows: Iterable[MixRow]) -> int:
    return max((row.n_tokens for row in rows), default=0)
