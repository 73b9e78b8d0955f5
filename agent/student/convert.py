"""Dequantise a GGUF file into a folder that transformers loads: `python -m agent.student.convert FILE.gguf FOLDER`.

Runs as its own process, so the supervisor never imports torch. The folder holds float32 safetensors, the
tokenizer with its chat template, and no trace of the quantisation: a saved `quantization_config` would
send transformers looking for the GGUF file again.
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(gguf: Path, folder: Path) -> None:
    """Write `folder` from `gguf`. Deterministic: the same file gives the same bytes."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = dict(gguf_file=gguf.name)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **source)
    quantised = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **source)
    values = quantised.config.to_dict()
    for key in ("quantization_config", "transformers_version", "_name_or_path", "_model_name_or_path"):
        values.pop(key, None)
    plain = type(quantised)(type(quantised.config)(**values))
    plain.load_state_dict(quantised.state_dict())
    plain.generation_config.eos_token_id = tokenizer.eos_token_id
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
