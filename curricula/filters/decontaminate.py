"""Keep held-out items out of the training rows.

All probes of all splits go in once; then each lesson is checked and a verdict comes out. A lesson is
contaminated when, in normal form (`normalise.py`: no case, spacing, prose punctuation), any of these holds:

1. `exact`: its prompt is a probe's prompt.
2. `contained`: a probe's prompt, or its core, lies word for word inside the lesson (prompt and completion).
3. `same item`: some consecutive sentences of its prompt have the same content words, numbers and operators in
   the same order as a probe's core ("Work out 37 plus 48." is "What is 37 + 48?"); `reordered`: its sentences are those of
   a probe's core in another order.
4. `coverage`: more than `MAX_COVERAGE` of the words of a probe's core lie in 8-grams that the lesson shares
   (Tulu 3, Lambert 2024, section 3.2), or `13-gram`: it shares 13 words in a row (GPT-3, Brown 2020,
   appendix C) with a probe that is not from a template (`semantic.py`); a core of up
   to `SHORT_CORE` words must also find all its words in one turn of the lesson, or it is only the template that they share.
5. `same content`, `reworded`, `variant`: it is a probe in other words, or with other numbers and names (`semantic.py`, which
   also says when other numbers make a lesson and when a leak).

A probe's core is its prompt without boilerplate. Boilerplate is a sentence that asks nothing and is shared by many
groups of one suite ("Answer with only the number."), and an n-gram shared by as many says nothing either: templates are
not leaks, items are. So a sibling with other numbers passes, while a probe with another closing instruction
does not.

How much each rule finds and wrongly drops is measured by `python -m bench.contamination` (docs/log.md).
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from curricula.filters.calibration import Calibration, calibrate
from curricula.filters.normalise import flat, split_sentences, statements, tokens
from curricula.filters.semantic import Match, NearProbes, Target
from curricula.lesson import Lesson, Verdict
from probes.suite import Probe

GRAM = 8
LONG_GRAM = 13
MAX_COVERAGE = 0.5
MIN_CONTAINED = 3  # a prompt of one or two words ("Paris") must be the whole lesson prompt to count
MIN_SIGNATURE = 2  # one content word alone identifies no item
BOILERPLATE_GROUPS = 5
SHORT_CORE = 25  # up to here half the words are easily template, and a sibling differs in a single word
MAX_RUN = 12  # sentences of a lesson prompt combined for rule 3; longer prompts are seen by rules 2 and 4
MIN_REORDERED = 6  # content words of sentences that may stand in any order; fewer are found in unrelated texts
MAX_PIECES = 8  # paragraphs of one lesson that are compared with the probes in substance

# Words that ask but do not say what is asked; equal items may differ in them. The verbs do so at the start of a
# sentence only: in 'the past tense of "find"' the verb is the item.
_ASKING = frozenset(
    tokens(
        "a an the what whats which who is are was were be of how many much do does did can could would you me we i it its"
        " please answer question q so then result value equal equals there get if and"
    )
) | {"="}
_ASKING_VERBS = frozenset(
    tokens("tell give find say state calculate compute work out determine evaluate solve")
)
_SYNONYMS = {"plus": "+", "minus": "-", "times": "*"}


@dataclass(frozen=True)
class _Core:
    """One distinct probe prompt, ready to be looked for."""

    probe: str
    """suite/probe_id of the first probe with this prompt."""
    whole: tuple[str, ...]
    core: tuple[str, ...]
    signature: tuple[str, ...]
    """The core's content words, numbers and operators."""
    bag: tuple[tuple[str, ...], ...]
    """The signatures of its sentences, sorted."""
    text: str
    """The core as it is written."""


