"""The collapse monitor's metrics on texts whose answer is known, and its alarms on real against real and real against narrowed."""

from __future__ import annotations

import math
import random

import pytest

from curricula.collapse import lexical, semantic, tails
from curricula.collapse.alarms import LEAST_LEVEL, Calibration, alarms, calibrate, vetoes
from curricula.collapse.held import ONE_IN, hold_out
from curricula.collapse.panel import METRICS, Panel, measure
from curricula.lesson import Lesson

THINGS = [f"{size}{thing}" for size in ("big", "small", "old", "new", "red", "dry") for thing in ("boat", "house", "lamp", "river", "stone", "bread", "coin", "train")]
PLACES = [f"{kind}{letter}" for kind in ("valley", "harbour", "square", "garden") for letter in "abcdefgh"]
VERBS = ["finds", "sells", "breaks", "paints", "counts", "hides", "brings", "draws"]


def stories(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [f"In {rng.choice(PLACES)} someone {rng.choice(VERBS)} the {rng.choice(THINGS)} near {rng.choice(PLACES)} on day {rng.randint(1, 400)}." for _ in range(n)]


def words(*texts: str) -> list[list[str]]:
    return [lexical.words(text) for text in texts]


@pytest.fixture(scope="module")
def space() -> semantic.Space:
    return semantic.fit_space(stories(500, 3), 0)


@pytest.fixture(scope="module")
def levels(space: semantic.Space) -> Calibration:
    return calibrate(stories(500, 3), 100, space, 1, draws=25)


class TestLexical:
    def test_distinct_counts_over_all_texts(self) -> None:
        assert lexical.distinct(words("a b", "a c"), 1) == 3 / 4
        assert lexical.distinct(words("a b c", "a b d"), 2) == 3 / 4
        assert lexical.distinct([], 2) == 0

    def test_self_bleu_is_one_for_copies_and_low_for_strangers(self) -> None:
        copies = lexical.self_bleu(words(*["the cat sat on the mat today"] * 4))
        strangers = lexical.self_bleu(words("the cat sat on the mat", "seven green pumps leak slowly", "who would have written that"))
        assert copies > 0.99 and strangers < 0.3

    def test_redundant_text_compresses_further(self) -> None:
        assert lexical.compression_ratio(["the same again"] * 200) > 3 * lexical.compression_ratio(stories(200, 1))

    def test_a_loop_is_a_phrase_said_three_times(self) -> None:
        assert lexical.looping(words("and so it was and so it was and so it was", "and so it was, and so it was.")) == 0.5

    def test_entropy_of_four_equal_words_is_two_bits(self) -> None:
        assert math.isclose(lexical.word_entropy(words("a b c d")), 2.0)


class TestSemantic:
    def test_vendi_counts_different_texts(self) -> None:
        import numpy as np

        assert math.isclose(semantic.vendi(np.eye(6)), 6, rel_tol=1e-9)
        assert math.isclose(semantic.vendi(np.repeat(np.eye(6)[:1], 6, axis=0)), 1, rel_tol=1e-9)

    def test_coverage_is_whole_for_the_real_texts_and_poor_for_one_of_them(self) -> None:
        real = stories(200, 1)
        space = semantic.fit_space(real, 0)
        assert semantic.coverage(space, space.place(real)) == 1
        assert semantic.coverage(space, space.place([real[0]] * 50)) < 0.2

    def test_rare_clusters_are_lost_first_by_text_from_the_largest(self) -> None:
        real = stories(150, 1) + [f"zeppelin {i} over lake {i % 3}" for i in range(10)]
        space = semantic.fit_space(real, 0)
        assert semantic.rare_coverage(space, space.place(real)) == 1
        assert semantic.rare_coverage(space, space.place([real[0]] * 50)) < 0.2

    def test_too_few_real_texts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="20 real texts"):
            semantic.fit_space(stories(10, 1), 0)


class TestTails:
    def test_deciles_are_those_of_the_first_losses(self) -> None:
        first = [float(i) for i in range(100)]
        now = [loss - 0.5 if loss < 90 else loss + 1 for loss in first]
        assert tails.by_decile(first, now) == [-0.5] * 9 + [1.0]
        assert tails.tail_loss(first, now) == 1.0
        assert tails.tail_gap(first, now) == 1.5

    def test_other_texts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="same 10 texts"):
            tails.by_decile([1.0] * 20, [1.0] * 19)


