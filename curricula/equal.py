"""Curricula of equal size, so that what is compared is what was taught and not how much.

Mixes go in; the same mixes come out, topped up with human-made rows until they differ by less than one row.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from curricula.lesson import Lesson
from curricula.mix import Mix, MixRow

CountTokens = Callable[[Sequence[tuple[str, str]]], list[int]]


def equal_tokens(mixes: Mapping[str, Mix], real: Sequence[Lesson], *, count_tokens: CountTokens, seed: int, max_row_tokens: int) -> dict[str, Mix]:
    """Every mix brought to the tokens of the largest, less than one of its real rows short of it."""
    target = max(mix.n_tokens for mix in mixes.values())
    return {name: _topped_up(mix, real, target, count_tokens, seed, max_row_tokens) for name, mix in mixes.items()}


def with_real_rows(mix: Mix, real: Sequence[Lesson], n_tokens: int, *, count_tokens: CountTokens, seed: int, max_row_tokens: int) -> Mix:
    """`mix` with its new lessons taken out and human-made rows, drawn at random, in their place, up to `n_tokens`."""
    return _topped_up(_of(mix, [row for row in mix.rows if row.part != "new"], seed), real, n_tokens, count_tokens, seed, max_row_tokens)


def _topped_up(mix: Mix, real: Sequence[Lesson], target: int, count_tokens: CountTokens, seed: int, max_row_tokens: int) -> Mix:
    held = {row.lesson.lesson_id for row in mix.rows}
    spare = [lesson for lesson in real if lesson.lesson_id not in held]
    random.Random(f"equal:{seed}").shuffle(spare)
    rows, used = list(mix.rows), mix.n_tokens
    for lesson, n_tokens in zip(spare, count_tokens([(lesson.prompt, lesson.completion) for lesson in spare]) if spare else [], strict=True):
        if n_tokens <= min(max_row_tokens, target - used):
            rows.append(MixRow(lesson, "anchor", n_tokens))
            used += n_tokens
    return _of(mix, rows, seed) if len(rows) > len(mix.rows) else mix


def _of(mix: Mix, rows: list[MixRow], seed: int) -> Mix:
    rows = list(rows)
    random.Random(f"equal order:{seed}").shuffle(rows)
    real = sum(row.n_tokens for row in rows if row.lesson.is_real)
    total = sum(row.n_tokens for row in rows)
    recipe = {**mix.recipe, "n_rows": len(rows), "n_tokens": total, "real_share": real / max(1, total),
              "rows": [{"lesson_id": row.lesson.lesson_id, "part": row.part, "n_tokens": row.n_tokens} for row in rows]}
    return replace(mix, rows=tuple(rows), recipe=recipe)
