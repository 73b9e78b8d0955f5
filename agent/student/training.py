"""LoRA training of an adapter, fresh or continued, on one curriculum, with TRL and PEFT.

A JSONL file of conversational prompt/completion rows goes in, a PEFT folder comes out in a temporary
place. Rows are tokenised by `Template`, so the trainer reads what the evaluator reads. A loss or gradient
that is not finite is seen before the optimiser steps and ends training with nothing written.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from agent.student import adapters
from agent.student.contract import TrainingFailed, TrainParams
from agent.student.template import Template

IGNORED = -100  # label of tokens that carry no loss
SHORTCUT_ERROR = 0.01  # of the largest logit; bfloat16 rounds to 0.004, a forgotten transformation is far above


@dataclass(frozen=True)
class TrainReport:
    """What training saw."""

    steps: int
    tokens: int
    """Prompts included, padding excluded."""
    first_loss: float
    final_loss: float
    """Means over the first and the last tenth of the steps."""
    seconds: float


def read_curriculum(path: Path, template: Template, max_length: int) -> list[dict[str, list[int]]]:
    """Token ids and labels of every row; a row too long loses the start of its prompt, never its answer.

    Raises:
        TrainingFailed: no row, or a row that is not prompt/completion.
    """
    rows = []
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                body = json.loads(line)
                row = template.tokenise_row(body["prompt"], body["completion"][0]["content"])
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise TrainingFailed(
                    f"curriculum row is not a prompt/completion pair: {error!r}", where=f"{path}, line {number}"
                ) from error
            completion = row.completion_ids[-max_length:]
            prompt = row.prompt_ids[-(max_length - len(completion)) :] if len(completion) < max_length else []
            rows.append({"input_ids": prompt + completion, "labels": [IGNORED] * len(prompt) + completion})
    if not rows:
        raise TrainingFailed("the curriculum has no rows", where=str(path))
    return rows


def train(
    model: Any,
    template: Template,
    curriculum: Path,
    params: TrainParams,
    out_dir: Path,
    *,
    base_name: str,
    note: dict[str, str],
    micro_batch: int = 0,
    start: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TrainReport:
    """Train `model` (which is changed: throw it away afterwards) and save the adapter into `out_dir`.

    `note` is stored beside the adapter (base and template hashes). `micro_batch` rows, a divisor of
    `params.batch_size`, are in memory at once (0: the whole batch). `start`: a PEFT folder to go on from, verified by the caller. `progress(done, total)` counts optimiser steps.

    Raises:
        TrainingFailed: bad curriculum, non-finite loss.
        WeakspotError: not enough free disk.
    """
    from peft import LoraConfig, PeftModel

    rows = read_curriculum(curriculum, template, params.max_length)
    on_gpu = model.device.type == "cuda"
    micro_batch = micro_batch or params.batch_size
    arguments = SFTConfig(
        output_dir=str(out_dir / "trainer"),
        num_train_epochs=params.epochs,
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=params.batch_size // micro_batch,
        learning_rate=params.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=params.warmup_share,  # a share below 1 is a ratio
        max_length=None,
        packing=False,
        gradient_checkpointing=False,  # a third more arithmetic, and the default student fits
        bf16=on_gpu and model.dtype == torch.bfloat16,
        use_cpu=not on_gpu,
        logging_steps=1,
        logging_strategy="steps",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=params.seed,
        data_seed=params.seed,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    lora = LoraConfig(
        r=params.lora_r, lora_alpha=params.lora_alpha, lora_dropout=0.0, bias="none", target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    if start is not None:
        model = PeftModel.from_pretrained(model, start, is_trainable=True)
    out_dir.mkdir(parents=True, exist_ok=True)
    watch = _Watch(progress)
    started = time.monotonic()
    trainer = LessonTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=template.tokenizer,
        peft_config=lora if start is None else None, callbacks=[watch],
    )
    tuned: Any = trainer.model
    adapters.require_free_disk(out_dir, 4 * sum(p.numel() for p in tuned.parameters() if p.requires_grad))
    trainer.train()
    seconds = time.monotonic() - started
    tuned.save_pretrained(out_dir)
    (out_dir / "README.md").unlink(missing_ok=True)
    shutil.rmtree(out_dir / "trainer", ignore_errors=True)
    adapters.normalise_config(out_dir, base_name)
    (out_dir / adapters.NOTE).write_text(json.dumps(note, indent=2, sort_keys=True) + "\n")
    tenth = max(1, len(watch.losses) // 10)
    return TrainReport(
        steps=len(watch.losses), tokens=params.epochs * sum(len(row["input_ids"]) for row in rows),
        first_loss=sum(watch.losses[:tenth]) / tenth, final_loss=sum(watch.losses[-tenth:]) / tenth, seconds=seconds,
    )


class SimilarLengths(torch.utils.data.Sampler[int]):
    """Row order in which each batch holds rows of similar length, and batches come in random order.

    Transformers' own length grouping sorts stretches of 50 batches from long to short: a small curriculum
    would be learnt longest rows first and end on one kind of question.
    """

    def __init__(self, lengths: list[int], batch_rows: int, seed: int) -> None:
        self.lengths, self.batch_rows, self.seed = lengths, batch_rows, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self.seed}/{self.epoch}")
        self.epoch += 1
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        order.sort(key=lambda index: self.lengths[index])  # stable: rows of one length stay shuffled
        batches = [order[start : start + self.batch_rows] for start in range(0, len(order), self.batch_rows)]
        rest = [batches.pop()] if len(batches[-1]) < self.batch_rows else []
        chance.shuffle(batches)
        return iter([index for batch in [*batches, *rest] for index in batch])


class LessonTrainer(SFTTrainer):
    """SFTTrainer that applies the vocabulary head to completion positions only.

    TRL 1.16 does so on GPUs with Triton; elsewhere it scores every position, prompts and padding included,
    which costs more than a fifth of all arithmetic on the default student. Whether that gives the model's own
    logits is tried on the first batch; where it does not, every position is scored.
    """

    _shortcut: bool | None = None

    def _get_train_sampler(self, train_dataset=None):
        lengths = [len(ids) for ids in (train_dataset or self.train_dataset)["input_ids"]]
        batch_rows = self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps
        return SimilarLengths(lengths, batch_rows, self.args.seed)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")[:, 1:]
        chosen = labels != IGNORED
        if self._shortcut is None:
            self._shortcut = shortcut_holds(model, inputs)
        if self._shortcut:
            hidden = model.get_base_model().base_model(**inputs, use_cache=False).last_hidden_state[:, :-1]
            logits = head_logits(model, hidden[chosen])
        else:
            logits = model(**inputs, use_cache=False).logits[:, :-1][chosen].float()
        total = torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="sum")
        loss = total / (chosen.sum() if num_items_in_batch is None else num_items_in_batch)
        if not torch.isfinite(loss):
            raise NonFiniteLoss(self.state.global_step + 1, loss.item())
        return (loss, None) if return_outputs else loss


def head_logits(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Float32 logits from last hidden states, with what some families do to them after the vocabulary head.

    Config fields: `logit_scale` (Cohere) multiplies, `logits_scaling` (Granite) divides,
    `final_logit_softcapping` (Gemma 2) bends.
    """
    logits = model.get_output_embeddings()(hidden).float()
    config = model.config.get_text_config()
    if scale := getattr(config, "logit_scale", None):
        logits = logits * scale
    if divisor := getattr(config, "logits_scaling", None):
        logits = logits / divisor
    if cap := getattr(config, "final_logit_softcapping", None):
        logits = cap * torch.tanh(logits / cap)
    return logits


