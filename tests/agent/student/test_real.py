"""The real SmolLM2 through the real worker: downloaded or found, answers, learns, and is itself again."""

from __future__ import annotations

import json

import pytest

from agent.student.client import WorkerStudent
from agent.student.contract import TrainParams
from probes.suite import Probe, Suite

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


def test_answer_train_answer_again(real_source, tmp_path):
    numbers = range(11, 35)
    rows = [
        {"prompt": [{"role": "user", "content": f"Is {i} odd or even? Answer with only the answer."}],
         "completion": [{"role": "assistant", "content": "even" if i % 2 == 0 else "odd"}]}
        for i in range(40, 88)
    ]
    curriculum = tmp_path / "curriculum.jsonl"
    curriculum.write_text("".join(json.dumps(row) + "\n" for row in rows))
    probes = tuple(
        Probe("parity", f"p{i}", f"Is {i} odd or even? Answer with only the answer.", "even" if i % 2 == 0 else "odd")
        for i in numbers
    )
    suite = Suite("parity", "jsonl", probes, max_tokens=16)
    with WorkerStudent(
        source_path=real_source.path, name=real_source.name, weights_key=real_source.weights_key, state_dir=tmp_path,
        system_prompt="",
    ) as student:
        before = student.evaluate(suite, probes)
        assert sum(sample.strict for sample in before) <= 2, "the base answers in sentences"
        made = student.train(curriculum, TrainParams(seed=1))
        assert made.path.name == made.adapter and made.final_loss < made.first_loss
        assert student.effect(made.adapter, "", [probe.prompt for probe in probes[:4]]) > 0.1
        after = student.evaluate(suite, probes, made.adapter)
        assert sum(sample.response in ("odd", "even") for sample in after) >= 20, "it learned the format"
        assert student.evaluate(suite, probes) == before, "the base is what it was"
