"""Lessons from symbolic engines: right by construction, no LLM, no key.

Each failure is given to the engine whose questions are like it (`fit/matching.py`); a weakness that mixes
skills gets several engines, in proportion. A lesson is an engine's question at the failure's difficulty,
dressed as the failure was: closing instruction, options, shape of the answer. What no engine covers gets no
lesson; `cover` says so. Same brief, same lessons: everything is drawn from `brief.seed`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from curricula.engines.contract import Item, find_engine
from curricula.lesson import Brief, Candidate, Failure, Lesson
from curricula.strategies.fit.difficulty import fit_difficulty
from curricula.strategies.fit.matching import Match, engine_index, match_engines
from curricula.strategies.fit.surface import AnswerShape, Reading, answer_kind, read_prompts, read_shape
from curricula.strategies.fit.word_problems import match_word_problems
from curricula.teacher import Teacher
from curricula.verifiers.proof import judge, read_problem

OFFER = 3  # candidates per wanted lesson: filters drop duplicates and near-probes
EASIER_SHARE = 0.25  # of the lessons lie below the failures' difficulty: a ladder to them
JITTER = 0.06  # half a grid step of the fitted difficulty
MAX_BARREN = 30  # draws in a row without a new question after which an engine is exhausted
MIN_COVERED_SHARE = (
    0.1  # of a weakness's failures; below it the few matches are chance, and the weakness is no engine's
)
MANY_OPTIONS = 5  # beyond, a lesson may show fewer options than the failure
MANY = 20  # failures from which an engine with a single, unexplained one is taken for a misreading


@dataclass(frozen=True)
class Assignment:
    """One engine with the failures it is to teach."""

    engine: str
    failure_indices: tuple[int, ...]
    difficulties: tuple[float, ...]
    """Of each failure, on this engine's scale."""
    shape: AnswerShape


class SymbolicStrategy:
    """Chooses engines, fits their difficulty, copies the suite's format."""

    name = "symbolic"
    source = (
        "AlphaGeometry (Trinh 2024): synthetic data from symbolic engines; Reasoning Gym (Stojanovski 2025)"
    )
    needs = ""

    def write(self, brief: Brief, teacher: Teacher | None, rng: Random) -> Iterator[Candidate]:
        """Up to three times `brief.n_lessons` distinct lessons; none if no engine covers a failure.

        `teacher` and `rng` are not used.
        """
        readings = read_prompts(brief.failures)
        plan = assign(brief, readings, cover(brief, readings))
        writers = [_Writer(brief, readings, assignment) for assignment in plan]
        order = Random(_seed(brief, "order"))
        seen = {failure.prompt for failure in brief.failures}
        left = OFFER * brief.n_lessons
        while left > 0 and writers:
            writer = order.choices(writers, weights=[len(w.assignment.failure_indices) for w in writers])[0]
            lesson = writer.next_lesson(seen)
            if lesson is None:
                writers.remove(writer)
                continue
            left -= 1
            yield Candidate(lesson, weakness_id=brief.weakness_id, strategy=self.name)


def cover(brief: Brief, readings: list[Reading] | None = None) -> list[Match]:
    """For each failure in order, the engine that covers it, or none and how near the nearest came."""
    readings = read_prompts(brief.failures) if readings is None else readings
    excluded: frozenset[str] = frozenset()
    if read_shape(brief.failures).is_worked:
        excluded = frozenset(item.engine for item in engine_index().items if not item.steps)
    matches = match_engines(readings, excluded)
    matches = match_word_problems(readings, [failure.gold for failure in brief.failures], matches, excluded)
    return [
        replace(match, engine="") if _is_opaque(failure, reading) else match
        for failure, reading, match in zip(brief.failures, readings, matches, strict=True)
    ]


def _is_opaque(failure: Failure, reading: Reading) -> bool:
    """A choice among labels whose options are not in the prompt: nothing to copy the format from."""
    are_labels = bool(failure.choices) and all(
        answer_kind(choice.strip("().")) == "letter" for choice in failure.choices
    )
    return are_labels and reading.options is None


def assign(brief: Brief, readings: list[Reading], matches: list[Match]) -> list[Assignment]:
    """Engines with their failures, most failures first; a lone failure among many is left out."""
    counts = Counter(match.engine for match in matches if match.engine)
    if counts.total() < MIN_COVERED_SHARE * len(matches):
        return []
    explained = {match.engine for match in matches if match.is_explained}
    plan = []
    for engine, count in counts.most_common():
        if count == 1 and len(matches) >= MANY and engine not in explained:
            continue
        own = [match.failure_index for match in matches if match.engine == engine]
        failures, read = [brief.failures[i] for i in own], [readings[i] for i in own]
        golds = [r.gold if r.options else f.gold for f, r in zip(failures, read, strict=True)]
        plan.append(
            Assignment(engine, tuple(own), tuple(fit_difficulty(engine, read)), read_shape(failures, golds))
        )
    return plan


