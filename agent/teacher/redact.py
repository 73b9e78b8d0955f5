"""Take secrets out of text before it is shown, stored or logged."""

from __future__ import annotations

import os
import re

MASK = "[secret]"
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)S?($|_)", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|glpat)[-_][\w*.-]{6,}|\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}|(?<=[Bb]earer )[\w.~+/=-]{8,}"
)
MIN_LENGTH = 8  # a shorter value is no secret, and masking "none" or "1" would garble every message


def redact_known(text: str, *secrets: str) -> str:
    """Mask the given secrets and the values of all environment variables that are named like one."""
    values = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)} | set(secrets)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= MIN_LENGTH:
            text = text.replace(value, MASK)
    return text


def redact(text: str, *secrets: str) -> str:
    """The same, and anything that has the shape of a key; for error texts, where providers echo parts of keys."""
    return _SHAPES.sub(MASK, redact_known(text, *secrets))
