"""A small language model that trains in seconds on a CPU: one GRU layer over byte pairs, trained from scratch.

Lines of text in; samples and losses out. Collapse can be watched in it over ten generations, five policies and
several seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

LONGEST = 48  # tokens a line
VOCABULARY = 400
WIDTH, STATE = 64, 96
LEARNING_RATE = 1e-2
BATCH = 16


def fit_tokenizer(lines: Sequence[str]) -> Any:
    """Byte pairs learned from real lines, once; token 0 begins and ends a line."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<end>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


class SmallModel:
    """Trained in the constructor; the same lines and seed give the same model."""

    def __init__(self, lines: Sequence[str], tokenizer: Any, seed: int, epochs: int) -> None:
        import torch

        torch.manual_seed(seed)
        self._torch, self._tokenizer = torch, tokenizer
        vocabulary = tokenizer.get_vocab_size()
        self._embed = torch.nn.Embedding(vocabulary, WIDTH)
        self._gru = torch.nn.GRU(WIDTH, STATE, batch_first=True)
        self._out = torch.nn.Linear(STATE, vocabulary)
        weights = [*self._embed.parameters(), *self._gru.parameters(), *self._out.parameters()]
        optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE)
        rows = self._encode(lines)
        steps = epochs * math.ceil(len(rows) / BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
        for _ in range(epochs):
            order = torch.randperm(len(rows))
            for start in range(0, len(rows), BATCH):
                batch = rows[order[start:start + BATCH]]
                loss = self._losses(batch[:, : int((batch >= 0).sum(1).max())]).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()

    def sample(self, n: int, seed: int, temperature: float) -> list[str]:
        """`n` lines drawn at `temperature`."""
        return self.go_on([""] * n, seed, temperature)

    def go_on(self, openings: Sequence[str], seed: int, temperature: float) -> list[str]:
        """One line for each opening, which it begins with; the rest is drawn at `temperature`."""
        torch = self._torch
        generator = torch.Generator().manual_seed(seed)
        given = torch.full((len(openings), LONGEST - 2), -1)
        for at, opening in enumerate(self._tokenizer.encode_batch(list(openings))):
            given[at, : len(opening.ids)] = torch.tensor(opening.ids[: LONGEST - 2], dtype=torch.long)
        token, state, drawn = torch.zeros(len(openings), 1, dtype=torch.long), None, []
        ended = torch.zeros(len(openings), dtype=torch.bool)
        with torch.no_grad():
            for here in given.T:
                hidden, state = self._gru(self._embed(token), state)
                token = torch.multinomial(torch.softmax(self._out(hidden[:, -1]) / temperature, -1), 1, generator=generator)
                token = torch.where(here[:, None] >= 0, here[:, None], token)
                ended |= token[:, 0] == 0
                token = torch.where(ended[:, None], 0, token)
                drawn.append(token)
        return self._tokenizer.decode_batch([[piece for piece in row if piece] for row in torch.cat(drawn, 1).tolist()])

    def losses(self, lines: Sequence[str]) -> list[float]:
        """Mean negative log-likelihood of each line, nats a token."""
        with self._torch.no_grad():
            rows = self._encode(lines)
            return (self._losses(rows, mean=False).sum(1) / (rows[:, 1:] >= 0).sum(1)).tolist()

    def _encode(self, lines: Sequence[str]) -> Any:
        torch = self._torch
        rows = torch.full((len(lines), LONGEST), -100)
        for at, line in enumerate(self._tokenizer.encode_batch(list(lines))):
            pieces = [0, *line.ids[: LONGEST - 2], 0]
            rows[at, : len(pieces)] = torch.tensor(pieces)
        return rows

    def _losses(self, rows: Any, mean: bool = True) -> Any:
        hidden, _ = self._gru(self._embed(rows[:, :-1].clamp(min=0)))
        return self._torch.nn.functional.cross_entropy(self._out(hidden).transpose(1, 2), rows[:, 1:], ignore_index=-100, reduction="mean" if mean else "none")
