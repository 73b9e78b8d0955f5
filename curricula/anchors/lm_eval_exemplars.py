"""Human-written worked solutions that ship inside lm-eval as few-shot exemplars.

Nothing is downloaded and lm-eval is not imported: its package folder is located, the task YAML files are
read as data (tags such as `!function` are ignored, never run), and each exemplar becomes a lesson. 282 MMLU
chains of thought (Flan, Chung 2022), 81 of BIG-Bench Hard (Suzgun 2022), 8 of GSM8K (Wei 2022).

The one change to the text: the exemplars' "Let's think step by step." moves from the answer to the end of the
question. Left in front of each answer, hundreds of equal openings would teach a small student to answer every
question with it, where a probe wants the bare answer.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from curricula.lesson import Lesson
from probes.errors import WeakspotError

STEP_BY_STEP = "Let's think step by step."
_ANSWER = re.compile(r"\banswer is:?\s+(.+?)\s*\.?\s*$", re.IGNORECASE | re.DOTALL)
# LaTeX that lost its backslash to an escape sequence (\frac read as form feed or newline + rac): 5 MMLU rows.
_DAMAGED = re.compile(r"[\x00-\x08\x0b-\x1f\ufffd]|\n(?:rac|actorial)\b")


@dataclass(frozen=True)
class Exemplars:
    """Where a set of exemplars lies inside lm-eval's task folder."""

    about: str
    pattern: str
    question: str
    """Key of the question in a sample."""
    with_description: bool = False
    """Whether the question needs its task's description to make sense."""


EXEMPLARS = {
    "mmlu_flan_cot": Exemplars(
        "57 x 5 MMLU questions with worked answers", "mmlu/flan_cot_fewshot/mmlu_*.yaml", "question"
    ),
    "bbh_cot": Exemplars(
        "27 x 3 BIG-Bench Hard questions with worked answers",
        "bbh/cot_fewshot/*.yaml",
        "input",
        with_description=True,
    ),
    "gsm8k_cot": Exemplars(
        "8 grade-school word problems with worked answers", "gsm8k/gsm8k-cot.yaml", "question"
    ),
}


@lru_cache(maxsize=8)
def _read(name: str, folder: Path) -> tuple[Lesson, ...]:
    kind = EXEMPLARS[name]
    rows: list[Lesson] = []
    for path in sorted(folder.glob(kind.pattern)):
        task = _load_yaml(path)
        samples = (task.get("fewshot_config") or {}).get("samples")
        if not isinstance(samples, list):
            continue  # a group or template file
        description = task.get("description") if kind.with_description else ""
        for number, sample in enumerate(samples):
            lesson = _lesson(
                name, path.stem, number, description or "", sample[kind.question], sample["target"]
            )
            if lesson is not None:
                rows.append(lesson)
    return tuple(rows)


def read_exemplars(name: str) -> list[Lesson]:
    """Rows of one set, sorted by file and position; source `lm-eval:<name>/<task>#<i>`.

    Rows with damaged LaTeX or without a final answer are left out.

    Raises:
        WeakspotError: lm-eval is not installed, or its folder holds no such exemplars.
    """
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        raise WeakspotError(
            "lm-eval is not installed", where=f"anchor source '{name}'", hint="pip install lm-eval"
        )
    folder = Path(spec.submodule_search_locations[0]) / "tasks"
    rows = _read(name, folder)
    if not rows:
        raise WeakspotError(
            f"this version of lm-eval ships no exemplars for '{name}'",
            where=str(folder / EXEMPLARS[name].pattern),
            hint="name another source under curriculum.anchors, or reinstall the locked version: make clean test",
        )
    return list(rows)


def _lesson(name: str, task: str, number: int, description: str, question: str, target: str) -> Lesson | None:
    found = _ANSWER.search(target)
    if found is None or _DAMAGED.search(question + "\n" + target):
        return None
    completion = target.strip().removeprefix(STEP_BY_STEP).strip()
    prompt = "\n\n".join(part for part in (description.strip(), question.strip(), STEP_BY_STEP) if part)
    task = task.removeprefix("mmlu_")
    return Lesson(
        prompt=prompt,
        completion=completion,
        answer=found.group(1),
        strategy="anchor",
        depth=0,
        source=f"lm-eval:{name}/{task}#{number}",
    )


def _load_yaml(path: Path) -> dict[str, Any]:
    import yaml

    class DataOnly(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
        """A safe loader to which every unknown tag is an empty value."""

    DataOnly.add_multi_constructor("!", lambda loader, suffix, node: None)
    with path.open(encoding="utf-8") as stream:
        loaded = yaml.load(stream, Loader=DataOnly)
    return loaded if isinstance(loaded, dict) else {}
