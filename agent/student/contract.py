"""What the loop asks of a student: evaluate, train, prove an effect, count tokens, embed.

`client.WorkerStudent` does it with a real model in a worker process; `agent.fakes.ScriptedStudent`
does it in microseconds. Stages know this protocol only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from probes.errors import WeakspotError
from probes.suite import Probe, Suite

Progress = Callable[[str, int, int], None]
"""Called as (what, done, total): `("basics · gate", 96, 300)`."""


class BadAdapter(WeakspotError):
    """An adapter that must not be used: hash mismatch, non-finite values, wrong shapes, missing files."""


class TrainingFailed(WeakspotError):
    """Training ended without a usable adapter (non-finite loss, out of memory twice). The champion is untouched."""


@dataclass(frozen=True)
class Sample:
    """One answer of one model to one probe."""

    suite: str
    probe_id: str
    response: str
    """Generated text, or the chosen option for log-likelihood probes."""
    strict: float
    """0 or 1: the response as a whole is the answer."""
    lenient: float
    """0 or 1: the answer can be extracted from the response. Never below `strict`."""
    finish: str = "stop"
    """`stop`, `length` (token limit reached) or `choice`."""
    n_tokens: int = 0
    margin: float | None = None
    """Log-likelihood probes: gold's log-probability minus the best other's, in nats."""


@dataclass(frozen=True)
class TrainParams:
    """What training needs beside the curriculum."""

    seed: int
    lora_r: int = 16
    lora_alpha: int = 32
    learning_rate: float = 5e-4
    epochs: int = 2
    batch_size: int = 4
    max_length: int = 512
    warmup_share: float = 0.05
    start: str = ""
    """Adapter to go on from, with its own rank and alpha; "" trains a fresh one."""


@dataclass(frozen=True)
class TrainResult:
    """A finished adapter and how it came about."""

    adapter: str
    """sha256 (hex) of its content; the name of its folder."""
    path: Path
    steps: int
    tokens: int
    """Tokens seen, prompts included."""
    first_loss: float
    final_loss: float
    seconds: float


@dataclass(frozen=True)
class AnswerScore:
    """How near a model is to writing one given answer."""

    logprob: float
    """Of the whole answer and the end of its turn, in nats."""
    margin: float
    """Least lead of one of its tokens over the best other token, in nats: above 0 where greedy decoding writes it."""


class Student(Protocol):
    """A model that can be examined and trained. Adapters are named by their content hash; "" is the base."""

    name: str

    @property
    def model_key(self) -> str:
        """Hash of base weights, chat template, system prompt, engine and dtype: part of every cached score."""
        ...

    def describe_task(self, task: str, include_path: str = "") -> Suite:
        """Load an lm-eval task or group by name and list its docs as probes (`scorer="lm-eval"`)."""
        ...

    def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None) -> list[Sample]:
        """Answer `probes` (all of `suite`) through lm-eval; samples in the order of `probes`.

        Raises:
            BadAdapter: the adapter is missing, altered, non-finite or does not fit the base.
        """
        ...

    def train(self, curriculum: Path, params: TrainParams, progress: Progress | None = None) -> TrainResult:
        """Train a LoRA adapter of the base (fresh, or on from `params.start`) on a prompt/completion JSONL file.

        Raises:
            TrainingFailed: no adapter was made; nothing changed.
            BadAdapter: `params.start` can't be used.
        """
        ...

    def effect(self, adapter: str, other: str, prompts: Sequence[str]) -> float:
        """Largest absolute difference of next-token logits between two adapters over `prompts`."""
        ...

    def count_tokens(self, rows: Sequence[tuple[str, str]]) -> list[int]:
        """Tokens of each (prompt, completion) as trained on, template included."""
        ...

    def rollouts(self, prompts: Sequence[str], n: int, *, max_tokens: int, seed: int, adapter: str = "") -> list[list[str]]:
        """`n` answers to each prompt, drawn at temperature 1, of at most `max_tokens` tokens; the same seed gives the same answers."""
        ...

    def answer_scores(self, rows: Sequence[tuple[str, str]], adapter: str = "") -> list[AnswerScore]:
        """How near the student is to answering as each (prompt, completion) does, the end of the turn included."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Mean-pooled last hidden states of the base."""
        ...

    def close(self) -> None:
        """Stop the worker. Safe to call twice."""
        ...
