"""Batching, prefix sharing and parking must not change a single answer; scores must equal the plain definition."""

from __future__ import annotations

import pytest
import torch

from agent.student import decode

PROMPTS = [[5, 9, 12, 40, 7, 30 + i] + [60 + (i * j) % 50 for j in range(i % 7)] for i in range(23)]


def plain_greedy(model, prompt, max_new, stop):
    ids = list(prompt)
    for _ in range(max_new):
        token = int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
        if token in stop:
            return ids[len(prompt) :], "stop"
        ids.append(token)
    return ids[len(prompt) :], "length"


@pytest.fixture(scope="module")
def expected(loaded):
    model, _ = loaded
    with torch.inference_mode():
        free = [plain_greedy(model, prompt, 12, set())[0] for prompt in PROMPTS]
        # A token that occurs at different depths, so that rows end at different times.
        stop = max(range(256), key=lambda token: len({ids.index(token) for ids in free if token in ids}))
        return stop, [plain_greedy(model, prompt, 12, {stop}) for prompt in PROMPTS]


@pytest.mark.parametrize("batch_size", [1, 4, 23])
@pytest.mark.parametrize("share", [True, False])
def test_batched_generation_equals_one_by_one(loaded, expected, batch_size, share, monkeypatch):
    stop, answers = expected
    if not share:
        monkeypatch.setattr(decode, "MIN_SHARED", 10**6)
    done = []
    made = decode.generate(
        loaded[0], PROMPTS, max_new=12, stop_ids=frozenset([stop]), batch_size=batch_size, progress=done.append
    )
    assert [(row.ids, row.finish) for row in made] == answers
    assert {row.finish for row in made} == {"stop", "length"}
    assert sum(done) == len(PROMPTS)


def test_finished_rows_leave_the_batch(loaded, expected):
    model, widths = loaded[0], []
    stop, _ = expected
    hook = model.register_forward_pre_hook(lambda m, args, kwargs: widths.append(len(kwargs["input_ids"])), with_kwargs=True)
    decode.generate(model, PROMPTS, max_new=12, stop_ids=frozenset([stop]), batch_size=23)
    hook.remove()
    assert widths[1] == 23 and widths[-1] < 23 * decode.COMPACT_SHARE


def test_is_done_ends_a_row(loaded):
    made = decode.generate(
        loaded[0], PROMPTS[:3], max_new=12, stop_ids=frozenset(), batch_size=3, is_done=lambda ids: len(ids) == 5
    )
    assert [(len(row.ids), row.finish) for row in made] == [(5, "stop")] * 3


def test_scores_equal_the_definition(loaded):
    model, _ = loaded
    items = [
        decode.Continuations(prompt, tuple(tuple(range(20 + i, 21 + i + i % 4)) for i in range(1 + len(prompt) % 3)))
        for prompt in PROMPTS
    ]
    for scored, item in zip(decode.score(model, items, batch_tokens=120), items, strict=True):
        for one, option in zip(scored, item.options, strict=True):
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([item.context + list(option)])).logits[0]
            logprobs = logits[len(item.context) - 1 : -1].log_softmax(-1)
            wanted = logprobs.gather(1, torch.tensor(option)[:, None]).sum()
            assert one.logprob == pytest.approx(float(wanted), abs=1e-4)
            assert one.is_greedy == bool((logprobs.argmax(-1) == torch.tensor(option)).all())


def test_greedy_continuation_is_recognised(loaded):
    model, _ = loaded
    ids, _ = plain_greedy(model, PROMPTS[0], 3, set())
    (scores,) = decode.score(model, [decode.Continuations(PROMPTS[0], (tuple(ids), (9, 9, 9)))], batch_tokens=500)
    assert [one.is_greedy for one in scores] == [True, False]
    assert scores[0].logprob > scores[1].logprob


def test_sampled_tokens_come_as_often_as_they_are_probable(loaded):
    model, prompt, n = loaded[0], PROMPTS[0], 400
    with torch.inference_mode():
        probabilities = model(input_ids=torch.tensor([prompt])).logits[0, -1].softmax(-1)

    def draw(seed):
        pick = decode.sampler(seed, model.device)
        return [row.ids[0] for row in decode.generate(model, [prompt] * n, max_new=1, stop_ids=frozenset(), batch_size=400, pick=pick)]

    drawn = draw(7)
    assert drawn == draw(7) != draw(8)
    seen = torch.bincount(torch.tensor(drawn), minlength=len(probabilities)) / n
    assert float((seen - probabilities).abs().max()) < 0.1, "four standard deviations at one half"


def test_the_margin_is_the_least_lead_over_another_token(loaded):
    model, answer = loaded[0], (5, 61, 9)
    (greedy,) = decode.generate(model, [PROMPTS[1]], max_new=3, stop_ids=frozenset(), batch_size=1)
    items = [decode.Continuations(PROMPTS[1], (answer, tuple(greedy.ids)))]
    ((other, best),) = decode.score(model, items, batch_tokens=4096)
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*PROMPTS[1], *answer]])).logits[0, len(PROMPTS[1]) - 1 : -1]
    leads = [float(row[token] - torch.cat([row[:token], row[token + 1 :]]).max()) for row, token in zip(logits, answer, strict=True)]
    assert other.margin == pytest.approx(min(leads), abs=1e-4) and not other.is_greedy
    assert best.margin > 0 and best.is_greedy
