"""The base model, loaded once and kept, with at most one adapter in place.

A folder with weights goes in; jobs come out as plain values: samples, a training report, logit
differences, vectors. In float32 an adapter is merged into copies of the base weights (same logits to
1e-4, no cost per token) and the base tensors themselves are put back untouched; in bfloat16 merging
would round the adapter away, so PEFT computes it beside the base.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from agent.student import adapters
from agent.student.admission import load_tokenizer, require_decoder
from agent.student.contract import Sample, TrainingFailed, TrainParams
from agent.student.template import Template, stop_ids
from probes.suite import Probe, Suite

ENGINE = "1"  # raise whenever generation, scoring or rendering changes what a stored sample would say
ANSWER_TOKENS = 4096  # rows x width of one batch of scored answers: a few hundred MB of logits
EMBED_TOKENS = 512  # texts are cut here: a probe's subject is in its first lines

Progress = Callable[[int, int], None]


class WarmStudent:
    """One student on one device; every method leaves the base as it was loaded."""

    def __init__(
        self, folder: Path, *, name: str, weights_key: str, adapters_dir: Path, system_prompt: str | None,
        max_tokens: int | None, batch_size: int, dtype: str, device: str,
    ) -> None:
        self.folder = folder
        self.name = name
        self.weights_key = weights_key
        self.adapters_dir = adapters_dir
        self.max_tokens = max_tokens
        self.batch_size = batch_size
        self.device = device if device != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")
        self.dtype = _dtype(dtype, self.device)
        if self.device == "cpu":
            torch.set_num_threads(usable_cores())
        require_decoder(folder)
        self.template = Template(load_tokenizer(folder), system_prompt)
        self._model: Any = None
        self._peft: Any = None
        self._originals: dict[str, torch.Tensor] = {}
        self._adapter = ""
        self._shelf: Any = None

    def describe(self) -> dict[str, str]:
        """What a score depends on beside weights and adapter."""
        import lm_eval
        import transformers

        versions = f"torch {torch.__version__}, transformers {transformers.__version__}, lm-eval {lm_eval.__version__}"
        return {
            "device": self.device, "dtype": str(self.dtype).removeprefix("torch."), "template": self.template.hash,
            "engine": f"{ENGINE}; {versions}",
        }

    def evaluate(self, suite: Suite, probes: Sequence[Probe], adapter: str, progress: Progress) -> list[Sample]:
        """Answer `probes` of `suite` with an adapter ("" is the base)."""
        from agent.student.backend import StudentLM
        from agent.student.tasks import evaluate_probes

        lm = StudentLM(
            self._with(adapter), self.template, batch_size=self.batch_size, max_tokens=self.max_tokens,
            progress=progress,
        )
        if suite.origin == "lm-eval":
            return self._tasks().evaluate(lm, suite, probes)
        return evaluate_probes(lm, probes, suite.max_tokens)

    def describe_task(self, task: str, include_path: str) -> Suite:
        """Docs of an lm-eval task or group as probes."""
        return self._tasks().describe(task, include_path)

    def train(self, curriculum: Path, params: TrainParams, out_dir: Path, progress: Progress):
        """Train an adapter into `out_dir` on a model of its own; the warm one makes room for it.

        Out of memory: once more with half the rows in memory, then with a quarter.

        Raises:
            TrainingFailed: no adapter was made.
        """
        from agent.student.training import train

        note = {"weights_key": self.weights_key, "template": self.template.hash, "base": self.name}
        divisors = [rows for rows in range(params.batch_size, 0, -1) if params.batch_size % rows == 0]
        tries = [params.batch_size, *[rows for rows in divisors if rows <= params.batch_size // 2]][:3]
        for micro_batch in tries:
            self.unload()
            model = self._load()
            if params.start:
                adapters.verify(self.adapters_dir / params.start, params.start)
                adapters.check_weights(self.adapters_dir / params.start, model, self.weights_key)
            try:
                return train(
                    model, self.template, curriculum, params, out_dir, base_name=self.name, note=note,
                    micro_batch=micro_batch, start=self.adapters_dir / params.start if params.start else None, progress=progress,
                )
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
        raise TrainingFailed(
            f"training ran out of memory, even with {tries[-1]} row(s) at once",
            hint="lower train.max_length, or use a smaller student",
        )

    @torch.inference_mode()
    def effect(self, adapter: str, other: str, prompts: Sequence[str]) -> float:
        """Largest absolute difference of next-token logits between two adapters."""
        rows = [self.template.encode(self.template.render([{"role": "user", "content": p}])) for p in prompts]
        logits = []
        for which in (adapter, other):
            model = self._with(which)
            each = [model(input_ids=torch.tensor([ids], device=model.device), logits_to_keep=1).logits for ids in rows]
            logits.append(torch.cat(each).float())
        return float((logits[0] - logits[1]).abs().max())

    def rollouts(self, prompts: Sequence[str], n: int, max_tokens: int, seed: int, adapter: str, progress: Progress) -> list[list[str]]:
        """`n` answers to each prompt, drawn at temperature 1."""
        from agent.student import decode

        model = self._with(adapter)
        template = self.template
        encoded = template.encode_many([template.render([{"role": "user", "content": prompt}]) for prompt in prompts])
        done = 0

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            progress(done, n * len(prompts))

        drawn = decode.generate(
            model, [ids for ids in encoded for _ in range(n)], max_new=max_tokens, stop_ids=stop_ids(model, template), batch_size=self.batch_size,
            progress=advance, pick=decode.sampler(seed, model.device),
        )
        texts = [template.tokenizer.decode(one.ids, skip_special_tokens=True) for one in drawn]
        return [texts[i * n : (i + 1) * n] for i in range(len(prompts))]

    def answer_scores(self, rows: Sequence[Sequence[str]], adapter: str, progress: Progress) -> list[tuple[float, float]]:
        """For each (prompt, completion) as trained on: its log-probability and its least lead over another token, in nats."""
        from agent.student import decode

        model = self._with(adapter)
        tokenised = [self.template.tokenise_row([{"role": "user", "content": prompt}], completion) for prompt, completion in rows]
        items = [decode.Continuations(row.prompt_ids, (tuple(row.completion_ids),)) for row in tokenised]
        done = 0

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            progress(done, len(items))

        scored = decode.score(model, items, batch_tokens=ANSWER_TOKENS, progress=advance)
        return [(one.logprob, one.margin) for (one,) in scored]

    def count_tokens(self, rows: Sequence[Sequence[str]]) -> list[int]:
        """Tokens of (prompt, completion) pairs as trained on."""
        turns = [([{"role": "user", "content": prompt}], completion) for prompt, completion in rows]
        tokenised = [self.template.tokenise_row(prompt, completion) for prompt, completion in turns]
        return [len(row.prompt_ids) + len(row.completion_ids) for row in tokenised]

    @torch.inference_mode()
    def embed(self, texts: Sequence[str], progress: Progress):
        """Mean-pooled last hidden states of the base, one float32 row a text (numpy array)."""
        model = self._with("").base_model
        encoded = [ids[:EMBED_TOKENS] or [0] for ids in self.template.tokenizer(list(texts))["input_ids"]]
        order = sorted(range(len(encoded)), key=lambda i: -len(encoded[i]))
        pooled = torch.zeros((len(encoded), model.config.get_text_config().hidden_size))
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            width = len(encoded[rows[0]])
            ids = torch.tensor([encoded[i] + [0] * (width - len(encoded[i])) for i in rows], device=model.device)
            mask = torch.tensor([[1] * len(encoded[i]) + [0] * (width - len(encoded[i])) for i in rows], device=model.device)
            hidden = model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state.float()
            pooled[rows] = ((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).cpu()
            progress(start + len(rows), len(order))
        return pooled.numpy()

    def unload(self) -> None:
        """Give the memory back; the next job loads again."""
        self._model = self._peft = None
        self._originals = {}
        self._adapter = ""
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def _with(self, adapter: str) -> Any:
        """The model with exactly this adapter, checked before use."""
        if self._model is None:
            self._model = self._load()
        if adapter == self._adapter:
            return self._peft if self._peft is not None and not self._originals else self._model
        self._detach()
        if adapter:
            self._attach(adapter)
        return self._peft if self._peft is not None and not self._originals else self._model

    def _attach(self, adapter: str) -> None:
        from peft import PeftModel

        folder = self.adapters_dir / adapter
        adapters.verify(folder, adapter)
        adapters.check_weights(folder, self._model, self.weights_key)
        self._peft = PeftModel.from_pretrained(self._model, folder).eval()
        if self.dtype == torch.float32:
            # safe_merge adds into a copy, so these references stay what they are: the exact base.
            self._originals = {name: parameter.data for name, parameter in self._model.named_parameters()}
            self._peft.merge_adapter(safe_merge=True)
        self._adapter = adapter

    def _detach(self) -> None:
        if self._peft is None:
            return
        for name, parameter in self._model.named_parameters():
            if name in self._originals:
                parameter.data = self._originals[name]
        self._model = self._peft.unload()
        self._peft, self._originals, self._adapter = None, {}, ""

    def _load(self) -> Any:
        model: Any = AutoModelForCausalLM.from_pretrained(self.folder, dtype=self.dtype, use_safetensors=True)
        return model.to(self.device).eval()

    def _tasks(self) -> Any:
        from agent.student.foreign import TaskShelf

        if self._shelf is None:
            self._shelf = TaskShelf()
        return self._shelf


def usable_cores() -> int:
    """Cores this process may really use: affinity and container quota, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if os.environ.get("OMP_NUM_THREADS", "").isdigit():
        return min(cores, int(os.environ["OMP_NUM_THREADS"]))
    quota_file = Path("/sys/fs/cgroup/cpu.max")
    if quota_file.is_file():
        quota, period = quota_file.read_text().split()[:2]
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def is_out_of_memory(error: BaseException) -> bool:
    """Does this say that GPU or main memory is exhausted? CPU PyTorch has no class of its own for it."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _dtype(dtype: str, device: str) -> torch.dtype:
    if dtype == "auto":
        return torch.bfloat16 if device == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]
