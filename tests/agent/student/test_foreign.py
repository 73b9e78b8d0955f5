"""lm-eval tasks by YAML folder: listed, chosen by doc, scored by themselves; what can't be used says why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.student.backend import StudentLM
from agent.student.foreign import TaskShelf, suite_name
from agent.student.template import Template
from probes.errors import WeakspotError
from probes.suite import Probe

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


@pytest.mark.parametrize("system", [None, "", "Be brief."])
@pytest.mark.parametrize("is_chat", [True, False])
def test_a_lesson_is_token_for_token_what_lm_eval_asks(shelf, suite, loaded, monkeypatch, is_chat, system):
    """Prompts reach the model as lessons with the same text are trained, options as their completions."""
    import copy

    from agent.student import decode
    from agent.student.tasks import evaluate_probes
    from probes.suite import Probe

    tokenizer = copy.deepcopy(loaded[1])
    if not is_chat:
        tokenizer.chat_template = None
    template = Template(tokenizer, system)
    lm = StudentLM(loaded[0], template, batch_size=4)
    asked: list[list[int]] = []
    generate, score = decode.generate, decode.score

    def note_prompts(model, prompts, **options):
        asked.extend(prompts)
        return generate(model, prompts, **options)

    def note_options(model, items, **options):
        asked.extend(item.context + list(option) for item in items for option in item.options)
        return score(model, items, **options)

    monkeypatch.setattr(decode, "generate", note_prompts)
    monkeypatch.setattr(decode, "score", note_options)

    def lesson(probe, answer):
        return template.tokenise_row([{"role": "user", "content": probe.prompt}], answer)

    sums, parity = suite.probes[2], suite.probes[12]
    shelf.evaluate(lm, suite, [sums])
    assert asked == [lesson(sums, "8").prompt_ids]
    own = Probe("s", "p", "Question: 2 + 6?\nAnswer:", "8")
    asked.clear()
    evaluate_probes(lm, [own], 4)
    assert asked == [lesson(own, "8").prompt_ids]
    asked.clear()
    ranked = Probe("s", "p", "Question: Is 3 odd?\nAnswer:", "odd", "loglikelihood", choices=("even", "odd"))
    evaluate_probes(lm, [ranked], 4)
    rows = [lesson(ranked, choice) for choice in ranked.choices]
    assert asked == [row.prompt_ids + row.completion_ids for row in rows]
    asked.clear()
    shelf.evaluate(lm, suite, [parity])
    rows = [lesson(parity, choice) for choice in parity.choices]
    if not is_chat:  # lm-eval's own options stand behind one blank and don't end the text
        assert asked == [row.prompt_ids + row.completion_ids[:-1] for row in rows]
    assert all(ids[: len(row.prompt_ids)] == row.prompt_ids for ids, row in zip(asked, rows, strict=True))


def test_the_blank_before_a_base_models_answer_is_not_part_of_it(shelf, suite, loaded, monkeypatch):
    """A student trained on " 8" must not be wrong by a task that compares letter by letter."""
    import copy

    from agent.student import decode

    tokenizer = copy.deepcopy(loaded[1])
    tokenizer.chat_template = None
    template = Template(tokenizer, "")
    lm = StudentLM(loaded[0], template, batch_size=4)
    written = template.tokenise_row([{"role": "user", "content": suite.probes[2].prompt}], "8").completion_ids
    assert tokenizer.decode(written) == " 8<|im_end|>"
    monkeypatch.setattr(decode, "generate", lambda model, prompts, **options: [decode.Generation(written[:-1], "stop") for _ in prompts])
    (sample,) = shelf.evaluate(lm, suite, [suite.probes[2]])
    assert (sample.response, sample.strict) == ("8", 1.0)


CHANGES = {
    "num_fewshot": ("output_type:", "num_fewshot: 2\noutput_type:"), "description": ("output_type:", 'description: "Add."\noutput_type:'),
    "doc_to_text": ("What is {{a}}", "What's {{a}}"), "doc_to_target": ("{{a + b}}", "{{b + a}}"), "generation_kwargs": ("max_gen_toks: 5", "max_gen_toks: 6"),
    "filter_list": ("output_type:", "filter_list: [{name: first, filter: [{function: take_first}]}]\noutput_type:"),
    "metric_list": ("higher_is_better: true}", "higher_is_better: true, ignore_case: true}"), "dataset_kwargs": ("{test: data.jsonl}", "{test: data.jsonl, train: data.jsonl}"),
}


def described(folder: Path, text: str) -> Probe:
    (folder / "sums.yaml").write_text(text)
    return TaskShelf().describe("my_sums", str(folder)).probes[0]


@pytest.fixture
def own_folder(folder, tmp_path) -> Path:
    (tmp_path / "data.jsonl").write_bytes((folder / "data.jsonl").read_bytes())
    return tmp_path


@pytest.mark.parametrize("setting", CHANGES)
def test_a_changed_task_is_asked_again(setting, own_folder):
    before = described(own_folder, GENERATE)
    assert described(own_folder, GENERATE).content_hash == before.content_hash
    assert described(own_folder, GENERATE + "metadata: {version: 2}\n").content_hash == before.content_hash
    old, new = CHANGES[setting]
    assert old in GENERATE
    after = described(own_folder, GENERATE.replace(old, new))
    assert after.meta["task_config"] != before.meta["task_config"] and after.content_hash != before.content_hash


def test_a_changed_function_of_a_task_is_asked_again(own_folder):
    text = GENERATE.replace('"What is {{a}} + {{b}}?"', "!function ask.text")
    hashes = []
    for word in ("What", "What", "Just what"):
        (own_folder / "ask.py").write_text(f"WORD = '{word}'\ndef text(doc):\n    return 'What is it?'\n")
        hashes.append(described(own_folder, text).content_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_only_probes_of_lm_eval_tasks_depend_on_a_task_s_settings():
    plain = Probe("s", "a", "What is 2 + 3?", "5", "numeric")
    assert plain.content_hash == replace(plain, meta={"task_config": "x"}).content_hash == "9bdeeaba458df083"
    foreign = replace(plain, scorer="lm-eval")
    assert foreign.content_hash != replace(foreign, meta={"task_config": "x"}).content_hash
