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
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curricula.anchors.contract import data_set
from curricula.lesson import Lesson, Verdict
from curricula.mix_rules import (
    MixError,
    MixRow,
    MixRules,
    broken_rule,
    by_operator,
    by_source,
    cap_operators,
    real_share,
    tokens_of,
    usable_real,
    warnings,
)

__all__ = ["Mix", "MixError", "MixRow", "MixRules", "build_mix", "rebuild_mix", "write_curriculum"]

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
    **more_rules: Any,
) -> Mix:
    """Build the curriculum of one cycle; see the module docstring for how rows are chosen.

    `count_tokens` gets (prompt, completion) pairs and returns training tokens, `Student.count_tokens` for one.
    `decontaminate` is applied to every row of every part, anchors too. `more_rules`: further fields of `MixRules`.

    Raises:
        MixError: the real share, a cap or the budget can't be kept; says what was reached and what would help.
    """
    rules = MixRules(real_min, real_max, max_tokens, seed, **more_rules)
    if not 0 <= real_min <= real_max <= 1:
        raise MixError(
            f"real_min {real_min} and real_max {real_max} are not shares in order", hint="0.30 and 0.70"
        )
    parts = {"new": new, "earlier": earlier, "replay": replay, "anchor": anchors}
    left_out: Counter[str] = Counter()
    rows = _eligible(parts, count_tokens, rules, decontaminate, left_out)
    if all(row.part == "anchor" for row in rows):
        raise MixError(
            "there is no lesson to mix",
            where=", ".join(f"{name} {n}" for name, n in left_out.items()),
            hint="the funnel says where they were lost",
        )
    made = [row for row in rows if not row.lesson.is_real]
    real = [row for row in rows if row.lesson.is_real]
    room = _room(rules)
    supported = _supported(made, real, room, rules)
    while True:
        chosen = _choose(made, real, room, supported, rules)
        broken = broken_rule(chosen, rules)
        if broken is None:
            break
        # A tight budget may leave no room for the next whole anchor: make room, but only where room is the trouble.
        if tokens_of(made) <= room or max_tokens is None or room < MIN_ROOM_SHARE * max_tokens:
            raise broken
        room *= 0.85
    spare = Counter(row.part for row in rows) - Counter(row.part for row in chosen)
    left_out.update({f"{part}: not chosen": n for part, n in spare.items()})
    random.Random(f"mix order:{seed}").shuffle(chosen)
    return Mix(tuple(chosen), _recipe(chosen, rules, left_out))


def rebuild_mix(recipe: dict[str, Any], lessons: Iterable[Lesson]) -> Mix:
    """The same mix again, from its recipe and any pool that holds its rows.

    Raises:
        MixError: a row of the recipe is not in the pool.
    """
    pool = {lesson.lesson_id: lesson for lesson in lessons}
    missing = [row["lesson_id"] for row in recipe["rows"] if row["lesson_id"] not in pool]
    if missing:
        raise MixError(f"{len(missing)} rows of the recipe are not in the pool, first {missing[0]}")
    rows = tuple(MixRow(pool[row["lesson_id"]], row["part"], row["n_tokens"]) for row in recipe["rows"])
    return Mix(rows, recipe)


def write_curriculum(mix: Mix, path: Path) -> str:
    """Write `path` (JSON lines that TRL's SFTTrainer reads as they are) and `<stem>.recipe.json`; return the sha256.

    Both files appear whole or not at all: temporary name, fsync, rename.
    """
    lines = [json.dumps(_training_row(row.lesson), ensure_ascii=False) for row in mix.rows]
    body = ("\n".join(lines) + "\n").encode()
    digest = hashlib.sha256(body).hexdigest()
    recipe = {**mix.recipe, "sha256": digest}
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(
        path.with_name(f"{path.stem}.recipe.json"), json.dumps(recipe, indent=1, ensure_ascii=False).encode()
    )
    _write_whole(path, body)
    return digest


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


def _room(rules: MixRules) -> float:
    """Tokens that max_tokens leaves for machine-made rows."""
    return (1 - _target(rules)) * rules.max_tokens if rules.max_tokens is not None else math.inf


def _supported(made: list[MixRow], real: list[MixRow], room: float, rules: MixRules) -> float:
    """Tokens of machine-made rows that the real data supports, never less than this cycle's lessons need.

    Raises:
        MixError: not even those.
    """
    if rules.real_min == 0:
        return math.inf
    own = min(room, tokens_of(row for row in made if row.part == "new"))
    if tokens_of(real) * (1 - rules.real_min) < own * rules.real_min:
        needed = (
            math.ceil(own * rules.real_min / (1 - rules.real_min)) if rules.real_min < 1 else "only real rows"
        )
        raise MixError(
            f"too little real data: {tokens_of(real)} tokens, {needed} needed for {own:.0f} tokens of lessons"
            f" at a real share of {rules.real_min:.2f}",
            hint="name more sources under curriculum.anchors (built in: mmlu_flan_cot, bbh_cot, gsm8k_cot, or your .jsonl)",
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
        queues[data_set(row.lesson)].insert(0, row)
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


def _recipe(rows: list[MixRow], rules: MixRules, left_out: Counter[str]) -> dict[str, Any]:
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
        "tokens_by_part": dict(sorted(parts.items())),
        "tokens_by_operator": dict(sorted(by_operator(rows).items())),
        "tokens_by_weakness": dict(sorted(weaknesses.items())),
        "real_tokens_by_source": dict(sorted(by_source(rows).items())),
        "warnings": warnings(rows, rules),
        "left_out": dict(sorted((name, n) for name, n in left_out.items() if n)),
        "rows": [
            {"lesson_id": row.lesson.lesson_id, "part": row.part, "n_tokens": row.n_tokens} for row in rows
        ],
    }


def _target(rules: MixRules) -> float:
    return min(rules.real_min + REAL_SLACK, (rules.real_min + rules.real_max) / 2)


def _training_row(lesson: Lesson) -> dict[str, Any]:
    return {
        "prompt": [{"role": "user", "content": lesson.prompt}],
        "completion": [{"role": "assistant", "content": lesson.completion}],
        "lesson_id": lesson.lesson_id,
        "strategy": lesson.strategy,
        "operator": lesson.operator,
        "weakness": lesson.weakness_id,
        "depth": lesson.depth,
        "source": lesson.source,
        "parents": list(lesson.parents),
    }


def _write_whole(path: Path, body: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
