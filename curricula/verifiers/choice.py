"""Passes when the answer names the same option as the check, by label or by text.

Options come from `meta["choices"]`, else from the prompt's lines `A) ...`, `(B) ...`. Refused: an answer that is no
option, two of them, a completion that ends on another.
"""

from __future__ import annotations

import re

from curricula.lesson import Lesson, Verdict
from curricula.verifiers.contract import failed, passed, unverifiable
from curricula.verifiers.statements import declared_answers, last_line, normal

OPTION = re.compile(r"(?:^|(?<=\s))[(\[]?([A-J])[)\].:]\s+(.+?)(?=\s+[(\[]?[A-J][)\].:]\s|\n|$)")
LABEL = re.compile(r"^[(\[]?([A-J])(?:[)\].:](?:\s+(?P<text>.+))?)?$")


class ChoiceVerifier:
    """The same option."""

    name = "choice"

    def verify(self, lesson: Lesson) -> Verdict:
        """`unverifiable` without a check or without options; never `pass` for two answers or none."""
        options = _options(lesson)
        if not lesson.answer.strip():
            return failed("missing answer")
        if len(options) < 2:
            return unverifiable("no options to choose from")
        chosen = _chosen(lesson.answer, options)
        if len(chosen) != 1:
            return failed("two answers" if chosen else "the answer is none of the options", lesson.answer)
        said = (declared_answers(lesson.completion) or [last_line(lesson.completion)])[-1]
        if (ends := _chosen(said, options) or _mentioned(said, options)) != chosen:
            return failed("the completion does not end on the answer", f"{said[:200]} {sorted(ends)}")
        if not lesson.check.strip():
            return unverifiable("no check")
        right = _chosen(lesson.check, options)
        if len(right) != 1:
            return failed("the check is not one of the options", lesson.check)
        return passed(lesson.check_kind) if right == chosen else failed("answer and check differ", f"{lesson.answer!r} against {lesson.check!r}")


def _options(lesson: Lesson) -> dict[str, str]:
    """Label to text."""
    given = lesson.meta.get("choices") or ()
    if not given:
        return {match[1]: normal(match[2]) for match in OPTION.finditer(lesson.prompt)}
    options = {}
    for index, text in enumerate(given):
        match = LABEL.match(str(text).strip())
        options[match[1] if match else chr(ord("A") + index)] = normal(match["text"] or match[1] if match else str(text))
    return options


def _chosen(answer: str, options: dict[str, str]) -> set[str]:
    """Labels that an answer is: by label, by text, or by both where they belong together."""
    match = LABEL.match(answer.strip().rstrip("."))
    if match and match[1] in options:
        if match["text"] and normal(match["text"]) != options[match[1]]:
            return set()
        return {match[1]}
    parts = re.split(r"\s+(?:and|or)\s+|\s*/\s*", answer)
    if len(parts) > 1 and all(_chosen(part, options) for part in parts):
        return set().union(*(_chosen(part, options) for part in parts))
    return {label for label, text in options.items() if text == normal(answer)}


def _mentioned(sentence: str, options: dict[str, str]) -> set[str]:
    """Labels in brackets, else options whose text stands in the sentence."""
    labels = {label for label in re.findall(r"[(\[]([A-J])[)\]]", sentence) if label in options}
    return labels or {label for label, text in options.items() if text and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", normal(sentence))}


VERIFIER = ChoiceVerifier()
