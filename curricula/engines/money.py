"""Coins, bills and prices: the worth of coins, totals, change, unit price.

Whole cents or whole dollars only, so that every answer is a whole number of a named unit.
"""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled
from curricula.engines.vocabulary import KINDS, NAMES

# ---- material -------------------------------------------------------------------------------------------

COINS = (
    ("penny", "pennies", 1),
    ("nickel", "nickels", 5),
    ("dime", "dimes", 10),
    ("quarter", "quarters", 25),
)
GOODS = tuple(KINDS["piece of clothing"][:18] + KINDS["tool"] + KINDS["fruit"][:20])
SINGULAR_GOODS = tuple(word for word in GOODS if not word.endswith("s"))


def _near(answer: int) -> tuple[str, ...]:
    return tuple(str(n) for n in (answer + 5, answer - 5, answer + 10, answer + 1) if n > 0 and n != answer)


def _goods(rng: Random) -> dict[str, str]:
    one, other = rng.sample(SINGULAR_GOODS, 2)
    return {
        "thing": one,
        "other": other,
        "name": rng.choice(NAMES),
        **{k: "an" if w[0] in "aeiou" else "a" for k, w in (("art", one), ("art2", other))},
    }


# ---- wordings -------------------------------------------------------------------------------------------

COINS_WORTH = (
    "how many cents are {coins} worth?",
    "{name} has {coins}. How many cents is that?",
    "what is the value of {coins} in cents?",
    "count the money: {coins}. How many cents are there?",
    "how much are {coins}, counted in cents?",
)
PRICES_TOTAL = (
    "{art} {thing} costs {a} dollars and {art2} {other} costs {b} dollars. How many dollars do both cost together?",
    "{name} buys {art} {thing} for ${a} and {art2} {other} for ${b}. How many dollars does {name} spend?",
    "what is the total price in dollars of {art} {thing} at ${a} and {art2} {other} at ${b}?",
    "the {thing} is ${a}, the {other} is ${b}. How much is that together, in dollars?",
)
CHANGE = (
    "{name} pays for {art} {thing} that costs {a} cents with {b} cents. How many cents does {name} get back?",
    "{art} {thing} costs ${a}. {name} hands over ${b}. How many dollars of change does {name} get?",
    "what is the change from {b} dollars for {art} {thing} at {a} dollars?",
    "{name} has ${b} and spends ${a} on {art} {thing}. How many dollars are left?",
)
PRICE_OF_SEVERAL = (
    "one {thing} costs {a} dollars. How many dollars do {n} of them cost?",
    "at {a} dollars apiece, what is the price in dollars of {n} of the same {thing}?",
    "{name} buys {n} of one kind of {thing} for ${a} each. How many dollars is that?",
    "how many dollars must {name} pay for {n} things at ${a} each?",
)
UNIT_PRICE = (
    "{n} of the same {thing} cost {total} dollars. How many dollars does one cost?",
    "{name} pays ${total} for {n} things of equal price. What is the price of one, in dollars?",
    "if {n} tickets cost {total} dollars, how many dollars is one ticket?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _coins_worth(rng: Random, difficulty: float) -> Draw:
    kinds = sorted(rng.sample(COINS, rng.randint(1, scaled(1, 3, difficulty))), key=lambda coin: -coin[2])
    counts = [rng.randint(1 if len(kinds) > 1 else 2, scaled(4, 9, difficulty)) for _ in kinds]
    named = [f"{n} {coin[0] if n == 1 else coin[1]}" for n, coin in zip(counts, kinds, strict=True)]
    expression = " + ".join(f"{n} * {coin[2]}" for n, coin in zip(counts, kinds, strict=True))
    answer = sum(n * coin[2] for n, coin in zip(counts, kinds, strict=True))
    coins = named[0] if len(named) == 1 else ", ".join(named[:-1]) + f" and {named[-1]}"
    steps = ", ".join(
        f"{name} are {n * coin[2]} cents" for name, n, coin in zip(named, counts, kinds, strict=True)
    )
    return Draw(
        {"coins": coins, "name": rng.choice(NAMES)},
        str(answer),
        f"{steps}: {answer}.",
        {"expression": expression},
        _near(answer),
    )


def _prices_total(rng: Random, difficulty: float) -> Draw:
    a, b = rng.randint(1, log_scaled(9, 150, difficulty)), rng.randint(2, log_scaled(9, 150, difficulty))
    return Draw(
        {**_goods(rng), "a": a, "b": b},
        str(a + b),
        f"{a} + {b} = {a + b}.",
        {"expression": f"{a} + {b}"},
        _near(a + b),
    )


def _change(rng: Random, difficulty: float) -> Draw:
    a = rng.randint(2, log_scaled(9, 90, difficulty))
    b = (a // 5 + rng.randint(1, 3)) * 5 if a < 20 else (a // 10 + rng.randint(1, 3)) * 10
    return Draw(
        {**_goods(rng), "a": a, "b": b},
        str(b - a),
        f"{b} - {a} = {b - a}.",
        {"expression": f"{b} - {a}"},
        _near(b - a),
    )


def _price_of_several(rng: Random, difficulty: float) -> Draw:
    a, n = rng.randint(2, log_scaled(6, 30, difficulty)), rng.randint(2, log_scaled(5, 12, difficulty))
    return Draw(
        {**_goods(rng), "a": a, "n": n},
        str(a * n),
        f"{n} × {a} = {a * n}.",
        {"expression": f"{n} * {a}"},
        _near(a * n),
    )


def _unit_price(rng: Random, difficulty: float) -> Draw:
    one, n = rng.randint(2, log_scaled(6, 30, difficulty)), rng.randint(2, log_scaled(5, 12, difficulty))
    total = one * n
    return Draw(
        {**_goods(rng), "n": n, "total": total},
        str(one),
        f"{total} ÷ {n} = {one}.",
        {"expression": f"{total} / {n}"},
        _near(one),
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("coins_worth", "money", COINS_WORTH, _coins_worth),
    SkillEngine("prices_total", "money", PRICES_TOTAL, _prices_total),
    SkillEngine("change", "money", CHANGE, _change),
    SkillEngine("price_of_several", "money", PRICE_OF_SEVERAL, _price_of_several),
    SkillEngine("unit_price", "money", UNIT_PRICE, _unit_price),
)
