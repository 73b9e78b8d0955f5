"""Language: repeat a word, tell good grammar from bad, know a synonym.

Grammar and synonyms are ranked by log-likelihood: no generation, so cheap, and no answer format.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.generate import Item, Skill, pairs, words

# --- material ------------------------------------------------------------------------------------

WORDS = words(
    """banana table river window garden music yellow doctor family orange winter summer school morning island
    mountain bridge candle planet cheese forest camera market kitchen engine rabbit pencil bottle hammer guitar"""
)
GRAMMAR = tuple(
    tuple(part.strip() for part in line.split("|"))
    for line in """
    She goes to school every day. | She go to school every day.
    They are playing in the park. | They is playing in the park.
    He has two sisters. | He have two sisters.
    The children were happy. | The children was happy.
    I am cooking dinner now. | I are cooking dinner now.
    We went to the beach yesterday. | We goed to the beach yesterday.
    There are three cats on the roof. | There is three cats on the roof.
    My brother likes to swim. | My brother like to swim.
    The dogs bark at night. | The dogs barks at night.
    She wrote a long letter. | She writed a long letter.
    This is an apple. | This is a apple.
    She wore an old hat. | She wore a old hat.
    These books are new. | This books are new.
    Those shoes are too small. | That shoes are too small.
    He doesn't know the answer. | He don't know the answer.
    Did you see the movie? | Did you saw the movie?
    She can sing very well. | She can sings very well.
    They have eaten all the cake. | They have ate all the cake.
    I have never been to Paris. | I have never be to Paris.
    The man who lives here is old. | The man which live here is old.
    He is taller than me. | He is more tall than me.
    This is the best day of my life. | This is the goodest day of my life.
    We must leave now. | We must to leave now.
    She enjoys reading books. | She enjoys to reading books.
    He is good at math. | He is good in at math.
    I met him last week. | I met he last week.
    They invited us to dinner. | They invited we to dinner.
    Her mother is a teacher. | She mother is a teacher.
    The cat licked its paw. | The cat licked it paw.
    He hurt himself. | He hurt hisself.
    There isn't any milk left. | There isn't no any milk left.
    How many people came? | How much people came?
    How much water do you want? | How many water do you want?
    I bought a few apples. | I bought a little apples.
    She sat on the chair. | She sat the chair on.
    The red ball is under the bed. | The ball red is under the bed.
    What are you doing? | What you are doing?
    Where does he live? | Where he does live?
    I usually drink tea in the morning. | I drink usually tea in the morning.
    He gave the book to her. | He gave to the book her.
    The train arrives at noon. | The train arrive at noon.
    Two birds are sitting in the tree. | Two bird are sitting in the tree.
    If it rains, we will stay home. | If it rains, we will stayed home.
    She was born in 1990. | She were born in 1990.
    The window was broken by the ball. | The window was break by the ball.
    My parents are very kind. | My parents is very kind.
    He ran quickly to the door. | He ran quick to door the.
    I want to learn English. | I want learn to English.
    You should eat more vegetables. | You should eats more vegetables.
    It is raining outside. | It raining is outside.
    """.strip().splitlines()
)
"""Right sentence, wrong sentence."""
SYNONYMS = pairs(
    """big:large small:tiny happy:glad sad:unhappy fast:quick begin:start end:finish smart:clever angry:mad
    beautiful:pretty rich:wealthy tired:sleepy scared:afraid silent:quiet hard:difficult easy:simple strange:odd
    large:huge speak:talk shout:yell jump:leap choose:pick repair:fix gift:present road:street child:kid
    rock:stone ocean:sea house:home sick:ill wonderful:great correct:right error:mistake reply:answer
    buy:purchase help:assist keep:hold look:see close:shut cold:chilly"""
)

# --- draw ----------------------------------------------------------------------------------------


def draw_word(rng: Random) -> Item:
    word = rng.choice(WORDS)
    return Item(word, 1, {"word": word, "answer": word}, WORDS)


def draw_sentence(rng: Random) -> Item:
    right, wrong = rng.choice(GRAMMAR)
    shared = [
        word
        for word in right.rstrip(".?").split()
        if word in wrong.rstrip(".?").split() and word.islower() and word.isalpha()
    ]
    return Item(
        right, 1, {"topic": max(shared, key=len), "answer": right}, tuple(rng.sample((right, wrong), 2))
    )


def draw_synonym(rng: Random) -> Item:
    word = rng.choice(tuple(SYNONYMS))
    answer = SYNONYMS[word]
    others = sorted(set(SYNONYMS.values()) - {answer, word, SYNONYMS.get(answer)})
    return Item(
        word, 1, {"word": word, "answer": answer}, tuple(rng.sample((answer, *rng.sample(others, 3)), 4))
    )


# --- answer --------------------------------------------------------------------------------------


def looked_up(slots: Mapping[str, Any]) -> str:
    return slots["answer"]


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "repeat_a_word",
        draw_word,
        looked_up,
        ("Repeat this word: {word}", "Please repeat the following word.\n\n{word}"),
        n_items=len(WORDS),
        wordings_per_item=1,
    ),
    Skill(
        "good_grammar",
        draw_sentence,
        looked_up,
        ('Write a short sentence with the word "{topic}".', 'Use the word "{topic}" in a sentence.'),
        n_items=len(GRAMMAR),
        wordings_per_item=1,
        scorer="loglikelihood",
    ),
    Skill(
        "synonym",
        draw_synonym,
        looked_up,
        ('What is another word for "{word}"?', 'Which word means the same as "{word}"?'),
        n_items=len(SYNONYMS),
        wordings_per_item=1,
        scorer="loglikelihood",
    ),
)
