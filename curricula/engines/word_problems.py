"""Word problems as in grade school: people who get, lose, share, compare and pay for things.

One-step problems are split by what has to be done (join, take away, compare, equal groups, share); two-step
ones chain two of them. Every item carries its arithmetic in `params["expression"]` and a worked solution.
"""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, words
from curricula.engines.sequences import number_name
from curricula.engines.vocabulary import NAMES, THINGS

# ---- material -------------------------------------------------------------------------------------------

CONTAINERS = words("box bag basket jar tray shelf crate drawer bucket packet")
PLURAL_CONTAINERS = {word: word + ("es" if word == "box" else "s") for word in CONTAINERS} | {
    "shelf": "shelves"
}
PLACES = words("school market library park museum farm bakery station garden workshop")


def _amount(rng: Random, difficulty: float, easy: int = 9, hard: int = 120) -> int:
    top = log_scaled(easy, hard, difficulty)
    return rng.randint(max(2, top // 8), top)


def _scene(rng: Random) -> dict[str, str]:
    """Who and what: two people, two things, a container, a place."""
    (name, friend), (things, others) = rng.sample(NAMES, 2), rng.sample(THINGS, 2)
    box = rng.choice(CONTAINERS)
    return {
        "name": name, "friend": friend, "things": things, "others": others, "place": rng.choice(PLACES),
        "box": box, "boxes": PLURAL_CONTAINERS[box], "day": rng.choice(words("Monday Tuesday Wednesday Thursday Friday")),
    }  # fmt: skip


def _said(rng: Random, number: int) -> str:
    """Digits, or now and then a small number as a word."""
    return number_name(number) if number <= 20 and rng.random() < 0.2 else str(number)


def _problem(
    rng: Random, numbers: dict[str, int], expression: str, answer: int, steps: str, **scene: str
) -> Draw:
    slots = {**_scene(rng), **scene, **{slot: _said(rng, number) for slot, number in numbers.items()}}
    slips = [answer + 1, answer + 10, *numbers.values(), sum(numbers.values()), answer + 2]
    wrong = tuple(dict.fromkeys(str(n) for n in slips if n != answer))
    return Draw(slots, str(answer), steps, {"expression": expression}, wrong)


# ---- wordings -------------------------------------------------------------------------------------------

JOIN = (
    "{name} has {a} {things}. {friend} gives {name} {b} more. How many {things} does {name} have now?",
    "there were {a} {things} in the {box}. {name} put in {b} more. How many {things} are in the {box} now?",
    "{name} found {a} {things} and {friend} found {b} {things}. How many {things} did they find together?",
    "a {box} holds {a} {things} and another one holds {b}. How many {things} are there in both?",
    "{name} collected {a} {things} in the morning and {b} in the afternoon. How many did {name} collect that day?",
    "at the {place}, {name} counted {a} {things} and {b} {others}. How many things did {name} count in all?",
    "{name} bought {a} {things} on {day}. A day later {name} bought another {b}. How many {things} did {name} buy in total?",
    "{a} {things} and {b} {others} are lying on the table. How many things are lying there altogether?",
    "{friend} had {a} {things} and got {b} for a birthday. How many {things} does {friend} have in total?",
)
TAKE_AWAY = (
    "{name} has {a} {things} and gives {b} of them to {friend}. How many {things} does {name} have left?",
    "there were {a} {things} in the {box}. {name} took out {b}. How many are still in the {box}?",
    "{name} had {a} {things} but lost {b} on the way to the {place}. How many {things} are left?",
    "out of {a} {things}, {b} are broken. How many {things} are not broken?",
    "the {place} had {a} {things} and sold {b} of them on {day}. How many remain?",
    "{name} needs {a} {things} and already has {b}. How many more does {name} need?",
    "{a} {things} were on the plate. {friend} took {b}. How many {things} remain?",
    "{name} and {friend} own {a} {things} together. {b} of them are {friend}'s. How many are {name}'s?",
)
COMPARE = (
    "{name} has {a} {things}. {friend} has {b} {things}. How many more {things} does {name} have than {friend}?",
    "there are {a} {things} and {b} {others} at the {place}. How many more {things} than {others} are there?",
    "{friend} picked {b} {things} and {name} picked {a}. How many fewer did {friend} pick?",
    "{name} sold {a} {things}, while {friend} sold only {b}. What is the difference?",
    "a red {box} weighs {a} pounds and a blue one weighs {b} pounds. How many pounds heavier is the red one?",
)
MORE_THAN = (
    "{friend} has {a} {things}. {name} has {b} more {things} than {friend}. How many {things} does {name} have?",
    "{name} owns {b} more {things} than {friend}, who owns {a}. How many {things} does {name} own?",
    "there are {a} {others} in the {box} and {b} more {things} than {others}. How many {things} are in the {box}?",
    "{friend} is {a} years old, and {name} is {b} years older. How old is {name}?",
)
FEWER_THAN = (
    "{friend} has {a} {things}. {name} has {b} fewer {things} than {friend}. How many {things} does {name} have?",
    "{name} owns {b} fewer {things} than {friend}, who owns {a}. How many {things} does {name} own?",
    "{friend} is {a} years old, and {name} is {b} years younger. How old is {name}?",
    "a blue ribbon is {a} inches long. A red ribbon is {b} inches shorter. How long is the red one?",
)
EQUAL_GROUPS = (
    "{name} has {a} {boxes} with {b} {things} in each. How many {things} does {name} have?",
    "there are {a} {boxes} at the {place}. Each {box} holds {b} {things}. How many {things} are there in total?",
    "{name} makes {b} {things} every day. How many {things} does {name} make in {a} days?",
    "each of {a} children brings {b} {things}. How many {things} do they bring together?",
    "{a} rows of {b} {things} stand in the {place}. How many {things} is that?",
    "one {box} fits {b} {things}. How many {things} fit into {a} {boxes}?",
    "{name} walks {b} blocks each day. How many blocks is that after {a} days?",
)
SHARE = (
    "{name} shares {a} {things} equally among {b} friends. How many {things} does each friend get?",
    "{a} {things} are packed into {b} {boxes}, the same number in each. How many {things} go into one {box}?",
    "{name} puts {a} {things} into rows of {b}. How many rows are there?",
    "each {box} holds {b} {things}. How many {boxes} are needed for {a} {things}?",
    "{b} children split {a} {things} evenly. How many does every child get?",
    "{name} reads {a} pages in {b} days, the same number each day. How many pages does {name} read per day?",
)
JOIN_THEN_TAKE = (
    "{name} has {a} {things}. {friend} gives {name} {b} more, and then {name} loses {c}. How many {things} does {name} have now?",
    "a {box} holds {a} {things}. {name} adds {b} and takes out {c}. How many {things} are in the {box} at the end?",
    "on {day} {name} bought {a} {things}, then {b} more, and gave {c} of them to {friend}. How many are left?",
    "{a} people were on the bus. At the {place} {b} people got on and {c} got off. How many people are on the bus now?",
    "{name} had {a} {things} and {friend} had {b}. Together they sold {c}. How many {things} do they still have?",
)
GROUPS_THEN_CHANGE = (
    "{name} buys {a} {boxes} of {things} with {b} in each {box}, and finds {c} more at home. How many {things} is that in all?",
    "there are {a} {boxes} with {b} {things} each, and {c} loose {things}. How many {things} are there altogether?",
    "{name} makes {b} {things} a day for {a} days and already had {c}. How many {things} does {name} have in the end?",
    "the {place} got {a} {boxes} of {b} {things} each and still had {c} {things}. How many does it have now?",
)
GROUPS_THEN_TAKE = (
    "{name} has {a} {boxes} with {b} {things} in each and gives away {c} {things}. How many {things} are left?",
    "{friend} packs {b} {things} into each of {a} {boxes}. Then {c} {things} break. How many are still whole?",
    "there were {a} rows of {b} chairs at the {place}. {c} chairs were taken away. How many chairs remain?",
    "{name} earns {b} dollars a day for {a} days and spends {c} dollars. How many dollars are left?",
)
TWICE_AND_TOTAL = (
    "{friend} has {a} {things}. {name} has {times} as many. How many {things} do they have together?",
    "{name} picked {times} as many {things} as {friend}, who picked {a}. How many did the two pick in all?",
    "on {day} the {place} sold {a} {things}, and the day after {times} as many. How many {things} did it sell on both days?",
)
TAKE_THEN_SHARE = (
    "{name} has {total} {things}, keeps {c}, and shares the rest equally among {b} friends. How many does each friend get?",
    "of {total} {things}, {c} are spoiled. The others are packed into {b} {boxes} evenly. How many go into each {box}?",
    "{name} had {total} dollars and spent {c} dollars. The rest is split evenly between {b} children. How many dollars does each get?",
)
JOIN_THREE = (
    "{name} picked {a} {things} on {day}, {b} the day after and {c} the day after that. How many {things} is that in total?",
    "there are {a} red, {b} blue and {c} white {things} at the {place}. How many {things} are there altogether?",
    "{name} has {a} {things}. {friend} gives {name} {b} more, and {name} finds another {c}. How many {things} does {name} have now?",
    "in the morning {a} visitors came to the {place}, at noon {b} and in the evening {c}. How many visitors came that day?",
    "after {name} gave away {a} {things} and lost {b}, there were {c} left. How many {things} did {name} have at first?",
)
TAKE_TWICE = (
    "{name} has {total} {things}, gives {b} to {friend} and loses {c}. How many {things} does {name} have left?",
    "{name} wants {total} {things}. So far {name} has found {b}, and {friend} brings {c}. How many are still missing?",
    "of {total} {things}, {b} are red, {c} are blue and the others are green. How many are green?",
    "a {box} held {total} {things}. {b} were taken out on {day} and {c} the day after. How many are still in it?",
)
JOIN_THEN_SHARE = (
    "{name} has {a} {things} and {friend} has {b}. They put them together and share them equally among {c} children. How many does each child get?",
    "{a} {things} and {b} {others} are packed into {c} {boxes}, the same number in each. How many things are in one {box}?",
    "{name} read {a} pages on {day} and {b} the day after. If a chapter has {c} pages, how many chapters is that?",
    "{a} boys and {b} girls form teams of {c}. How many teams are there?",
)
GROUPS_OF_GROUPS = (
    "the {place} has {a} {boxes}. In each {box} are {b} bags, and each bag holds {c} {things}. How many {things} is that?",
    "{name} makes {a} {things} an hour, {b} hours a day. How many {things} does {name} make in {c} days?",
    "each of {a} children buys {b} {things} for {c} dollars apiece. How many dollars do they spend altogether?",
    "there are {a} shelves with {b} {boxes} on each, and {c} {things} in every {box}. How many {things} are there?",
)
RATE_THEN_SCALE = (
    "{b} {things} cost {total} dollars. How many dollars do {c} {things} cost?",
    "{name} makes {total} {things} in {b} days, the same number each day. How many {things} does {name} make in {c} days?",
    "{b} {boxes} hold {total} {things}. How many {things} do {c} {boxes} hold?",
    "in {b} hours a machine uses up {total} {things}. How many does it use in {c} hours?",
)
CHANGE_IN_SHOP = (
    "{name} buys {a} {things} for {b} dollars each and pays with {paid} dollars. How many dollars of change does {name} get?",
    "one of the {things} costs {b} dollars. {name} takes {a} and hands over {paid} dollars. How much change comes back, in dollars?",
    "{name} had {paid} dollars and bought {a} {things} at {b} dollars apiece. How many dollars does {name} have left?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _join(rng: Random, difficulty: float) -> Draw:
    a, b = _amount(rng, difficulty), _amount(rng, difficulty)
    return _problem(rng, {"a": a, "b": b}, f"{a} + {b}", a + b, f"{a} + {b} = {a + b}.")


def _larger_first(rng: Random, difficulty: float) -> tuple[int, int]:
    a, b = _amount(rng, difficulty), _amount(rng, difficulty)
    return max(a, b) + rng.randint(1, 3), min(a, b)


def _take_away(rng: Random, difficulty: float) -> Draw:
    a, b = _larger_first(rng, difficulty)
    return _problem(rng, {"a": a, "b": b}, f"{a} - {b}", a - b, f"{a} - {b} = {a - b}.")


def _equal_groups(rng: Random, difficulty: float) -> Draw:
    a, b = rng.randint(2, log_scaled(5, 20, difficulty)), rng.randint(2, log_scaled(6, 30, difficulty))
    return _problem(rng, {"a": a, "b": b}, f"{a} * {b}", a * b, f"{a} × {b} = {a * b}.")


def _share(rng: Random, difficulty: float) -> Draw:
    b, each = rng.randint(2, log_scaled(5, 12, difficulty)), rng.randint(2, log_scaled(6, 30, difficulty))
    return _problem(rng, {"a": b * each, "b": b}, f"{b * each} / {b}", each, f"{b * each} ÷ {b} = {each}.")


def _join_then_take(rng: Random, difficulty: float) -> Draw:
    a, b = _amount(rng, difficulty), _amount(rng, difficulty)
    c = rng.randint(1, a + b - 1)
    steps = f"{a} + {b} = {a + b}, and {a + b} - {c} = {a + b - c}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"{a} + {b} - {c}", a + b - c, steps)


def _groups_then_change(rng: Random, difficulty: float) -> Draw:
    a, b = rng.randint(2, log_scaled(5, 12, difficulty)), rng.randint(2, log_scaled(6, 25, difficulty))
    c = _amount(rng, difficulty, 6, 60)
    steps = f"{a} × {b} = {a * b}, and {a * b} + {c} = {a * b + c}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"{a} * {b} + {c}", a * b + c, steps)


def _groups_then_take(rng: Random, difficulty: float) -> Draw:
    a, b = rng.randint(2, log_scaled(5, 12, difficulty)), rng.randint(3, log_scaled(6, 25, difficulty))
    c = rng.randint(1, a * b - 1)
    steps = f"{a} × {b} = {a * b}, and {a * b} - {c} = {a * b - c}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"{a} * {b} - {c}", a * b - c, steps)


def _twice_and_total(rng: Random, difficulty: float) -> Draw:
    a = _amount(rng, difficulty, 9, 90)
    times, word = rng.choice(((2, "twice"), (3, "three times"), (4, "four times")))
    steps = f"{times} × {a} = {times * a}, and {a} + {times * a} = {a + times * a}."
    return _problem(rng, {"a": a}, f"{a} + {times} * {a}", a + times * a, steps, times=word)


def _take_then_share(rng: Random, difficulty: float) -> Draw:
    b, each = rng.randint(2, log_scaled(4, 9, difficulty)), rng.randint(2, log_scaled(5, 25, difficulty))
    c = _amount(rng, difficulty, 5, 40)
    total = b * each + c
    steps = f"{total} - {c} = {total - c}, and {total - c} ÷ {b} = {each}."
    return _problem(rng, {"total": total, "b": b, "c": c}, f"({total} - {c}) / {b}", each, steps)


def _join_three(rng: Random, difficulty: float) -> Draw:
    a, b, c = (_amount(rng, difficulty) for _ in range(3))
    steps = f"{a} + {b} = {a + b}, and {a + b} + {c} = {a + b + c}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"{a} + {b} + {c}", a + b + c, steps)


def _take_twice(rng: Random, difficulty: float) -> Draw:
    b, c, rest = _amount(rng, difficulty), _amount(rng, difficulty), _amount(rng, difficulty)
    total = b + c + rest
    steps = f"{total} - {b} = {total - b}, and {total - b} - {c} = {rest}."
    return _problem(rng, {"total": total, "b": b, "c": c}, f"{total} - {b} - {c}", rest, steps)


def _join_then_share(rng: Random, difficulty: float) -> Draw:
    c, each = rng.randint(2, log_scaled(5, 12, difficulty)), rng.randint(3, log_scaled(8, 30, difficulty))
    a = rng.randint(2, c * each - 2)
    b = c * each - a
    steps = f"{a} + {b} = {c * each}, and {c * each} ÷ {c} = {each}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"({a} + {b}) / {c}", each, steps)


def _groups_of_groups(rng: Random, difficulty: float) -> Draw:
    a, b, c = (rng.randint(2, log_scaled(4, 12, difficulty)) for _ in range(3))
    steps = f"{a} × {b} = {a * b}, and {a * b} × {c} = {a * b * c}."
    return _problem(rng, {"a": a, "b": b, "c": c}, f"{a} * {b} * {c}", a * b * c, steps)


def _rate_then_scale(rng: Random, difficulty: float) -> Draw:
    b, c = rng.sample(range(2, log_scaled(8, 15, difficulty)), 2)
    each = rng.randint(2, log_scaled(6, 20, difficulty))
    steps = f"{b * each} ÷ {b} = {each}, and {each} × {c} = {each * c}."
    return _problem(rng, {"total": b * each, "b": b, "c": c}, f"{b * each} / {b} * {c}", each * c, steps)


def _change_in_shop(rng: Random, difficulty: float) -> Draw:
    a, b = rng.randint(2, log_scaled(4, 9, difficulty)), rng.randint(2, log_scaled(5, 15, difficulty))
    paid = (a * b // 10 + rng.randint(1, 3)) * 10
    steps = f"{a} × {b} = {a * b}, and {paid} - {a * b} = {paid - a * b}."
    return _problem(rng, {"a": a, "b": b, "paid": paid}, f"{paid} - {a} * {b}", paid - a * b, steps)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("story_join", "word_problems", JOIN, _join),
    SkillEngine("story_take_away", "word_problems", TAKE_AWAY, _take_away),
    SkillEngine("story_compare", "word_problems", COMPARE, _take_away),
    SkillEngine("story_more_than", "word_problems", MORE_THAN, _join),
    SkillEngine("story_fewer_than", "word_problems", FEWER_THAN, _take_away),
    SkillEngine("story_equal_groups", "word_problems", EQUAL_GROUPS, _equal_groups),
    SkillEngine("story_share", "word_problems", SHARE, _share),
    SkillEngine("story_join_then_take", "word_problems", JOIN_THEN_TAKE, _join_then_take),
    SkillEngine("story_groups_then_change", "word_problems", GROUPS_THEN_CHANGE, _groups_then_change),
    SkillEngine("story_groups_then_take", "word_problems", GROUPS_THEN_TAKE, _groups_then_take),
    SkillEngine("story_twice_and_total", "word_problems", TWICE_AND_TOTAL, _twice_and_total),
    SkillEngine("story_take_then_share", "word_problems", TAKE_THEN_SHARE, _take_then_share),
    SkillEngine("story_join_three", "word_problems", JOIN_THREE, _join_three),
    SkillEngine("story_take_twice", "word_problems", TAKE_TWICE, _take_twice),
    SkillEngine("story_join_then_share", "word_problems", JOIN_THEN_SHARE, _join_then_share),
    SkillEngine("story_groups_of_groups", "word_problems", GROUPS_OF_GROUPS, _groups_of_groups),
    SkillEngine("story_rate_then_scale", "word_problems", RATE_THEN_SCALE, _rate_then_scale),
    SkillEngine("story_change_in_shop", "word_problems", CHANGE_IN_SHOP, _change_in_shop),
)
