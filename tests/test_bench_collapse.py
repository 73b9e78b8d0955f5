"""`make bench-collapse` in its smallest form: two policies, two generations, a model of a few hundred lines."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bench import collapse, collapse_funnel
from bench.collapse_funnel import Accepted, is_true, lesson_of, shape_of
from bench.small_model import fit_tokenizer
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


def test_half_of_the_tokens_stay_real() -> None:
    accepted = Accepted(REAL, [])
    tokenizer = fit_tokenizer(REAL)
    assert sorted(accepted.curriculum(tokenizer, 0)) == sorted(REAL)
    accepted.look([f"Di finds {a} + {a + 7} = <<{a}+{a + 7}={2 * a + 7}>>{2 * a + 7} old coins" for a in range(20, 80)], lambda turn: [], 60)
    chosen = accepted.curriculum(tokenizer, 0)
    assert len(accepted.new) > len(REAL) and set(REAL) < set(chosen)
    assert len(REAL) < len(chosen) <= 2 * len(REAL) + 2


def test_policies_are_followed_and_finished_ones_are_not_run_again(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"SIZE": 40, "HELD": 40, "SPACE": 60, "POOL": 120, "EPOCHS": 2, "FRESH_PAIRS": 4, "POLICIES": ("replace", "mix")}.items():
        monkeypatch.setattr(collapse, name, value)
    out = tmp_path / "collapse.json"
    arguments = ["--text", str(text), "--seeds", "1", "--generations", "2", "--lines", "120", "--results", str(out)]
    collapse.main(arguments)
    body = json.loads(out.read_text())
    assert [row["trained_on"] for row in body["runs"]["0/replace"]] == [120, 120, 120]
    assert [row["trained_on"] for row in body["runs"]["0/mix"]] == [120, 240, 240]
    assert [row["real_share"] for row in body["runs"]["0/mix"]] == [1, 0.5, 0.5]
    assert body["runs"]["0/replace"][0]["panel"]["values"]["loss"] == 0
    assert out.with_suffix(".svg").read_text().startswith("<?xml")
    capsys.readouterr()
    collapse.main(arguments)
    assert "generation" not in capsys.readouterr().out.split("policy")[0]
