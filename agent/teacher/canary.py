"""Tiny questions that tell whether a teacher answers, counts and keeps to a format, before money is spent on it."""

from __future__ import annotations

import json

from curricula.teacher import TeacherRequest

# 512 tokens: a model that thinks before it speaks needs them even for "5".
CANARIES = (
    (
        "arithmetic",
        TeacherRequest(
            "What is 2+3? Answer with only the number.", temperature=0.0, max_tokens=512, tag="check"
        ),
    ),
    (
        "JSON",
        TeacherRequest(
            'Reply with only this JSON object: {"answer": "5"}',
            temperature=0.0,
            max_tokens=512,
            json_schema={
                "type": "object",
                "properties": {"answer": {"type": "string"}},
                "required": ["answer"],
            },
            tag="check",
        ),
    ),
)


def is_right(canary: str, text: str) -> bool:
    """Whether `text` answers the canary of that name."""
    if canary != "JSON":
        return "5" in text
    try:
        return str(json.loads(text[text.find("{") : text.rfind("}") + 1])["answer"]) == "5"
    except (ValueError, KeyError, TypeError):
        return False
