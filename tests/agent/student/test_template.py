"""What is trained is token for token what evaluation asks for, whatever the template's habits."""

from __future__ import annotations

import copy

import pytest

from agent.student.template import Template

USER = [{"role": "user", "content": "hi"}]


@pytest.fixture
def tokenizer(loaded):
    return copy.deepcopy(loaded[1])


def test_none_leaves_the_system_turn_to_the_template(tokenizer):
    text = Template(tokenizer, None).render(USER)
    assert text.startswith("<|im_start|>system\nYou are a tiny helper<|im_end|>\n<|im_start|>user\nhi")
    assert text.endswith("<|im_start|>assistant\n")


def test_empty_means_no_system_turn(tokenizer):
    assert Template(tokenizer, "").render(USER) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def test_text_is_the_system_turn_and_a_task_description_is_added_to_it(tokenizer):
    template = Template(tokenizer, "Be brief.")
    assert template.render(USER).startswith("<|im_start|>system\nBe brief.<|im_end|>")
    described = [{"role": "system", "content": "Sums follow."}, *USER]
    assert template.render(described).startswith("<|im_start|>system\nBe brief.\n\nSums follow.<|im_end|>")
    assert Template(tokenizer, "").render(described).startswith("<|im_start|>system\nSums follow.<|im_end|>")


def test_a_template_without_system_role(tokenizer):
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}<{{ m['role'] }}>{{ m['content'] }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"
    )
    assert Template(tokenizer, "").render(USER) == "<user>hi<|im_end|><a>"


def test_the_bos_token_stays_when_the_empty_turn_is_cut(tokenizer):
    tokenizer.chat_template = (
        "{{ bos_token }}{% if messages[0]['role'] != 'system' %}(system: long default text){% endif %}"
        "{% for m in messages %}({{ m['role'] }}: {{ m['content'] }}){% endfor %}"
        "{% if add_generation_prompt %}(assistant:{% endif %}"
    )
    assert Template(tokenizer, "").render(USER) == "<|im_start|>(user: hi)(assistant:"


def test_a_base_model_gets_a_plain_template(tokenizer):
    tokenizer.chat_template = None
    template = Template(tokenizer, None)
    assert not template.is_chat
    assert template.render(USER) == "hi", "lm-eval adds nothing either"
    assert Template(tokenizer, "Be brief.").render(USER) == "Be brief.\n\nhi"
    assert template.closing_ids == [tokenizer.eos_token_id]


def test_a_base_models_answer_is_one_blank_behind_its_prompt(tokenizer):
    tokenizer.chat_template = None
    template = Template(tokenizer, None)
    for prompt, answer in (("Question: hi\nAnswer:", " 42"), ("Answer on the next line.\n", "42")):
        row = template.tokenise_row([{"role": "user", "content": prompt}], "42")
        assert tokenizer.decode(row.prompt_ids) == prompt
        assert tokenizer.decode(row.completion_ids) == f"{answer}<|im_end|>"


def test_a_base_models_answer_is_split_as_scoring_splits_it(tokenizer):
    """Tokenisers that put a mark before the first word would double the blank if the answer stood alone."""
    from tokenizers import pre_tokenizers

    tokenizer.chat_template = None
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    row = Template(tokenizer, None).tokenise_row([{"role": "user", "content": "Answer:"}], "42")
    assert row.prompt_ids + row.completion_ids == [*tokenizer.encode("Answer: 42"), tokenizer.eos_token_id]


def test_a_row_is_the_evaluated_prompt_then_the_answer_then_the_stop_token(tokenizer):
    template = Template(tokenizer, "")
    row = template.tokenise_row(USER, "forty two")
    assert row.prompt_ids == template.encode_many([template.render(USER)])[0]
    assert tokenizer.decode(row.completion_ids) == "forty two<|im_end|>"
    assert row.completion_ids[-1] == tokenizer.eos_token_id


def test_a_started_answer_is_continued(tokenizer):
    turns = [*USER, {"role": "assistant", "content": "The answer is"}]
    assert Template(tokenizer, "").render(turns, continue_final=True).endswith("<|im_start|>assistant\nThe answer is")


def test_hash_tells_system_prompts_and_templates_apart(tokenizer):
    hashes = {Template(tokenizer, system).hash for system in (None, "", "Be brief.")}
    tokenizer.chat_template += " "
    hashes.add(Template(tokenizer, None).hash)
    assert len(hashes) == 4