@torch.no_grad()
def shortcut_holds(model: Any, inputs: dict[str, torch.Tensor]) -> bool:
    """Whether backbone and `head_logits` give what the whole model gives, to rounding, on the first row of a batch."""
    was_training = model.training
    model.eval()  # dropout would make any two passes differ
    try:
        row = {name: values[:1] for name, values in inputs.items()}
        whole = model(**row, use_cache=False).logits.float()
        parts = head_logits(model, model.get_base_model().base_model(**row, use_cache=False).last_hidden_state)
    finally:
        model.train(was_training)
    rounding = SHORTCUT_ERROR * float(whole.abs().max())
    if not math.isfinite(rounding):
        return True  # nothing to compare; the loss will say so
    return whole.shape == parts.shape and torch.allclose(whole, parts, rtol=0.0, atol=rounding)


class NonFiniteLoss(TrainingFailed):
    """The loss or a gradient became NaN or infinite; raised before the optimiser saw it."""

    def __init__(self, step: int, value: float, what: str = "loss") -> None:
        super().__init__(
            f"the {what} became {value} in step {step}", hint="lower train.learning_rate, then: weakspot run --resume"
        )

    def __reduce__(self):
        return TrainingFailed, (self.message,)


class _Watch(TrainerCallback):
    """Collects losses, reports steps, and checks gradients before the optimiser uses them."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self.losses: list[float] = []
        self._progress = progress

    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        norms = [parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]
        norm = torch.stack(norms).norm()
        if not torch.isfinite(norm):
            raise NonFiniteLoss(state.global_step + 1, norm.item(), "gradient")

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))

    def on_step_end(self, args, state, control, **kwargs):
        if self._progress:
            self._progress(state.global_step, state.max_steps)
