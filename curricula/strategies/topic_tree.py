"""Topic tree: areas, subjects, a question each, the question revised, answered, and the answer scored.

The tree is grown from the failures and walked leaf by leaf, so that no area is asked about twice before every one was.
A question is revised before it is answered (context added, another form, longer). An answer is scored on five attributes
from 0 to 4 by the teacher; a low score drops it unless ground truth proves it, and a high one saves nothing: what the
verifier refuses stays refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.strategies.desk import AtDesk, Desk, Draft, Items
from curricula.strategies.votes import stated
from curricula.verifiers.contract import verify

N_TOPICS, N_SUBTOPICS = 6, 5  # a branch
MOST_KNOWN = 30  # earlier areas named in a request
REVISIONS = (
    "Add context: a situation, a reason why somebody asks, one more fact that matters.",
    "Put it into another form: a short dialogue, a note, a table of a few rows, a gap to be filled.",
    "Make it longer, with one more step between the question and its answer.",
)
LEAST = {"helpfulness": 3, "correctness": 3, "coherence": 3}
"""Attributes that an answer must reach; complexity and verbosity describe it and drop nothing by themselves ..."""
MOST_VERBOSITY = 3  # ... but for the wordiest
ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
TOPICS_FORM = '{"topics": [{"topic": "..."}]}'
QUESTION_FORM = '{"problem": "...", "check": "..."}'
SCORE_FORM = '{"helpfulness": 0, "correctness": 0, "coherence": 0, "complexity": 0, "verbosity": 0}'


@dataclass(frozen=True)
class Leaf:
    """One subject of the tree."""

    topic: str
    subtopic: str


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.leaves: list[Leaf] = []
        # named in the next request: an equal one would be answered from the cache with the same tree
        self.topics = list(dict.fromkeys(row.meta["path"][0] for row in desk.brief.earlier if "path" in row.meta))

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One question for each of the next leaves, revised, answered and scored."""
        desk = self.desk
        if len(self.leaves) < n_lessons:
            yield from self._grow()
        leaves, self.leaves = self.leaves[:n_lessons], self.leaves[n_lessons:]
        shown = [desk.next_failures() for _ in leaves]
        parents = [desk.parents(indices) for indices in shown]
        requests = [
            desk.request("question", {"failures": desk.failures(indices), "topic": leaf.topic, "subtopic": leaf.subtopic, "has_options": desk.wardrobe.has_options}, max_tokens=400)
            for leaf, indices in zip(leaves, shown, strict=True)
        ]
        asked = desk.ask_items(requests, ("problem",), QUESTION_FORM)
        open_ones = [i for i, entry in enumerate(asked) if entry.items]
        for i, entry in enumerate(asked):
            yield from desk.unreadable(entry, "question", parents[i])
        revised = desk.ask_items(
            [
                desk.request("revise", {"failures": desk.failures(shown[i]), "topic": leaves[i].topic, "subtopic": leaves[i].subtopic,
                             "problem": asked[i].items[0]["problem"], "how": desk.rng.choice(REVISIONS)}, max_tokens=500)
                for i in open_ones
            ],
            ("problem",), QUESTION_FORM,
        )  # fmt: skip
        drafts = []
        for i, entry in zip(open_ones, revised, strict=True):
            yield from desk.unreadable(entry, "revise", parents[i])
            if not entry.items:
                continue
            before, after = asked[i].items[0]["problem"], entry.items[0]["problem"]
            path = {"path": [leaves[i].topic, leaves[i].subtopic], "first_wording": before}
            if before.lower().split() == after.lower().split():
                yield desk.refused("the revision changes nothing", entry.told, raw=after, operator="revise", parents=parents[i], meta=path)
                continue
            drafts.append(
                Draft(after, "", entry.told, check=entry.items[0].get("check", ""), operator="revised", parents=parents[i],
                      shown=shown[i], is_worked=True, meta=path)
            )  # fmt: skip
        yield from self._answer(drafts)

    def _grow(self) -> Iterator[Candidate]:
        """A new set of areas with their subjects, put in turns: one subject of each area, then the next."""
        desk = self.desk
        shown = desk.next_failures()
        parents = desk.parents(shown)
        root = desk.request("topics", {"failures": desk.failures(shown), "n_topics": N_TOPICS, "known": self.topics[-MOST_KNOWN:]}, temperature=1.0, max_tokens=300)
        [topics] = desk.ask_items([root], ("topic",), TOPICS_FORM)
        yield from desk.unreadable(topics, "topics", parents)
        names = [item["topic"] for item in topics.items[:N_TOPICS]]
        self.topics += names
        requests = [
            desk.request("subtopics", {"failures": desk.failures(shown), "topic": name, "n_subtopics": N_SUBTOPICS}, temperature=1.0, max_tokens=300)
            for name in names
        ]
        branches = []
        for name, entry in zip(names, desk.ask_items(requests, ("topic",), TOPICS_FORM), strict=True):
            yield from desk.unreadable(entry, "subtopics", parents)
            branches.append([Leaf(name, item["topic"]) for item in entry.items])
        self.leaves += [branch[turn] for turn in range(N_SUBTOPICS) for branch in branches if turn < len(branch)]

    def _answer(self, drafts: list[Draft]) -> Iterator[Candidate]:
        desk = self.desk
        told = desk.ask([desk.request("shared/work_out", {"problem": draft.problem}, max_tokens=500) for draft in drafts])
        answered = []
        for draft, reply in zip(drafts, told, strict=True):
            if reply.error or not stated(reply.text):
                yield desk.refused("the answer states no final answer", reply, operator="revised", parents=draft.parents, meta=draft.meta)
                continue
            steps = "\n".join(reply.text.strip().splitlines()[:-1])
            answered.append(replace(draft, answer=stated(reply.text), solution=steps, meta={**draft.meta, "response": reply.text}))
        candidates = desk.drafted(answered)
        requests = [
            desk.request("score", {"problem": draft.problem, "answer": draft.meta["response"].strip()}, temperature=0.0, max_tokens=120)
            for draft in answered
        ]
        for draft, candidate, entry in zip(answered, candidates, desk.ask_items(requests, ATTRIBUTES, SCORE_FORM), strict=True):
            yield self._scored(draft, candidate, entry)

    def _scored(self, draft: Draft, candidate: Candidate, entry: Items) -> Candidate:
        lesson = candidate.lesson
        assert lesson is not None
        scores = read_scores(entry)
        meta = {**{key: value for key, value in draft.meta.items() if key != "response"}, "scores": scores}
        lesson = replace(lesson, meta=meta)
        # any other check here is the teacher's own second answer
        is_proved = lesson.check_kind == "expression" and verify(lesson).outcome == "pass"
        if is_proved or not (reason := low(scores)):
            return replace(candidate, lesson=lesson)
        numbers = ", ".join(f"{name} {scores.get(name, '?')}" for name in ATTRIBUTES)
        return self.desk.refused(reason, draft.told, raw=draft.meta["response"], evidence=numbers, operator="revised", parents=draft.parents, meta=meta)


def read_scores(entry: Items) -> dict[str, int]:
    """The five numbers, or none where one is missing or not within 0 to 4."""
    for item in entry.items[:1]:
        values = {name: item[name].strip() for name in ATTRIBUTES}
        if all(value in ("0", "1", "2", "3", "4") for value in values.values()):
            return {name: int(value) for name, value in values.items()}
    return {}


def low(scores: dict[str, int]) -> str:
    """Why scores are too low, or empty."""
    if not scores:
        return "no score that can be read"
    below = [name for name, least in LEAST.items() if scores[name] < least]
    if below:
        return f"low {below[0]}"
    return "too wordy" if scores["verbosity"] > MOST_VERBOSITY else ""


STRATEGY = AtDesk("topic_tree", "Nemotron-4 340B (NVIDIA 2024), sections 3.2.1 and 3.2.3; HelpSteer2 attributes (Wang 2024)", "teacher", _Writer)
