"""A tiny random Llama with a ChatML tokenizer for tests without weights, and the real student for `real` ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "<|im_start|>system\nYou are a tiny helper<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer():
    """Bytes as vocabulary (259 tokens) and a ChatML template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<unk>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {token: index for index, token in enumerate([*special, *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(special)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", bos_token="<|im_start|>", eos_token="<|im_end|>",
        pad_token="<|im_end|>",
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_tiny(folder: Path, seed: int = 0, hidden: int = 32) -> Path:
    """Save a random two-layer Llama with its tokenizer."""
    from transformers import LlamaConfig

    config = LlamaConfig(
        vocab_size=259, hidden_size=hidden, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, bos_token_id=1, eos_token_id=2,
        pad_token_id=2, tie_word_embeddings=True, initializer_range=0.4,
    )
    return save_random(folder, config, seed)


def save_random(folder: Path, config, seed: int = 0) -> Path:
    """Save a model of `config` with random weights, and the tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


def family(name: str):
    """Config of a tiny model of one family, with what is special about it set so that it matters."""
    import transformers as hf

    common = {"vocab_size": 259, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "initializer_range": 0.4}
    llama_like = common | {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512,
    }
    match name:
        case "llama":
            return hf.LlamaConfig(**llama_like)
        case "gpt2":
            return hf.GPT2Config(**common, n_embd=32, n_layer=2, n_head=4, n_positions=512, n_inner=48)
        case "gemma2":
            return hf.Gemma2Config(**llama_like, head_dim=8, query_pre_attn_scalar=8, final_logit_softcapping=2.0)
        case "cohere":
            return hf.CohereConfig(**llama_like, logit_scale=0.25)
        case "granite":
            return hf.GraniteConfig(**llama_like, logits_scaling=4.0)
        case "gpt_neox":
            return hf.GPTNeoXConfig(**{key: value for key, value in llama_like.items() if key != "num_key_value_heads"})
    raise AssertionError(name)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny-llama")


@pytest.fixture(scope="session")
def loaded(tiny: Path):
    """(model, tokenizer) of the tiny student."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(tiny).eval(), AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="session")
def real_source():
    """SmolLM2-135M, downloaded and converted into state/models once (or WEAKSPOT_TEST_MODELS)."""
    from agent.student.sources import EMBEDDED, resolve_student

    home = Path(__file__).resolve().parents[3] / "state" / "models"
    return resolve_student(EMBEDDED, Path(os.environ.get("WEAKSPOT_TEST_MODELS", home)))
