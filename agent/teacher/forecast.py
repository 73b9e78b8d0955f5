"""What a cycle's lessons will cost, from what lessons by the same strategies did cost.

Planned lessons and the account of earlier cycles go in, expected requests, tokens and US dollars come out. Pure
arithmetic: the store answers `Money.experience`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curricula.teacher import Price


@dataclass(frozen=True)
class Experience:
    """What one strategy took from one model in one cycle."""

    strategy: str
    model: str
    wanted: float
    """Lessons that were planned; a part of them where two models shared the cycle."""
    requests: int
    tokens_in: int
    tokens_out: int
    usd: float
    """As booked: failed attempts and second answers included."""


@dataclass(frozen=True)
class Forecast:
    """Expected for the lessons of the strategies that are known."""

    lessons: int
    requests: float
    tokens_in: float
    tokens_out: float
    usd: float
    highest_usd: float
    """The same at the dearest cycle's rate of each strategy."""
    unknown: Mapping[str, int]
    """Planned lessons of strategies that never asked a teacher: nothing is said of them."""


def forecast(planned: Mapping[str, int], experience: Iterable[Experience], model: str, price: Price) -> Forecast:
    """The expected cost of `planned` lessons by strategy, asked of `model` at `price`.

    Rates are per planned lesson, so they hold what is refused and asked again. A strategy's cycles with `model` are
    taken where there are any, at the US dollars that were booked; else those with other models, their tokens at
    `price`.
    """
    known = [row for row in experience if row.wanted > 0 and row.requests > 0]
    requests = tokens_in = tokens_out = total_usd = highest_usd = 0.0
    lessons, unknown = 0, {}
    for strategy, n in planned.items():
        rows = [row for row in known if row.strategy == strategy]
        rows = [row for row in rows if row.model == model] or rows
        if not rows:
            unknown[strategy] = n
            continue
        usd = [row.usd if row.model == model else price.of(row.tokens_in, row.tokens_out) for row in rows]
        share = n / sum(row.wanted for row in rows)
        requests += share * sum(row.requests for row in rows)
        tokens_in += share * sum(row.tokens_in for row in rows)
        tokens_out += share * sum(row.tokens_out for row in rows)
        total_usd += share * sum(usd)
        highest_usd += n * max(cost / row.wanted for cost, row in zip(usd, rows, strict=True))
        lessons += n
    return Forecast(lessons, requests, tokens_in, tokens_out, total_usd, highest_usd, unknown)


def sentence(found: Forecast, left_usd: float) -> str:
    """The forecast in a line; `left_usd`: what the budget still holds. Empty where no strategy asks a teacher."""
    parts = []
    if found.lessons:
        span = f" (up to ${found.highest_usd:.4f})" if found.highest_usd > 1.005 * found.usd else ""
        parts.append(f"forecast for {found.lessons} lessons: {found.requests:,.0f} requests, {found.tokens_in:,.0f} tokens in, {found.tokens_out:,.0f} out, "
                     f"${found.usd:.4f}{span} of ${left_usd:.4f} left")
        if found.usd > left_usd:
            parts.append("warning: the budget will end this cycle's lessons early")
    if found.unknown:
        parts.append(f"no forecast for {', '.join(found.unknown)} ({sum(found.unknown.values())} lessons): never asked a teacher before; ${left_usd:.4f} is the most")
    return "; ".join(parts)
