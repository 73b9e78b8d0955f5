"""Real data: what ships with lm-eval, and the user's own files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curricula.anchors.contract import data_set, list_anchors, load_anchors
from curricula.anchors.lm_eval_exemplars import STEP_BY_STEP, _load_yaml
from probes.errors import WeakspotError


def test_the_exemplars_of_lm_eval_are_whole_and_in_fixed_order() -> None:
    rows = load_anchors(["lm-eval"])
    sets = [data_set(row) for row in rows]
    assert sets.count("lm-eval:mmlu_flan_cot") > 270
    assert sets.count("lm-eval:bbh_cot") > 60
    assert sets.count("lm-eval:gsm8k_cot") == 8
    assert len({row.lesson_id for row in rows}) == len(rows)
    assert [row.lesson_id for row in rows] == [
        row.lesson_id for row in load_anchors(["mmlu_flan_cot", "bbh_cot", "gsm8k_cot"])
    ]
    for row in rows:
        assert (row.depth, row.strategy, row.is_real) == (0, "anchor", True)
        assert row.answer and row.answer in row.completion
        assert row.prompt.endswith(STEP_BY_STEP) and not row.completion.startswith(STEP_BY_STEP)
        assert "\x0c" not in row.prompt + row.completion


def test_an_exemplar_reads_as_published() -> None:
    first = load_anchors(["gsm8k_cot"])[0]
    assert first.source == "lm-eval:gsm8k_cot/gsm8k-cot#0"
    assert first.prompt.startswith("There are 15 trees in the grove.")
    assert first.completion.endswith("21 - 15 = 6. The answer is 6.")
    assert first.answer == "6"


def test_reading_imports_neither_lm_eval_nor_torch() -> None:
    code = (
        "import sys; from curricula.anchors.contract import load_anchors; assert load_anchors(['lm-eval']);"
        "sys.exit(bool({'lm_eval', 'torch', 'datasets'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tags_in_task_files_are_data_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("open('ran', 'w')")
    path = tmp_path / "task.yaml"
    path.write_text(
        "doc_to_text: !function evil.run\nbad: !!python/object/apply:os.system ['true']\ntask: t\n"
    )
    with pytest.raises(Exception, match="python/object"):
        _load_yaml(path)
    path.write_text("doc_to_text: !function evil.run\ntask: t\n")
    assert _load_yaml(path) == {"doc_to_text": None, "task": "t"}


def test_names_are_checked_and_corrected() -> None:
    assert "bbh_cot" in list_anchors()
    with pytest.raises(WeakspotError, match="unknown anchor source 'bbh_cott'") as caught:
        load_anchors(["bbh_cott"])
    assert "did you mean 'bbh_cot'" in caught.value.hint


def test_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    rows = [
        {"prompt": " Q1 ", "completion": "A\u2028one"},
        {"prompt": "Q2", "completion": "So 4.", "answer": "4", "source": "book#3"},
    ]
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    first, second = load_anchors([str(path)])
    assert (first.prompt, first.completion, first.source) == ("Q1", "A\u2028one", "jsonl:own.jsonl#1")
    assert (second.answer, second.source, second.depth) == ("4", "book#3", 0)
    assert data_set(first) == "jsonl:own.jsonl"
    assert len(load_anchors([str(path), str(path)])) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"prompt": "a", "completion": }', "invalid JSON"),
        ("[1]", "a row is an object"),
        ('{"prompt": "a"}', "no 'completion'"),
        ('{"prompt": "a", "completion": " "}', "'completion' must be text"),
        ('{"prompt": 5, "completion": "b"}', "'prompt' must be text"),
        ('{"prompt": [{"role": "user", "content": "a"}], "completion": "b"}', "own curriculum"),
        ('{"prompt": "a", "completion": "b", "lesson_id": "L1"}', "own curriculum"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n\n' + line)
    with pytest.raises(WeakspotError, match=message) as caught:
        load_anchors([str(path)])
    assert caught.value.where.endswith("line 3")


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(WeakspotError, match="no anchor file"):
        load_anchors([str(tmp_path / "missing.jsonl")])
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(WeakspotError, match="holds no rows"):
        load_anchors([str(tmp_path / "empty.jsonl")])
    (tmp_path / "latin.jsonl").write_bytes('{"prompt": "é"}'.encode("latin-1"))
    with pytest.raises(WeakspotError, match="not UTF-8"):
        load_anchors([str(tmp_path / "latin.jsonl")])
