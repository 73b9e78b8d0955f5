"""Textbook: an outline, sections grounded in real texts, exercises that can be checked.

Sections lie in a grid of style, readers and subtopic, whose cells are drawn without replacement: breadth by
construction. Each section is written from one or two human texts near the weakness and stays with its exercises
(`meta["section"]`); only the exercises are taught, for nothing here can verify an explanation. An exercise that asks for
code comes with tests and is judged by running both (verifier `code`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from curricula.filters.normalise import tokens
from curricula.lesson import Candidate, Lesson
from curricula.strategies.desk import AtDesk, Desk, Draft, Told
from curricula.strategies.seeds import nearest_seeds, require_seeds, task_text

STYLES = ("a plain textbook", "a lecture with questions to the class", "a dialogue of a tutor and a pupil", "a story in which somebody needs it",
          "a how-to with numbered steps", "a letter to a friend")  # fmt: skip
AUDIENCES = ("children of a primary school", "pupils of a secondary school", "adults who have not been to school for long",
             "people who learn it for their work", "teachers who want to explain it better")  # fmt: skip
N_SUBTOPICS = 6
MOST_KNOWN = 30  # earlier titles named in a request
MIN_EXERCISES, MAX_EXERCISES = 3, 5
MIN_WORDS = 60  # a section below that is a heading
GRAM = 8  # words in a row shared with a failure: as for contamination
CHUNK_WORDS = 180
SECTIONS_AT_ONCE = 3
OUTLINE_FORM = '{"sections": [{"title": "..."}]}'
EXERCISES_FORM = '{"exercises": [{"problem": "...", "solution": "...", "answer": "...", "check": "...", "tests": "..."}]}'


@dataclass(frozen=True)
class Cell:
    """One section to be written."""

    style: str
    audience: str
    subtopic: str
    position: str
    """Which of how many cells of its grid, e.g. `7/180`."""


@dataclass(frozen=True)
class Section:
    """A cell with its text."""

    cell: Cell
    told: Told
    shown: tuple[int, ...]
    parents: tuple[str, ...]

    @property
    def text(self) -> str:
        """As written, without outer blank lines."""
        return self.told.text.strip()


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        seeds = require_seeds(desk.brief, desk.strategy)
        near = [row.seed for row in nearest_seeds(desk.brief.failures, seeds)]
        self.texts = near or list(seeds)
        self.at = 0
        self.cells: list[Cell] = []
        # named in the next request: an equal one would be answered from the cache with the same outline
        self.titles = list(dict.fromkeys(row.meta["cell"][2] for row in desk.brief.earlier if "cell" in row.meta))

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """A few sections and their exercises."""
        n = -(-n_lessons // MIN_EXERCISES)
        if not self.cells:
            yield from self._outline()
        cells = [self.cells.pop() for _ in range(min(n, len(self.cells)))]
        sections = []
        for section, reason in self._sections(cells):
            if reason or section.told.error:
                yield self._refused(section, reason, section.told)
            else:
                sections.append(section)
        yield from self._exercises(sections)

    def _outline(self) -> Iterator[Candidate]:
        """A new grid from a new outline."""
        desk = self.desk
        shown = desk.next_failures()
        request = desk.request("outline", {"failures": desk.failures(shown), "n_subtopics": N_SUBTOPICS, "known": self.titles[-MOST_KNOWN:]}, max_tokens=400)
        [entry] = desk.ask_items([request], ("title",), OUTLINE_FORM)
        yield from desk.unreadable(entry, "outline", desk.parents(shown))
        titles = list(dict.fromkeys(item["title"] for item in entry.items))[:N_SUBTOPICS]
        self.titles += titles
        grid = [(style, audience, title) for style in STYLES for audience in AUDIENCES for title in titles]
        desk.rng.shuffle(grid)
        self.cells = [Cell(*place, f"{i + 1}/{len(grid)}") for i, place in reversed(list(enumerate(grid)))]

    def _sections(self, cells: list[Cell]) -> list[tuple[Section, str]]:
        """Each cell's section with the reason why it can't be used, or none."""
        desk, shown, chunks, requests = self.desk, [], [], []
        for cell in cells:
            shown.append(desk.next_failures())
            chunks.append(self._chunks())
            variables = {"failures": desk.failures(shown[-1]), "subtopic": cell.subtopic, "style": cell.style, "audience": cell.audience,
                         "chunks": [_chunk(row) for row in chunks[-1]]}  # fmt: skip
            requests.append(desk.request("section", variables, max_tokens=700))
        found = []
        for cell, indices, rows, told in zip(cells, shown, chunks, desk.ask(requests), strict=True):
            section = Section(cell, told, indices, desk.parents(indices) + tuple(row.lesson_id for row in rows))
            found.append((section, self._unfit(section)))
        return found

    def _chunks(self) -> list[Lesson]:
        """The next one or two human texts, nearest first, round and round."""
        n = min(self.desk.rng.choice((1, 2)), len(self.texts))
        chosen = [self.texts[(self.at + i) % len(self.texts)] for i in range(n)]
        self.at += n
        return chosen

    def _unfit(self, section: Section) -> str:
        if section.told.is_cut:
            return "section cut off by its length"
        words = tokens(section.text)
        if len(words) < MIN_WORDS:
            return f"section of fewer than {MIN_WORDS} words"
        said = {tuple(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1)}
        for failure in self.desk.failures(section.shown):
            asked = tokens(failure.prompt)
            if any(tuple(asked[i : i + GRAM]) in said for i in range(len(asked) - GRAM + 1)):
                return "section quotes a failure"
        return ""

    def _exercises(self, sections: list[Section]) -> Iterator[Candidate]:
        desk = self.desk
        requests = [
            desk.request("exercises", {"failures": desk.failures(section.shown), "subtopic": section.cell.subtopic, "audience": section.cell.audience,
                         "section": section.text, "has_options": desk.wardrobe.has_options}, max_tokens=1200)
            for section in sections
        ]  # fmt: skip
        drafts = []
        for section, entry in zip(sections, desk.ask_items(requests, ("problem", "answer"), EXERCISES_FORM), strict=True):
            yield from desk.unreadable(entry, "exercise", section.parents)
            if entry.items and len(entry.items) < MIN_EXERCISES:
                yield self._refused(section, f"fewer than {MIN_EXERCISES} exercises", entry.told)
                continue
            for number, item in enumerate(entry.items[:MAX_EXERCISES], start=1):
                check, kind = (item["tests"], "tests") if item.get("tests") else (item.get("check", ""), "")
                drafts.append(
                    Draft(item["problem"], item["answer"], entry.told, item.get("solution", ""), check, kind, operator="code_exercise" if kind else "exercise",
                          parents=section.parents, shown=section.shown, meta={**_about(section), "exercise": number})
                )  # fmt: skip
        yield from desk.drafted(drafts)

    def _refused(self, section: Section, reason: str, told: Told) -> Candidate:
        return self.desk.refused(reason, told, operator="section", parents=section.parents, meta=_about(section))


def _about(section: Section) -> dict:
    cell = section.cell
    section_id = "S" + hashlib.sha256(section.text.encode("utf-8", "replace")).hexdigest()[:12]
    return {"section_id": section_id, "section": section.text, "cell": [cell.style, cell.audience, cell.subtopic], "grid": cell.position}


def _chunk(seed: Lesson) -> str:
    return " ".join(f"{task_text(seed)}\n{seed.completion}".split(" ")[:CHUNK_WORDS])


STRATEGY = AtDesk("textbook", "Textbooks Are All You Need (Gunasekar 2023), sections 2.2 and 2.3; Cosmopedia (Ben Allal 2024)", "teacher, corpus", _Writer, per_batch=SECTIONS_AT_ONCE * MIN_EXERCISES)
