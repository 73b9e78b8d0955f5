"""lm-eval tasks by YAML folder: listed, chosen by doc, scored by themselves; what can't be used says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.student.backend import StudentLM
from agent.student.foreign import TaskShelf, suite_name
from agent.student.template import Template
from probes.errors import WeakspotError

GENERATE = """
task: my_sums
dataset_path: json
dataset_kwargs: {data_files: {test: data.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "What is {{a}} + {{b}}?"
doc_to_target: "{{a + b}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 5}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
CHOOSE = """
task: my_parity
dataset_path: json
dataset_kwargs: {data_files: {test: data.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Is {{a}} odd or even?"
doc_to_choice: ["even", "odd"]
doc_to_target: "{{a % 2}}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""
PERPLEXITY = """
task: my_text
dataset_path: json
dataset_kwargs: {data_files: {test: data.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{a}}"
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, monkeypatch_module) -> Path:
    path = tmp_path_factory.mktemp("yaml")
    monkeypatch_module.setenv("HF_DATASETS_CACHE", str(path / "cache"))
    (path / "sums.yaml").write_text(GENERATE)
    (path / "parity.yaml").write_text(CHOOSE)
    (path / "text.yaml").write_text(PERPLEXITY)
    (path / "both.yaml").write_text("group: my_group\ntask: [my_sums, my_parity]\n")
    (path / "broken.yaml").write_text(GENERATE.replace("my_sums", "my_broken").replace("data.jsonl", "gone.jsonl"))
    rows = [{"a": i, "b": 3 * i} for i in range(8)] + [{"a": 1, "b": 3}]
    (path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def shelf() -> TaskShelf:
    return TaskShelf()


@pytest.fixture(scope="module")
def suite(shelf, folder):
    return shelf.describe("my_group", str(folder))


def test_a_group_is_listed_doc_by_doc(suite):
    assert (suite.name, suite.origin, suite.location, len(suite.probes)) == ("my_group", "lm-eval", "my_group", 18)
    sums, parity = suite.probes[2], suite.probes[9 + 3]
    assert (sums.probe_id, sums.prompt, sums.gold, sums.choices) == ("my_sums/2", "What is 2 + 6?", "8", ())
    assert (parity.probe_id, parity.gold, parity.choices) == ("my_parity/3", "odd", ("even", "odd"))
    assert all(probe.scorer == "lm-eval" for probe in suite.probes)


def test_equal_prompts_share_a_group(suite):
    sums = suite.probes[:9]
    assert sums[1].group == sums[8].group
    assert len({probe.group for probe in sums}) == 8


def test_chosen_docs_are_answered_in_the_order_asked(shelf, suite, loaded):
    lm = StudentLM(loaded[0], Template(loaded[1], ""), batch_size=4)
    asked = [suite.probes[i] for i in (7, 12, 0, 10, 3)]
    samples = shelf.evaluate(lm, suite, asked)
    assert [sample.probe_id for sample in samples] == ["my_sums/7", "my_parity/3", "my_sums/0", "my_parity/1", "my_sums/3"]
    for sample, probe in zip(samples, asked, strict=True):
        if probe.choices:
            assert sample.finish == "choice" and sample.response in probe.choices
            assert sample.strict == float(sample.response == probe.gold) == sample.lenient
            assert (sample.margin > 0) == bool(sample.strict)
        else:
            assert sample.n_tokens <= 5 and sample.strict == 0.0
    alone = shelf.evaluate(lm, suite, [suite.probes[3]])[0]
    assert alone.response == samples[4].response


def test_a_right_answer_scores(shelf, suite, loaded, monkeypatch):
    lm = StudentLM(loaded[0], Template(loaded[1], ""), batch_size=4)
    replies = {"What is 2 + 6?": "8", "What is 3 + 9?": "The answer is 12.", "What is 4 + 12?": "17"}

    def answer(requests):
        from agent.student.backend import Ending

        for request in requests:
            lm.endings[request.task_name, request.doc_id] = Ending("stop", 1)
        return [next(reply for prompt, reply in replies.items() if prompt in r.args[0]) for r in requests]

    monkeypatch.setattr(lm, "generate_until", answer)
    samples = shelf.evaluate(lm, suite, [suite.probes[i] for i in (4, 3, 2)])
    assert [(sample.strict, sample.lenient) for sample in samples] == [(0, 0), (0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("my_text", "does not say of each answer whether it is right"),
        ("my_broken", "can't be built"),
        ("my_grop", "knows no task 'my_grop'; did you mean my_group"),
    ],
)
def test_what_cannot_be_used_says_why(shelf, folder, task, message, monkeypatch):
    from lm_eval.tasks import TaskManager

    # the index of lm-eval's own 14,000 tasks costs seconds and is not what is tested
    monkeypatch.setattr(shelf, "_manager", lambda path, defaults: TaskManager(include_path=path, include_defaults=False))
    with pytest.raises(WeakspotError, match=message):
        shelf.describe(task, str(folder))


def test_a_missing_folder_is_named(shelf):
    with pytest.raises(WeakspotError, match="folder 'nowhere' of lm-eval tasks does not exist"):
        shelf.describe("my_sums", "nowhere")


def test_a_data_set_out_of_reach_is_told_apart_from_a_broken_task(shelf, folder):
    (folder / "hub.yaml").write_text(GENERATE.replace("my_sums", "my_hub").replace("dataset_path: json", "dataset_path: no/such")
                                     .replace("dataset_kwargs: {data_files: {test: data.jsonl}}\n", ""))
    with pytest.raises(WeakspotError, match="'my_hub' is out of reach and not in the local cache"):
        TaskShelf().describe("my_hub", str(folder))


def test_names_follow_the_rules_for_suites():
    assert suite_name("MMLU Flan/CoT") == "mmlu-flan-cot" and suite_name("__x") == "x"
