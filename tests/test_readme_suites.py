"""README's recipes for one's own suite work as printed: script, `probes check`, one cycle."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.watch import SilentWatcher
from probes.check import check_suite
from probes.jsonl import read_suite
from probes.suite import Suite

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Your own suite in five minutes")[1].split("\n## ")[0]
DATA = ROOT.parent / "shared" / "data"
NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn")
THINGS = ("apples", "books", "coins", "doves", "eggs")
TAUGHT = ("promote", "reject", "inconclusive")  # a candidate was trained and judged
KNOWN_TO_WORK = ("navigate.json", "boolean_expressions.json")


def run_recipe(name: str, source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A script of the README, by the file name in its first line, started in `folder` on `source`."""
    script = re.search(rf"```python\n(# {re.escape(name)}\n.*?)```", SECTION, re.S)
    assert script, f"README has no {name}"
    (folder / name).write_text(script.group(1), encoding="utf-8")
    return subprocess.run([sys.executable, name, str(source)], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def made(name: str, source: Path, folder: Path) -> Suite:
    done = run_recipe(name, source, folder)
    assert done.returncode == 0, done.stderr
    return read_suite(folder / f"{Path(name).stem}.jsonl")


def asdiv_xml(folder: Path) -> Path:
    """180 sums in ASDiv's shape, and one problem whose answer is no number."""
    problems = [(f"made-{i:04d}", f"{NAMES[i % 6]} has {i + 2} {THINGS[i % 5]} & finds {i % 9 + 1} more.", f"How many {THINGS[i % 5]} are there? ",
                 f"{i + 2 + i % 9 + 1} ({THINGS[i % 5]})") for i in range(180)]
    problems.append(("made-word", "Ann is taller than Ben.", "Who is taller?", "Ann"))
    body = "\n".join(f'\t<Problem ID="{key}" Grade="1" Source="made">\n\t\t<Body>{escape(told)}</Body>\n\t\t<Question>{asked}</Question>\n'
                     f"\t\t<Solution-Type>Addition</Solution-Type>\n\t\t<Answer>{answer}</Answer>\n\t</Problem>" for key, told, asked, answer in problems)
    path = folder / "ASDiv.xml"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8" ?>\n<Machine-Reading-Corpus-File>\n<ProblemSet>\n{body}\n</ProblemSet>\n</Machine-Reading-Corpus-File>')
    return path


def bbh_json(folder: Path, examples: list[tuple[str, str]]) -> Path:
    path = folder / "task.json"
    path.write_text(json.dumps({"canary": "none", "examples": [{"input": asked, "target": target} for asked, target in examples]}))
    return path


def parity(n: int) -> list[tuple[str, str]]:
    return [(f"Is {i * 37 + 11} an even number?", "No" if i % 2 == 0 else "Yes") for i in range(n)]


def problems(suite: Suite) -> list[str]:
    return [finding.what for finding in check_suite(suite, is_split=True) if finding.is_problem]


def decision_on(folder: Path, suite: str) -> str:
    """What one cycle with the scripted student on `suite` ends with."""
    settings = [f"suites.probes=[{folder / suite}]", "suites.protected_limit=80", "plan.lessons_per_cycle=40", "limits.cycles=1", "limits.disk_mb=1", "collapse.texts=0"]
    outcome = start(load_config(None, settings, {}), folder / "state", SilentWatcher(), open_student=scripted_student())
    assert outcome.status == "finished", outcome
    with Store.read(folder / "state") as store:
        decision = store.decisions.of_cycle(outcome.run, 1)
        assert decision and store.samples.split_sizes(outcome.run)
        return decision["decision"]


def test_the_asdiv_recipe_makes_a_suite_that_runs(tmp_path: Path) -> None:
    suite = made("asdiv.py", asdiv_xml(tmp_path), tmp_path)
    assert len(suite.probes) == 180 and suite.probes[0].gold == "3" and suite.probes[0].meta == {"type": "Addition", "grade": "1"}
    assert suite.probes[0].prompt == "Ann has 2 apples & finds 1 more. How many apples are there?\nAnswer with only the number."
    assert problems(suite) == []
    assert decision_on(tmp_path, "asdiv.jsonl") in TAUGHT


def test_the_multiple_choice_recipe_makes_a_suite_that_runs(tmp_path: Path) -> None:
    suite = made("bbh.py", bbh_json(tmp_path, parity(180)), tmp_path)
    assert len(suite.probes) == 180 and suite.probes[1].choices == ("No", "Yes") and suite.probes[1].gold == "Yes"
    assert problems(suite) == []
    assert decision_on(tmp_path, "bbh.jsonl") in (*TAUGHT, "no_data")


def test_listed_options_are_the_choices_and_rows_without_a_right_one_are_left_out(tmp_path: Path) -> None:
    asked = "Which is a fruit?\nOptions:\n(A) plum\n(B) stone"
    suite = made("bbh.py", bbh_json(tmp_path, [(asked, "(A)"), (asked, "(A)"), (asked + "\n(C) oak", "plum")]), tmp_path)
    assert [(probe.gold, probe.choices) for probe in suite.probes] == [("(A)", ("(A)", "(B)"))] * 2
    assert suite.probes[0].group == suite.probes[1].group != ""


def test_a_file_that_is_not_multiple_choice_says_so(tmp_path: Path) -> None:
    done = run_recipe("bbh.py", bbh_json(tmp_path, [(f"How much is {i} + 1?", str(i + 1)) for i in range(11)]), tmp_path)
    assert done.returncode == 1 and "11 different targets" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not (DATA / "asdiv.xml").is_file(), reason="ASDiv is not here")
def test_the_asdiv_recipe_on_asdiv_itself(tmp_path: Path) -> None:
    suite = made("asdiv.py", DATA / "asdiv.xml", tmp_path)
    assert len(suite.probes) == 300 and problems(suite) == []


@pytest.mark.skipif(not (DATA / "bbh").is_dir(), reason="BIG-Bench-Hard is not here")
@pytest.mark.parametrize("name", KNOWN_TO_WORK)
def test_the_files_named_in_the_readme_work(name: str, tmp_path: Path) -> None:
    assert f"`{name}`" in SECTION
    suite = made("bbh.py", DATA / "bbh" / name, tmp_path)
    assert len(suite.probes) == 250 and problems(suite) == []


def test_no_command_needs_quotes_in_zsh() -> None:
    commands = "\n".join(re.findall(r"```bash\n(.*?)```", SECTION, re.S)) + "\n".join(re.findall(r"`(weakspot [^`]*)`", SECTION))
    assert "weakspot run" in commands and not re.search(r"[\[\]*?]", commands)
