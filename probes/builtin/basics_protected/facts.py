"""Common knowledge, ranked by log-likelihood: simple facts, ends of sentences, colors of things."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.generate import Item, Skill

# --- material ------------------------------------------------------------------------------------


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """Lines of `question | right | wrong | wrong | wrong`."""
    rows = (tuple(part.strip() for part in line.split("|")) for line in text.strip().splitlines())
    return {question: tuple(answers) for question, *answers in rows}


FACTS = _table("""
    What do bees make? | honey | milk | wool | bread
    What do we breathe with? | lungs | ears | knees | teeth
    Which planet do we live on? | Earth | Mars | Venus | Saturn
    Which planet is known as the Red Planet? | Mars | Earth | Venus | Neptune
    What is the largest planet in the solar system? | Jupiter | Mercury | Mars | Venus
    What is the largest ocean on Earth? | the Pacific Ocean | the Arctic Ocean | the Indian Ocean | the Black Sea
    What gas do plants take in from the air? | carbon dioxide | helium | neon | hydrogen
    What gas do humans need to breathe to live? | oxygen | helium | methane | neon
    What is frozen water called? | ice | steam | sand | smoke
    What is the tallest animal in the world? | the giraffe | the rabbit | the horse | the mouse
    Which animal is known as the king of the jungle? | the lion | the cow | the snake | the duck
    What is the largest mammal in the world? | the blue whale | the house cat | the horse | the rabbit
    Who wrote Romeo and Juliet? | William Shakespeare | Charles Dickens | Mark Twain | Albert Einstein
    Who painted the Mona Lisa? | Leonardo da Vinci | Vincent van Gogh | Pablo Picasso | Isaac Newton
    What is the hardest natural substance on Earth? | diamond | butter | paper | wood
    What is the chemical formula of water? | H2O | CO2 | NaCl | O2
    Which organ pumps blood through the body? | the heart | the liver | the brain | the skin
    What is the fastest land animal? | the cheetah | the turtle | the snail | the cow
    Which country is famous for the Great Wall? | China | Brazil | Canada | Norway
    In which country are the pyramids of Giza? | Egypt | Sweden | Japan | Chile
    What do caterpillars turn into? | butterflies | fish | birds | frogs
    Who developed the theory of relativity? | Albert Einstein | William Shakespeare | Pablo Picasso | Mozart
    What do cows produce that we drink? | milk | wine | coffee | tea
    Which meal do people eat in the morning? | breakfast | dinner | supper | dessert
    What is the name of our galaxy? | the Milky Way | Andromeda | Orion | Jupiter
    Who was the first president of the United States? | George Washington | Abraham Lincoln | Napoleon | John Kennedy
    Which instrument has black and white keys? | the piano | the drum | the violin | the flute
    What is the longest river in Africa? | the Nile | the Amazon | the Danube | the Thames
    What is the tallest mountain in the world? | Mount Everest | Mount Fuji | Mount Vesuvius | Mont Blanc
    What color do you get when you mix blue and yellow? | green | red | black | orange
    How do plants make food from sunlight? | by photosynthesis | by digestion | by evaporation | by sleeping
    What force pulls objects toward the Earth? | gravity | friction | magnetism | heat
    Which sense do we use our eyes for? | sight | taste | smell | hearing
    Who was the first person to walk on the Moon? | Neil Armstrong | Yuri Gagarin | Isaac Newton | Charles Darwin
    What do you call a person who flies an airplane? | a pilot | a baker | a nurse | a farmer
    What do you call a doctor for teeth? | a dentist | a lawyer | a pilot | a painter
    What do you call a person who teaches students? | a teacher | a driver | a cook | a sailor
    Which season comes after winter? | spring | Monday | night | August
    What do we call the study of living things? | biology | geology | history | music
    What do we call the study of stars and planets? | astronomy | botany | grammar | cooking
    What is the currency of Japan? | the yen | the peso | the dollar | the ruble
    What is the currency of the United States? | the dollar | the yen | the euro | the rupee
    How many days are in a week? | seven | three | twelve | twenty
    How many legs does a spider have? | eight | two | four | one hundred
    What do we use to cut paper? | scissors | a spoon | a pillow | soap
    Who puts out fires? | firefighters | teachers | bakers | singers
    Where do fish live? | in water | in trees | in ovens | in books
    Where do we borrow books? | at the library | at the bakery | at the pool | at the airport
    What falls from the clouds? | rain | bread | cars | shoes
    What shines in the sky during the day? | the sun | a lamp | a candle | the moon
