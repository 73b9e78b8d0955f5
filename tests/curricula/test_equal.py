"""Equal curricula: topped up with human-made rows, never beyond the largest."""

from __future__ import annotations

from collections.abc import Sequence

from curricula.equal import equal_tokens, with_real_rows
from curricula.lesson import Lesson
from curricula.mix import Mix, build_mix


def tokens(rows: Sequence[tuple[str, str]]) -> list[int]:
    return [len(prompt.split()) + len(completion.split()) for prompt, completion in rows]


REAL = [Lesson(f"human question {i} " + "word " * (i % 9), "answer", "answer", "anchor", 0, source=f"set{i % 3}/t#{i}") for i in range(120)]


def mix(n: int, length: int) -> Mix:
    made = [Lesson(f"lesson {n} {i} " + "long " * length, "yes", "yes", "symbolic", 1, operator=f"op{i % 5}", weakness_id="W1") for i in range(n)]
    return build_mix(made, [], REAL, [], count_tokens=tokens, real_min=0.3, real_max=0.7, max_tokens=None, seed=1)


def test_mixes_end_less_than_one_row_apart_and_the_largest_is_untouched() -> None:
    small, large = mix(20, 2), mix(20, 9)
    made = equal_tokens({"small": small, "large": large}, REAL, count_tokens=tokens, seed=3, max_row_tokens=256)
    shortest = min(tokens([(row.prompt, row.completion) for row in REAL]))
    assert made["large"] is large and 0 <= large.n_tokens - made["small"].n_tokens < shortest
    assert {row.lesson.lesson_id for row in small.rows} < {row.lesson.lesson_id for row in made["small"].rows}
    assert len({row.lesson.lesson_id for row in made["small"].rows}) == len(made["small"].rows)
    assert made["small"].recipe["n_tokens"] == made["small"].n_tokens and made["small"].recipe["real_share"] == made["small"].real_share


def test_lessons_give_way_to_human_made_rows_and_nothing_else_does() -> None:
    whole = mix(30, 4)
    made = with_real_rows(whole, REAL, whole.n_tokens, count_tokens=tokens, seed=3, max_row_tokens=256)
    assert all(row.lesson.is_real for row in made.rows) and made.real_share == 1.0
    assert {row.lesson.lesson_id for row in whole.rows if row.part == "anchor"} <= {row.lesson.lesson_id for row in made.rows}
    assert whole.n_tokens - made.n_tokens < 20
