"""`make bench-collapse` in its smallest form: three policies, two generations, a model of a few hundred lines."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from bench import collapse, collapse_funnel
from bench.collapse_funnel import KEPT, TRIALS, Accepted, answer_to, is_true, lesson_of, opening_of, shape_of
from bench.small_model import SmallModel, fit_tokenizer
from curricula.verifiers.contract import verify


@pytest.fixture
def text(tmp_path: Path) -> Path:
    rng = random.Random(1)
    things = [f"{size} {thing}" for size in ("big", "small", "old", "red") for thing in ("boat", "lamp", "river", "stone", "coin", "train", "cup")]
    lines = set()
    while len(lines) < 700:
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        lines.add(f"{rng.choice(('Ann', 'Bo', 'Cy', 'Di'))} has {a}+{b}=<<{a}+{b}={a + b}>>{a + b} {rng.choice(things)}s on day {rng.randint(1, 99)}.")
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(sorted(lines)))
    return path


def test_a_line_is_true_if_all_its_steps_are() -> None:
    assert is_true("so 3*4=<<3*4=12>>12 and <<12/4=3.0>>3")
    assert not is_true("so <<3*4=12>>12 and <<12/4=4>>4")
    assert not is_true("twelve")
    assert not is_true("<<9**9**9=1>>")


def test_a_shape_is_the_calculation_without_its_digits() -> None:
    assert shape_of("so 12 * 4 = <<12*4=48>>48 and <<48 - 1,000=3>>") == "##*#;##-####"


def test_a_line_is_verified_by_what_it_says_beside_its_mark() -> None:
    def outcome(line: str) -> str:
        return verify(lesson_of(line, False)).outcome

    assert outcome("Ann pays 34 * 41 = $<<34*41=1394>>1394.") == "pass"
    assert outcome("Ann pays 34 * 41 = $<<15*15=225>>225.") == "fail"  # true, and not of this problem
    assert outcome("Ann pays 34 * 41 = $<<34*41=1394>>1395.") == "fail"
    assert lesson_of("Ann pays 34 * 41 = $<<34*41=1394>>1394.", False).prompt == "Ann pays 34 * 41 = $?"


REAL = [f"{name} has {a} + {b} = <<{a}+{b}={a + b}>>{a + b} {thing}" for name, thing in (("Ann", "blue boats"), ("Bo", "tall lamps"), ("Cy", "flat stones"))
        for a, b in ((14, 23), (31, 45), (52, 17), (26, 61), (43, 38))]


def test_verified_lines_are_new_true_and_as_many_of_a_shape_as_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collapse_funnel, "DRAWS", 2)
    accepted = Accepted(REAL, [])
    good = [f"Di finds {a} + {a + 7} = <<{a}+{a + 7}={2 * a + 7}>>{2 * a + 7} old coins" for a in range(20, 40)]
    false, known, other = "Di finds 20 + 27 = <<20+27=48>>48 red cups", REAL[0].upper().replace("HAS", "has"), "Di cuts 20 * 31 = <<20*31=620>>620 ropes"
    asked: list[int] = []

    def draw(turn: int) -> list[str]:
        asked.append(turn)
        return [known, other, *good[:3]]

    accepted.look([false, known, good[0]], draw, 4)
    assert [lesson.completion for lesson in accepted.new] == good[:3] and asked == [1]
    assert accepted.refused == {"exact_duplicate: same text as an accepted lesson": 1}
    accepted.look([*good[:3], *good], draw, 4)
    assert [lesson.completion for lesson in accepted.new] == good[3:7] and asked == [1]


def test_an_opening_asks_for_the_value_of_a_human_made_calculation() -> None:
    assert opening_of("so 8/2=<<8/2=4>>4 and 3*4 = $<<3*4=12>>12 a day") == "so 8/2=<<8/2=4>>4 and 3*4 = $<<3*4="
    assert opening_of("The answer is <<8=8>>8.") == ""  # it tells what it asks for
    assert opening_of("m+<<+55=55>>55") == ""
    assert opening_of("m<<m+5=55>>55") == ""


class Writer:
    """Goes on from each opening as `writes` says; asks for nothing else."""

    def __init__(self, writes: dict[str, list[str]]) -> None:
        self._writes, self.openings, self.turns = writes, set(), []

    def __call__(self, openings: list[str], turn: int) -> list[str]:
        self.openings |= set(openings)
        self.turns.append(turn)
        return [opening + self._writes.get(opening, [""])[turn % len(self._writes.get(opening, [""]))] for opening in openings]


ANN = "Ann has 14 + 23 = <<14+23="


def test_openings_come_from_lines_that_are_trained_on_and_calculate() -> None:
    held = ["Ed has 81 + 12 = <<81+12=93>>93 green doors"]
    writer = Writer({})
    Accepted([*REAL, "The answer is <<8=8>>8."], held).answer(writer)
    assert writer.openings == {line[: line.rindex("=") + 1] for line in REAL}
    assert writer.turns == list(range(TRIALS))


def test_what_comes_to_another_value_than_the_real_line_is_refused() -> None:
    accepted = Accepted(REAL, [])
    accepted.answer(Writer({ANN: ["38>>38 old coins", "37>>38 old coins", "12>>12 and 20+18=<<20+18=38>>38 red cups", " and so on"]}))
    assert accepted.new == []
    assert accepted.refused["strategy: wrong final answer"] == 2 * TRIALS // 4
    assert accepted.refused["verifier: the completion does not end on the answer"] == TRIALS // 4
    assert accepted.n_asked == sum(accepted.refused.values()) == TRIALS * len(REAL)
    accepted.answer(Writer({ANN: ["37>>37 old coins"]}))
    assert [(lesson.completion, lesson.check, lesson.check_kind) for lesson in accepted.new] == [(ANN + "37>>37 old coins", "37", "gold")]
    assert accepted.new[0].parents == (lesson_of(REAL[0], True).lesson_id,)
    assert verify(replace(accepted.new[0], check="38")).outcome == "fail"
    other_form = lesson_of("Ann has 14 + 23 = <<14+23=37.00>>37.00 dollars", True)
    lesson = answer_to(other_form, ANN + "37>>37 old coins").lesson
    assert lesson is not None and (lesson.answer, lesson.check) == ("37", "37.00")  # the human's value, not its own


def test_copies_of_real_lines_and_of_earlier_ones_are_refused_and_no_line_has_more_than_its_share() -> None:
    accepted = Accepted(REAL, [])
    copy = REAL[0].removeprefix(ANN)
    accepted.answer(Writer({ANN: [copy, "37>>37 boats blue"]}))
    assert accepted.new == [] and any(reason.startswith("near_duplicate") for reason in accepted.refused)
    endings = ["37>>37 old coins", "37>>37 cups of tea", "37>>37 dollars in her purse", "37>>37 minutes to wait"]
    accepted.answer(Writer({ANN: endings}))
    assert [lesson.completion for lesson in accepted.new] == [ANN + ending for ending in endings[:2]] and KEPT == 2
    for _ in range(2):
        writer = Writer({ANN: endings})
        accepted.answer(writer)
        assert accepted.new == [] and writer.openings == {opening_of(line) for line in REAL} - {ANN}


def test_what_an_earlier_generation_wrote_is_a_copy_too() -> None:
    accepted = Accepted(REAL, [])
    accepted.answer(Writer({ANN: ["37>>37 old coins"]}))
    accepted.answer(Writer({ANN: ["37>>37 coins old", "37>>37 cups of tea", "37>>37 minutes to wait"]}))
    assert [lesson.completion for lesson in accepted.new] == [ANN + "37>>37 cups of tea"]


def test_a_line_that_comes_to_be_a_held_out_one_is_refused() -> None:
    held = ANN + "37>>37 sharp pencils in a wooden box"
    accepted = Accepted(REAL, [held])
    accepted.answer(Writer({ANN: [held.removeprefix(ANN)]}))
    assert accepted.new == [] and any(reason.startswith("contamination") for reason in accepted.refused)


def test_a_model_goes_on_from_what_a_line_begins_with() -> None:
    model = SmallModel(REAL, fit_tokenizer(REAL), 0, 1)
    openings = [opening_of(line) for line in REAL]
    gone_on = model.go_on(openings, 0, 0.9)
    assert all(line.startswith(opening) for line, opening in zip(gone_on, openings, strict=True))
    assert len({line.removeprefix(opening) for line, opening in zip(gone_on, openings, strict=True)}) > 10
    assert model.go_on(openings, 1, 0.9) != gone_on == model.go_on(openings, 0, 0.9)
    assert model.sample(3, 0, 0.9) == model.go_on([""] * 3, 0, 0.9)


def test_half_of_the_tokens_stay_real() -> None:
    accepted = Accepted(REAL, [])
    tokenizer = fit_tokenizer(REAL)
    assert sorted(accepted.curriculum(tokenizer, 0)) == sorted(REAL)
    accepted.look([f"Di finds {a} + {a + 7} = <<{a}+{a + 7}={2 * a + 7}>>{2 * a + 7} old coins" for a in range(20, 80)], lambda turn: [], 60)
    chosen = accepted.curriculum(tokenizer, 0)
    assert len(accepted.new) > len(REAL) and set(REAL) < set(chosen)
    assert len(REAL) < len(chosen) <= 2 * len(REAL) + 2


def test_policies_are_followed_and_finished_ones_are_not_run_again(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"SIZE": 40, "HELD": 40, "SPACE": 60, "POOL": 120, "EPOCHS": 2, "FRESH_PAIRS": 4}.items():
        monkeypatch.setattr(collapse, name, value)
    monkeypatch.setattr(collapse_funnel, "TRIALS", 2)
    out = tmp_path / "collapse.json"
    arguments = ["--text", str(text), "--seeds", "1", "--generations", "2", "--lines", "120", "--results", str(out), "--policies", "replace", "mix", "verified"]
    collapse.main(arguments)
    body = json.loads(out.read_text())
    assert [row["trained_on"] for row in body["runs"]["0/replace"]] == [120, 120, 120]
    assert [row["trained_on"] for row in body["runs"]["0/mix"]] == [120, 240, 240]
    assert [row["real_share"] for row in body["runs"]["0/mix"]] == [1, 0.5, 0.5]
    assert [row["asked"] - row["accepted"] == sum(row["refused"].values()) > 0 for row in body["runs"]["0/verified"][:2]] == [True, True]
    assert body["runs"]["0/replace"][0]["panel"]["values"]["loss"] == 0
    assert out.with_suffix(".svg").read_text().startswith("<?xml")
    capsys.readouterr()
    collapse.main(arguments)
    assert "generation" not in capsys.readouterr().out.split("policy")[0]
