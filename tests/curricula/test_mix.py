"""The mix: its bounds hold for any sources, it repeats itself, and the file trains as it is."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.lesson import Lesson, Verdict
from curricula.mix import Domain, MixError, MixRow, MixRules, build_mix
from curricula.mix_file import rebuild_mix, write_curriculum
from curricula.mix_rules import broken_rule


def count_tokens(rows) -> list[int]:
    return [len(prompt.split()) + len(completion.split()) + 2 for prompt, completion in rows]


def made(
    n: int, *, words: int = 10, operator: str = "", weakness: str = "w1", tag: str = "m", depth: int = 1, kind: str = "engine", template: str = ""
) -> list[Lesson]:
    return [
        Lesson(
            f"{tag}{operator}{weakness} {i} " + "q " * words,
            "a",
            "a",
            "symbolic",
            depth,
            operator=operator,
            weakness_id=weakness,
            check_kind=kind,
            meta={"template": template} if template else {},
        )
        for i in range(n)
    ]


def human(n: int, *, words: int = 40, source: str = "set1") -> list[Lesson]:
    return [
        Lesson(f"{source} {i} " + "w " * words, "b", "b", "anchor", 0, source=f"{source}/task{i % 5}#{i}")
        for i in range(n)
    ]


def mix(new, earlier=(), anchors=(), replay=(), **rules):
    rules = {"real_min": 0.3, "real_max": 0.7, "max_tokens": 20_000, "seed": 7, **rules}
    return build_mix(new, earlier, anchors, replay, count_tokens=count_tokens, **rules)


def shares(made_mix, key) -> dict[str, float]:
    tally: Counter[str] = Counter()
    for row in made_mix.rows:
        tally[key(row)] += row.n_tokens
    return {name: tokens / made_mix.n_tokens for name, tokens in tally.items()}


def test_all_lessons_are_in_and_real_data_only_as_needed() -> None:
    result = mix(made(200), anchors=human(300))
    assert sum(row.part == "new" for row in result.rows) == 200
    assert 0.30 <= result.real_share < 0.35
    assert result.recipe["real_share"] == result.real_share
    assert result.recipe["tokens_by_part"]["anchor"] == sum(
        row.n_tokens for row in result.rows if row.part == "anchor"
    )


def test_the_same_input_gives_the_same_mix_and_another_seed_other_anchors() -> None:
    first, again, other = (mix(made(100), anchors=human(300), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert {row.lesson.lesson_id for row in first.rows if row.part == "anchor"} != {
        row.lesson.lesson_id for row in other.rows if row.part == "anchor"
    }


def test_long_anchors_are_drawn_like_short_ones() -> None:
    anchors = human(100, words=20, source="a") + human(100, words=150, source="a")
    drawn = [row.n_tokens for row in mix(made(400), anchors=anchors).rows if row.part == "anchor"]
    assert 0.3 < sum(n > 100 for n in drawn) / len(drawn) < 0.7


def test_data_sets_share_the_real_part_evenly() -> None:
    result = mix(made(400), anchors=human(200, source="a") + human(30, source="b") + human(3, source="c"))
    real = result.recipe["real_tokens_by_source"]
    assert set(real) == {"a", "b", "c"}
    assert real["a"] < 1.3 * real["b"]


def test_earlier_lessons_give_way_before_one_data_set_takes_over() -> None:
    anchors = human(400, source="a") + human(20, source="b")
    result = mix(made(50), made(900, tag="e"), anchors, max_tokens=None)
    real = result.recipe["real_tokens_by_source"]
    assert real["a"] / (real["a"] + real["b"]) <= 0.76
    assert 100 < sum(row.part == "earlier" for row in result.rows) < 500
    assert sum(row.part == "new" for row in result.rows) == 50
    assert result.recipe["warnings"] == []


def test_a_small_further_source_never_makes_a_mix_impossible() -> None:
    result = mix(made(400), anchors=human(200, source="a") + human(1, source="b"))
    assert sum(row.part == "new" for row in result.rows) == 400
    assert "data set a holds 0.9" in result.recipe["warnings"][0]
    assert mix(made(400), anchors=human(200, source="a")).recipe["warnings"] == []


def test_too_little_real_data_says_how_much_is_missing() -> None:
    with pytest.raises(MixError) as caught:
        mix(made(400), anchors=human(5))
    assert "too little real data: 225 tokens" in caught.value.message
    assert "curriculum.anchors" in caught.value.hint


def test_too_few_lessons_for_the_shortest_anchor() -> None:
    with pytest.raises(MixError):
        mix(made(1), anchors=human(10, words=200), max_anchor_tokens=400)
    with pytest.raises(MixError, match="no lesson"):
        mix([], anchors=human(10))


def test_earlier_lessons_accumulate_and_give_way_to_the_budget_evenly_over_strata() -> None:
    earlier = [
        row
        for w in "abc"
        for op in ("x", "y")
        for row in made(n=200 if w == "a" else 50, weakness=w, operator=op, tag="e")
    ]
    everything = mix(made(100), earlier, human(400), max_tokens=60_000)
    assert sum(row.part == "earlier" for row in everything.rows) == len(earlier)
    tight = mix(made(100), earlier, human(400), max_tokens=5_000)
    assert tight.n_tokens <= 5_000
    parts = Counter(row.part for row in tight.rows)
    assert parts["new"] == 100 and parts["earlier"] > 50
    per_weakness = Counter(row.lesson.weakness_id for row in tight.rows if row.part == "earlier")
    assert max(per_weakness.values()) <= 1.2 * min(per_weakness.values())


def test_earlier_lessons_give_way_to_scarce_real_data_but_new_ones_do_not() -> None:
    result = mix(made(100), made(2000, tag="e"), human(30), max_tokens=None)
    parts = Counter(row.part for row in result.rows)
    assert parts["new"] == 100 and 0 < parts["earlier"] < 400
    assert result.real_share >= 0.3


def test_nothing_that_was_learned_is_left_out_while_it_fits() -> None:
    result = mix(made(200), made(100, tag="e"), human(400), made(300, tag="r"), max_tokens=None)
    assert Counter(row.part for row in result.rows if row.part != "anchor") == {"new": 200, "earlier": 100, "replay": 300}


def test_replay_keeps_its_share_where_not_everything_fits() -> None:
    result = mix(made(1500), made(2000, tag="e"), human(400), made(900, tag="r"), replay_share=0.2)
    by_part = shares(result, lambda row: row.part)
    lessons = by_part["replay"] + by_part["new"] + by_part["earlier"]
    assert by_part["replay"] / lessons > 0.15
    assert by_part["new"] / lessons > 0.45


def test_one_operator_is_capped_where_there_are_others() -> None:
    new = made(400, operator="add") + made(40, operator="sub") + made(40, operator="mul")
    result = mix(new, anchors=human(400), max_operator_share=0.35)
    held = shares(result, lambda row: row.lesson.operator)
    assert held["add"] <= 0.36
    assert sum(row.lesson.operator == "sub" for row in result.rows) == 40
    alone = mix(made(100, operator="add"), anchors=human(400), max_operator_share=0.35)
    assert sum(row.part == "new" for row in alone.rows) == 100


def test_rows_that_may_not_be_trained_on_are_left_out_and_counted() -> None:
    leak = made(1, tag="leak")[0]
    leaked_anchor = human(1, source="leaked")[0]

    def decontaminate(lesson: Lesson) -> Verdict:
        return Verdict("contamination", "fail" if lesson.prompt.startswith("leak") else "pass")

    new = [*made(50), *made(50), leak, *made(1, words=600, tag="long"), *made(1, depth=3, tag="deep")]
    result = mix(new, made(10), [*human(100), leaked_anchor], decontaminate=decontaminate)
    assert not {row.lesson.lesson_id for row in result.rows} & {leak.lesson_id, leaked_anchor.lesson_id}
    assert len({row.lesson.lesson_id for row in result.rows}) == len(result.rows)
    left_out = result.recipe["left_out"]
    assert left_out["new: already there"] == 50
    assert left_out["earlier: already there"] == 10
    assert left_out["new: contaminated"] == left_out["anchor: contaminated"] == 1
    assert left_out["new: too long"] == left_out["new: too deep"] == 1


def test_targeted_real_rows_count_as_real() -> None:
    targeted = [
        Lesson(f"real {i} " + "w " * 8, "b", "b", "retrieve", 0, weakness_id="w1", source=f"corpus#{i}")
        for i in range(60)
    ]
    result = mix([*made(100), *targeted], anchors=human(100))
    assert 0.3 <= result.real_share <= 0.7
    assert sum(row.lesson.strategy == "retrieve" for row in result.rows) == 60
    assert not any(row.part == "anchor" for row in result.rows)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32),
    st.floats(0, 1),
    st.floats(0, 1),
    st.one_of(st.none(), st.integers(50, 30_000)),
    st.sampled_from(["mix", "verified", "both"]),
    st.integers(0, 3),
)
def test_the_bounds_hold_for_any_sources_or_the_mix_is_refused(
    seed: int, low: float, high: float, max_tokens: int | None, policy: str, n_below_before: int
) -> None:
    rng = random.Random(seed)

    def some(n_most: int, tag: str) -> list[Lesson]:
        return [
            row
            for operator in rng.sample(["", "x", "y", "z"], rng.randint(1, 4))
            for row in made(
                rng.randint(0, n_most),
                words=rng.randint(1, 60),
                operator=operator,
                weakness=rng.choice("ab"),
                tag=tag,
                kind=rng.choice(["engine", "engine", "vote"]),
            )
        ]

    anchors = [row for s in "st" for row in human(rng.randint(0, 40), words=rng.randint(5, 300), source=s)]
    real_min, real_max = sorted((low, high))
    try:
        result = mix(
            some(60, "n"),
            some(60, "e"),
            anchors,
            some(30, "r"),
            seed=seed,
            max_tokens=max_tokens,
            real_min=real_min,
            real_max=real_max,
            policy=policy,
            n_below_before=n_below_before,
        )
    except MixError as error:
        assert error.hint or "tokens" in error.message
        return
    total = sum(count_tokens([(row.lesson.prompt, row.lesson.completion)])[0] for row in result.rows)
    real = sum(
        count_tokens([(row.lesson.prompt, row.lesson.completion)])[0]
        for row in result.rows
        if row.lesson.depth == 0
    )
    may_fall_below = policy == "verified" and n_below_before < 2
    assert (may_fall_below or real_min - 1e-9 <= real / total) and real / total <= real_max + 1e-9
    assert result.recipe["is_below_real_min"] == (result.real_share < real_min)
    assert policy == "mix" or all(row.lesson.depth == 0 or row.lesson.check_kind == "engine" for row in result.rows)
    assert max_tokens is None or total <= max_tokens
    assert total == result.n_tokens == result.recipe["n_tokens"]
    assert any(row.part != "anchor" for row in result.rows)
    assert (
        rebuild_mix(json.loads(json.dumps(result.recipe)), (row.lesson for row in result.rows)).rows
        == result.rows
    )


def test_ordinary_sources_are_never_refused() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        new = made(rng.randint(20, 300), words=rng.randint(5, 40), operator=rng.choice(["", "x"]))
        result = mix(
            new,
            made(rng.randint(0, 900), tag="e"),
            human(350, words=120),
            max_tokens=rng.choice([None, 700, 1_000, 1_500, 9_000]),
            seed=seed,
        )
        assert 0.3 <= result.real_share <= 0.7


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(MixError, match="not shares in order"):
        mix(made(10), anchors=human(10), real_min=0.8, real_max=0.2)


def test_the_file_is_what_trl_trains_on_and_its_recipe_rebuilds_it(tmp_path: Path) -> None:
    anchors, new = human(50), made(60, operator="add")
    result = mix(new, anchors=anchors)
    path = tmp_path / "cycle-001" / "curriculum.jsonl"
    digest = write_curriculum(result, path)
    body = path.read_bytes()
    assert digest == hashlib.sha256(body).hexdigest()
    rows = [json.loads(line) for line in body.decode().splitlines()]
    assert len(rows) == len(result.rows)
    assert set(rows[0]) == {
        "prompt",
        "completion",
        "lesson_id",
        "strategy",
        "operator",
        "weakness",
        "depth",
        "source",
        "parents",
    }
    assert [turn["role"] for row in rows for turn in row["prompt"] + row["completion"]] == [
        "user",
        "assistant",
    ] * len(rows)
    assert all(row["source"] for row in rows if row["depth"] == 0)
    recipe = json.loads((path.parent / "curriculum.recipe.json").read_text())
    assert recipe["sha256"] == digest
    again = write_curriculum(rebuild_mix(recipe, [*anchors, *new]), tmp_path / "again.jsonl")
    assert again == digest
    with pytest.raises(MixError, match="60 of 70 rows of the recipe are not to be found"):
        rebuild_mix(recipe, anchors)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "curriculum.jsonl",
        "curriculum.recipe.json",
    ]


def test_each_rule_is_checked_on_the_finished_rows() -> None:
    rules = MixRules(0.3, 0.7, 1_000, seed=1, max_operator_share=0.4)

    def rows(lessons: list[Lesson], n_tokens: int = 10) -> list[MixRow]:
        return [MixRow(lesson, "anchor" if lesson.is_real else "new", n_tokens) for lesson in lessons]

    good = rows(made(20, operator="x") + made(20, operator="y") + human(30))
    assert broken_rule(good, rules) is None
    for bad, message in [
        (rows(made(40) + human(10)), "below 0.30"),
        (rows(made(10) + human(40)), "above 0.70"),
        (rows(made(70) + human(70)), "above max_tokens"),
        (rows(made(44, operator="x") + made(4, operator="y") + human(30)), "operator symbolic/x holds"),
        (rows(human(9)), "no lesson fits"),
    ]:
        assert message in str(broken_rule(bad, rules))


def test_one_template_is_capped_where_there_are_others() -> None:
    new = [*made(300, template="add/1"), *made(60, template="add/2", tag="n"), *made(60, template="add/3", tag="o")]
    result = mix(new, anchors=human(400), max_template_share=0.25)
    held = shares(result, lambda row: row.lesson.meta.get("template", ""))
    assert held["add/1"] <= 0.26 and result.recipe["tokens_by_template"]["add/1"] / result.n_tokens == held["add/1"]
    assert sum(row.lesson.meta.get("template") == "add/2" for row in result.rows) == 60
    assert sum(row.part == "new" for row in mix(made(100, template="add/1"), anchors=human(400)).rows) == 100


def test_what_a_model_agrees_on_with_itself_is_no_proof() -> None:
    new = [*made(50), *made(50, tag="v", kind="vote"), *made(50, tag="u", kind="")]
    for policy in ("verified", "both"):
        result = mix(new, made(20, tag="e", kind="agreement"), human(200), policy=policy)
        assert {row.lesson.check_kind for row in result.rows if not row.lesson.is_real} == {"engine"}
        assert result.recipe["left_out"] | {"new: not proved": 100, "earlier: not proved": 20} == result.recipe["left_out"]
    assert sum(row.part == "new" for row in mix(new, anchors=human(200)).rows) == 150


def test_proved_lessons_are_not_held_back_for_real_data_while_the_policy_lets_them() -> None:
    short = human(10)
    free = mix(made(400), made(400, tag="e"), short, policy="verified", max_tokens=None)
    assert Counter(row.part for row in free.rows) == {"new": 400, "earlier": 400, "anchor": 10}
    assert free.recipe["is_below_real_min"] and "is below 0.30, for the first of at most 2" in free.recipe["warnings"][0]
    assert mix(made(400), anchors=short, policy="verified", max_tokens=3_000).n_tokens <= 3_000
    with pytest.raises(MixError, match="curriculum.max|too little real data: .* it was below that in the last 2 curricula"):
        mix(made(400), anchors=short, policy="verified", n_below_before=2)
    with pytest.raises(MixError, match="too little real data"):
        mix(made(400), anchors=short, policy="both")
    enough = mix(made(400), anchors=human(400), policy="verified")
    assert 0.3 <= enough.real_share <= 0.7 and not enough.recipe["is_below_real_min"]


def domain_of(lesson: Lesson) -> str:
    return "code" if lesson.weakness_id == "code" or lesson.source.startswith("code") else ""


CODE = Domain("code", ("humaneval",), ("code.jsonl",), 0.5, 0.6)


def test_a_domain_has_bounds_and_real_data_of_its_own() -> None:
    new = [*made(100), *made(100, weakness="code", tag="c")]
    for max_tokens in (None, 4_000):
        result = mix(new, anchors=[*human(200), *human(400, source="code")], domains=[CODE], domain_of=domain_of, max_tokens=max_tokens)
        inside = [row for row in result.rows if domain_of(row.lesson) == "code"]
        rest = [row for row in result.rows if domain_of(row.lesson) == ""]
        for rows, low, high in ((inside, 0.5, 0.6), (rest, 0.3, 0.7)):
            real = sum(row.n_tokens for row in rows if row.lesson.is_real) / sum(row.n_tokens for row in rows)
            assert low <= real <= high
        assert max_tokens is None or result.n_tokens <= max_tokens
        assert result.recipe["domains"]["code"]["n_rows"] == len(inside) and result.recipe["domains"]["(others)"]["n_rows"] == len(rest)
    with pytest.raises(MixError, match="domain code: too little real data"):
        mix(new, anchors=[*human(200), *human(5, source="code")], domains=[CODE], domain_of=domain_of)
    only = mix(made(100), anchors=[*human(200), *human(5, source="code")], domains=[CODE], domain_of=domain_of)
    assert list(only.recipe["domains"]) == ["(others)"]
    few = mix([*made(100), *made(1, weakness="code", tag="c")], anchors=[*human(200), *human(50, source="code")], domains=[CODE], domain_of=domain_of)
    assert few.recipe["left_out"]["domain code: too few lessons for its shortest human-made row"] == 1 and list(few.recipe["domains"]) == ["(others)"]
    with pytest.raises(MixError, match="domain code: .* above 0.60|domain code: no lesson|domain code: .* below 0.50"):
        mix(made(1, weakness="code"), anchors=[*human(200), *human(50, source="code")], domains=[CODE], domain_of=domain_of)


def test_the_share_of_what_carries_loss_is_told() -> None:
    result = mix(made(100), anchors=human(100))
    answers = [(row.lesson.is_real, len(row.lesson.completion.split())) for row in result.rows]
    assert result.recipe["real_share_of_answers"] == pytest.approx(sum(n for is_real, n in answers if is_real) / sum(n for _, n in answers))


def test_datasets_reads_the_file_as_it_is(tmp_path: Path) -> None:
    import datasets

    path = tmp_path / "curriculum.jsonl"
    result = mix(made(60, operator="add"), anchors=human(50))
    write_curriculum(result, path)
    rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == len(result.rows)
    assert all([turn["role"] for turn in row["prompt"] + row["completion"]] == ["user", "assistant"] for row in rows)
    assert [row["prompt"][0]["content"] for row in rows] == [row.lesson.prompt for row in result.rows]


def test_rows_of_equal_text_are_told_apart_by_where_they_are_from() -> None:
    one = made(1)[0]
    other = made(1, weakness="w1")[0]
    twin = Lesson(one.prompt, one.completion, one.answer, one.strategy, 1, weakness_id="w9", check_kind="engine")
    assert one.row_hash == other.row_hash and one.lesson_id == twin.lesson_id and one.row_hash != twin.row_hash
    result = mix([one, *made(30, tag="n")], anchors=human(30))
    assert rebuild_mix(result.recipe, [twin, *(row.lesson for row in result.rows), twin]).rows == result.rows
    with pytest.raises(MixError, match="1 of"):
        rebuild_mix(result.recipe, [twin, *(row.lesson for row in result.rows if row.lesson != one)])
