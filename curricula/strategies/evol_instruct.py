"""Evol-Instruct: rewrite prompts so that they get harder round by round, and eliminate what went wrong.

The pool begins with the failures and the human tasks nearest to them. Each round rewrites a prompt by one of six
operators; a teacher's answer to the new one decides whether it lives. A failed rewriting returns its original to the
pool, a good one takes its place if it may be a parent: only people's texts and probes are, and what was written from
them and proved. Released WizardLM code has the operators without the elimination; here both are.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from curricula.lesson import Candidate
from curricula.strategies.desk import AtDesk, Desk, Draft, Told
from curricula.strategies.fit.surface import Reading
from curricula.strategies.seeds import nearest_seeds, task_text
from curricula.strategies.votes import stated
from curricula.verifiers.contract import verify

ROUNDS = 4
WEIGHTS = {"add_constraint": 0.18, "deepen": 0.18, "concretise": 0.18, "more_steps": 0.18, "complicate_input": 0.18, "breadth": 0.10}
"""Chance of each operator; breadth is the rarer one."""
ADDED = (10, 20)  # words that an in-depth operator may add (section 3.2) ...
LEEWAY = 5  # ... and how far a model may miscount them: strong ones do by a few
OTHER_LENGTH = 2.0  # times longer or shorter than its original: no longer "similar length" for breadth
SHORT_REFUSAL_WORDS = 80  # section 3.2: "sorry" in a response of fewer words
DATA_FORMS = ("a table in Markdown", "a short list of records", "a JSON object", "a few lines of Python code", "a short email or note", "a timetable")
LEAKS = re.compile(r"given prompt|rewritten prompt|created prompt|#\s*(?:given|rewritten|created)", re.IGNORECASE)
REFUSAL = re.compile(r"\bsorry\b|\bI (?:can(?:no|')t|am unable)\b|\bas an AI\b", re.IGNORECASE)

STOP_WORDS = frozenset(
    ["a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "down", "during", "each", "else", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me", "more", "most", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or", "other", "our", "out", "over", "own", "same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "would", "you", "your"]
)
"""Function words alone: libraries' lists hold number words and "take", which are answers here."""


