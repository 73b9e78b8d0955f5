"""A scripted student and teacher: the whole loop in seconds, with no model, no network and no chance in it.

Public, so that users test their own suites, strategies and configurations with it:

    from agent.fakes import ScriptedStudent, scripted_student
    agent.loop.start(loaded, state_dir, SilentWatcher(), open_student=scripted_student())

The scripted student behaves like a small model in the ways the loop cares about: its base answers in
sentences (lenient right, strict wrong), it learns the answer format from a few lessons, and it gets
better at probes whose words occur in its lessons. The same inputs always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.config import Config
from agent.student.adapters import CONFIG, WEIGHTS, install, verify
from agent.student.contract import (
    AnswerScore,
    BadAdapter,
    Progress,
    Sample,
    TrainingFailed,
    TrainParams,
    TrainResult,
)
from agent.watch import Watcher
from curricula.teacher import TeacherReply, TeacherRequest
from probes.errors import WeakspotError
from probes.scorers import score
from probes.suite import Probe, Suite

FORMAT_LESSONS = 10  # lessons after which the scripted student answers bare
WORD_LESSONS = 40  # lessons holding a word after which that word is mastered


@dataclass(frozen=True)
class Script:
    """How a scripted student behaves."""

    base_skill: float = 0.35
    """Chance, 0 to 1, that the untrained student knows an answer."""
    best_skill: float = 0.95
    """The same when every word of the probe was taught."""
    weak_at: tuple[str, ...] = ()
    """Words, lower case: of probes that hold one of them the untrained student knows a tenth as many."""
    fails_training: bool = False
    """Training always ends in a non-finite loss."""
    collapses: bool = False
    """After any training it continues every prompt with the same sentence."""
    forgets: float = 0.0
    """Share of protected probes (suite names with `protected`) that any training breaks."""


AS_USUAL = Script()


class ScriptedStudent:
    """A student without a model; implements `agent.student.contract.Student`."""

    def __init__(self, state_dir: Path, script: Script = AS_USUAL) -> None:
        self.name = "scripted"
        self.evaluated: list[tuple[str, str, int]] = []
        """(suite, adapter, number of probes) of each evaluate call, for assertions."""
        self._script = script
        self._adapters = state_dir / "adapters"

    @property
    def model_key(self) -> str:
        """Hash of the script."""
        return hashlib.sha256(json.dumps(asdict(self._script)).encode()).hexdigest()[:16]

    def describe_task(self, task: str, include_path: str = "") -> Suite:
        """Knows no lm-eval tasks."""
        raise WeakspotError(f"suite {task!r} not found", hint="the scripted student knows no lm-eval tasks")

    def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None) -> list[Sample]:
        """Answer by script."""
        self.evaluated.append((suite.name, adapter, len(probes)))
        known = self._knowledge(adapter)
        if progress:
            progress(suite.name, len(probes), len(probes))
        return [self._answer(probe, known) for probe in probes]

    def train(self, curriculum: Path, params: TrainParams, progress: Progress | None = None) -> TrainResult:
        """Count the words of the lessons; the counts are the adapter."""
        if self._script.fails_training:
            raise TrainingFailed("loss was not finite at step 1", exit_code=1)
        rows = [json.loads(line) for line in curriculum.read_text(encoding="utf-8").splitlines()]
        taught = [row for row in rows if row["depth"] > 0]
        known = self._knowledge(params.start)
        words = Counter(known["words"]) + Counter(word for row in taught for word in set(_words(row["prompt"][0]["content"])))
        made = self._adapters.parent / "scratch" / f"scripted-{params.seed}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        (made / CONFIG).write_text(json.dumps({"r": params.lora_r, "lessons": known["lessons"] + len(taught), "words": dict(sorted(words.items()))}))
        (made / WEIGHTS).write_bytes(hashlib.sha256(curriculum.read_bytes()).digest())
        path = install(made, self._adapters)
        tokens = sum(self.count_tokens([(row["prompt"][0]["content"], row["completion"][0]["content"]) for row in rows]))
        return TrainResult(path.name, path, steps=len(rows), tokens=tokens, first_loss=2.0, final_loss=1.0, seconds=0.0)

    def effect(self, adapter: str, other: str, prompts: Sequence[str]) -> float:
        """1.0 between different adapters, 0.0 between equal ones."""
        return 0.0 if adapter == other else 1.0

    def count_tokens(self, rows: Sequence[tuple[str, str]]) -> list[int]:
        """Words plus four for a template."""
        return [len(prompt.split()) + len(completion.split()) + 4 for prompt, completion in rows]

    def rollouts(self, prompts: Sequence[str], n: int, *, max_tokens: int, seed: int, adapter: str = "") -> list[list[str]]:
        """Twelve words of the prompt, from another place each time; a script knows the answers of probes alone."""
        if self._script.collapses and self._knowledge(adapter)["lessons"]:
            return [["the answer is the answer"] * n for _ in prompts]
        return [[" ".join((prompt.split() * 2)[at % max(1, len(prompt.split())):][:12]) for at in range(seed % 7, seed % 7 + n)] for prompt in prompts]

    def answer_scores(self, rows: Sequence[tuple[str, str]], adapter: str = "") -> list[AnswerScore]:
        """The probability is the script's chance of knowing an answer to the prompt."""
        known = self._knowledge(adapter)
        chances = [self._chance(prompt, known) for prompt, _ in rows]
        return [AnswerScore(math.log(chance), math.log(chance / (1 - chance))) for chance in chances]

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Sixteen hashed word counts."""
        rows = []
        for text in texts:
            row = [0.0] * 16
            for word in _words(text):
                row[hashlib.blake2b(word.encode(), digest_size=1).digest()[0] % 16] += 1.0
            rows.append(row)
        return rows

    def close(self) -> None:
        """Nothing to stop."""

    def _knowledge(self, adapter: str) -> dict[str, Any]:
        if not adapter:
            return {"lessons": 0, "words": {}}
        verify(self._adapters / adapter, adapter)
        try:
            return json.loads((self._adapters / adapter / CONFIG).read_text())
        except ValueError as error:
            raise BadAdapter(f"adapter {adapter[:12]} cannot be read: {error}") from error

    def _chance(self, prompt: str, known: dict[str, Any]) -> float:
        """Of knowing the answer, by how many words of the prompt were taught."""
        words = _words(prompt)
        mastered = sum(min(1.0, known["words"].get(word, 0) / WORD_LESSONS) for word in words) / max(1, len(words))
        base = self._script.base_skill / (10 if set(words) & set(self._script.weak_at) else 1)
        return base + (self._script.best_skill - base) * mastered

    def _answer(self, probe: Probe, known: dict[str, Any]) -> Sample:
        chance = self._chance(probe.prompt, known)
        if "protected" in probe.suite:
            chance = 0.9 - (self._script.forgets if known["lessons"] else 0.0)
        draw = int.from_bytes(hashlib.blake2b(f"{probe.suite}/{probe.probe_id}".encode(), digest_size=4).digest(), "big") / 2**32
        said = probe.gold if draw < chance else "unsure"
        bare = known["lessons"] >= FORMAT_LESSONS or probe.choices
        response = said if bare else f"I think that it is {said}."
        given = score("exact" if probe.scorer in ("lm-eval", "loglikelihood") else probe.scorer, response, probe.gold, probe.choices)
        margin = 10 * (chance - draw) if probe.scorer == "loglikelihood" else None  # nats; above 0 where the gold is chosen
        return Sample(probe.suite, probe.probe_id, response, given.strict, given.lenient, n_tokens=len(response.split()), margin=margin)


def scripted_student(script: Script = AS_USUAL) -> Callable[[Config, Path, Watcher], ScriptedStudent]:
    """An `open_student` for `agent.loop.start` and `resume`."""
    return lambda config, state_dir, watcher: ScriptedStudent(state_dir, script)


class ScriptedTeacher:
    """Answers teacher requests from a function of yours: `ScriptedTeacher(lambda request: "...")`."""

    def __init__(self, answer: Callable[[TeacherRequest], str], name: str = "scripted") -> None:
        self.name = name
        self.asked: list[TeacherRequest] = []
        """Every request, for assertions."""
        self._answer = answer

    def ask(self, requests: Sequence[TeacherRequest]) -> list[TeacherReply]:
        """Call the function once a request."""
        self.asked += requests
        return [TeacherReply(self._answer(request), prompt_hash=hashlib.sha256(request.prompt.encode()).hexdigest()[:16]) for request in requests]

    def close(self) -> None:
        """Nothing to close."""


def _words(text: str) -> list[str]:
    return [word for word in "".join(c.lower() if c.isalpha() else " " for c in text).split() if len(word) > 2]
