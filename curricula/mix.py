"""Mix this cycle's lessons with earlier ones, replay and real data into one curriculum.

Lessons go in by part (`new`, `earlier`, `replay`, `anchor`), an ordered curriculum with its recipe comes out, or a
`MixError`. The one thing to know: the share of human-made rows, counted in training tokens, lies in
[real_min, real_max], always. Accumulating on top of real data instead of replacing it is what keeps repeated
training from collapsing (Gerstgrasser 2024, arXiv 2404.01413).

How it chooses, the same for the same input and seed:
- Machine-made rows fill at most 1 - (real_min + slack) of `max_tokens`. Where not all fit, new lessons get at least
  half and replay (lessons on what is no longer weak) at least its share. A part that must shrink is sampled evenly over (weakness, strategy, operator).
- Real rows fill up to real_min + slack and not further, for they cost training time. Anchors are drawn at random
  without replacement, evenly over data sets and their tasks. Shortest first would be cheaper, but it would draw the
  same terse rows every cycle and none of the long worked solutions; only a ceiling (`max_anchor_tokens`) is set.
- No operator holds more than `max_operator_share` of all tokens (or an even share of the machine-made ones, where there
  are few), give or take one row. Earlier lessons are trimmed further before one data set holds more than
  `max_source_share` of the real tokens.
- Where domains are named, each is mixed by itself within its own bounds, and what belongs to none within the general ones;
  `max_tokens` is shared out by their machine-made tokens.
- Under the policies `verified` and `both` machine-made rows without a proof are left out. `verified` then lets the real share fall
  below real_min where real data is short, for so many curricula in a row as `max_below_real_min` says.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from curricula.anchors.contract import data_set
from curricula.lesson import Lesson, Verdict
from curricula.mix_rules import (
    Domain,
    MixError,
    MixRow,
    MixRules,
    broken_rule,
    by_operator,
    by_source,
    cap_operators,
    is_proved,
    real_share,
    tokens_of,
    usable_real,
    used_up,
    warnings,
)

__all__ = ["Domain", "Mix", "MixError", "MixRow", "MixRules", "build_mix"]

REAL_SLACK = 0.02  # aimed at above real_min, so that one long lesson does not tip the mix below it


MIN_ROOM_SHARE = 0.1  # of max_tokens; a mix that must shrink its lessons further than this is refused


@dataclass(frozen=True)
class Mix:
    """A curriculum in training order."""

    rows: tuple[MixRow, ...]
    recipe: dict[str, Any]
    """JSON: rules, token counts per part, operator, weakness and data set, what was left out, the row ids."""

    @property
    def n_tokens(self) -> int:
        """All tokens of one pass."""
        return tokens_of(self.rows)

    @property
    def real_share(self) -> float:
        """Human-made tokens over all tokens."""
        return real_share(self.rows)


def build_mix(
    new: Sequence[Lesson],
    earlier: Sequence[Lesson],
    anchors: Sequence[Lesson],
    replay: Sequence[Lesson],
    *,
    count_tokens: Callable[[Sequence[tuple[str, str]]], list[int]],
    real_min: float,
    real_max: float,
    max_tokens: int | None,
    seed: int,
    decontaminate: Callable[[Lesson], Verdict] | None = None,
    domains: Sequence[Domain] = (),
    domain_of: Callable[[Lesson], str] = lambda lesson: "",
    **more_rules: Any,
) -> Mix:
    """Build the curriculum of one cycle; see the module docstring for how rows are chosen.

    `count_tokens` gets (prompt, completion) pairs and returns training tokens, `Student.count_tokens` for one.
    `decontaminate` is applied to every row of every part, anchors too. `domain_of` names a row's domain, "" for none.
    `more_rules`: further fields of `MixRules`.

    Raises:
        MixError: the real share, a cap or the budget can't be kept; says what was reached and what would help.
    """
    rules = MixRules(real_min, real_max, max_tokens, seed, **more_rules)
    for low, high, where in [(real_min, real_max, ""), *((d.real_min, d.real_max, f" of domain {d.name}") for d in domains)]:
        if not 0 <= low <= high <= 1:
            raise MixError(f"real_min {low} and real_max {high}{where} are not shares in order", hint="0.30 and 0.70")
    parts = {"new": new, "earlier": earlier, "replay": replay, "anchor": anchors}
    left_out: Counter[str] = Counter()
    rows = _eligible(parts, count_tokens, rules, decontaminate, left_out)
    if all(row.part == "anchor" for row in rows):
        raise MixError(
            "there is no lesson to mix",
            where=", ".join(f"{name} {n}" for name, n in left_out.items()),
            hint="the funnel says where they were lost" + ("" if rules.policy == "mix" else f"; curriculum.policy {rules.policy!r} takes proved lessons only"),
        )
    chosen, per_domain = _by_domain(rows, rules, domains, domain_of, left_out)
    spare = Counter(row.part for row in rows) - Counter(row.part for row in chosen)
    left_out.update({f"{part}: not chosen": n for part, n in spare.items()})
    random.Random(f"mix order:{seed}").shuffle(chosen)
    return Mix(tuple(chosen), _recipe(chosen, rules, left_out, count_tokens) | ({"domains": per_domain} if domains else {}))


def _by_domain(
    rows: list[MixRow], rules: MixRules, domains: Sequence[Domain], domain_of: Callable[[Lesson], str], left_out: Counter[str]
) -> tuple[list[MixRow], dict[str, Any]]:
    """Rows chosen within each domain and within the rest, and what each domain came to."""
    if not domains:
        return _chosen(rows, rules), {}
    bounds = {domain.name: (domain.real_min, domain.real_max) for domain in domains} | {"": (rules.real_min, rules.real_max)}
    by_name: dict[str, list[MixRow]] = {name: [] for name in bounds}
    for row in rows:
        name = domain_of(row.lesson)
        by_name[name if name in bounds else ""].append(row)
    n_made = {name: tokens_of(row for row in own if row.part != "anchor") for name, own in by_name.items()}
    chosen: list[MixRow] = []
    refused: MixError | None = None
    came_to: dict[str, Any] = {}
    for name, own in by_name.items():
        if not n_made[name]:
            continue
        low, high = bounds[name]
        room = None if rules.max_tokens is None else int(rules.max_tokens * n_made[name] / sum(n_made.values()))
        own_rules = replace(rules, real_min=low, real_max=high, max_tokens=room)
        try:
            mixed = _chosen(own, own_rules)
        except MixError as error:
            refused = MixError(f"domain {name or 'of all others'}: {error.message}", where=error.where, hint=error.hint)
            if not _has_too_few(own, n_made[name], high):
                raise refused from None
            left_out[f"domain {name or '(others)'}: too few lessons for its shortest human-made row"] += sum(row.part != "anchor" for row in own)
            continue
        chosen += mixed
        came_to[name or "(others)"] = {"n_rows": len(mixed), "n_tokens": tokens_of(mixed), "real_share": real_share(mixed), "real_min": low, "real_max": high}
    if not chosen and refused is not None:
        raise refused
    return chosen, came_to


def _has_too_few(rows: list[MixRow], n_made: int, real_max: float) -> bool:
    """Would even the shortest human-made row take more than its share beside these lessons? Then they wait for a cycle with more."""
    shortest = min((row.n_tokens for row in rows if row.lesson.is_real), default=0)
    return shortest > 0 and shortest > real_max * (n_made + shortest)


def _chosen(rows: list[MixRow], rules: MixRules) -> list[MixRow]:
    """A choice of `rows` that keeps every rule.

    Raises:
        MixError: there is none.
    """
    made = [row for row in rows if not row.lesson.is_real]
    real = [row for row in rows if row.lesson.is_real]
    room = _room(real, rules)
    supported = _supported(made, real, room, rules)
    while True:
        chosen = _choose(made, real, room, supported, rules)
        broken = broken_rule(chosen, rules)
        if broken is None:
            return chosen
        # A tight budget may leave no room for the next whole anchor: make room, but only where room is the trouble.
        if rules.max_tokens is None or tokens_of(made) <= room or room < MIN_ROOM_SHARE * rules.max_tokens:
            raise broken
        room *= 0.85


def _eligible(
    parts: dict[str, Sequence[Lesson]],
    count_tokens: Callable[[Sequence[tuple[str, str]]], list[int]],
    rules: MixRules,
    decontaminate: Callable[[Lesson], Verdict] | None,
    left_out: Counter[str],
) -> list[MixRow]:
    """Rows that may be in a curriculum at all, each once, under the first part that has it."""
    found: dict[str, tuple[str, Lesson]] = {}
    for part, lessons in parts.items():
        for lesson in lessons:
            if lesson.lesson_id in found:
                left_out[f"{part}: already there"] += 1
            elif lesson.depth > rules.max_depth:
                left_out[f"{part}: too deep"] += 1
            elif rules.needs_proof and not is_proved(lesson):
                left_out[f"{part}: not proved"] += 1
            elif decontaminate is not None and decontaminate(lesson).outcome != "pass":
                left_out[f"{part}: contaminated"] += 1
            else:
                found[lesson.lesson_id] = part, lesson
    counts = (
        count_tokens([(lesson.prompt, lesson.completion) for _, lesson in found.values()]) if found else []
    )
    rows = []
    for (part, lesson), n_tokens in zip(found.values(), counts, strict=True):
        if n_tokens > (rules.max_anchor_tokens if part == "anchor" else rules.max_row_tokens):
            left_out[f"{part}: too long"] += 1
        else:
            rows.append(MixRow(lesson, part, n_tokens))
    return rows


def _room(real: list[MixRow], rules: MixRules) -> float:
    """Tokens that max_tokens leaves for machine-made rows."""
    if rules.max_tokens is None:
        return math.inf
    for_real = _target(rules) * rules.max_tokens
    return rules.max_tokens - (min(for_real, tokens_of(real)) if rules.may_fall_below else for_real)


def _supported(made: list[MixRow], real: list[MixRow], room: float, rules: MixRules) -> float:
    """Tokens of machine-made rows that the real data supports, never less than this cycle's lessons need.

    Raises:
        MixError: not even those.
    """
    if rules.real_min == 0 or rules.may_fall_below:
        return math.inf
    own = min(room, tokens_of(row for row in made if row.part == "new"))
    if tokens_of(real) * (1 - rules.real_min) < own * rules.real_min:
        needed = (
            math.ceil(own * rules.real_min / (1 - rules.real_min)) if rules.real_min < 1 else "only real rows"
        )
        raise MixError(
            f"too little real data: {tokens_of(real)} tokens, {needed} needed for {own:.0f} tokens of lessons"
            f" at a real share of {rules.real_min:.2f}" + used_up(rules),
            hint="name more sources under curriculum.anchors (built in: mmlu_flan_cot, bbh_cot, gsm8k_cot; a .jsonl or .parquet file,"
            " hf:DATASET, text:FOLDER, html:FOLDER), or ask for fewer lessons: plan.lessons",
        )
    target = _target(rules)
    return max(own, usable_real(real, rules) * (1 - target) / target)


def _choose(
    made: list[MixRow], real: list[MixRow], room: float, supported: float, rules: MixRules
) -> list[MixRow]:
    rng = random.Random(f"mix:{rules.seed}")
    chosen = _choose_made(made, room, supported, rules, rng)
    chosen += _choose_real(real, chosen, rules, rng)
    return cap_operators(chosen, rules, rng)


def _choose_made(
    made: list[MixRow], room: float, supported: float, rules: MixRules, rng: random.Random
) -> list[MixRow]:
    """All of them where they fit; else this cycle's lessons get at least half (all, where real data is what is scarce)."""
    parts = {part: [row for row in made if row.part == part] for part in ("new", "earlier", "replay")}
    size = {part: tokens_of(rows) for part, rows in parts.items()}
    total, old = min(room, supported), size["earlier"] + size["replay"]
    new = min(size["new"], total if supported < room else max(total / 2, total - old))
    rest = total - new
    fair = rest * size["replay"] / old if old else 0.0
    replay = min(size["replay"], rest, max(fair, rules.replay_share * total, rest - size["earlier"]))
    limits = {"new": new, "earlier": rest - replay, "replay": replay}
    return [row for part, rows in parts.items() for row in _spread(rows, limits[part], rng)]


