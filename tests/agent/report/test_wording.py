"""Numbers and foreign text as people read them."""

from __future__ import annotations

import pytest

from agent.report import wording


@pytest.mark.parametrize(("seconds", "text"), [(None, "–"), (0.44, "0.4 s"), (45.2, "45 s"), (99.4, "99 s"), (99.5, "2 min"), (740, "12 min"), (7500, "2 h 05 min")])
def test_durations(seconds: float | None, text: str) -> None:
    assert wording.duration(seconds) == text


def test_shares_points_and_p() -> None:
    assert wording.percent(0.6124) == "61.2 %"
    assert wording.points(0.0371) == "+3.7"
    assert wording.points(-0.0) == "+0.0"
    assert wording.interval(-0.019, 0.055) == "-1.9 to +5.5"
    assert wording.p_phrase(3e-9) == "p < 0.0001"
    assert wording.p_phrase(0.0314) == "p 0.031"
    assert wording.percent(None) == wording.points(None) == wording.p_value(None) == wording.money(None) == "–"


def test_money_below_a_cent_is_not_zero() -> None:
    assert wording.money(0.0034) == "$0.0034"
    assert wording.money(0) == "$0.00"
    assert wording.money(1234.5) == "$1,234.50"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202eevil", "a\rb", "\x9b31m", "zero\u200bwidth", "line\u2028break", "\x00", "\ud800"])
def test_nothing_but_text_is_left_of_control_characters(hostile: str) -> None:
    shown = wording.visible(hostile)
    assert shown.isprintable()
    assert "\\" in shown


def test_line_feeds_stay_unless_one_line_is_wanted() -> None:
    assert wording.visible("a\n\tb") == "a\n\tb"
    assert wording.one_line("a\n\tb  c") == "a b c"
    assert wording.visible("x" * 50, 10) == "x" * 9 + "…"