class Decontaminator:
    """An index of every probe; build it once a cycle, check every row before it may be trained on."""

    def __init__(self, probes: Iterable[Probe], *, shown: Collection[tuple[str, str]] = (), is_calibrated: bool = True) -> None:
        """`shown`: (suite, probe_id) of the probes that lessons are written from, of which a variant is a lesson and no leak.
        Without calibration the thresholds are those measured on public data."""
        first: dict[tuple[str, ...], Probe] = {}
        groups: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        self._wordless: dict[str, str] = {}
        for probe in probes:
            whole = tuple(tokens(probe.prompt))
            if not whole:
                self._wordless.setdefault(flat(probe.prompt), f"{probe.suite}/{probe.probe_id}")
                continue
            first.setdefault(whole, probe)
            groups[probe.suite].setdefault(whole, probe.group or probe.probe_id)
        parts_of = {whole: _parts(probe.prompt) for whole, probe in first.items()}
        self._boilerplate = _shared(
            groups, lambda whole: [tuple(part) for part in statements(first[whole].prompt)]
        )
        holders = _holders(groups, lambda whole: [part for part, _ in parts_of[whole]])
        self._cores = [
            self._make_core(probe, whole, parts_of[whole], holders[probe.suite]) for whole, probe in first.items()
        ]
        core_of = {core.whole: core.core for core in self._cores}
        common_grams = _shared(groups, lambda whole: _grams(core_of[whole]))
        common_long = _shared(groups, lambda whole: _grams(core_of[whole], LONG_GRAM))
        self._exact = {core.whole: core.probe for core in self._cores}
        self._items: dict[tuple[str, ...], str] = {}
        self._reordered: dict[tuple[tuple[str, ...], ...], str] = {}
        self._by_gram: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        self._by_long_gram: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row, core in enumerate(self._cores):
            if len(core.signature) >= MIN_SIGNATURE:
                self._items.setdefault(core.signature, core.probe)
            for bag in (core.bag, _bag(part for part, _ in parts_of[core.whole])):
                if len(bag) > 1 and sum(map(len, bag)) >= MIN_REORDERED:
                    self._reordered.setdefault(bag, core.probe)
            for start, gram in enumerate(_grams(core.core)):
                if gram not in common_grams:
                    self._by_gram[gram].append((row, start))
            for gram in set(_grams(core.core, LONG_GRAM)):
                if gram not in common_long:
                    self._by_long_gram[gram].append(row)
        self._needles = _index_needles({text for core in self._cores for text in (core.whole, core.core)})
        self._probe_of = {
            text: core.probe for core in reversed(self._cores) for text in (core.core, core.whole)
        }
        is_shown = set(shown)
        self.near = NearProbes(
            Target(core.probe, probe.suite, probe.group or probe.probe_id, core.text, probe.gold, (probe.suite, probe.probe_id) in is_shown)
            for core, probe in zip(self._cores, first.values(), strict=True)
        )
        self.calibration: Calibration = calibrate(self.near) if is_calibrated else Calibration()
        self.near.thresholds = self.calibration.thresholds

    @property
    def n_prompts(self) -> int:
        """Distinct probe prompts in the index."""
        return len(self._cores)

    def check(self, lesson: Lesson) -> Verdict:
        """Step `contamination`: `fail` with the rule as reason and the probe as evidence, else `pass`."""
        return self.examine(lesson)[0]

    def examine(self, lesson: Lesson) -> tuple[Verdict, Match | None]:
        """`check` and `find` in one."""
        started = time.perf_counter()
        found = self.find(lesson)
        seconds = time.perf_counter() - started
        if found is None:
            return Verdict("contamination", "pass", seconds=seconds), None
        evidence = found.probe if found.score is None else f"{found.probe} likeness={found.score:.2f}"
        return Verdict("contamination", "fail", found.rule, evidence, seconds), found

    def find(self, lesson: Lesson) -> Match | None:
        """The first rule by which the lesson holds a probe, with the probe; None where it holds none."""
        prompt = tokens(lesson.prompt)
        if probe := self._exact.get(tuple(prompt)) or self._wordless.get(flat(lesson.prompt)):
            return Match("exact", probe)
        split = _parts(lesson.prompt)
        told = [(part, raw) for part, raw in split if part not in self._boilerplate]
        telling = [part for part, _ in told]
        completion = tokens(lesson.completion)
        text = prompt + completion
        stripped = [word for part in telling for word in part]
        for view in (text, stripped):
            if probe := self._contained(view):
                return Match("contained", probe)
        for view_parts in (telling, [part for part, _ in split]):
            if probe := self._same_item(view_parts):
                return Match("same item", probe)
        for view_parts in (telling, [part for part, _ in split]):
            if len(view_parts) > 1 and (probe := self._reordered.get(_bag(view_parts))):
                return Match("reordered", probe)
        if covered := self._covered((text, stripped), (prompt, completion)):
            return covered
        return self.near.match(_pieces("\n".join(raw for _, raw in told), lesson), lesson.answer or lesson.completion)

    def _make_core(
        self, probe: Probe, whole: tuple[str, ...], split: list[tuple[tuple[str, ...], str]], holders: dict[tuple[str, ...], set[str]]
    ) -> _Core:
        parts = [part for part, _ in split]
        # The rarest sentences are the item; the next rarer ones join while it is too short ("Odd or even: 7?") or while all of
        # them stand in another item too ("Turn left. Take 3 steps. Turn around.").
        counts = [self._boilerplate.get(part, 0) for part in parts]
        kept: list[tuple[str, ...]] = []
        for level in sorted(set(counts)):
            kept = [part for part, count in zip(parts, counts, strict=True) if count <= level]
            if sum(map(len, kept)) >= MIN_CONTAINED and len(set.intersection(*(holders[part] for part in kept))) == 1:
                break
        core = tuple(word for part in kept for word in part)
        raw = "\n".join(text for part, text in split if part in kept)
        return _Core(f"{probe.suite}/{probe.probe_id}", whole, core, tuple(word for part in kept for word in _signature(part)), _bag(kept), raw)

    def _contained(self, words: list[str]) -> str:
        for start in range(len(words) - MIN_CONTAINED + 1):
            for offset, needle in self._needles.get(tuple(words[start : start + MIN_CONTAINED]), ()):
                begin = start - offset
                if begin >= 0 and tuple(words[begin : begin + len(needle)]) == needle:
                    return self._probe_of[needle]
        return ""

    def _same_item(self, parts: Sequence[Sequence[str]]) -> str:
        signatures = [_signature(part) for part in parts[:MAX_RUN]]
        for first in range(len(signatures)):
            run: tuple[str, ...] = ()
            for signature in signatures[first:]:
                run += signature
                if probe := self._items.get(run):
                    return probe
        return ""

    def _covered(self, views: Sequence[list[str]], turns: Sequence[list[str]]) -> Match | None:
        positions: dict[int, set[int]] = defaultdict(set)
        for gram in {gram for view in views for gram in _grams(view)}:
            for row, start in self._by_gram.get(gram, ()):
                positions[row].update(range(start, start + GRAM))
        for row in sorted(positions):
            core = self._cores[row].core
            share = len(positions[row]) / len(core)
            if share > MAX_COVERAGE and _has_item(core, turns):
                return Match("coverage", self._cores[row].probe, share)
        for gram in (gram for view in views for gram in _grams(view, LONG_GRAM)):
            for row in self._by_long_gram.get(gram, ()):
                if not self.near.is_template[row] and _has_item(self._cores[row].core, turns):
                    return Match("13-gram", self._cores[row].probe)
        return None


