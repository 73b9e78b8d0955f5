"""How numbers and foreign text are written, the same in terminal, Markdown and HTML.

Shares (0 to 1), seconds and US dollars go in, short text comes out. Prompts, answers and lessons are
somebody else's text: `visible` makes every control and direction character harmless before it is shown
anywhere.
"""

from __future__ import annotations

import unicodedata
from typing import Any

DECISIONS = {
    "promote": "promoted", "reject": "rejected", "inconclusive": "inconclusive", "converged": "nothing weak left",
    "target": "target reached", "no_data": "no lessons made", "failed_train": "training failed",
}
SUSPECTS = "Gold answers that are probably wrong: left out of weaknesses and lessons. Mend them in the suite, or see why they stand."
FUNNEL_STEPS = ("wanted", "asked", "parsed", "deduplicated", "decontaminated", "verified", "kept")


def percent(share: float | None) -> str:
    """0.612 -> `61.2 %`."""
    return "–" if share is None else f"{100 * share:.1f} %"


def points(share: float | None) -> str:
    """A difference of two shares in percentage points: 0.037 -> `+3.7`."""
    return "–" if share is None else f"{100 * share + 0.0:+.1f}"


def interval(low: float | None, high: float | None) -> str:
    """Bounds of a difference: `+1.9 to +5.5`."""
    return "–" if low is None or high is None else f"{points(low)} to {points(high)}"


def percent_interval(low: float | None, high: float | None) -> str:
    """Bounds of a share: `12–34 %`."""
    return "–" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f} %"


def p_value(p: float | None) -> str:
    """Two significant digits; very small ones as a bound."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def p_phrase(p: float | None) -> str:
    """`p 0.031`, `p < 0.0001`."""
    return f"p {p_value(p)}"


def money(usd: float | None) -> str:
    """US dollars; cents, or more digits where it costs less than a cent."""
    if usd is None:
        return "–"
    return f"${usd:.4f}" if 0 < usd < 0.01 else f"${usd:,.2f}"


def duration(seconds: float | None) -> str:
    """`0.4 s`, `45 s`, `12 min`, `1 h 05 min`."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 cycle`, `2 cycles`, `1,200 probes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def state_words(weakness: dict[str, Any]) -> str:
    """State of a weakness with where it came from or went: `format only`, `merged into W12ab90`, `open, from W77aa10`."""
    if weakness.get("merged_into"):
        return f"merged into {weakness['merged_into']}"
    return str(weakness["state"]).replace("_", " ") + (f", from {weakness['split_from']}" if weakness.get("split_from") else "")


def witnessed(suspect: dict[str, Any]) -> str:
    """What the witnesses say against a gold: `rule: 14 other golds of this wording obey a + b; student: ...`."""
    return "; ".join(f"{witness['name']}: {witness['because']}" for witness in suspect["witnesses"])


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number} times"


def short(hash_text: str) -> str:
    """First 12 characters of a hash; the base has none."""
    return hash_text[:12] if hash_text else "base"


def visible(text: object, limit: int | None = None) -> str:
    """Text that can do nothing but be read.

    Control characters (ANSI escapes begin with one) and invisible or direction-changing characters become
    `\\x1b`-like escapes; line feed and tab stay. Longer than `limit` characters, it is cut with an ellipsis.
    """
    raw = str(text)
    if limit is not None and len(raw) > limit:
        raw = raw[: max(0, limit - 1)].rstrip() + "…"
    return "".join(character if _is_harmless(character) else _escaped(character) for character in raw)


def one_line(text: object, limit: int = 80) -> str:
    """`visible`, with all white space as single spaces."""
    return visible(" ".join(str(text).split()), limit)


def _is_harmless(character: str) -> bool:
    return character in "\n\t" or (unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
