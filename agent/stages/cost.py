"""What a cycle's lessons will cost, said before anything is spent, and how far they are, said while they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from agent.context import RunContext
from agent.teacher.forecast import Experience, forecast, sentence
from curricula.funnel import Order
from curricula.strategies.contract import find_strategy
from curricula.teacher import Priced


def say_forecast(context: RunContext, orders: Sequence[Order]) -> None:
    """Expected requests, tokens and US dollars of the planned lessons, by what earlier cycles of all runs booked."""
    if not isinstance(context.teacher, Priced):
        return
    planned: Counter[str] = Counter()
    for order in orders:
        if "teacher" in find_strategy(order.strategy).needs:
            planned[order.strategy] += order.n_lessons
    money = context.store.money
    found = forecast(planned, (Experience(**row) for row in money.experience()), context.teacher.name, context.teacher.price)
    if line := sentence(found, context.config.limits.budget_usd - money.spent_usd(context.run)):
        context.watcher.say(line)


def teller(context: RunContext, n_lessons: int) -> Callable[[int, int], None]:
    """A `tell` for the funnel: lessons kept of those wanted, how many were read for them, money and tokens of the run."""
    money, budget_usd = context.store.money, context.config.limits.budget_usd

    def tell(n_kept: int, n_read: int) -> None:
        note = f"{n_kept} kept of {n_read} asked"
        if context.teacher is not None:
            note += f", ${money.spent_usd(context.run):.4f} of ${budget_usd:.2f}, {money.tokens(context.run):,} tokens"
        context.watcher.progress("lessons", n_kept, n_lessons, note)

    return tell
