"""Engines from the reasoning-gym package: one adapter around its text-friendly generators.

reasoning-gym draws item i of a data set from `Random(seed + i)`, so neighbouring seeds share nearly all their
items (seeds 42 and 43: 499 of 500). Here every item is a data set of its own, of size 1, whose 63-bit seed
comes from the caller's hashed generator: no two items are neighbours. The package is imported on first use.

Left out on purpose: puzzles whose answer is a grid, a program or a proof; generators whose items are doubtful
(simple_geometry calls a polygon with a 246 degree angle convex, family_relationships turns some answers
around, number_sequence continues "-3, -1, -1, -1"); and those whose answer's form can't be told
from the question alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from curricula.engines.contract import Item, log_scaled, scaled

# ---- material -------------------------------------------------------------------------------------------

CLOSING = re.compile(
    r"(?:\s|(?<=[?.]))\(?(?:Answer|Give|Provide|Return only|Write out|Write the total|Respond|State|Format your|Do not)\b[^?]*$"
)
"""From the generator's own closing instruction to the end."""
PREAMBLE = re.compile(r"^.*\n\n(?:Now, )?", re.DOTALL)
"""Everything before the last paragraph: general remarks on the task."""


@dataclass(frozen=True)
class GymEngine:
    """One reasoning-gym generator with its own idea of difficulty."""

    generator: str
    config: Callable[[float], dict[str, Any]]
    keeps_closing: bool = False
    """The closing sentence says something the answer depends on (`Answer in HH:MM.`)."""
    keeps_preamble: bool = False
    """The paragraphs before the last belong to the problem."""
    family: str = "gym"
    n_wordings: int = 1

    @property
    def name(self) -> str:
        """`gym.` and the generator's name."""
        return f"gym.{self.generator}"

    def sample(self, rng: Random, difficulty: float, wording: int | None = None) -> Item:
        """Draw one item; `wording` has no effect here."""
        import reasoning_gym

        difficulty = min(1.0, max(0.0, difficulty))
        seed = rng.getrandbits(63)
        entry = reasoning_gym.create_dataset(self.generator, size=1, seed=seed, **self.config(difficulty))[0]
        question = re.sub(r"(?<=[.?])(?=[A-Z][a-z]+ )", " ", entry["question"].strip())
        if not self.keeps_closing:
            question = CLOSING.sub("", question).strip()
        if not self.keeps_preamble:
            question = PREAMBLE.sub("", question).strip()
        question = question[0].upper() + question[1:]
        answer = str(entry["answer"]).strip().strip("$")
        return Item(
            question, answer, "", {"generator": self.generator, "seed": seed}, self.name, 0, difficulty
        )


# ---- difficulty: what each generator's knobs are at 0 and at 1 -------------------------------------------


def _terms(difficulty: float) -> dict[str, Any]:
    return {"max_terms": scaled(2, 5, difficulty), "max_digits": scaled(1, 3, difficulty)}


def _decimals(difficulty: float) -> dict[str, Any]:
    return {**_terms(difficulty), "max_decimal_places": scaled(1, 3, difficulty)}


def _arithmetic(difficulty: float) -> dict[str, Any]:
    return {
        **_terms(difficulty),
        "operators": ("+", "-", "*"),
        "allow_negation": difficulty > 0.6,
        "allow_parentheses": difficulty > 0.4,
    }


def _weekdays(difficulty: float) -> dict[str, Any]:
    tasks = ["weekday_offset", "weekday_of_date", "weekday_of_date_from_first_date"]
    return {"tasks": tasks, "offset_upper_bound": log_scaled(7, 100, difficulty)}


def _intervals(difficulty: float) -> dict[str, Any]:
    return {
        "task_types": ["time"] if difficulty < 0.5 else ["time", "date"],
        "max_date_difference_days": log_scaled(10, 100, difficulty),
    }


def _words(low: int, high: int) -> Callable[[float], dict[str, Any]]:
    return lambda difficulty: {"min_words": low, "max_words": scaled(low + 1, high, difficulty)}


def _up_to(field: str, easy: float, hard: float, **fixed: Any) -> Callable[[float], dict[str, Any]]:
    return lambda difficulty: {**fixed, field: log_scaled(easy, hard, difficulty)}


def _constant(**fixed: Any) -> Callable[[float], dict[str, Any]]:
    return lambda difficulty: dict(fixed)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    GymEngine("aiw", _constant()),
    GymEngine("base_conversion", _up_to("max_value", 20, 1000, min_value=1)),
    GymEngine("basic_arithmetic", _arithmetic),
    GymEngine("calendar_arithmetic", _weekdays),
    GymEngine("chain_sum", _terms),
    GymEngine("color_cube_rotation", _up_to("max_rotations", 1, 3), keeps_preamble=True),
    GymEngine("complex_arithmetic", _constant(operations_weights=[0.5, 0.5, 0.0, 0.0])),
    GymEngine("count_bits", _up_to("max_n", 16, 4096)),
    GymEngine("count_primes", _up_to("max_n", 20, 300)),
    GymEngine("course_schedule", _up_to("max_num_courses", 5, 8), keeps_preamble=True),
    GymEngine("decimal_chain_sum", _decimals),
    GymEngine("fraction_simplification", _up_to("max_value", 12, 200, max_factor=12, styles=("plain",))),
    GymEngine("gcd", _up_to("max_value", 30, 600)),
    GymEngine("gsm_symbolic", _constant()),
    GymEngine("isomorphic_strings", _up_to("max_string_length", 3, 10), keeps_preamble=True),
    GymEngine("lcm", _up_to("max_value", 10, 100)),
    GymEngine(
        "leg_counting",
        lambda d: {"min_animals": 1, "max_animals": scaled(1, 6, d), "max_instances": log_scaled(3, 15, d)},
    ),
    GymEngine("letter_counting", _words(3, 12)),
    GymEngine("prime_factorization", _up_to("max_value", 20, 600), keeps_closing=True),
    GymEngine("products", _up_to("max_digits", 1, 3)),
    GymEngine("ransom_note", _up_to("max_note_length", 3, 10), keeps_preamble=True),
    GymEngine(
        "simple_equations", lambda d: {"max_value": log_scaled(10, 60, d), "max_terms": scaled(2, 3, d)}
    ),
    GymEngine("syllogism", _constant(), keeps_preamble=True),
    GymEngine("time_intervals", _intervals, keeps_closing=True),
)
