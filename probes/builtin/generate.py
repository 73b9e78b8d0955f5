"""Turn skills into probes: the one loop that every generated suite shares.

A family file states skills in four blocks, always in this order: **material** (words, ranges), **draw**
(a random generator in, the parts of one item out), **answer** (the parts in, the gold out) and
**SKILLS** (names, wordings, sizes). The item's key is its group: the same numbers or words in another
wording are the same group and so never straddle two splits.

Seeds are hashed from suite, skill and draw number. Neighbouring integer seeds share items (of
reasoning-gym's seeds 42 and 43, 499 of 500 items are the same), hashes do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from probes.suite import Probe

MAX_DRAWS_PER_ITEM = 200  # a family that cannot fill `n_items` has too little material


@dataclass(frozen=True)
class Item:
    """The parts of one question, before its wording."""

    key: str
    """What makes two items the same, whatever the wording or order: `3+4`, `apple,pear,plum`."""
    difficulty: int
    """1 easy, 2 middle, 3 hard for a model of 100 M parameters."""
    slots: Mapping[str, Any]
    """What fills the wordings and feeds the answer."""
    choices: tuple[str, ...] = ()
    """The answers that compete; the lenient score accepts none of the others beside the gold."""


@dataclass(frozen=True)
class Skill:
    """One thing to be able to do."""

    name: str
    draw: Callable[[Random], Item]
    answer: Callable[[Mapping[str, Any]], str]
    wordings: tuple[str, ...]
    """Templates over the slots, each with the answer format it asks for."""
    n_items: int = 60
    wordings_per_item: int = 2
    scorer: str = "exact"
    tags: Mapping[str, Any] = field(default_factory=dict)
    """Goes into every probe's meta."""


def make_probes(suite: str, skills: Iterable[Skill]) -> tuple[Probe, ...]:
    """All probes of `skills`, the same on every machine.

    Meta: skill, difficulty, wording, chance (share of right answers by blind choice, 0 where open).

    Raises:
        ValueError: a skill's material is too small for its `n_items`, or two prompts are equal.
    """
    probes: list[Probe] = []
    for skill in skills:
        for number, item in enumerate(_items(suite, skill)):
            gold = skill.answer(item.slots)
            meta = {"skill": skill.name, "difficulty": item.difficulty, **skill.tags}
            chance = round(1 / len(item.choices), 3) if item.choices else 0.0
            for wording in _wordings(suite, skill, item):
                probes.append(
                    Probe(
                        suite=suite,
                        probe_id=f"{skill.name}-{number:03d}-{wording}",
                        prompt=skill.wordings[wording].format_map(item.slots),
                        gold=gold,
                        scorer=skill.scorer,
                        group=f"{skill.name}:{item.key}",
                        choices=item.choices,
                        meta={**meta, "wording": wording, "chance": chance},
                    )
                )
    prompts = [probe.prompt for probe in probes]
    if len(set(prompts)) < len(prompts):
        raise ValueError(f"suite {suite!r} asks twice: {next(p for p in prompts if prompts.count(p) > 1)!r}")
    return tuple(probes)


def hashed_random(*parts: object) -> Random:
    """A generator seeded by a hash of `parts`; close parts give unrelated streams."""
    text = "\x1f".join(map(str, parts))
    return Random(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big"))


def words(text: str) -> tuple[str, ...]:
    """Words of a block of text; `_` stands for a space inside one."""
    return tuple(word.replace("_", " ") for word in text.split())


def pairs(text: str) -> dict[str, str]:
    """`word:answer` pairs of a block of text; `_` stands for a space."""
    return dict(pair.replace("_", " ").split(":") for pair in text.split())


def _items(suite: str, skill: Skill) -> list[Item]:
    found: dict[str, Item] = {}
    for draw in range(skill.n_items * MAX_DRAWS_PER_ITEM):
        item = skill.draw(hashed_random(suite, skill.name, draw))
        found.setdefault(item.key, item)
        if len(found) == skill.n_items:
            return list(found.values())
    raise ValueError(f"skill {skill.name!r} has material for {len(found)} items only, not {skill.n_items}")


def _wordings(suite: str, skill: Skill, item: Item) -> list[int]:
    rng = hashed_random(suite, skill.name, item.key, "wordings")
    return sorted(rng.sample(range(len(skill.wordings)), skill.wordings_per_item))
