"""Generation (greedy or sampled) and continuation scoring on token ids: the arithmetic behind the lm-eval backend.

Token ids go in, `Generation`s and `Score`s come out, in the order given. What all prompts share at their
start (system turn, few-shot block) is computed once and its keys and values reused; rows that have
finished leave the batch. The same inputs in the same order give the same bits on one machine.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

MIN_SHARED = 4  # tokens; below this, copying keys and values costs as much as computing them
COMPACT_SHARE = 0.75  # batch is shrunk when fewer rows than this are still writing

Progress = Callable[[int], None]
"""Called with the number of rows that are finished since the last call."""


@dataclass(frozen=True)
class Generation:
    """One greedy answer."""

    ids: list[int]
    """Without the stop token."""
    finish: str
    """`stop` or `length`."""


@dataclass(frozen=True)
class Continuations:
    """A context and what may follow it."""

    context: list[int]
    options: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Score:
    """Log-probability of one continuation after its context, in nats, and whether greedy decoding would write it."""

    logprob: float
    is_greedy: bool
    margin: float = 0.0
    """The least lead of any of its tokens over the best other token, in nats: above 0 where greedy decoding would write it."""


@torch.inference_mode()
def generate(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    max_new: int,
    stop_ids: frozenset[int],
    batch_size: int,
    is_done: Callable[[list[int]], bool] | None = None,
    progress: Progress | None = None,
    pick: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> list[Generation]:
    """Continue each prompt until a stop token, `is_done(ids)`, or `max_new` tokens; greedily, or as `pick` chooses.

    `pick` gets the logits (rows x vocabulary) of the next token and returns one token id a row.

    Batches hold prompts of similar length (longest first, so that memory runs out at once or never).
    """
    shared = _shared_prefix(model, prompts)
    rows = [_Row(list(prompt[shared.length :]), max_new) for prompt in prompts]
    by_length = sorted(rows, key=lambda row: -len(row.prompt))
    for start in range(0, len(by_length), batch_size):
        batch = by_length[start : start + batch_size]
        _generate_batch(model, batch, shared, stop_ids, is_done, pick)
        if progress:
            progress(len(batch))
    return [Generation(row.written, row.finish) for row in rows]


@torch.inference_mode()
def score(
    model: Any,
    items: Sequence[Continuations],
    *,
    batch_tokens: int,
    progress: Progress | None = None,
) -> list[list[Score]]:
    """Log-probabilities of every option of every item.

    All options of an item are laid behind one copy of its context and told apart by the attention mask,
    so the context is computed once however many options there are, and the vocabulary head sees
    continuation positions only. `batch_tokens` bounds rows x width of a batch.
    """
    contexts = [item.context for item in items]
    shared = _shared_prefix(model, contexts)
    width = [len(item.context) + sum(map(len, item.options)) for item in items]
    order = sorted(range(len(items)), key=lambda i: -width[i])
    results: list[list[Score]] = [[] for _ in items]
    start = 0
    while start < len(order):
        n_rows = max(1, batch_tokens // max(1, width[order[start]]))
        rows = order[start : start + n_rows]
        for row, scores in zip(rows, _score_batch(model, [items[row] for row in rows], shared), strict=True):
            results[row] = scores
        if progress:
            progress(len(rows))
        start += n_rows
    return results


def sampler(seed: int, device: Any, temperature: float = 1.0) -> Callable[[torch.Tensor], torch.Tensor]:
    """A `pick` for `generate` that draws tokens from the model's own distribution; the same seed and calls give the same draws."""
    generator = torch.Generator(device=device).manual_seed(seed)
    return lambda logits: torch.multinomial((logits.float() / temperature).softmax(-1), 1, generator=generator)[:, 0]


@dataclass(frozen=True)
class _Shared:
    """Keys and values of what all rows start with; `cache` is None when nothing worth it is shared."""

    length: int
    cache: Any

    def expanded(self, n_rows: int) -> Any:
        from transformers import DynamicCache

        if self.cache is None:
            return DynamicCache()
        cache = copy.deepcopy(self.cache)
        cache.batch_repeat_interleave(n_rows)
        return cache


def _shared_prefix(model: Any, rows: Sequence[Sequence[int]]) -> _Shared:
    if len(rows) < 2:
        return _Shared(0, None)
    first, last = min(map(list, rows)), max(map(list, rows))  # what the extremes share, all rows share
    length = 0
    while length < min(len(first), len(last)) - 1 and first[length] == last[length]:
        length += 1  # one token at least stays in every row
    if length < MIN_SHARED or getattr(model.config, "sliding_window", None):
        return _Shared(0, None)
    ids = torch.tensor([list(first[:length])], device=model.device)
    return _Shared(length, model(input_ids=ids, use_cache=True, logits_to_keep=1).past_key_values)


