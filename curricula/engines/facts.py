"""Facts small enough to be listed here: capitals, colors of things, legs of animals, sounds, what tools are for."""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine

# ---- material -------------------------------------------------------------------------------------------


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`a:b c:d` as pairs; an underscore stands for a space."""
    return tuple(
        (a.replace("_", " "), b.replace("_", " ")) for a, b in (entry.split(":") for entry in text.split())
    )


CAPITALS = _pairs(
    """France:Paris Germany:Berlin Italy:Rome Spain:Madrid England:London Japan:Tokyo China:Beijing Russia:Moscow
    Greece:Athens Egypt:Cairo Canada:Ottawa Austria:Vienna Portugal:Lisbon Ireland:Dublin Poland:Warsaw Sweden:Stockholm
    Norway:Oslo Denmark:Copenhagen Finland:Helsinki Hungary:Budapest Belgium:Brussels Turkey:Ankara Australia:Canberra
    Mexico:Mexico_City Cuba:Havana Peru:Lima Chile:Santiago Argentina:Buenos_Aires Brazil:Brasília Colombia:Bogotá
    Venezuela:Caracas Kenya:Nairobi Morocco:Rabat Thailand:Bangkok Vietnam:Hanoi Indonesia:Jakarta Iran:Tehran
    Iraq:Baghdad Lebanon:Beirut Romania:Bucharest Bulgaria:Sofia Croatia:Zagreb Serbia:Belgrade Ukraine:Kyiv
    Iceland:Reykjavik Nepal:Kathmandu Pakistan:Islamabad Philippines:Manila Jamaica:Kingston Ethiopia:Addis_Ababa"""
)
COLORS = _pairs(
    """grass:green snow:white coal:black blood:red milk:white lemons:yellow bananas:yellow carrots:orange oranges:orange
    leaves_in_summer:green the_sky_on_a_clear_day:blue strawberries:red cherries:red chocolate:brown broccoli:green
    cucumbers:green frogs:green polar_bears:white flamingos:pink swans:white ravens:black crows:black pumpkins:orange
    spinach:green salt:white tomatoes:red lettuce:green cotton:white peas:green raspberries:red soot:black"""
)
LEGS = _pairs(
    """dog:4 cat:4 horse:4 cow:4 spider:8 ant:6 bee:6 chicken:2 duck:2 human:2 snake:0 fish:0 frog:4 butterfly:6 fly:6
    sheep:4 pig:4 elephant:4 eagle:2 owl:2 penguin:2 lizard:4 beetle:6 mosquito:6 lion:4 mouse:4 goat:4 crab:10
    scorpion:8 grasshopper:6 ostrich:2 worm:0 crocodile:4 turtle:4"""
)
SOUNDS = _pairs(
    """cow:moos dog:barks cat:meows sheep:bleats pig:oinks horse:neighs duck:quacks lion:roars snake:hisses
        bee:buzzes owl:hoots wolf:howls frog:croaks mouse:squeaks donkey:brays"""
)
YOUNG = _pairs(
    """dog:puppy cat:kitten cow:calf horse:foal sheep:lamb goat:kid pig:piglet hen:chick duck:duckling goose:gosling
    lion:cub bear:cub deer:fawn kangaroo:joey swan:cygnet frog:tadpole owl:owlet eagle:eaglet"""
)
SIDES = _pairs(
    """triangle:3 square:4 rectangle:4 pentagon:5 hexagon:6 heptagon:7 octagon:8 rhombus:4 trapezoid:4
        nonagon:9 decagon:10"""
)


# ---- wordings -------------------------------------------------------------------------------------------

CAPITAL = (
    "what is the capital of {a}?",
    "which city is the capital of {a}?",
    "name the capital city of {a}.",
    "the government of {a} sits in which capital?",
    "{a} has which city as its capital?",
)
COUNTRY_OF_CAPITAL = (
    "{b} is the capital of which country?",
    "which country has {b} as its capital?",
    "of what country is {b} the capital?",
)
COLOR = (
    "what is the color of {a}?",
    "what is the usual color of {a}?",
    "which color goes with {a}?",
    "name the color of {a}.",
)
LEG_COUNT = (
    "how many legs does a {a} have?",
    "count the legs of one {a}.",
    "a {a} walks on how many legs?",
    "what is the number of legs of a {a}?",
)
SOUND_MAKER = (
    "which animal {b}: {options}?",
    "it {b}. Which animal is it, {options}?",
    "pick the animal that {b}: {options}.",
)
YOUNG_OF = (
    "what is a young {a} called?",
    "what do you call the baby of a {a}?",
    "a baby {a} has which name?",
    "name the young of a {a}.",
)
SIDE_COUNT = (
    "how many sides does a {a} have?",
    "count the sides of a {a}.",
    "a {a} has how many sides?",
    "what is the number of sides of a {a}?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _pick(rng: Random, table: tuple[tuple[str, str], ...], difficulty: float) -> tuple[str, str]:
    """An entry; tables begin with what everybody knows, and difficulty opens the rest."""
    return table[rng.randrange(max(6, round(len(table) * (0.3 + 0.7 * difficulty))))]


def _other_values(
    rng: Random, table: tuple[tuple[str, str], ...], column: int, answer: str
) -> tuple[str, ...]:
    values = sorted({entry[column] for entry in table} - {answer})
    return tuple(rng.sample(values, min(4, len(values))))


def _forward(table: tuple[tuple[str, str], ...], says: str):
    def draw(rng: Random, difficulty: float) -> Draw:
        a, b = _pick(rng, table, difficulty)
        steps = says.format(a=a, b=b)
        return Draw({"a": a}, b, steps[0].upper() + steps[1:], {"a": a}, _other_values(rng, table, 1, b))

    return draw


def _country_of_capital(rng: Random, difficulty: float) -> Draw:
    a, b = _pick(rng, CAPITALS, difficulty)
    return Draw({"b": b}, a, f"The capital of {a} is {b}.", {"b": b}, _other_values(rng, CAPITALS, 0, a))


def _sound_maker(rng: Random, difficulty: float) -> Draw:
    animal, sound = _pick(rng, SOUNDS, difficulty)
    wrong = _other_values(rng, SOUNDS, 0, animal)[:3]
    options = [animal, *wrong]
    rng.shuffle(options)
    slots = {"b": sound, "options": ", ".join(options[:-1]) + f" or {options[-1]}"}
    return Draw(slots, animal, f"The {animal} {sound}.", {"b": sound}, wrong)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("capital", "facts", CAPITAL, _forward(CAPITALS, "the capital of {a} is {b}.")),
    SkillEngine("country_of_capital", "facts", COUNTRY_OF_CAPITAL, _country_of_capital),
    SkillEngine("color", "facts", COLOR, _forward(COLORS, "{a}: {b}.")),
    SkillEngine("leg_count", "facts", LEG_COUNT, _forward(LEGS, "a {a} has {b} legs.")),
    SkillEngine("sound_maker", "facts", SOUND_MAKER, _sound_maker),
    SkillEngine("young_of", "facts", YOUNG_OF, _forward(YOUNG, "a young {a} is called a {b}.")),
    SkillEngine("side_count", "facts", SIDE_COUNT, _forward(SIDES, "a {a} has {b} sides.")),
)
