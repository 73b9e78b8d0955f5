"""Training on a tiny model: same bits from the same seed, loss on answers only, nothing left after a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from agent.student import adapters, training
from agent.student.contract import TrainingFailed, TrainParams
from agent.student.template import Template
from agent.student.training import SimilarLengths, read_curriculum


@pytest.fixture
def curriculum(tmp_path: Path) -> Path:
    file = tmp_path / "curriculum.jsonl"
    rows = [
        {
            "prompt": [{"role": "user", "content": f"Say {'very ' * (i % 5)}{i}"}],
            "completion": [{"role": "assistant", "content": str(i)}], "lesson_id": "ignored",
        }
        for i in range(19)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def run(tiny: Path, curriculum: Path, out: Path, *, poison: bool = False, **options):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny)
    if poison:
        model.model.norm.weight.data[0] = float("inf")
    template = Template(AutoTokenizer.from_pretrained(tiny), "")
    micro, start = options.pop("micro_batch", 0), options.pop("begin_at", None)
    params = TrainParams(**{"seed": 3, "learning_rate": 1e-2, "lora_r": 4, "batch_size": 4, **options})
    return training.train(
        model, template, curriculum, params, out, base_name="tiny", note={"weights_key": "w"}, micro_batch=micro, start=start
    )


def test_same_seed_same_bits_and_it_learns(tiny, curriculum, tmp_path):
    first = run(tiny, curriculum, tmp_path / "a", epochs=4)
    second = run(tiny, curriculum, tmp_path / "b", epochs=4)
    other = run(tiny, curriculum, tmp_path / "c", epochs=4, seed=4)
    assert adapters.content_hash(tmp_path / "a") == adapters.content_hash(tmp_path / "b")
    assert adapters.content_hash(tmp_path / "a") != adapters.content_hash(tmp_path / "c")
    assert first.steps == second.steps == other.steps == 20
    assert first.final_loss < 0.9 * first.first_loss
    assert {path.name for path in (tmp_path / "a").iterdir()} == {adapters.WEIGHTS, adapters.CONFIG, adapters.NOTE}
    assert json.loads((tmp_path / "a" / adapters.CONFIG).read_text())["base_model_name_or_path"] == "tiny"


def test_training_goes_on_from_an_adapter(tiny, curriculum, tmp_path):
    first = run(tiny, curriculum, tmp_path / "a", epochs=4)
    on = run(tiny, curriculum, tmp_path / "b", begin_at=tmp_path / "a")
    fresh = run(tiny, curriculum, tmp_path / "c")
    assert on.first_loss < 0.95 * fresh.first_loss and on.first_loss == pytest.approx(first.final_loss, rel=0.2)
    assert adapters.content_hash(tmp_path / "b") != adapters.content_hash(tmp_path / "a")
    assert json.loads((tmp_path / "b" / adapters.CONFIG).read_text())["r"] == 4


def test_half_the_rows_in_memory_train_the_same(tiny, curriculum, tmp_path):
    whole = run(tiny, curriculum, tmp_path / "a")
    halves = run(tiny, curriculum, tmp_path / "b", micro_batch=2)
    assert halves.steps == whole.steps
    assert halves.final_loss == pytest.approx(whole.final_loss, rel=1e-3)


def test_loss_is_the_mean_over_answer_tokens(tiny, curriculum, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    report = run(tiny, curriculum, tmp_path / "a", batch_size=19, epochs=1)  # one step: the loss of the untrained model
    model = AutoModelForCausalLM.from_pretrained(tiny)
    rows = read_curriculum(curriculum, Template(AutoTokenizer.from_pretrained(tiny), ""), 512)
    losses = []
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0, :-1]
        labels = torch.tensor(row["labels"][1:])
        losses += torch.nn.functional.cross_entropy(logits, labels, reduction="none", ignore_index=-100)[labels != -100]
    assert report.steps == 1
    assert report.first_loss == pytest.approx(torch.stack(losses).mean().item(), rel=1e-3)


def test_infinite_loss_fails_and_writes_no_adapter(tiny, curriculum, tmp_path):
    with pytest.raises(TrainingFailed, match="the loss became nan in step 1"):
        run(tiny, curriculum, tmp_path / "a", poison=True)
    assert not (tmp_path / "a" / adapters.WEIGHTS).exists()


def test_infinite_gradient_fails_before_the_optimiser_steps(tiny, curriculum, tmp_path, monkeypatch):
    original = training.LessonTrainer.compute_loss

    def broken(self, *args, **kwargs):
        loss = original(self, *args, **kwargs)
        loss.register_hook(lambda grad: grad * float("inf"))
        return loss

    monkeypatch.setattr(training.LessonTrainer, "compute_loss", broken)
    with pytest.raises(TrainingFailed, match="the gradient became"):
        run(tiny, curriculum, tmp_path / "a")


def test_a_long_row_keeps_its_answer(tiny, tmp_path, loaded):
    file = tmp_path / "long.jsonl"
    row = {"prompt": [{"role": "user", "content": "x" * 300}], "completion": [{"role": "assistant", "content": "42"}]}
    file.write_text(json.dumps(row))
    (made,) = read_curriculum(file, Template(loaded[1], ""), 40)
    assert len(made["input_ids"]) == 40
    answer = [token for token in made["labels"] if token != -100]
    assert loaded[1].decode(answer) == "42<|im_end|>"


@pytest.mark.parametrize("text", ['{"prompt": []}', "not json", '{"prompt": [], "completion": []}'])
def test_a_bad_row_is_named(tmp_path, loaded, text):
    file = tmp_path / "bad.jsonl"
    good = {"prompt": [{"role": "user", "content": "x"}], "completion": [{"role": "assistant", "content": "y"}]}
    file.write_text(json.dumps(good) + "\n" + text + "\n")
    with pytest.raises(TrainingFailed) as caught:
        read_curriculum(file, Template(loaded[1], ""), 40)
    assert caught.value.where.endswith("line 2")


def test_an_empty_curriculum_is_refused(tmp_path, loaded):
    file = tmp_path / "empty.jsonl"
    file.write_text("\n")
    with pytest.raises(TrainingFailed, match="no rows"):
        read_curriculum(file, Template(loaded[1], ""), 40)


def test_batches_hold_similar_lengths_in_random_order():
    lengths = [(i * 37) % 101 for i in range(101)]
    sampler = SimilarLengths(lengths, 8, seed=1)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(101)) and first != second
    assert list(SimilarLengths(lengths, 8, seed=1)) == first
    batches = [first[start : start + 8] for start in range(0, 101, 8)]
    spans = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches]
    assert max(spans) <= 8
    means = [sum(lengths[i] for i in batch) / len(batch) for batch in batches[:-1]]
    assert means != sorted(means) and means != sorted(means, reverse=True)


def test_trl_trains_on_what_the_mix_writes_as_it_is(tmp_path):
    import datasets
    from trl.data_utils import is_conversational

    from curricula.lesson import Lesson
    from curricula.mix import build_mix
    from curricula.mix_file import write_curriculum

    lessons = [Lesson(f"What is {i} + 1?", str(i + 1), str(i + 1), "symbolic", 1, check_kind="engine") for i in range(20)]
    anchors = [Lesson(f"Tell me of {i}", f"Here you are, {i} it is", "x", "anchor", 0, source=f"set#{i}") for i in range(20)]
    mix = build_mix(lessons, [], anchors, [], count_tokens=lambda rows: [len(a + b) for a, b in rows], real_min=0.3, real_max=0.7, max_tokens=None, seed=1)
    write_curriculum(mix, tmp_path / "curriculum.jsonl")
    rows = datasets.load_dataset("json", data_files=str(tmp_path / "curriculum.jsonl"), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == len(mix.rows) and all(is_conversational({key: row[key] for key in ("prompt", "completion")}) for row in rows)