@dataclass
class _Row:
    """A prompt (without what all share) and its answer so far."""

    prompt: list[int]
    max_new: int
    written: list[int] = field(default_factory=list)
    finish: str = ""
    """Empty while the answer may grow."""

    def take(self, token: int, stop_ids: frozenset[int], is_done: Callable[[list[int]], bool] | None) -> None:
        if token in stop_ids:
            self.finish = "stop"
            return
        self.written.append(token)
        if is_done is not None and is_done(self.written):
            self.finish = "stop"
        elif len(self.written) == self.max_new:
            self.finish = "length"


def _generate_batch(
    model: Any, batch: list[_Row], shared: _Shared, stop_ids: frozenset[int], is_done: Any, pick: Any
) -> None:
    width = max(len(row.prompt) for row in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    mask = torch.zeros((len(batch), shared.length + width), dtype=torch.long)
    mask[:, : shared.length] = 1
    for index, row in enumerate(batch):
        ids[index, width - len(row.prompt) :] = torch.tensor(row.prompt)
        mask[index, shared.length + width - len(row.prompt) :] = 1
    ids, mask = ids.to(model.device), mask.to(model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, shared.length :]
    cache = shared.expanded(len(batch))
    alive = batch  # the rows of the tensors, in their order; some may have finished
    while True:
        out = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        )
        chosen = pick(out.logits[:, -1]) if pick is not None else out.logits[:, -1].argmax(-1)
        for row, token in zip(alive, chosen.tolist(), strict=True):
            if not row.finish:
                row.take(token, stop_ids, is_done)
        running = [index for index, row in enumerate(alive) if not row.finish]
        if not running:
            return
        ids = chosen[:, None]
        positions = positions[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones((len(alive), 1))], dim=1)
        if len(running) <= COMPACT_SHARE * len(alive):
            kept = torch.tensor(running, device=model.device)
            cache.batch_select_indices(kept)
            ids, positions, mask = ids[kept], positions[kept], mask[kept]
            alive = [alive[i] for i in running]


def _score_batch(model: Any, items: list[Continuations], shared: _Shared) -> list[list[Score]]:
    contexts = [item.context[shared.length :] for item in items]
    left = max(map(len, contexts))
    right = max(sum(map(len, item.options)) for item in items)
    n_rows, width = len(items), left + right
    ids = torch.zeros((n_rows, width), dtype=torch.long)
    positions = torch.zeros((n_rows, width), dtype=torch.long)
    allowed = torch.eye(width, dtype=torch.bool).repeat(n_rows, 1, 1)  # padding sees itself: no empty softmax
    allowed = torch.cat([torch.zeros((n_rows, width, shared.length), dtype=torch.bool), allowed], dim=2)
    for row, (item, context) in enumerate(zip(items, contexts, strict=True)):
        begin = left - len(context)
        ids[row, begin:left] = torch.tensor(context)
        positions[row, begin:left] = torch.arange(shared.length, len(item.context))
        allowed[row, begin:, : shared.length] = True
        seen = shared.length + begin
        allowed[row, begin:left, seen : shared.length + left] = torch.ones(len(context), len(context)).tril().bool()
        cursor = left
        for option in item.options:
            end = cursor + len(option)
            ids[row, cursor:end] = torch.tensor(option)
            positions[row, cursor:end] = torch.arange(len(item.context), len(item.context) + len(option))
            allowed[row, cursor:end, seen : shared.length + left] = True
            block = torch.ones(len(option), len(option)).tril().bool()
            allowed[row, cursor:end, shared.length + cursor : shared.length + end] = block
            cursor = end
    bias = torch.zeros(allowed.shape, dtype=model.dtype)
    bias.masked_fill_(~allowed, torch.finfo(model.dtype).min)
    logits = model(
        input_ids=ids.to(model.device), attention_mask=bias[:, None].to(model.device),
        position_ids=positions.to(model.device), past_key_values=shared.expanded(n_rows), use_cache=True,
        logits_to_keep=right + 1,
    ).logits
    results = []
    for row, item in enumerate(items):
        scores = []
        cursor = 0
        for option in item.options:
            # The first token is predicted by the last of the context, every other by the one before it.
            sources = torch.tensor([0, *range(cursor + 1, cursor + len(option))], device=logits.device)
            picked = logits[row, sources].float()
            targets = torch.tensor(option, device=logits.device)
            logprobs = picked.gather(1, targets[:, None])[:, 0] - picked.logsumexp(-1)
            best = picked.topk(2, dim=-1)
            is_first = best.indices[:, 0] == targets
            lead = picked.gather(1, targets[:, None])[:, 0] - torch.where(is_first, best.values[:, 1], best.values[:, 0])
            scores.append(Score(float(logprobs.sum()), bool(is_first.all()), float(lead.min())))
            cursor += len(option)
        results.append(scores)
    return results
