"""Passes when a solution passes its tests twice in the sandbox and the tests notice when it is broken.

The lesson's `answer` is the solution (Python), its `check` the tests: module-level asserts, a function
`check(candidate)`, or functions `test...()`; `meta["entry_point"]` names the function under test where the tests say
`candidate`. Refused: tests that also pass on an emptied solution, on one whose results are all a little off, or on
every mutant of it (vacuous, left early, skipped, forged), and results that change from run to run. Without a sandbox, or where tests and solution exchange more than
plain data, the verdict is `unverifiable` and, in the first case, nothing was run.
"""

from __future__ import annotations

import ast
import re
import zlib
from dataclasses import replace

from curricula.lesson import Lesson, Verdict
from curricula.sandbox.examine import Examined, examine
from curricula.sandbox.mutants import emptied, mutants, off_by_a_little
from curricula.sandbox.run import Limits, NoSandbox
from curricula.verifiers.contract import failed, passed, unverifiable

FENCE = re.compile(r"```[ \t]*(?:python|py|python3)?[ \t]*\n(.*?)\n?```", re.DOTALL | re.IGNORECASE)
MOST_CHARACTERS = 20_000  # of a solution or its tests
N_RUNS = 2
N_MUTANTS = 6  # tried until one is noticed; of HumanEval's mutants 9 in 10 are: docs/log.md
LIMITS = Limits(wall_s=10, cpu_s=8)
MUTANT_LIMITS = replace(LIMITS, wall_s=5, cpu_s=4)  # mutants of loops often never end, and an end by time is an end


class CodeVerifier:
    """Tests in one jail, the solution in another."""

    name = "code"

    def verify(self, lesson: Lesson) -> Verdict:
        """Up to ten sandboxed examinations, about 0.1 s each on an idle machine."""
        solution = lesson.answer.strip()
        blocks = [block.strip() for block in FENCE.findall(lesson.completion)] or [lesson.completion.strip()]
        if not solution:
            return failed("missing answer")
        if len(blocks) > 1:
            return failed("several code blocks", f"{len(blocks)} blocks")
        if blocks[0] != (FENCE.findall(lesson.answer) or [solution])[0].strip():
            return failed("the completion does not contain the answer", blocks[0][:200])
        if max(len(blocks[0]), len(lesson.check)) > MOST_CHARACTERS:
            return failed(f"longer than {MOST_CHARACTERS} characters")
        try:
            tree = ast.parse(blocks[0])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return failed("not Python", str(error))
        if not any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in tree.body):
            return failed("no function in the solution")
        if not lesson.check.strip():
            return unverifiable("no check")
        try:
            return _verdict(blocks[0], lesson.check, str(lesson.meta.get("entry_point", "")), zlib.crc32(lesson.lesson_id.encode()))
        except NoSandbox as error:
            return unverifiable(f"{error.message}: {error.where}".replace("\n", "; "))


def _verdict(solution: str, tests: str, entry_point: str, seed: int) -> Verdict:
    for run in range(N_RUNS):
        found = examine(solution, tests, entry_point, LIMITS)
        if found.outcome == "opaque":
            return unverifiable(f"tests and solution exchange a {found.why}, which is not plain data")
        if found.outcome != "pass":
            return failed("the result changes from run to run" if run else "the solution fails its tests", found.why)
    for broken, what in ((emptied(solution, entry_point), "an emptied solution"), (off_by_a_little(solution, entry_point), "results that are all a little off")):
        if _is_missed(examine(broken, tests, entry_point, MUTANT_LIMITS)):
            return failed(f"the tests pass on {what} too")
    tried = mutants(solution, N_MUTANTS, seed)
    for n_tried, mutant in enumerate(tried, 1):
        if not _is_missed(examine(mutant.source, tests, entry_point, MUTANT_LIMITS)):
            return passed(f"passed {N_RUNS} times; noticed an emptied solution, results a little off and {mutant.change} (mutant {n_tried} of {len(tried)})")
    if not tried:
        return passed(f"passed {N_RUNS} times; noticed an emptied solution and results a little off")
    return failed("the tests pass on every mutant too", "; ".join(mutant.change for mutant in tried))


def _is_missed(found: Examined) -> bool:
    """The tests did not say `fail`: a mutant that returns something strange is no excuse."""
    return found.outcome == "pass"


VERIFIER = CodeVerifier()
