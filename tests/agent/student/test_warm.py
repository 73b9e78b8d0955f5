"""Adapters come and go without a trace on the base; a wrong one never answers a probe."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from agent.student import adapters
from agent.student.contract import BadAdapter, TrainingFailed, TrainParams
from agent.student.warm import WarmStudent, usable_cores
from probes.suite import Probe, Suite

PROMPTS = ["one", "and another one"]
PROBES = tuple(Probe("s", f"p{i}", f"question {i}", "?") for i in range(5))
SUITE = Suite("s", "jsonl", PROBES, max_tokens=6)


def silent(done: int, total: int) -> None:
    return None


@pytest.fixture(scope="module")
def warm(tiny, tmp_path_factory) -> WarmStudent:
    return WarmStudent(
        tiny, name="tiny", weights_key="w", adapters_dir=tmp_path_factory.mktemp("adapters"), system_prompt="",
        max_tokens=None, batch_size=4, dtype="auto", device="cpu",
    )


@pytest.fixture(scope="module")
def adapter(warm, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("train")
    rows = [
        {"prompt": [{"role": "user", "content": f"question {i}"}], "completion": [{"role": "assistant", "content": "yes"}]}
        for i in range(8)
    ]
    (folder / "curriculum.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    params = TrainParams(seed=1, lora_r=4, learning_rate=2e-2, epochs=8, batch_size=4)
    warm.train(folder / "curriculum.jsonl", params, folder / "made", silent)
    return adapters.install(folder / "made", warm.adapters_dir).name


def logits(warm: WarmStudent, adapter: str) -> torch.Tensor:
    with torch.inference_mode():
        return warm._with(adapter)(input_ids=torch.tensor([[5, 6, 7, 8, 9]])).logits


def test_the_base_is_bit_for_bit_itself_after_an_adapter(warm, adapter):
    before = logits(warm, "")
    changed = logits(warm, adapter)
    assert not torch.equal(before, changed)
    assert torch.equal(logits(warm, ""), before)
    assert torch.equal(logits(warm, adapter), changed)


def test_merging_gives_what_peft_computes(warm, adapter):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(warm.folder), warm.adapters_dir / adapter).eval()
    with torch.inference_mode():
        expected = plain(input_ids=torch.tensor([[5, 6, 7, 8, 9]])).logits
    assert torch.allclose(logits(warm, adapter), expected, atol=1e-4)


def test_effect_is_the_largest_difference(warm, adapter):
    assert warm.effect(adapter, "", PROMPTS) > 0.1
    assert warm.effect(adapter, adapter, PROMPTS) == 0.0


def test_the_adapter_changes_the_answers_it_was_trained_on(warm, adapter):
    assert all(sample.response.startswith("yes") for sample in warm.evaluate(SUITE, PROBES, adapter, silent))
    assert not any(sample.response.startswith("yes") for sample in warm.evaluate(SUITE, PROBES, "", silent))


def test_bfloat16_keeps_the_adapter_beside_the_base(warm, adapter):
    half = WarmStudent(
        warm.folder, name="tiny", weights_key="w", adapters_dir=warm.adapters_dir, system_prompt="", max_tokens=None,
        batch_size=4, dtype="bfloat16", device="cpu",
    )
    assert half.describe()["dtype"] == "bfloat16"
    before = logits(half, "")
    assert half.effect(adapter, "", PROMPTS) > 0.1
    assert torch.equal(logits(half, ""), before)


def test_an_altered_adapter_is_refused_and_the_student_goes_on(warm, adapter):
    copy = warm.adapters_dir / ("0" * 64)
    shutil.copytree(warm.adapters_dir / adapter, copy)
    with pytest.raises(BadAdapter, match="has been altered"):
        warm.evaluate(SUITE, PROBES, copy.name, silent)
    assert len(warm.evaluate(SUITE, PROBES, adapter, silent)) == 5


def test_tokens_and_vectors(warm):
    short, long = warm.count_tokens([("hi", "yes"), ("hi", "yes yes")])
    assert long - short == len(" yes")  # the tiny vocabulary is bytes
    seen = []
    vectors = warm.embed(["a", "b" * 40, "a"], lambda *step: seen.append(step))
    assert vectors.shape == (3, 32) and seen[-1] == (3, 3)
    assert abs(vectors[0] - vectors[2]).max() < 1e-5 < abs(vectors[0] - vectors[1]).max()


def test_out_of_memory_halves_the_rows_then_gives_up(warm, tmp_path, monkeypatch):
    from agent.student import training

    tried = []

    def exhausted(*args, micro_batch, **kwargs):
        tried.append(micro_batch)
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")

    monkeypatch.setattr(training, "train", exhausted)
    with pytest.raises(TrainingFailed, match="ran out of memory, even with 2 row"):
        warm.train(tmp_path / "c", TrainParams(seed=1, batch_size=8), tmp_path / "out", silent)
    assert tried == [8, 4, 2]


def test_cores_honour_the_users_limit(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert usable_cores() == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert usable_cores() >= 1


def test_answers_are_drawn_as_often_as_the_score_of_the_answer_says(warm, adapter):
    prompts, n = ["question 3", "question 5"], 24
    drawn = warm.rollouts(prompts, n, 4, 7, adapter, silent)
    assert [len(own) for own in drawn] == [n, n] and drawn[0][:8] == warm.rollouts(prompts, n, 4, 7, adapter, silent)[0][:8]
    scores = warm.answer_scores([(prompt, "yes") for prompt in prompts], adapter, silent)
    for own, (logprob, _) in zip(drawn, scores, strict=True):
        assert own.count("yes") / n == pytest.approx(torch.tensor(logprob).exp().item(), abs=0.41), "four standard deviations at one half"
    base = warm.answer_scores([("question 3", "yes")], "", silent)[0]
    assert base[0] < scores[0][0] and base[1] < scores[0][1], "training made the answer likelier"
