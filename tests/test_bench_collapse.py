"""`make bench-collapse` in its smallest form: two policies, two generations, a model of a few hundred lines."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bench import collapse


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
    assert collapse.is_true("so 3*4=<<3*4=12>>12 and <<12/4=3.0>>3")
    assert not collapse.is_true("so <<3*4=12>>12 and <<12/4=4>>4")
    assert not collapse.is_true("twelve")
    assert not collapse.is_true("<<9**9**9=1>>")


def test_policies_are_followed_and_finished_ones_are_not_run_again(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"SIZE": 40, "HELD": 40, "SPACE": 60, "POOL": 120, "EPOCHS": 2, "FRESH_PAIRS": 4, "DRAWS": 2, "POLICIES": ("replace", "mix")}.items():
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