class TestAlarms:
    def test_real_against_real_is_quiet(self, space: semantic.Space, levels: Calibration) -> None:
        alarmed = sum(bool(alarms(measure(stories(100, 2 * i + 50), space, intervals=False), measure(stories(100, 2 * i + 51), space, intervals=False), levels)) for i in range(20))
        assert alarmed <= 1

    def test_narrowed_text_alarms_by_diversity(self, space: semantic.Space, levels: Calibration) -> None:
        narrow = random.Random(1).choices(stories(12, 9), k=100)
        found = {alarm.metric for alarm in alarms(measure(stories(100, 8), space), measure(narrow, space), levels)}
        assert {"distinct_2", "vendi", "coverage", "compression"} <= found

    def test_a_worse_tail_alarms_and_a_better_one_does_not(self, space: semantic.Space, levels: Calibration) -> None:
        first = [i / 50 for i in range(100)]
        texts = stories(100, 8)
        before = measure(texts, space, first, first)
        worse = alarms(before, measure(texts, space, first, [loss + (0.5 if loss >= 1.8 else -0.1) for loss in first]), levels)
        assert {alarm.metric for alarm in worse} == {"tail_loss", "tail_gap"}
        assert "rose" in worse[0].sentence()
        assert not alarms(before, measure(texts, space, first, [loss - 0.5 for loss in first]), levels)

    def test_a_change_within_noise_is_none_however_large_its_share(self) -> None:
        first, now = Panel(10, {"vendi": 10.0}), Panel(10, {"vendi": 6.0})
        assert not alarms(first, now, Calibration(10, {"vendi": 2.0}, LEAST_LEVEL))
        assert alarms(first, now, Calibration(10, {"vendi": 1.0}, LEAST_LEVEL))

    def test_a_change_beyond_noise_but_too_small_to_matter_is_none(self) -> None:
        assert not alarms(Panel(10, {"vendi": 10.0}), Panel(10, {"vendi": 9.5}), Calibration(10, {"vendi": 0.01}, LEAST_LEVEL))

    def test_a_model_that_becomes_as_regular_as_people_has_lost_nothing(self) -> None:
        noisy, now = Panel(10, {"distinct_2": 0.9}), Panel(10, {"distinct_2": 0.72})
        assert alarms(noisy, now, Calibration(10, {}, LEAST_LEVEL))
        assert not alarms(noisy, now, Calibration(10, {}, LEAST_LEVEL, {"distinct_2": 0.75}))
        assert alarms(noisy, Panel(10, {"distinct_2": 0.6}), Calibration(10, {}, LEAST_LEVEL, {"distinct_2": 0.75}))

    def test_panels_of_other_sizes_are_refused(self) -> None:
        with pytest.raises(ValueError, match="can't be compared"):
            alarms(Panel(10, {}), Panel(11, {}), Calibration(10, {}, 3))

    def test_two_in_a_row_veto(self) -> None:
        assert [vetoes(seen) for seen in ([], [True], [True, False], [False, True], [True, True], [True, True, False])] == [False, False, False, False, True, False]

    def test_every_metric_that_is_measured_is_described(self, space: semantic.Space) -> None:
        first = [i / 50 for i in range(100)]
        panel = measure(stories(100, 8), space, first, first)
        assert set(panel.values) == {metric.name for metric in METRICS}
        assert all(panel.low[name] <= panel.values[name] <= panel.high[name] for name in panel.low)


class TestHeldOut:
    @staticmethod
    def rows(n: int, start: int = 0) -> list[Lesson]:
        return [Lesson(f"question {i}", f"answer {i}", "", "anchor", 0) for i in range(start, start + n)]

    def test_one_in_eight_is_held_and_stays_held(self) -> None:
        train, held = hold_out(self.rows(800))
        assert 0.6 * 800 / ONE_IN < len(held) < 1.4 * 800 / ONE_IN
        assert len(train) + len(held) == 800
        _, more = hold_out(self.rows(1600))
        assert {row.lesson_id for row in held} <= {row.lesson_id for row in more}

    def test_small_sources_keep_all(self) -> None:
        train, held = hold_out(self.rows(40))
        assert len(train) == 40 and not held
