"""Keep held-out items out of the training rows.

All probes of all splits go in once; then each lesson is checked and a verdict comes out. A lesson is
contaminated when, in normal form (`normalise.py`: no case, spacing, prose punctuation), any of these holds:

1. `exact`: its prompt is a probe's prompt.
2. `contained`: a probe's prompt, or its core, lies word for word inside the lesson (prompt and completion).
3. `same item`: some consecutive sentences of its prompt have the same content words, numbers and operators in
   the same order as a probe's core ("Work out 37 plus 48." is "What is 37 + 48?").
4. `coverage`: more than `MAX_COVERAGE` of the words of a probe's core lie in 8-grams that the lesson shares
   (Tulu 3, Lambert 2024, section 3.2); a core of up to `SHORT_CORE` words must also find all
   its words in one turn of the lesson, or it is only the template that they share.

A probe's core is its prompt without boilerplate. Boilerplate is a sentence that asks nothing and is shared by many
groups of one suite ("Answer with only the number."), and an 8-gram shared by as many says nothing either: templates are
not leaks, items are. So a sibling with other numbers passes, while a probe with another closing instruction
does not. A paraphrase in other words is not found here; that needs embeddings.

Measured on the built-in suites (3,332 distinct prompts): leaks verbatim, in capitals, respaced, without punctuation,
embedded, or under another closing instruction: all caught; siblings with other numbers: all pass; its diagnose probes
against its gate and audit probes: 0 of 1,064 dropped. On 2,305 ASDiv word problems with all numbers changed 56 % are
dropped by rule 4, as the rule wants: so long a text with other numbers is a copy. 0.08 to 0.2 ms a lesson.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from curricula.filters.normalise import flat, sentences, statements, tokens
from curricula.lesson import Lesson, Verdict
from probes.suite import Probe

GRAM = 8
MAX_COVERAGE = 0.5
MIN_CONTAINED = 3  # a prompt of one or two words ("Paris") must be the whole lesson prompt to count
MIN_SIGNATURE = 2  # one content word alone identifies no item
BOILERPLATE_GROUPS = 5
SHORT_CORE = 25  # up to here half the words are easily template, and a sibling differs in a single word
MAX_RUN = 12  # sentences of a lesson prompt combined for rule 3; longer prompts are seen by rules 2 and 4

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


class Decontaminator:
    """An index of every probe; build it once a cycle, check every row before it may be trained on."""

    def __init__(self, probes: Iterable[Probe]) -> None:
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
        parts_of = {
            whole: [tuple(part) for part in sentences(probe.prompt)] for whole, probe in first.items()
        }
        self._boilerplate = _shared(
            groups, lambda whole: [tuple(part) for part in statements(first[whole].prompt)]
        )
        self._cores = [
            self._make_core(f"{probe.suite}/{probe.probe_id}", whole, parts_of[whole])
            for whole, probe in first.items()
        ]
        core_of = {core.whole: core.core for core in self._cores}
        common_grams = _shared(groups, lambda whole: _grams(core_of[whole]))
        self._exact = {core.whole: core.probe for core in self._cores}
        self._items: dict[tuple[str, ...], str] = {}
        self._by_gram: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for row, core in enumerate(self._cores):
            if len(core.signature) >= MIN_SIGNATURE:
                self._items.setdefault(core.signature, core.probe)
            for start, gram in enumerate(_grams(core.core)):
                if gram not in common_grams:
                    self._by_gram[gram].append((row, start))
        self._needles = _index_needles({text for core in self._cores for text in (core.whole, core.core)})
        self._probe_of = {
            text: core.probe for core in reversed(self._cores) for text in (core.core, core.whole)
        }

    @property
    def n_prompts(self) -> int:
        """Distinct probe prompts in the index."""
        return len(self._cores)

    def check(self, lesson: Lesson) -> Verdict:
        """Step `contamination`: `fail` with the rule as reason and the probe as evidence, else `pass`."""
        started = time.perf_counter()
        rule, evidence = self._leak(lesson)
        seconds = time.perf_counter() - started
        return Verdict("contamination", "fail" if rule else "pass", rule, evidence, seconds)

    def _leak(self, lesson: Lesson) -> tuple[str, str]:
        prompt = tokens(lesson.prompt)
        if probe := self._exact.get(tuple(prompt)) or self._wordless.get(flat(lesson.prompt)):
            return "exact", probe
        parts = sentences(lesson.prompt)
        telling = [part for part in parts if tuple(part) not in self._boilerplate]
        completion = tokens(lesson.completion)
        text = prompt + completion
        stripped = [word for part in telling for word in part]
        for view in (text, stripped):
            if probe := self._contained(view):
                return "contained", probe
        for view_parts in (telling, parts):
            if probe := self._same_item(view_parts):
                return "same item", probe
        return self._covered((text, stripped), (prompt, completion))

    def _make_core(self, probe: str, whole: tuple[str, ...], parts: list[tuple[str, ...]]) -> _Core:
        # The rarest sentences are the item; the next rarer ones join while it is too short ("Odd or even: 7?").
        counts = [self._boilerplate.get(part, 0) for part in parts]
        kept: list[tuple[str, ...]] = []
        for level in sorted(set(counts)):
            kept = [part for part, count in zip(parts, counts, strict=True) if count <= level]
            if sum(map(len, kept)) >= MIN_CONTAINED:
                break
        core = tuple(word for part in kept for word in part)
        return _Core(probe, whole, core, tuple(word for part in kept for word in _signature(part)))

    def _contained(self, words: list[str]) -> str:
        for start in range(len(words) - MIN_CONTAINED + 1):
            for offset, needle in self._needles.get(tuple(words[start : start + MIN_CONTAINED]), ()):
                begin = start - offset
                if begin >= 0 and tuple(words[begin : begin + len(needle)]) == needle:
                    return self._probe_of[needle]
        return ""

    def _same_item(self, parts: list[list[str]]) -> str:
        signatures = [_signature(part) for part in parts[:MAX_RUN]]
        for first in range(len(signatures)):
            run: tuple[str, ...] = ()
            for signature in signatures[first:]:
                run += signature
                if probe := self._items.get(run):
                    return probe
        return ""

    def _covered(self, views: Sequence[list[str]], turns: Sequence[list[str]]) -> tuple[str, str]:
        positions: dict[int, set[int]] = defaultdict(set)
        for gram in {gram for view in views for gram in _grams(view)}:
            for row, start in self._by_gram.get(gram, ()):
                positions[row].update(range(start, start + GRAM))
        for row in sorted(positions):
            core = self._cores[row].core
            share = len(positions[row]) / len(core)
            # One turn must hold the words: an answer is often the very word by which a sibling differs.
            is_item = len(core) > SHORT_CORE or any(not Counter(core) - Counter(turn) for turn in turns)
            if share > MAX_COVERAGE and is_item:
                return "coverage", f"{self._cores[row].probe} coverage={share:.2f}"
        return "", ""


def _shared(
    groups: dict[str, dict[tuple[str, ...], str]],
    pieces: Callable[[tuple[str, ...]], Sequence[tuple[str, ...]]],
) -> dict[tuple[str, ...], int]:
    """Pieces of prompts found in at least `BOILERPLATE_GROUPS` groups of one suite, with the number of groups. Groups, not
    prompts: one item in many wordings is not boilerplate, nor is a passage whose questions share a group."""
    shared: dict[tuple[str, ...], int] = {}
    for group_of in groups.values():
        holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for whole, group in group_of.items():
            for piece in pieces(whole):
                holders[piece].add(group)
        shared.update(
            {p: max(len(g), shared.get(p, 0)) for p, g in holders.items() if len(g) >= BOILERPLATE_GROUPS}
        )
    return shared


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
