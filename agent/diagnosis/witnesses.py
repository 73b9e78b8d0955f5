"""Who can testify on a gold label, and what makes each of them believable.

The probes of one suite and the student's samples go in; for each gold, what solver, rule, group and twins say comes
out, and how much the student's word is worth. The one thing to know: a witness that can't be trusted in this suite
says nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from agent.diagnosis.masks import Masked, mask_prompts
from agent.diagnosis.rules import Saying, enough, folded, say_by_numbers
from agent.diagnosis.solving import contradicts, solve, spoken
from agent.diagnosis.word_rules import say_by_words
from agent.student.contract import Sample
from probes.numbers import parse_number
from probes.scorers import score
from probes.suite import Probe

PROOF = 3  # one witness for the gold (a student that says the same by chance) does not undo a proof, two do
RULE_IS_PROOF = 12  # obeying probes that differ in numbers alone; with fewer the rule is one witness
MAX_DISSENT = 0.2  # share of golds against the solver beyond which the suite means something else by its signs
MIN_PAIRS = 20  # pairs of wordings before a suite's groups are believed to be items, one gold each
MIN_AGREEMENT = 0.8  # of golds within groups, beyond chance (kappa): 10 % wrong golds leave .81, other questions on one text far less
MIN_ITEMS = 5  # other items in which two wordings must have had one gold, to be two ways of asking the same
MAX_RIVALS = 20  # wrong answers are not spread evenly: an open question counts as one with 20 options
MIN_ANSWERED = 8  # probes of one wording to judge the student on; else the whole suite is taken

Key = tuple[str, str]
"""Suite and probe id."""


@dataclass(frozen=True)
class Witness:
    """One testimony on one gold."""

    name: str
    says: str
    """The answer it holds for right; "" where it only knows that the gold can't be."""
    weight: int
    """Positive: against the gold. Negative: for it."""
    because: str


@dataclass(frozen=True)
class Bench:
    """What all probes of one suite (or one task of it) say of each other's golds; lists are parallel to them."""

    probes: list[Probe]
    masks: list[Masked]
    solved: list[Witness | None]
    ruled: list[Witness | None]
    grouped: list[Witness | None]
    twinned: list[Witness | None]
    tallies: dict[str, _Tally]
    """Of each `particulars_out`, and of "" for all."""

    @classmethod
    def of(cls, probes: list[Probe], answered: Mapping[Key, Sample]) -> Bench:
        """Hear everybody once; `answered` holds the champion's samples by suite and probe id."""
        masks = mask_prompts([probe.prompt for probe in probes])
        by_mask: dict[str, list[int]] = defaultdict(list)
        for at, mask in enumerate(masks):
            by_mask[mask.particulars_out].append(at)
        return cls(
            probes,
            masks,
            _solver(probes),
            _rules(probes, masks, by_mask),
            _groups(probes, masks),
            _twins(probes),
            _tallies(probes, masks, answered),
        )

    def hear(self, at: int, vote: str) -> list[Witness]:
        """All testimonies on one gold but the student's, who is asked about what the others say."""
        probe = self.probes[at]
        heard = [one[at] for one in (self.solved, self.ruled, self.grouped, self.twinned)]
        said = [witness for witness in heard if witness is not None]
        if probe.scorer in ("choice", "loglikelihood") and probe.choices and score(
            "choice", probe.gold, probe.gold, probe.choices
        ).strict and _meant(probe) is None:  # fmt: skip
            said.append(Witness("choices", "", PROOF, "the gold is none of the choices"))
        if vote:
            said.append(_testify("vote", probe, vote, 1, "an LLM's independent answers agree on it"))
        return [witness for witness in said if witness.weight]

    def standing(self, at: int) -> float:
        """How much likelier the student is to say the true answer than one given wrong answer (a likelihood ratio)."""
        own = self.probes[at]
        tally = self.tallies[self.masks[at].particulars_out]
        if tally.n_answered <= MIN_ANSWERED:
            tally = self.tallies[""]
        was = tally.right.get((own.suite, own.probe_id))
        n = tally.n_answered - (was is not None)
        right = tally.n_right - bool(was)
        options = len(own.choices) or len(tally.golds)
        rivals = min(max(options, 2), MAX_RIVALS) - 1
        return right * rivals / (n - right + 1)  # one more wrong: 8 of 8 right is no certainty


@dataclass
class _Tally:
    """What the student makes of the probes of one wording."""

    golds: set[str]
    right: dict[Key, bool]
    n_answered: int = 0
    n_right: int = 0


def _tallies(probes: list[Probe], masks: list[Masked], answered: Mapping[Key, Sample]) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = defaultdict(lambda: _Tally(set(), {}))
    for probe, mask in zip(probes, masks, strict=True):
        key = (probe.suite, probe.probe_id)
        for tally in (tallies[mask.particulars_out], tallies[""]):
            if key in answered:
                tally.golds.add(folded(probe.gold))
                tally.right[key] = answered[key].lenient >= 1
                tally.n_answered += 1
                tally.n_right += tally.right[key]
    return tallies


def _solver(probes: list[Probe]) -> list[Witness | None]:
    """Plain arithmetic and logic, unless the suite's own golds show that its signs mean something else."""
    values = [solve(probe.prompt) for probe in probes]
    verdicts = [
        None if value is None else contradicts(value, probe.gold)
        for value, probe in zip(values, probes, strict=True)
    ]
    read = [verdict for verdict in verdicts if verdict is not None]
    if sum(read) > max(1, MAX_DISSENT * len(read)):
        return [None] * len(probes)
    return [
        Witness("solver", spoken(value), PROOF if verdict else -PROOF, f"the prompt comes to {spoken(value)}")
        if value is not None and verdict is not None
        else None
        for value, verdict in zip(values, verdicts, strict=True)
    ]


