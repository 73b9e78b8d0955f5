"""How a suite is found: by path, name, plug-in and lm-eval task, and what is said when it is not."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint

import pytest

from probes import registry
from probes.errors import WeakspotError
from probes.lm_eval_names import declared_names, names_in
from probes.registry import find_suite, list_suites
from probes.suite import Probe, Suite

ROW = {"id": "a", "prompt": "What is 2 + 3?", "answer": "5"}


@pytest.fixture(autouse=True)
def no_packages(monkeypatch):
    """No plug-ins and a small lm-eval, whatever this machine has installed."""
    plugins: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: [e for e in plugins if e.group == group])
    monkeypatch.setattr(registry, "packaged_names", lambda: frozenset({"arithmetic", "gsm8k"}))
    return plugins


@pytest.fixture
def plugin(no_packages, tmp_path, monkeypatch):
    """Install a plug-in: `plugin(name, source)` makes a module whose `suite` is the entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, source: str) -> None:
        module = f"plugin_{name.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(source)
        sys.modules.pop(module, None)
        no_packages.append(EntryPoint(name, f"{module}:suite", registry.ENTRY_POINT_GROUP))

    return install


def describe(task: str, include_path: str) -> Suite:
    return Suite(task, "lm-eval", (Probe(task, "0", "q", "a", "lm-eval"),), location=task, include_path=include_path)


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_built_in_suites_are_found_by_name():
    assert find_suite("basics").origin == "built in"
    assert find_suite("basics") is find_suite("basics")


def test_a_path_is_a_jsonl_suite(tmp_path):
    path = write(tmp_path / "mine.jsonl", ROW)
    assert find_suite(str(path)).name == "mine"


def test_a_missing_file_names_the_nearest(tmp_path):
    write(tmp_path / "mine.jsonl", ROW)
    with pytest.raises(WeakspotError, match="not found") as caught:
        find_suite(str(tmp_path / "mien.jsonl"))
    assert f"did you mean '{tmp_path / 'mine.jsonl'}'" in caught.value.hint


def test_a_file_may_not_shadow_a_built_in_suite(tmp_path):
    with pytest.raises(WeakspotError, match="which is a built-in suite"):
        find_suite(str(write(tmp_path / "basics.jsonl", ROW)))


@pytest.mark.parametrize("name", ["tasks/x.yaml", "tasks/"])
def test_yaml_and_folders_are_sent_to_the_include_path(tmp_path, name):
    (tmp_path / "tasks").mkdir()
    with pytest.raises(WeakspotError, match="is not a suite file") as caught:
        find_suite(str(tmp_path) + "/" + name)
    assert "--include-path" in caught.value.hint


def test_lm_eval_tasks_are_described_by_the_student(tmp_path):
    (tmp_path / "own.yaml").write_text("task: own_task\ndataset_path: json\n")
    suite = find_suite("own_task", include_paths=[tmp_path], describe=describe)
    assert (suite.origin, suite.include_path) == ("lm-eval", str(tmp_path))
    assert find_suite("gsm8k", describe=describe).include_path == ""
    with pytest.raises(WeakspotError, match="needs a student"):
        find_suite("gsm8k")


def test_task_yaml_is_read_but_never_executed(tmp_path):
    (tmp_path / "evil.py").write_text("raise SystemExit('executed')")
    (tmp_path / "t.yaml").write_text("task: evil_task\nprocess_docs: !function evil.run\ndoc_to_text: '{{q}}'\n")
    assert [s.name for s in list_suites([tmp_path]) if s.origin == "lm-eval"] == ["evil_task"]


def test_jsonl_files_in_an_include_path_have_names(tmp_path):
    write(tmp_path / "mine.jsonl", ROW)
    assert find_suite("mine", include_paths=[tmp_path]).name == "mine"


@pytest.mark.parametrize("ref, nearest", [("basic", "basics"), ("arithmatic", "arithmetic"), ("my_tsk", "my_task")])
def test_not_found_says_where_it_looked_and_what_is_near(tmp_path, ref, nearest):
    (tmp_path / "t.yaml").write_text("task: my_task\n")
    with pytest.raises(WeakspotError) as caught:
        find_suite(ref, include_paths=[tmp_path], describe=describe)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"error: suite '{ref}' not found"
    assert lines[1] == f"  looked in: built in, {tmp_path} (--include-path), entry points, lm-eval's tasks"
    assert lines[2].startswith(f"hint: did you mean '{nearest}'? `weakspot probes list` shows all ")


