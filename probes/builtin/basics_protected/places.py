"""Places, asked plainly and answered in the student's own words: capitals, countries, languages, continents."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from probes.builtin.generate import Item, Skill, pairs

# --- material ------------------------------------------------------------------------------------

CAPITALS = pairs(
    """France:Paris Italy:Rome Spain:Madrid Germany:Berlin Japan:Tokyo China:Beijing Russia:Moscow Egypt:Cairo
    Greece:Athens Portugal:Lisbon Ireland:Dublin Austria:Vienna Poland:Warsaw Hungary:Budapest Sweden:Stockholm
    Norway:Oslo Denmark:Copenhagen Finland:Helsinki Turkey:Ankara Iran:Tehran Iraq:Baghdad Cuba:Havana Peru:Lima
    Chile:Santiago Canada:Ottawa Australia:Canberra Thailand:Bangkok Kenya:Nairobi Argentina:Buenos_Aires
    Belgium:Brussels Scotland:Edinburgh Indonesia:Jakarta India:New_Delhi Vietnam:Hanoi Nepal:Kathmandu
    Romania:Bucharest Bulgaria:Sofia Lebanon:Beirut Syria:Damascus Jordan:Amman Ecuador:Quito"""
)
COUNTRIES = pairs(
    """Paris:France Marseille:France Milan:Italy Venice:Italy Naples:Italy Barcelona:Spain Seville:Spain
    Munich:Germany Hamburg:Germany Tokyo:Japan Kyoto:Japan Osaka:Japan Shanghai:China Mumbai:India Kolkata:India
    Toronto:Canada Vancouver:Canada Montreal:Canada Sydney:Australia Melbourne:Australia Istanbul:Turkey
    Athens:Greece Lisbon:Portugal Moscow:Russia Cairo:Egypt Nairobi:Kenya Lagos:Nigeria Bangkok:Thailand
    Seoul:South_Korea Jakarta:Indonesia Karachi:Pakistan Dublin:Ireland Vienna:Austria Zurich:Switzerland
    Amsterdam:Netherlands Oslo:Norway Warsaw:Poland Budapest:Hungary Lima:Peru Havana:Cuba"""
)
LANGUAGES = pairs(
    """France:French Germany:German Italy:Italian Japan:Japanese Russia:Russian Greece:Greek Portugal:Portuguese
    Poland:Polish Turkey:Turkish Sweden:Swedish Spain:Spanish Mexico:Spanish Brazil:Portuguese Korea:Korean
    Hungary:Hungarian Finland:Finnish Denmark:Danish Norway:Norwegian Argentina:Spanish England:English
    Australia:English Thailand:Thai Vietnam:Vietnamese Peru:Spanish Chile:Spanish"""
)
CONTINENTS = pairs(
    """France:Europe Italy:Europe Spain:Europe Germany:Europe Poland:Europe Sweden:Europe Greece:Europe
    Japan:Asia China:Asia India:Asia Vietnam:Asia Thailand:Asia Nepal:Asia Kenya:Africa Nigeria:Africa Egypt:Africa
    Ghana:Africa Ethiopia:Africa Uganda:Africa Brazil:South_America Peru:South_America Chile:South_America
    Argentina:South_America Canada:North_America Mexico:North_America"""
)

# --- draw ----------------------------------------------------------------------------------------


def draw_capital(rng: Random) -> Item:
    return _draw(rng, CAPITALS)


def draw_country(rng: Random) -> Item:
    return _draw(rng, COUNTRIES)


def draw_language(rng: Random) -> Item:
    return _draw(rng, LANGUAGES, rivals=True)


def draw_continent(rng: Random) -> Item:
    return _draw(rng, CONTINENTS, rivals=True)


def _draw(rng: Random, known: Mapping[str, str], rivals: bool = False) -> Item:
    """`rivals`: all answers of the kind compete, so that listing several is no answer."""
    place = rng.choice(tuple(known))
    return Item(
        place,
        1,
        {"place": place, "answer": known[place]},
        tuple(sorted(set(known.values()))) if rivals else (),
    )


# --- answer --------------------------------------------------------------------------------------


def looked_up(slots: Mapping[str, Any]) -> str:
    return slots["answer"]


# --- SKILLS --------------------------------------------------------------------------------------

SKILLS = (
    Skill(
        "capital",
        draw_capital,
        looked_up,
        (
            "What is the capital of {place}?",
            "Which city is the capital of {place}?",
            "Name the capital city of {place}.",
        ),
        n_items=len(CAPITALS),
    ),
    Skill(
        "country_of_city",
        draw_country,
        looked_up,
        (
            "In which country is the city of {place}?",
            "{place} is a city in which country?",
            "Which country is {place} in?",
        ),
        n_items=len(COUNTRIES),
    ),
    Skill(
        "language",
        draw_language,
        looked_up,
        ("Which language is spoken in {place}?", "What is the main language of {place}?"),
        n_items=len(LANGUAGES),
    ),
    Skill(
        "continent",
        draw_continent,
        looked_up,
        ("Which continent does {place} belong to?", "What continent is {place} part of?"),
        n_items=len(CONTINENTS),
    ),
)
