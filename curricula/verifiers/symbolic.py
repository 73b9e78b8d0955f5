r"""Compare two formulas symbolically and numerically, in a process that may be killed.

math-verify and sympy evaluate while they parse, and some inputs never end (`9**9**9`); a signal in a thread can't stop
them. So one child does the work, with its memory bounded and a timer on its own CPU time that kills it; it is started
again for the next question. Text is screened first: nothing that could be code, no towers of powers, no factorials of
what is large.
"""

from __future__ import annotations

import atexit
import json
import re
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from probes.errors import WeakspotError

CPU_S = 1.0  # of the child's own time for one comparison; the slowest of MATH's answers takes about 0.3 s
WALL_S = 15.0  # when the machine is so busy that CPU_S is not reached
START_S = 90.0  # importing sympy on a machine with much else to do
MEMORY_MB = 2048
POINTS = ((3, 7), (11, 5), (-13, 9), (1, 19))  # rationals to compare two formulas at
HOME = str(Path(__file__).resolve().parents[2])
KNOWN_WORDS = """
frac dfrac tfrac cfrac sqrt pi cdot times div pm infty sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp left right cup
cap in leq geq le ge lt gt neq ne alpha beta gamma delta theta lambda mu phi omega circ degree begin end pmatrix bmatrix matrix binom lfloor
rfloor lceil rceil mathbb overline text mathrm emptyset max min gcd lcm mod det quad sum prod int lim to dx dy dt
"""
COMMANDS = frozenset(KNOWN_WORDS.split())
FORBIDDEN = re.compile(r"__|['\"`;@#?]|\b(?:import|lambda|exec|eval|open|print|def|class|os|sys)\b|\.\s*[A-Za-z_]", re.IGNORECASE)
TOWER = re.compile(r"(?:\*\*|\^)\s*[({]*\s*-?\s*[\w.]+\s*[)}]*\s*(?:\*\*|\^)")
LARGE_POWER = re.compile(r"(?:\*\*|\^)\s*[({]*\s*-?\s*\d{4,}")
LARGE_RANGE = re.compile(r"\\(?:binom|sum|prod|int)\b.*\d{4}")
LARGE_FACTORIAL = re.compile(r"(?:\d{3,}|\))\s*[)}]*\s*!|!\s*!|\bfactorial\b|\\Gamma|\bgamma\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Comparison:
    """What two formulas are to each other."""

    is_equal: bool
    """math-verify says so and the numbers at the points agree."""
    refused: str = ""
    """Why it was not compared: not a formula, too expensive."""


def screen(text: str) -> str:
    """Why a text is not given to the child; empty when it is."""
    if FORBIDDEN.search(text.replace("\\,", "").replace("\\;", "").replace("\\!", "")):
        return "code in an expression"
    if TOWER.search(text) or LARGE_POWER.search(text):
        return "too large a power"
    if LARGE_FACTORIAL.search(text):
        return "too large a factorial"
    if LARGE_RANGE.search(text):
        return "too many terms"
    words = {word for word in re.findall(r"[A-Za-z]{3,}", text)}
    strangers = sorted(words - COMMANDS)
    return f"not a formula: {', '.join(strangers[:3])}" if strangers else ""


class SymbolicComparer:
    """The child and its questions, one at a time; safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def compare(self, answer: str, gold: str) -> Comparison:
        """Are the two formulas (LaTeX or plain) the same?

        Raises:
            WeakspotError: the child does not start.
        """
        for text in (answer, gold):
            if why := screen(text):
                return Comparison(False, why)
        with self._lock:
            child = self._started()
            assert child.stdin is not None
            try:
                child.stdin.write(json.dumps([as_latex(answer), as_latex(gold)]).encode() + b"\n")
                child.stdin.flush()
                said = _line(child, WALL_S)
            except BrokenPipeError:  # the kernel ended it for want of memory, after its last answer
                said = None
            if said is None:
                self._end()
                return Comparison(False, "too expensive to evaluate")
            return Comparison(**json.loads(said))

    def close(self) -> None:
        """End the child. Safe to call twice."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            start = f"import sys; sys.path.insert(0, {HOME!r}); from curricula.verifiers.symbolic import serve; serve()"
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"LANG": "C.UTF-8"})
            if _line(self._child, START_S) != b"ready\n":
                self._end()
                raise WeakspotError("the process that compares formulas did not start", hint="pip install math-verify, or see whether memory is short")
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            for channel in (self._child.stdin, self._child.stdout):
                if channel is not None:
                    channel.close()
            self._child.wait()
            self._child = None


def as_latex(text: str) -> str:
    """Plain notation (`2*x**2`, `sqrt(2)`, `pi`) as the LaTeX that math-verify reads; LaTeX stays as it is."""
    text = text.replace("**", "^")
    text = re.sub(r"\^\(([^()]*)\)", r"^{\1}", text)
    text = re.sub(r"(?<![\\a-zA-Z])sqrt\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"(?<![\\a-zA-Z])(pi|sin|cos|tan|log|ln|exp|infty|theta|alpha|beta)\b", r"\\\1", text)
    return text.replace("*", " \\cdot ").replace("%", "\\%")


def _line(child: subprocess.Popen[bytes], timeout_s: float) -> bytes | None:
    """The child's next line; None when it is killed or too slow."""
    assert child.stdout is not None
    deadline = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            return None
    return child.stdout.readline() or None


def serve() -> None:
    """The child: questions on stdin, answers on stdout, one JSON line each."""
    import logging
    import resource
    import signal

    logging.disable(logging.CRITICAL)  # math-verify logs every formula it can't read
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB << 20, MEMORY_MB << 20))
    _is_same("1", "1")  # loads sympy and its grammar before the clock runs
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        answer, gold = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, CPU_S)  # SIGPROF kills, also inside C code
        try:
            found: dict[str, bool | str] = {"is_equal": _is_same(answer, gold)}
        except Exception as error:  # a formula that sympy chokes on is not equal to anything
            found = {"is_equal": False, "refused": f"{type(error).__name__} while reading it"}
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def _is_same(answer: str, gold: str) -> bool:
    """Symbolic by math-verify, then numeric at fixed points wherever both are expressions."""
    from math_verify import LatexExtractionConfig, parse, verify
    from sympy import Expr, Rational

    read = [parse(f"\\boxed{{{text}}}", [LatexExtractionConfig()], parsing_timeout=None) for text in (answer, gold)]
    if not all(read) or any(isinstance(side[0], str) for side in read):
        return False
    if not verify(read[1], read[0], timeout_seconds=None):
        return False
    ours, theirs = read[0][0], read[1][0]
    if not (isinstance(ours, Expr) and isinstance(theirs, Expr)):
        return True  # sets, intervals, equations: there is no number to compare
    symbols = sorted(ours.free_symbols | theirs.free_symbols, key=str)
    for top, bottom in POINTS if symbols else POINTS[:1]:
        at = {symbol: Rational(top + 2 * i, bottom) for i, symbol in enumerate(symbols)}
        a, b = complex(ours.subs(at).evalf(30)), complex(theirs.subs(at).evalf(30))
        if abs(a - b) > 1e-6 * max(1.0, abs(a), abs(b)):
            return False
    return True