def test_an_include_path_that_is_no_folder(tmp_path):
    for call in (lambda p: list_suites([p]), lambda p: find_suite("x", include_paths=[p])):
        with pytest.raises(WeakspotError, match="is not a folder"):
            call(tmp_path / "nowhere")


PLUGINS = {
    "rows": f"def suite(): return [{ROW!r}]",
    "plain-rows": f"suite = [{ROW!r}]",
    "ready": "from probes.suite import *\ndef suite(): return Suite('other', 'x', (Probe('other', 'a', 'q?', '5'),))",
}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plug_in_gives_a_suite_or_rows(plugin, name):
    plugin(name, PLUGINS[name])
    suite = find_suite(name)
    assert (suite.name, suite.origin, len(suite.probes)) == (name, "entry point", 1)
    assert suite.probes[0].suite == name
    assert name in [info.name for info in list_suites()]


BROKEN = {
    "missing": ("import not_installed_anywhere", "ModuleNotFoundError"),
    "syntax": ("def suite(:", "SyntaxError"),
    "crash": ("def suite(): return 1 / 0", "ZeroDivisionError"),
    "nothing": ("def suite(): return None", "not a Suite or rows"),
    "empty": ("def suite(): return []", "has 0 rows"),
    "twice": (f"def suite(): return [{ROW!r}, {ROW!r}]", "uses an id twice"),
    "badrow": ("def suite(): return [{'id': 'a', 'prompt': 'q'}]", '"answer" is missing'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plug_in_is_named_and_takes_nothing_down(plugin, name):
    source, told = BROKEN[name]
    plugin(name, source)
    rows = {info.name: info for info in list_suites()}
    assert told in rows[name].problem and rows[name].n_probes is None
    assert rows["basics"].problem == ""
    with pytest.raises(WeakspotError, match=told.replace("(", r"\(")):
        find_suite(name)


def test_a_broken_jsonl_in_an_include_path_is_named(tmp_path):
    (tmp_path / "bad.jsonl").write_text("{")
    (row,) = [info for info in list_suites([tmp_path]) if info.origin == "jsonl"]
    assert "invalid JSON" in row.problem and "line 1" in row.problem


YAML = [
    ("task: plain\n", {"plain"}),
    ('"task": "json_like"\n"tag":\n- "t"\n', {"json_like", "t"}),
    ("task: null\n", set()),
    ("task: 'quoted'  # why\r\ntag: [one, \"two\"]\r\n", {"quoted", "one", "two"}),
    ("group: g\ntask:\n  - a\n  - b\n", {"g"}),
    ("group: g\ntask: [a, b]\n", {"g"}),
    ("tag:\n  - x\n  - y # z\ntask: t\n", {"x", "y", "t"}),
    ("include: _base\nmetadata:\n  task: no\n", set()),
    ("task: !function evil.x\n", set()),
    ("", set()),
]


@pytest.mark.parametrize("text, names", YAML)
def test_names_declared_in_yaml(text, names):
    assert declared_names(text) == names


def test_templates_below_the_folder_count(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "_default_yaml").write_text("tag: all_of_it\n")
    (tmp_path / "deep" / "bare").write_text("tag: bare_template\n")
    (tmp_path / "notes.txt").write_text("task: no\n")
    (tmp_path / "dead.yaml").symlink_to(tmp_path / "nowhere")
    assert names_in(tmp_path) == {"all_of_it", "bare_template"}


def test_a_task_wins_over_its_data_file_of_the_same_name(tmp_path):
    (tmp_path / "my_task.yaml").write_text("task: my_task\ndataset_kwargs: {data_files: {test: my_task.jsonl}}\n")
    (tmp_path / "my_task.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "own.jsonl").write_text(json.dumps(ROW) + "\n")
    described = find_suite("my_task", include_paths=[tmp_path], describe=lambda task, folder: Suite(task, "lm-eval", (), include_path=folder))
    assert (described.origin, described.include_path) == ("lm-eval", str(tmp_path))
    assert find_suite("own", include_paths=[tmp_path]).origin == "jsonl"
    rows = [(info.name, info.origin) for info in list_suites([tmp_path]) if info.origin != "built in"]
    assert rows == [("own", "jsonl"), ("my_task", "lm-eval")]
