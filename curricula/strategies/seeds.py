"""Human-made tasks for strategies: as one line of a list, nearest to the weakness, or none and then why.

What a brief holds as `seeds` comes from `curriculum.seeds`, else from the anchors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP
from curricula.lesson import Brief, Failure, Lesson
from curricula.strategies.fit.surface import read_prompts
from probes.errors import WeakspotError

FLOOR = 0.05  # TF-IDF cosine; below it a shared "how many" is all that two questions have in common


@dataclass(frozen=True)
class Near:
    """A seed and the failure that it is nearest to."""

    seed: Lesson
    similarity: float
    """TF-IDF cosine, 0 to 1."""
    failure_index: int


def require_seeds(brief: Brief, strategy: str) -> tuple[Lesson, ...]:
    """The brief's seeds.

    Raises:
        WeakspotError: there are none.
    """
    if not brief.seeds:
        raise WeakspotError(
            f"strategy {strategy!r} needs human-made tasks and there are none",
            hint="name sources under curriculum.seeds or curriculum.anchors (built in: mmlu_flan_cot, bbh_cot, gsm8k_cot, or your .jsonl)",
        )
    return brief.seeds


def task_text(lesson: Lesson) -> str:
    """What a seed asks, without the "Let's think step by step." that exemplars end on."""
    return lesson.prompt.removesuffix(STEP_BY_STEP).strip()


def task_line(lesson: Lesson) -> str:
    """The same in one line, without a colon at its end."""
    return " ".join(task_text(lesson).split()).rstrip(":")


def nearest_seeds(failures: Sequence[Failure], seeds: Sequence[Lesson]) -> list[Near]:
    """Seeds like some failure, best first, the failures taking turns: the nearest of each, then the next of each.

    Likeness is the cosine of TF-IDF weighted words and word pairs of the bare questions, all numbers counting as one
    word: what is asked matters here, not with which figures, nor how the suite wants its answers. A seed comes once, for the failure whose turn finds it first.
    """
    if not failures or not seeds:
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(token_pattern=r"[^\W_]+", preprocessor=_masked, ngram_range=(1, 2), sublinear_tf=True)
    texts = [task_text(seed) for seed in seeds]
    try:
        rows = vectorizer.fit_transform([*texts, *(reading.stem for reading in read_prompts(failures))])
    except ValueError:  # not one word in all of them
        return []
    cosines = (rows[len(texts) :] @ rows[: len(texts)].T).toarray()
    order = (-cosines).argsort(axis=1, kind="stable")
    found: list[Near] = []
    taken: set[int] = set()
    at = [0] * len(failures)
    while any(position < len(seeds) for position in at):
        for i in range(len(failures)):
            while at[i] < len(seeds) and (choice := int(order[i, at[i]])) in taken:
                at[i] += 1
            if at[i] >= len(seeds):
                continue
            if cosines[i, choice] < FLOOR:
                at[i] = len(seeds)
                continue
            taken.add(choice)
            found.append(Near(seeds[choice], float(cosines[i, choice]), i))
            at[i] += 1
    return found


def _masked(text: str) -> str:
    return re.sub(r"\d+", "0", text.lower())
