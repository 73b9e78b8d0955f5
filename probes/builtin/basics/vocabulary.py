"""Vocabulary: opposites, plurals, past tenses, and what kind of thing a word names."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.basics.material import KINDS
from probes.builtin.generate import Item, Skill, pairs

# --- material ------------------------------------------------------------------------------------

OPPOSITES = {
    1: pairs(
        """hot:cold up:down day:night black:white in:out on:off left:right open:closed new:old wet:dry full:empty
        tall:short high:low first:last rich:poor true:false win:lose east:west north:south love:hate"""
    ),
    2: pairs(
        """early:late hard:soft dark:light strong:weak push:pull buy:sell inside:outside before:after above:below
        clean:dirty near:far alive:dead heavy:light thick:thin deep:shallow noisy:quiet begin:end
        front:back top:bottom"""
    ),
    3: pairs(
        """tight:loose smooth:rough wide:narrow borrow:lend arrive:depart accept:refuse
        remember:forget increase:decrease ancient:modern generous:selfish brave:cowardly guilty:innocent
        expand:contract victory:defeat temporary:permanent visible:invisible possible:impossible
        expensive:cheap export:import"""
    ),
}
PLURALS = {
    1: pairs(
        """cat:cats book:books tree:trees car:cars hand:hands door:doors star:stars bird:birds river:rivers
        chair:chairs apple:apples cloud:clouds stone:stones lamp:lamps farmer:farmers window:windows
        song:songs plant:plants"""
    ),
    2: pairs(
        """box:boxes bus:buses dish:dishes church:churches glass:glasses fox:foxes watch:watches city:cities
        baby:babies story:stories berry:berries party:parties lady:ladies puppy:puppies toy:toys key:keys
        brush:brushes potato:potatoes hero:heroes"""
    ),
    3: pairs(
        """child:children man:men woman:women foot:feet tooth:teeth mouse:mice goose:geese leaf:leaves
        knife:knives wolf:wolves life:lives half:halves calf:calves person:people ox:oxen shelf:shelves wife:wives
        thief:thieves elf:elves loaf:loaves"""
    ),
}
PASTS = {
    1: pairs(
        """walk:walked play:played jump:jumped look:looked help:helped talk:talked open:opened call:called
        cook:cooked clean:cleaned work:worked wait:waited paint:painted pull:pulled ask:asked climb:climbed"""
    ),
    2: pairs(
        """love:loved dance:danced stop:stopped cry:cried try:tried carry:carried plan:planned study:studied
        like:liked hope:hoped drop:dropped marry:married bake:baked hurry:hurried move:moved rub:rubbed"""
    ),
    3: pairs(
        """go:went eat:ate see:saw run:ran take:took give:gave come:came write:wrote drink:drank sing:sang
        swim:swam buy:bought think:thought teach:taught catch:caught bring:brought fly:flew speak:spoke
        break:broke sleep:slept make:made find:found keep:kept leave:left sit:sat tell:told know:knew
        begin:began drive:drove fall:fell"""
    ),
}
TOO_CLOSE = {"bird": "animal", "vegetable": "fruit", "fruit": "color"}
"""Kinds that could be argued for as well: a bird is an animal, a cucumber a fruit, plum a color."""

# --- draw ----------------------------------------------------------------------------------------


def draw_opposite(rng: Random) -> Item:
    return _draw_pair(rng, OPPOSITES)


def draw_plural(rng: Random) -> Item:
    return _draw_pair(rng, PLURALS)


def draw_past(rng: Random) -> Item:
    return _draw_pair(rng, PASTS)


def draw_kind(rng: Random) -> Item:
    kind = rng.choice(tuple(KINDS))
    word = rng.choice(KINDS[kind])
    n_others = rng.randint(1, 3)
    kinds = [kind, *rng.sample([k for k in KINDS if k not in (kind, TOO_CLOSE.get(kind))], n_others)]
    rng.shuffle(kinds)
    shown = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
    return Item(word, n_others, {"word": word, "kinds": shown, "kind": kind}, tuple(kinds))


def _draw_pair(rng: Random, known: Mapping[int, Mapping[str, str]]) -> Item:
    difficulty = rng.randint(1, 3)
    word, answer = rng.choice(sorted(known[difficulty].items()))
    return Item(word, difficulty, {"word": word, "answer": answer})


# --- answer --------------------------------------------------------------------------------------


def paired(slots: Mapping[str, Any]) -> str:
    return slots["answer"]


def kind_of(slots: Mapping[str, Any]) -> str:
    return slots["kind"]


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "opposite",
        draw_opposite,
        paired,
        (
            'What is the opposite of "{word}"? Answer with only the word.',
            "Name the word that means the opposite of {word}. Reply with just one word.",
            "Give only the antonym of {word}.",
            'Which word is the contrary of "{word}"? Answer with only the word.',
        ),
        n_items=56,
    ),
    Skill(
        "plural",
        draw_plural,
        paired,
        (
            'What is the plural of "{word}"? Answer with only the word.',
            "One {word}, two what? Reply with just the word.",
            "Write the plural form of {word}. Give only the word.",
            "If there is more than one {word}, which word do we use? Answer with only the word.",
        ),
        n_items=56,
    ),
    Skill(
        "past_tense",
        draw_past,
        paired,
        (
            'What is the past tense of "{word}"? Answer with only the word.',
            "Today I {word}. Which form of the verb do we use for yesterday? Reply with just the word.",
            "Write the verb {word} in the simple past. Give only the word.",
            'Yesterday they did it: put "{word}" into the past tense. Answer with only the word.',
        ),
    ),
    Skill(
        "kind_of_thing",
        draw_kind,
        kind_of,
        (
            'Is "{word}" a kind of {kinds}? Answer with only the word.',
            "Which of these does {word} belong to: {kinds}? Reply with just the word.",
            'Sort the word "{word}" under one heading: {kinds}. Give only the heading.',
            "What is {word}: {kinds}? Answer with only the word.",
        ),
    ),
)