""")
"""Question: the right answer first."""
ENDINGS = _table("""
    A fish lives in the | water | oven | tree | lamp
    Birds can fly with their | wings | books | spoons | shoes
    We see with our | eyes | knees | feet | elbows
    We hear with our | ears | hands | toes | hair
    We smell with our | nose | fingers | knees | shoes
    You cut paper with | scissors | soup | clouds | milk
    You write on paper with a | pencil | fork | pillow | wheel
    You sleep in a | bed | cup | drawer | bottle
    You drink tea from a | cup | shoe | book | hammer
    A king wears a | crown | wheel | kettle | ladder
    You open a locked door with a | key | banana | blanket | cloud
    When it rains you hold an | umbrella | apple | elephant | onion
    A chicken lays | eggs | bricks | books | coins
    You brush your teeth with a | toothbrush | hammer | pillow | shovel
    You tell the time with a | clock | spoon | chair | carpet
    You take a photo with a | camera | kettle | sock | ladder
    At night the sky shows the | moon | floor | kitchen | carpet
    In winter it is cold and we see | snow | sharks | camels | bananas
    A baker bakes | bread | stones | cars | letters
    A doctor works in a | hospital | bakery | stable | mine
    A teacher works in a | school | ship | cave | circus
    A rabbit likes to eat | carrots | stones | nails | paper
    A dog likes to chew a | bone | cloud | river | number
    Monkeys like to eat | bananas | bricks | coins | cars
    A ship sails on the | sea | wall | table | roof
    You hit a nail with a | hammer | sponge | feather | sock
    You sweep the floor with a | broom | fork | pencil | candle
    You put a letter in an | envelope | elephant | onion | engine
    You wear shoes on your | feet | ears | nose | back
    You wear a hat on your | head | knee | foot | elbow
    You wear gloves on your | hands | ears | feet | nose
    Sugar tastes | sweet | square | loud | tall
    A lemon tastes | sour | loud | heavy | early
    An elephant is very | big | tiny | thin | quiet
    A snail is very | slow | fast | loud | tall
    A library has many | books | cows | ovens | tires
    A zoo has many | animals | letters | engines | nails
    A garden has many | flowers | ships | clocks | engines
    A desert has a lot of | sand | milk | snow | grass
    You keep food cold in a | refrigerator | fireplace | pocket | desert
""")
COLORS = _table("""
    a banana | yellow | blue | black | purple
    grass | green | red | pink | orange
    snow | white | black | red | green
    the sky on a clear day | blue | brown | green | pink
    blood | red | green | blue | yellow
    coal | black | yellow | pink | green
    a lemon | yellow | blue | black | gray
    a ripe tomato | red | blue | gray | purple
    milk | white | green | blue | black
    chocolate | brown | green | pink | blue
    a carrot | orange | blue | black | white
    a strawberry | red | blue | gray | black
    a crow | black | pink | green | yellow
    an emerald | green | brown | orange | black
    a ruby | red | green | gray | yellow
    a cucumber | green | red | blue | pink
    spinach | green | red | blue | pink
    a polar bear | white | green | red | blue
    an elephant | gray | green | red | yellow
    a swan | white | green | orange | purple
    the ocean | blue | red | yellow | orange
    a pumpkin | orange | blue | black | purple
    broccoli | green | red | blue | pink
    a fire truck | red | green | pink | brown
    a frog | green | purple | white | pink
    a flamingo | pink | green | blue | brown
""")

# --- draw ----------------------------------------------------------------------------------------


def draw_fact(rng: Random) -> Item:
    return _draw(rng, FACTS)


def draw_ending(rng: Random) -> Item:
    return _draw(rng, ENDINGS)


def draw_color(rng: Random) -> Item:
    return _draw(rng, COLORS)


def _draw(rng: Random, table: Mapping[str, tuple[str, ...]]) -> Item:
    asked = rng.choice(tuple(table))
    return Item(asked, 1, {"asked": asked, "answer": table[asked][0]}, tuple(rng.sample(table[asked], 4)))


# --- answer --------------------------------------------------------------------------------------


def looked_up(slots: Mapping[str, Any]) -> str:
    return slots["answer"]


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "fact", draw_fact, looked_up, ("{asked}",), len(FACTS), wordings_per_item=1, scorer="loglikelihood"
    ),
    Skill(
        "end_of_sentence",
        draw_ending,
        looked_up,
        ("Complete the sentence with one word: {asked} ...", "Which word is missing at the end? {asked} ..."),
        len(ENDINGS),
        wordings_per_item=1,
        scorer="loglikelihood",
    ),
    Skill(
        "color_of_thing",
        draw_color,
        looked_up,
        ("What color is {asked}?", "Name the color of {asked}."),
        len(COLORS),
        wordings_per_item=2,
        scorer="loglikelihood",
    ),
)