def _rules(probes: list[Probe], masks: list[Masked], by_mask: dict[str, list[int]]) -> list[Witness | None]:
    heard: list[Witness | None] = [None] * len(probes)
    strict: dict[str, list[int]] = defaultdict(list)
    for at, mask in enumerate(masks):
        strict[mask.numbers_out].append(at)

    def note(rows: list[int], sayings: list[Saying | None], is_word_for_word: bool) -> None:
        for at, saying in zip(rows, sayings, strict=True):
            if saying is not None and heard[at] is None:
                is_proof = is_word_for_word and saying.n_obeying >= RULE_IS_PROOF
                why = f"{saying.n_obeying} other golds of this wording obey {saying.rule}"
                heard[at] = _testify("rule", probes[at], saying.value, PROOF if is_proof else 1, why)

    for groups, is_word_for_word in ((strict, True), (by_mask, False)):
        for rows in groups.values():
            golds = [probes[at].gold for at in rows]
            note(rows, say_by_numbers([masks[at].numbers for at in rows], golds), is_word_for_word)
            if not is_word_for_word:
                note(rows, say_by_words([masks[at] for at in rows], golds, [probes[at].choices for at in rows]), False)
    return heard


def _groups(probes: list[Probe], masks: list[Masked]) -> list[Witness | None]:
    """Other wordings of the same item, where a suite's groups are that: same numbers, same choices, same gold."""
    items: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for at, probe in enumerate(probes):
        if probe.group:
            items[probe.group, tuple(sorted(masks[at].numbers)), tuple(sorted(probe.choices))].append(at)
    golds = [folded(probe.gold) for probe in probes]
    counts = Counter(golds)
    chance = sum((count / len(golds)) ** 2 for count in counts.values())
    n_pairs = n_equal = 0
    for rows in items.values():
        same = Counter(golds[at] for at in rows)
        n_pairs += len(rows) * (len(rows) - 1) // 2
        n_equal += sum(count * (count - 1) // 2 for count in same.values())
    heard: list[Witness | None] = [None] * len(probes)
    if n_pairs < MIN_PAIRS or n_equal / n_pairs - chance < MIN_AGREEMENT * (1 - chance):
        return heard
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for rows in items.values():
        for i, j in combinations(sorted(rows, key=lambda at: masks[at].particulars_out), 2):
            held[masks[i].particulars_out, masks[j].particulars_out].append(golds[i] == golds[j])
    for rows in items.values():
        for at in rows:
            mates = [i for i in rows if i != at and masks[i].numbers_out != masks[at].numbers_out]
            if not mates or len({golds[i] for i in mates}) > 1:
                continue  # of two that differ each accuses the other: a second witness decides
            pairs = [held[_pair(masks[i].particulars_out, masks[at].particulars_out)] for i in mates]
            proven = [pair for pair in pairs if len(pair) > MIN_ITEMS and sum(pair) >= enough(len(pair))]
            why = f"{len(mates)} other wordings of the item have it"
            heard[at] = _testify("group", probes[at], probes[mates[0]].gold, 2 if len(proven) >= 2 else 1, why)
    return heard


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _twins(probes: list[Probe]) -> list[Witness | None]:
    """The same prompt with other golds: the fewer are wrong; of as many on both sides, nobody knows which."""
    same: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for at, probe in enumerate(probes):
        if probe.scorer != "lm-eval" or probe.choices:  # what such a task hides from its prompt can't be compared
            same[" ".join(probe.prompt.split()), tuple(sorted(probe.choices))].append(at)
    heard: list[Witness | None] = [None] * len(probes)
    for rows in same.values():
        counts = Counter(folded(probes[at].gold) for at in rows)
        if len(counts) < 2:
            continue
        for at in rows:
            own = folded(probes[at].gold)
            rival, n = min(
                ((gold, count) for gold, count in counts.items() if gold != own), key=lambda item: (-item[1], item[0])
            )
            says = next(probes[i].gold for i in rows if folded(probes[i].gold) == rival)
            why = f"the same prompt has the gold {says!r} in {n} of {len(rows)} probes"
            if n > counts[own]:
                heard[at] = Witness("twins", says, PROOF, why)
            elif n == counts[own]:
                heard[at] = Witness("twins", "", PROOF, why)
            else:
                heard[at] = Witness("twins", probes[at].gold, -1, why)
    return heard


def _testify(name: str, probe: Probe, says: str, weight: int, why: str) -> Witness:
    """For the gold, against it, or (weight 0) nothing, where the answer is none that the probe could have."""
    gold = _meant(probe) or probe.gold
    if is_same(says, gold):
        return Witness(name, says, -weight, why)
    is_possible = not probe.choices or any(is_same(says, choice) for choice in probe.choices)
    is_kind = (parse_number(says.strip()) is None) == (parse_number(gold.strip().rstrip(".")) is None)
    return Witness(name, says, weight if is_possible and is_kind else 0, why)


def _meant(probe: Probe) -> str | None:
    """The choice that the gold is, by its text or its letter; None where it is none."""
    for choice in probe.choices:
        if is_same(choice, probe.gold):
            return choice
    letter = probe.gold.strip().strip("().:").upper()
    at = ord(letter) - 65 if len(letter) == 1 else -1
    return probe.choices[at] if 0 <= at < len(probe.choices) else None


def reads_as(sample: Sample, probe: Probe, answer: str) -> bool:
    """Does what the model said count as this answer?"""
    if probe.scorer in ("loglikelihood", "lm-eval"):
        return is_same(sample.response, answer)
    return score(probe.scorer, sample.response, answer, probe.choices).lenient >= 1


def is_same(one: str, other: str) -> bool:
    """Two spellings of one answer?"""
    return folded(one) == folded(other)