def _spread(rows: list[MixRow], limit: float, rng: random.Random) -> list[MixRow]:
    """Rows up to `limit` tokens, evenly over strata; all of them where they fit."""
    if tokens_of(rows) <= limit:
        return rows
    picked, used = [], 0
    for row in _alternate(
        rows, lambda row: (row.lesson.weakness_id, row.lesson.strategy, row.lesson.operator), rng
    ):
        if used + row.n_tokens <= limit:
            picked.append(row)
            used += row.n_tokens
    return picked


def _choose_real(real: list[MixRow], made: list[MixRow], rules: MixRules, rng: random.Random) -> list[MixRow]:
    """Targeted real rows first, as many as fit; then anchors until the target is met, the least used data set next."""
    picked: list[MixRow] = []
    total, n_real = tokens_of(made), 0
    used: Counter[str] = Counter()

    def take(row: MixRow) -> None:
        nonlocal total, n_real
        after = total + row.n_tokens
        if (
            rules.max_tokens is None or after <= rules.max_tokens
        ) and n_real + row.n_tokens <= rules.real_max * after:
            picked.append(row)
            total, n_real = after, n_real + row.n_tokens
            used[data_set(row.lesson)] += row.n_tokens

    for row in _alternate([r for r in real if r.part != "anchor"], lambda row: row.lesson.weakness_id, rng):
        take(row)
    queues: dict[str, list[MixRow]] = defaultdict(list)
    for row in _alternate(
        [r for r in real if r.part == "anchor"], lambda row: row.lesson.source.split("#")[0], rng
    ):
        queues[data_set(row.lesson)].append(row)
    for queue in queues.values():
        queue.reverse()  # taken from the end
    while n_real < _target(rules) * total and any(queues.values()):
        source = min((name for name in queues if queues[name]), key=lambda name: (used[name], name))
        take(queues[source].pop())
    return picked


