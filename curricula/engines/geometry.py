"""Simple geometry: perimeter, area, volume, missing sides and angles, always in whole numbers."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, words
from curricula.engines.vocabulary import NAMES

# ---- material -------------------------------------------------------------------------------------------

FIELDS = words("garden field room carpet poster table wall pool yard floor")
UNITS = words("cm m inches feet meters")
POLYGONS = ("", "", "", "triangle", "quadrilateral", "pentagon", "hexagon", "heptagon", "octagon", "nonagon", "decagon")
TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41))

# ---- wordings -------------------------------------------------------------------------------------------

AREA = (
    "a rectangle is {a} {unit} long and {b} {unit} wide. What is its area in square {unit}?",
    "a {field} measures {a} {unit} by {b} {unit}. How many square {unit} does it cover?",
    "find the area of a rectangle with sides of {a} {unit} and {b} {unit}.",
    "{name} has a rectangular {field} with length {a} {unit} and width {b} {unit}. What is its area?",
)
PERIMETER = (
    "a rectangle is {a} {unit} long and {b} {unit} wide. What is its perimeter in {unit}?",
    "{name} walks once around a rectangular {field} of {a} {unit} by {b} {unit}. How many {unit} is that?",
    "what is the perimeter of a {field} that is {a} {unit} long and {b} {unit} wide?",
    "how many {unit} of fence go around a rectangle with sides {a} {unit} and {b} {unit}?",
)
REGULAR = (
    "all sides of a {shape} are {a} {unit} long. What is its perimeter in {unit}?",
    "a {shape} has {n} equal sides of {a} {unit}. How long is the way around it, in {unit}?",
    "find the perimeter of a {shape} whose sides all measure {a} {unit}.",
)
SIDE_FROM_AREA = (
    "a rectangle has an area of {area} square {unit}. One side is {a} {unit} long. How long is the other side?",
    "a {field} covers {area} square {unit} and is {a} {unit} long. How wide is it, in {unit}?",
    "the area of a rectangle is {area} square {unit}, its width {a} {unit}. What is its length?",
)
SIDE_FROM_PERIMETER = (
    "a rectangle has a perimeter of {around} {unit}. One side is {a} {unit} long. How long is the other side?",
    "{around} {unit} of fence go around a rectangular {field} that is {a} {unit} long. How wide is it, in {unit}?",
    "the perimeter of a rectangle is {around} {unit}, its width {a} {unit}. What is its length?",
)
TRIANGLE_AREA = (
    "a triangle has a base of {a} {unit} and a height of {b} {unit}. What is its area in square {unit}?",
    "find the area of a triangle with base {a} {unit} and height {b} {unit}.",
    "{name} draws a triangle {b} {unit} high on a base of {a} {unit}. How many square {unit} does it cover?",
)
TRIANGLE_ANGLE = (
    "two angles of a triangle are {a} and {b} degrees. How many degrees is the third?",
    "a triangle has angles of {a}°, {b}° and x°. What is x?",
    "in a triangle, one angle measures {a} degrees and another {b} degrees. Find the remaining angle.",
)
LINE_ANGLE = (
    "two angles lie side by side on a straight line. One is {a} degrees. How many degrees is the other?",
    "an angle of {a}° and an angle of x° together make a straight line. What is x?",
    "what is the supplement of an angle of {a} degrees?",
)
ANGLE_SUM = (
    "what is the sum of the inner angles of a {shape}, in degrees?",
    "how many degrees do all interior angles of a polygon with {n} sides add up to?",
    "a {shape} has {n} corners. Find the total of its interior angles in degrees.",
)
VOLUME = (
    "a box is {a} {unit} long, {b} {unit} wide and {c} {unit} high. What is its volume in cubic {unit}?",
    "how many cubic {unit} fit into a box of {a} by {b} by {c} {unit}?",
    "find the volume of a block with edges {a} {unit}, {b} {unit} and {c} {unit}.",
)
HYPOTENUSE = (
    "a right triangle has legs of {a} {unit} and {b} {unit}. How long is the hypotenuse?",
    "{name} walks {a} {unit} east and then {b} {unit} north. How many {unit} is it straight back to the start?",
    "the two shorter sides of a right-angled triangle measure {a} {unit} and {b} {unit}. Find the longest side.",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _length(rng: Random, difficulty: float, hard: int = 60) -> int:
    return rng.randint(2, log_scaled(8, hard, difficulty))


def _draw(rng: Random, numbers: dict[str, int], expression: str, answer: int, steps: str, wrong: tuple[int, ...] = (), **words_: str) -> Draw:
    slots = {"unit": rng.choice(UNITS), "field": rng.choice(FIELDS), "name": rng.choice(NAMES), **words_, **numbers}
    slips = dict.fromkeys(str(w) for w in (*wrong, answer + 1, answer + 2, answer + 10) if w != answer)
    return Draw(slots, str(answer), steps, {"expression": expression, "numbers": numbers}, tuple(slips))


def _sides(rng: Random, difficulty: float) -> tuple[int, int]:
    one, other = _length(rng, difficulty), _length(rng, difficulty)
    return max(one, other), min(one, other)


def _area(rng: Random, difficulty: float) -> Draw:
    a, b = _sides(rng, difficulty)
    return _draw(rng, {"a": a, "b": b}, f"{a} * {b}", a * b, f"The area is length × width: {a} × {b} = {a * b}.", (2 * (a + b), a + b))


def _perimeter(rng: Random, difficulty: float) -> Draw:
    a, b = _sides(rng, difficulty)
    steps = f"Length and width make {a} + {b} = {a + b}, and there are two of each: 2 × {a + b} = {2 * (a + b)}."
    return _draw(rng, {"a": a, "b": b}, f"2 * ({a} + {b})", 2 * (a + b), steps, (a * b, a + b))


def _regular(rng: Random, difficulty: float) -> Draw:
    n, a = rng.randint(3, log_scaled(5, 10, difficulty)), _length(rng, difficulty)
    return _draw(rng, {"a": a, "n": n}, f"{n} * {a}", n * a, f"All {n} sides are {a}: {n} × {a} = {n * a}.", (a * a, n + a), shape=POLYGONS[n])


def _side_from_area(rng: Random, difficulty: float) -> Draw:
    a, b = _sides(rng, difficulty)
    steps = f"The area is length × width, so the other side is {a * b} ÷ {a} = {b}."
    return _draw(rng, {"area": a * b, "a": a}, f"{a * b} / {a}", b, steps, (a * b - a,))


def _side_from_perimeter(rng: Random, difficulty: float) -> Draw:
    a, b = _sides(rng, difficulty)
    around = 2 * (a + b)
    steps = f"Half the way around is {around} ÷ 2 = {a + b}: one long and one short side. The other side is {a + b} - {a} = {b}."
    return _draw(rng, {"around": around, "a": a}, f"{around} / 2 - {a}", b, steps, (around - a, around - 2 * a))


def _triangle_area(rng: Random, difficulty: float) -> Draw:
    a, b = 2 * _length(rng, difficulty, 30), _length(rng, difficulty)
    steps = f"Base × height is {a} × {b} = {a * b}; half of it is {a * b // 2}."
    return _draw(rng, {"a": a, "b": b}, f"{a} * {b} / 2", a * b // 2, steps, (a * b, a + b))


def _angle(rng: Random, difficulty: float, low: int, high: int) -> int:
    step = 10 if difficulty < 0.3 else 5 if difficulty < 0.6 else 1
    return step * rng.randint(-(-low // step), high // step)


def _triangle_angle(rng: Random, difficulty: float) -> Draw:
    a = _angle(rng, difficulty, 20, 110)
    b = _angle(rng, difficulty, 20, 170 - a)
    steps = f"The angles of a triangle make 180 degrees. {a} + {b} = {a + b}, and 180 - {a + b} = {180 - a - b}."
    return _draw(rng, {"a": a, "b": b}, f"180 - ({a} + {b})", 180 - a - b, steps, (a + b, 180 - a, 360 - a - b))


def _line_angle(rng: Random, difficulty: float) -> Draw:
    a = _angle(rng, difficulty, 10, 170)
    return _draw(rng, {"a": a}, f"180 - {a}", 180 - a, f"A straight line is 180 degrees, and 180 - {a} = {180 - a}.", (360 - a, abs(90 - a)))


def _angle_sum(rng: Random, difficulty: float) -> Draw:
    n = rng.randint(3, log_scaled(5, 10, difficulty))
    steps = f"It can be cut into {n} - 2 = {n - 2} triangles of 180 degrees: {n - 2} × 180 = {(n - 2) * 180}."
    return _draw(rng, {"n": n}, f"({n} - 2) * 180", (n - 2) * 180, steps, (n * 180, 360), shape=POLYGONS[n])


def _volume(rng: Random, difficulty: float) -> Draw:
    a, b, c = (_length(rng, difficulty, 20) for _ in range(3))
    steps = f"{a} × {b} = {a * b}, and {a * b} × {c} = {a * b * c}."
    return _draw(rng, {"a": a, "b": b, "c": c}, f"{a} * {b} * {c}", a * b * c, steps, (a + b + c, a * b))


def _hypotenuse(rng: Random, difficulty: float) -> Draw:
    a, b, c = rng.choice(TRIPLES[: log_scaled(1, len(TRIPLES), difficulty)])
    times = rng.randint(1, log_scaled(4, 9, difficulty))
    a, b, c = a * times, b * times, c * times
    if rng.random() < 0.5:
        a, b = b, a
    steps = f"{a} × {a} = {a * a} and {b} × {b} = {b * b} make {a * a + b * b}, and {c} × {c} = {c * c}."
    slots = {"unit": rng.choice(UNITS), "name": rng.choice(NAMES), "a": a, "b": b}
    return Draw(slots, str(c), steps, {"numbers": {"a": a, "b": b}}, tuple(str(w) for w in (a + b, c + 1, c + times) if w != c))


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("rectangle_area", "geometry", AREA, _area),
    SkillEngine("rectangle_perimeter", "geometry", PERIMETER, _perimeter),
    SkillEngine("regular_perimeter", "geometry", REGULAR, _regular),
    SkillEngine("side_from_area", "geometry", SIDE_FROM_AREA, _side_from_area),
    SkillEngine("side_from_perimeter", "geometry", SIDE_FROM_PERIMETER, _side_from_perimeter),
    SkillEngine("triangle_area", "geometry", TRIANGLE_AREA, _triangle_area),
    SkillEngine("triangle_angle", "geometry", TRIANGLE_ANGLE, _triangle_angle),
    SkillEngine("line_angle", "geometry", LINE_ANGLE, _line_angle),
    SkillEngine("angle_sum", "geometry", ANGLE_SUM, _angle_sum),
    SkillEngine("box_volume", "geometry", VOLUME, _volume),
    SkillEngine("hypotenuse", "geometry", HYPOTENUSE, _hypotenuse),
)