class _Writer:
    """Draws one engine's lessons for its share of the failures."""

    def __init__(self, brief: Brief, readings: list[Reading], assignment: Assignment) -> None:
        self.brief, self.readings, self.assignment = brief, readings, assignment
        self.engine = find_engine(assignment.engine)
        self.rng = Random(_seed(brief, assignment.engine))
        self.vocabularies = [frozenset(readings[i].stem.lower().split()) for i in assignment.failure_indices]

    def next_lesson(self, seen: set[str]) -> Lesson | None:
        """A lesson whose prompt is not in `seen` (and now is); None when the engine has nothing new."""
        for _ in range(MAX_BARREN):
            at = self.rng.randrange(len(self.assignment.failure_indices))
            model = self.readings[self.assignment.failure_indices[at]]
            item = self.engine.sample(self.rng, self._difficulty(self.assignment.difficulties[at]))
            lesson = self._dress(item, model, at)
            if lesson is not None and lesson.prompt not in seen:
                seen.add(lesson.prompt)
                return lesson
        return None

    def _difficulty(self, fitted: float) -> float:
        if self.rng.random() < EASIER_SHARE:
            return self.rng.uniform(0.0, fitted)
        return min(1.0, max(0.0, fitted + self.rng.uniform(-JITTER, JITTER)))

    def _dress(self, item: Item, model: Reading, at: int) -> Lesson | None:
        shape, question = self.assignment.shape, item.question
        if (derivation := item.params.get("derivation")) is not None:
            _prove(item, derivation)
        answer = shape.dress(item.answer, item.params.get("parts", ()))
        if model.options is not None:
            texts = self._options(item, len(model.options.texts))
            if texts is None:
                return None
            question = question.replace(item.params.get("listed", "\0"), "")  # the options say it
            question += model.options.render([shape.dress(text) for text in texts])
            answer = self._chosen(model, texts.index(item.answer), answer, at)
        prompt = model.wrap(question)
        completion = answer if model.options is not None else shape.complete(answer, item.steps)
        is_number = answer_kind(answer) == "number" and model.options is None
        return Lesson(
            prompt=prompt,
            completion=completion,
            answer=answer,
            strategy=SymbolicStrategy.name,
            depth=1,
            verifier="numeric" if is_number else "exact",
            check=answer if model.options is not None else self._check(item, shape),
            check_kind="engine",
            operator=item.engine,
            weakness_id=self.brief.weakness_id,
            parents=self._parents(item.question, at),
            teacher=SymbolicStrategy.name,
            meta={
                "family": self.engine.family,
                "template": f"{item.engine}/{item.wording}",
                "difficulty": round(item.difficulty, 3),
            },
        )

    def _check(self, item: Item, shape: AnswerShape) -> str:
        """The engine's own result, in the suite's words for yes and no and its list separator, undressed otherwise."""
        if answer_kind(item.answer) == "yes_no":
            return shape.dress(item.answer)
        return shape.list_separator.join(parts) if (parts := item.params.get("parts", ())) else item.answer

    def _options(self, item: Item, count: int) -> list[str] | None:
        """The answer among `count` options, shuffled; None if the engine can't think of enough wrong ones.

        Of more than `MANY_OPTIONS`, as many as there are: a suite that lists 18 colors is not taught 18 by an engine of 12.
        """
        wrong = list(dict.fromkeys(item.wrong))
        for _ in range(4 * count):
            if len(wrong) >= count - 1:
                break
            other = self.engine.sample(self.rng, item.difficulty).answer
            if other != item.answer and other not in wrong:
                wrong.append(other)
        if count > MANY_OPTIONS:
            count = max(MANY_OPTIONS, min(count, len(wrong) + 1))
        if len(wrong) < count - 1 or item.answer in wrong:
            return None
        texts = [item.answer, *self.rng.sample(wrong, count - 1)]
        self.rng.shuffle(texts)
        return texts

    def _chosen(self, model: Reading, index: int, text: str, at: int) -> str:
        """The right option as the golds name it: by label, with or without brackets, or by its text."""
        gold = self.brief.failures[self.assignment.failure_indices[at]].gold.strip()
        labels = model.options.labels if model.options else ()
        if not labels or gold in (model.options.texts if model.options else ()):
            return text
        label = chr(ord(labels[0]) + index)
        bare = gold.strip("().:")
        return gold.replace(bare, label, 1) if len(bare) == 1 else label

    def _parents(self, question: str, at: int) -> tuple[str, ...]:
        """The failure that lent its dress, then the two whose wording is nearest."""
        words = frozenset(question.lower().split())
        overlap = [len(words & own) / len(words | own) for own in self.vocabularies]
        nearest = sorted(range(len(overlap)), key=lambda i: (i != at, -overlap[i]))[:3]
        return tuple(
            dict.fromkeys(self.brief.failures[self.assignment.failure_indices[i]].probe_id for i in nearest)
        )


def _prove(item: Item, derivation: str) -> None:
    """A proof that the independent checker refuses is the engine's fault, never a lesson's."""
    premises, goal = read_problem(item.params["problem"])
    verdict = judge(derivation, premises, goal)
    if verdict.outcome != "pass":
        raise RuntimeError(f"engine {item.engine!r} derived what does not follow: {verdict.reason}\n{item.params['problem']}\n{derivation}")


def _seed(brief: Brief, purpose: str) -> int:
    """64 bits from the brief's seed: neighbouring seeds and purposes share nothing."""
    digest = hashlib.sha256(f"symbolic:{brief.seed}:{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


STRATEGY = SymbolicStrategy()
