"""Passes when a human-made row stands in the page it was cut from, word for word and in order.

For depth 0 only: what a row of a web page claims is that a person wrote it so, not that a gold agrees with it. `check`
is the stretch of the page that it was cut from. Whether the person was right is not asked.
"""

from __future__ import annotations

import re

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable


class PassageVerifier:
    """A row against its page."""

    name = "passage"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without the page's text; never `pass` for what a teacher wrote."""
        if lesson.depth != 0 or not lesson.source:
            return failed("a passage is a human-made row with its source", f"depth {lesson.depth}")
        if not lesson.check.strip():
            return unverifiable("no text of the page")
        page = _flat(lesson.check)
        end = 0
        for part in _parts(lesson):
            at = page.find(part, end)
            if at < 0:
                return failed("the page does not say that, or not in this order", part[:150])
            end = at + len(part)
        return passed(lesson.source)


def _parts(lesson: Lesson) -> list[str]:
    """What must stand in the page: each paragraph, in order; a section's prompt is its heading behind the page's title."""
    title, prompt = str(lesson.meta.get("title", "")), lesson.prompt
    if lesson.operator == "section":
        # a title may hold colons itself ("Number Fields: Class Groups"): all of it goes that stands in front of the heading
        prompt = prompt[max((m.end() for m in re.finditer(": ", prompt) if title.startswith(prompt[: m.start()])), default=0) :]
    return [part for text in (prompt, lesson.completion) for paragraph in text.split("\n\n") if (part := _flat(paragraph))]


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


VERIFIER = PassageVerifier()
