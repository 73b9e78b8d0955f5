"""Questions of eight plain subjects in two wordings each, with outcomes drawn from a seed."""

from __future__ import annotations

from random import Random

SUBJECTS = {
    "roman": ("What number is the Roman numeral {w}?", "Write the Roman numeral {w} with digits."),
    "days": ("Which day of the week comes after {d}?", "What day of the week is two days after {d}?"),
    "minutes": ("How many minutes are in {a} hours?", "Convert {a} hours to minutes."),
    "plural": ('What is the plural of the noun "{w}"?', 'Write the plural form of the noun "{w}".'),
    "capital": ("What is the capital city of {c}?", "Name the capital city of {c}."),
    "sum": ("What is the sum of {a} and {b}?", "Find the sum: {a} plus {b}."),
    "rhyme": ('Which word rhymes with "{w}"?', 'Name a word that rhymes with "{w}".'),
    "color": (
        "What color do you get from mixing {k} and {m} paint?",
        "Mixing {k} paint and {m} paint gives which color?",
    ),
}
WORDS = ("XII", "table", "cat", "mouse", "light", "stone", "glass", "river", "MDX", "leaf", "horn", "sail")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COUNTRIES = ("France", "Peru", "Kenya", "Japan", "Norway", "Chile", "Egypt", "Nepal")
COLORS = ("red", "blue", "yellow", "white", "black")
CLOSINGS = ("Answer with only the answer.", "Reply with just the answer.")


def ask(n: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """`n` questions and the subject of each, subjects in turn."""
    rng = Random(seed)
    texts, subjects = [], []
    for number in range(n):
        subject = list(SUBJECTS)[number % len(SUBJECTS)]
        question = rng.choice(SUBJECTS[subject]).format(
            w=rng.choice(WORDS),
            d=rng.choice(DAYS),
            a=rng.randint(1, 99),
            b=rng.randint(1, 99),
            c=rng.choice(COUNTRIES),
            k=rng.choice(COLORS),
            m=rng.choice(COLORS),
        )
        texts.append(f"{question} {rng.choice(CLOSINGS)}")
        subjects.append(subject)
    return texts, subjects


def answer(subjects: list[str], weak: dict[str, float], elsewhere: float = 0.8, seed: int = 0) -> list[bool]:
    """Passes: each subject with its own chance."""
    rng = Random(seed + 1)
    return [rng.random() < weak.get(subject, elsewhere) for subject in subjects]
