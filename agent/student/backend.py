"""The student as an lm-eval model: lm-eval asks in text, `decode` answers in token ids.

Requests go in as lm-eval makes them, strings and log-probabilities come out in the same order. Always
greedy, whatever a task's YAML says about sampling. How each answer ended is kept in `endings`, because
lm-eval has no place for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from agent.student import decode
from agent.student.template import Template, stop_ids

DEFAULT_MAX_TOKENS = 256  # lm-eval's own default for tasks that name no limit
SCORING_TOKENS = 4096  # rows x width of one log-likelihood batch; bounds the logits it holds to a few hundred MB


@dataclass(frozen=True)
class Ending:
    """How one generated answer ended."""

    finish: str
    """`stop` or `length`."""
    n_tokens: int


class StudentLM(LM):
    """One loaded model (adapter already in place) that answers lm-eval's requests."""

    def __init__(
        self,
        model: Any,
        template: Template,
        *,
        batch_size: int,
        max_tokens: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """`max_tokens` overrides what tasks ask for; `progress(done, total)` counts requests."""
        super().__init__()
        self.model = model
        self.template = template
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.endings: dict[tuple[str, int], Ending] = {}
        """By (task name, position among the docs that were asked)."""
        self._progress = progress
        self._device = model.device
        self._stop_ids = stop_ids(model, template)
        self._max_length = int(getattr(model.config, "max_position_embeddings", 0) or 2048)

    @property
    def tokenizer_name(self) -> str:
        return f"weakspot-{self.template.hash}"

    def chat_template(self, chat_template: bool | str = False) -> str:
        return self.template.hash if chat_template else ""

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return self.template.render(chat_history, continue_final=not add_generation_prompt)

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """Greedy answers, cut at the first stop sequence; equal contexts are answered once."""
        total, done = len(requests), 0
        answers: list[str] = [""] * total
        by_settings: dict[tuple[int, tuple[str, ...]], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, request in enumerate(requests):
            context, options = request.args[0], request.args[1] or {}
            by_settings[self._settings(options)][context].append(index)
        for (max_new, until), contexts in by_settings.items():
            prompts = [ids[-(self._max_length - max_new) :] for ids in self.template.encode_many(list(contexts))]
            reached = done

            def advance(rows: int) -> None:
                nonlocal reached
                reached += rows
                self._report(reached, total)

            generations = self._halving(
                self.batch_size,
                lambda size: decode.generate(
                    self.model, prompts, max_new=max_new, stop_ids=self._stop_ids, batch_size=size,  # noqa: B023
                    is_done=self._watch(until), progress=advance,  # noqa: B023
                ),
            )
            for indices, generation in zip(contexts.values(), generations, strict=True):
                text, was_cut = _cut(self._decode(generation.ids), until)
                if not self.template.is_chat:
                    text = text.removeprefix(" ")  # the delimiter before an answer is no part of it
                finish = "stop" if was_cut else generation.finish
                for index in indices:
                    answers[index] = text
                    request = requests[index]
                    self.endings[(request.task_name, request.doc_id)] = Ending(finish, len(generation.ids))
                done += len(indices)
            self._report(done, total)
        return answers

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """(log-probability in nats, is it what greedy decoding writes); options of one context share its cost."""
        by_context: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, request in enumerate(requests):
            context, continuation = request.args[:2]
            by_context[context][continuation].append(index)
        items = [self._continuations(context, list(options)) for context, options in by_context.items()]
        total = len(items)
        reached = 0

        def advance(rows: int) -> None:
            nonlocal reached
            reached += rows
            self._report(reached, total)

        scored = self._halving(
            SCORING_TOKENS,
            lambda tokens: decode.score(self.model, items, batch_tokens=tokens, progress=advance),
        )
        results: list[tuple[float, bool]] = [(0.0, False)] * len(requests)
        for options, scores in zip(by_context.values(), scored, strict=True):
            for indices, one in zip(options.values(), scores, strict=True):
                for index in indices:
                    results[index] = (one.logprob, one.is_greedy)
        return results

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Log-probability of whole texts, in windows of the model's length that overlap by one token."""
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        windows: list[decode.Continuations] = []
        owners: list[int] = []
        for index, request in enumerate(requests):
            tokens = self.template.tokenizer.encode(request.args[0], add_special_tokens=False)
            rolling = get_rolling_token_windows(tokens, self._prefix_id, self._max_length, 1)
            for context, continuation in map(make_disjoint_window, rolling):
                windows.append(decode.Continuations(list(context), (tuple(continuation),)))
                owners.append(index)
        totals = [0.0] * len(requests)
        scored = self._halving(
            SCORING_TOKENS, lambda tokens: decode.score(self.model, windows, batch_tokens=tokens)
        )
        for owner, scores in zip(owners, scored, strict=True):
            totals[owner] += scores[0].logprob
        return totals

    @property
    def _prefix_id(self) -> int:
        tokenizer = self.template.tokenizer
        return tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id

    def _continuations(self, context: str, options: Sequence[str]) -> decode.Continuations:
        """Token ids of a context and its options, split as lm-eval's own models split them."""
        if not context:
            encoded = [self.template.tokenizer.encode(option, add_special_tokens=False) for option in options]
            return decode.Continuations([self._prefix_id], tuple(map(tuple, encoded)))
        stripped = context.rstrip()
        blank = context[len(stripped) :]  # belongs to the continuation: tokenisers join blanks with the next word
        head = self.template.encode(stripped)
        wholes = self.template.encode_many([stripped + blank + option for option in options])
        tails = tuple(tuple(whole[len(head) :]) for whole in wholes)
        room = self._max_length - max(map(len, tails))
        return decode.Continuations(head[-room:], tails)

    def _settings(self, options: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
        limits = (options.get(key) for key in ("max_gen_toks", "max_new_tokens", "max_tokens"))
        asked = next((limit for limit in limits if limit), DEFAULT_MAX_TOKENS)
        until = options.get("until") or ()
        until = (until,) if isinstance(until, str) else tuple(until)
        return self.max_tokens or int(asked), tuple(stop for stop in until if stop)

    def _watch(self, until: tuple[str, ...]) -> Callable[[list[int]], bool] | None:
        if not until:
            return None
        reach = max(map(len, until)) + 8  # tokens; a stop sequence of n characters spans at most n of them
        return lambda ids: any(stop in self._decode(ids[-reach:]) for stop in until)

    def _decode(self, ids: Sequence[int]) -> str:
        return self.template.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def _halving(self, size: int, work: Callable[[int], list]) -> list:
        """Run `work(size)`; out of GPU memory halves the size until 1."""
        while True:
            try:
                return work(size)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size //= 2
                torch.cuda.empty_cache()

    def _report(self, done: int, total: int) -> None:
        if self._progress:
            self._progress(done, total)


def _cut(text: str, until: Sequence[str]) -> tuple[str, bool]:
    ends = [position for stop in until if (position := text.find(stop)) >= 0]
    return (text[: min(ends)], True) if ends else (text, False)
