"""Story questions whose words say nothing about the skill they need, and the phrases a good teacher would write.

Every story draws its place, people and things freely; what decides the skill is which number is asked for, in words
that all stories share. So raw texts group by story, phrases by skill.
"""

from __future__ import annotations

from random import Random

SETTINGS = {
    "bakery": ("loaves", "oven", "The baker opens the bakery at dawn and shapes dough at the flour table"),
    "harbor": ("crates", "ship", "The sailor ties a ship to the harbor wall while gulls cry over the pier"),
    "school": ("pencils", "desk", "The teacher walks along the classroom and puts chalk on the blackboard"),
    "orchard": ("apples", "ladder", "The farmer leans a ladder on an orchard tree and shakes ripe branches"),
    "stable": ("horses", "saddle", "The rider brushes a pony in the stable and hangs the saddle on its hook"),
    "library": ("novels", "shelf", "The librarian pushes a cart through the library and stamps old novels"),
}
SKILLS = {
    "add": ("adding two whole numbers", "finding the sum of two numbers", "adding whole numbers together"),
    "subtract": ("subtracting one number from another", "finding the difference by subtracting", "subtracting whole numbers"),
    "multiply": ("multiplying equal groups", "multiplying two whole numbers", "finding a product of equal groups"),
    "divide": ("dividing into equal shares", "sharing equally by dividing", "dividing a total into equal parts"),
    "compare": ("comparing which amount is larger", "comparing two amounts by size", "telling the larger of two amounts"),
    "round": ("rounding to the nearest ten", "rounding a number to tens", "rounding numbers to the nearest ten"),
}
QUESTION = "First there are {a} {things}, and then there is the number {b}. Which number from the two is right here"
ENDS = ("", " now", " then", " today")


def tell(n: int, seed: int = 0) -> tuple[list[str], list[str], list[str]]:
    """`n` questions, the skill of each (in turn), and a phrase of each."""
    rng = Random(seed)
    texts, skills, phrases = [], [], []
    for number in range(n):
        skill = list(SKILLS)[number % len(SKILLS)]
        things, thing, opening = SETTINGS[rng.choice(list(SETTINGS))]
        a, b = rng.randint(10, 99), rng.randint(2, 9)
        texts.append(f"{opening}. {QUESTION.format(a=a, b=b, things=things)}{rng.choice(ENDS)} by the {thing} {number}?")
        skills.append(skill)
        phrases.append(rng.choice(SKILLS[skill]))
    return texts, skills, phrases


def f1(found: list[set[int]], planted: set[int]) -> float:
    """EvalTree's measure for one planted weakness: harmonic mean of the share of it that is found and the mean share of findings inside it."""
    if not found:
        return 0.0
    recall = len(set().union(*found) & planted) / len(planted)
    precision = sum(len(one & planted) / len(one) for one in found) / len(found)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