@dataclass(frozen=True)
class Prompt:
    """One text of the pool."""

    text: str
    parent: str
    """Id of the probe or lesson that it is."""
    depth: int
    shown: int
    """The failure (by index) that it is, or is nearest to."""
    round: int = 0


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        first = [
            Prompt(_question(reading), failure.probe_id, 0, i)
            for i, (reading, failure) in enumerate(zip(desk.wardrobe.readings, desk.brief.failures, strict=True))
        ]
        desk.rng.shuffle(first)
        near = nearest_seeds(desk.brief.failures, desk.brief.seeds)
        self.pool = deque([*first, *(Prompt(task_text(row.seed), row.seed.lesson_id, 0, row.failure_index) for row in near)])

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One rewriting of each of the next prompts of the pool."""
        desk = self.desk
        prompts = [self.pool.popleft() for _ in range(min(n_lessons, len(self.pool)))]
        operators = [desk.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0] for _ in prompts]
        told = desk.ask([self._request(prompt, operator) for prompt, operator in zip(prompts, operators, strict=True)])
        texts = [" ".join(reply.text.split()) if operator != "complicate_input" else reply.text.strip() for reply, operator in zip(told, operators, strict=True)]
        reasons = [
            unfit(prompt.text, text, operator) for prompt, text, operator in zip(prompts, texts, operators, strict=True)
        ]
        self._judge_equal(prompts, texts, reasons)
        responses = self._respond(texts, reasons)
        drafts: list[tuple[Prompt, Draft]] = []
        for prompt, operator, reply, text, reason, response in zip(prompts, operators, told, texts, reasons, responses, strict=True):
            evidence = reason if not reason else f"{len(text.split()) - len(prompt.text.split()):+d} words"
            if not reason and response is not None:
                reason, evidence = eliminated(response.text), response.text[:200]
            if response is not None and response.error:
                reply = response
            if reason or reply.error:
                self._back(prompt)
                yield desk.refused(reason, reply, raw=text, evidence=evidence, operator=operator, parents=(prompt.parent,), depth=prompt.depth + 1)
                continue
            assert response is not None
            meta = {"round": prompt.round + 1, "evolved_from": prompt.text}
            drafts.append(
                (prompt, Draft(text, stated(response.text), reply, _steps(response.text), operator=operator, parents=(prompt.parent,),
                               depth=prompt.depth + 1, shown=(prompt.shown,), is_worked=True, meta=meta))
            )  # fmt: skip
        for (prompt, draft), candidate in zip(drafts, desk.drafted([draft for _, draft in drafts]), strict=True):
            self._next_round(prompt, draft, candidate)
            yield candidate

    def _request(self, prompt: Prompt, operator: str):
        desk = self.desk
        shown = dict.fromkeys((prompt.shown, *desk.next_failures(2)))
        variables = {"failures": desk.failures(tuple(shown)), "text": prompt.text}
        if operator == "complicate_input":
            variables["data_form"] = desk.rng.choice(DATA_FORMS)
        return desk.request(operator, variables, max_tokens=500)

    def _judge_equal(self, prompts: Sequence[Prompt], texts: Sequence[str], reasons: list[str]) -> None:
        """Ask of each survivor whether it asks more than its original."""
        open_ones = [i for i, reason in enumerate(reasons) if not reason]
        requests = [
            self.desk.request("equal", {"first": prompts[i].text, "second": texts[i]}, temperature=0.0, max_tokens=8)
            for i in open_ones
        ]
        for i, reply in zip(open_ones, self.desk.ask(requests), strict=True):
            if reply.text.strip().lower().startswith("equal"):
                reasons[i] = "no information gain"

    def _respond(self, texts: Sequence[str], reasons: Sequence[str]) -> list[Told | None]:
        open_ones = [i for i, reason in enumerate(reasons) if not reason]
        requests = [self.desk.request("shared/work_out", {"problem": texts[i]}, temperature=0.7, max_tokens=500) for i in open_ones]
        responses: list[Told | None] = [None] * len(texts)
        for i, reply in zip(open_ones, self.desk.ask(requests), strict=True):
            responses[i] = reply
        return responses

    def _back(self, prompt: Prompt) -> None:
        if prompt.round + 1 < ROUNDS:
            self.pool.append(replace(prompt, round=prompt.round + 1))

    def _next_round(self, prompt: Prompt, draft: Draft, candidate: Candidate) -> None:
        """The child goes on in its parent's place if it is proved and not too deep, else the parent itself does."""
        lesson = candidate.lesson
        if lesson is not None and draft.depth == 1 and verify(lesson).outcome == "pass":
            self._back(Prompt(draft.problem, lesson.lesson_id, draft.depth, prompt.shown, prompt.round))
        else:
            self._back(prompt)


def unfit(given: str, text: str, operator: str) -> str:
    """Why a rewriting is eliminated before anyone answers it, or empty."""
    n_given, n_words = len(given.split()), len(text.split())
    if is_empty_talk(text):
        return "only stop words and punctuation"
    if is_short_refusal(text):
        return "a short refusal instead of a prompt"
    if LEAKS.search(text):
        return "leaks words of the request"
    if " ".join(text.lower().split()) == " ".join(given.lower().split()):
        return "no information gain"
    if operator == "breadth":
        is_near = n_given / OTHER_LENGTH <= n_words <= n_given * OTHER_LENGTH
        return "" if is_near else "of another length than its original"
    is_within = ADDED[0] - LEEWAY <= n_words - n_given <= ADDED[1] + LEEWAY
    return "" if is_within or operator == "complicate_input" else "does not add 10 to 20 words"


def eliminated(response: str) -> str:
    """Why the answer to a rewriting condemns it, or empty."""
    if is_short_refusal(response):
        return "the response is a short refusal"
    if is_empty_talk(response):
        return "the response is only stop words and punctuation"
    return "" if stated(response) else "the response states no final answer"


def is_short_refusal(text: str) -> bool:
    """It says that it can't, in fewer words than an answer would take."""
    return bool(REFUSAL.search(text)) and len(text.split()) < SHORT_REFUSAL_WORDS


def is_empty_talk(text: str) -> bool:
    """Nothing but stop words and punctuation, or nothing at all."""
    return all(word in STOP_WORDS for word in re.findall(r"\w+", text.lower()))


def _question(reading: Reading) -> str:
    """A failure's prompt without its wrapping, options included."""
    return reading.stem + (reading.options.render(reading.options.texts) if reading.options else "")


def _steps(response: str) -> str:
    """A worked answer without its final line."""
    lines = response.strip().splitlines()
    return "\n".join(lines[:-1]).strip() if stated(lines[-1]) else response.strip()


STRATEGY = AtDesk("evol_instruct", "WizardLM (Xu 2023), sections 3.2 and 3.3, appendices A to F", "teacher", _Writer)