def _alternate(rows: list[MixRow], stratum: Callable[[MixRow], Any], rng: random.Random) -> list[MixRow]:
    """Rows in random order, taking one of each stratum in turn."""
    strata: dict[Any, list[MixRow]] = defaultdict(list)
    for row in rows:
        strata[stratum(row)].append(row)
    order = [strata[key] for key in sorted(strata)]
    rng.shuffle(order)
    for group in order:
        rng.shuffle(group)
    return [row for turn in itertools.zip_longest(*order) for row in turn if row is not None]


def _recipe(
    rows: list[MixRow], rules: MixRules, left_out: Counter[str], count_tokens: Callable[[Sequence[tuple[str, str]]], list[int]]
) -> dict[str, Any]:
    parts: Counter[str] = Counter()
    weaknesses: Counter[str] = Counter()
    for row in rows:
        parts[row.part] += row.n_tokens
        if row.lesson.weakness_id:
            weaknesses[row.lesson.weakness_id] += row.n_tokens
    return {
        "rules": asdict(rules),
        "n_rows": len(rows),
        "n_tokens": tokens_of(rows),
        "real_share": real_share(rows),
        "is_below_real_min": real_share(rows) < rules.real_min,
        "real_share_of_answers": _real_share_of_answers(rows, count_tokens),
        "tokens_by_depth": _tokens_by(rows, lambda row: str(row.lesson.depth)),
        "tokens_by_teacher": _tokens_by(rows, lambda row: "" if row.lesson.is_real else row.lesson.teacher or "(unknown)"),
        "tokens_by_template": _tokens_by(rows, lambda row: "" if row.lesson.is_real else str(row.lesson.meta.get("template", ""))),
        "tokens_by_part": dict(sorted(parts.items())),
        "tokens_by_operator": dict(sorted(by_operator(rows).items())),
        "tokens_by_weakness": dict(sorted(weaknesses.items())),
        "real_tokens_by_source": dict(sorted(by_source(rows).items())),
        "warnings": warnings(rows, rules),
        "left_out": dict(sorted((name, n) for name, n in left_out.items() if n)),
        "rows": [
            {"lesson_id": row.lesson.lesson_id, "row_hash": row.lesson.row_hash, "part": row.part, "n_tokens": row.n_tokens}
            for row in rows
        ],
    }


def _tokens_by(rows: list[MixRow], key: Callable[[MixRow], str]) -> dict[str, int]:
    tally: Counter[str] = Counter()
    for row in rows:
        if name := key(row):
            tally[name] += row.n_tokens
    return dict(sorted(tally.items()))


def _real_share_of_answers(rows: list[MixRow], count_tokens: Callable[[Sequence[tuple[str, str]]], list[int]]) -> float:
    """Human-made tokens over all tokens that carry loss: answers, not prompts.

    Told, not bounded: worked solutions beside one-word answers make it far higher than the share of all tokens.
    """
    prompts = count_tokens([(row.lesson.prompt, "") for row in rows])
    answers = [(row.lesson.is_real, row.n_tokens - n) for row, n in zip(rows, prompts, strict=True)]
    return sum(n for is_real, n in answers if is_real) / max(1, sum(n for _, n in answers))


def _target(rules: MixRules) -> float:
    return min(rules.real_min + REAL_SLACK, (rules.real_min + rules.real_max) / 2)
