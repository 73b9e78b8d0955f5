"""Engines from the reasoning-gym package: one adapter around its text-friendly generators.

reasoning-gym draws item i of a data set from `Random(seed + i)`, so neighbouring seeds share nearly all their
items (seeds 42 and 43: 499 of 500). Here every item is a data set of its own, of size 1, whose 63-bit seed
comes from the caller's hashed generator: no two items are neighbours. The package is imported on first use.

Every generator of the package has been looked at: it is in `ENGINES`, or in `UNUSED` with the reason. The generators bring
no working, so their engines serve suites with bare golds only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from curricula.engines.contract import Item, log_scaled, scaled, words

# ---- material -------------------------------------------------------------------------------------------

CLOSING = re.compile(
    r"(?:\s|(?<=[?.]))\(?(?:Answer|Give|Provide|Return only|Reply only|Write out|Write the total|Respond|State|Format your|Do not)\b[^?]*$"
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
        question = (question[0].upper() + question[1:]).replace("??", "?")
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
    GymEngine("binary_alternation", lambda d: {"min_n": 4, "max_n": scaled(6, 20, d), "p_solvable": 1.0}, keeps_preamble=True),
    GymEngine("bitwise_arithmetic", lambda d: {"difficulty": scaled(1, 2, d)}, keeps_closing=True, keeps_preamble=True),
    GymEngine("caesar_cipher", lambda d: {"min_words": 2, "max_words": scaled(2, 8, d), "max_rotation": scaled(2, 25, d)}),
    GymEngine("calendar_arithmetic", _weekdays),
    GymEngine("chain_sum", _terms),
    GymEngine("coin_flip", _up_to("max_trials", 4, 10)),
    GymEngine("color_cube_rotation", _up_to("max_rotations", 1, 3), keeps_preamble=True),
    GymEngine("complex_arithmetic", _constant(operations_weights=[0.5, 0.5, 0.0, 0.0])),
    GymEngine("count_bits", _up_to("max_n", 16, 4096)),
    GymEngine("count_primes", _up_to("max_n", 20, 300)),
    GymEngine("course_schedule", _up_to("max_num_courses", 5, 8), keeps_preamble=True),
    GymEngine("decimal_arithmetic", lambda d: {"max_terms": scaled(2, 4, d), "min_num_decimal_places": 1, "max_num_decimal_places": scaled(1, 3, d)}, keeps_closing=True, keeps_preamble=True),
    GymEngine("decimal_chain_sum", _decimals),
    GymEngine("dice", lambda d: {"num_dice": scaled(2, 4, d), "max_dice_size": scaled(4, 20, d)}, keeps_closing=True),
    GymEngine("fraction_simplification", _up_to("max_value", 12, 200, max_factor=12, styles=("plain",))),
    GymEngine("gcd", _up_to("max_value", 30, 600)),
    GymEngine("gsm_symbolic", _constant()),
    GymEngine("isomorphic_strings", _up_to("max_string_length", 3, 10), keeps_preamble=True),
    GymEngine("knights_knaves", lambda d: {"n_people": scaled(2, 3, d)}, keeps_closing=True, keeps_preamble=True),
    GymEngine("lcm", _up_to("max_value", 10, 100)),
    GymEngine(
        "leg_counting",
        lambda d: {"min_animals": 1, "max_animals": scaled(1, 6, d), "max_instances": log_scaled(3, 15, d)},
    ),
    GymEngine("letter_counting", _words(3, 12)),
    GymEngine("needle_haystack", lambda d: {"min_num_statements": 3, "max_num_statements": scaled(5, 30, d)}),
    GymEngine("prime_factorization", _up_to("max_value", 20, 600), keeps_closing=True),
    GymEngine("products", _up_to("max_digits", 1, 3)),
    GymEngine("ransom_note", _up_to("max_note_length", 3, 10), keeps_preamble=True),
    GymEngine("self_reference", lambda d: {"difficulty": scaled(1, 10, d)}, keeps_preamble=True),
    GymEngine(
        "simple_equations", lambda d: {"max_value": log_scaled(10, 60, d), "max_terms": scaled(2, 3, d)}
    ),
    GymEngine("syllogism", _constant(), keeps_preamble=True),
    GymEngine("time_intervals", _intervals, keeps_closing=True),
    GymEngine("zebra_puzzles", lambda d: {"num_people": scaled(2, 4, d), "num_characteristics": scaled(2, 4, d)}, keeps_preamble=True),
)

UNUSED = {
    "the question or the answer is a grid or a drawing": words(
        """arc_1d arc_agi binary_matrix boxnet circuit_logic figlet_font futoshiki game_of_life game_of_life_halting kakurasu largest_island
        manipulate_matrix maze mini_sudoku modulo_grid n_queens pool_matrix rearc rectangle_count rotate_matrix rotten_oranges rubiks_cube
        rush_hour shortest_path sokoban spiral_matrix sudoku survo tsumego cryptarithm"""
    ),
    "many answers are right, and only its own scorer can tell": words(
        """countdown puzzle24 graph_color group_anagrams jugs knight_swap palindrome_generation palindrome_partitioning quantum_lock tower_of_hanoi
        word_ladder letter_jumble sentence_reordering propositional_logic"""
    ),
    "the answer is a formula, which text comparison can't check": words(
        "intermediate_integration polynomial_equations polynomial_multiplication simple_integration advanced_geometry"
    ),
    "a program or a machine of its own that no suite of questions resembles": words(
        """ab bf codeio emoji_mystery list_functions acre mahjong_puzzle path_star string_insertion string_manipulation string_splitting
        string_synthesis"""
    ),
    "items are doubtful: a convex polygon's angle of 380 degrees, relations turned around, sequences that any rule continues, -9.187^0 = 1": words(
        "simple_geometry family_relationships number_sequence power_function"
    ),
    "an engine of ours asks the same with working and wordings; theirs writes lists as Python or sorts capitals first": words(
        "number_filtering number_sorting spell_backward word_sequence_reversal word_sorting"
    ),
    "answers with the noise of floating point (155070714.33600003) that stand nowhere in the question": ("number_format",),
    "made of other generators": ("composite",),
}
"""Generators without an engine, by reason."""
