"""Any decoder in a local folder is a student: answered, trained and scored as its own code says, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from agent.student import adapters, decode, training
from agent.student.admission import load_tokenizer, require_decoder
from agent.student.contract import BadAdapter, TrainParams
from agent.student.training import LessonTrainer, head_logits, shortcut_holds
from agent.student.warm import WarmStudent
from probes.errors import WeakspotError
from probes.suite import Probe, Suite
from tests.agent.student.conftest import family, make_tokenizer, save_random

FAMILIES = ["llama", "gpt2", "gemma2", "cohere", "granite", "gpt_neox"]
PROBES = tuple(Probe("s", f"p{i}", f"question {i}", "?") for i in range(4))
SUITE = Suite("s", "jsonl", PROBES, max_tokens=4)


def silent(done: int, total: int) -> None:
    return None


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory) -> Path:
    return save_random(tmp_path_factory.mktemp("family") / request.param, family(request.param))


def student(folder: Path, adapters_dir: Path) -> WarmStudent:
    return WarmStudent(
        folder, name=folder.name, weights_key="w", adapters_dir=adapters_dir, system_prompt="", max_tokens=None, batch_size=4,
        dtype="float32", device="cpu",
    )


def test_train_install_verify_and_answer(folder, tmp_path):
    rows = [
        {"prompt": [{"role": "user", "content": f"question {i}"}], "completion": [{"role": "assistant", "content": "yes"}]}
        for i in range(6)
    ]
    (tmp_path / "curriculum.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    warm = student(folder, tmp_path / "adapters")
    report = warm.train(
        tmp_path / "curriculum.jsonl", TrainParams(seed=1, lora_r=4, learning_rate=2e-2, epochs=12, batch_size=3), tmp_path / "made", silent
    )
    assert report.final_loss < 0.8 * report.first_loss
    adapter = adapters.install(tmp_path / "made", tmp_path / "adapters").name
    adapters.verify(tmp_path / "adapters" / adapter, adapter)
    before = warm.evaluate(SUITE, PROBES, "", silent)
    after = warm.evaluate(SUITE, PROBES, adapter, silent)
    assert warm.effect(adapter, "", ["question 1"]) > 0.01
    assert [sample.response for sample in after] != [sample.response for sample in before]
    assert warm.evaluate(SUITE, PROBES, "", silent) == before
    config = json.loads((tmp_path / "adapters" / adapter / adapters.CONFIG).read_text()) | {"r": 8}
    (tmp_path / "adapters" / adapter / adapters.CONFIG).write_text(json.dumps(config))
    with pytest.raises(BadAdapter, match="does not fit the base"):
        adapters.check_weights(tmp_path / "adapters" / adapter, warm._model, "w")


@pytest.fixture(scope="module")
def tuned(folder):
    """The family's model as the trainer holds it."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    return get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")).eval()


def loss_of(model) -> tuple[float, float, LessonTrainer]:
    """(our loss, the loss from the model's own logits, the trainer) for two rows of different length."""
    ids = torch.arange(5, 25).repeat(2, 1)
    mask = torch.ones_like(ids)
    mask[1, 15:] = 0
    labels = ids.clone()
    labels[:, :10] = labels[1, 15:] = training.IGNORED
    trainer = object.__new__(LessonTrainer)
    ours = trainer.compute_loss(model, {"input_ids": ids, "attention_mask": mask, "labels": labels.clone()})
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=training.IGNORED)
    return ours.item(), wanted.item(), trainer


def test_the_loss_is_that_of_the_models_own_logits_by_the_short_way(tuned):
    ours, wanted, trainer = loss_of(tuned)
    assert ours == pytest.approx(wanted, rel=1e-4)
    assert trainer._shortcut is True, "known families must not pay for the long way"


def test_head_logits_are_the_models_own(tuned):
    ids = torch.arange(5, 25)[None]
    hidden = tuned.get_base_model().base_model(input_ids=ids).last_hidden_state
    assert torch.allclose(head_logits(tuned, hidden), tuned(input_ids=ids).logits, atol=1e-4)


def test_an_unknown_transformation_of_the_logits_takes_the_long_way(tuned):
    model = tuned.get_base_model()
    with pytest.MonkeyPatch.context() as patch:
        original = model.forward

        def bent(*args, **kwargs):
            out = original(*args, **kwargs)
            out.logits = out.logits * 0.5
            return out

        patch.setattr(model, "forward", bent)
        ours, wanted, trainer = loss_of(tuned)
    assert trainer._shortcut is False and ours == pytest.approx(wanted, rel=1e-4)


def test_trying_the_short_way_leaves_the_mode_as_it_was(tuned):
    inputs = {"input_ids": torch.arange(5, 25)[None], "attention_mask": torch.ones(1, 20, dtype=torch.long)}
    for mode in (True, False):
        tuned.train(mode)
        assert shortcut_holds(tuned, inputs) and tuned.training is mode


def test_batches_and_options_score_as_alone(folder):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    prompts = [[5, 9, 12, 40, 7, 30 + i] + [60 + (i * j) % 50 for j in range(i % 5)] for i in range(6)]
    made = decode.generate(model, prompts, max_new=5, stop_ids=frozenset(), batch_size=6)
    for prompt, generation in zip(prompts, made, strict=True):
        ids = list(prompt)
        with torch.inference_mode():
            for _ in range(5):
                ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
        assert generation.ids == ids[len(prompt) :]
    items = [decode.Continuations(prompt, ((20, 21), (22,), (23, 24, 25))) for prompt in prompts]
    for scored, item in zip(decode.score(model, items, batch_tokens=500), items, strict=True):
        for one, option in zip(scored, item.options, strict=True):
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([item.context + list(option)])).logits[0]
            wanted = logits[len(item.context) - 1 : -1].log_softmax(-1).gather(1, torch.tensor(option)[:, None]).sum()
            assert one.logprob == pytest.approx(float(wanted), abs=1e-3)


@pytest.mark.parametrize("model_type", ["t5", "mamba", "bloom", "mpt", "bert", "jamba"])
def test_what_cannot_be_a_student_is_refused_by_name(tmp_path, model_type):
    from transformers import AutoConfig

    AutoConfig.for_model(model_type).save_pretrained(tmp_path)
    with pytest.raises(WeakspotError, match=rf"\({model_type}\) can't be used: "):
        require_decoder(tmp_path)


def test_a_model_that_brings_its_own_code_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config"}}))
    with pytest.raises(WeakspotError, match="transformers can't read"):
        require_decoder(tmp_path)


def test_a_folder_without_a_usable_tokenizer_is_refused_when_it_loads(tmp_path):
    family("llama").save_pretrained(tmp_path)
    with pytest.raises(WeakspotError, match="has no tokenizer"):
        student(tmp_path, tmp_path / "adapters")
    tokenizer = make_tokenizer()
    tokenizer.eos_token = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(WeakspotError, match="has no eos_token"):
        load_tokenizer(tmp_path)
