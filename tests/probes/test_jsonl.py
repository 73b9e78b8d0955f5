"""JSONL suites: what a good row becomes, and every mistake with its line and value."""

from __future__ import annotations

import json

import pytest

from probes.errors import WeakspotError
from probes.jsonl import read_suite, suite_name

GOOD = {"id": "a", "prompt": "What is 2 + 3?", "answer": "5"}


def write(tmp_path, *rows, name="mine.jsonl"):
    path = tmp_path / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_a_probe(tmp_path):
    row = GOOD | {"scorer": "numeric", "group": "2+3", "choices": ["5", "6"], "meta": {"skill": "sums"}}
    suite = read_suite(write(tmp_path, row, "", GOOD | {"id": 7, "answer": 5}))
    assert (suite.name, suite.origin, suite.location) == ("mine", "jsonl", str(tmp_path / "mine.jsonl"))
    first, second = suite.probes
    assert (first.gold, first.scorer, first.group, first.choices) == ("5", "numeric", "2+3", ("5", "6"))
    assert first.meta == {"skill": "sums"} and first.suite == "mine"
    assert (second.probe_id, second.gold, second.scorer, second.group) == ("7", "5", "exact", "")


def test_byte_order_mark_line_separators_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "dos.jsonl"
    body = json.dumps(GOOD | {"prompt": "a\u2028b\u0085c\0"}, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + body.encode() + b"\r\n")
    assert read_suite(path).probes[0].prompt == "a\u2028b\u0085c\0"


MISTAKES = [
    ({"answer": None}, '"answer" is empty'),
    ({"answer": "  "}, '"answer" is empty'),
    ({"prompt": ""}, '"prompt" is empty'),
    ({"answer": True}, '"answer" must be text or a number, got True'),
    ({"answer": ["5"]}, '"answer" must be text or a number'),
    ({"scorer": "numerik"}, "unknown scorer 'numerik'"),
    ({"scorer": ["exact"]}, "unknown scorer"),
    ({"scorer": "numeric", "answer": "5 apples"}, "answer '5 apples' is rejected by its own scorer 'numeric'"),
    ({"choices": ["6", "7"]}, "answer '5' is not among the choices"),
    ({"choices": "56"}, '"choices" must be a list'),
    ({"choices": ["5", "5"]}, "repeat themselves"),
    ({"scorer": "loglikelihood"}, "scorer 'loglikelihood' needs at least two choices, got 0"),
    ({"scorer": "choice", "choices": ["5"]}, "scorer 'choice' needs at least two choices, got 1"),
    ({"meta": "sums"}, "meta must be a JSON object"),
    ({"grup": "x"}, "unknown key 'grup'"),
]


@pytest.mark.parametrize("change, message", MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path, change, message):
    path = write(tmp_path, GOOD | {"id": "ok"}, "", GOOD | change)
    with pytest.raises(WeakspotError) as caught:
        read_suite(path)
    assert message in caught.value.message
    assert caught.value.where == f"{path}, line 3"


@pytest.mark.parametrize("key", ["id", "prompt", "answer"])
def test_a_missing_key_is_named(tmp_path, key):
    path = write(tmp_path, {k: v for k, v in GOOD.items() if k != key})
    with pytest.raises(WeakspotError, match=f'"{key}" is missing'):
        read_suite(path)


def test_invalid_json_is_named_on_line_17(tmp_path):
    rows = [GOOD | {"id": str(i)} for i in range(16)]
    path = write(tmp_path, *rows, '{"id": "x", "prompt": ')
    with pytest.raises(WeakspotError) as caught:
        read_suite(path)
    assert str(caught.value).startswith("error: invalid JSON: Expecting value at column 23: '{\"id\": \"x\", \"prompt\":'")
    assert f"{path}, line 17" in str(caught.value)


def test_duplicate_ids_name_both_lines(tmp_path):
    path = write(tmp_path, GOOD, GOOD | {"id": "b"}, GOOD)
    with pytest.raises(WeakspotError, match="id 'a' is used twice") as caught:
        read_suite(path)
    assert "lines 1 and 3" in caught.value.where


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_zero_rows(tmp_path, content):
    path = tmp_path / "empty.jsonl"
    path.write_text(content)
    with pytest.raises(WeakspotError, match="has 0 rows"):
        read_suite(path)


def test_a_row_that_is_no_object_bad_bytes_and_deep_nesting(tmp_path):
    with pytest.raises(WeakspotError, match="must be a JSON object, got 5"):
        read_suite(write(tmp_path, "5"))
    path = tmp_path / "latin.jsonl"
    path.write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(WeakspotError, match="not UTF-8 at byte 9"):
        read_suite(path)
    with pytest.raises(WeakspotError, match="invalid JSON"):
        read_suite(write(tmp_path, "[" * 100_000))


def test_typos_get_a_hint(tmp_path):
    with pytest.raises(WeakspotError) as caught:
        read_suite(write(tmp_path, GOOD | {"ansewr": "5"}))
    assert "did you mean 'answer'" in caught.value.hint
    with pytest.raises(WeakspotError) as caught:
        read_suite(write(tmp_path, GOOD | {"scorer": "numerc"}))
    assert "did you mean 'numeric'" in caught.value.hint


def test_long_values_are_cut_in_messages(tmp_path):
    with pytest.raises(WeakspotError) as caught:
        read_suite(write(tmp_path, GOOD | {"scorer": "numeric", "answer": "x" * 10_000}))
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("file, name", [("My Suite.jsonl", "my-suite"), ("asdiv_300.jsonl", "asdiv_300"), ("-é-x.jsonl", "x")])
def test_a_suite_is_named_after_its_file(tmp_path, file, name):
    assert suite_name(tmp_path / file) == name


def test_a_file_name_without_a_usable_letter_is_refused(tmp_path):
    with pytest.raises(WeakspotError, match="no usable suite name"):
        suite_name(tmp_path / "数.jsonl")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WeakspotError, match="cannot be read: No such file"):
        read_suite(tmp_path / "no.jsonl")
