"""The example that `weakspot probes new NAME` writes: five rows, one for each thing a row can be, then sums to fill a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from probes.errors import WeakspotError
from probes.jsonl import SUITE_NAME

ROWS: tuple[dict[str, Any], ...] = (
    {
        "id": "sum-1",
        "prompt": "What is 17 + 25? Answer with only the number.",
        "answer": "42",
        "scorer": "numeric",
        "group": "17+25",
        "meta": {"skill": "sums"},
    },
    {
        "id": "sum-2",
        "prompt": "Add 17 and 25. Reply with just the number.",
        "answer": "42",
        "scorer": "numeric",
        "group": "17+25",
        "meta": {"skill": "sums"},
    },
    {
        "id": "capital-1",
        "prompt": "What is the capital of France? Answer with only the city.",
        "answer": "Paris",
        "meta": {"skill": "capitals"},
    },
    {
        "id": "parity-1",
        "prompt": "Is 37 odd or even? Answer with only the word.",
        "answer": "odd",
        "choices": ["odd", "even"],
        "meta": {"skill": "parity"},
    },
    {
        "id": "sea-1",
        "prompt": "A fish lives in the",
        "answer": "water",
        "scorer": "loglikelihood",
        "choices": ["oven", "water", "tree", "lamp"],
        "meta": {"skill": "completion"},
    },
)
"""Ranked choices (`loglikelihood`) need no generation; `exact` with `choices` knows the rivals of the gold."""


def _sums() -> list[dict[str, Any]]:
    """Seventy more rows, so that the example leaves enough probes to every split and can be run as it is."""
    pairs = [(a, b) for a in range(11, 21) for b in range(2, 9)]
    return [
        {
            "id": f"add-{a}-{b}",
            "prompt": f"What is {a} + {b}? Answer with only the number.",
            "answer": str(a + b),
            "scorer": "numeric",
            "meta": {"skill": "sums"},
        }
        for a, b in pairs
    ]


def write_example(name: str, folder: Path = Path(".")) -> Path:
    """Write `folder/name.jsonl` and return its path.

    Raises:
        WeakspotError: the name is no suite name, the file is there already, or the folder cannot be written.
    """
    if not SUITE_NAME.fullmatch(name):
        raise WeakspotError(f"'{name}' is no suite name", hint="use a-z, 0-9, '.', '_', '-', as in my-suite")
    path = folder / f"{name}.jsonl"
    rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (*ROWS, *_sums()))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(rows)
    except FileExistsError as error:
        raise WeakspotError(f"'{path}' is there already", hint="choose another name") from error
    except OSError as error:
        raise WeakspotError(f"'{path}' cannot be written: {error.strerror}") from error
    return path
