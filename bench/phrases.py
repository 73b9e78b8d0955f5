"""`python -m bench.phrases`: what phrases are worth when a teacher leaves some out, and what a small teacher writes.

Without arguments: F1 of a planted weakness, and false claims, by the share of rows that have a phrase (no model;
about two minutes; `--own-text`: a row without a phrase keeps its own text instead of borrowing). With `--gguf FILE [--probes N]`: N probes of `basics` are put to that model, served by llama.cpp
on loopback (extra `server`); prints how many phrases are usable and why the others are not.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from pathlib import Path
from random import Random
from unittest import mock

from agent.diagnosis import find_weaknesses, phrases
from tests.agent.diagnosis.questions import answer, ask
from tests.agent.diagnosis.stories import f1, tell

N, SEEDS = 240, 6
NULL_SEEDS = 20
SHARES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
OF_SUBJECT = {
    "roman": ("reading Roman numerals", "converting Roman numerals to digits"),
    "days": ("finding a later day of the week", "counting days of the week on"),
    "minutes": ("converting hours to minutes", "turning hours into minutes"),
    "plural": ("forming the plural of nouns", "writing plural nouns"),
    "capital": ("recalling capital cities", "naming capitals of countries"),
    "sum": ("adding two whole numbers", "finding the sum of two numbers"),
    "rhyme": ("finding words that rhyme", "recognising rhyming words"),
    "color": ("mixing paint colors", "predicting the color of mixed paint"),
}


def material(name: str, seed: int) -> tuple[list[str], list[str], list[str], set[str]]:
    """Texts, skills, phrases and the weak skills: stories' texts say nothing about the skill, questions' say it."""
    if name == "stories":
        return *tell(N, seed), {"divide"}
    texts, skills = ask(N, seed)
    rng = Random(seed + 7)
    return texts, skills, [rng.choice(OF_SUBJECT[skill]) for skill in skills], {"plural", "minutes"}


def without(written: list[str], skills: list[str], share: float, by_skill: bool, seed: int) -> list[str]:
    """Some phrases emptied: at random, or all of one (weak) skill first."""
    order = Random(seed).sample(range(len(written)), len(written))
    if by_skill:
        order.sort(key=lambda row: (skills[row] not in ("divide", "plural"), skills[row]))
    lost = set(order[: round((1 - share) * len(written))])
    return ["" if row in lost else text for row, text in enumerate(written)]


def coverage() -> None:
    """F1 by share of rows with a phrase, without the 80 % rule; 0 % is what raw texts give."""
    for name in ("stories", "questions"):
        for by_skill in (False, True):
            means = []
            for share in (*SHARES, 0.0):
                scores = []
                for seed in range(SEEDS):
                    texts, skills, written, weak = material(name, seed)
                    correct = answer(skills, dict.fromkeys(weak, 0.3), 0.8, seed)
                    rows = [{"phrase": text} for text in without(written, skills, share, by_skill, seed + 77)]
                    found = find_weaknesses(texts, correct, metadata=rows, seed=seed)
                    planted = {row for row, skill in enumerate(skills) if skill in weak}
                    scores.append(f1([set(w.members) for w in found], planted))
                means.append(f"{share:.0%} {statistics.mean(scores):.2f}")
            print(f"{name}, missing {'by skill' if by_skill else 'at random'}: " + "  ".join(means), flush=True)


def false_claims() -> None:
    """No skill is weak, but hard rows of every skill fail more often and lack a phrase: runs that claim a weakness."""
    for share in SHARES[1:]:
        n_claims = 0
        for seed in range(NULL_SEEDS):
            texts, _, written, _ = material("stories", seed)
            rows = without(written, written, share, False, seed + 7)
            rng = Random(seed + 7)
            correct = [rng.random() < (0.8 if text else 0.45) for text in rows]
            n_claims += bool(find_weaknesses(texts, correct, metadata=[{"phrase": text} for text in rows], seed=seed))
        print(f"hard rows lack a phrase, {share:.0%} have one: {n_claims} of {NULL_SEEDS} runs claim a weakness", flush=True)


def real(gguf: Path, n: int, per_request: int) -> None:
    """Put `n` probes of `basics`, drawn by content hash, to a served model."""
    from agent.config import TeacherConfig
    from agent.teacher.engine import LLMTeacher
    from agent.teacher.memory import MemoryCache, MemoryLedger
    from probes.builtin.basics import suite
    from tests.agent.teacher.llama_server import llama_server

    probes = sorted(suite().probes, key=lambda probe: probe.content_hash)[:n]
    with llama_server(gguf, n_threads=1, n_parallel=1) as url:
        settings = TeacherConfig(model="openai/local", api_base=url, timeout_s=300, concurrency=1)
        with LLMTeacher(settings, MemoryCache(), ledger := MemoryLedger(0.0)) as teacher, mock.patch.multiple(
            phrases, PROBES_PER_REQUEST=per_request, MIN_PILOT_SHARE=0.0
        ):
            written = phrases.write_phrases(probes, teacher)
    usable = [phrase for phrase in written.of.values() if not phrase.reason]
    tokens = (sum(e.tokens_in for e in ledger.entries), sum(e.tokens_out for e in ledger.entries))
    print(f"{len(usable)} of {len(probes)} usable, {len({p.text for p in usable})} different; {len(ledger.entries)} requests of {per_request}, {tokens[0]} tokens in, {tokens[1]} out")
    print("refused:", dict(Counter(phrase.reason for phrase in written.of.values() if phrase.reason)), written.stopped)
    print("as a set:", phrases.why_unused([written.texts.get(p.content_hash, "") for p in probes]) or "used")
    for probe in probes:
        phrase = written.of[probe.content_hash]
        print(f"  {probe.meta['skill']}: {phrase.text[:90]!r}{f' ({phrase.reason})' if phrase.reason else ''}")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own-text", action="store_true")
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--probes", type=int, default=40)
    parser.add_argument("--per-request", type=int, default=phrases.PROBES_PER_REQUEST)
    given = parser.parse_args()
    if given.gguf:
        real(given.gguf, given.probes, given.per_request)
        return
    patches = {"MIN_SHARE": 0.0} | ({"_nearest": lambda texts, known: [[] for _ in texts]} if given.own_text else {})
    with mock.patch.multiple(phrases, **patches):
        coverage()
        false_claims()


if __name__ == "__main__":
    main()
