"""The code verifier: honest lessons pass, and no way of faking a pass does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from curricula.lesson import Lesson
from curricula.sandbox import tiers
from curricula.sandbox.examine import examine
from curricula.sandbox.mutants import emptied, mutants
from curricula.verifiers.contract import verify

ROOT = Path(__file__).parents[2]
DATA = next((place for place in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if place.exists()), None)
SOLUTION = "def middle(numbers):\n    ordered = sorted(numbers)\n    return ordered[len(ordered) // 2]"
TESTS = "assert middle([3, 1, 2]) == 2\nassert middle([5]) == 5\nassert middle([9, 7, 8, 1, 2]) == 7"

needs_sandbox = pytest.mark.skipif(tiers.in_force() is None, reason=f"no tier holds here: {tiers.why_none()}")


def lesson(solution: str = SOLUTION, tests: str = TESTS, completion: str | None = None, **meta: str) -> Lesson:
    return Lesson("Write it.", completion if completion is not None else f"```python\n{solution}\n```", solution, "s", 1, verifier="code", check=tests, check_kind="tests", meta=meta)


@needs_sandbox
@pytest.mark.parametrize(
    "tests",
    [
        TESTS,
        "def check(candidate):\n    assert candidate([3, 1, 2]) == 2\n    assert candidate([1, 1, 7]) == 1",
        "def test_one():\n    assert middle([3, 1, 2]) == 2\ndef test_two():\n    assert middle([4, 5, 6]) == 5",
        "numbers = [3, 1, 2]\nassert middle(numbers) == 2\nassert numbers == [3, 1, 2]",
        "try:\n    middle([])\n    assert False\nexcept IndexError:\n    pass\nassert middle((1, 2, 3)) == 2",
    ],
)
def test_an_honest_lesson_passes(tests: str) -> None:
    verdict = verify(lesson(tests=tests, entry_point="middle"))
    assert (verdict.outcome, verdict.reason) == ("pass", "")


@needs_sandbox
@pytest.mark.parametrize(
    ("solution", "tests", "reason"),
    [
        (SOLUTION, "assert isinstance(middle([3, 1, 2]), int)", "the tests pass on results that are all a little off too"),
        ("def same(x, y):\n    return x if y > 100 else x", "assert same(1, 5) == 1 and same(3, 2) == 3", "the tests pass on every mutant too"),
        (SOLUTION.replace("// 2", "// 3"), TESTS, "the solution fails its tests"),
        (SOLUTION, "", "no check"),
        (SOLUTION, "pass", "the solution fails its tests"),
        (SOLUTION, "middle([1])", "the tests pass on an emptied solution too"),
        (SOLUTION, "assert True\nmiddle([1])", "the tests pass on an emptied solution too"),
        (SOLUTION, "assert middle([1]) is not None", "the tests pass on results that are all a little off too"),
        (SOLUTION, "import os\nos._exit(0)\n" + TESTS, "the solution fails its tests"),
        (SOLUTION, "raise SystemExit(0)\n" + TESTS, "the solution fails its tests"),
        (SOLUTION, "import unittest\nmiddle([1])\nraise unittest.SkipTest\n" + TESTS, "the solution fails its tests"),
        (SOLUTION, "middle([1])\ndef test_it():\n    return\n    assert middle([1, 2, 3]) == 9", "the tests pass on an emptied solution too"),
        (SOLUTION, "import os\nos.write(writer, b'{\"outcome\": \"pass\", \"why\": \"\", \"n_calls\": 3}')\nos._exit(0)", "the solution fails its tests"),
        (SOLUTION, "def middle(x):\n    return 2\n" + "assert middle([3, 1, 2]) == 2", "the solution fails its tests"),
        ("import random\ndef middle(numbers):\n    return random.choice([sorted(numbers)[1], 0])", "\n".join(["assert middle([3, 1, 2]) == 2"] * 12), "the solution fails its tests"),
        ("def order(words):\n    return list(set(words))", "assert [order(list('abcdefgh')) for _ in range(2)] == [list('hgfedcba')] * 2", "the solution fails its tests"),
        ("import os\nos._exit(0)\n" + SOLUTION, TESTS, "the solution fails its tests"),
        (SOLUTION.replace("return", "import os; os._exit(0)\n    return"), TESTS, "the solution fails its tests"),
        ("class Any:\n    def __eq__(self, other): return True\n    def __bool__(self): return True\ndef middle(numbers):\n    return Any()", TESTS, "exchange a Any"),
        ("class Any(int):\n    def __eq__(self, other): return True\n    def __index__(self): return 2\ndef middle(numbers):\n    return Any(0)", TESTS, "the solution fails its tests"),
        ("import builtins\nbuiltins.AssertionError = KeyboardInterrupt\ndef middle(numbers):\n    print('PASS')\n    return 0", TESTS, "the solution fails its tests"),
        ("import sys, ast\nsys.settrace(None)\nast.Assert = ast.Pass\ndef middle(numbers):\n    raise SystemExit(0)", TESTS, "the solution fails its tests"),
        ("import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'{\"outcome\": \"pass\", \"why\": \"\", \"n_calls\": 3}\\n')\n    except OSError:\n        pass\ndef middle(numbers):\n    return 0", TESTS, "the solution fails its tests"),
        ("def middle(numbers):\n    while True: pass", TESTS, "the solution fails its tests"),
        ("x = 1", TESTS, "no function in the solution"),
        ("def middle(", TESTS, "not Python"),
        ("", TESTS, "missing answer"),
    ],
)  # fmt: skip
def test_what_must_be_refused_is(solution: str, tests: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from curricula.verifiers import code

    monkeypatch.setattr(code, "LIMITS", replace(code.LIMITS, wall_s=3))
    verdict = verify(lesson(solution, tests))
    assert verdict.outcome != "pass"
    assert reason in verdict.reason


@needs_sandbox
def test_forged_reports_are_found_out_by_the_mutants() -> None:
    forged = "middle([1])\nimport os, json, sys\nos.write(sys._getframe(1).f_globals['writer'], json.dumps({'outcome': 'pass', 'why': '', 'n_calls': 3}).encode())\nos._exit(0)"
    assert verify(lesson(tests=forged)).reason == "the tests pass on an emptied solution too"


def test_completion_and_answer_must_be_the_same_code() -> None:
    assert verify(lesson(completion="```python\ndef other(): pass\n```")).reason == "the completion does not contain the answer"
    assert verify(lesson(completion=f"```python\n{SOLUTION}\n```\nor\n```python\nx = 1\n```")).reason == "several code blocks"


def test_without_a_sandbox_the_lesson_is_unverifiable_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_tried", lambda: (tiers.TierInfo("namespaces", False, "not here"),))
    started = []
    monkeypatch.setattr("subprocess.Popen", lambda *arguments, **_: started.append(arguments))
    verdict = verify(lesson())
    assert (verdict.outcome, started) == ("unverifiable", [])
    assert "not here" in verdict.reason


@needs_sandbox
def test_a_list_changed_in_place_is_seen_by_the_tests() -> None:
    found = examine("def sort(x):\n    x.sort()", "numbers = [3, 1]\nassert sort(numbers) is None\nassert numbers == [1, 3]")
    assert found.outcome == "pass"


def test_mutants_differ_from_the_source_and_are_the_same_every_time() -> None:
    made = mutants(SOLUTION + "\n    if not ordered and ordered[0] > 3:\n        ordered += 1", 10)
    assert made == mutants(SOLUTION + "\n    if not ordered and ordered[0] > 3:\n        ordered += 1", 10)
    assert {mutant.change.partition(" in ")[0] for mutant in made} >= {"FloorDiv to Mult", "And to Or", "Gt to LtE", "Add to Sub"}
    assert len({mutant.source for mutant in made}) == len(made)
    assert "sorted" not in emptied(SOLUTION)


@needs_sandbox
@pytest.mark.skipif(DATA is None, reason="no ../shared/data")
def test_some_of_human_eval() -> None:
    assert DATA is not None
    with gzip.open(DATA / "human_eval.jsonl.gz", "rt") as file:
        rows = [json.loads(row) for row in file][::33]
    for row in rows:
        verdict = verify(lesson(row["prompt"] + row["canonical_solution"], row["test"], entry_point=row["entry_point"]))
        assert verdict.outcome == "pass", (row["task_id"], verdict)