def _has_item(core: Sequence[str], turns: Sequence[list[str]]) -> bool:
    """Is it more than the template that they share? One turn must hold all words of a short core: an answer is often the very
    word by which a sibling differs."""
    return len(core) > SHORT_CORE or any(not Counter(core) - Counter(turn) for turn in turns)


def _parts(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Each sentence or line that has tokens: its tokens, and how it is written."""
    split = ((tuple(tokens(raw)), raw) for raw in split_sentences(text))
    return [(part, raw) for part, raw in split if part]


def _bag(parts: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(signature for part in parts if (signature := _signature(part))))


def _pieces(telling: str, lesson: Lesson) -> list[str]:
    """What of a lesson may be a problem: its prompt without boilerplate, its completion, and their paragraphs."""
    paragraphs = [part for turn in (lesson.prompt, lesson.completion) for part in turn.split("\n\n")] if "\n\n" in lesson.prompt + lesson.completion else []
    return list(dict.fromkeys([telling, lesson.completion, *paragraphs]))[:MAX_PIECES]


def _shared(
    groups: dict[str, dict[tuple[str, ...], str]],
    pieces: Callable[[tuple[str, ...]], Sequence[tuple[str, ...]]],
) -> dict[tuple[str, ...], int]:
    """Pieces of prompts found in at least `BOILERPLATE_GROUPS` groups of one suite, with the number of groups. Groups, not
    prompts: one item in many wordings is not boilerplate, nor is a passage whose questions share a group."""
    shared: dict[tuple[str, ...], int] = {}
    for holders in _holders(groups, pieces).values():
        shared.update(
            {p: max(len(g), shared.get(p, 0)) for p, g in holders.items() if len(g) >= BOILERPLATE_GROUPS}
        )
    return shared


def _holders(
    groups: dict[str, dict[tuple[str, ...], str]],
    pieces: Callable[[tuple[str, ...]], Sequence[tuple[str, ...]]],
) -> dict[str, dict[tuple[str, ...], set[str]]]:
    """By suite, the groups in which each piece is found."""
    found: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for suite, group_of in groups.items():
        holders = found[suite] = defaultdict(set)
        for whole, group in group_of.items():
            for piece in pieces(whole):
                holders[piece].add(group)
    return found


def _index_needles(texts: set[tuple[str, ...]]) -> dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """Each text under its rarest 3-gram, with that 3-gram's offset: templates share all their other ones."""
    long_enough = sorted(text for text in texts if len(text) >= MIN_CONTAINED)
    counts = Counter(gram for text in long_enough for gram in set(_grams(text, MIN_CONTAINED)))
    index: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for text in long_enough:
        grams = _grams(text, MIN_CONTAINED)
        offset = min(range(len(grams)), key=lambda at: counts[grams[at]])
        index[grams[offset]].append((offset, text))
    return dict(index)


def _signature(sentence: Sequence[str]) -> tuple[str, ...]:
    start = 0
    while start < len(sentence) and sentence[start] in _ASKING | _ASKING_VERBS:
        start += 1
    return tuple(_SYNONYMS.get(word, word) for word in sentence[start:] if word not in _ASKING)


def _grams(words: Sequence[str], size: int = GRAM) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
