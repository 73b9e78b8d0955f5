"""Which models can be students: said by name when the worker loads, before a probe is answered.

A folder goes in; nothing comes out, or an error that names the architecture and what it lacks. Generation
pads on the left, shares prefixes by their keys and values, and sets positions itself (`decode`), so a
student must be a decoder with attention that lets a caller do all three.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from probes.errors import WeakspotError

NEEDED = ("past_key_values", "position_ids", "attention_mask", "logits_to_keep")
_HINT = "decoders with attention work, e.g. the Llama, Qwen, Mistral, Gemma, Granite, Cohere, GPT-NeoX and GPT-2 families"


def require_decoder(folder: Path) -> None:
    """Check a model's architecture by its config and class; no weights are read.

    Raises:
        WeakspotError: transformers does not know it, it is no text decoder, or it has no keys and values to reuse.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING as DECODERS
    from transformers import MODEL_FOR_MASKED_LM_MAPPING as MASKED
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, KeyError, OSError) as error:
        raise WeakspotError(
            f"student {folder.name!r} has a config.json that transformers can't read",
            where=" ".join(str(error).split())[:300], hint="models that bring their own code are not run; " + _HINT,
        ) from error
    kind = config.model_type
    is_masked = type(config) in MASKED and not getattr(config, "is_decoder", False)
    if is_masked or config.is_encoder_decoder or type(config) not in DECODERS:
        raise _unfit(folder, kind, "it is not a decoder that writes text")
    model_class: Any = DECODERS[type(config)]
    text = config.get_text_config()
    accepted = inspect.signature(model_class.forward).parameters
    missing = [name for name in NEEDED if name not in accepted]
    if getattr(model_class, "_is_stateful", False):
        raise _unfit(folder, kind, "its recurrent state can't be padded or shared between prompts")
    if missing:
        raise _unfit(folder, kind, f"its forward takes no {', '.join(missing)}")
    if getattr(text, "alibi", False):
        raise _unfit(folder, kind, "its ALiBi positions can't be set from outside")


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer.

    Raises:
        WeakspotError: there is none, or it has no token that ends a text.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # tokenizer files of others fail in every way there is
        raise WeakspotError(
            f"student {folder.name!r} has no tokenizer that transformers can load",
            where=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
            hint="save it beside the weights: tokenizer.save_pretrained(folder)",
        ) from error
    if tokenizer.eos_token_id is None:
        raise WeakspotError(
            f"the tokenizer of student {folder.name!r} has no eos_token, so an answer could never end",
            where=str(folder), hint="set tokenizer.eos_token, then tokenizer.save_pretrained(folder)",
        )
    return tokenizer


def _unfit(folder: Path, kind: str, reason: str) -> WeakspotError:
    return WeakspotError(f"student {folder.name!r} ({kind}) can't be used: {reason}", where=str(folder), hint=_HINT)
