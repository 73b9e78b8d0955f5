"""Real data of the user's own: Parquet, Hugging Face data sets, folders of text and HTML; and what is told of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curricula.anchors.contract import data_set, load_anchors, load_sources
from curricula.anchors.html import readable_text
from curricula.anchors.names import absolute_name, parse_name
from curricula.anchors.passages import CONTINUE, MIN_WORDS, PASSAGE_WORDS, passages
from probes.errors import WeakspotError

PROSE = "\n\n".join(
    f"Paragraph {i} tells of a valley and of the people in it. They keep bees, mend the walls every spring, and count {i} sheep at night. "
    "When it rains, the road is closed; nobody minds, for there is bread in every house." for i in range(12))  # fmt: skip


def parquet(path: Path, **columns: list) -> Path:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def refused(name: object) -> WeakspotError:
    with pytest.raises(WeakspotError) as caught:
        load_anchors([str(name)])
    return caught.value


def test_a_parquet_file_is_read_by_its_usual_columns_or_by_those_that_are_named(tmp_path: Path) -> None:
    path = parquet(tmp_path / "own.parquet", question=["1+1?", "2+2?"], answer=["2", "4"], other=["x", "y"])
    first, second = load_anchors([str(path)])
    assert (first.prompt, first.completion, first.source, first.depth) == ("1+1?", "2", "parquet:own.parquet#1", 0)
    assert second.meta["origin"] == f"{path}, row 2"
    (named,) = load_anchors([f"{path}?prompt=question&completion=other&answer=answer&limit=1"])
    assert (named.completion, named.answer) == ("x", "2")
    with_context = parquet(tmp_path / "dolly.parquet", instruction=["Sum up."], context=["It rained."], response=["Rain."])
    assert load_anchors([str(with_context)])[0].prompt == "Sum up.\n\nIt rained."


def test_bad_parquet_is_named_with_its_row_and_what_to_do(tmp_path: Path) -> None:
    assert "no anchor file" in refused(tmp_path / "missing.parquet").message
    (tmp_path / "text.parquet").write_text("not parquet")
    assert "as Parquet" in refused(tmp_path / "text.parquet").message
    assert "no rows" in refused(parquet(tmp_path / "empty.parquet", prompt=[], completion=[])).message
    odd = refused(parquet(tmp_path / "odd.parquet", a=["x"], b=["y"]))
    assert "can't tell which columns" in odd.message and odd.where == "columns: a, b" and "?prompt=question&completion=answer" in odd.hint
    hole = refused(parquet(tmp_path / "hole.parquet", prompt=["a", "b"], completion=["x", None]))
    assert "'completion' must be text" in hole.message and hole.where.endswith("row 2")
    own = refused(parquet(tmp_path / "mix.parquet", prompt=["a"], completion=["b"], lesson_id=["L1"]))
    assert "own curriculum" in own.message
    assert "no column 'q'" in refused(f"{tmp_path / 'odd.parquet'}?prompt=q").message


def test_a_jsonl_file_may_name_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"q": "Why?", "a": "So."}) + "\n")
    (row,) = load_anchors([f"{path}?prompt=q&completion=a"])
    assert (row.prompt, row.completion, row.meta["origin"]) == ("Why?", "So.", f"{path}, line 1")
    for text, message in [('"a\\u0000b"', "NUL"), ('"\\ud800"', "surrogate")]:
        path.write_text(f'{{"prompt": "x", "completion": {text}}}')
        assert message in refused(path).message


def test_a_data_set_that_was_saved_to_disk(tmp_path: Path) -> None:
    import datasets

    rows = datasets.Dataset.from_dict({"question": ["1+1?", "2+2?", " ", "3+3?"], "answer": ["2", "4", "x", "6"]})
    datasets.DatasetDict({"train": rows, "test": rows.select([0])}).save_to_disk(tmp_path / "sums")
    found = load_anchors([f"hf:{tmp_path / 'sums'}"])
    assert [row.source for row in found] == ["hf:sums/train#1", "hf:sums/train#2", "hf:sums/train#4"], "a row without a prompt is left out"
    assert data_set(found[0]) == "hf:sums"
    assert len(load_anchors([f"hf:{tmp_path / 'sums'}?split=test"])) == 1
    assert "no split 'dev'" in refused(f"hf:{tmp_path / 'sums'}?split=dev").message
    parts = tmp_path / "plain"
    parts.mkdir()
    (parts / "data.jsonl").write_text('{"instruction": "Say hi.", "output": "hi"}\n')
    assert load_anchors([f"hf:{parts}"])[0].completion == "hi", "a folder of data files, as the hub holds them"
    numbers = datasets.Dataset.from_dict({"prompt": ["a"], "completion": [5]})
    numbers.save_to_disk(tmp_path / "numbers")
    assert "must be text" in refused(f"hf:{tmp_path / 'numbers'}").message


def test_a_data_set_that_is_not_there_says_what_to_do_without_a_network() -> None:
    error = refused("hf:nobody/nothing-of-this-name")
    assert "can't be loaded" in error.message and "save_to_disk" in error.hint and "hf:FOLDER" in error.hint


def test_a_folder_of_text_gives_whole_passages_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.md").write_text(PROSE)
    (tmp_path / "one.txt").write_text(PROSE)
    (tmp_path / ".hidden.txt").write_text(PROSE)
    (tmp_path / "table.csv").write_text(PROSE)
    rows = load_anchors([f"text:{tmp_path}"])
    assert {row.source.split("#")[0] for row in rows} == {f"text:{tmp_path.name}/b/two.md"}, "the same passage is kept once"
    (tmp_path / "one.txt").write_text(PROSE.replace("valley", "harbour"))
    rows = load_anchors([f"text:{tmp_path}"])
    assert {data_set(row) for row in rows} == {f"text:{tmp_path.name}"}
    for row in rows:
        path, line = row.meta["origin"].rsplit(", line ", 1)
        shown = row.prompt.removeprefix(f"{CONTINUE}\n\n")
        assert Path(path).read_text().split("\n")[int(line) - 1].startswith(shown[:30])
        assert " ".join(Path(path).read_text().split()).count(" ".join(f"{shown} {row.completion}".split())) == 1, "no word is lost or changed"
        assert MIN_WORDS <= len(f"{shown} {row.completion}".split()) <= PASSAGE_WORDS
    assert all(row.prompt[-1] in ".;" for row in rows), "cut at the end of a sentence where there is one"


def test_long_paragraphs_and_odd_texts() -> None:
    long = passages("word " * 1000, "s", Path("f"))
    assert sum(len(row.completion.split()) + len(row.prompt.split()) - 3 for row in long) == 1000
    assert passages("", "s", Path("f")) == [] == passages("short", "s", Path("f"))
    assert passages("x" * 5000, "s", Path("f")) == []
    assert all("\x00" not in row.prompt + row.completion for row in passages("nul \x00 " * 90, "s", Path("f")))


def test_bad_folders(tmp_path: Path) -> None:
    assert "no folder" in refused(f"text:{tmp_path / 'missing'}").message
    assert "holds no file that ends in .txt" in refused(f"text:{tmp_path}").message
    (tmp_path / "a.txt").write_text("too short")
    assert "no passage" in refused(f"text:{tmp_path}").message
    (tmp_path / "a.txt").write_bytes("Straße ".encode("latin-1") * 90)
    assert "not UTF-8 at byte 4" in refused(f"text:{tmp_path}").message


PAGE = """<!doctype html><html><head><title>T</title><style>p {{}}</style></head><body><nav>Menu Home About</nav>
<main><h1>Areas</h1><p>The area of a disc is <script type="math/tex">\\pi r^2</script> where r is its <b>radius</b>.</p>
<p>Also <span class="katex"><span class="katex-mathml"><math><semantics><mi>E</mi><annotation encoding="application/x-tex">E = mc^2</annotation></semantics></math></span>
<span class="katex-html">E=mc2</span></span> holds, and <math><semantics><mi>a</mi><annotation encoding="application/x-tex">a_1</annotation></semantics></math> too;
see <img class="tex" alt="x^{{2}}" src="x.png"> here.<!-- secret --></p>{more}</main><footer>Imprint</footer><script>alert(1)</script></body></html>"""


def test_html_keeps_text_and_formulas_and_drops_the_rest() -> None:
    text = readable_text(PAGE.format(more="").encode())
    assert text.split("\n\n") == [
        "Areas",
        r"The area of a disc is $\pi r^2$ where r is its radius.",
        "Also $E = mc^2$ holds, and $a_1$ too; see $x^{2}$ here.",
    ]


def test_pages_in_any_state_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    declared = '<html><head><meta charset="iso-8859-1"></head><body><p>Straße</p></body></html>'.encode("latin-1")
    assert readable_text(declared) == "Straße"
    assert readable_text("<p>It’s</p>".encode("cp1252")) == "It’s"
    assert readable_text(b"") == "" == readable_text(b"<!-- -->")
    assert readable_text(b"<p>one<p>two <b>bold") == "one\n\ntwo bold"
    assert "deep" in readable_text(b"<div>" * 2000 + b"deep")
    (tmp_path / "page.html").write_text(PAGE.format(more=f"<p>{PROSE}</p>"))
    (tmp_path / "empty.html").write_text("")
    rows = load_anchors([f"html:{tmp_path}"])
    assert rows and all(row.source.startswith(f"html:{tmp_path.name}/page.html#") and row.is_real for row in rows)
    assert not any("Menu" in row.prompt or "Imprint" in row.completion for row in rows)


def test_names_are_taken_apart_and_made_absolute(tmp_path: Path) -> None:
    assert parse_name("hf:openai/gsm8k?config=main&limit=5").options == {"config": "main", "limit": "5"}
    with pytest.raises(WeakspotError, match="no option 'splitt'") as caught:
        parse_name("hf:openai/gsm8k?splitt=train")
    assert "did you mean 'split'" in caught.value.hint
    for bad in ("x.jsonl?limit=no", "x.jsonl?limit=0", "text:"):
        with pytest.raises(WeakspotError):
            parse_name(bad)
    (tmp_path / "saved").mkdir()
    for name, wanted in [
        ("gsm8k_cot", "gsm8k_cot"), ("hf:org/name", "hf:org/name"), ("hf:saved?limit=3", f"hf:{tmp_path}/saved?limit=3"),
        ("text:books", f"text:{tmp_path}/books"), ("own.parquet?limit=2", f"{tmp_path}/own.parquet?limit=2"), ("text:~/x", "text:~/x"),
    ]:  # fmt: skip
        assert absolute_name(name, tmp_path) == wanted


def test_a_source_is_known_by_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d"}\n')
    before = load_sources([str(path)])[0].sha256
    assert load_sources([str(path)])[0].sha256 == before
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "e"}\n')
    assert load_sources([str(path)])[0].sha256 != before
    assert [len(source.rows) for source in load_sources(["gsm8k_cot?limit=3", "gsm8k_cot?limit=3"])] == [3]
